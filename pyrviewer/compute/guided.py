"""A filter that lets the edges of an image be those of its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.features import to_float
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from pyrviewer.compute.pixels import Array

_EDGE = 1e-3  # variance of a guide of 0 to 1 below which it has no edges


class GuidedFilter:
    """A filter whose result is, around each pixel, a linear function of an image's gray.

    K. He, J. Sun and X. Tang, "Guided image filtering", PAMI 2013, over windows that reach a
    hundredth of the image's longer side.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        The guide.
    """

    def __init__(self, image: Array) -> None:
        self._gray = to_float(image).mean(axis=2) / np.float32(255)
        side = 2 * max(2, round(max(image.shape[:2]) / 100)) + 1
        self._side = (side, side)
        self._mean = self._box(self._gray)
        self._variance = self._box(self._gray**2) - self._mean**2 + np.float32(_EDGE)

    def _box(self, values: Array) -> Array:
        return np.asarray(cv2.blur(values, self._side, borderType=cv2.BORDER_REPLICATE))

    def filter(self, values: Array) -> Array:
        """Return values of the same height and width, float32, smoothed but for the edges."""
        mean = self._box(values)
        slope = (self._box(self._gray * values) - self._mean * mean) / self._variance
        return np.asarray(self._box(slope) * self._gray + self._box(mean - slope * self._mean))
