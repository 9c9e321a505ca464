"""What is drawn over the panes: the grids, and what the mouse points at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute import pooling
from pyrviewer.labs.pooling.overlays import Bins, Hatch
from pyrviewer.labs.pooling.run import RULES
from pyrviewer.ui.overlays import Dots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.pooling import Rule
    from pyrviewer.labs.pooling.run import Pooled, Tile
    from pyrviewer.ui.overlays import Overlay

    Box = tuple[float, float, float, float]

LEVELS = ("#4c8dff", "#ffd34d", "#ff7b72", "#3fb950", "#c58fff", "#39c5cf")
POINTED = "#ffffff"
LEFT_OUT = "#ff7b72"
CHANNELS = ("#ff5d5d", "#4fd66b", "#5b9bff")  # red, green and blue, where all are shown
LEFT_OUT_TEXT = "left out"
MOST_DRAWN = 32  # bins along a side: finer grids hide what they divide


@dataclass(frozen=True)
class Place:
    """From the pixels of a map, of some height and width, to the image that it lies on."""

    rect: tuple[int, int, int, int]
    height: int
    width: int

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Return a rectangle of the map on the image."""
        left, top, right, bottom = self.rect
        sx, sy = (right - left) / self.width, (bottom - top) / self.height
        return left + x0 * sx, top + y0 * sy, left + x1 * sx, top + y1 * sy

    def pixel(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the pixel of the map at a point of the image."""
        left, top, right, bottom = self.rect
        if not (left <= x < right and top <= y < bottom):
            return None
        px = int((x - left) * self.width / (right - left))
        py = int((y - top) * self.height / (bottom - top))
        return min(px, self.width - 1), min(py, self.height - 1)


def place_of(found: Pooled, tile: Tile | None = None) -> Place:
    """Return how a tile, or the map, lies on the image."""
    height, width = (tile or found.map).values.shape[:2]
    return Place(found.maps.request.rect, height, width)


def bin_boxes(place: Place, n: int, rule: Rule) -> list[Box]:
    """Return the bins of a grid on the image, row by row."""
    rows, columns = pooling.bins(place.height, n, rule), pooling.bins(place.width, n, rule)
    return [place.box(x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns]


def grids(found: Pooled) -> list[Overlay]:
    """Return the grids of all levels, coarse below fine, each in its colour."""
    place, levels = place_of(found), found.request.state.levels
    coarse_first = sorted(range(len(levels)), key=lambda k: levels[k])
    drawn: list[Overlay] = []
    for above, k in zip(reversed(range(len(levels))), coarse_first, strict=True):
        if levels[k] <= MOST_DRAWN:
            boxes = bin_boxes(place, levels[k], found.request.rule)
            drawn.append(Bins(boxes, colour(k), width=1.2 + 3 * above, inset=0))
    return drawn


def colour(level: int) -> str:
    """Return the colour of a level."""
    return LEVELS[level % len(LEVELS)]


def winners(found: Pooled) -> list[Overlay]:
    """Return dots for the pixels that the maxima of the shown channels are."""
    if found.winners is None:
        return []
    place, dots = place_of(found), []
    shown = found.shown
    for k, n in enumerate(found.request.state.levels):
        if n > MOST_DRAWN:
            continue
        for index, channel in enumerate(shown):
            entries = found.blocks.of_channel(channel)[k]
            points = [_centre(place, *found.winners[i]) for i in entries]
            ink = colour(k) if len(shown) == 1 else CHANNELS[index]
            dots.append(Dots(points, ink, 2.5))
    return list(dots)


def _centre(place: Place, x: int, y: int) -> tuple[float, float]:
    x0, y0, x1, y1 = place.box(float(x), float(y), float(x) + 1, float(y) + 1)
    return (x0 + x1) / 2, (y0 + y1) / 2


def rule_marks(found: Pooled, rule: Rule) -> list[Overlay]:
    """Return the bins of one rule, and what it leaves out."""
    place, n = place_of(found), found.request.state.grid
    marks: list[Overlay] = []
    if n <= MOST_DRAWN:
        marks.append(Bins(bin_boxes(place, n, rule), LEVELS[RULES.index(rule)], 1.5, tint=46))
    right, below = (pooling.left_out(side, n, rule) for side in (place.width, place.height))
    inner = place.width - right, place.height - below
    boxes = []
    if right:
        boxes.append(place.box(inner[0], 0, place.width, place.height))
    if below:
        boxes.append(place.box(0, inner[1], inner[0], place.height))
    return [*marks, Hatch(boxes, LEFT_OUT, LEFT_OUT_TEXT)] if boxes else marks


def around(place: Place, rect: tuple[int, int, int, int]) -> Overlay:
    """Return an outline of a rectangle of the map."""
    return Bins([place.box(*rect)], POINTED, 2.0, tint=40)


def field(found: Pooled, x: int, y: int) -> Box | None:
    """Return what a pixel of the map sees of the image, if that is known."""
    request = found.maps.request
    seen = request.source.layer(request.layer).field if request.source is not None else None
    if seen is None:
        return None
    height, width = found.maps.input.shape[:2]
    (x0, x1), (y0, y1) = seen.span(x, width), seen.span(y, height)
    return Place(request.rect, height, width).box(x0, y0, x1, y1)


@dataclass(frozen=True)
class Cells:
    """Neighbouring cells of a grid of n x n bins, or none."""

    n: int
    rows: range
    columns: range

    def __bool__(self) -> bool:
        return bool(self.rows and self.columns)

    def __str__(self) -> str:
        return f"{_span(self.rows)}, {_span(self.columns)}" if self else LEFT_OUT_TEXT


def _span(numbers: range) -> str:
    first, last = numbers[0], numbers[-1]
    return f"{first}" if first == last else f"{first}–{last}"


def pointed_bins(place: Place, n: int, x: int, y: int, rule: Rule) -> Cells:
    """Return the bins of a grid that hold a pixel."""
    rows = pooling.holding(y, place.height, n, rule)
    return Cells(n, rows, pooling.holding(x, place.width, n, rule))


def around_cells(place: Place, cells: Cells) -> list[Overlay]:
    """Return an outline around cells of a pooled grid."""
    if not cells:
        return []
    rows, columns, grid = cells.rows, cells.columns, Place(place.rect, cells.n, cells.n)
    return [Bins([grid.box(columns.start, rows.start, columns.stop, rows.stop)], POINTED, 2.0)]


def winner_dots(found: Pooled, entries: Sequence[int], level: int) -> list[Overlay]:
    """Return the pixels that won some entries."""
    if found.winners is None:
        return []
    place = place_of(found)
    points = [_centre(place, *found.winners[i]) for i in entries]
    return [Dots(points, POINTED, 6.0), Dots(points, colour(level), 4.0)]
