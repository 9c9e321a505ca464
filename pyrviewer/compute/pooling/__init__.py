"""Spatial pyramid pooling and the pyramid pooling module, with what every number was made from.

Feature maps are C x H x W. A grid of n x n bins divides a map of any size; pooling leaves one
number a bin and channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.pooling.bins import (
    Array,
    Rule,
    bins,
    check_levels,
    check_maps,
    holding,
    left_out,
)
from pyrviewer.compute.pooling.entries import Blocks, Entry, entries_reached, entry, winners

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Blocks",
    "Entry",
    "Reduce",
    "Rule",
    "bins",
    "cosine",
    "entries_reached",
    "entry",
    "holding",
    "left_out",
    "pool",
    "pyramid_pool",
    "reduce_channels",
    "spatial_pyramid_pool",
    "upsample",
    "winners",
]

Reduce = Literal["max", "average"]


def pool(
    features: Array, n: int, rule: Rule = "adaptive", *, reduce: Reduce = "max"
) -> npt.NDArray[Any]:
    """Pool feature maps into a grid of n x n bins.

    Parameters
    ----------
    features : ndarray, shape (C, H, W), any real dtype
        Feature maps.
    n : int
        Bins along each side.
    rule : {"adaptive", "he"}
        As in `bins`.
    reduce : {"max", "average"}
        The largest value of each bin, or their mean.

    Returns
    -------
    ndarray, shape (C, n, n)
        Maxima in the dtype of `features`; averages in float32, or float64 for float64.

    Raises
    ------
    ValueError
        For another shape, values that are not finite, and what `bins` refuses.
    """
    check_maps(features)
    rows, columns = (bins(side, n, rule) for side in features.shape[1:])
    if reduce == "max":
        tall = np.stack([features[:, a:b].max(axis=1) for a, b in rows], axis=1)
        # On its side, so that both maxima run along memory.
        side = np.ascontiguousarray(tall.reshape(-1, tall.shape[2]).T)
        grid = np.stack([side[a:b].max(axis=0) for a, b in columns], axis=1).reshape(-1, n, n)
    elif reduce == "average":
        values = features.astype(np.result_type(features, np.float32), copy=False)
        down, across = (
            _averaging(b, side, values.dtype)
            for b, side in zip((rows, columns), features.shape[1:], strict=True)
        )
        grid = down @ (values @ across.T)
    else:
        raise ValueError(f"reduce must be 'max' or 'average', got {reduce!r}")
    # Neither a maximum nor a mean hides a NaN.
    if not np.isfinite(grid).all():
        raise ValueError("feature maps hold values that are not finite, or too large to be added")
    return grid


def spatial_pyramid_pool(
    features: Array,
    levels: Sequence[int] = (4, 2, 1),
    rule: Rule = "adaptive",
    *,
    reduce: Reduce = "max",
) -> npt.NDArray[Any]:
    """Pool feature maps of any size into a vector of fixed length.

    Parameters
    ----------
    features : ndarray, shape (C, H, W), any real dtype
        Feature maps.
    levels : sequence of int
        Bins along each side of each grid.
    rule, reduce
        As in `pool`.

    Returns
    -------
    ndarray, shape (C * sum(n * n for n in levels),)
        Level by level, each C x n x n in C order.

    Raises
    ------
    ValueError
        For no levels, and what `pool` refuses.

    Notes
    -----
    He et al. 2014 (see `bins`). Where n divides m, each adaptive bin of n x n is exactly a group of
    bins of m x m, so that its maximum is taken over the finer grid.
    """
    check_levels(levels)
    nested = rule == "adaptive" and reduce == "max"
    grids: dict[int, npt.NDArray[Any]] = {}
    for n in sorted(set(levels), reverse=True):
        finer = (grid for m, grid in grids.items() if nested and m % n == 0)
        grids[n] = pool(next(finer, features), n, rule, reduce=reduce)
    return np.concatenate([grids[n].ravel() for n in levels])


def cosine(u: Array, v: Array) -> float:
    """Return the cosine of the angle between two vectors, -1 to 1; 0 if one of them is zero.

    Raises
    ------
    ValueError
        If their lengths differ.
    """
    if u.ndim != 1 or u.shape != v.shape:
        raise ValueError(f"vectors must have one length, got the shapes {u.shape} and {v.shape}")
    a, b = u.astype(np.float64), v.astype(np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return min(max(float(a @ b) / lengths, -1.0), 1.0) if lengths > 0 else 0.0


def upsample(
    grid: Array, shape: tuple[int, int], align_corners: bool = True
) -> npt.NDArray[np.floating[Any]]:
    """Enlarge pooled maps bilinearly.

    Parameters
    ----------
    grid : ndarray, shape (C, h, w)
        Pooled maps.
    shape : (int, int)
        Height and width of the result.
    align_corners : bool
        True: the centres of the corner pixels lie on each other. False: the edges do, and the
        outermost half bins are constant. Both as PyTorch's ``interpolate``.

    Returns
    -------
    ndarray, shape (C, H, W)
        float32, or float64 for float64.
    """
    check_maps(grid)
    dtype = np.result_type(grid, np.float32)
    down, across = (
        _interpolation(n, side, align_corners, dtype)
        for n, side in zip(grid.shape[1:], shape, strict=True)
    )
    return cast("npt.NDArray[np.floating[Any]]", down @ (grid @ across.T))


def pyramid_pool(
    features: Array,
    bins: Sequence[int] = (1, 2, 3, 6),
    align_corners: bool = True,
    *,
    reduce: Reduce = "average",
) -> list[npt.NDArray[np.floating[Any]]]:
    """Pool feature maps into grids and enlarge each to the size of the maps again.

    The pyramid pooling module of PSPNet without its learned parts: `reduce_channels` stands in
    for the convolution that follows each pooling there.

    Parameters
    ----------
    features : ndarray, shape (C, H, W), any real dtype
        Feature maps.
    bins : sequence of int
        Bins along each side of each grid, by the adaptive rule; see `pool` for the grids alone.
    align_corners : bool
        As in `upsample`.
    reduce : {"average", "max"}
        As in `pool`.

    Returns
    -------
    list of ndarray, shape (C, H, W)
        One for each of `bins`. ``np.concatenate([features, *maps])`` is the module's stack.

    Raises
    ------
    ValueError
        For no bins, and what `pool` refuses.

    Notes
    -----
    H. Zhao, J. Shi, X. Qi, X. Wang and J. Jia, "Pyramid scene parsing network", CVPR 2017.
    """
    check_levels(bins)
    height, width = features.shape[-2:]
    grids = (pool(features, n, reduce=reduce) for n in bins)
    return [upsample(grid, (height, width), align_corners) for grid in grids]


def reduce_channels(maps: Array, count: int) -> npt.NDArray[np.floating[Any]]:
    """Average neighbouring channels in `count` groups.

    PSPNet reduces the channels of each pooled grid by a learned 1 x 1 convolution. This is not
    that: it learned nothing, and only makes the number of channels right.

    Raises
    ------
    ValueError
        For a count outside 1 to C.
    """
    check_maps(maps)
    channels = maps.shape[0]
    if not 1 <= count <= channels:
        raise ValueError(f"count must be 1 to {channels}, got {count}")
    mean = _averaging(bins(channels, count), channels, np.result_type(maps, np.float32))
    return cast("npt.NDArray[np.floating[Any]]", np.tensordot(mean, maps, axes=1))


def _averaging(intervals: list[tuple[int, int]], size: int, dtype: npt.DTypeLike) -> Array:
    """Matrix whose product with a side is the mean of each interval."""
    matrix = np.zeros((len(intervals), size), dtype)
    for row, (start, stop) in zip(matrix, intervals, strict=True):
        row[start:stop] = 1 / (stop - start)
    return matrix


def _interpolation(n: int, size: int, align_corners: bool, dtype: npt.DTypeLike) -> Array:
    """Matrix whose product with n samples is their linear interpolation at `size` places."""
    places = np.arange(size)
    if align_corners:
        at = places * ((n - 1) / max(size - 1, 1))
    else:
        at = np.maximum((places + 0.5) * (n / size) - 0.5, 0)
    left = np.minimum(at.astype(np.int64), n - 1)
    share = at - left
    matrix = np.zeros((size, n))
    matrix[places, left] = 1 - share
    matrix[places, np.minimum(left + 1, n - 1)] += share
    return matrix.astype(dtype)
