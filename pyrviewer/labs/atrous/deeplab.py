"""DeepLab v3+ node by node on the open image, and the classes of the real classifier."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.pooling import upsample
from pyrviewer.compute.pooling.input import part
from pyrviewer.compute.principal import principal_maps
from pyrviewer.labs.atrous import run
from pyrviewer.labs.atrous.aspp import branch, branch_name, branch_rates
from pyrviewer.labs.atrous.state import KERNELS, STRIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.network import Network
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.atrous.run import Tile
    from pyrviewer.labs.atrous.state import MapsRequest

ENCODER = ("stem", "block 3", "block 5", "block 11", "block 16")
BANK = ("octave 0 edges", "octave 1 edges", "octave 2 edges", "octave 3 edges", "octave 3 edges")
COLOURS = (
    (91, 155, 255), (255, 211, 77), (255, 123, 114), (63, 185, 80), (197, 143, 255),
    (57, 197, 207), (255, 166, 87), (247, 120, 186), (154, 161, 171),
)  # fmt: skip
NAMED = 8  # classes with a colour of their own; the last colour is for all others
BEST = 3  # classes that are told at a position
OPAQUE = 175  # of 255: how much a class covers the picture


def rates_at(rates: Sequence[int], stride: int) -> tuple[int, ...]:
    """Return the rates of the pyramid, given for output stride 16: doubled at 8."""
    return tuple(max(1, rate * 16 // stride) for rate in rates)


@dataclass(frozen=True, eq=False)
class Nodes:
    """The maps of every node at one output stride.

    Attributes
    ----------
    tiles : dict of str to Tile
        By node.
    facts : dict of str to str
        What can be said of it in a line.
    """

    request: MapsRequest
    stride: int
    rates: tuple[int, ...]
    tiles: dict[str, Tile]
    facts: dict[str, str]


def run_nodes(
    ticket: Ticket, request: MapsRequest, source: FeatureSource, rates: Sequence[int], stride: int
) -> Nodes:
    """Make the maps of all nodes; where no weights exist, the main components stand in."""
    seen = part(request.pixels, None, request.size)
    scale = request.pixels.shape[1] / seen.shape[1], request.pixels.shape[0] / seen.shape[0]
    names = ENCODER if source.learned else BANK
    maps = source.features(seen, list(dict.fromkeys(names)), output_stride=stride, ticket=ticket)
    strides = {layer.name: min(layer.stride, stride) for layer in source.layers}
    tiles: dict[str, Tile] = {}
    facts: dict[str, str] = {}

    def add(node: str, title: str, values: Array, jump: float, fact: str = "") -> None:
        ticket.check()
        step = scale[0] * jump, scale[1] * jump
        tiles[node] = run.signed_tile(title, values, ticket, step=step)
        facts[node] = fact

    for node, name in zip(ENCODER, names, strict=True):
        fact = f"{_size(maps[name])}: the three main components"
        add(node, name, principal_maps(maps[name]), strides[name], fact)
    deep, low = maps[names[-1]], maps[names[1]]
    jump, low_jump = strides[names[-1]], strides[names[1]]
    kernel = np.array(KERNELS["mean"], np.float32)
    own = rates_at(rates, stride)
    base, stack = principal_maps(deep), []
    for index, rate in enumerate(branch_rates(own)):
        ticket.check()
        made = branch(base, kernel, rate)
        stack.append(branch(deep, kernel, rate))
        add(f"aspp {index}", branch_name(index, own), made, jump, _branch_fact(index, len(own)))
    _decode(add, np.concatenate(stack), low, (jump, low_jump))
    return Nodes(request, stride, own, tiles, facts)


def _branch_fact(index: int, rates: int) -> str:
    if index == 0:
        return "every channel as it is"
    if index > rates:
        return "the mean of every channel, spread"
    return "the mean of nine taps, channel by channel: not learned"


def _decode(add: Callable[..., None], stack: Array, low: Array, jumps: tuple[int, int]) -> None:
    """Add the nodes from the stack to the end of the decoder."""
    jump, low_jump = jumps
    instead = "no trained weights exist in any package: the main components stand in"
    count = len(stack)
    mixed = principal_maps(stack)
    add("concat", f"Stack of {count:,} channels", mixed, jump, _size(stack))
    add("project", "1 × 1: the main component", mixed[:1], jump, instead)
    wide = upsample(mixed, low.shape[1:], False)
    add("upsample", f"Enlarged {jump // low_jump} times", wide, low_jump, "bilinear")
    fine = principal_maps(low)
    add("low", "Low-level features, 1 × 1", fine, low_jump, instead)
    both = np.concatenate([_even(wide), _even(fine)])
    decoded = principal_maps(both)
    add("decode", "Context and detail", decoded, low_jump, f"{len(both)} maps stacked")
    kernel = np.array(KERNELS["mean"], np.float32)
    add("refine", "3 × 3", branch(decoded, kernel, 1), low_jump, instead)


def _size(maps: Array) -> str:
    count, height, width = maps.shape
    return f"{count:,} maps of {width} × {height}"


def _even(maps: Array) -> Array:
    """Return maps of one strength, so that neither side drowns the other."""
    return np.asarray(maps / (maps.std() + 1e-6), np.float32)


# Classes


def percent(share: float) -> str:
    """Write a share; what is there at all is not written as nothing."""
    return f"{share:.0%}" if share >= 0.005 or not share else "< 1%"


@dataclass(frozen=True, eq=False)
class ClassMap:
    """What the classifier says at every position.

    Attributes
    ----------
    best : (h, w, BEST) int array
        The most likely classes; `likely` their probabilities.
    top : list of (int, float)
        Classes by the share of positions where they are the most likely.
    whole : (1000,) array
        Probabilities for the whole picture: of the mean of all logits, as the classifier does.
    shown : (H, W, 4) uint8 array
        B, G, R, A at the size of the reduced picture.
    apart : float
        Largest difference between these logits and those of output stride 32 where they share a
        position.
    seconds : float
        What it took.
    """

    stride: int
    best: Array
    likely: Array
    top: list[tuple[int, float]]
    whole: Array
    shown: Array
    apart: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Classes:
    """The class maps of all output strides so far, with colours for the classes most seen."""

    request: MapsRequest
    maps: dict[int, ClassMap]
    names: tuple[str, ...]
    colours: dict[int, tuple[int, int, int]]


def run_classes(ticket: Ticket, request: MapsRequest, source: Network) -> Classes:
    """Classify every position at each output stride; each is offered as soon as it is there."""
    seen = part(request.pixels, None, request.size)
    names = source.classes
    found = Classes(request, {}, names, {})
    first: Array | None = None
    for stride in STRIDES:
        start = time.perf_counter()
        logits = source.dense_logits(seen, stride, ticket=ticket)
        seconds = time.perf_counter() - start
        first = logits if first is None else first
        step = STRIDES[0] // stride
        apart = float(np.abs(logits[:, ::step, ::step] - first).max())
        one = _class_map(logits, stride, seen.shape, found.colours, apart, seconds)
        found = Classes(request, {**found.maps, stride: one[0]}, names, one[1])
        ticket.offer(found)
    return found


def _class_map(
    logits: Array,
    stride: int,
    shape: tuple[int, ...],
    colours: dict[int, tuple[int, int, int]],
    apart: float,
    seconds: float,
) -> tuple[ClassMap, dict[int, tuple[int, int, int]]]:
    """Find the most likely classes, and give colours to those most seen."""
    peak = logits.max(axis=0)
    total = np.exp(logits - peak).sum(axis=0)
    best = np.argpartition(-logits, BEST, axis=0)[:BEST]
    values = np.take_along_axis(logits, best, axis=0)
    order = np.argsort(-values, axis=0)
    best = np.take_along_axis(best, order, axis=0)
    likely = np.exp(np.take_along_axis(values, order, axis=0) - peak) / total
    classes, counts = np.unique(best[0], return_counts=True)
    ranked = np.argsort(-counts, kind="stable")
    top = [(int(classes[k]), float(counts[k] / best[0].size)) for k in ranked]
    colours = dict(colours)
    for index, _ in top:
        if len(colours) < NAMED:
            colours.setdefault(index, COLOURS[len(colours)])
    mean = logits.mean(axis=(1, 2))
    whole = np.exp(mean - mean.max())
    shown = _paint(best[0], likely[0], stride, shape, colours)
    made = ClassMap(
        stride, np.moveaxis(best, 0, 2), np.moveaxis(likely, 0, 2), top, whole / whole.sum(), shown,
        apart, seconds,
    )  # fmt: skip
    return made, colours


def _paint(
    best: Array,
    likely: Array,
    stride: int,
    shape: tuple[int, ...],
    colours: dict[int, tuple[int, int, int]],
) -> Array:
    """Return the classes in their colours, the more likely the less of the picture is seen."""
    cells = np.empty((*best.shape, 4), np.uint8)
    cells[..., :3] = COLOURS[-1][::-1]
    for index, colour in colours.items():
        cells[best == index, :3] = colour[::-1]
    cells[..., 3] = np.interp(likely, (0, 0.5), (60, OPAQUE))
    wide = np.repeat(np.repeat(cells, stride, axis=0), stride, axis=1)
    return np.ascontiguousarray(wide[: shape[0], : shape[1]])
