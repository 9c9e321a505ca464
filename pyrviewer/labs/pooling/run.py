"""The work of the Pooling lab, for worker threads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import display, pooling, pyramid, tones
from pyrviewer.compute.mipmap import mipmap, mipmap_of
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.compute.pooling.input import colour_maps, part
from pyrviewer.labs.pooling.state import ALL, COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.pooling import Reduce, Rule
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.compute.tones import Tones
    from pyrviewer.labs.pooling.state import MapsRequest, Octaves, PoolingRequest

OWN_LAYER = "block 3"  # of the program's network: fine, and no longer the picture itself
FINE = 8  # pixels of the image between neighbours of a map
RULES: tuple[Rule, Rule] = ("adaptive", "he")
KEPT: Mapping[Reduce, str] = {"max": "Maxima", "average": "Means"}


@dataclass(frozen=True, eq=False)
class Maps:
    """What is pooled.

    Attributes
    ----------
    values : (C, H, W) float32 array
        The maps.
    input : (h, w) or (h, w, 3 | 4) array
        What they were made of: the part of the image at the size that is taken.
    order : tuple of int
        The channels, the most varied first.
    """

    request: MapsRequest
    values: Array
    input: Array
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture for a pane, with the values behind it: (h, w) or (h, w, 3) float32."""

    title: str
    values: Array
    pixels: tuple[Array, ...]
    range: str = ""


@dataclass(frozen=True, eq=False)
class Pooled:
    """Everything that a layout shows of one choice of parameters.

    Attributes
    ----------
    channel : int
        The channel that the tiles show, or `ALL`.
    shades : Tones
        The colours of the grids, and of the shown channels' numbers in the vector.
    winners : (length, 2) int64 array or None
        Which pixel each maximum is; None for averages.
    tiles : mapping of str to tuple of Tile
        "grid": the shown channel pooled, for each level. "rule grid": for each of `RULES`.
        "pooled", "enlarged" and "octave": for each number of bins of the pyramid pooling module
        the grid, the grid at the size of the map, and the octave of the map's image pyramid that
        is most like the grid, enlarged by the same rule. "channel": the most varied channels.
    apart : tuple of float
        Largest difference between the last two.
    group : range or None
        The channels whose mean the branches of the module show, where they are reduced.
    """

    request: PoolingRequest
    maps: Maps
    channel: int
    shades: Tones
    map: Tile
    input: Tile
    vector: Array
    winners: Array | None
    tiles: Mapping[str, tuple[Tile, ...]]
    apart: tuple[float, ...] = ()
    group: range | None = None

    @property
    def blocks(self) -> pooling.Blocks:
        """How the vector is divided."""
        return pooling.Blocks(len(self.maps.values), self.request.state.levels)

    @property
    def shown(self) -> tuple[int, ...]:
        """The channels that the tiles show."""
        return (self.channel,) if self.channel != ALL else tuple(range(len(self.maps.values)))


@dataclass(frozen=True, eq=False)
class Named:
    """An open image among those that are compared."""

    id: int
    name: str
    request: PoolingRequest


@dataclass(frozen=True, eq=False)
class Neighbour:
    """An image, its vector, and its likeness to the active one."""

    id: int
    name: str
    tile: Tile
    shape: tuple[int, ...]
    vector: Array
    cosine: float


def default_layer(source: FeatureSource | None) -> str:
    """Return the layer to begin with: of a file, the deepest one that still is fine enough."""
    if isinstance(source, OnnxNetwork):
        fine = [layer.name for layer in source.layers if layer.stride <= FINE]
        return fine[-1] if fine else source.layers[0].name
    return OWN_LAYER if source is not None and source.learned else COLOURS


def show_image(ticket: Ticket, pixels: Array, octaves: Octaves) -> tuple[Array, ...]:
    """Convert an image for the screen."""
    return mipmap_of(octaves(ticket), display.auto_range(pixels), ticket)


