"""Where the values of a network lie on its image, as far as the graph alone tells.

Convolutions and poolings are followed with all that keeps pixels where they are. Whatever else is
done to a value, nothing is known of what comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyrviewer.compute.features import ReceptiveField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.onnx.graph import Graph, Node

_WINDOWS = ("Conv", "MaxPool", "AveragePool", "LpPool")
_JOINS = ("Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Concat")
_STAYS = (
    "Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Clip", "Sigmoid",
    "HardSigmoid", "HardSwish", "Tanh", "Softplus", "Softsign", "Mish", "Gelu", "Swish", "Erf",
    "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "BatchNormalization", "LRN", "Identity",
    "Dropout", "Cast",
)  # fmt: skip
_CHANNELS_LAST, _CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)  # orders of a Transpose


@dataclass(frozen=True)
class Axis:
    """One axis of a value: how many pixels it has, 0 or less for none, and what each sees."""

    length: int
    field: ReceptiveField

    def through(self, size: int, stride: int, before: int, after: int, *, up: bool) -> Axis:
        """Return the axis behind windows of that size; `up` rounds their number up."""
        room = self.length + before + after - size
        steps = -(-room // stride) if up else room // stride
        jump = self.field.jump
        seen = self.field.size + (size - 1) * jump
        return Axis(
            steps + 1, ReceptiveField(seen, jump * stride, self.field.start - before * jump)
        )


@dataclass(frozen=True)
class Place:
    """Where a value lies.

    Attributes
    ----------
    axes : (Axis, Axis) or None
        Down and across; None where they are not known.
    last : bool
        Whether its channels come last: it is 1 x H x W x C.
    """

    axes: tuple[Axis, Axis] | None
    last: bool = False

    @property
    def empty(self) -> bool:
        """Whether it is known to have no pixels."""
        return self.axes is not None and min(axis.length for axis in self.axes) < 1

    @property
    def field(self) -> ReceptiveField | None:
        """What a pixel sees; None where that is not known, or another thing along each axis."""
        down, across = self.axes or (None, None)
        return down.field if down and across and down.field == across.field else None


def places(graph: Graph, size: tuple[int, int], *, last: bool = False) -> dict[str, Place]:
    """Return where each value that is made of an image lies.

    Parameters
    ----------
    graph : Graph
        The network.
    size : (int, int)
        Height and width of the image.
    last : bool
        Whether the network takes it as 1 x H x W x C.

    Notes
    -----
    A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks",
    Distill 2019.
    """
    pixel = ReceptiveField(1, 1, 0)
    found = {graph.input.name: Place((Axis(size[0], pixel), Axis(size[1], pixel)), last)}
    for node in graph.nodes:
        taken = [found[name] for name in node.inputs if name in found]
        if taken:
            found.update(dict.fromkeys(node.outputs, _place(graph, node, taken)))
    return found


def _place(graph: Graph, node: Node, taken: Sequence[Place]) -> Place:
    """Return where a node puts what it takes."""
    first, order = taken[0], node.numbers("perm")
    if node.op == "Transpose" and order in (_CHANNELS_LAST, _CHANNELS_FIRST):
        return replace(first, last=order == _CHANNELS_LAST)
    if node.op in _WINDOWS and not first.last:
        return Place(first.axes and _windows(graph, node, first.axes))
    if node.op in _STAYS:
        return first
    if node.op in _JOINS:
        return Place(_joined(taken), first.last)
    return Place(None, first.last and node.op != "Reshape")


def _windows(graph: Graph, node: Node, axes: tuple[Axis, Axis]) -> tuple[Axis, Axis] | None:
    """Slide the windows of a convolution or pooling down and across."""
    weights = graph.weights.get(node.inputs[1]) if node.op == "Conv" else None
    kernel = node.numbers("kernel_shape") or (weights.shape[2:] if weights else ())
    strides, rates = node.numbers("strides") or (1, 1), node.numbers("dilations") or (1, 1)
    pads = node.numbers("pads") or (0, 0, 0, 0)
    if (len(kernel), len(strides), len(rates), len(pads)) != (2, 2, 2, 4) or min(strides) < 1:
        return None
    kind, up = node.attributes.get("auto_pad", "NOTSET"), bool(node.number("ceil_mode", 0))
    moved = []
    for k, axis in enumerate(axes):
        size, stride = (kernel[k] - 1) * rates[k] + 1, strides[k]
        before, after = pads[k], pads[k + 2]
        if kind in ("SAME_UPPER", "SAME_LOWER"):
            more = max(0, (-(-axis.length // stride) - 1) * stride + size - axis.length)
            before = more // 2 if kind == "SAME_UPPER" else more - more // 2
            after = more - before
        moved.append(axis.through(size, stride, before, after, up=up))
    return moved[0], moved[1]


def _joined(taken: Sequence[Place]) -> tuple[Axis, Axis] | None:
    """Return where values lie that meet pixel by pixel."""
    known = [place.axes for place in taken if place.axes is not None]
    if len(known) < len(taken):
        return None
    down, across = (_union([axes[k] for axes in known]) for k in range(2))
    return (down, across) if down and across else None


def _union(axes: Sequence[Axis]) -> Axis | None:
    """Return an axis that sees what any of them sees, if their pixels lie at the same places."""
    fields = [axis.field for axis in axes]
    if len({axis.length for axis in axes}) > 1 or len({field.jump for field in fields}) > 1:
        return None
    start = min(field.start for field in fields)
    end = max(field.start + field.size for field in fields)
    return Axis(axes[0].length, ReceptiveField(end - start, fields[0].jump, start))


def first_empty(graph: Graph, values: Sequence[str], found: Mapping[str, Place]) -> Node | None:
    """Return the first node needed for some values whose own value has no pixels."""
    for node in graph.needed(values):
        place = found.get(node.outputs[0])
        if place is not None and place.empty:
            return node
    return None
