"""Local maxima of score maps, and the choice of matches that keep their distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyrviewer.compute.search.trace import ScoreMap

Peak = tuple[int, int, float]
"""x, y and score."""

_AROUND = np.ones((3, 3), np.uint8)
_STEPS = np.indices(_AROUND.shape).reshape(2, -1, 1) - 1
_FEW = 1 / 64
"""Up to such a share of a map, looking around single positions is faster than around all."""


@dataclass(frozen=True, eq=False)
class Heights:
    """Positions of a score map that are about as high as their neighbours.

    Flat windows, which score exactly 0, are left out: each would be as high as its neighbours.

    Attributes
    ----------
    width : int
        Of the map.
    least : float
        Positions that are not above it are left out.
    fall : float
        So are those that a neighbour exceeds by more than this.
    at : (n,) array
        Indices into the raveled map.
    scores : (n,) float32 array
        How high they are.
    around : (n,) float32 array
        The highest score of each and its 8 neighbours.
    """

    width: int
    least: float
    fall: float
    at: npt.NDArray[np.intp]
    scores: npt.NDArray[np.float32]
    around: npt.NDArray[np.float32]

    def peaks(self, count: int, fall: float = 0.0, least: float | None = None) -> list[Peak]:
        """Choose the highest local maxima.

        Parameters
        ----------
        count : int
            How many at most.
        fall : float
            A position is a local maximum if none of its 8 neighbours is higher by more than this.
        least : float, optional
            Positions that are not above it are left out.

        Returns
        -------
        list of Peak
            Best first.

        Raises
        ------
        ValueError
            If what is asked for was left out before.
        """
        least = self.least if least is None else least
        if fall > self.fall or least < self.least:
            msg = f"heights within {self.fall}, above {self.least}, asked for {fall} and {least}"
            raise ValueError(msg)
        chosen = (self.scores >= self.around - np.float32(fall)) & (self.scores > least)
        at, values = self.at[chosen], self.scores[chosen]
        if at.size > count:
            best = np.argpartition(-values, count - 1)[:count]
            at, values = at[best], values[best]
        order = np.argsort(-values, kind="stable")
        y, x = np.divmod(at[order], self.width)
        return list(zip(x.tolist(), y.tolist(), values[order].tolist(), strict=True))


def heights(scores: ScoreMap, least: float = -2.0, fall: float = 0.0) -> Heights:
    """Find what is above a limit, and lower than no neighbour by more than a fall."""
    places, values, around = [], [], []
    for rows in strips(scores.shape):
        part = scores[rows].ravel()
        above = part > least
        if np.count_nonzero(above) > _FEW * part.size:
            highest = _highest(scores, rows).ravel()
            above &= part >= highest - np.float32(fall)
            high = np.flatnonzero(above)
            tops = highest[high]
        else:
            high = np.flatnonzero(above)
            tops = _highest_around(scores, rows, high)
        chosen = (part[high] >= tops - np.float32(fall)) & (part[high] != 0)
        places.append(high[chosen] + rows.start * scores.shape[1])
        values.append(part[high[chosen]])
        around.append(tops[chosen])
    joined = np.concatenate(places), np.concatenate(values), np.concatenate(around)
    return Heights(scores.shape[1], least, fall, *joined)


def peaks(scores: ScoreMap, count: int, least: float = -2.0) -> list[Peak]:
    """Find the highest local maxima of a score map that are above a limit, best first."""
    return heights(scores, least).peaks(count)


def _highest(scores: ScoreMap, rows: slice) -> npt.NDArray[np.float32]:
    """Return the highest scores of the 3 x 3 around all positions of some rows."""
    above = max(rows.start - 1, 0)
    dilated = cv2.dilate(scores[above : rows.stop + 1], _AROUND)
    return np.asarray(dilated[rows.start - above :][: rows.stop - rows.start], np.float32)


def _highest_around(
    scores: ScoreMap, rows: slice, at: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Return the highest scores of the 3 x 3 around positions, given as indices into some rows."""
    height, width = scores.shape
    y, x = np.stack(np.divmod(at, width))[:, None] + _STEPS
    y, x = np.clip(y + rows.start, 0, height - 1), np.clip(x, 0, width - 1)
    return np.asarray(scores[y, x].max(axis=0))


def peaks_of_each(maps: ScoreMap, count: int) -> list[list[Peak]]:
    """Find the highest local maxima in each of several small score maps.

    Parameters
    ----------
    maps : (n, h, w) float32 array
        Score maps.
    count : int
        How many of each at most.

    Returns
    -------
    list of list of Peak
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
