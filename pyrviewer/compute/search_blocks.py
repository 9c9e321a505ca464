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
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search_scene import ROUNDING
from pyrviewer.compute.search_zncc import LEAST_CONTRAST

if TYPE_CHECKING:
    from pyrviewer.compute.search_template import Template
    from pyrviewer.compute.search_trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

_CHUNK = 1 << 20
_PART = 32
_GATHERED, _PRODUCT = 4.0, 0.15  # nanoseconds

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


class BlockTemplate:
    """A template, of zero mean and unit norm, to be cut along the grids of several octaves."""

    def __init__(self, template: Template) -> None:
        weights = template.reference.weights
        joint = np.concatenate([weights, (weights**2).sum(axis=2, keepdims=True)], axis=2)
        self._table = np.zeros((weights.shape[0] + 1, weights.shape[1] + 1, joint.shape[2]))
        self._table[1:, 1:] = joint.cumsum(axis=0).cumsum(axis=1)

    def phases(self, level: int) -> Phases:
        """Cut it at every phase, by differences of a summed-area table."""
        side = 1 << level
        rows = _edges(self._table.shape[0] - 1, side)
        columns = _edges(self._table.shape[1] - 1, side)
        corners = self._table[rows[:, None, :, None], columns[None, :, None, :]]
        corners = corners[:, :, 1:] - corners[:, :, :-1]
        sums = corners[:, :, :, 1:] - corners[:, :, :, :-1]
        means = sums[..., :-1] / side**2
        rests = sums[..., -1] - side**2 * (means**2).sum(axis=-1)
        return Phases(means.astype(np.float32), np.sqrt(np.maximum(rests, 0)).astype(np.float32))


