"""Where octaves stand in a stack, and which pixels of one belong to a pixel of another."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtGui import QImage

from pyrviewer.compute import geometry
from pyrviewer.ui.canvas import TITLE_WIDTH, Highlight
from pyrviewer.ui.navigator import TITLE_HEIGHT, Hover
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.labs.octaves.run import Build

TINT_SIDE = 512  # pixels: footprints wider than this are outlined only


def arrange(
    shapes: Sequence[tuple[int, int]], pane_width: float, pane_height: float
) -> list[tuple[float, float]]:
    """Return the top-left corners of a classical stack.

    Octaves stand in a row, or beside the first in a column, whichever is larger in a pane of
    this size; a column leaves room for a title above each that is wide enough for one.
    """
    height, width = shapes[0]
    gap = max(1.0, round(0.02 * max(width, height)))
    row_width = sum(w for _, w in shapes) + gap * (len(shapes) - 1)
    row_fit = min(pane_width / row_width, pane_height / height)
    side = max((w for _, w in shapes[1:]), default=0)
    below = max(1, sum(h for h, _ in shapes[1:]))
    column_fit = min(pane_width / (width + gap + side), pane_height / height)
    titled = sum(w * column_fit >= TITLE_WIDTH for _, w in shapes[2:])
    rest = gap * max(0, len(shapes) - 2 - titled)
    column_fit = min(column_fit, max(1.0, pane_height - TITLE_HEIGHT * titled) / (below + rest))
    if row_fit >= column_fit:
        lefts = accumulate((w + gap for _, w in shapes[:-1]), initial=0.0)
        return [(x, float(height - h)) for x, (h, _) in zip(lefts, shapes, strict=True)]
    rooms = [TITLE_HEIGHT / column_fit if w * column_fit >= TITLE_WIDTH else gap for _, w in shapes]
    steps = (h + room for (h, _), room in zip(shapes[1:-1], rooms[2:], strict=True))
    tops = accumulate(steps, initial=0.0)
    return [(0.0, 0.0), *((width + gap, y) for y in tops)][: len(shapes)]


def footprints(build: Build, hover: Hover) -> dict[int, Highlight]:
    """Return the support in every finer octave and the container in every coarser one."""
    request = build.request
    shape = request.pixels.shape[:2]
    marks = {}
    for octave in build.octaves:
        k = octave.level
        if k < hover.level:
            found = geometry.footprint(
                hover.x, hover.y, hover.level, k, shape,
                ratio=request.ratio, prefilter=request.prefilter,
            )  # fmt: skip
            rect = (found.x0, found.y0, found.x1, found.y1)
            marks[k] = Highlight(rect, _tint(found))
        else:
            x, y = geometry.container(
                hover.x, hover.y, hover.level, k, shape,
                ratio=request.ratio, prefilter=request.prefilter,
            )  # fmt: skip
            marks[k] = Highlight((x, y, x + 1, y + 1), strong=k == hover.level)
    return marks


def _tint(found: geometry.Footprint) -> QImage | None:
    """Return the weights as a wash of the accent colour."""
    if max(len(found.weights_x), len(found.weights_y)) > TINT_SIDE:
        return None
    weights = np.outer(found.weights_y, found.weights_x)
    alpha = (np.abs(weights) / np.abs(weights).max() * 150).astype(np.uint8)  # Lanczos has minus
    wash = np.zeros((*alpha.shape, 4), np.uint8)
    wash[..., :3] = np.array([255, 180, 60], np.uint8)  # B, G, R
    wash[..., 3] = alpha
    return qimage(wash, QImage.Format.Format_ARGB32).copy()
