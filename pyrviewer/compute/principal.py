"""Many maps as a few: their principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]

_EXTRA, _ROUNDS = 5, 8  # of subspace iteration: more change no picture


def principal_maps(maps: _Array, count: int = 3) -> npt.NDArray[np.float32]:
    """Return the sums of maps that vary most: a 1 x 1 convolution made for these maps alone.

    Parameters
    ----------
    maps : ndarray, shape (C, H, W)
        Not changed.
    count : int
        Components, the most varied first; maps of 0 where there are fewer.

    Returns
    -------
    ndarray, shape (count, H, W), float32
        Each of mean 0, its largest deviation positive.

    Notes
    -----
    Randomised subspace iteration (Halko, Martinsson and Tropp 2011) from a fixed start.
    """
    channels, height, width = maps.shape
    flat = maps.reshape(channels, -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    rank = min(count + _EXTRA, *flat.shape)
    basis = np.random.default_rng(0).standard_normal((flat.shape[1], rank), np.float32)
    for _ in range(_ROUNDS):
        left = np.linalg.qr(flat @ basis)[0]
        basis = np.linalg.qr(flat.T @ left)[0]
    turned = np.linalg.svd(flat @ basis, full_matrices=False)[0]
    result = np.zeros((count, height * width), np.float32)
    kept = min(count, rank)
    result[:kept] = turned[:, :kept].T @ flat
    peaks = np.take_along_axis(result, np.abs(result).argmax(axis=1)[:, None], axis=1)
    return (result * np.where(peaks < 0, np.float32(-1), np.float32(1))).reshape(
        count, height, width
    )
