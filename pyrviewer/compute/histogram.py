"""How often each value occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    import numpy.typing as npt

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

BINS = 256
_LIMITS = {
    np.dtype(np.uint8): (0.0, 255.0),
    np.dtype(np.uint16): (0.0, 65535.0),
    np.dtype(np.float32): (0.0, 1.0),
}


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


def histogram(pixels: Array, *, ticket: Ticket | None = None) -> Histogram:
    """Count the values of an image or a signed band; alpha is ignored.

    Parameters
    ----------
    pixels : ndarray, H x W or H x W x C, uint8, uint16, int16, int32 or float32
        Not changed.
    ticket : Ticket, optional
        Asked whether to go on before every strip of rows.

    Returns
    -------
    Histogram
        256 bins: over 0 to 255 for uint8, 0 to 65535 for uint16, else from the least to the
        greatest value.
    """
    colours = pixels[..., :3] if pixels.ndim == 3 else pixels[..., np.newaxis]
    span = (float(colours.min()), float(colours.max()))
    least, most = _LIMITS.get(pixels.dtype, span)
    borders = (0.0, most + 1) if np.issubdtype(pixels.dtype, np.unsignedinteger) else span
    edges = np.histogram_bin_edges(np.empty(0), BINS, borders)
    counts = np.zeros((colours.shape[2], BINS), np.int64)
    for rows in strips(pixels.shape, ticket):
        for channel in range(colours.shape[2]):
            counts[channel] += np.histogram(colours[rows, :, channel], BINS, borders)[0]
    return Histogram(
        edges,
        counts,
        np.count_nonzero(colours == least) / colours.size,
        np.count_nonzero(colours == most) / colours.size,
    )
