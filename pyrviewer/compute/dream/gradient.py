"""The gradient that a dream climbs: tile by tile, and evened out over a pyramid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyrviewer.compute.dream.trace import DreamSettings
    from pyrviewer.compute.network import Network, Objective, ObjectiveFunction
    from pyrviewer.compute.ticket import Ticket

Array = npt.NDArray[Any]

_BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / np.float32(16)
_FOLDED = 32  # most pixels that become channels of one: OpenCV knows no more than 128 channels
_WEAKEST = 1e-10  # bands of a smaller RMS are left as they are

_GUIDE_POSITIONS = 2048
_COMPARED = 4096  # positions that are compared with the guide at a time


def split_gradient(
    gradient: Array, splits: int = 4, *, ticket: Ticket | None = None
) -> list[Array]:
    """Split a gradient into octave bands of its own size, finest first, and the residual.

    Each split smooths with the 5 taps (1, 4, 6, 4, 1) / 16 of the Laplacian pyramid, set ``2^k``
    pixels apart instead of dropping samples (the algorithme a trous: Holschneider et al. 1989). The
    parts add up to the gradient.

    Parameters
    ----------
    gradient : ndarray, shape (H, W) or (H, W, 3), float32 or float64
        Any values.
    splits : int
        Number of bands, from 0 on.
    ticket : Ticket, optional
        Asked before every split.

    Returns
    -------
    list of ndarray
        ``splits + 1`` arrays of the gradient's shape.
    """
    return list(_parts(gradient, splits, ticket))


def _parts(gradient: Array, splits: int, ticket: Ticket | None) -> Iterator[Array]:
    """Yield the bands one after the other, and the residual."""
    smooth = gradient
    for level in range(splits):
        if ticket is not None:
            ticket.check()
        smoother = _smoothed(smooth, 1 << level)
        yield smooth - smoother
        smooth = smoother
    yield smooth


def _smoothed(values: Array, spacing: int) -> Array:
    """Smooth with taps a power of two pixels apart, mirrored at the borders.

    Pixels side by side become channels of one, and rows one row, so that taps become neighbours.
    """
    (height, width), rest = values.shape[:2], values.shape[2:]
    folded = min(spacing, _FOLDED)
    taps = np.zeros(4 * spacing // folded + 1, np.float32)
    taps[:: spacing // folded] = _BINOMIAL
    reach = 2 * spacing
    below, right = (reach + -side % folded for side in (height, width))
    padded = cv2.copyMakeBorder(values, reach, below, reach, right, cv2.BORDER_REFLECT_101)
    rows, columns = (side // folded for side in padded.shape[:2])
    cells = padded.reshape(rows, columns * folded, -1)
    smooth = np.asarray(cv2.sepFilter2D(cells, -1, taps, taps)).reshape(*padded.shape[:2], *rest)
    return smooth[reach : reach + height, reach : reach + width]


def even_out(parts: Sequence[Array]) -> list[Array]:
    """Divide each part by its root mean square, so that all are of the same strength."""
    return [part / np.float32(max(_rms(part), _WEAKEST)) for part in parts]


def normalise_gradient(gradient: Array, splits: int = 4, *, ticket: Ticket | None = None) -> Array:
    """Bring all bands of a gradient to the same strength.

    A network's gradient is strongest in the finest detail. Split into octaves, each divided by its
    root mean square (at least 1e-10), and added up again, it changes large forms as much as small
    ones (Mordvintsev et al. 2015, who call it Laplacian pyramid gradient normalisation).

    Parameters and shapes are those of `split_gradient`.
    """
    total = np.zeros_like(gradient)
    for part in _parts(gradient, splits, ticket):
        cv2.scaleAdd(part, 1 / max(_rms(part), _WEAKEST), total, total)
    return total


def of_mean_one(values: Array) -> Array:
    """Divide values by their mean magnitude, so that it is 1; nothing stays nothing."""
    return values / np.float32(cv2.norm(values, cv2.NORM_L1) / values.size + 1e-12)


def _rms(values: Array) -> float:
    return float(cv2.norm(values)) / math.sqrt(values.size)


@dataclass(frozen=True, eq=False)
class Slope:
    """What one step climbs.

    Attributes
    ----------
    value : float
        The objective, summed over the tiles.
    gradient : ndarray, shape (H, W, 3), float32
        As the network gave it; gray images have the mean of the three channels in each.
    normalised : ndarray, shape (H, W, 3), float32
        As the step takes it: of mean magnitude 1, unless it is zero.
    """

    value: float
    gradient: Array
    normalised: Array


@dataclass(frozen=True, eq=False)
class Climber:
    """Finds the slope of images for one dream."""

    network: Network
    settings: DreamSettings
    gray: bool
    objective: Objective

    def slope(self, state: Array, octave: int, index: int, ticket: Ticket | None) -> Slope:
        """Return the slope at an H x W x 3 float32 image for one step, which decides the roll."""
        chance = np.random.default_rng([self.settings.seed, octave, index])
        tiled = max(state.shape[:2]) > self.settings.tile
        reach = self.settings.tile if tiled else self.settings.jitter
        roll = tuple(int(k) for k in chance.integers(-reach, reach + 1, 2))
        value, gradient = self._tiles(np.roll(state, roll, (0, 1)), ticket)
        gradient = np.roll(gradient, (-roll[0], -roll[1]), (0, 1))
        if self.gray:
            gradient = np.repeat(gradient.mean(2, keepdims=True), 3, axis=2)
        normalised = gradient
        if self.settings.normalise == "laplacian":
            normalised = normalise_gradient(gradient, self.settings.splits, ticket=ticket)
        return Slope(value, gradient, of_mean_one(normalised))

    def _tiles(self, state: Array, ticket: Ticket | None) -> tuple[float, Array]:
        gradient = np.empty_like(state)
        total = 0.0
        for rows in _cuts(state.shape[0], self.settings.tile):
            for columns in _cuts(state.shape[1], self.settings.tile):
                value, gradient[rows, columns] = self.network.gradient(
                    np.ascontiguousarray(state[rows, columns]),
                    self.settings.layer,
                    self.settings.channel,
                    self.objective,
                    ticket=ticket,
                )
                total += value
        return total, gradient


def _cuts(side: int, tile: int) -> Iterator[slice]:
    """Slices of about the same size, none larger than a tile."""
    count = -(-side // tile)
    for k in range(count):
        yield slice(side * k // count, side * (k + 1) // count)


def towards(guide: Array) -> ObjectiveFunction:
    """Return the objective that climbs towards a guide.

    Parameters
    ----------
    guide : ndarray, shape (C, h, w), float32
        The guide's maps of the layer. Of more than 2048 positions, as many are taken evenly.

    Returns
    -------
    callable
        For every position of the maps, the largest dot product with a position of the guide, all
        summed up; the gradient is the guide's vector that gave it.
    """
    vectors = guide.reshape(len(guide), -1)
    vectors = vectors[:, :: -(-vectors.shape[1] // _GUIDE_POSITIONS)]

    def objective(maps: Array) -> tuple[float, Array]:
        places = maps.reshape(len(maps), -1)
        gradient = np.empty_like(places)
        value = 0.0
        for first in range(0, places.shape[1], _COMPARED):
            some = slice(first, first + _COMPARED)
            alike = places[:, some].T @ vectors
            value += float(alike.max(1).sum(dtype=np.float64))
            gradient[:, some] = vectors[:, alike.argmax(1)]
        return value, gradient.reshape(maps.shape)

    return objective