def make_maps(ticket: Ticket, request: MapsRequest) -> Maps:
    """Cut, resize, and run the network where one is asked for."""
    ticket.check()
    seen = part(request.pixels, request.rect, request.size)
    if request.source is None or request.layer == COLOURS:
        values = colour_maps(seen)
        return Maps(request, values, seen, tuple(range(len(values))))
    values = request.source.features(seen, [request.layer], ticket=ticket)[request.layer]
    order = np.argsort(-values.var(axis=(1, 2)), kind="stable")
    return Maps(request, values, seen, tuple(int(channel) for channel in order))


def run(ticket: Ticket, request: PoolingRequest, before: Pooled | None) -> Pooled:
    """Pool; maps that were found before are used again, and so is a channel that nobody chose."""
    automatic = ALL
    if before is not None and before.maps.request.same_layer(request.maps):
        automatic = before.channel  # a crop must not make the panes jump to another one
    if before is not None and before.maps.request.same_as(request.maps):
        maps = before.maps
    else:
        maps = make_maps(ticket, request.maps)
    ticket.check(0.5)
    state = request.state
    vector = _vector(request, maps)
    winners = None
    if request.reduce == "max":
        winners = pooling.winners(maps.values, state.levels, request.rule)
    ticket.check(0.7)
    channel = choose_channel(maps, state.channel, automatic)
    chosen = maps.values if channel == ALL else maps.values[channel : channel + 1]
    shades = _tones(chosen, maps.request)
    shown = _tile(_map_title(state.layer, channel), chosen, shades, ticket)
    seen = _seen_tile("Input", maps, ticket)
    pooled = Pooled(request, maps, channel, shades, shown, seen, vector, winners, {})
    if state.layout == "context":
        return _with_context(ticket, pooled, chosen)
    if state.layout == "channels":
        return replace(pooled, tiles={"channel": _channel_tiles(ticket, maps, state.count)})
    kind, sizes, rules = "grid", state.levels, (request.rule,) * len(state.levels)
    if state.layout == "rules":
        kind, sizes, rules = "rule grid", (state.grid,) * len(RULES), RULES
    grids = [
        pooling.pool(chosen, n, rule, reduce=request.reduce)
        for n, rule in zip(sizes, rules, strict=True)
    ]
    if request.reduce == "average":  # means are much smaller than the largest value
        shades = _tones(np.concatenate([grid.ravel() for grid in grids]), maps.request)
    tiles = tuple(_tile(KEPT[request.reduce], grid, shades, ticket) for grid in grids)
    return replace(pooled, tiles={kind: tiles}, shades=shades)


def _channel_tiles(ticket: Ticket, maps: Maps, count: int) -> tuple[Tile, ...]:
    """Return the most varied channels in the same tones."""
    chosen = list(maps.order[:count])
    shades = _tones(maps.values[chosen], maps.request)
    titles = [_channel_title(maps.request.layer, channel) for channel in chosen]
    return tuple(
        _tile(title, maps.values[channel : channel + 1], shades, ticket)
        for title, channel in zip(titles, chosen, strict=True)
    )


def _with_context(ticket: Ticket, found: Pooled, maps: Array) -> Pooled:
    """Run the pyramid pooling module, and set the image pyramid of the same maps beside it."""
    state = found.request.state
    reduce: Reduce = "average" if state.mean else "max"
    group = _group(found) if state.reduced else None
    if group is not None:
        maps = found.maps.values[group.start : group.stop]
    pooled = [pooling.pool(maps, n, reduce=reduce) for n in state.bins]
    if group is not None:
        pooled = [pooling.reduce_channels(grid, 1) for grid in pooled]
        maps = pooling.reduce_channels(maps, 1)
    enlarged = [pooling.upsample(grid, maps.shape[1:], state.corners) for grid in pooled]
    all_octaves = pyramid.gaussian_pyramid(_hwc(maps), prefilter="box")
    octaves = [_nearest(all_octaves, n) for n in state.bins]
    wide = [pooling.upsample(o, maps.shape[1:], state.corners) for _, o in octaves]
    ticket.check(0.9)
    shades = _tones(np.stack([*enlarged, *wide]), found.maps.request)

    def tiles(titles: Iterable[str], arrays: Iterable[Array]) -> tuple[Tile, ...]:
        pairs = zip(titles, arrays, strict=True)
        return tuple(_tile(title, array, shades, ticket) for title, array in pairs)

    kinds = {
        "pooled": tiles([KEPT[reduce]] * len(pooled), pooled),
        "enlarged": tiles([f"Enlarged {n} × {n}" for n in state.bins], enlarged),
        "octave": tiles([f"Octave {level}" for level, _ in octaves], wide),
    }
    apart = tuple(float(np.abs(a - b).max()) for a, b in zip(enlarged, wide, strict=True))
    return replace(found, tiles=kinds, apart=apart, group=group)


