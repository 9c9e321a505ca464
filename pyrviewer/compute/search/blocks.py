"""Upper bounds of the score from means of blocks.

Let X be a template of zero mean and unit norm, laid on the scene at some translation, and cut both
along the grid of octave l into blocks of ``s * s`` pixels, s = 2**l. Within a block split each into
its mean and the rest. The means multiply exactly; the rests, by Cauchy and Schwarz, to no more
than the product of their norms:

    <X, I> <= <y, b> + <r, v>

with y the sums of the template's blocks, b the means of the scene's, and r, v the norms of the
rests. y and r depend on where the template lies within the grid, its phase, one of s * s. For
several phases at once, with c the middle of their y, rho the largest distance from it, and R the
largest r,

    <X, I> <= <c, b> + rho * |b - mean(b)| + <R, v>.

Divided by a lower bound of the window's norm, the norm of the whole blocks inside it, this bounds
the score. M. Gharavi-Alkhansari, "A fast globally optimal algorithm for template matching using
low-resolution pruning", IEEE Trans. Image Processing 10, 2001, bounds by the means alone.
"""

from __future__ import annotations

import itertools
import math
import operator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.processors import on_all_processors
from pyrviewer.compute.search.correlation import correlate
from pyrviewer.compute.search.scene import ROUNDING
from pyrviewer.compute.search.zncc import LEAST_CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.ticket import Ticket

_CHUNK = 1 << 19
_PART, _ALONE = 32, 1 << 18
_PARTS, _LOOKED_AT, _MOST = 4, 0.25, 0.5
_GATHERED, _PRODUCT = 6.0, 0.15  # nanoseconds
_SHARED = 1 << 17  # so many cells are worth handing to another processor

_Floats = npt.NDArray[np.float32]
_Cells = npt.NDArray[np.intp]


