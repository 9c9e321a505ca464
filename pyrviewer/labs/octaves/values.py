"""The numbers under the mouse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pyrviewer.ui.picture import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.octaves.run import Build
    from pyrviewer.ui.canvas import Canvas
    from pyrviewer.ui.navigator import Hover

    Row = tuple[str, str, str]


def pixel_at(grid: LevelGeometry, base: tuple[float, float]) -> tuple[int, int]:
    """Return the level's pixel under a base point, or the nearest one."""
    x, y = grid.from_base(*base)
    height, width = grid.shape
    return min(max(math.floor(x), 0), width - 1), min(max(math.floor(y), 0), height - 1)


def sample_text(source: Array, x: int, y: int, separator: str = " ", width: int = 4) -> str:
    """Write the values of a pixel."""
    sample = source[y, x]
    values = [sample.item()] if source.ndim == 2 else [value.item() for value in sample]
    return separator.join(f"{format_value(value):>{width}}" for value in values)


def level_rows(build: Build, hover: Hover) -> tuple[list[Row], int]:
    """Return the pixel of every octave at the hovered one's centre, and which row that is."""
    base = build.octaves[hover.level].geometry.to_base(hover.x + 0.5, hover.y + 0.5)
    rows = []
    for octave in build.octaves:
        x, y = pixel_at(octave.geometry, base)
        rows.append((str(octave.level), f"{x}, {y}", sample_text(octave.source, x, y)))
    return rows, hover.level


def pane_rows(canvases: Sequence[Canvas], hover: Hover) -> tuple[list[Row], int]:
    """Return the pixel of every pane at one place, and the hovered one's row."""
    rows: list[Row] = []
    marked = -1
    for canvas in canvases:
        for layer in canvas.all_layers:
            if layer.source is None:
                continue
            x, y = pixel_at(layer.geometry, (hover.canvas_x, hover.canvas_y))
            if layer is hover.layer:
                marked = len(rows)
            name = layer.title.split(" · ")[0]
            rows.append((name, f"{x}, {y}", sample_text(layer.source, x, y)))
    return rows, marked
