"""What is pooled: a part of an image at some size, as maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.features import to_float
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check

if TYPE_CHECKING:
    from pyrviewer.compute.resample import Rect


def part(image: Array, rect: Rect | None = None, longest: int | None = None) -> Array:
    """Cut a rectangle out of an image and resize it.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        Not changed.
    rect : (int, int, int, int), optional
        x0, y0, x1, y1, half open; the whole image where not given.
    longest : int, optional
        Pixels of the longer side of the result, at least 1; the rectangle's own where not given.
        Averages over areas where it shrinks, and interpolates bilinearly where it grows.

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
    if not fits or (longest is not None and longest < 1):
        raise ValueError(f"cannot take {rect} to {longest} pixels from {width} x {height} pixels")
    cut = image[y0:y1, x0:x1]
    own = max(cut.shape[:2])
    if longest in (None, own):
        return np.ascontiguousarray(cut)
    ratio = (longest or own) / own
    size = tuple(max(1, round(side * ratio)) for side in (x1 - x0, y1 - y0))
    method = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, size, interpolation=method))


def colour_maps(image: Array) -> Array:
    """Return red, green and blue as maps: 3 x H x W float32 of 0 to 255, as `to_float` says."""
    colours = to_float(image)
    if image.dtype == np.uint8 and (image.ndim == 2 or image.shape[2] == 3):
        colours = np.rint(colours)  # as they are
    return np.ascontiguousarray(np.moveaxis(colours, 2, 0))
