"""Pyramids written out in NumPy and SciPy, to compare with what the program shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Array = npt.NDArray[Any]

TAPS = np.array([1, 4, 6, 4, 1])


def halved(octave: Array) -> Array:
    """Smooth with the 5-tap binomial, mirrored about the border pixels, and keep even samples."""
    wide: Array = octave.astype(np.float64 if octave.dtype.kind == "f" else np.int64)
    for axis in (0, 1):
        # A side of one pixel mirrors into itself.
        mode = "mirror" if octave.shape[axis] > 1 else "nearest"
        wide = ndimage.correlate1d(wide, TAPS, axis=axis, mode=mode)
    kept = wide[::2, ::2]
    if octave.dtype.kind == "f":
        return np.asarray(kept / 256, octave.dtype)
    return np.asarray((kept + 128) >> 8, octave.dtype)


def octaves(image: Array, levels: int) -> list[Array]:
    """Return the binomial pyramid: `levels` + 1 octaves."""
    found = [image]
    for _ in range(levels):
        found.append(halved(found[-1]))
    return found


def rebuilt(image: Array, gains: Sequence[float]) -> Array:
    """Add up the bands of an 8-bit image times their gains, finest first, the residual last."""
    found = octaves(image, len(gains) - 1)
    total = found[-1].astype(np.float64) * gains[-1]
    for k in reversed(range(len(gains) - 1)):
        size = found[k].shape[1::-1]
        band = found[k].astype(np.float64) - cv2.pyrUp(found[k + 1], dstsize=size)
        total = cv2.pyrUp(total, dstsize=size) + gains[k] * band
    return np.asarray(np.clip(np.rint(total), 0, 255), np.uint8)


def psnr(result: Array, original: Array) -> float:
    """Return the peak signal-to-noise ratio of 8-bit images in dB."""
    error = result.astype(np.float64) - original.astype(np.float64)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def read_back(path: Path | str) -> Array:
    """Read a file as it is, in R, G, B order."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return np.asarray(found if found.ndim == 2 else found[..., ::-1])
