"""The user's own network, an ONNX file, run by OpenCV in a process that can be killed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import pixels
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.features import FeatureSource, Layer, to_float
from pyrviewer.compute.onnx.blocks import Block, blocks
from pyrviewer.compute.onnx.graph import Graph, read
from pyrviewer.compute.onnx.places import Place, first_empty, places
from pyrviewer.compute.onnx.process import MAX_BYTES, ModelError, Shape, TooSlowError, Worker
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.ticket import Ticket

__all__ = ["SCALES", "Block", "OnnxNetwork"]

Array = npt.NDArray[Any]

SCALES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "unit": ((0.0,), (255.0,)),
    "signed": ((127.5,), (127.5,)),
    "bytes": ((0.0,), (1.0,)),
}
"""How networks may take pixels of 0 to 255: ``(x - first) / second``, for each channel.

With ImageNet's mean and deviation as torchvision's networks do, as 0 to 1, as -1 to 1, or as they
are. The file does not say which.
"""

STEP = 32
"""What sides are rounded to multiples of, where a network cannot run on an image's own size."""

MAX_PIXELS = 1 << 24
"""Largest image that a network may insist on."""

_GRAY = (0.299, 0.587, 0.114)
_TRIED, _MOST_TRIED = 256, 2048  # pixels of an image of open size on which layers are tried
_NO_MAPS = ("Shape", "Size", "ArgMax", "ArgMin", "NonZero", "TopK", "NonMaxSuppression")


