"""What each number of a spatial pyramid pooling vector was made from, and where each pixel goes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.pooling.bins import Array, Rule, bins, check_levels, check_maps, holding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Blocks:
    """How a vector is divided: level by level, each `channels` x n x n."""

    channels: int
    levels: tuple[int, ...]

    @property
    def starts(self) -> list[int]:
        """Where each level begins, and where the last one ends."""
        return list(accumulate((self.channels * n * n for n in self.levels), initial=0))

    def level_of(self, entry: int) -> int:
        """Return the level of an entry: its place in the list of grids."""
        return bisect_right(self.starts, entry) - 1

    def of_channel(self, channel: int) -> list[range]:
        """Return the entries of one channel, a range for each level."""
        return [
            range(start + channel * n * n, start + (channel + 1) * n * n)
            for start, n in zip(self.starts[:-1], self.levels, strict=True)
        ]

    def of_bin(self, level: int, row: int, column: int, channels: Iterable[int]) -> list[int]:
        """Return the entries of one bin in some channels."""
        n, start = self.levels[level], self.starts[level]
        return [start + (channel * n + row) * n + column for channel in channels]


@dataclass(frozen=True)
class Entry:
    """What one number of a `spatial_pyramid_pool` vector was made from.

    Attributes
    ----------
    level : int
        Bins along each side of its grid.
    channel, row, column : int
        Its place in that grid.
    x0, y0, x1, y1 : int
        Half-open rectangle of its bin, in pixels of the feature maps.
    """

    level: int
    channel: int
    row: int
    column: int
    x0: int
    y0: int
    x1: int
    y1: int


def entry(
    index: int, shape: tuple[int, ...], levels: Sequence[int] = (4, 2, 1), rule: Rule = "adaptive"
) -> Entry:
    """Return what number `index` of the vector is made from.

    Parameters
    ----------
    index : int
        Position in the vector, from 0.
    shape : (int, int, int)
        C, H and W of the feature maps.
    levels, rule
        As in `spatial_pyramid_pool`.

    Raises
    ------
    ValueError
        For an index outside the vector.
    """
    check_levels(levels)
    channels, height, width = shape
    blocks = Blocks(channels, tuple(levels))
    if not 0 <= index < blocks.starts[-1]:
        raise ValueError(f"entry {index} is outside the vector of {blocks.starts[-1]} entries")
    level = blocks.level_of(index)
    n = levels[level]
    channel, place = divmod(index - blocks.starts[level], n * n)
    row, column = divmod(place, n)
    (y0, y1), (x0, x1) = bins(height, n, rule)[row], bins(width, n, rule)[column]
    return Entry(n, channel, row, column, x0, y0, x1, y1)


def entries_reached(
    x: int,
    y: int,
    shape: tuple[int, ...],
    levels: Sequence[int] = (4, 2, 1),
    rule: Rule = "adaptive",
) -> npt.NDArray[np.bool_]:
    """Tell of each entry, of every channel, whether its bin holds the pixel (x, y).

    Parameters
    ----------
    x, y : int
        Column and row in the feature maps.
    shape, levels, rule
        As in `entry`.

    Returns
    -------
    ndarray, shape (length of the vector,), bool
        Nowhere true where He's rule leaves the pixel out.
    """
    check_levels(levels)
    channels, height, width = shape
    starts = Blocks(channels, tuple(levels)).starts
    reached = np.zeros(starts[-1], np.bool_)
    for n, start, stop in zip(levels, starts[:-1], starts[1:], strict=True):
        rows, columns = holding(y, height, n, rule), holding(x, width, n, rule)
        grid = reached[start:stop].reshape(channels, n, n)
        grid[:, rows.start : rows.stop, columns.start : columns.stop] = True
    return reached


def winners(
    features: Array, levels: Sequence[int] = (4, 2, 1), rule: Rule = "adaptive"
) -> npt.NDArray[np.int64]:
    """Return the pixel whose value each maximum is; of equal ones the first in C order.

    Parameters
    ----------
    features, levels, rule
        As in `spatial_pyramid_pool`.

    Returns
    -------
    ndarray, shape (length of the vector, 2), int64
        x and y of each entry's pixel.
    """
    check_maps(features)
    check_levels(levels)
    channels, height, width = features.shape
    found = []
    for n in levels:
        places = np.empty((channels, n, n, 2), np.int64)
        for row, (y0, y1) in enumerate(bins(height, n, rule)):
            for column, (x0, x1) in enumerate(bins(width, n, rule)):
                first = features[:, y0:y1, x0:x1].reshape(channels, -1).argmax(axis=1)
                y, x = np.divmod(first, x1 - x0)
                places[:, row, column] = np.stack([x0 + x, y0 + y], axis=1)
        found.append(places.reshape(-1, 2))
    return np.concatenate(found)
