"""Gaussian and Laplacian pyramids, their variants, and what they take up."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.geometry import level_shapes, max_levels
from pyrviewer.compute.image import Array, check
from pyrviewer.compute.laplacian import LaplacianPyramid, signed_dtype
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.prefilter import Prefilter, check_prefilter, low_pass_strips
from pyrviewer.compute.progress import Progress
from pyrviewer.compute.resample import (
    Rect,
    expand,
    expanded_strips,
    reduce,
    upsample,
    upsample_region,
)
from pyrviewer.compute.storage import Storage, storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "LaplacianPyramid",
    "Prefilter",
    "Rect",
    "Storage",
    "difference_of_gaussians",
    "expand",
    "gaussian_pyramid",
    "laplacian_pyramid",
    "level_shapes",
    "max_levels",
    "reduce",
    "storage",
    "upsample",
    "upsample_region",
]

_REDUCING = 0.3
"""Share of the reductions in the work of a Laplacian pyramid."""


def gaussian_pyramid(
    image: Array,
    levels: int | None = None,
    *,
    prefilter: Prefilter = "binomial",
    ratio: float = 2.0,
    ticket: Ticket | None = None,
) -> list[Array]:
    """Reduce an image again and again.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Not changed; any memory layout.
    levels : int, optional
        Number of reductions, 0 to `max_levels`, the default: down to 1 x 1.
    prefilter : Prefilter
        What each octave is smoothed with before samples are dropped.

        - "binomial": 5 taps (1, 4, 6, 4, 1) / 16 at ratio 2, exactly ``cv2.pyrDown``; a Gaussian
          of variance (ratio**2 - 1) / 3 at other ratios.
        - "none": the samples as they are; at other ratios interpolated linearly.
        - "box": mean of cells of 2 x 2; an odd side repeats its last pixel.
        - "area": mean of the cells that divide the side edge to edge (``cv2.INTER_AREA``); "box"
          is the same at ratios other than 2.
        - "lanczos": windowed sinc of three lobes at the new Nyquist frequency.
        - "max": largest of 3 x 3 around the samples kept; ratio 2 only.
    ratio : float
        Finer side over coarser side, 1.1 to 4. 2 halves, rounding up, and keeps the even samples.
        Others round ``side / ratio**level`` and sample the filtered octave linearly.
    ticket : Ticket, optional
        Asked whether to go on before every octave.

    Returns
    -------
    list of array
        ``levels + 1`` octaves in the dtype of `image`, finest first. The first is `image` itself,
        the others are new memory, C-contiguous.

    Raises
    ------
    ValueError
        For an array or dtype that is not an image, samples that are not finite, levels outside 0
        to `max_levels`, a ratio outside 1.1 to 4 and an unknown prefilter.

    Notes
    -----
    P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE
    Transactions on Communications 31, 1983.
    """
    return _reduced(image, levels, prefilter, ratio, ticket)


def laplacian_pyramid(
    image: Array,
    levels: int | None = None,
    *,
    octaves: Sequence[Array] | None = None,
    ticket: Ticket | None = None,
) -> LaplacianPyramid:
    """Split an image into bands of one octave each.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Not changed; any memory layout.
    levels : int, optional
        Number of bands, 0 to `max_levels`; the default is as many as there are `octaves`, or else
        `max_levels`.
    octaves : sequence of array, optional
        An existing Gaussian pyramid of `image` at ratio 2, to save making it again.
    ticket : Ticket, optional
        Asked whether to go on before every strip of rows.

    Returns
    -------
    LaplacianPyramid

    Raises
    ------
    ValueError
        As `gaussian_pyramid`, and for octaves that are too few or not a pyramid of `image`.

    Notes
    -----
    Burt and Adelson, 1983. `LaplacianPyramid.collapse` adds exactly what was subtracted here, the
    expanded octave in its own dtype, which is why integers come back to the bit.
    """
    if octaves is None:
        octaves = _reduced(image, levels, "binomial", 2.0, ticket, stop=_REDUCING)
    else:
        octaves = _given_octaves(image, levels, octaves)
    work = sum(octave.size for octave in octaves[:-1])
    progress = Progress(ticket, work, start=_REDUCING)
    bands = []
    for octave, coarser in pairwise(octaves):
        band = np.empty(octave.shape, octave.dtype)
        for rows, expanded in expanded_strips(coarser, octave.shape):
            np.subtract(octave[rows], expanded, out=band[rows])
            progress.add(expanded.size)
        bands.append(_read_only(band))
    return LaplacianPyramid(tuple(bands), _read_only(octaves[-1].copy()))


def difference_of_gaussians(octaves: Sequence[Array], ticket: Ticket | None = None) -> list[Array]:
    """Take from each octave its own smoothing, at the same resolution.

    The filter-subtract-decimate pyramid: ``G_k - smooth(G_k)`` with the 5-tap binomial, whose even
    samples are octave k + 1. Unlike a Laplacian band, nothing is interpolated, so no samples that
    the next octave dropped come back as ripples; in exchange the bands and the residual do not
    add up to the image.

    Parameters
    ----------
    octaves : sequence of array
        A Gaussian pyramid of any ratio, uint8, uint16 or float32.
    ticket : Ticket, optional
        Asked whether to go on before every strip of rows.

    Returns
    -------
    list of array
        As many as there are octaves: signed differences, int16 for uint8, int32 for uint16,
        float32 for float32, and last a copy of the coarsest octave in its own dtype.

    Raises
    ------
    ValueError
        For no octaves, and for an array or dtype that is not an image.

    Notes
    -----
    C. H. Anderson, "Filter-subtract-decimate hierarchical pyramid signal analyzing and
    synthesizing technique", US patent 4718104, 1988.
    """
    if not octaves:
        msg = "octaves must hold at least one array, got none"
        raise ValueError(msg)
    progress = Progress(ticket, sum(octave.size for octave in octaves[:-1]))
    differences = []
    for octave in octaves[:-1]:
        check(octave)
        difference = np.empty(octave.shape, signed_dtype(octave.dtype))
        for rows, smooth in low_pass_strips(octave, ticket=ticket):
            np.subtract(octave[rows], smooth, out=difference[rows], dtype=difference.dtype)
            progress.add(smooth.size)
        differences.append(difference)
    return [*differences, octaves[-1].copy()]


def _reduced(
    image: Array,
    levels: int | None,
    prefilter: Prefilter,
    ratio: float,
    ticket: Ticket | None,
    stop: float = 1.0,
) -> list[Array]:
    """Gaussian pyramid; `stop` is the fraction of the work that it ends with."""
    check(image)
    check_prefilter(prefilter, ratio)
    if levels is None:
        levels = max_levels(image.shape, ratio)
    shapes = level_shapes(image.shape, levels, ratio)
    progress = Progress(ticket, sum(map(math.prod, shapes[:-1])), stop=stop)
    octaves = [image]
    for finer, shape in pairwise(shapes):
        octaves.append(reduce(octaves[-1], shape, prefilter=prefilter, ratio=ratio, ticket=ticket))
        progress.add(math.prod(finer))
    # A filter without gaps passes on whatever is not finite, so that the coarsest octave tells.
    _check_finite(image, image if prefilter in ("none", "max") else octaves[-1])
    return octaves


def _given_octaves(image: Array, levels: int | None, octaves: Sequence[Array]) -> list[Array]:
    """Octaves 0 to `levels` of an existing pyramid of `image`."""
    check(image)
    levels = len(octaves) - 1 if levels is None else levels
    shapes = level_shapes(image.shape, levels)
    given = [octave.shape for octave in octaves[: levels + 1]]
    expected = [(*shape, *image.shape[2:]) for shape in shapes]
    if given != expected or any(octave.dtype != image.dtype for octave in octaves):
        msg = f"octaves must be {image.dtype} of the shapes {expected}, got {given}"
        raise ValueError(msg)
    _check_finite(image, image)
    return [image, *octaves[1 : levels + 1]]


def _check_finite(image: Array, sign: Array) -> None:
    """Refuse an image of which NaN or infinity shows in `sign`: they would spread over octaves."""
    if image.dtype.kind == "f" and not cv2.checkRange(sign)[0]:
        count = image.size - np.count_nonzero(np.isfinite(image))
        reason = f"{count} of {image.size} samples are not finite"
        if count == 0:
            reason = f"samples up to {np.abs(image).max():g} are too large to be added up"
        raise ValueError(reason)


def _read_only(array: Array) -> Array:
    """Protect what several views share."""
    array.flags.writeable = False
    return array
