"""The parameters of the Pooling lab, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast, get_args

from pyrviewer.compute.onnx import SCALES, OnnxNetwork
from pyrviewer.compute.pooling import Reduce, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.ticket import Ticket

    Octaves = Callable[[Ticket], list[Array]]

LAYOUTS = ("pyramid", "rules", "context", "channels", "neighbours")
COUNTS = (16, 36, 64)  # channels that are seen side by side
COLOURS = ""  # the layer that is no layer: red, green and blue
ALL = -1  # all channels of the colours, the most varied one of a layer
SMALLEST, LARGEST = 16, 1024  # pixels of the input's longer side
MOST_BINS = 64  # along a side
MOST_GRIDS = 6


@dataclass(frozen=True)
class PoolingState:
    """What the user chose.

    Parameters
    ----------
    network : str
        The ONNX file whose network makes the maps; the program's own where empty.
    scale : str
        How that network takes pixels, one of `onnx.SCALES`.
    layer : str
        Whose maps are pooled; `COLOURS` for the picture itself.
    channel : int
        Which of them the panes show, or `ALL`.
    side : int
        Longer side in pixels to which the picture is resized first.
    rect : tuple of int
        The part of the image that is taken, x0, y0, x1, y1 (half open), or nothing for all of it.
    levels, rule, reduce
        Of spatial pyramid pooling.
    grid : int
        Bins along a side for which the two rules are compared.
    bins, corners, mean, reduced : tuple of int, bool, bool, bool
        Of the pyramid pooling module; `mean` is average pooling, `reduced` averages the channels
        of the branches in groups.
    count : int
        How many of the most varied channels are seen side by side, one of `COUNTS`.
    """

    layout: str = "pyramid"
    network: str = ""
    scale: str = "imagenet"
    layer: str = COLOURS
    channel: int = ALL
    side: int = 448
    rect: tuple[int, ...] = ()
    levels: tuple[int, ...] = (4, 2, 1)
    rule: str = "adaptive"
    reduce: str = "max"
    grid: int = 6
    bins: tuple[int, ...] = (1, 2, 3, 6)
    corners: bool = True
    mean: bool = True
    reduced: bool = False
    count: int = 16

    def __post_init__(self) -> None:
        if not (
            self.layout in LAYOUTS
            and self.scale in SCALES
            and self.count in COUNTS
            and self.rule in get_args(Rule)
            and self.reduce in get_args(Reduce)
            and self.channel >= ALL
            and SMALLEST <= self.side <= LARGEST
            and 1 <= self.grid <= MOST_BINS
            and all(are_grids(sizes) for sizes in (self.levels, self.bins))
            and is_rect(self.rect)
        ):
            raise ValueError(f"not a state of the Pooling lab: {self}")


def are_grids(sizes: tuple[int, ...]) -> bool:
    """Tell whether these can be bins along the sides of some grids."""
    whole = all(isinstance(n, int) and 1 <= n <= MOST_BINS for n in sizes)
    return whole and 1 <= len(sizes) <= MOST_GRIDS


def is_rect(rect: tuple[int, ...]) -> bool:
    """Tell whether this is a rectangle of pixels, or none."""
    if not rect:
        return True
    if len(rect) != 4 or not all(isinstance(side, int) for side in rect):
        return False
    x0, y0, x1, y1 = rect
    return 0 <= x0 < x1 and 0 <= y0 < y1


@dataclass(frozen=True, eq=False)
class MapsRequest:
    """Maps of a part of an image; without a source, its colours.

    The part is resized to `size`: pixels of its longer side, or height and width where the network
    takes nothing else.
    """

    pixels: Array
    rect: Rect
    size: int | tuple[int, int]
    layer: str
    source: FeatureSource | None

    def same_as(self, other: MapsRequest) -> bool:
        """Tell whether the maps would be the same."""
        return (
            self.same_layer(other)
            and self.pixels is other.pixels
            and (self.rect, self.size) == (other.rect, other.size)
        )

    def same_layer(self, other: MapsRequest) -> bool:
        """Tell whether the maps would come from the same layer."""
        return self.source is other.source and self.layer == other.layer


@dataclass(frozen=True, eq=False)
class PoolingRequest:
    """Maps, and how to pool them."""

    maps: MapsRequest
    state: PoolingState

    @property
    def rule(self) -> Rule:
        """The rule of the bins."""
        return cast("Rule", self.state.rule)

    @property
    def reduce(self) -> Reduce:
        """What is left of a bin."""
        return cast("Reduce", self.state.reduce)

    def same_as(self, other: PoolingRequest | None) -> bool:
        """Tell whether the result would be the same."""
        return other is not None and self.maps.same_as(other.maps) and self.state == other.state


def resolve(state: PoolingState, pixels: Array, source: FeatureSource | None) -> PoolingRequest:
    """Turn choices into what can be pooled; a layer that the source has not is left out."""
    names = [layer.name for layer in source.layers] if source is not None else []
    layer = state.layer if state.layer in names else COLOURS
    height, width = pixels.shape[:2]
    rect = (0, 0, width, height)
    if state.rect:
        x0, y0 = min(state.rect[0], width - 1), min(state.rect[1], height - 1)
        rect = (x0, y0, min(state.rect[2], width), min(state.rect[3], height))
    size: int | tuple[int, int] = state.side
    if layer and isinstance(source, OnnxNetwork) and any(source.size):
        size = source.fitted((rect[3] - rect[1], rect[2] - rect[0]))
    chosen = replace(state, layer=layer, rect=rect)
    return PoolingRequest(MapsRequest(pixels, rect, size, layer, source if layer else None), chosen)
