"""Drawing parametric masks, at any octave of the image."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.geometry import level_geometry
from pyrviewer.compute.mask.shapes import (
    Ellipse,
    Gradient,
    Parametric,
    Polygon,
    Rectangle,
    distance,
)
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.resample import Rect

Mask = npt.NDArray[np.uint8]
"""H x W; 255 takes A, 0 takes B."""

_Floats = npt.NDArray[np.floating[Any]]

_STRIP = 1 << 15  # pixels: the numbers of a strip stay in the processor's cache
_LINES = 8  # a pixel: where the outline is looked at
_LEAST_BOXED = 36.0  # pixels squared: below, widths in whole pixels are too coarse


def rasterise(
    mask: Parametric,
    shape: tuple[int, ...],
    *,
    octave: int = 0,
    soft: float = 2.0,
    inverted: bool = False,
) -> Mask:
    """Draw a mask with a soft edge.

    Parameters
    ----------
    mask : Parametric
        In pixels of the base image.
    shape : (int, int, ...)
        Height and width of the base image.
    octave : int
        Draw it as large as this octave, each pixel where `level_geometry` has it.
    soft : float
        Width of the linear ramp across the outline in pixels of the base image, 0 or more; 0 is a
        hard edge. A gradient has its own.
    inverted : bool
        Take B where the mask says A.

    Returns
    -------
    (h, w) uint8 array
        128 and more inside.

    Raises
    ------
    ValueError
        For a negative width and an octave outside the pyramid of `shape`.

    Notes
    -----
    At octave k the ramp is ``sqrt(soft**2 + 4 * (4**k - 1))`` wide: each reduction smooths the edge
    by the binomial's variance, 1 of its pixels squared, and a ramp of width w has w**2 / 12. The 2
    pixels of the default are 2 pixels at every octave.
    """
    if not soft >= 0:
        raise ValueError(f"soft must be 0 or more pixels, got {soft}")
    level = level_geometry(shape, octave)
    if isinstance(mask, Gradient):
        soft = math.dist(mask.start, mask.end)
    ramp = math.sqrt(soft**2 + 4 * (4.0**octave - 1))
    height, width = level.shape
    x0, y0, x1, y1 = box = _reach(mask, level, ramp)
    if isinstance(mask, Polygon):
        part = _filled(mask, level, ramp, box)
    else:
        part = _ramped(mask, level, ramp, box)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    drawn = np.zeros(level.shape, np.uint8)
    drawn[top:bottom, left:right] = part[top - y0 : bottom - y0, left - x0 : right - x0]
    return np.subtract(255, drawn, out=drawn) if inverted else drawn


def _reach(mask: Parametric, level: LevelGeometry, ramp: float) -> Rect:
    """Return the pixels of a level, one at least, beyond which there is nothing of a mask.

    Those of a polygon go beyond the level as far as smoothing brings something back.
    """
    height, width = level.shape
    match mask:
        case Ellipse((x, y), radii):
            corners = [(x - max(radii), y - max(radii)), (x + max(radii), y + max(radii))]
        case Rectangle(start, end):
            corners = [start, end]
        case Polygon(points):
            corners = list(points)
        case _:
            return 0, 0, width, height
    margin = math.ceil(ramp / level.scale_x) + 1
    beyond = margin if isinstance(mask, Polygon) else 0
    least, most = np.array([-beyond, -beyond]), np.array([width + beyond, height + beyond])
    ends = np.array([level.from_base(*corner) for corner in corners])
    first = np.clip(np.floor(ends.min(axis=0)) - margin, least, most - 1)
    last = np.clip(np.ceil(ends.max(axis=0)) + margin, first + 1, most)
    x0, y0, x1, y1 = (int(edge) for edge in (*first, *last))
    return x0, y0, x1, y1


def _ramped(mask: Parametric, level: LevelGeometry, ramp: float, box: Rect) -> Mask:
    """Turn distances from the outline into a ramp."""
    x0, y0, x1, y1 = box
    x = level.offset_x + level.scale_x * (np.arange(x0, x1) + 0.5)
    y = level.offset_y + level.scale_y * (np.arange(y0, y1)[:, None] + 0.5)
    drawn = np.empty((y1 - y0, x1 - x0), np.uint8)
    ramp = max(ramp, 1e-3)
    rows = max(1, _STRIP // (x1 - x0))
    for top in range(0, y1 - y0, rows):
        values: Any = distance(mask, x, y[top : top + rows])
        values += np.float32(ramp / 2)
        np.clip(values, 0, ramp, out=values)
        cv2.convertScaleAbs(values, drawn[top : top + rows], 255 / ramp)
    return drawn


def _filled(mask: Polygon, level: LevelGeometry, ramp: float, box: Rect) -> Mask:
    """Share of each pixel that the outline winds around, smoothed to the width of the ramp."""
    x0, y0, x1, y1 = box
    points = np.array([level.from_base(*point) for point in mask.points]) - (x0, y0)
    # The pixel itself is a box of variance 1 / 12; the rest is smoothed.
    return smooth(_covered(points, (y1 - y0, x1 - x0)), ((ramp / level.scale_x) ** 2 - 1) / 12)


def _covered(points: _Floats, shape: tuple[int, int]) -> Mask:
    """Share of each pixel that an outline winds around, 0 to 255."""
    height, width = shape
    y, column, turn = _crossings(points, width)
    row = y.astype(np.intp)
    rest = ((y - row) * turn).astype(np.float32)
    drawn = np.empty(shape, np.uint8)
    carried = np.zeros(width, np.float32)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        part = slice(*np.searchsorted(row, (top, top + count)))
        steps = np.zeros((count + 1, width), np.float32)
        np.add.at(steps, (row[part] - top, column[part]), turn[part] - rest[part])
        np.add.at(steps, (row[part] - top + 1, column[part]), rest[part])
        steps[0] += carried
        for above, below in pairwise(steps):  # four times as fast as np.cumsum
            below += above
        carried = steps[-1].copy()
        cv2.convertScaleAbs(steps[:-1], drawn[top : top + count], 255 / _LINES)
    return drawn


def _crossings(points: _Floats, width: int) -> tuple[_Floats, npt.NDArray[np.intp], _Floats]:
    """Where the sides of an outline cross upright lines, downwards: y, column, 1 or -1."""
    starts, ends = points, np.roll(points, -1, axis=0)
    lines = np.ceil(np.stack([starts, ends])[..., 0] * _LINES - 0.5)
    lines = np.clip(lines, 0, width * _LINES).astype(np.intp)
    counts = np.abs(lines[1] - lines[0])
    side = np.repeat(np.arange(len(points)), counts)
    line = np.arange(side.size) - np.repeat(counts.cumsum() - counts, counts)
    line += lines.min(axis=0)[side]
    (x0, y0), (across, down) = starts[side].T, (ends - starts)[side].T
    y = np.maximum(y0 + ((line + 0.5) / _LINES - x0) * down / across, 0)
    order = np.argsort(y)
    return y[order], line[order] // _LINES, np.sign(across)[order].astype(np.float32)


def smooth(mask: Mask, variance: float) -> Mask:
    """Return a mask smoothed by a Gaussian of this variance, in pixels squared, or nearly so."""
    if variance <= 0:
        return mask.copy()
    smoothed: Array = mask
    if variance < _LEAST_BOXED:
        deviation = math.sqrt(variance)
        smoothed = cv2.GaussianBlur(mask, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(smoothed, np.uint8)
    # Three boxes take the same time at any width; wider ones among them make up the variance.
    side = math.floor((math.sqrt(4 * variance + 1) - 1) / 2) * 2 + 1
    wider = round((12 * variance - 3 * (side**2 - 1)) / (4 * side + 4))
    for k in range(3):
        box = side + 2 * (k < wider)
        smoothed = cv2.blur(smoothed, (box, box), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smoothed, np.uint8)
