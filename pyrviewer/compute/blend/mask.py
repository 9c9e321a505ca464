"""A mask and its octaves, which follow each change of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.blend.octaves import reduce_part
from pyrviewer.compute.rects import Region, bounding, reduced, region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.blend.light import Floats
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.resample import Rect

Changes = list["list[Rect]"]
"""What changed at each level."""

_BAND = 128
"""Rows that are compared at once: what is not upright changes little of each."""


class MaskOctaves:
    """A mask and its octaves, which follow each change of it.

    Parameters
    ----------
    mask : (H, W) array of uint8
        The mask; it is written to.
    octaves : sequence of array
        Its octaves from level 1 on, float32, 0 to 1; they are written to.
    """

    def __init__(self, mask: Array, octaves: Sequence[Floats]) -> None:
        self.full = mask
        self._octaves = octaves
        self._drawn: tuple[int, Rect] | None = None
        self._drawing: Array | None = None

    def part(self, level: int, where: Region) -> Floats:
        """Return a part of a level, 0 to 1."""
        return _unit(self.full[where]) if level == 0 else self._octaves[level - 1][where]

    def write(self, rect: Rect, patch: Array) -> Changes:
        """Change a part of the mask."""
        self.full[region(rect)] = patch
        return self._renew(0, [rect])

    def replace(self, level: int, mask: Array) -> Changes:
        """Take another mask, uint8, for a level.

        Above level 0 it replaces that octave and the coarser ones until `restore` is called.
        """
        old = self.full
        if level:
            if self._drawing is None:
                self._drawing = np.rint(self._octaves[level - 1] * 255).astype(np.uint8)
            old = self._drawing
        rects = []
        for top in range(0, len(mask), _BAND):
            rows = slice(top, top + _BAND)
            columns = np.flatnonzero((old[rows] != mask[rows]).any(axis=0))
            if columns.size:
                rect = (int(columns[0]), top, int(columns[-1]) + 1, min(rows.stop, len(mask)))
                old[region(rect)] = mask[region(rect)]
                if level:
                    self._octaves[level - 1][region(rect)] = _unit(mask[region(rect)])
                rects.append(rect)
        if level and rects:
            everything = bounding(rects if self._drawn is None else [*rects, self._drawn[1]])
            assert everything is not None
            self._drawn = (level, everything)
        return self._renew(level, rects)

    def restore(self) -> Changes:
        """Take back what was drawn above level 0."""
        drawn, self._drawn, self._drawing = self._drawn, None, None
        if drawn is None:
            return []
        self._reduce_to(*drawn)
        level, rect = drawn
        return self._renew(level, [rect])

    def _renew(self, level: int, rects: list[Rect]) -> Changes:
        """Reduce parts of a level to all coarser ones."""
        changes: Changes = [[] for _ in range(level)] + [rects]
        for k in range(level + 1, len(self._octaves) + 1):
            # Two by two, so that there are half as many of half the height.
            pairs = (bounding(rects[i : i + 2]) for i in range(0, len(rects), 2))
            rects = [reduced(pair, self._octaves[k - 1].shape) for pair in pairs if pair]
            for rect in rects:
                self._reduce_to(k, rect)
            changes.append(rects)
        return changes

    def _reduce_to(self, level: int, rect: Rect) -> None:
        """Make a part of a level from the one before."""
        finer = self._octaves[level - 2] if level > 1 else self.full
        part = reduce_part(partial(self.part, level - 1), finer.shape, rect)
        self._octaves[level - 1][region(rect)] = part


def _unit(mask: Array) -> Floats:
    return np.divide(mask, np.float32(255), dtype=np.float32)
