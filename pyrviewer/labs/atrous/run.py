"""Maps, and convolutions of them, for worker threads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import atrous, display
from pyrviewer.compute.mipmap import mipmap, mipmap_of
from pyrviewer.compute.network import Network
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.compute.pooling.input import colour_maps, part
from pyrviewer.compute.principal import principal_maps
from pyrviewer.labs.atrous.state import (
    ALL,
    COLOURS,
    MOST_PHASES,
    NETWORK,
    depthwise_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.atrous.state import MapsRequest, Request

    Octaves = Callable[[Ticket], list[Array]]


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture for a pane.

    Attributes
    ----------
    values : (h, w) or (h, w, 3) float32 array
        What it shows.
    pixels : tuple of (H_k, W_k, 4) uint8 array
        The same for the screen, finest first.
    step : (float, float)
        Pixels of the image from one value to the next, across and down.
    range : str
        Which values the ends of the colours stand for.
    """

    title: str
    values: Array
    pixels: tuple[Array, ...]
    step: tuple[float, float] = (1.0, 1.0)
    range: str = ""


@dataclass(frozen=True, eq=False)
class Maps:
    """What is convolved.

    Attributes
    ----------
    values : (C, H, W) float32 array
        All maps.
    shown : (1 or 3, H, W) float32 array
        The colours or the three main components, where no channel was chosen.
    order : tuple of int
        The channels, the most varied first.
    step : (float, float)
        Pixels of the image from one position to the next, across and down.
    input : array
        The picture as it was reduced.
    sides : (int, int)
        Height and width at which it was taken: some files take one size only.
    """

    request: MapsRequest
    values: Array
    shown: Array
    order: tuple[int, ...]
    step: tuple[float, float]
    input: Array
    sides: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Found:
    """What a layout shows.

    Attributes
    ----------
    channel : int
        The channel that is shown, or `ALL`.
    kernel : (k, k) array
        What was convolved with.
    share : float
        Of all taps, those that fall on padding.
    apart : float
        Largest difference between the phases put together again and the convolution.
    tiles : dict of str to Tile
        By what they are.
    extra : object
        What the layouts of pyramids add.
    """

    request: Request
    maps: Maps
    channel: int
    kernel: Array
    share: float = 0.0
    apart: float = 0.0
    tiles: dict[str, Tile] = field(default_factory=dict)
    extra: Any = None

    @property
    def collapsed(self) -> bool:
        """Whether only the middle tap falls inside the maps, wherever the kernel lies."""
        spread = len(self.kernel) > 1
        return spread and bool(self.request.state.rate >= max(self.maps.values.shape[1:]))


def show_image(ticket: Ticket, pixels: Array, octaves: Octaves) -> tuple[Array, ...]:
    """Convert an image for the screen."""
    return mipmap_of(octaves(ticket), display.auto_range(pixels), ticket)


# Pictures


def hwc(maps: Array) -> Array:
    """Return one map as an image in gray, or three in colour."""
    return np.ascontiguousarray(maps[0] if len(maps) == 1 else np.moveaxis(maps, 0, 2), np.float32)


def plain_tile(
    title: str,
    maps: Array,
    ticket: Ticket,
    limits: tuple[float, float] | None = None,
    step: tuple[float, float] = (1.0, 1.0),
) -> Tile:
    """Return one map in gray, or three in colour, between two values; by default their own."""
    values = hwc(maps)
    low, high = limits or (float(values.min()), float(values.max()))
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    text = "" if limits == (0.0, 255.0) else f"{low:.3g} to {high:.3g}"
    shown = mipmap(display.to_display(values, low, high), ticket)
    return Tile(title, values, shown, step, text)


def signed_tile(
    title: str,
    maps: Array,
    ticket: Ticket,
    limit: float | None = None,
    step: tuple[float, float] = (1.0, 1.0),
) -> Tile:
    """Return maps around 0: one in blue and orange, three as colours around mid gray."""
    values = hwc(maps)
    limit = limit or display.signed_limit(values)
    pixels = mipmap(display.signed_to_display(values, limit), ticket)
    return Tile(title, values, pixels, step, f"±{limit:.3g}")


def map_title(layer: str, channel: int) -> str:
    """Return what a person calls a map."""
    if not layer:
        return "Picture" if channel == ALL else f"Picture, {('red', 'green', 'blue')[channel]}"
    return layer if channel == ALL else f"{layer}  #{channel}"


def input_tile(maps: Maps, channel: int, ticket: Ticket) -> Tile:
    """Return the map that is convolved, or the three."""
    title, layer = map_title(maps.request.layer, channel), maps.request.layer
    chosen = chosen_maps(maps, channel)
    if not layer:
        return plain_tile(title, chosen, ticket, (0.0, 255.0), maps.step)
    if channel == ALL:
        return signed_tile(title, chosen, ticket, step=maps.step)
    return plain_tile(title, chosen, ticket, step=maps.step)


# Maps


def make_maps(ticket: Ticket, request: MapsRequest) -> Maps:
    """Reduce the picture, and run the network where one is asked for."""
    ticket.check()
    seen = part(request.pixels, None, request.size)
    height, width = request.pixels.shape[:2]
    step = width / seen.shape[1], height / seen.shape[0]
    if request.source is None or request.layer == COLOURS:
        values = colour_maps(seen)
        every = tuple(range(len(values)))
        return Maps(request, values, values, every, step, seen, seen.shape[:2])
    layer = next(each for each in request.source.layers if each.name == request.layer)
    values = request.source.features(
        seen, [layer.name], output_stride=request.stride, ticket=ticket
    )[layer.name]
    jump = min(layer.stride, request.stride)
    order = np.argsort(-values.var(axis=(1, 2)), kind="stable")
    channels = tuple(int(channel) for channel in order)
    places = step[0] * jump, step[1] * jump
    sides = seen.shape[:2]
    if isinstance(request.source, OnnxNetwork):  # its maps lie edge to edge, whatever it pads
        places = width / values.shape[2], height / values.shape[1]
        sides = request.source.fitted(sides)
    return Maps(request, values, principal_maps(values), channels, places, seen, sides)


