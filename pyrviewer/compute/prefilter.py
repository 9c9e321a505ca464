"""The low-pass filters that stand in front of a reduction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

Prefilter = Literal["binomial", "none", "box", "area", "lanczos", "max"]
"""What may stand in front of a reduction."""

MIN_RATIO = 1.1
MAX_RATIO = 4.0

_LANCZOS_LOBES = 3


def check_prefilter(prefilter: Prefilter, ratio: float) -> None:
    """Refuse an unknown prefilter, a ratio outside 1.1 to 4, and "max" at a ratio other than 2.

    Raises
    ------
    ValueError
        With the value that was given.
    """
    if prefilter not in get_args(Prefilter):
        msg = f"prefilter must be one of {', '.join(get_args(Prefilter))}, got {prefilter!r}"
        raise ValueError(msg)
    if not MIN_RATIO <= ratio <= MAX_RATIO:
        msg = f"ratio must be {MIN_RATIO:g} to {MAX_RATIO:g}, got {ratio!r}"
        raise ValueError(msg)
    if prefilter == "max" and ratio != 2:
        msg = f"prefilter 'max' is defined at ratio 2 only, got ratio {ratio:g}"
        raise ValueError(msg)


def keeps_even_samples(prefilter: Prefilter, ratio: float = 2.0) -> bool:
    """Whether a reduction keeps the even samples, instead of dividing the side edge to edge."""
    return ratio == 2 and prefilter not in ("box", "area")


def gaussian_sigma(ratio: float) -> float:
    """Return the standard deviation, in pixels, of the Gaussian in front of a reduction by `ratio`.

    ``sigma**2 = (ratio**2 - 1) / 3``. At ratio 2 this is 1, the variance of the 5-tap binomial,
    and it is the only such rule under which two reductions by r and s blur as much as one by
    r * s: ``sigma(r)**2 + r**2 * sigma(s)**2 == sigma(r * s)**2``.

    Notes
    -----
    Variances of cascaded Gaussians add: Lindeberg, *Scale-Space Theory in Computer Vision*, 1994;
    Lowe, IJCV 60, 2004, section 3, uses the same sum for the blur added between two scales.
    """
    return math.sqrt((ratio * ratio - 1) / 3)


def kernel(prefilter: Prefilter, ratio: float = 2.0) -> npt.NDArray[np.float64]:
    """Return the centred taps of one axis: odd in number, symmetric, sum 1.

    Parameters
    ----------
    prefilter : {"binomial", "none", "lanczos"}
        "binomial" is Burt's (1, 4, 6, 4, 1) / 16 at ratio 2, else a Gaussian of `gaussian_sigma`
        cut at three standard deviations. "lanczos" is ``sinc(x / ratio) * sinc(x / (3 * ratio))``
        for ``abs(x) < 3 * ratio``: a low-pass at the Nyquist frequency of the reduced octave under
        a window of three lobes.
    ratio : float
        Finer side over coarser side.

    Returns
    -------
    (n,) float64 array

    Raises
    ------
    ValueError
        For "box" and "area", which average cells, and "max", which is not a convolution.

    Notes
    -----
    Burt and Adelson, IEEE Trans. Communications 31, 1983. Duchon, J. Applied Meteorology 18, 1979.
    """
    check_prefilter(prefilter, ratio)
    if prefilter == "none":
        return np.ones(1)
    if prefilter == "binomial" and ratio == 2:
        return np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    if prefilter == "binomial":
        sigma = gaussian_sigma(ratio)
        x = _centred(math.ceil(3 * sigma))
        taps = np.exp(-(x**2) / (2 * sigma**2))
    elif prefilter == "lanczos":
        x = _centred(math.ceil(_LANCZOS_LOBES * ratio) - 1)
        taps = np.sinc(x / ratio) * np.sinc(x / (_LANCZOS_LOBES * ratio))
    else:
        msg = f"prefilter {prefilter!r} has no centred kernel"
        raise ValueError(msg)
    return np.asarray(taps / taps.sum())


def low_pass(
    octave: Array,
    prefilter: Prefilter = "binomial",
    *,
    ratio: float = 2.0,
    ticket: Ticket | None = None,
) -> Array:
    """Filter an octave as a reduction does before it drops samples.

    Parameters
    ----------
    octave : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Not changed. Outside it the picture is mirrored about its outermost pixels (reflect-101);
        for "box" and "area" the outermost pixels are repeated.
    prefilter : Prefilter
        As in `gaussian_pyramid`. "box" and "area" put the mean of pixels 2i and 2i + 1 at 2i, so
        that the even samples are the means of the cells; they are defined here at ratio 2 only.
    ratio : float
        Finer side over coarser side, 1.1 to 4.
    ticket : Ticket, optional
        Asked whether to go on before every strip of rows.

    Returns
    -------
    array
        Same shape and dtype, rounded for integers; new memory.

    Raises
    ------
    ValueError
        For an unknown prefilter, and for a ratio at which it is not defined.
    """
    filtered = np.empty(octave.shape, octave.dtype)
    for rows, smooth in low_pass_strips(octave, prefilter, ratio=ratio, ticket=ticket):
        filtered[rows] = smooth
    return filtered


def low_pass_strips(
    octave: Array,
    prefilter: Prefilter = "binomial",
    *,
    ratio: float = 2.0,
    ticket: Ticket | None = None,
) -> Iterator[tuple[slice, Array]]:
    """Yield, strip by strip, the rows of `low_pass` and where they lie.

    Parameters
    ----------
    octave, prefilter, ratio, ticket
        As in `low_pass`.

    Yields
    ------
    (slice, array)
        Rows of the octave, and their filtered samples.

    Raises
    ------
    ValueError
        As `low_pass`.
    """
    check_prefilter(prefilter, ratio)
    if prefilter in ("box", "area") and ratio != 2:
        msg = f"prefilter {prefilter!r} is a filter of its own at ratio 2 only, got {ratio:g}"
        raise ValueError(msg)
    halo = 1 if prefilter in ("box", "area", "max") else kernel(prefilter, ratio).size // 2
    for rows in strips(octave.shape, ticket):
        first, last = max(rows.start - halo, 0), min(rows.stop + halo, octave.shape[0])
        smooth = _filter(octave[first:last], prefilter, ratio)
        yield rows, smooth[rows.start - first : rows.stop - first]


def _filter(octave: Array, prefilter: Prefilter, ratio: float) -> Array:
    """Filter at full resolution."""
    if prefilter == "none":
        return octave
    if prefilter == "max":
        return np.asarray(cv2.dilate(octave, np.ones((3, 3), np.uint8)))
    if prefilter in ("box", "area"):
        return np.asarray(cv2.blur(octave, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE))
    taps = kernel(prefilter, ratio)
    if prefilter == "lanczos":
        return np.asarray(cv2.sepFilter2D(octave, -1, taps, taps))
    # With sigma 0 and five taps OpenCV takes the binomial itself. Its Gaussian is rounded once,
    # from exact sums; sepFilter2D would round the taps of uint8 images to 1/256 each.
    sigma = 0.0 if ratio == 2 else gaussian_sigma(ratio)
    return np.asarray(cv2.GaussianBlur(octave, (taps.size, taps.size), sigma))


def _centred(radius: int) -> npt.NDArray[np.float64]:
    """Offsets -radius .. radius."""
    return np.arange(-radius, radius + 1, dtype=np.float64)
