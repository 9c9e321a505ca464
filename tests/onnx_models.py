"""Small ONNX models, written field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.compute.onnx.graph import Attribute, encode_node, encode_value
from pyrviewer.compute.onnx.wire import field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pyrviewer.compute.network import Network

    Load = Callable[..., OnnxNetwork]

Array = npt.NDArray[Any]


_TYPES = {"float32": 1, "int64": 7}


class Model:
    """A model that grows node by node."""

    def __init__(self, shape: Sequence[int | str] = (1, 3, "h", "w")) -> None:
        self.shape = shape
        self.last = "image"
        self.nodes: list[bytes] = []
        self.tensors: list[bytes] = []

    def node(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        """Add an operation and return the name of what it makes."""
        made = f"{op} {len(self.nodes)}"
        self.last = f"{made} out"
        self.nodes.append(encode_node(op, inputs, [self.last], name=made, **attributes))
        return self.last

    def numbers(self, values: Array, *rest: bytes) -> str:
        """Add weights and return their name; with `rest`, without their numbers."""
        name = f"weights {len(self.tensors)}"
        shape = b"".join(field(1, size) for size in values.shape)
        held = b"".join(rest) or field(9, values.tobytes())
        self.tensors.append(shape + field(2, _TYPES[values.dtype.name]) + field(8, name) + held)
        return name

    def conv(
        self, value: str, weights: Array, bias: Array, *, stride: int = 1, pad: int = 0,
        after: int | None = None, rate: int = 1, group: int = 1,
    ) -> str:  # fmt: skip
        """Add a convolution, with as much padding after as before where nothing else is said."""
        after = pad if after is None else after
        return self.node(
            "Conv", value, self.numbers(weights), self.numbers(bias), strides=(stride, stride),
            pads=(pad, pad, after, after), dilations=(rate, rate), group=group,
            kernel_shape=weights.shape[2:],
        )  # fmt: skip

    def random_conv(self, value: str, channels: int, made: int, size: int, **options: int) -> str:
        """Add a convolution with weights of its own."""
        rng = np.random.default_rng(len(self.tensors))
        weights = rng.normal(size=(made, channels, size, size)).astype(np.float32)
        weights /= np.float32(size * np.sqrt(channels))
        return self.conv(value, weights, np.zeros(made, np.float32), **options)

    def enlarge(self, value: str, scale: float) -> str:
        """Enlarge bilinearly by a factor."""
        scales = self.numbers(np.array([1, 1, scale, scale], np.float32))
        return self.node(
            "Resize", value, "", scales, mode="linear",
            coordinate_transformation_mode="half_pixel",
        )  # fmt: skip

    def encode(self) -> bytes:
        """Return the file; its output is what was added last."""
        graph = [
            *(field(1, node) for node in self.nodes),
            field(2, "small"),
            *(field(5, tensor) for tensor in self.tensors),
            field(11, encode_value("image", self.shape)),
            field(12, encode_value(self.last)),
        ]
        return field(1, 8) + field(8, field(1, "") + field(2, 13)) + field(7, b"".join(graph))


def reading(folder: Path) -> Iterator[Load]:
    """Yield what writes a model and reads it as a network; afterwards all of them are closed."""
    opened: list[OnnxNetwork] = []

    def load(model: Model | bytes, scale: str = "bytes") -> OnnxNetwork:
        path = folder / "small.onnx"
        path.write_bytes(model if isinstance(model, bytes) else model.encode())
        opened.append(OnnxNetwork(path, scale))
        return opened[-1]

    yield load
    for each in opened:
        each.close()


def small() -> Model:
    """Return a convolution and a ReLU, of stride 2."""
    model = Model()
    model.node("Relu", model.random_conv("image", 3, 4, 3, stride=2, pad=1))
    return model


def own_network(net: Network, blocks: int) -> bytes:
    """Return the stem and the first blocks of the program's own network as an ONNX file."""
    model = Model()
    zero, one = (model.numbers(np.array(value, np.float32)) for value in (127, 128))
    scaled = model.node("Div", model.node("Sub", "image", zero), one)
    limits = [model.numbers(np.array(value, np.float32)) for value in (0, 6)]
    stem = net._stem
    maps = model.conv(scaled, stem.weight, stem.bias, stride=2, pad=0, after=1)
    maps = model.node("Clip", maps, *limits)
    for block in net._blocks[:blocks]:
        inner = maps
        if block.expand is not None:
            weights = block.expand.weight[:, :, None, None]
            inner = model.node("Clip", model.conv(inner, weights, block.expand.bias), *limits)
        depthwise = block.depthwise
        size, stride = depthwise.weight.shape[-1], depthwise.stride
        inner = model.conv(
            inner, depthwise.weight[:, None], depthwise.bias, stride=stride, pad=depthwise.pad,
            after=size - stride - depthwise.pad, group=len(depthwise.bias),
        )  # fmt: skip
        inner = model.node("Clip", inner, *limits)
        inner = model.conv(inner, block.project.weight[:, :, None, None], block.project.bias)
        maps = model.node("Add", inner, maps) if block.shortcut else inner
    return model.encode()
