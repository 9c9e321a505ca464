"""Painting on a mask, stroke by stroke."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.mask.raster import Mask
    from pyrviewer.compute.mask.shapes import Point
    from pyrviewer.compute.resample import Rect

_TILE = 256  # pixels


@dataclass(frozen=True)
class Brush:
    """What a stroke is painted with.

    Attributes
    ----------
    radius : float
        Pixels of the mask, more than 0.
    hardness : float
        0 to 1: the part of the radius that covers fully; from there cover falls linearly to
        nothing, over a pixel at least.
    opacity : float
        0 to 1: how much a whole stroke covers at most, however often it crosses itself.
    erase : bool
        Paint towards 0, B, instead of 255, A.
    """

    radius: float
    hardness: float = 0.8
    opacity: float = 1.0
    erase: bool = False

    def __post_init__(self) -> None:
        if not (self.radius > 0 and 0 <= self.hardness <= 1 and 0 <= self.opacity <= 1):
            raise ValueError(f"radius above 0, hardness and opacity 0 to 1, not {self}")


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of what a stroke changed: enough to undo and to redo it.

    Attributes
    ----------
    rect : (int, int, int, int)
        x0, y0, x1, y1, half open.
    before, after : (y1 - y0, x1 - x0) uint8 array
        The mask there.
    """

    rect: Rect
    before: Mask
    after: Mask


class Stroke:
    """A stroke while it is painted.

    Each segment covers the pixels near it; a pixel keeps the most cover that any segment of the
    stroke gave it. The mask is what it was before the stroke, moved towards the brush's value by
    that share.

    Parameters
    ----------
    mask : (H, W) uint8 array
        Before the stroke. It is not changed, nor may anyone else change it during the stroke.
    brush : Brush
        What to paint with.
    """

    def __init__(self, mask: Mask, brush: Brush) -> None:
        if mask.ndim != 2 or mask.dtype != np.uint8:
            raise ValueError(f"a mask is H x W uint8, not shape {mask.shape}, dtype {mask.dtype}")
        self._before, self._brush = mask, brush
        self._cover = np.zeros(mask.shape, np.uint8)  # memory is taken where it is painted on
        self._last: Point | None = None
        self._tiles: set[tuple[int, int]] = set()

    def to(self, x: float, y: float) -> tuple[Rect, Mask] | None:
        """Paint from the last point, or a dot at the first one.

        Parameters
        ----------
        x, y : float
            Pixels of the mask; pixel i covers [i, i + 1).

        Returns
        -------
        (rect, patch) or None
            The rectangle x0, y0, x1, y1 that may have changed, and the mask there; None where the
            brush is beside the mask.
        """
        start, self._last = self._last or (x, y), (x, y)
        rect = self._reached(start, (x, y))
        x0, y0, x1, y1 = rect
        if x0 >= x1 or y0 >= y1:
            return None
        area = np.s_[y0:y1, x0:x1]
        cover = self._cover[area]
        np.maximum(cover, _cover(rect, start, (x, y), self._brush), out=cover)
        columns, rows = range(x0 // _TILE, -(-x1 // _TILE)), range(y0 // _TILE, -(-y1 // _TILE))
        self._tiles.update(itertools.product(rows, columns))
        return rect, self._painted(rect)

    def patches(self) -> list[Patch]:
        """Return what the stroke changed so far, in tiles: a long one crosses much it leaves."""
        height, width = self._before.shape
        found = []
        for row, column in sorted(self._tiles):
            x0, y0 = column * _TILE, row * _TILE
            rect = (x0, y0, min(x0 + _TILE, width), min(y0 + _TILE, height))
            before = self._before[rect[1] : rect[3], rect[0] : rect[2]]
            after = self._painted(rect)
            if not np.array_equal(before, after):
                found.append(Patch(rect, before.copy(), after))
        return found

    def _reached(self, start: Point, end: Point) -> Rect:
        """Return the rectangle around a segment, inside the mask."""
        height, width = self._before.shape
        reach = self._brush.radius + 1
        (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(start, end, strict=True))
        return (
            max(0, math.floor(x0 - reach)),
            max(0, math.floor(y0 - reach)),
            min(width, math.ceil(x1 + reach)),
            min(height, math.ceil(y1 + reach)),
        )

    def _painted(self, rect: Rect) -> Mask:
        """Return the mask with the stroke on it."""
        x0, y0, x1, y1 = rect
        before, cover = self._before[y0:y1, x0:x1], self._cover[y0:y1, x0:x1]
        share = self._brush.opacity / 255
        if self._brush.erase:
            return np.asarray(before - cv2.multiply(before, cover, scale=share), np.uint8)
        added = cv2.multiply(255 - before, cover, scale=share)
        return np.asarray(before + added, np.uint8)


def _cover(rect: Rect, start: Point, end: Point, brush: Brush) -> Mask:
    """Cover of the pixels of a rectangle by one segment, 0 to 255."""
    x0, y0, x1, y1 = rect
    x = np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - start[0])
    across, down = end[0] - start[0], end[1] - start[1]
    square = across**2 + down**2 or 1.0
    fall = max(brush.radius * (1 - brush.hardness), 1)
    # The pixel over which a hard edge falls has the radius in its middle.
    outer = brush.radius + (0.5 if fall == 1 else 0)
    cover = np.empty((y1 - y0, x1 - x0), np.uint8)
    for rows in strips(cover.shape):
        y = np.arange(y0 + rows.start, y0 + rows.stop, dtype=np.float32)[:, None]
        y += np.float32(0.5 - start[1])
        share = x * (across / square) + y * (down / square)
        np.clip(share, 0, 1, out=share)
        gap = cv2.magnitude(x - across * share, y - down * share)
        np.clip(np.subtract(outer, gap, out=gap), 0, fall, out=gap)
        cv2.convertScaleAbs(gap, cover[rows], 255 / fall)
    return cover