class OnnxNetwork(FeatureSource):
    """A network from an ONNX file; used as `network.Network` is.

    Reading it tries it once on noise, to learn which layers OpenCV can run and how large their maps
    are. Layers are called as the file calls their nodes; their receptive field is known behind
    convolutions and poolings, as long as their pixels stay where they are.

    Parameters
    ----------
    path : Path or str
        The file. Weights in files beside it are read too.
    scale : str
        One of `SCALES`.
    ticket : Ticket, optional
        Asked all the time.

    Attributes
    ----------
    name : str
        The file's name.
    size : (int, int)
        Height and width that it takes, 0 where it takes any: images are resized to them.
    blocks : tuple of Block
        What was found in its graph.
    note : str
        A sentence on what the user should know about it, or nothing.

    Raises
    ------
    UserError
        If the file is missing, damaged or no ONNX file, if the network takes anything but one image
        of 1 or 3 channels, or if OpenCV cannot run any of it.
    ValueError
        For an unknown scale.
    Cancelled
        If the ticket was cancelled.
    """

    learned = True

    def __init__(
        self, path: Path | str, scale: str = "imagenet", *, ticket: Ticket | None = None
    ) -> None:
        if scale not in SCALES:
            raise ValueError(f"the scale is one of {', '.join(SCALES)}, not {scale!r}")
        self.path, self.scale = Path(path), scale
        self.name = self.path.name
        self._graph = read(self.path)
        self._channels, self._last = _channels(self._graph)
        shape = self._graph.input.shape or (0, 0, 0, 0)
        self.size = height, width = shape[1:3] if self._last else shape[2:]
        if height * width > MAX_PIXELS:
            raise UserError(f"{self.name} takes only {width} x {height} pixels, which is too many.")
        self._worker = Worker()
        self._model: tuple[object, bytes] = None, b""
        self._tried = self._to_try()
        self._step = 1  # what open sizes are multiples of
        self._values: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        self.note = ""
        self._try(ticket)
        self.blocks = tuple(blocks(self._graph, self._shapes))
        super().__init__(self._describe())

    def features(
        self,
        image: Array,
        layers: Sequence[str],
        *,
        output_stride: int = 32,
        ticket: Ticket | None = None,
    ) -> dict[str, Array]:
        """Compute the maps of some layers; the strides are those of the file.

        The image is resized where `size` says so, and to multiples of `STEP` where the network
        fails at its own size. Cancelling kills the process. UserErrors are maps of more than
        `MAX_BYTES`, empty ones, NaN or infinity, and a network that crashes, takes too long, or
        cannot run at the image's size.
        """
        pixels.check(image)
        values = [self._values[self.layer(name).name] for name in layers]
        if not values:
            return {}
        height, width = self.fitted(image.shape[:2])
        where = f"on an image of {width} x {height}"
        empty = first_empty(self._graph, values, self._places((height, width)))
        if empty is not None:
            raise UserError(
                f"{empty.title} of {self.name} makes no maps {where}: take a larger one."
            )
        self._check_memory(values, (height, width))
        try:
            maps = self._run(values, self._blob(image, (height, width)), ticket)
        except ModelError as error:
            if self._step == 1 and min(height, width) >= STEP:
                self._step = STEP
                return self.features(image, layers, ticket=ticket)
            raise UserError(f"{self.name} cannot run {where}.") from error
        except TooSlowError as error:
            raise UserError(f"{self.name} took too long {where} and was stopped.") from error
        for name, found in zip(layers, maps, strict=True):
            if found.ndim != 4 or not found.size:
                raise UserError(f"{name} of {self.name} makes no maps {where}: they are empty.")
            if not np.isfinite(found).all():
                raise UserError(f"{name} of {self.name} makes NaN or infinity {where}.")
        return {name: found[0] for name, found in zip(layers, maps, strict=True)}

    def close(self) -> None:
        """End the process; the next `features` starts another one."""
        self._worker.close()

    def fitted(self, sides: tuple[int, ...]) -> tuple[int, int]:
        """Return the height and width to which an image of some height and width is resized."""
        # Where one side is fixed, the other one keeps the shape of the image.
        ratio = max((fixed / side for fixed, side in zip(self.size, sides, strict=True))) or 1.0
        height, width = (
            fixed or max(1, round(side * ratio / self._step)) * self._step
            for fixed, side in zip(self.size, sides, strict=True)
        )
        return height, width

    def _blob(self, image: Array, size: tuple[int, int]) -> Array:
        """Return an image as the network takes it: 1 x C x H x W, or 1 x H x W x C."""
        seen = to_float(image)
        height, width = size
        if size != seen.shape[:2]:
            smaller = height * width < seen.shape[0] * seen.shape[1]
            method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            seen = np.asarray(cv2.resize(seen, (width, height), interpolation=method))
        if self._channels == 1:
            seen = (seen @ np.array(_GRAY, np.float32))[..., None]
        first, second = (np.array(each, np.float32) for each in SCALES[self.scale])
        if self._channels == 1:
            first, second = first.mean(keepdims=True), second.mean(keepdims=True)
        order = (0, 1, 2) if self._last else (2, 0, 1)
        return np.ascontiguousarray(((seen - first) / second).transpose(order)[None])

    def _run(self, values: Sequence[str], blob: Array, ticket: Ticket | None) -> list[Array]:
        key = tuple(values), blob.shape
        if self._model[0] != key:
            thin = self._thin(values, blob, ticket)
            self._model = key, self._graph.part(values, blob.shape, thin)
        return self._worker.run(self._model[1], blob, ticket)

    def _thin(self, values: Sequence[str], blob: Array, ticket: Ticket | None) -> set[str]:
        """Return what is one pixel thick and enlarged: OpenCV 5.0 reads beyond its end."""
        enlarged = [
            node.inputs[0]
            for node in self._graph.needed(values)
            if node.op in ("Resize", "Upsample") and node.attributes.get("mode") == "linear"
        ]
        if not enlarged:
            return set()
        shapes = self._worker.shapes(self._graph.part(enlarged, blob.shape), blob, ticket)
        pairs = zip(enlarged, shapes, strict=True)
        return {value for value, shape in pairs if 1 in shape[2:]}

    def _places(self, size: tuple[int, int]) -> dict[str, Place]:
        return places(self._graph, size, last=self._last)

    def _to_try(self) -> tuple[int, int]:
        """Return the size on which the layers are tried: none of their maps is empty."""
        values, height, width = _made_of_image(self._graph), *self.size
        for side in range(_TRIED, _MOST_TRIED, STEP):
            size = height or side, width or side
            if first_empty(self._graph, values, self._places(size)) is None:
                return size
        return height or _TRIED, width or _TRIED

    def _try(self, ticket: Ticket | None) -> None:
        """Find out how many of the operations OpenCV can run, and what they make."""
        values = _made_of_image(self._graph)
        empty = first_empty(self._graph, values, self._places(self._tried))
        if empty is not None:
            values = values[: values.index(empty.outputs[0])]
            self.note = f"{empty.title} makes empty maps: only the layers before it are there."
        noise = np.random.default_rng(0).integers(0, 256, (*self._tried, 3), np.uint8)
        blob = self._blob(noise, self._tried)
        good, bad, count = 0, len(values) + 1, len(values)
        while bad - good > 1:
            try:
                model = self._graph.part(values[:count], blob.shape)
                shapes = self._worker.shapes(model, blob, ticket)
                good, self._shapes = count, dict(zip(values, shapes, strict=False))
            except ModelError as error:
                if error.memory:
                    raise UserError(f"{self.name} takes too much memory to be run.") from error
                bad = count
            except TooSlowError as error:
                raise UserError(f"{self.name} took too long and was stopped.") from error
            count = (good + bad) // 2
        if good < len(values):
            node = self._graph.maker(values[good])
            fault = f"OpenCV cannot run {node.op if node else ''}"
            if not good:
                raise UserError(f"{self.name} cannot be used: {fault}, which comes first.")
            self.note = f"{fault}: only the layers before it are there."

    def _describe(self) -> list[Layer]:
        """Name the layers that make maps."""
        layers, found = [], self._places(self._tried)
        for value, shape in self._shapes.items():
            node = self._graph.maker(value)
            place = found[value]
            maps = len(shape) == 4 and shape[0] == 1 and math.prod(shape) > 0
            if node is None or not maps or place.last:
                continue
            name = node.title if node.title not in self._values else value
            self._values[name] = value
            stride = place.axes[0].field.jump if place.axes else round(self._tried[0] / shape[2])
            layers.append(Layer(name, node.op.lower(), shape[1], max(1, stride), None, place.field))
        if not layers:
            raise UserError(f"{self.name} makes no maps of an image.")
        return layers

    def _check_memory(self, values: Sequence[str], image: tuple[int, int]) -> None:
        """Refuse maps beyond `MAX_BYTES`, whether they are asked for or on the way."""
        grows = math.prod(image) / math.prod(self._tried)
        sizes = {value: 4 * math.prod(shape) * grows for value, shape in self._shapes.items()}
        passed = [sizes.get(value, 0) for n in self._graph.needed(values) for value in n.outputs]
        passed.append(4 * self._channels * math.prod(image))
        needed = max(sum(sizes[value] for value in values), *passed)
        if needed > MAX_BYTES:
            raise UserError(
                f"The maps of {self.name} for an image of {image[1]} x {image[0]} would take "
                f"{needed / 2**30:.1f} GB, more than {MAX_BYTES >> 30}: take a smaller image."
            )