def _edges(length: int, side: int) -> npt.NDArray[np.intp]:
    """Where, at every phase, the grid cuts a template: (side, blocks + 1)."""
    blocks = -(-(length + side - 1) // side)
    edges = np.arange(blocks + 1) * side - np.arange(side)[:, None]
    return np.asarray(np.clip(edges, 0, length), np.intp)


class BlockBound:
    """Bounds of scores at one octave of a scene.

    Parameters
    ----------
    template : Template
        Without a mask.
    cut : BlockTemplate
        The same.
    level : int
        1 or more; the template's sides are at least two blocks.
    ticket : Ticket, optional
        Asked while the scene is prepared.
    """

    def __init__(
        self, template: Template, cut: BlockTemplate, level: int, ticket: Ticket | None = None
    ) -> None:
        self.level, self._side = level, 1 << level
        self._scene = template.scene.blocks(level, ticket)
        self._phases = cut.phases(level)
        self._blocks = self._phases.rests.shape[2:]
        height, width = template.shape
        self.cells = (
            (template.scene.shape[0] - height >> level) + 1,
            (template.scene.shape[1] - width >> level) + 1,
        )
        self._inner = ((height >> level) - 1, (width >> level) - 1)
        self._floor = (LEAST_CONTRAST * template.reference.norm / template.scene.gain) ** 2

    def cell_bounds(self, parts: int) -> npt.NDArray[np.float32]:
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
        used = np.s_[: self.cells[0] + self._blocks[0] - 1, : self.cells[1] + self._blocks[1] - 1]
        means = self._scene.means[used]
        planes = [np.ascontiguousarray(means[..., c]) for c in range(means.shape[2])]
        spread = self._spread(planes, self._scene.energies[used])
        best: ScoreMap | None = None
        for middle, radius, worst in self._groups(parts):
            bound = spread * np.float32(radius)
            for channel, plane in enumerate(planes):
                part = np.ascontiguousarray(middle[..., channel])
                bound += cv2.matchTemplate(plane, part, cv2.TM_CCORR)
            bound *= np.float32(self._side**2)
            bound += cv2.matchTemplate(self._scene.rests[used], worst, cv2.TM_CCORR)
            best = bound if best is None else np.maximum(best, bound, out=best)
        assert best is not None
        np.maximum(
            best, 0, out=best
        )  # the norms are lower bounds: they bound only what is positive
        best /= self._map_norms(planes, self._scene.squares[used])
        return best

    def phase_bounds(self, rows: _Cells, columns: _Cells) -> npt.NDArray[np.float32]:
        """Bound the score of each translation of some cells.

        Returns
        -------
        (cells, s, s) float32 array
        """
        side, blocks = self._side, self._blocks[0] * self._blocks[1]
        # Channels first, as the blocks are gathered.
        means = np.moveaxis(self._phases.means, -1, 2).reshape(side * side, -1).T
        means = means * np.float32(side**2)
        rests = self._phases.rests.reshape(side * side, -1).T
        bounds = np.empty((rows.size, side * side), np.float32)
        step = max(1, _CHUNK // len(means))
        for first in range(0, rows.size, step):
            at = rows[first : first + step], columns[first : first + step]
            under = self._under(self._scene.means, *at)
            products = _product(under.reshape(len(under), -1), means)
            products += _product(self._under(self._scene.rests, *at).reshape(-1, blocks), rests)
            norms = self._norms_inside(under, self._under(self._scene.squares, *at))
            bounds[first : first + step] = np.maximum(products, 0) / norms[:, None]
        return bounds.reshape(-1, side, side)

    def phase_cost(self, cells: int) -> float:
        """Predicted nanoseconds of `phase_bounds` of so many cells."""
        size = self._phases.means.size
        return cells * (_GATHERED * size / self._side**2 + _PRODUCT * size)

    def _groups(self, parts: int) -> list[tuple[_Floats, float, _Floats]]:
        """For each group of phases: the middle of its means, how far they lie, the worst rests."""
        step = max(1, self._side // parts)
        groups = []
        for y in range(0, self._side, step):
            for x in range(0, self._side, step):
                group = self._phases.means[y : y + step, x : x + step]
                middle = group.mean(axis=(0, 1))
                away = ((group - middle) ** 2).sum(axis=(2, 3, 4))
                worst = self._phases.rests[y : y + step, x : x + step].max(axis=(0, 1))
                groups.append((middle, float(np.sqrt(away.max())) * (1 + 1e-5), worst))
        return groups

    def _spread(self, planes: list[_Floats], energies: _Floats) -> _Floats:
        """Norms of the means of every cell's blocks, less their mean."""
        count = self._blocks[0] * self._blocks[1]
        total = self._boxes(energies, self._blocks, 0)
        for plane in planes:
            total -= self._boxes(plane, self._blocks, 0) ** 2 / count
        return np.asarray(np.sqrt(np.maximum(total, 0) + ROUNDING * count), np.float32)

    def _map_norms(self, planes: list[_Floats], squares: _Floats) -> _Floats:
        """Lower bounds of the norms of every cell's windows."""
        count = self._inner[0] * self._inner[1]
        total = self._boxes(squares, self._inner, 1)
        for plane in planes:
            total -= self._boxes(plane, self._inner, 1) ** 2 / count
        return self._safe_norms(total)

    def _norms_inside(self, under: _Floats, squares: _Floats) -> _Floats:
        """As `_map_norms`, for cells that were gathered: (cells, channels, m, n), (cells, m, n)."""
        inner = np.s_[..., 1 : 1 + self._inner[0], 1 : 1 + self._inner[1]]
        count = self._inner[0] * self._inner[1]
        sums = under[inner].sum(axis=(2, 3), dtype=np.float64)
        total = squares[inner].sum(axis=(1, 2), dtype=np.float64)
        return self._safe_norms(total - (sums**2).sum(axis=1) / count)

    def _safe_norms(self, total: npt.NDArray[np.float64]) -> _Floats:
        """Roots of block sums; windows with less than the least contrast score 0 anyway."""
        total *= self._side**2 * (1 - 1e-4)
        total -= ROUNDING * self._inner[0] * self._inner[1] * self._side**2
        np.maximum(total, max(self._floor, 1e-30), out=total)
        return np.asarray(np.sqrt(total, out=total), np.float32)

    def _boxes(self, values: _Floats, size: tuple[int, int], skip: int) -> npt.NDArray[np.float64]:
        """Sum over the blocks of every cell, `skip` from its corner on."""
        sums = cv2.boxFilter(values, cv2.CV_64F, (size[1], size[0]), anchor=(0, 0), normalize=False)
        return np.asarray(sums[skip : skip + self.cells[0], skip : skip + self.cells[1]])

    def _under(self, values: _Floats, rows: _Cells, columns: _Cells) -> _Floats:
        """Copy the blocks under some cells."""
        windows = np.lib.stride_tricks.sliding_window_view(values, self._blocks, (0, 1))
        return np.asarray(windows[rows, columns])


def _product(a: _Floats, b: _Floats) -> _Floats:
    """Multiply matrices in parts so small that BLAS stays on one thread.

    On a machine with other work its threads wait for each other: 16 ms for what takes 0.2.
    """
    product = np.zeros((a.shape[0], b.shape[1]), np.float32)
    for inner in range(0, a.shape[1], 8 * _PART):
        for column in range(0, b.shape[1], _PART):
            part = np.ascontiguousarray(b[inner : inner + 8 * _PART, column : column + _PART])
            for row in range(0, a.shape[0], _PART):
                rows = a[row : row + _PART, inner : inner + 8 * _PART]
                product[row : row + _PART, column : column + _PART] += rows @ part
    return product
