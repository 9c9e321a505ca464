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
from pyrviewer.compute.search.scene import ROUNDING
from pyrviewer.compute.search.zncc import LEAST_CONTRAST

if TYPE_CHECKING:
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

_CHUNK = 1 << 20
_PART = 32
_PARTS, _LOOKED_AT = 4, 0.25
_GATHERED, _PRODUCT = 6.0, 0.15  # nanoseconds

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


def cut(template: Template, level: int) -> Phases:
    """Cut a template, of zero mean and unit norm, along the grid of an octave at every phase."""
    side = 1 << level
    weights = template.reference.weights
    joint = np.concatenate([weights, (weights**2).sum(axis=2, keepdims=True)], axis=2)
    blocks = [-(-(length + side - 1) // side) for length in template.shape]
    around = [blocks[axis] * side - template.shape[axis] for axis in (0, 1)]
    joint = np.asarray(cv2.copyMakeBorder(joint, side - 1, around[0], side - 1, around[1], 0))
    sums = cv2.boxFilter(joint, -1, (side, side), anchor=(0, 0), normalize=False)
    sums = sums[: blocks[0] * side, : blocks[1] * side].reshape(
        blocks[0], side, blocks[1], side, -1
    )
    # The block that begins `side - 1 - i` pixels before a whole number of blocks has phase i.
    sums = sums[:, ::-1, :, ::-1].transpose(1, 3, 0, 2, 4)
    means = sums[..., :-1] / side**2
    rests = np.sqrt(np.maximum(sums[..., -1] - side**2 * (means**2).sum(axis=-1), 0))
    return Phases(means.astype(np.float32, order="C"), rests.astype(np.float32, order="C"))


@dataclass(frozen=True, eq=False)
class _Groups:
    """Phases in g groups: the middle of each, how far they lie from it, the worst rests."""

    middles: _Floats  # (g, m, n, c)
    radii: _Floats  # (g,)
    rests: _Floats  # (g, m, n)


@dataclass(frozen=True, eq=False)
class _Under:
    """What lies under n cells, channels first: block means and rests, spread and norm."""

    means: _Floats  # (n, c * m * n)
    rests: _Floats  # (n, m * n)
    spread: _Floats  # (n, 1)
    norms: _Floats  # (n, 1)

    def at(self, rows: _Cells) -> _Under:
        """Choose some of the cells."""
        return _Under(self.means[rows], self.rests[rows], self.spread[rows], self.norms[rows])


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
        self.level, self._side = level, 1 << level
        self._scene = template.scene.blocks(level, ticket)
        self._phases = cut(template, level)
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
        groups = self._grouped(parts)
        for middle, radius, rests in zip(groups.middles, groups.radii, groups.rests, strict=True):
            bound = spread * radius
            for channel, plane in enumerate(planes):
                part = np.ascontiguousarray(middle[..., channel])
                bound += cv2.matchTemplate(plane, part, cv2.TM_CCORR)
            bound *= np.float32(self._side**2)
            bound += cv2.matchTemplate(self._scene.rests[used], rests, cv2.TM_CCORR)
            best = bound if best is None else np.maximum(best, bound, out=best)
        assert best is not None
        np.maximum(
            best, 0, out=best
        )  # the norms are lower bounds: they bound only what is positive
        best /= self._map_norms(planes, self._scene.squares[used])
        return best

    def phase_bounds(
        self, rows: _Cells, columns: _Cells, least: float = -1.0
    ) -> npt.NDArray[np.float32]:
        """Bound the score of each translation of some cells.

        Parameters
        ----------
        rows, columns : (cells,) array
            Which cells.
        least : float
            What is of interest: translations that are bounded below it together, in groups of
            neighbours, are not looked at one by one.

        Returns
        -------
        (cells, s, s) float32 array
        """
        side, parts = self._side, min(self._side, _PARTS)
        step = side // parts
        coarse, fine = self._grouped(parts), self._grouped(side)
        # Group by group: (parts * parts, step * step) phases.
        order = np.arange(side * side).reshape(parts, step, parts, step)
        phases_of = order.swapaxes(1, 2).reshape(parts * parts, -1)
        bounds = np.empty((rows.size, side * side), np.float32)
        chunk = max(1, _CHUNK // self._phases.means[0, 0].size)
        for first in range(0, rows.size, chunk):
            under = self._under(rows[first : first + chunk], columns[first : first + chunk])
            together = self._bounds(under, coarse, np.arange(parts * parts))
            found = bounds[first : first + chunk]
            in_groups = found.reshape(-1, parts, step, parts, step)
            in_groups[:] = together.reshape(-1, parts, 1, parts, 1)
            for group, phases in enumerate(phases_of):
                at = np.flatnonzero(together[:, group] >= least)
                if step > 1 and at.size:
                    found[at[:, None], phases] = self._bounds(under.at(at), fine, phases)
        return bounds.reshape(-1, side, side)

    def phase_cost(self, cells: int) -> float:
        """Predicted nanoseconds of `phase_bounds` of so many cells."""
        blocks = self._phases.means[0, 0].size
        return float(cells * blocks) * (
            _GATHERED + _PRODUCT * (_PARTS**2 + _LOOKED_AT * self._side**2)
        )

    def _grouped(self, parts: int) -> _Groups:
        """Take the phases in ``parts * parts`` groups of neighbours."""
        step = self._side // parts
        means, rests = self._phases.means, self._phases.rests
        if step == 1:
            radii = np.zeros(self._side**2, np.float32)
            return _Groups(
                means.reshape(-1, *means.shape[2:]), radii, rests.reshape(-1, *self._blocks)
            )
        means = means.reshape(parts, step, parts, step, -1)
        middles = means.mean(axis=(1, 3), keepdims=True)
        away = np.sqrt(((means - middles) ** 2).sum(axis=4).max(axis=(1, 3)))
        worst = rests.reshape(parts, step, parts, step, *self._blocks).max(axis=(1, 3))
        return _Groups(
            middles.reshape(parts**2, *self._phases.means.shape[2:]),
            away.ravel() * np.float32(1 + 1e-5),
            worst.reshape(parts**2, *self._blocks),
        )

    def _bounds(self, under: _Under, groups: _Groups, chosen: _Cells) -> _Floats:
        """Bound cells in some groups of phases: (cells, groups)."""
        middles = np.moveaxis(groups.middles[chosen], -1, 1).reshape(chosen.size, -1)
        bounds = _product(under.means, middles.T)
        bounds += under.spread * groups.radii[chosen]
        bounds *= np.float32(self._side**2)
        bounds += _product(under.rests, groups.rests[chosen].reshape(chosen.size, -1).T)
        np.maximum(bounds, 0, out=bounds)
        bounds /= under.norms
        return bounds

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

    def _under(self, rows: _Cells, columns: _Cells) -> _Under:
        """Gather what lies under some cells."""
        windows = [
            np.lib.stride_tricks.sliding_window_view(values, self._blocks, (0, 1))[rows, columns]
            for values in (
                self._scene.means, self._scene.rests, self._scene.energies, self._scene.squares,
            )
        ]  # fmt: skip
        means, rests, energies, squares = windows
        count = self._blocks[0] * self._blocks[1]
        sums = means.sum(axis=(2, 3), dtype=np.float64)
        spread = energies.sum(axis=(1, 2), dtype=np.float64) - (sums**2).sum(axis=1) / count
        inner = np.s_[..., 1 : 1 + self._inner[0], 1 : 1 + self._inner[1]]
        sums = means[inner].sum(axis=(2, 3), dtype=np.float64)
        total = squares[inner].sum(axis=(1, 2), dtype=np.float64)
        total -= (sums**2).sum(axis=1) / (self._inner[0] * self._inner[1])
        return _Under(
            means.reshape(rows.size, -1),
            rests.reshape(rows.size, -1),
            np.sqrt(np.maximum(spread, 0) + ROUNDING * count).astype(np.float32)[:, None],
            self._safe_norms(total)[:, None],
        )


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
