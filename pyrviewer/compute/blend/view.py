"""One octave of a blend on the screen: its bands, and their sum, renewed where the mask changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.blend.core import has_alpha, spread
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.processors import on_all_processors
from pyrviewer.compute.rects import (
    Region,
    bands,
    bounding,
    expanded,
    intersection,
    region,
    support,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrviewer.compute.blend.core import Octave, Sources
    from pyrviewer.compute.blend.light import Floats, Light
    from pyrviewer.compute.blend.mask import MaskOctaves
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.resample import Rect


_BAND = 128
"""Rows that are worked on at once: what comes and goes on the way stays in the cache."""

_WORTH_IT = 1 << 18
"""Pixels from which several threads share the work."""


class BlendView:
    """A rectangle of one octave of a blend.

    Parameters
    ----------
    octaves : sequence of level
        The images and their octaves.
    masks : MaskOctaves
        The mask.
    gains : sequence of float
        One factor for each band and the residual; as many as there are levels and one.
    octave : int
        The octave to show. If it is coarser than the levels go, it is mixed itself.
    rect : (int, int, int, int)
        The part of it to show.
    light : Light
        How floats become samples.
    """

    def __init__(
        self,
        octaves: Sequence[Sources | Octave],
        masks: MaskOctaves,
        gains: Sequence[float],
        octave: int,
        rect: Rect,
        light: Light,
    ) -> None:
        last = max(octave, len(gains) - 1)
        self._octave, self._masks, self._light = octave, masks, light
        self._rects: list[Rect] = [rect]
        used = octaves[octave : last + 1]
        self._shapes = [level.shape for level in used]
        for shape in self._shapes[1:]:
            self._rects.append(support(self._rects[-1], shape))
        # What changed in the mask, and is not yet in the picture.
        self._dirty = [[rect] for rect in self._rects]
        bases = [level.base(region(r)) for level, r in zip(used, self._rects, strict=True)]
        differences = [
            level.difference(region(r)) for level, r in zip(used, self._rects, strict=True)
        ]
        factors = [*gains[octave:-1], gains[-1]]
        self._bases = self._bands(bases, factors)
        self._differences = self._bands(differences, factors)
        self._mixed = [np.empty_like(band) for band in self._bases]
        self._totals = [np.empty_like(band) for band in self._bases[1:-1]]
        self._totals += self._mixed[len(self._totals) + 1 :]
        self._pixels: Array = np.empty(self._bases[0].shape, light.dtype)

    def mark(self, changes: Sequence[Sequence[Rect]]) -> None:
        """Take note of what changed in the mask at each level."""
        for dirty, rects, shown in zip(
            self._dirty, changes[self._octave :], self._rects, strict=False
        ):
            dirty += filter(None, (intersection(rect, shown) for rect in rects))

    def render(self) -> Array:
        """Bring the picture up to date and return it; it is overwritten by the next call."""
        touched: Rect | None = None
        for i in reversed(range(len(self._rects))):
            _share_out(partial(self._mix, i), self._dirty[i])
            dirty = bounding(self._dirty[i])
            self._dirty[i].clear()
            touched = union(dirty, intersection(expanded(touched), self._rects[i]))
            if touched is not None:
                _share_out(partial(self._sum, i), [touched])
        return self._pixels

    def _bands(self, octaves: Sequence[Floats], gains: Sequence[float]) -> list[Floats]:
        """Subtract from each octave the next one, expanded, and apply the gains."""
        bands = []
        for i, octave in enumerate(octaves):
            band = octave.copy()
            if i + 1 < len(octaves):
                band -= self._expanded(octaves[i + 1], i + 1, self._rects[i])
            if gains[i] != 1:
                band *= np.float32(gains[i])
            if i == 0 and has_alpha(band.shape):
                band[..., 3] = octave[..., 3]
            bands.append(band)
        return bands

    def _mix(self, i: int, rect: Rect) -> None:
        """Renew a part of a mixed band: the base's and the mask's share of the difference's."""
        here = self._local(i, rect)
        mask = self._masks.part(self._octave + i, region(rect))
        share = spread(mask, self._differences[i].shape) * self._differences[i][here]
        np.add(self._bases[i][here], share, out=self._mixed[i][here])

    def _sum(self, i: int, rect: Rect) -> None:
        """Renew a part of the sum of a mixed band and all coarser ones."""
        here = self._local(i, rect)
        mixed = self._mixed[i][here]
        last = i + 1 == len(self._rects)
        rest = np.zeros_like(mixed) if last else self._expanded(self._totals[i], i + 1, rect)
        if i == 0:
            if has_alpha(mixed.shape):
                rest[..., 3] = 0
            self._light.store(mixed, rest, self._pixels[here])
        elif not last:  # the coarsest sum is the mixed octave itself
            np.add(mixed, rest, out=self._totals[i - 1][here])

    def _local(self, i: int, rect: Rect) -> Region:
        return region(rect, self._rects[i])

    def _expanded(self, coarser: Floats, i: int, rect: Rect) -> Floats:
        """Expand what is shown of the i-th level to a part of the one before."""
        left, top, right, bottom = support(rect, self._shapes[i])
        finer = cv2.pyrUp(coarser[self._local(i, (left, top, right, bottom))])
        return np.asarray(finer, np.float32)[region(rect, (2 * left, 2 * top))]


def _share_out(work: Callable[[Rect], None], rects: Sequence[Rect]) -> None:
    """Do work on rectangles, cut into bands, in several threads where that is worth it."""
    parts = [band for rect in rects for band in bands(rect, _BAND)]
    pixels = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in parts)
    on_all_processors(work, parts, alone=pixels < _WORTH_IT)
