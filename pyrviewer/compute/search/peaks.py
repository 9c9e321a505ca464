"""Local maxima of score maps, and the choice of matches that keep their distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyrviewer.compute.search.trace import ScoreMap

_AROUND = np.ones((3, 3), np.uint8)
_STEPS = np.indices(_AROUND.shape).reshape(2, -1, 1) - 1
_FEW = 1 / 64
"""Up to such a share of a map, looking around single positions is faster than around all."""


def peaks(
    scores: ScoreMap, count: int, least: float = -2.0, fall: float = 0.0
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Find the highest local maxima of a score map.

    Flat windows, which score exactly 0, are none: each would be as high as its neighbours.

    Parameters
    ----------
    scores : (h, w) float32 array
        A score map.
    count : int
        How many at most.
    least : float
        Lower ones are left out.
    fall : float
        A position is a local maximum if none of its 8 neighbours is higher by more than this.

    Returns
    -------
    x, y, score : (n,) arrays
        Best first.
    """
    places, heights = [], []
    for rows in strips(scores.shape):
        part = scores[rows].ravel()
        high = np.flatnonzero((part > least) & (part != 0))
        found = high[part[high] >= _highest_around(scores, rows, high) - np.float32(fall)]
        places.append(found + rows.start * scores.shape[1])
        heights.append(part[found])
    at, values = np.concatenate(places), np.concatenate(heights)
    if at.size > count:
        best = np.argpartition(-values, count - 1)[:count]
        at, values = at[best], values[best]
    order = np.argsort(-values, kind="stable")
    y, x = np.divmod(at[order], scores.shape[1])
    return x, y, values[order]


def _highest_around(
    scores: ScoreMap, rows: slice, at: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Return the highest scores of the 3 x 3 around positions, given as indices into some rows."""
    height, width = scores.shape
    if at.size > _FEW * (rows.stop - rows.start) * width:
        above = max(rows.start - 1, 0)
        highest = cv2.dilate(scores[above : rows.stop + 1], _AROUND)[rows.start - above :]
        return np.asarray(highest.ravel()[at])
    y, x = np.stack(np.divmod(at, width))[:, None] + _STEPS
    y, x = np.clip(y + rows.start, 0, height - 1), np.clip(x, 0, width - 1)
    return np.asarray(scores[y, x].max(axis=0))


def peaks_of_each(maps: ScoreMap, count: int) -> list[list[tuple[int, int, float]]]:
    """Find the highest local maxima in each of several small score maps.

    Parameters
    ----------
    maps : (n, h, w) float32 array
        Score maps.
    count : int
        How many of each at most.

    Returns
    -------
    list of list of (x, y, score)
        For each map its maxima as `peaks` finds them, best first.
    """
    count_of_maps, rows, columns = maps.shape
    framed = np.full((count_of_maps, rows + 2, columns + 2), -2, np.float32)
    framed[:, 1:-1, 1:-1] = maps
    highest = cv2.dilate(framed.reshape(-1, columns + 2), _AROUND).reshape(framed.shape)
    tops = np.where(maps >= highest[:, 1:-1, 1:-1], maps, -2).reshape(len(maps), -1)
    order = np.argsort(-tops, axis=1, kind="stable")[:, :count]
    values = tops[np.arange(len(maps))[:, None], order]
    return [
        [
            (at % columns, at // columns, score)
            for at, score in zip(*each, strict=True)
            if score > -2
        ]
        for each in zip(order.tolist(), values.tolist(), strict=True)
    ]


def apart(
    found: Iterable[tuple[float, float, float]],
    count: int,
    shape: tuple[int, int],
    distance: float | None = None,
) -> list[tuple[float, float, float]]:
    """Choose matches greedily, best first, that do not crowd each other.

    Parameters
    ----------
    found : iterable of (score, x, y)
        In any order.
    count : int
        How many at most.
    shape : (int, int)
        Height and width of the template.
    distance : float, optional
        Least distance between two top-left corners, in pixels. By default two matches may share
        up to half of the template's area.
    """
    height, width = shape
    chosen: list[tuple[float, float, float]] = []

    def crowds(dx: float, dy: float) -> bool:
        if distance is not None:
            return dx * dx + dy * dy < distance * distance
        return max(width - abs(dx), 0) * max(height - abs(dy), 0) > height * width / 2

    for score, x, y in sorted(found, key=lambda each: (-each[0], each[2], each[1])):
        if not any(crowds(x - other_x, y - other_y) for _, other_x, other_y in chosen):
            chosen.append((score, x, y))
            if len(chosen) == count:
                break
    return chosen
