"""Reducing what does not exist as an array: levels that are made part by part, in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.blend.light import Floats
    from pyrviewer.compute.progress import Progress
    from pyrviewer.compute.rects import Region
    from pyrviewer.compute.resample import Rect


def halve(
    part: Callable[[Region], Floats], shape: tuple[int, ...], progress: Progress | None = None
) -> Floats:
    """Return what ``cv2.pyrDown`` of a whole level gives, strip by strip.

    Parameters
    ----------
    part : callable
        Gives a region of the level.
    shape : tuple of int
        Shape of the level.
    progress : Progress, optional
        Told the pixels of the coarser level.
    """
    height, width = -(-shape[0] // 2), -(-shape[1] // 2)
    coarse: Floats = np.empty((height, width, *shape[2:]), np.float32)
    for rows in strips((height, 4 * width)):
        coarse[rows] = reduce_part(part, shape, (0, rows.start, width, rows.stop))
        if progress is not None:
            progress.add((rows.stop - rows.start) * width)
    return coarse


def reduce_part(part: Callable[[Region], Floats], shape: tuple[int, ...], rect: Rect) -> Floats:
    """Return what ``cv2.pyrDown`` of a whole level gives in one part of the coarser level.

    Parameters
    ----------
    part : callable
        Gives a region of the finer level.
    shape : tuple of int
        Shape of the finer level.
    rect : (int, int, int, int)
        x0, y0, x1, y1, half open, in pixels of the coarser level.
    """
    x0, y0, x1, y1 = rect
    left, top = max(2 * x0 - 2, 0), max(2 * y0 - 2, 0)
    finer = part((slice(top, min(2 * y1 + 1, shape[0])), slice(left, min(2 * x1 + 1, shape[1]))))
    coarse = np.asarray(cv2.pyrDown(finer), np.float32)
    left, top = left // 2, top // 2
    return coarse[y0 - top : y1 - top, x0 - left : x1 - left]
