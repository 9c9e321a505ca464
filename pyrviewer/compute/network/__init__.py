"""A small real convolutional network, forward and backward, without a deep learning framework.

EfficientNet-Lite0 (Tan and Le 2019; without squeeze-and-excitation and with ReLU6), trained on
ImageNet-1k. It sees pixels of 0 to 255 as ``(x - 127) / 128``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import pixels
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.features import (
    ZERO,
    FeatureSource,
    Layer,
    ReceptiveField,
    to_float,
)
from pyrviewer.compute.network.layers import Block, Pointwise, Stem, Step, ceil_div, rectified
from pyrviewer.compute.network.weights import (
    INSTALL,
    Weights,
    names_file,
    read_blocks,
    read_names,
    read_weights,
    weights_file,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pyrviewer.compute.network.layers import Backward
    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "INSTALL",
    "FeatureSource",
    "Layer",
    "Network",
    "Objective",
    "ObjectiveFunction",
    "ReceptiveField",
    "available",
    "class_names",
    "load",
    "to_float",
]

Array = npt.NDArray[Any]

ObjectiveFunction = Callable[[Array], tuple[float, Array]]
"""Takes maps, C x H x W, and returns a value and its gradient with respect to them."""

Objective = Literal["mean", "l2"] | ObjectiveFunction
"""What a gradient is of: the mean of the maps, half their squared norm, or a function of them."""

MAX_BYTES = 4 << 30
"""Most memory that the maps asked for may take."""

_STEM, _HEAD, _CLASSES = 32, 1280, 1000


def available() -> bool:
    """Return whether weights and names are installed; the files are not read."""
    return weights_file() is not None and names_file() is not None


def class_names() -> tuple[str, ...]:
    """Return the names of the 1000 classes, in the order of the logits.

    Raises
    ------
    UserError
        If they are not installed; the sentence says how to get them.
    """
    return read_names()


def load() -> Network:
    """Read the installed network; takes about 0.1 s, so keep it.

    The file is read with an unpickler that knows tensors and nothing else.

    Raises
    ------
    UserError
        If it is not installed, or damaged; the sentence says how to get it.
    """
    return Network(Weights(read_weights()), read_names())


class Network(FeatureSource):
    """EfficientNet-Lite0 with trained weights. It never changes, so threads may share it.

    Parameters
    ----------
    weights : Weights
        All its tensors.
    classes : sequence of str
        The names of the classes, in the order of the logits.

    Raises
    ------
    UserError
        If a tensor is missing or has another shape.
    """

    name = "EfficientNet-Lite0"
    learned = True

    def __init__(self, weights: Weights, classes: Sequence[str] = ()) -> None:
        self.classes = tuple(classes)
        self._stem = Stem(*weights.folded("_conv_stem", "_bn0", _STEM, 3, 3, 3))
        self._blocks = tuple(read_blocks(weights, _STEM))
        last = len(self._blocks[-1].project.bias)
        weight, bias = weights.folded("_conv_head", "_bn1", _HEAD, last, 1, 1)
        self._head = Pointwise(weight[:, :, 0, 0], bias)
        self._classifier = Pointwise(
            weights.take("_fc.weight", _CLASSES, _HEAD), weights.take("_fc.bias", _CLASSES)
        )
        super().__init__(_describe(self._blocks))

    def depthwise(self, block: int) -> Array:
        """Return the filters of a block, 1 to 16: C x k x k, for each expanded map its own."""
        return self._blocks[block - 1].depthwise.weight

    def features(
        self,
        image: Array,
        layers: Sequence[str],
        *,
        output_stride: int = 32,
        ticket: Ticket | None = None,
    ) -> dict[str, Array]:
        """Compute the maps of some layers, all in one pass up to the deepest of them.

        The image is not resized. At output stride 16 and 8 the last strides become dilations, and
        the layers after them are dilated as much as was not strided (Chen et al. 2017, DeepLab v3).
        The maps then hold those of output stride 32 at every second or fourth position, and others
        between them. More than `MAX_BYTES` of maps are a UserError.
        """
        pixels.check(image)
        wanted = [self.layer(name) for name in layers]
        if not wanted:
            return {}
        _check_memory(wanted, (image.shape[0], image.shape[1]), output_stride)
        found: dict[str, Array] = {}
        for step in self._walk(to_float(image), set(layers), output_stride, ticket):
            if step.name in layers:
                found[step.name] = step.maps
            if len(found) == len(set(layers)):
                break
        return {name: found[name] for name in layers}

    def logits(
        self,
        image: Array,
        *,
        output_stride: int | None = None,
        ticket: Ticket | None = None,
    ) -> Array:
        """Classify an image: 1000 logits, float32, after the average over all positions.

        The network was trained on 224 x 224 pixels: resize the image to about that. Other
        parameters and errors are those of `features`.
        """
        found = self.features(
            image, ["classifier"], output_stride=output_stride or 32, ticket=ticket
        )
        return found["classifier"].reshape(-1)

    def dense_logits(
        self, image: Array, output_stride: int = 32, *, ticket: Ticket | None = None
    ) -> Array:
        """Classify every position of the last maps: 1000 x H x W float32.

        Their average over all positions is what `logits` returns. Other parameters and errors are
        those of `features`.
        """
        head = self.features(image, ["head"], output_stride=output_stride, ticket=ticket)["head"]
        return self._classifier.forward(head)

    def gradient(
        self,
        image: Array,
        layer: str,
        channel: int | None = None,
        objective: Objective = "mean",
        *,
        output_stride: int = 32,
        ticket: Ticket | None = None,
    ) -> tuple[float, Array]:
        """Compute the gradient of what a layer says with respect to the pixels.

        Parameters
        ----------
        image : ndarray, shape (H, W, 3), float32
            Pixels of 0 to 255 as `to_float` gives them; values beyond are welcome.
        layer : str
            Its name.
        channel : int, optional
            The only channel that counts.
        objective : {"mean", "l2"} or callable
            Of the maps, C x H x W, or of that of the channel, 1 x H x W: their mean, half their
            squared norm, or a function that returns its value and its gradient.
        output_stride : {32, 16, 8}
            As for `features`.
        ticket : Ticket, optional
            Asked before every block on both ways.

        Returns
        -------
        value : float
            The objective.
        gradient : ndarray, shape (H, W, 3), float32
            Its change per unit of each value of the image.

        Raises
        ------
        ValueError
            For an unknown layer, channel, objective or output stride, or an image that is not as
            above.
        Cancelled
            If the ticket was cancelled.
        """
        if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype != np.float32:
            raise ValueError(
                f"the image is H x W x 3 float32, not shape {image.shape} and dtype {image.dtype}"
            )
        chosen = self.layer(layer)
        if channel is not None and not 0 <= channel < chosen.channels:
            raise ValueError(f"channel of {layer} is 0 to {chosen.channels - 1}, got {channel}")
        ways_back: list[Backward] = []
        for step in self._walk(image, {layer}, output_stride, ticket, keep=True):
            if step.closes or step.name == layer:
                ways_back.append(step.way_back)
            if step.name == layer:
                value, gradient = _seed(step.maps, channel, objective)
                break
        del step  # the maps are not needed on the way back
        while ways_back:
            if ticket is not None:
                ticket.check()
            gradient = ways_back.pop()(gradient)
        return value, gradient / np.float32(128)

    def _walk(
        self,
        image: Array,
        wanted: Collection[str],
        output_stride: int,
        ticket: Ticket | None,
        keep: bool = False,
    ) -> Iterator[Step]:
        """Go through the layers, leaving out expanded maps that are not wanted."""
        if output_stride not in (32, 16, 8):
            raise ValueError(f"the output stride is 32, 16 or 8, not {output_stride}")
        maps, back = rectified(self._stem, (image - np.float32(ZERO)) / np.float32(128))
        yield Step("stem", maps, back)
        reached, rate = 2, 1
        for number, block in enumerate(self._blocks, 1):
            if ticket is not None:
                ticket.check()
            stride = block.depthwise.stride
            kept = stride if reached * stride <= output_stride else 1
            for step in block.steps(f"block {number}", maps, rate, kept, wanted, keep):
                yield step
                maps = step.maps
            reached, rate = reached * kept, rate * stride // kept
        maps, back = rectified(self._head, maps)
        yield Step("head", maps, back)
        shape = maps.shape
        maps = maps.mean((1, 2), keepdims=True)
        size = np.float32(shape[1] * shape[2])
        yield Step("pool", maps, lambda gradient: np.broadcast_to(gradient / size, shape))
        yield Step("classifier", self._classifier.forward(maps), self._classifier.backward)


def _describe(blocks: Sequence[Block]) -> Iterator[Layer]:
    """Name the layers and follow their receptive fields (Araujo et al. 2019, Distill)."""
    size, jump, start = 3, 2, 0
    field = ReceptiveField(size, jump, start)
    yield Layer("stem", "convolution", _STEM, jump, None, field)
    for number, block in enumerate(blocks, 1):
        name, wide = f"block {number}", len(block.depthwise.bias)
        if block.expand is not None:
            yield Layer(f"{name} expand", "expand", wide, jump, number, field)
        start -= block.depthwise.pad * jump
        size += (block.depthwise.weight.shape[-1] - 1) * jump
        jump *= block.depthwise.stride
        field = ReceptiveField(size, jump, start)
        yield Layer(f"{name} depthwise", "depthwise", wide, jump, number, field)
        yield Layer(name, "project", len(block.project.bias), jump, number, field)
    yield Layer("head", "convolution", _HEAD, jump, None, field)
    yield Layer("pool", "pool", _HEAD, jump, None, None)
    yield Layer("classifier", "classifier", _CLASSES, jump, None, None)


def _seed(maps: Array, channel: int | None, objective: Objective) -> tuple[float, Array]:
    """Return the value of the objective, and its gradient with respect to all maps."""
    part = maps if channel is None else maps[channel : channel + 1]
    if callable(objective):
        value, gradient = objective(part)
    elif objective == "mean":
        value = float(part.mean(dtype=np.float64))
        gradient = np.full(part.shape, 1 / part.size, np.float32)
    elif objective == "l2":
        value = 0.5 * float(np.square(part).sum(dtype=np.float64))
        gradient = part
    else:
        raise ValueError(f"the objective is mean, l2 or a function, not {objective!r}")
    if channel is None:
        return value, gradient
    whole = np.zeros(maps.shape, np.float32)
    whole[channel] = gradient[0]
    return value, whole


def _check_memory(wanted: Sequence[Layer], image: tuple[int, int], output_stride: int) -> None:
    """Refuse maps beyond `MAX_BYTES`; the stem and the block after it are always made."""
    first = 2 * _STEM * ceil_div(image[0], 2) * ceil_div(image[1], 2)
    needed = 4 * (first + sum(math.prod(one.shape(image, output_stride)) for one in wanted))
    if needed > MAX_BYTES:
        names = ", ".join(one.name for one in wanted)
        raise UserError(
            f"The maps of {names} for an image of {image[1]} x {image[0]} would take "
            f"{needed / 2**30:.1f} GB: take a smaller image or fewer layers."
        )