def cut(template: Template, level: int, ticket: Ticket | None = None) -> _Floats:
    """Cut a template, of zero mean and unit norm, along the grid of an octave at every phase.

    Parameters
    ----------
    template : Template
        Without a mask.
    level : int
        1 or more.
    ticket : Ticket, optional
        Asked several times.

    Returns
    -------
    (s, s, c + 1, m, n) float32 array
        For each phase (y, x), by row and column: the sums of blocks, channel by channel, and the
        norms of what their means leave, over all channels.
    """
    side, weights = 1 << level, template.reference.weights
    height, width, channels = weights.shape
    blocks = -(-(height + side - 1) // side), -(-(width + side - 1) // side)
    planes = [*np.moveaxis(weights, 2, 0), np.einsum("ijk,ijk->ij", weights, weights)]
    phases = np.empty((side, side, channels + 1, *blocks), np.float32)
    means_squared = np.zeros((blocks[0] * side, blocks[1] * side))
    for k, plane in enumerate(planes):
        _ask(ticket)
        padded = np.zeros(((blocks[0] + 1) * side, (blocks[1] + 1) * side))
        padded[side - 1 : side - 1 + height, side - 1 : side - 1 + width] = plane
        sums = cv2.boxFilter(padded, -1, (side, side), anchor=(0, 0), normalize=False)
        _ask(ticket)
        sums = np.asarray(sums)[: blocks[0] * side, : blocks[1] * side]
        if k < channels:
            means_squared += sums * sums
        else:
            means_squared /= side**2
            sums = (sums - means_squared).astype(np.float32)
            np.sqrt(np.maximum(sums, 0, out=sums), out=sums)
        _ask(ticket)
        # The block that begins `side - 1 - i` pixels before a whole number of blocks has phase i.
        turned = sums.reshape(blocks[0], side, blocks[1], side)[:, ::-1, :, ::-1]
        phases[:, :, k] = turned.transpose(1, 3, 0, 2)
    return phases


@dataclass(frozen=True, eq=False)
class _Groups:
    """Phases in groups.

    Attributes
    ----------
    kernels : (g, c + 1, m, n) float32 array
        The middle of each group's sums, channel by channel, and its largest norms of rests.
    radii : (g,) float32 array
        How far the sums of a phase lie from the middle at most.
    """

    kernels: _Floats
    radii: _Floats

    def at(self, chosen: _Cells) -> _Groups:
        """Choose some of the groups."""
        return _Groups(self.kernels[chosen], self.radii[chosen])


@dataclass(frozen=True, eq=False)
class _Under:
    """What lies under some cells.

    Attributes
    ----------
    blocks : (k, c + 1, m, n) float32 array
        Means of the blocks, channel by channel, and norms of their rests.
    spreads : (k,) float32 array
        Norms of the means less their mean.
    norms : (k,) float32 array
        Not larger than the norm of any of a cell's windows.
    """

    blocks: _Floats
    spreads: _Floats
    norms: _Floats

    def at(self, chosen: _Cells) -> _Under:
        """Choose some of the cells."""
        return _Under(self.blocks[chosen], self.spreads[chosen], self.norms[chosen])

    def bounds(self, groups: _Groups) -> _Floats:
        """Bound the scores of each cell in each group of phases."""
        kernels = groups.kernels.reshape(len(groups.kernels), -1)
        bounds = _product(self.blocks.reshape(len(self.blocks), -1), kernels)
        bounds += self.spreads[:, None] * groups.radii
        np.maximum(bounds, 0, out=bounds)  # lower bounds of norms bound only what is positive
        bounds /= self.norms[:, None]
        return bounds


class BlockBound:
    """Bounds of scores at one octave of a scene.

    Parameters
    ----------
    template : Template
        Without a mask.
    level : int
        1 or more; the template's sides are at least two blocks.
    ticket : Ticket, optional
        Asked while the scene and the template are prepared, and while bounds are made.
    """

    def __init__(self, template: Template, level: int, ticket: Ticket | None = None) -> None:
        self.level, self._side, self._ticket = level, 1 << level, ticket
        self._scene = template.scene.blocks(level, ticket)
        self._phases = cut(template, level, ticket)
        self._blocks = self._phases.shape[3:]
        height, width = template.shape
        self.cells = (
            (template.scene.shape[0] - height >> level) + 1,
            (template.scene.shape[1] - width >> level) + 1,
        )
        self._inner = ((height >> level) - 1, (width >> level) - 1)
        self._maps: tuple[_Floats, _Floats] | None = None  # once `cell_bounds` has made them
        self._floor = (LEAST_CONTRAST * template.reference.norm / template.scene.gain) ** 2

    def cell_bounds(self, parts: int) -> npt.NDArray[np.float32]:
        """Bound the scores of all translations of every cell.

        Parameters
        ----------
        parts : int
            The phases are taken in ``parts * parts`` groups, each with its own middle: more cost
            more and bound more tightly. Even.

        Returns
        -------
        (rows, columns) array
        """
        if self._maps is None:
            self._maps = self._made_maps()
        spreads, norms = self._maps
        groups = self._grouped(parts)
        best = np.zeros_like(norms)  # lower bounds of norms bound only what is positive

        def bound(where: tuple[slice, slice], sums: Iterator[_Floats]) -> None:
            tops, spread = best[where], np.ascontiguousarray(spreads[where])
            for products, radius in zip(sums, groups.radii, strict=True):
                _ask(self._ticket)
                products += spread * radius
                np.maximum(tops, products, out=tops)

        planes = self._used(self._scene.planes)
        correlate(planes, groups.kernels, bound, alone=best.size < _SHARED)
        best /= norms
        return best

    def phase_bounds(
        self, rows: _Cells, columns: _Cells, least: float = 0.0
    ) -> tuple[_Cells, _Cells, _Floats]:
        """Bound the score of each translation of some cells.

        Parameters
        ----------
        rows, columns : (cells,) array
            Which cells.
        least : float
            Translations that are bounded below it, alone or in a group of neighbours, are left out.

        Returns
        -------
        cell, phase, bound : (n,) arrays
            Index of the cell, ``y * s + x`` within it, and the bound, not below 0.
        """
        side, parts = self._side, min(self._side, _PARTS)
        step = side // parts
        coarse, fine = self._grouped(parts), self._grouped(side)
        # Group by group: (parts * parts, step * step) phases.
        order = np.arange(side * side).reshape(parts, step, parts, step)
        phases_of = order.swapaxes(1, 2).reshape(parts * parts, -1)
        chunk = max(1, _CHUNK // coarse.kernels[0].size)
        none = np.empty(0, np.intp)
        found = [(none, none, np.empty(0, np.float32))]

        def collect(cells: _Cells, phases: _Cells, bounds: _Floats) -> None:
            cell, phase = np.nonzero(bounds >= least)
            found.append((cells[cell], phases[phase], bounds[cell, phase]))

        for first in range(0, rows.size, chunk):
            _ask(self._ticket)
            under = self._under(rows[first : first + chunk], columns[first : first + chunk])
            cells = np.arange(first, min(first + chunk, rows.size))
            together = under.bounds(coarse)
            worth = together >= least
            if step == 1:
                collect(cells, order.ravel(), together)
            elif np.mean(worth) > _MOST:
                collect(cells, order.ravel(), under.bounds(fine))
            else:
                for group, phases in enumerate(phases_of):
                    at = np.flatnonzero(worth[:, group])
                    if at.size:
                        collect(cells[at], phases, under.at(at).bounds(fine.at(phases)))
        cell, phase, bound = (np.concatenate(each) for each in zip(*found, strict=True))
        return cell, phase, bound

    def phase_cost(self, cells: int) -> float:
        """Predicted nanoseconds of `phase_bounds` of so many cells."""
        blocks = self._phases[0, 0, :-1].size
        return float(cells * blocks) * (
            _GATHERED + _PRODUCT * (_PARTS**2 + _LOOKED_AT * self._side**2)
        )

    def _grouped(self, parts: int) -> _Groups:
        """Take the phases in ``parts * parts`` groups of neighbours."""
        step = self._side // parts
        if step == 1:
            kernels = self._phases.reshape(-1, *self._phases.shape[2:])
            return _Groups(kernels, np.zeros(len(kernels), np.float32))
        split = self._phases.reshape(parts, step, parts, step, *self._phases.shape[2:])
        kernels, sums = split.max(axis=(1, 3)), split[..., :-1, :, :]
        middles = sums.mean(axis=(1, 3), keepdims=True)
        away = np.sqrt(((sums - middles) ** 2).sum(axis=(4, 5, 6)).max(axis=(1, 3)))
        kernels[..., :-1, :, :] = middles[:, 0, :, 0]
        return _Groups(kernels.reshape(-1, *kernels.shape[2:]), away.ravel() * np.float32(1 + 1e-5))

    def _used(self, values: _Floats) -> _Floats:
        """Cut off what lies under no cell."""
        rows, columns = (self.cells[axis] + self._blocks[axis] - 1 for axis in (0, 1))
        return values[..., :rows, :columns]

    def _made_maps(self) -> tuple[_Floats, _Floats]:
        """`spreads` and `norms` of all cells, as in `_Under`."""
        spreads, norms = on_all_processors(
            operator.call,
            (
                lambda: self._safe_spreads(self._variations(self._scene.energies, self._blocks, 0)),
                lambda: self._safe_norms(self._variations(self._scene.squares, self._inner, 1)),
            ),
            alone=math.prod(self.cells) < _SHARED,
        )
        return spreads, norms

    def _variations(
        self, squares: _Floats, size: tuple[int, int], skip: int
    ) -> npt.NDArray[np.float64]:
        """Sum squares over the blocks of every cell, as `_boxes` does, less those of the mean."""
        totals = self._boxes(self._used(squares), size, skip)
        for plane in self._used(self._scene.planes)[:-1]:
            totals -= self._boxes(plane, size, skip) ** 2 / math.prod(size)
        return totals

    def _safe_spreads(self, totals: npt.NDArray[np.float64]) -> _Floats:
        """Roots of block sums, not smaller than they should be."""
        np.maximum(totals, 0, out=totals)
        totals += ROUNDING * math.prod(self._blocks)
        return np.asarray(np.sqrt(totals, out=totals), np.float32)

    def _safe_norms(self, totals: npt.NDArray[np.float64]) -> _Floats:
        """Roots of block sums; windows with less than the least contrast score 0 anyway."""
        totals *= self._side**2 * (1 - 1e-4)
        totals -= ROUNDING * math.prod(self._inner) * self._side**2
        np.maximum(totals, max(self._floor, 1e-30), out=totals)
        return np.asarray(np.sqrt(totals, out=totals), np.float32)

    def _boxes(self, values: _Floats, size: tuple[int, int], skip: int) -> npt.NDArray[np.float64]:
        """Sum over the blocks of every cell, `skip` from its corner on."""
        _ask(self._ticket)
        sums = cv2.boxFilter(values, cv2.CV_64F, (size[1], size[0]), anchor=(0, 0), normalize=False)
        return np.asarray(sums[skip : skip + self.cells[0], skip : skip + self.cells[1]])

    def _under(self, rows: _Cells, columns: _Cells) -> _Under:
        """Gather what lies under some cells."""
        blocks = np.moveaxis(self._windows(self._scene.planes), 0, 2)[rows, columns]
        if self._maps is not None:
            spreads, norms = (values[rows, columns] for values in self._maps)
            return _Under(blocks, spreads, norms)
        inside = np.s_[..., 1 : 1 + self._inner[0], 1 : 1 + self._inner[1]]
        means, sums = blocks[:, :-1], partial(np.sum, axis=(-2, -1), dtype=np.float64)
        energies = self._windows(self._scene.energies)[rows, columns]
        squares = self._windows(self._scene.squares)[inside][rows, columns]
        spreads = sums(energies) - (sums(means) ** 2).sum(axis=1) / math.prod(self._blocks)
        totals = sums(squares) - (sums(means[inside]) ** 2).sum(axis=1) / math.prod(self._inner)
        return _Under(blocks, self._safe_spreads(spreads), self._safe_norms(totals))

    def _windows(self, values: _Floats) -> _Floats:
        """View the blocks under every cell: ([c + 1,] rows, columns, m, n)."""
        return np.lib.stride_tricks.sliding_window_view(values, self._blocks, (-2, -1))


def _ask(ticket: Ticket | None) -> None:
    if ticket is not None:
        ticket.check()


def _product(a: _Floats, b: _Floats) -> _Floats:
    """Multiply `a` by `b` transposed, in parts so small that BLAS stays on one thread.

    On a machine with other work its threads wait for each other: 16 ms for what takes 0.2.
    """
    product = np.empty((a.shape[0], b.shape[0]), np.float32)
    step = max(1, _ALONE // (a.shape[1] * min(b.shape[0], _PART)))
    for row, part in itertools.product(range(0, a.shape[0], step), range(0, b.shape[0], _PART)):
        inside = np.s_[row : row + step, part : part + _PART]
        np.matmul(a[inside[0]], b[inside[1]].T, out=product[inside])
    return product
