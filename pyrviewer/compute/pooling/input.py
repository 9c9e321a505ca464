"""What is pooled: a part of an image at some size, as maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.features import to_float
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check

if TYPE_CHECKING:
    from pyrviewer.compute.resample import Rect


def part(
    image: Array, rect: Rect | None = None, size: int | tuple[int, int] | None = None
) -> Array:
    """Cut a rectangle out of an image and resize it.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        Not changed.
    rect : (int, int, int, int), optional
        x0, y0, x1, y1, half open; the whole image where not given.
    size : int or (int, int), optional
        Pixels of the longer side of the result, or its height and width, at least 1; the
        rectangle's own where not given. Averages over areas where it shrinks, and interpolates
        bilinearly where it grows.

    Returns
    -------
    ndarray
        In the dtype of `image`.

    Raises
    ------
    ValueError
        For a rectangle that is empty or not inside the image, and a side below 1.
    """
    check(image)
    height, width = image.shape[:2]
    x0, y0, x1, y1 = rect or (0, 0, width, height)
    fits = 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    sides = (size,) if isinstance(size, int) else size or ()
    if not fits or min(sides, default=1) < 1:
        raise ValueError(f"cannot take {rect} to {size} pixels from {width} x {height} pixels")
    cut = image[y0:y1, x0:x1]
    if isinstance(size, int):
        longest = max(cut.shape[:2])
        size = max(1, round((y1 - y0) * size / longest)), max(1, round((x1 - x0) * size / longest))
    rows, columns = size or cut.shape[:2]
    if (rows, columns) == cut.shape[:2]:
        return np.ascontiguousarray(cut)
    method = cv2.INTER_AREA if rows * columns < cut.shape[0] * cut.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (columns, rows), interpolation=method))


def colour_maps(image: Array) -> Array:
    """Return red, green and blue as maps: 3 x H x W float32 of 0 to 255, as `to_float` says."""
    colours = to_float(image)
    if image.dtype == np.uint8 and (image.ndim == 2 or image.shape[2] == 3):
        colours = np.rint(colours)  # as they are
    return np.ascontiguousarray(np.moveaxis(colours, 2, 0))
