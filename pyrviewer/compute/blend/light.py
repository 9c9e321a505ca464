"""The numbers that a blend works with: samples as floats, as they are or in linear light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from pyrviewer.compute.pixels import Array

Floats = npt.NDArray[np.float32]

_DEPTH = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U, "float32": cv2.CV_32F}
_FULL = {"uint8": 255, "uint16": 65535, "float32": 1}


def to_linear(values: npt.NDArray[Any]) -> Floats:
    """Undo the sRGB curve.

    Parameters
    ----------
    values : ndarray of float
        0 is black, 1 white. Values above 1 follow the curve on, negative ones mirror it.

    Returns
    -------
    ndarray of float32
        Amounts of light.

    Notes
    -----
    IEC 61966-2-1.
    """
    size = np.abs(values, dtype=np.float32)
    curved = _power((size + np.float32(0.055)) / np.float32(1.055), 2.4)
    light = np.where(size <= 0.04045, size / np.float32(12.92), curved)
    return np.asarray(np.copysign(light, values), np.float32)


def from_linear(light: npt.NDArray[Any]) -> Floats:
    """Redo the sRGB curve: the inverse of `to_linear`."""
    size = np.abs(light, dtype=np.float32)
    curved = np.float32(1.055) * _power(size, 1 / 2.4) - np.float32(0.055)
    values = np.where(size <= 0.0031308, size * np.float32(12.92), curved)
    return np.asarray(np.copysign(values, light), np.float32)


def _power(values: Floats, exponent: float) -> Floats:
    return np.asarray(cv2.pow(values, exponent), np.float32).reshape(values.shape)


class Light:
    """How samples of one dtype become the floats that are blended, and come back.

    Parameters
    ----------
    dtype : dtype
        uint8, uint16 or float32.
    linear : bool
        Blend amounts of light, 0 to 1, instead of the samples in their own units. A fourth channel
        is alpha: it has no curve.
    """

    def __init__(self, dtype: np.dtype[Any], linear: bool) -> None:
        self.dtype, self.linear = dtype, linear
        self._depth, self._full = _DEPTH[dtype.name], _FULL[dtype.name]
        self._decoded: Floats | None = None
        self._encoded: Array | None = None
        if linear and dtype.kind == "u":
            self._decoded = to_linear(np.arange(self._full + 1) / self._full)
        if linear and dtype == np.uint8:
            # Steps of 1/65535 are 0.05 units of 8 bits where the curve is steepest.
            encoded = from_linear(np.arange(65536) / 65535)
            self._encoded = np.rint(encoded * 255).astype(np.uint8)

    def load(self, pixels: Array) -> Floats:
        """Return samples as floats; new memory."""
        if not self.linear:
            return pixels.astype(np.float32)
        values = to_linear(pixels) if self._decoded is None else self._decoded.take(pixels)
        if pixels.shape[2:] == (4,):
            np.multiply(pixels[..., 3], np.float32(1 / self._full), out=values[..., 3])
        return values

    def difference(self, a: Array, b: Array) -> Floats:
        """Return ``load(a) - load(b)``."""
        if self.linear:
            return np.subtract(self.load(a), self.load(b))
        return np.asarray(cv2.subtract(a, b, dtype=cv2.CV_32F), np.float32).reshape(a.shape)

    def store(self, values: Floats, more: Floats, samples: Array) -> None:
        """Write the sum of two arrays as samples: rounded, and clipped if they are integers."""
        if not self.linear:
            cv2.add(values, more, dst=samples, dtype=self._depth)
            return
        if self._encoded is not None:
            steps = np.asarray(cv2.addWeighted(values, 65535, more, 65535, 0, dtype=cv2.CV_16U))
            samples[...] = self._encoded[steps.reshape(values.shape)]
        else:
            samples[...] = self._rounded(from_linear(values + more))
        if values.shape[2:] == (4,):
            samples[..., 3] = self._rounded(values[..., 3] + more[..., 3])

    def outside(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Return which pixels have a sample that `store` has to clip, H x W; floats have none."""
        if self.dtype.kind == "f":
            return np.zeros(values.shape[:2], np.bool_)
        low, high = -0.5, self._full + 0.5
        if self.linear:
            low, high = to_linear(np.array([low, high]) / self._full).tolist()
        inside = cv2.inRange(values, (low,) * 4, (high,) * 4).reshape(values.shape[:2])
        return np.asarray(inside == 0)

    def _rounded(self, values: Floats) -> Array:
        """From 0..1 to the units of the dtype, rounded and clipped."""
        if self.dtype.kind == "f":
            return values
        samples: Array = np.rint(values * np.float32(self._full))
        return np.clip(samples, 0, self._full, out=samples).astype(self.dtype)