def _channels(graph: Graph) -> tuple[int, bool]:
    """Return how many channels the input has, 1 or 3, and whether they come last.

    The first convolution tells, if need be.
    """
    shape = graph.input.shape or (0, 0, 0, 0)
    if len(shape) == 4 and shape[0] <= 1 and shape[3] in (1, 3) and shape[1] not in (1, 3):
        return shape[3], True
    takers = [node for node in graph.nodes if node.inputs[:1] == (graph.input.name,)]
    weights = [graph.weights.get(node.inputs[1]) for node in takers if node.op == "Conv"]
    seen = [
        weight.shape[1] * node.number("group", 1)
        for node, weight in zip(takers, weights, strict=False)
        if weight is not None and len(weight.shape) == 4
    ]
    channels = (shape[1] if len(shape) == 4 else 0) or (seen or [3])[0]
    if len(shape) != 4 or shape[0] > 1 or channels not in (1, 3) or {channels, *seen} != {channels}:
        sizes = " x ".join(str(size or "any") for size in shape)
        takes = f"{seen[0]} channels" if seen and shape[1:2] != (seen[0],) else sizes
        raise UserError(
            f"{graph.path.name} takes {takes}, not one image of 1 or 3 channels (1 x C x H x W)."
        )
    return channels, False


def _made_of_image(graph: Graph) -> list[str]:
    """Return the values that are made of the image's, in order; sizes and indices are not."""
    made = {graph.input.name}
    found = []
    for node in graph.nodes:
        if made & set(node.inputs) and node.op not in _NO_MAPS:
            made.update(node.outputs)
            found.append(node.outputs[0])
    return found
