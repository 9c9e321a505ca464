"""One step down a pyramid, and the steps up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.geometry import LevelGeometry, level_geometry, level_shapes
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.prefilter import (
    Prefilter,
    check_prefilter,
    keeps_even_samples,
    low_pass,
)
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

Rect = tuple[int, int, int, int]
"""x0, y0, x1, y1: half open, in pixels."""

_Positions = npt.NDArray[np.floating[Any]]


def reduce(
    octave: Array,
    shape: tuple[int, int] | None = None,
    *,
    prefilter: Prefilter = "binomial",
    ratio: float = 2.0,
    ticket: Ticket | None = None,
) -> Array:
    """Make the next coarser octave.

    Parameters
    ----------
    octave : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Not changed.
    shape : (int, int), optional
        Height and width of the result. At ratio 2 always half, rounded up. At other ratios a
        pyramid gives the shape here, because rounding side by side from octave to octave would
        drift away from ``side / ratio**level``; the default is ``round(side / ratio)``.
    prefilter : Prefilter
        As in `gaussian_pyramid`.
    ratio : float
        Finer side over coarser side, 1.1 to 4.
    ticket : Ticket, optional
        Asked whether to go on.

    Returns
    -------
    array
        The dtype of `octave`, rounded for integers; new memory, C-contiguous.

    Raises
    ------
    ValueError
        For an unknown prefilter, a ratio outside 1.1 to 4 or at which the prefilter is not
        defined, and a shape that the octave cannot be reduced to.
    """
    check_prefilter(prefilter, ratio)
    height, width = _target(octave, shape, ratio)
    if ticket is not None:
        ticket.check()
    if ratio == 2 and prefilter == "binomial":
        return np.asarray(cv2.pyrDown(octave))
    if keeps_even_samples(prefilter, ratio):
        if prefilter != "none":
            octave = low_pass(octave, prefilter, ticket=ticket)
        return octave[::2, ::2].copy()
    if prefilter == "box" and ratio == 2:
        bottom, right = 2 * height - octave.shape[0], 2 * width - octave.shape[1]
        if bottom or right:
            octave = cv2.copyMakeBorder(octave, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    if prefilter in ("box", "area"):
        return np.asarray(cv2.resize(octave, (width, height), interpolation=cv2.INTER_AREA))
    if prefilter != "none":
        octave = low_pass(octave, prefilter, ratio=ratio, ticket=ticket)
    return np.asarray(cv2.resize(octave, (width, height), interpolation=cv2.INTER_LINEAR))


def expand(octave: Array, shape: tuple[int, ...], ticket: Ticket | None = None) -> Array:
    """Interpolate an octave to the next finer one, as ``cv2.pyrUp``.

    Between the samples stand zeros, smoothed by four times the binomial: the EXPAND of Burt and
    Adelson (1983). On the left and top the octave is mirrored about its outermost samples, on the
    right and bottom the outermost sample is repeated.

    Parameters
    ----------
    octave : (h, w) or (h, w, 3 | 4) array of uint8, uint16, int16, int32 or float32
        Not changed. int32 holds up to 18 bits and a sign: signed bands of uint16.
    shape : (int, int, ...)
        Height and width of the finer octave: its halves, rounded up, are h and w.
    ticket : Ticket, optional
        Asked whether to go on before every strip of rows.

    Returns
    -------
    array
        The dtype of `octave`; integers are rounded, halves up.

    Raises
    ------
    ValueError
        If `shape` does not reduce to the shape of `octave`.
    """
    finer = np.empty((*shape[:2], *octave.shape[2:]), octave.dtype)
    for rows, expanded in expanded_strips(octave, finer.shape, ticket):
        finer[rows] = expanded
    return finer


def expanded_strips(
    octave: Array, shape: tuple[int, ...], ticket: Ticket | None = None
) -> Iterator[tuple[slice, Array]]:
    """Yield, strip by strip, the rows of `expand` and where they lie.

    Parameters
    ----------
    octave, shape, ticket
        As in `expand`.

    Yields
    ------
    (slice, array)
        Rows of the finer octave, and their samples.

    Raises
    ------
    ValueError
        If `shape` does not reduce to the shape of `octave`.
    """
    height, width = shape[:2]
    if octave.shape[:2] != (-(-height // 2), -(-width // 2)):
        msg = f"an octave of shape {octave.shape} does not expand to {height} x {width} pixels"
        raise ValueError(msg)
    for rows in strips(shape, ticket):
        first, last = _support(rows.start, rows.stop, octave.shape[0])
        expanded = _pyr_up(octave[first:last])[:, :width]
        yield rows, expanded[rows.start - 2 * first : rows.stop - 2 * first]


def upsample(
    octave: Array,
    level: int,
    shape: tuple[int, ...],
    *,
    ratio: float = 2.0,
    prefilter: Prefilter = "binomial",
    ticket: Ticket | None = None,
) -> Array:
    """Bring an octave to the size of the base image, each pixel where it belongs.

    Octaves that keep the even samples are expanded level by level. "box", "area" and other ratios
    are interpolated linearly between the centres that `level_geometry` gives.

    Parameters
    ----------
    octave : (h, w) or (h, w, 3 | 4) array of uint8, uint16, int16, int32 or float32
        Level `level` of a pyramid of images, signed bands or differences. Not changed.
    level : int
        0 returns a copy.
    shape : (int, int, ...)
        Height and width of the base image.
    ratio, prefilter
        What the octave was reduced with.
    ticket : Ticket, optional
        Asked whether to go on.

    Returns
    -------
    array
        The dtype of `octave`; integers are rounded.

    Raises
    ------
    ValueError
        If `octave` is not as large as `level` is on `shape`.
    """
    check_prefilter(prefilter, ratio)
    shapes = _check_level(octave, level, shape, ratio)
    if level == 0:
        return octave.copy()
    if not keeps_even_samples(prefilter, ratio):
        height, width = shapes[0]
        return _interpolate(
            octave,
            level_geometry(shape, level, ratio=ratio, prefilter=prefilter),
            level_geometry(shape, 0),
            (0, 0, width, height),
            ticket,
        )
    for finer in reversed(shapes[:-1]):
        octave = expand(octave, finer, ticket)
    return octave


def upsample_region(
    octave: Array,
    level: int,
    shape: tuple[int, ...],
    rect: Rect,
    to_level: int = 0,
    *,
    ratio: float = 2.0,
    prefilter: Prefilter = "binomial",
) -> Array:
    """Return one part of what `upsample` would give, without making the rest.

    Parameters
    ----------
    octave, level, shape, ratio, prefilter
        As in `upsample`.
    rect : (int, int, int, int)
        x0, y0, x1, y1, half open, in pixels of `to_level`.
    to_level : int
        The level to stop at, 0 to `level`.

    Returns
    -------
    (y1 - y0, x1 - x0, ...) array
        Equal to the bit to the same part of the whole; new memory, C-contiguous.

    Raises
    ------
    ValueError
        If `octave` is not as large as `level` is on `shape`, and for a rectangle that is empty or
        reaches outside `to_level`.
    """
    check_prefilter(prefilter, ratio)
    shapes = _check_level(octave, level, shape, ratio)
    if not 0 <= to_level <= level:
        msg = f"to_level must be 0 to {level}, got {to_level}"
        raise ValueError(msg)
    _check_rect(rect, shapes[to_level])
    if level > to_level and not keeps_even_samples(prefilter, ratio):
        source = level_geometry(shape, level, ratio=ratio, prefilter=prefilter)
        target = level_geometry(shape, to_level, ratio=ratio, prefilter=prefilter)
        return _interpolate(octave, source, target, rect)
    # Which part of each level is needed, from the target up to the octave itself.
    parts = [rect]
    for height, width in shapes[to_level + 1 :]:
        x0, y0, x1, y1 = parts[-1]
        (x0, x1), (y0, y1) = _support(x0, x1, width), _support(y0, y1, height)
        parts.append((x0, y0, x1, y1))
    left, top, right, bottom = parts.pop()
    octave = octave[top:bottom, left:right]
    for x0, y0, x1, y1 in reversed(parts):
        finer = _pyr_up(octave)
        octave = finer[y0 - 2 * top : y1 - 2 * top, x0 - 2 * left : x1 - 2 * left]
        left, top = x0, y0
    return octave.copy()


def _target(octave: Array, shape: tuple[int, int] | None, ratio: float) -> tuple[int, int]:
    """Shape of the next octave; refuses one that is not a reduction."""
    height, width = octave.shape[:2]
    halves = (-(-height // 2), -(-width // 2))
    if shape is None:
        if ratio == 2:
            return halves
        return max(1, int(height / ratio + 0.5)), max(1, int(width / ratio + 0.5))
    reducible = shape == halves if ratio == 2 else shape[0] <= height and shape[1] <= width
    if not reducible or min(shape) < 1:
        msg = f"an octave of shape {octave.shape} does not reduce to {shape} at ratio {ratio:g}"
        raise ValueError(msg)
    return shape


def _support(start: int, stop: int, side: int) -> tuple[int, int]:
    """Coarser samples that finer samples start .. stop - 1 are interpolated from."""
    return max(start // 2 - 1, 0), min((stop - 1) // 2 + 2, side)


def _pyr_up(octave: Array) -> Array:
    """``cv2.pyrUp`` to twice the size, for int32 too. Odd sizes are the same, cut short."""
    if octave.dtype != np.int32:
        return np.asarray(cv2.pyrUp(octave))
    # Exact: the weights are multiples of 1/64, so 18 bits grow to 24.
    finer = cv2.pyrUp(octave.astype(np.float32))
    return np.asarray(np.floor(finer + np.float32(0.5)), np.int32)


def _interpolate(
    octave: Array,
    source: LevelGeometry,
    target: LevelGeometry,
    rect: Rect,
    ticket: Ticket | None = None,
) -> Array:
    """Linear interpolation of an octave at the pixel centres of `rect` in `target`."""
    x0, y0, x1, y1 = rect
    height, width = octave.shape[:2]
    columns: _Positions = target.offset_x + target.scale_x * (np.arange(x0, x1) + 0.5)
    rows: _Positions = target.offset_y + target.scale_y * (np.arange(y0, y1) + 0.5)
    left, right, share_x = _neighbours((columns - source.offset_x) / source.scale_x, width)
    above, below, share_y = _neighbours((rows - source.offset_y) / source.scale_y, height)
    channels = (1,) * (octave.ndim - 2)
    share_x, share_y = share_x.reshape(-1, *channels), share_y.reshape(-1, 1, *channels)
    result = np.empty((y1 - y0, x1 - x0, *octave.shape[2:]), octave.dtype)
    for strip in strips(result.shape, ticket):
        first, last = above[strip][0], below[strip][-1] + 1
        wide = octave[first:last].astype(np.float32)
        wide = _mix(wide.take(left, axis=1), wide.take(right, axis=1), share_x)
        mixed = _mix(wide[above[strip] - first], wide[below[strip] - first], share_y[strip])
        if octave.dtype.kind != "f":
            np.floor(mixed + np.float32(0.5), out=mixed)
        result[strip] = mixed
    return result


def _mix(a: Array, b: Array, share: npt.NDArray[np.float32]) -> Array:
    """Return ``a + share * (b - a)``, in the memory of `b`."""
    b -= a
    b *= share
    b += a
    return b


def _neighbours(
    positions: _Positions, side: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[Any]]:
    """Find the samples on both sides of each position, and the share of the second."""
    inside = np.clip(positions - 0.5, 0, side - 1)
    first = np.floor(inside).astype(np.intp)
    return first, np.minimum(first + 1, side - 1), (inside - first).astype(np.float32)


def _check_level(
    octave: Array, level: int, shape: tuple[int, ...], ratio: float
) -> list[tuple[int, int]]:
    """Shapes of the levels 0 to `level`; refuses an octave that is not the last of them."""
    shapes = level_shapes(shape, level, ratio)
    if octave.shape[:2] != shapes[level]:
        height, width = shape[:2]
        msg = (
            f"level {level} of {height} x {width} pixels has the shape {shapes[level]}, "
            f"got an octave of shape {octave.shape}"
        )
        raise ValueError(msg)
    return shapes


def _check_rect(rect: Rect, shape: tuple[int, int]) -> None:
    x0, y0, x1, y1 = rect
    height, width = shape
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        msg = f"rect {rect} is empty or reaches outside {height} x {width} pixels"
        raise ValueError(msg)
