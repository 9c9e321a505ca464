"""What is drawn over the panes at the place that the mouse points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtGui import QImage

from pyrviewer.compute import atrous
from pyrviewer.labs.atrous import aspp
from pyrviewer.labs.atrous.overlays import OUTSIDE, Tap, Taps
from pyrviewer.labs.atrous.state import MOST_PHASES
from pyrviewer.ui.overlays import Note, Outlines, Wash, box_corners
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.labs.atrous.aspp import Field
    from pyrviewer.labs.atrous.run import Found, Tile
    from pyrviewer.ui.overlays import Overlay

    Box = tuple[float, float, float, float]
    Marks = dict[str, Sequence[Overlay]]

POINTED = "#ffffff"
BRANCHES = ("#ffd34d", "#4c8dff", "#3fb950", "#ff7b72", "#c58fff", "#39c5cf", "#ffa657", "#f778ba")
COLLAPSED = "Only the middle tap is left: the kernel has become 1 × 1"


def pixel_box(tile: Tile, x: float, y: float) -> Box:
    """Return a pixel of a tile on the image."""
    dx, dy = tile.step
    return x * dx, y * dy, (x + 1) * dx, (y + 1) * dy


def outline(tile: Tile, x: float, y: float) -> Outlines:
    """Return a frame around a pixel."""
    return Outlines([box_corners(*pixel_box(tile, x, y))], POINTED, width=2)


def taps_at(found: Found, tile: Tile, x: int, y: int, rate: int, *, weights: bool = True) -> Taps:
    """Return the taps that make a pixel."""
    kernel = found.kernel
    shape = (tile.values.shape[0], tile.values.shape[1])
    places = atrous.taps(x, y, (kernel.shape[0], kernel.shape[1]), rate, shape)
    return Taps(
        [
            Tap(pixel_box(tile, px, py), float(weight), bool(inside))
            for px, py, weight, inside in zip(
                places.x.ravel().tolist(), places.y.ravel().tolist(),
                kernel.ravel().tolist(), places.inside.ravel().tolist(), strict=True,
            )
        ],
        weights,
    )  # fmt: skip


def rate_marks(found: Found, x: int, y: int) -> Marks:
    """Return the taps on the picture and the map, and the pixel that they make."""
    tile, rate = found.tiles["input"], found.request.state.rate
    taps = taps_at(found, tile, x, y, rate)
    marks: Marks = {"input": [taps], "image": [taps], "output": [outline(tile, x, y)]}
    if found.collapsed:
        marks["output"] = [*marks["output"], Note(COLLAPSED, OUTSIDE)]
    return marks


def phase_marks(found: Found, x: int, y: int) -> Marks:
    """Return the taps on the map, and the same side by side in their phase."""
    tile, tiled = found.tiles["input"], found.tiles["phases"]
    rate = min(found.request.state.rate, MOST_PHASES)
    height, width = (n // rate for n in tiled.values.shape[:2])
    column, row = x % rate, y % rate
    kernel = found.kernel
    places = atrous.taps(x, y, (kernel.shape[0], kernel.shape[1]), rate, tile.values.shape[:2])
    near = [
        Tap(
            pixel_box(tiled, column * width + px // rate, row * height + py // rate),
            weight,
            inside,
        )
        for px, py, weight, inside in zip(
            places.x.ravel().tolist(), places.y.ravel().tolist(),
            kernel.ravel().tolist(), places.inside.ravel().tolist(), strict=True,
        )
        if inside
    ]  # fmt: skip
    dx, dy = tiled.step
    cell = box_corners(
        column * width * dx, row * height * dy, (column + 1) * width * dx, (row + 1) * height * dy
    )
    made = outline(tiled, column * width + x // rate, row * height + y // rate)
    frame = Outlines([cell], BRANCHES[0], width=1.5)
    return {
        "input": [taps_at(found, tile, x, y, rate)],
        "phases": [frame, Taps(near, weights=False)],
        "filtered": [frame, made],
        "together": [outline(tile, x, y)],
    }


def coverage_image(counts: Array) -> QImage:
    """Return how often pixels are touched as a translucent picture: holes are dark."""
    strength = np.where(counts > 0, 0.35 + 0.65 * counts / counts.max(), 0)
    shown = np.empty((*counts.shape, 4), np.uint8)
    for channel, value in enumerate((77, 211, 255)):  # blue, green, red
        shown[..., channel] = value * (counts > 0)
    shown[..., 3] = np.where(counts > 0, 60 + 180 * strength, 150)
    return qimage(shown, QImage.Format.Format_ARGB32)


def coverage_marks(found: Found, picture: QImage, x: int, y: int) -> Marks:
    """Return the pattern of stacked convolutions around a pixel."""
    tile, reach = found.tiles["input"], picture.width() // 2
    dx, dy = tile.step
    box = ((x - reach) * dx, (y - reach) * dy, (x + reach + 1) * dx, (y + reach + 1) * dy)
    title = f"{picture.width()} × {picture.width()}"
    frame = Outlines([box_corners(*box)], BRANCHES[0], [title], width=1.5)
    return {"input": [Wash(picture, box), frame]}


# The pyramid


def branch_colour(index: int) -> str:
    """Return the colour of a branch."""
    return BRANCHES[index % len(BRANCHES)]


def aspp_marks(
    found: Found, x: int, y: int, fields: Sequence[tuple[Field, QImage]] | None
) -> Marks:
    """Return what every branch sees of the picture: its taps, or with `fields` its gradient."""
    rates = found.request.state.aspp
    tile = found.tiles["input"]
    known = {field.index: picture for field, picture in fields or () if field.place == (x, y)}
    frames: list[Overlay] = []
    marks: dict[str, list[Overlay]] = {}
    height, width = found.request.maps.pixels.shape[:2]
    for index, rate in reversed(list(enumerate(aspp.branch_rates(rates)))):
        box, colour = aspp.reach(found, rate, x, y), branch_colour(index)
        seen = [box_corners(*aspp.on_image(found, box))] if box is not None else []
        frames.append(Outlines(seen, colour, width=1.5))
        over: list[Overlay] = []
        if fields is not None:
            if index in known:
                whole = (0.0, 0.0, float(width), float(height))
                over.append(Wash(known[index], whole, smooth=True))
            over.append(Outlines(seen, colour, width=2))
        elif rate == aspp.POOLED:
            over.append(Outlines(seen, colour, width=2))
        else:
            taps = taps_at(found, tile, x, y, rate, weights=False)
            one = taps if rate != aspp.POINT else Taps([taps.taps[len(taps.taps) // 2]], False)
            over.append(one)
        if box is not None:
            over.append(Note(f"sees {aspp.sides_text(box)} px", colour))
        marks[f"branch {index}"] = over
    marks["image"] = frames
    marks["input"] = [outline(tile, x, y)]
    marks["stack"] = [outline(tile, x, y)]
    return dict(marks)
