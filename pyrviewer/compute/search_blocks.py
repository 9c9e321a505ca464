"""Upper bounds of the score from means of blocks.

Let X be a template of zero mean and unit norm, laid on the scene at some translation, and cut both
along the grid of octave l into blocks of ``s * s`` pixels, s = 2**l. Within a block split each into
its mean and the rest. The means multiply exactly; the rests, by Cauchy and Schwarz, to no more
than the product of their norms:

    <X, I> <= s**2 * <y, b> + <r, v>

with y, b the means of the blocks and r, v the norms of the rests. y and r depend on where the
template lies within the grid, its phase, one of s * s. For all phases at once, with c the middle of
their y, rho the largest distance from it, and R the largest r,

    <X, I> <= s**2 * (<c, b> + rho * |b - mean(b)|) + <R, v>.

Divided by a lower bound of the window's norm, the norm of the whole blocks inside it, this bounds
the score. M. Gharavi-Alkhansari, "A fast globally optimal algorithm for template matching using
low-resolution pruning", IEEE Trans. Image Processing 10, 2001, bounds by the means alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search_zncc import LEAST_CONTRAST

if TYPE_CHECKING:
    from pyrviewer.compute.search_template import Template
    from pyrviewer.compute.ticket import Ticket

_ROUNDING = 1e-2
"""What float32 may get wrong in a mean square of values up to 255."""

_CHUNK = 1 << 22

_Floats = npt.NDArray[np.float32]
_Cells = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Phases:
    """A template cut into blocks at every phase.

    Attributes
    ----------
    means : (s, s, m, n, c) float32 array
        Means of blocks at phase (y, x), by row, column and channel.
    rests : (s, s, m, n) float32 array
        Norms of what the means leave, over all channels.
    """

    means: _Floats
    rests: _Floats


def phases(template: Template, level: int) -> Phases:
    """Cut a template, of zero mean and unit norm, along the grid of an octave at every phase."""
    side = 1 << level
    weights = template.reference.weights
    sums = _block_sums(weights, side)
    squares = _block_sums((weights**2).sum(axis=2, keepdims=True), side)[..., 0]
    means = sums / side**2
    rests = squares - side**2 * (means**2).sum(axis=-1)
    return Phases(means.astype(np.float32), np.sqrt(np.maximum(rests, 0)).astype(np.float32))


def _block_sums(values: npt.NDArray[np.float64], side: int) -> npt.NDArray[np.float64]:
    """Sums over blocks at every phase, by differences of a summed-area table."""
    height, width = values.shape[:2]
    table = np.zeros((height + 1, width + 1, values.shape[2]))
    table[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    rows, columns = _edges(height, side), _edges(width, side)
    corners = table[rows[:, None, :, None], columns[None, :, None, :]]
    return np.diff(np.diff(corners, axis=2), axis=3)


def _edges(length: int, side: int) -> npt.NDArray[np.intp]:
    """Where, at every phase, the grid cuts a template: (side, blocks + 1)."""
    blocks = -(-(length + side - 1) // side)
    edges = np.arange(blocks + 1) * side - np.arange(side)[:, None]
    return np.clip(edges, 0, length)


class BlockBound:
    """Bounds of scores at one octave of a scene.

    Parameters
    ----------
    template : Template
        Without a mask.
    level : int
        1 or more; the template's sides are at least two blocks.
    ticket : Ticket, optional
        Asked while the scene is prepared.
    """

    def __init__(self, template: Template, level: int, ticket: Ticket | None = None) -> None:
        self._template, self.level, self._side = template, level, 1 << level
        means, squares = template.scene.blocks(level, ticket)
        self._means = means.reshape(*means.shape[:2], -1)
        self._squares = squares
        self._phases = phases(template, level)
        self._blocks = self._phases.rests.shape[2:]
        height, width = template.shape
        self.cells = (
            (template.scene.shape[0] - height >> level) + 1,
            (template.scene.shape[1] - width >> level) + 1,
        )
        self._inner = ((height >> level) - 1, (width >> level) - 1)
        self._floor = (LEAST_CONTRAST * template.reference.norm / template.scene.gain) ** 2
        self._norms: npt.NDArray[np.float64] | None = None

    def cell_bounds(self, parts: int) -> npt.NDArray[np.float64]:
        """Bound the scores of all translations of every cell.

        Parameters
        ----------
        parts : int
            The phases are taken in ``parts * parts`` groups, each with its own middle: more cost
            more and bound more tightly.

        Returns
        -------
        (rows, columns) array
        """
        shape = (self.cells[0] + self._blocks[0] - 1, self.cells[1] + self._blocks[1] - 1)
        means = _fitted(self._means, shape)
        energies = np.einsum("ijk,ijk->ij", means, means)
        rests = self._rests(_fitted(self._squares, shape), energies)
        if self._norms is None:
            self._norms = self._map_norms(means, energies, rests)
        outer = self._boxes(energies, self._blocks, 0)
        for channel in range(means.shape[2]):
            sums = self._boxes(means[..., channel], self._blocks, 0)
            outer -= sums**2 / (self._blocks[0] * self._blocks[1])
        spread = np.sqrt(np.maximum(outer, 0) + _ROUNDING * self._blocks[0] * self._blocks[1])
        worst = self._phases.rests.max(axis=(0, 1))
        rest = cv2.matchTemplate(rests, worst, cv2.TM_CCORR).astype(np.float64)
        best = np.full(self.cells, -np.inf)
        for middle, radius in self._groups(parts):
            products = sum(
                cv2.matchTemplate(
                    np.ascontiguousarray(means[..., channel]),
                    np.ascontiguousarray(middle[..., channel]),
                    cv2.TM_CCORR,
                )
                for channel in range(means.shape[2])
            )
            np.maximum(best, products + radius * spread, out=best)
        return np.asarray((self._side**2 * best + rest) / self._norms)

    def phase_bounds(self, rows: _Cells, columns: _Cells) -> npt.NDArray[np.float32]:
        """Bound the score of each translation of some cells.

        Returns
        -------
        (cells, s, s) float32 array
        """
        side, size = self._side, self._blocks[0] * self._blocks[1]
        means = self._phases.means.reshape(side * side, -1).T * np.float32(side**2)
        rests = self._phases.rests.reshape(side * side, -1).T
        bounds = np.empty((rows.size, side * side), np.float32)
        step = max(1, _CHUNK // (size * (self._means.shape[2] + 1)))
        for first in range(0, rows.size, step):
            part = slice(first, first + step)
            blocks, energies, left = self._gathered(rows[part], columns[part])
            products = blocks.reshape(len(blocks), -1) @ means
            products += left.reshape(len(left), -1) @ rests
            norms = self._norms_inside(blocks, energies, left)
            bounds[part] = products / norms[:, None]
        return bounds.reshape(-1, side, side)

    def _groups(self, parts: int) -> list[tuple[_Floats, float]]:
        """Middle of the means of each group of phases, and the largest distance from it."""
        step = max(1, self._side // parts)
        groups = []
        for y in range(0, self._side, step):
            for x in range(0, self._side, step):
                group = self._phases.means[y : y + step, x : x + step]
                middle = group.mean(axis=(0, 1))
                away = ((group - middle) ** 2).sum(axis=(2, 3, 4))
                groups.append((middle, float(np.sqrt(away.max())) * (1 + 1e-5)))
        return groups

    def _rests(self, squares: npt.NDArray[Any], energies: npt.NDArray[Any]) -> _Floats:
        """Norms of what the scene's blocks hold beside their means."""
        rests = np.sqrt(np.maximum(squares - energies, 0) + np.float32(_ROUNDING))
        return np.asarray(rests * np.float32(self._side), np.float32)

    def _boxes(
        self, values: npt.NDArray[Any], size: tuple[int, int], skip: int
    ) -> npt.NDArray[np.float64]:
        """Sums over the blocks of every cell, `skip` from its corner on."""
        sums = cv2.boxFilter(
            values, cv2.CV_64F, (size[1], size[0]), anchor=(0, 0), normalize=False
        )
        return np.asarray(sums[skip : skip + self.cells[0], skip : skip + self.cells[1]])

    def _map_norms(
        self, means: _Floats, energies: _Floats, rests: _Floats
    ) -> npt.NDArray[np.float64]:
        """Lower bounds of the norms of every cell's windows."""
        count = self._inner[0] * self._inner[1]
        inner = self._boxes(energies, self._inner, 1)
        for channel in range(means.shape[2]):
            inner -= self._boxes(means[..., channel], self._inner, 1) ** 2 / count
        total = self._side**2 * inner + self._boxes(rests * rests, self._inner, 1)
        return self._safe_norms(total)

    def _norms_inside(
        self, blocks: _Floats, energies: _Floats, rests: _Floats
    ) -> npt.NDArray[np.float64]:
        """As `_map_norms`, for cells that were gathered."""
        inner = np.s_[:, 1 : 1 + self._inner[0], 1 : 1 + self._inner[1]]
        count = self._inner[0] * self._inner[1]
        sums = blocks[inner].sum(axis=(1, 2), dtype=np.float64)
        total = energies[inner].sum(axis=(1, 2), dtype=np.float64) - (sums**2).sum(axis=1) / count
        total *= self._side**2
        total += (rests[inner] ** 2).sum(axis=(1, 2), dtype=np.float64)
        return self._safe_norms(total)

    def _safe_norms(self, total: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Allow for rounding; windows with less than the least contrast score 0 anyway."""
        pixels = self._inner[0] * self._inner[1] * self._side**2
        total = total * (1 - 1e-4) - 3 * _ROUNDING * pixels
        return np.sqrt(np.maximum(total, max(self._floor, 1e-30)))

    def _gathered(self, rows: _Cells, columns: _Cells) -> tuple[_Floats, _Floats, _Floats]:
        """Means, their squares and the rests of the blocks under some cells."""
        y = np.minimum(rows[:, None] + np.arange(self._blocks[0]), self._means.shape[0] - 1)
        x = np.minimum(columns[:, None] + np.arange(self._blocks[1]), self._means.shape[1] - 1)
        blocks = self._means[y[:, :, None], x[:, None, :]]
        energies = np.einsum("ijkl,ijkl->ijk", blocks, blocks)
        squares = self._squares[y[:, :, None], x[:, None, :]]
        return blocks, energies, self._rests(squares, energies)


def _fitted(values: _Floats, shape: tuple[int, int]) -> _Floats:
    """Cut to a shape, or repeat the last rows and columns; the template has nothing there."""
    values = values[: shape[0], : shape[1]]
    bottom, right = shape[0] - values.shape[0], shape[1] - values.shape[1]
    if not bottom and not right:
        return values
    ends = [(0, bottom), (0, right)] + [(0, 0)] * (values.ndim - 2)
    return np.pad(values, ends, mode="edge")
