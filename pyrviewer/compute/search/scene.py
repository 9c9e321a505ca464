"""What a search needs of an image, prepared once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.image import Array, check
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.ticket import Ticket

Rect = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Blocks:
    """What the cells of one octave hold, in units of `Scene.gain`; the last row and column twice.

    Attributes
    ----------
    planes : (c + 1, h, w) float32 array
        Mean of each channel; last, an upper bound of the root of the summed squares of the pixels
        less their means.
    squares : (h, w) float32 array
        Mean of the squares, summed over channels.
    energies : (h, w) float32 array
        Squares of the means, summed over channels.
    """

    planes: npt.NDArray[np.float32]
    squares: npt.NDArray[np.float32]
    energies: npt.NDArray[np.float32]


ROUNDING = 1e-2
"""What float32 may get wrong in a mean square of values up to 255."""


class Scene:
    """An image to search in, with its octaves of box means in float32.

    The octaves are made when they are first needed, and shared by all searches. Safe to use from
    several threads.

    Parameters
    ----------
    image : (H, W), (H, W, 3) or (H, W, 4) array of uint8, uint16 or float32
        Kept, not copied, and never changed; do not change it either. Transparency is not looked at.

    Raises
    ------
    ValueError
        If the array is not an image.
    UserError
        For samples that are not finite.
    """

    def __init__(self, image: Array) -> None:
        check(image)
        self.pixels = image if image.ndim == 2 or image.shape[2] == 3 else image[:, :, :3]
        self.offset, self.gain = _units(image)
        self._lock = threading.RLock()
        self._octaves: list[npt.NDArray[np.float32]] = []
        self._sums: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = []
        self._blocks: dict[int, Blocks] = {}
        self._gray: Scene | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def channels(self) -> int:
        """1 or 3."""
        return 1 if self.pixels.ndim == 2 else 3

    def gray(self) -> Scene:
        """Return the scene in gray, which a gray template is looked for in; itself if it is."""
        if self.channels == 1:
            return self
        with self._lock:
            if self._gray is None:
                self._gray = Scene(to_gray(self.pixels))
            return self._gray

    def level_shape(self, level: int) -> tuple[int, int]:
        """Height and width of an octave: whole cells only, so halves are rounded down."""
        return self.shape[0] >> level, self.shape[1] >> level

    def octave(self, level: int, ticket: Ticket | None = None) -> npt.NDArray[np.float32]:
        """Return octave `level` >= 1: means of cells of ``2**level`` squared pixels.

        In units of `gain`, from `offset`; read-only. Pixels that do not fill a cell at the right
        and at the bottom are left out.
        """
        with self._lock:
            while len(self._octaves) < level:
                octave = self._first(ticket) if not self._octaves else _halved(self._octaves[-1])
                octave.setflags(write=False)
                self._octaves.append(octave)
            return self._octaves[level - 1]

    def patch(self, level: int, rect: Rect) -> Array:
        """Return the part x0, y0, x1, y1 of an octave for scoring: float32, or the uint8 scene."""
        x0, y0, x1, y1 = rect
        if level > 0:
            return self.octave(level)[y0:y1, x0:x1]
        part = self.pixels[y0:y1, x0:x1]
        return np.ascontiguousarray(part) if part.dtype == np.uint8 else self._in_units(part)

    def windows(
        self, level: int, corners: list[tuple[int, int]], size: tuple[int, int]
    ) -> npt.NDArray[np.float32]:
        """Copy equally large parts of an octave, with corners (x, y), for scoring."""
        height, width = size
        source = self.octave(level) if level > 0 else self.pixels
        parts = np.stack([source[y : y + height, x : x + width] for x, y in corners])
        return parts if level > 0 else self._in_units(parts)

    def blocks(self, level: int, ticket: Ticket | None = None) -> Blocks:
        """Return what the cells of octave `level` >= 1 hold, to the very edge of the scene.

        Cells that reach over the right or the bottom edge see its pixels repeated. Read-only. What
        the exact mode's bound asks for.
        """
        with self._lock:
            while len(self._sums) < level:
                if ticket is not None:
                    ticket.check()
                if self._sums:
                    means, squares = (_halved(_even(part)) for part in self._sums[-1])
                else:
                    means, squares = self._first_blocks(ticket)
                self._sums.append((means, squares))
            if level not in self._blocks:
                self._blocks[level] = _blocks(*self._sums[level - 1], 1 << level, ticket)
            return self._blocks[level]

    def _in_units(self, part: Array) -> npt.NDArray[np.float32]:
        """Pixels in float32, in units of `gain` from `offset`."""
        if part.dtype == np.float32:
            values: npt.NDArray[np.float32] = np.subtract(part, np.float32(self.offset))
        else:
            values = part.astype(np.float32)
            values -= np.float32(self.offset)
        if self.gain != 1:
            values *= np.float32(1 / self.gain)
        return values

    def _first(self, ticket: Ticket | None) -> npt.NDArray[np.float32]:
        """Make octave 1, strip by strip: the scene is never held in float32 as a whole."""
        height, width = self.level_shape(1)
        octave = np.empty((height, width, *self.pixels.shape[2:]), np.float32)
        for rows in strips((height, 2 * width), ticket):
            octave[rows] = _halved(self._in_units(self.pixels[2 * rows.start : 2 * rows.stop]))
        return octave

    def _first_blocks(
        self, ticket: Ticket | None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Make means and mean squares of octave 1, strip by strip."""
        height, width = -(-self.shape[0] // 2), -(-self.shape[1] // 2)
        means = np.empty((height, width, *self.pixels.shape[2:]), np.float32)
        squares = np.empty((height, width), np.float32)
        for rows in strips((height, 2 * width), ticket):
            values = _even(self._in_units(self.pixels[2 * rows.start : 2 * rows.stop]))
            means[rows] = _halved(values)
            np.multiply(values, values, out=values)
            part = _halved(values)
            squares[rows] = part if part.ndim == 2 else part.sum(axis=2)
        if (height, width) == self.level_shape(1):
            means = self.octave(1, ticket)
        return means, squares


def to_gray(pixels: Array) -> Array:
    """Luma of an RGB image (Rec. 601), in its own dtype; gray images as they are."""
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def halve_template(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Reduce a template as the octaves of a `Scene` are: means of whole 2 x 2 cells."""
    return _halved(pixels)


def _halved(octave: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    height, width = octave.shape[0] // 2, octave.shape[1] // 2
    if height == 0 or width == 0:
        return np.empty((height, width, *octave.shape[2:]), np.float32)
    even = octave[: 2 * height, : 2 * width]
    half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.float32).reshape(height, width, *octave.shape[2:])


def _blocks(
    means: npt.NDArray[np.float32],
    squares: npt.NDArray[np.float32],
    side: int,
    ticket: Ticket | None,
) -> Blocks:
    """Complete the description of blocks of `side` squared pixels."""
    means = _padded(means.reshape(*means.shape[:2], -1), 1, 1)
    squares = _padded(squares, 1, 1)
    planes = np.empty((means.shape[2] + 1, *squares.shape), np.float32)
    planes[:-1] = np.moveaxis(means, 2, 0)
    energies = np.empty_like(squares)
    for rows in strips(squares.shape, ticket):
        energies[rows] = np.einsum("ijk,ijk->ij", means[rows], means[rows])
        rests = np.subtract(squares[rows], energies[rows])
        np.maximum(rests, 0, out=rests)
        rests += np.float32(ROUNDING)
        np.sqrt(rests, out=rests)
        np.multiply(rests, np.float32(side), out=planes[-1, rows])
    for array in (planes, squares, energies):
        array.setflags(write=False)
    return Blocks(planes, squares, energies)


def _even(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Repeat the last row or column of odd ones."""
    bottom, right = values.shape[0] % 2, values.shape[1] % 2
    if not bottom and not right:
        return values
    return _padded(values, bottom, right)


def _padded(values: npt.NDArray[np.float32], bottom: int, right: int) -> npt.NDArray[np.float32]:
    """Repeat the last row and column so many times."""
    padded = cv2.copyMakeBorder(values, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.float32).reshape(*padded.shape[:2], *values.shape[2:])


def _units(image: Array) -> tuple[float, float]:
    """Offset and gain that bring an image to a middle near 0 and a range near that of uint8."""
    if image.dtype == np.uint8:
        return 128.0, 1.0
    if image.dtype == np.uint16:
        return 32896.0, 257.0
    total, low, high, bad = 0.0, np.inf, -np.inf, 0
    for rows in strips(image.shape):
        strip = image[rows]
        if not cv2.checkRange(strip)[0]:
            bad += strip.size - int(np.count_nonzero(np.isfinite(strip)))
            continue
        total += float(strip.sum(dtype=np.float64))
        low, high = min(low, float(strip.min())), max(high, float(strip.max()))
    if bad:
        raise UserError(f"The image holds {bad} samples that are not finite (NaN or infinity).")
    return total / image.size, (high - low) / 255 if high > low else 1.0
