"""Test charts whose every frequency is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MAX_CHART = 4096


def zone_plate(size: int = 512) -> npt.NDArray[np.uint8]:
    """Draw rings that grow finer outwards, to the Nyquist frequency at the middle of each edge.

    ``127.5 + 127.5 * cos(pi * r**2 / size)``, r in pixels from the pixel (size // 2, size // 2).
    The frequency at distance r is ``r / size`` cycles per pixel. Whatever looks like rings around
    another centre, once the chart is reduced, is alias.

    Parameters
    ----------
    size : int
        Side in pixels, 1 to 4096.

    Returns
    -------
    (size, size) uint8 array

    Raises
    ------
    ValueError
        For a size outside the range.
    """
    squares = (np.arange(_checked(size), dtype=np.float64) - size // 2) ** 2
    phases = np.pi * (squares[:, None] + squares) / size
    return _to_uint8(np.cos(phases))


def chirp(size: int = 512) -> npt.NDArray[np.uint8]:
    """Draw vertical bars that grow finer from left to right, from 0 to the Nyquist frequency.

    ``127.5 + 127.5 * cos(pi * x**2 / (2 * size))`` in column x. The frequency there is
    ``x / (2 * size)`` cycles per pixel: once the chart is halved, what still stands right of its
    middle is alias.

    Parameters
    ----------
    size : int
        Side in pixels, 1 to 4096.

    Returns
    -------
    (size, size) uint8 array

    Raises
    ------
    ValueError
        For a size outside the range.
    """
    x = np.arange(_checked(size), dtype=np.float64)
    return np.tile(_to_uint8(np.cos(np.pi * x**2 / (2 * size))), (size, 1))


def _checked(size: int) -> int:
    if not 1 <= size <= MAX_CHART:
        msg = f"size must be 1 to {MAX_CHART} pixels, got {size}"
        raise ValueError(msg)
    return size


def _to_uint8(wave: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Map -1 .. 1 to 0 .. 255, rounded."""
    return np.rint(127.5 + 127.5 * wave).astype(np.uint8)