def _group(found: Pooled) -> range | None:
    """Return the group that holds the shown channel, if there are fewer groups than channels."""
    channels = len(found.maps.values)
    count = max(1, channels // len(found.request.state.bins))
    shown = max(found.channel, 0)
    groups = [range(*each) for each in pooling.bins(channels, count)]
    return next(group for group in groups if shown in group) if count < channels else None


def compare(
    ticket: Ticket, images: Sequence[Named], known: Mapping[int, Neighbour]
) -> list[Neighbour]:
    """Pool every open image the same way; the first is the active one, the rest the most alike."""
    found: list[Neighbour] = []
    for index, named in enumerate(images):
        ticket.check(index / len(images))
        one = known.get(named.id) or _neighbour(ticket, named)
        cosine = pooling.cosine(found[0].vector if found else one.vector, one.vector)
        found.append(Neighbour(one.id, one.name, one.tile, one.shape, one.vector, cosine))
    return [*found[:1], *sorted(found[1:], key=lambda each: -each.cosine)]


def _neighbour(ticket: Ticket, named: Named) -> Neighbour:
    maps = make_maps(ticket, named.request.maps)
    tile = _seen_tile(named.name, maps, ticket)
    vector = _vector(named.request, maps)
    return Neighbour(named.id, named.name, tile, maps.values.shape, vector, 1.0)


def _vector(request: PoolingRequest, maps: Maps) -> Array:
    return pooling.spatial_pyramid_pool(
        maps.values, request.state.levels, request.rule, reduce=request.reduce
    )


def choose_channel(maps: Maps, wanted: int, automatic: int) -> int:
    """Return the channel to show: the one that is wanted, where the maps have it."""
    count = len(maps.values)
    if 0 <= wanted < count:
        return wanted
    if maps.request.layer == COLOURS:
        return ALL
    return automatic if 0 <= automatic < count else maps.order[0]


def _nearest(octaves: Sequence[Array], n: int) -> tuple[int, Array]:
    """Return the octave whose sides are nearest to n, as maps, and its level."""
    sides = [math.sqrt(octave.shape[0] * octave.shape[1]) for octave in octaves]
    level = min(range(len(octaves)), key=lambda k: abs(math.log(sides[k] / n)))
    octave = octaves[level]
    return level, np.moveaxis(octave, 2, 0) if octave.ndim == 3 else octave[None]


def _hwc(maps: Array) -> Array:
    """Return one map as an image in gray, or three in colour."""
    return np.ascontiguousarray(maps[0] if len(maps) == 1 else np.moveaxis(maps, 0, 2))


def _tones(maps: Array, request: MapsRequest) -> Tones:
    return tones.BYTES if request.layer == COLOURS else tones.tones(maps)


def _tile(title: str, maps: Array, shades: Tones, ticket: Ticket) -> Tile:
    values = np.asarray(_hwc(maps), np.float32)
    text = "" if shades == tones.BYTES else shades.text
    return Tile(title, values, mipmap(shades.pixels(values), ticket), text)


def _seen_tile(title: str, maps: Maps, ticket: Ticket) -> Tile:
    """Return what the maps were made of."""
    pixels = mipmap(display.to_display(maps.input), ticket)
    return Tile(title, _hwc(colour_maps(maps.input)), pixels)


def _map_title(layer: str, channel: int) -> str:
    name = layer or "Picture"
    return name if channel == ALL else f"{name}  {_channel_title(layer, channel)}"


def _channel_title(layer: str, channel: int) -> str:
    return f"#{channel}" if layer else ("red", "green", "blue")[channel]
