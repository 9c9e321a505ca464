"""A blend at full resolution, in strips of rows.

One Laplacian pyramid is enough: mixing the bands of A and B by the octaves of the mask M is
``B + collapse(M_k L_k(D))`` with D = A - B. Written as cut-and-paste plus a correction that is

    B + M_0 D_0 + R_0,   R_k = expand(M_(k+1) D_(k+1) + R_(k+1)) - M_k expand(D_(k+1)),   R_N = 0.

Where the mask is all 0 or all 1 around a pixel, R is exactly 0, in floating point too: there A and
B stay what they are to the bit.
"""

from __future__ import annotations

import math
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.blend.core import (
    Octave,
    Sources,
    check_gains,
    check_mask,
    choose_levels,
    has_alpha,
    spread,
    widen,
)
from pyrviewer.compute.blend.octaves import halve
from pyrviewer.compute.geometry import level_shapes
from pyrviewer.compute.progress import Progress
from pyrviewer.compute.resample import expanded_strips
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyrviewer.compute.blend.light import Floats
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.rects import Region
    from pyrviewer.compute.ticket import Ticket

    Level = Sources | Octave
    Correction = tuple[Region, Floats, Floats]

_REDUCING = 0.3
"""Share of the reductions in the work."""


def blend_strips(
    a: Array,
    b: Array,
    mask: Array,
    levels: int | None,
    linear: bool,
    wrap: bool,
    gains: Sequence[float] | None,
    ticket: Ticket | None,
    overflow: npt.NDArray[np.bool_] | None = None,
) -> Array:
    """Blend as `blend.blend` does; mark the pixels that are clipped in `overflow`."""
    check_mask(mask, a.shape)
    levels = choose_levels(a.shape, levels)
    factors = check_gains(gains, levels)
    if wrap:
        pad = 4 << levels  # beyond reach, and whole pixels at every level
        inner = slice(pad, pad + a.shape[1])
        wide = (widen(a, pad), widen(b, pad), widen(mask, pad))
        marked = None if overflow is None else widen(overflow, pad)
        pixels = blend_strips(*wide, levels, linear, False, factors, ticket, marked)
        if overflow is not None and marked is not None:
            overflow[:] = marked[:, inner]
        return pixels[:, inner].copy()
    source = Sources(a, b, mask, linear, ticket)
    with_base = any(factor != 1 for factor in factors)
    octaves = octaves_of(source, levels, with_base=with_base, ticket=ticket, stop=_REDUCING)
    pixels = np.empty(a.shape, a.dtype)
    progress = Progress(ticket, a.size, start=_REDUCING)
    for region, mask_strip, correction in _corrections([source, *octaves], factors, ticket):
        if has_alpha(a.shape):
            correction[..., 3] = 0
        values = source.difference(region)
        values *= mask_strip
        values += source.base(region)
        if a.dtype == np.float32:
            np.copyto(values, source.first(region), where=mask_strip == 1)  # B + (A - B) is not A
        source.light.store(values, correction, pixels[region])
        if overflow is not None or source.restores:
            values += correction
        if overflow is not None:
            overflow[region] = source.light.outside(values)
        if source.restores:
            source.restore(pixels[region], values, region)
        progress.add(values.size)
    return pixels


def octaves_of(
    source: Sources,
    levels: int,
    *,
    with_base: bool,
    ticket: Ticket | None = None,
    stop: float = 1.0,
) -> list[Octave]:
    """Return octaves 1 to `levels` of the sources; B only where it is asked for.

    The ticket is told fractions up to `stop`.
    """
    shapes = level_shapes(source.shape, levels)[1:]
    progress = Progress(ticket, (3 if with_base else 2) * sum(map(math.prod, shapes)), stop=stop)
    octaves: list[Octave] = []
    finer: Sources | Octave = source
    for _ in range(levels):
        finer = Octave(
            halve(finer.mask, finer.shape[:2], progress),
            halve(finer.difference, finer.shape, progress),
            halve(finer.base, finer.shape, progress) if with_base else np.empty(0, np.float32),
        )
        octaves.append(finer)
    return octaves


def _corrections(
    octaves: list[Level], gains: Sequence[float], ticket: Ticket | None
) -> Iterator[Correction]:
    """Yield R of the finest level in strips, each with its region and its mask."""
    coarser = octaves.pop()
    found = _coarsest(coarser, gains[len(octaves)], ticket)
    while octaves:
        finer = octaves.pop()
        mixed: Floats = np.empty(coarser.shape, np.float32)
        for region, mask, correction in found:
            np.multiply(mask, coarser.difference(region), out=mixed[region])
            mixed[region] += correction
        assert isinstance(coarser, Octave)
        found = _finer(finer, coarser, mixed, gains[len(octaves)], ticket)
        coarser = finer
    return found


def _coarsest(level: Level, gain: float, ticket: Ticket | None) -> Iterator[Correction]:
    for rows in strips(level.shape, ticket):
        region = (rows, slice(None))
        mask = spread(level.mask(region), level.shape)
        correction: Floats = np.zeros(mask.shape, np.float32)
        if gain != 1:
            correction = level.base(region) + mask * level.difference(region)
            correction *= np.float32(gain - 1)
        yield region, mask, correction


def _finer(
    finer: Level, coarser: Octave, mixed: Floats, gain: float, ticket: Ticket | None
) -> Iterator[Correction]:
    shape = finer.shape
    # With a gain of 1, B does not matter.
    bases = repeat(None) if gain == 1 else (base for _, base in expanded_strips(coarser.b, shape))
    for (rows, correction), (_, difference), base in zip(
        expanded_strips(mixed, shape, ticket), expanded_strips(coarser.d, shape), bases,
        strict=False,
    ):  # fmt: skip
        region = (rows, slice(None))
        mask = spread(finer.mask(region), shape)
        correction -= mask * difference
        if base is not None:
            band = finer.difference(region) - difference
            band *= mask
            band += finer.base(region) - base
            correction += np.float32(gain - 1) * band
        yield region, mask, correction
