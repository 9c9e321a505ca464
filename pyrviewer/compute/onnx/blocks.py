"""Blocks of a network that look at several scales at once, found in its graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyrviewer.compute.onnx.graph import Graph, Node

Kind = Literal["ASPP", "PPM", "SPP"]
Unit = Literal["rates", "bins", "windows", "grids"]
Branch = list["Node"]
Scaled = tuple[int, "Node"]

_AVERAGES = ("AveragePool", "GlobalAveragePool")
_POOLS = ("MaxPool", "GlobalMaxPool", *_AVERAGES)
_ENLARGES = ("Resize", "Upsample")
_FLATTENS = ("Flatten", "Reshape", "Squeeze")
_MOST = 12  # nodes of a branch that are looked at


@dataclass(frozen=True)
class Block:
    """Branches of several scales that meet in a Concat.

    Attributes
    ----------
    kind : {"ASPP", "PPM", "SPP"}
        Atrous spatial pyramid pooling (Chen et al. 2017), the pyramid pooling module (Zhao et al.
        2017), or spatial pyramid pooling, by grids that are flattened (He et al. 2014) or by maxima
        at stride 1, as in YOLO.
    nodes : tuple of str
        What makes each scale, and the Concat.
    scales : tuple of int
        From small to large; those of grids in the order of the vector.
    unit : {"rates", "bins", "windows", "grids"}
        What the scales are: rates of the convolutions (ASPP), bins along a side (PPM), sides of the
        windows or bins along a side of the grids (SPP).
    input : str
        What makes the maps that all branches take; nothing where that is the image.
    """

    kind: Kind
    nodes: tuple[str, ...]
    scales: tuple[int, ...]
    unit: Unit
    input: str


def blocks(graph: Graph, shapes: Mapping[str, tuple[int, ...]]) -> list[Block]:
    """Find ASPP, PPM and SPP.

    ASPP has convolutions of two rates or more above 1, PPM two averages or more that are enlarged
    again, SPP two grids or more of the same maps, each flattened, or windows of two sizes or more,
    side by side or one pooling what another one left.

    Parameters
    ----------
    graph : Graph
        The network.
    shapes : mapping of str to tuple of int
        Of its values, as far as they are known; without, bins are 0.
    """
    found = []
    for node in graph.nodes:
        if node.op != "Concat":
            continue
        branches = [list(_branch(graph, value)) for value in node.inputs]
        kinds: list[tuple[Kind, Unit, list[Scaled | None]]] = [
            ("ASPP", "rates", [_atrous(branch) for branch in branches]),
            ("PPM", "bins", [_context(branch, shapes) for branch in branches]),
            ("SPP", "grids", [_grid(branch, shapes) for branch in branches]),
            ("SPP", "windows", [_windows(branch) for branch in branches]),
        ]
        for kind, unit, scaled in kinds:
            pairs = [pair for pair in scaled if pair is not None]
            if unit != "grids":
                pairs.sort(key=_scale)
            elif len({each.inputs[0] for _, each in pairs}) > 1:
                continue
            scales = tuple(map(_scale, pairs))
            if len(set(scales)) > 1:
                nodes = (*(each.title for _, each in pairs), node.title)
                trunk = graph.maker(pairs[0][1].inputs[0])
                found.append(Block(kind, nodes, scales, unit, trunk.title if trunk else ""))
                break
    return found


def _scale(pair: Scaled) -> int:
    return pair[0]


def _branch(graph: Graph, value: str) -> Iterator[Node]:
    """Follow the first inputs upwards, up to where branches meet."""
    for _ in range(_MOST):
        node = graph.maker(value)
        if node is None or node.op in ("Concat", "Add", "Sum") or not node.inputs:
            return
        yield node
        value = node.inputs[0]


def _atrous(branch: Branch) -> Scaled | None:
    """Return the last atrous convolution of a branch and its rate."""
    for node in branch:
        rate = max(node.numbers("dilations"), default=1)
        if node.op == "Conv" and rate > 1:
            return rate, node
    return None


def _context(branch: Branch, shapes: Mapping[str, tuple[int, ...]]) -> Scaled | None:
    """Return the average of a branch that is enlarged later, and its bins."""
    enlarged = False
    for node in branch:
        enlarged = enlarged or node.op in _ENLARGES
        if enlarged and node.op in _AVERAGES:
            return max(shapes.get(node.outputs[0], ())[2:], default=0), node
    return None


def _grid(branch: Branch, shapes: Mapping[str, tuple[int, ...]]) -> Scaled | None:
    """Return the pooling that a branch flattens, and its bins."""
    pooled = next((node for node in branch if node.op not in _FLATTENS), None)
    if pooled is None or pooled is branch[0] or pooled.op not in _POOLS:
        return None
    return max(shapes.get(pooled.outputs[0], ())[2:], default=0), pooled


def _windows(branch: Branch) -> Scaled | None:
    """Return the maximum that ends a branch, and the side of the window that it sees."""
    size = 1
    for node in branch:
        if node.op != "MaxPool" or max(node.numbers("strides"), default=1) > 1:
            break
        size += max(node.numbers("kernel_shape"), default=1) - 1
    return (size, branch[0]) if size > 1 else None
