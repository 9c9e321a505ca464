"""Drawing parametric masks, at any octave of the image."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.geometry import level_geometry
from pyrviewer.compute.mask_shapes import Gradient, Parametric, Polygon, distance
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.pixels import Array

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
    drawn = _filled(mask, level, ramp) if isinstance(mask, Polygon) else _ramped(mask, level, ramp)
    return np.subtract(255, drawn, out=drawn) if inverted else drawn


def _ramped(mask: Parametric, level: LevelGeometry, ramp: float) -> Mask:
    """Turn distances from the outline into a ramp."""
    height, width = level.shape
    x = level.offset_x + level.scale_x * (np.arange(width) + 0.5)
    y = level.offset_y + level.scale_y * (np.arange(height)[:, None] + 0.5)
    # Where everything is near zero, float32 is exact to a thousandth of a pixel.
    x, y = x.astype(np.float32), y.astype(np.float32)
    drawn = np.empty(level.shape, np.uint8)
    ramp = max(ramp, 1e-3)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        values: Any = distance(mask, x, y[top : top + rows])
        values += np.float32(ramp / 2)
        np.clip(values, 0, ramp, out=values)
        cv2.convertScaleAbs(values, drawn[top : top + rows], 255 / ramp)
    return drawn


def _filled(mask: Polygon, level: LevelGeometry, ramp: float) -> Mask:
    """Share of each pixel that the outline winds around, smoothed to the width of the ramp."""
    points = np.array([level.from_base(*point) for point in mask.points])
    height, width = level.shape
    y, column, turn = _crossings(points, width)
    row = y.astype(np.intp)
    rest = ((y - row) * turn).astype(np.float32)
    drawn = np.empty(level.shape, np.uint8)
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
    # The pixel itself is a box of variance 1 / 12; the rest is smoothed.
    return smooth(drawn, ((ramp / level.scale_x) ** 2 - 1) / 12)


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
