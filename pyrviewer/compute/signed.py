"""Differences of images: how large they are, and how a file can hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    import numpy.typing as npt

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

_WIDER = {np.dtype(np.uint8): np.int16, np.dtype(np.uint16): np.int32}


@dataclass(frozen=True, eq=False)
class Comparison:
    """How far an image is from another.

    Attributes
    ----------
    difference : ndarray
        ``result - original``: int16 for uint8, int32 for uint16, float32 for float32.
    psnr : float
        Peak signal-to-noise ratio in dB, 10 log10(peak^2 / mean square); infinite where nothing
        differs. The peak is 255, 65535, or for floats the larger of 1 and the original's maximum.
    max_error : float
        Largest magnitude of the difference.
    """

    difference: Array
    psnr: float
    max_error: float

    @property
    def exact(self) -> bool:
        """Whether every sample is the same."""
        return self.max_error == 0


def compare(result: Array, original: Array, *, ticket: Ticket | None = None) -> Comparison:
    """Subtract an image from another of the same shape and dtype.

    Parameters
    ----------
    result, original : ndarray, uint8, uint16 or float32
        Not changed.
    ticket : Ticket, optional
        Asked whether to go on before every strip of rows.

    Raises
    ------
    ValueError
        If shapes or dtypes differ.
    """
    if result.shape != original.shape or result.dtype != original.dtype:
        msg = (
            f"cannot compare {result.dtype} of shape {result.shape} "
            f"with {original.dtype} of shape {original.shape}"
        )
        raise ValueError(msg)
    wider = _WIDER.get(original.dtype, np.float32)
    difference = np.empty(original.shape, wider)
    squares, worst, peak = 0.0, 0.0, 1.0
    for rows in strips(original.shape, ticket):
        part = np.subtract(result[rows], original[rows], out=difference[rows], dtype=wider)
        flat = part.ravel().astype(np.float64)
        squares += float(np.dot(flat, flat))
        worst = max(worst, float(part.max()), -float(part.min()))
        peak = max(peak, float(original[rows].max()))
    if original.dtype != np.float32:
        peak = float(np.iinfo(original.dtype).max)
    mean = squares / original.size
    psnr = 10 * math.log10(peak**2 / mean) if mean > 0 else math.inf
    return Comparison(difference, psnr, worst)


def middle(dtype: npt.DTypeLike) -> float:
    """Return the value of mid-grey: 128, 32768 or 0.5."""
    return 0.5 if np.dtype(dtype) == np.float32 else (np.iinfo(dtype).max + 1) / 2


def savable(pixels: Array) -> Array:
    """Return an array as an image file can hold it.

    Signed bands of 8 bit become uint16 with zero at 32768; those of 16 bit become float32, which
    holds them exactly. Images stay as they are.

    Parameters
    ----------
    pixels : ndarray, uint8, uint16, int16, int32 or float32
        Not changed.
    """
    if pixels.dtype == np.int16:
        return (pixels.astype(np.int32) + 32768).astype(np.uint16)
    return pixels.astype(np.float32) if pixels.dtype == np.int32 else pixels
