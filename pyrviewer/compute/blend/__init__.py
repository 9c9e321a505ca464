"""Multiresolution blending: two images joined along a mask, each octave over its own width.

P. J. Burt and E. H. Adelson, "A multiresolution spline with application to image mosaics", ACM
Transactions on Graphics 2, 1983.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.blend.core import (
    Octave,
    Sources,
    check_gains,
    check_mask,
    check_pair,
    choose_levels,
    has_alpha,
    reach,
    spread,
    widen,
)
from pyrviewer.compute.blend.engine import BlendEngine
from pyrviewer.compute.blend.inputs import Placed, fill_transparent, harmonise, place
from pyrviewer.compute.blend.strips import blend_strips, octaves_of
from pyrviewer.compute.resample import expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.blend.light import Floats
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "Blend",
    "BlendEngine",
    "BlendLevel",
    "Placed",
    "auto_levels",
    "blend",
    "blend_report",
    "fill_transparent",
    "harmonise",
    "levels_of",
    "place",
    "reach",
]


@dataclass(frozen=True, eq=False)
class Blend:
    """A blend, and where it would have left the range of its dtype.

    Attributes
    ----------
    pixels : array
        The blend.
    clipped : float
        Share of the pixels with a sample that had to be clipped, 0 to 1. Floats are not clipped.
    overflow : (H, W) array of bool
        Which pixels those are.
    """

    pixels: Array
    clipped: float
    overflow: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BlendLevel:
    """What happens at one level of a blend; all float32 but `partial`.

    In units of the samples, or 0 to 1 in linear light. The coarsest level has no bands: there the
    octaves themselves are mixed.

    Attributes
    ----------
    level : int
        0 is the finest.
    mask : (h, w) array
        The octave of the mask, 0 to 1.
    band_a, band_b : array
        The signed band of each image.
    band_mixed : array
        ``gain * (mask * band_a + (1 - mask) * band_b)``.
    partial : array
        The blend rebuilt from the coarsest level down to this one, in the dtype of the images.
    """

    level: int
    mask: Floats
    band_a: Floats
    band_b: Floats
    band_mixed: Floats
    partial: Array


def auto_levels(shape: tuple[int, ...]) -> int:
    """Return the number of levels that suits images of a shape: floor(log2(min side)) - 2.

    The coarsest octave then has 4 to 7 pixels on its shorter side.
    """
    return choose_levels(shape, None)


def blend(
    a: Array,
    b: Array,
    mask: Array,
    levels: int | None = None,
    *,
    linear: bool = False,
    wrap: bool = False,
    gains: Sequence[float] | None = None,
    ticket: Ticket | None = None,
) -> Array:
    """Blend two images along a mask.

    Parameters
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Two images of one shape and dtype (`harmonise` and `place` make them so); not changed; any
        memory layout. Fully transparent pixels count with the colours of their surroundings.
        Alpha is mixed by the mask alone, at every level.
    mask : (H, W) array of uint8
        255 takes `a`, 0 takes `b`.
    levels : int, optional
        Number of bands, 0 (cut-and-paste) to `pyramid.max_levels`; by default `auto_levels`.
    linear : bool
        Blend amounts of light: undo the sRGB curve before and redo it after.
    wrap : bool
        The left and right edge meet, as in a panorama of 360 degrees.
    gains : sequence of float, optional
        One factor for each mixed band, finest first, and one for the residual: ``levels + 1``
        numbers. The blend is ``sum of gains[k] * (M_k L_k(A) + (1 - M_k) L_k(B))``, expanded.
    ticket : Ticket, optional
        Told how far the work is, and asked whether to go on.

    Returns
    -------
    array
        The dtype and shape of `a`; integers are rounded and clipped. `a` to the bit where the mask
        is 255 for `reach` pixels around, and likewise `b`; `a` if both images are equal.

    Raises
    ------
    ValueError
        For arrays that are not two images and a mask of one size, levels outside 0 to
        `pyramid.max_levels`, and gains that are not ``levels + 1`` finite numbers.
    UserError
        For images with NaN or infinity.
    Cancelled
        If the ticket was cancelled.
    """
    check_pair(a, b)
    return blend_strips(a, b, mask, levels, linear, wrap, gains, ticket)


def blend_report(
    a: Array,
    b: Array,
    mask: Array,
    levels: int | None = None,
    *,
    linear: bool = False,
    wrap: bool = False,
    gains: Sequence[float] | None = None,
    ticket: Ticket | None = None,
) -> Blend:
    """Blend as `blend` does, and tell where samples had to be clipped."""
    check_pair(a, b)
    overflow = np.zeros(a.shape[:2], np.bool_)
    pixels = blend_strips(a, b, mask, levels, linear, wrap, gains, ticket, overflow)
    return Blend(pixels, float(overflow.mean()), overflow)


def levels_of(
    a: Array,
    b: Array,
    mask: Array,
    levels: int | None = None,
    *,
    octave: int = 0,
    linear: bool = False,
    wrap: bool = False,
    gains: Sequence[float] | None = None,
    ticket: Ticket | None = None,
) -> list[BlendLevel]:
    """Take a blend apart: what `blend` does with the same arguments, level by level.

    Parameters
    ----------
    a, b, mask, levels, linear, wrap, gains, ticket
        As in `blend`.
    octave : int
        The finest level to tell of, 0 to `levels`: finer ones are left out to save memory.

    Returns
    -------
    list of BlendLevel
        From `octave` to the coarsest.

    Raises
    ------
    ValueError
        As `blend`, and for an octave outside the levels.
    """
    check_pair(a, b)
    check_mask(mask, a.shape)
    levels = choose_levels(a.shape, levels)
    if not 0 <= octave <= levels:
        msg = f"octave must be 0 to {levels}, got {octave}"
        raise ValueError(msg)
    factors = check_gains(gains, levels)
    pad = 4 << levels if wrap else 0
    source = Sources(widen(a, pad), widen(b, pad), widen(mask, pad), linear, ticket)
    coarse = octaves_of(source, levels, with_base=True, ticket=ticket)
    octaves: list[Sources | Octave] = [source, *coarse]
    found: list[BlendLevel] = []
    total: Floats | None = None
    coarser: Octave | None = None
    for k in reversed(range(octave, levels + 1)):
        here = octaves[k].whole()
        b_k, d_k, m_k = here.b, here.d, spread(here.m, here.shape)
        if coarser is not None and total is not None:
            b_k = b_k - expand(coarser.b, b_k.shape, ticket)
            d_k = d_k - expand(coarser.d, d_k.shape, ticket)
            total = expand(total, d_k.shape, ticket)
        mixed = np.float32(factors[k]) * (b_k + m_k * d_k)
        total = mixed if total is None else total + mixed
        if has_alpha(here.shape):
            total[..., 3] = (here.b + m_k * here.d)[..., 3]
        coarser = here
        partial = np.empty(total.shape, a.dtype)
        source.light.store(total, np.zeros_like(total), partial)
        level = (here.m, b_k + d_k, b_k, mixed, partial)
        found.append(BlendLevel(k, *(_inner(array, pad >> k, a.shape, k) for array in level)))
    return found[::-1]


def _inner(array: Array, pad: int, shape: tuple[int, ...], k: int) -> Array:
    """Cut off the columns that were added to wrap around."""
    return array[:, pad : pad + -(-shape[1] // (1 << k))] if pad else array
