"""How often each value occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from pyrviewer.compute.image import Array

BINS = 256


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of values.

    Attributes
    ----------
    edges : (bins + 1,) float64 array
        Borders of the bins; a bin holds its left border, the last one both.
    counts : (channels, bins) int64 array
        Samples in each bin.
    low, high : float
        Shares of samples at the least and the greatest value the dtype holds (0 and 1 for
        floats), where clipping would put them.
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    low: float
    high: float


def histogram(pixels: Array) -> Histogram:
    """Count the values of an image or a signed band; alpha is ignored.

    Parameters
    ----------
    pixels : ndarray, H x W or H x W x C, uint8, uint16, int16, int32 or float32
        Not changed.

    Returns
    -------
    Histogram
        256 bins: over 0 to 255 for uint8, 0 to 65535 for uint16, else from the least to the
        greatest value.
    """
    colours = pixels[..., :3] if pixels.ndim == 3 else pixels[..., np.newaxis]
    channels = [colours[..., c].ravel() for c in range(colours.shape[2])]
    if pixels.dtype == np.uint8:
        counts = [np.bincount(channel, minlength=BINS) for channel in channels]
        edges = np.arange(BINS + 1.0)
        least, most = 0.0, 255.0
    elif pixels.dtype == np.uint16:
        counts = [np.bincount(channel >> 8, minlength=BINS) for channel in channels]
        edges = np.arange(0, 65537.0, 256)
        least, most = 0.0, 65535.0
    else:
        span = (float(colours.min()), float(colours.max()))
        found = [np.histogram(channel, BINS, span) for channel in channels]
        counts, edges = [count for count, _ in found], found[0][1]
        least, most = (0.0, 1.0) if pixels.dtype == np.float32 else span
    return Histogram(
        edges,
        np.stack(counts).astype(np.int64),
        np.count_nonzero(colours == least) / colours.size,
        np.count_nonzero(colours == most) / colours.size,
    )