def kept_maps(ticket: Ticket, request: MapsRequest, before: Found | None) -> Maps:
    """Return the maps of what was found before, where they are the same, or make them."""
    if before is not None and request.same_as(before.maps.request):
        return before.maps
    return make_maps(ticket, request)


def kept_input(ticket: Ticket, maps: Maps, channel: int, before: Found | None) -> Tile:
    """Return the picture of the input that was found before, where it is the same, or make it."""
    if before is not None and before.maps is maps and before.channel == channel:
        return before.tiles["input"]
    return input_tile(maps, channel, ticket)


def chosen_maps(maps: Maps, channel: int) -> Array:
    """Return the maps that panes show."""
    return maps.shown if channel == ALL else maps.values[channel : channel + 1]


def choose_channel(maps: Maps, wanted: int, *, one: bool = False) -> int:
    """Return the channel to show: the one that is wanted, where the maps have it."""
    if 0 <= wanted < len(maps.values):
        return wanted
    return maps.order[0] if one else ALL


# Layouts


def run(ticket: Ticket, request: Request, before: Found | None) -> Found:
    """Convolve; what can be of what was found before is used again."""
    maps, state = kept_maps(ticket, request.maps, before), request.state
    source, own = request.maps.source, state.kernel == NETWORK
    channel = choose_channel(maps, state.channel, one=own)
    kernel = np.array(state.taps, np.float32)
    block = depthwise_of(source, request.maps.layer)
    if own and isinstance(source, Network) and block is not None:
        kernel = source.depthwise(block)[channel]
    chosen = chosen_maps(maps, channel)
    result = atrous.atrous_filter(chosen, kernel, state.rate, ticket=ticket)
    shape = (chosen.shape[1], chosen.shape[2])
    share = atrous.padding_share(shape, (len(kernel), len(kernel)), state.rate)
    found = Found(request, maps, channel, kernel, share)
    found.tiles["input"] = kept_input(ticket, maps, channel, before)
    title = f"Convolved at rate {state.rate}"
    found.tiles["output"] = signed_tile(title, result, ticket, step=maps.step)
    if state.layout == "stacked":
        counts = atrous.coverage(state.rates)
        found.tiles["pattern"] = _pattern(counts, ticket)
        return replace(found, extra=counts)
    return _phases(found, chosen, result, ticket) if state.layout == "phases" else found


def _phases(found: Found, chosen: Array, result: Array, ticket: Ticket) -> Found:
    """Add the phases, each convolved as usual, and put together again."""
    rate, maps = min(found.request.state.rate, MOST_PHASES), found.maps
    if rate != found.request.state.rate:
        result = atrous.atrous_filter(chosen, found.kernel, rate, ticket=ticket)
    before = atrous.polyphase(chosen, rate)
    after = [
        [atrous.atrous_filter(np.ascontiguousarray(phase), found.kernel, 1) if phase.size else phase
         for phase in row]
        for row in before
    ]  # fmt: skip
    together = np.empty_like(result)
    for i, j in np.ndindex(rate, rate):
        together[:, i::rate, j::rate] = after[i][j]
    limit = display.signed_limit(hwc(result))
    tiles = dict(found.tiles)
    source = found.tiles["input"]
    tiled = _tiled(before, chosen.shape)
    step = (
        maps.step[0] * chosen.shape[2] / tiled.shape[2],
        maps.step[1] * chosen.shape[1] / tiled.shape[1],
    )
    cell = f"{-(-chosen.shape[2] // rate)} × {-(-chosen.shape[1] // rate)}"
    name = f"{rate * rate} phases of {cell}"
    if source.range.startswith("±"):
        top = float(source.range[1:])
        tiles["phases"] = signed_tile(name, tiled, ticket, top, step)
    else:
        limits = (0.0, 255.0) if not source.range else (float(chosen.min()), float(chosen.max()))
        tiles["phases"] = plain_tile(name, tiled, ticket, limits, step)
    tiles["filtered"] = signed_tile(
        "Each convolved at rate 1", _tiled(after, chosen.shape), ticket, limit, step
    )
    tiles["together"] = signed_tile(
        f"Put together: rate {rate}", together, ticket, limit, maps.step
    )
    apart = float(np.abs(together - result).max())
    return replace(found, apart=apart, tiles=tiles)


def _tiled(phases: list[list[Array]], shape: tuple[int, ...]) -> Array:
    """Lay phases out beside each other, each in a cell of one size."""
    rate = len(phases)
    height, width = -(-shape[1] // rate), -(-shape[2] // rate)
    result = np.zeros((shape[0], height * rate, width * rate), np.float32)
    for i, j in np.ndindex(rate, rate):
        phase = phases[i][j]
        top, left = i * height, j * width
        result[:, top : top + phase.shape[1], left : left + phase.shape[2]] = phase
    return result


def _pattern(counts: Array, ticket: Ticket) -> Tile:
    """Return how often each pixel is touched as a picture in which one path is seen at all."""
    shown = np.where(counts > 0, 0.25 + 0.75 * counts / counts.max(), 0)
    tile = plain_tile("Paths from each pixel", shown[None].astype(np.float32), ticket, (0.0, 1.0))
    values = np.asarray(counts, np.float32)
    return replace(tile, values=values, range=f"0 to {int(counts.max()):,}")
