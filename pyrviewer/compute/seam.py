"""What a multiresolution blend is compared with, and three numbers that tell how good a seam is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.mask import feather
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check
from pyrviewer.compute.pyramid import gaussian_pyramid
from pyrviewer.compute.rects import Region, region
from pyrviewer.compute.resample import upsample_region
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.compute.mask import Mask
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.ticket import Ticket

_ERODED = 3  # pixels that cv2.seamlessClone takes off the mask
_RELAXED = 12  # steps at each octave
_NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
_TILE = 256
_NEAR = 16  # pixels from the seam within which detail is compared
_BESIDE = 8  # pixels on either side over which a step is measured
_MARGIN = _NEAR + 2 + _BESIDE
_BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16

_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SeamScore:
    """How good a seam is. Each number alone can be had cheaply, all three together cannot.

    Attributes
    ----------
    jump : float
        Mean difference of neighbouring pixels across the seam, over the mean of the same in A and
        in B; 1 is as smooth as the photos themselves. Cut-and-paste fails here, blurring passes.
    step : float
        Mean difference of the averages on either side of the seam, within a square of 17 pixels,
        over that of cut-and-paste. Smoothing a few pixels fails here.
    detail : float
        Detail that was kept within 16 pixels of the seam: the slope of the regression of the
        result's detail on that of A or B, whichever the pixel is of. Blurring, mixing widely and
        taking one image for the other fall below 1, sharpening rises above.
    """

    jump: float
    step: float
    detail: float


def cut(a: Array, b: Array, mask: Mask) -> Array:
    """Take A where the mask is 128 and more, B elsewhere: cut-and-paste.

    Parameters
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Of one shape and dtype; not changed.
    mask : (H, W) uint8 array
        255 takes A.

    Returns
    -------
    array
        New memory.

    Raises
    ------
    ValueError
        For arrays that do not fit each other.
    """
    _check(a, b, mask)
    return np.where(_spread(mask >= 128, a), a, b)


def feathered(
    a: Array, b: Array, mask: Mask, width: float, *, ticket: Ticket | None = None
) -> Array:
    """Mix A and B along the seam over a width in pixels: a cross-fade.

    Parameters
    ----------
    a, b, mask
        As in `cut`.
    width : float
        As in `mask.feather`.
    ticket : Ticket, optional
        Asked before every strip of rows.

    Returns
    -------
    array
        ``b + (a - b) * mask / 255`` with the feathered mask; integers are rounded.

    Raises
    ------
    ValueError
        For arrays that do not fit each other.
    """
    _check(a, b, mask)
    shares = feather(mask, width)
    mixed = np.empty_like(a, order="C")
    for rows in strips(a.shape, ticket):
        share = _spread(shares[rows], a).astype(np.float32) / 255
        base = b[rows].astype(np.float32)
        base += share * (a[rows] - base)
        mixed[rows] = base if a.dtype.kind == "f" else np.rint(base)
    return mixed


def poisson(
    a: Array, b: Array, mask: Mask, *, octave: int = 0, ticket: Ticket | None = None
) -> Array:
    """Copy A's gradients into B with ``cv2.seamlessClone``; colours follow from B at the seam.

    Where the mask reaches the border of the image, A's own colours are held there. OpenCV solves
    for the whole rectangle around the mask, so that some of B changes too.

    Parameters
    ----------
    a, b, mask
        As in `cut`; gray or RGB, uint8.
    octave : int
        Solve at this octave, enlarge what A changes by, and solve anew near the seam. For large
        images: OpenCV takes half a minute for 24 MP and cannot be stopped.
    ticket : Ticket, optional
        Asked whether to go on, before and after OpenCV works.

    Returns
    -------
    uint8 array
        New memory.

    Raises
    ------
    UserError
        For other dtypes and for transparency, which OpenCV does not take.
    ValueError
        For arrays that do not fit each other.

    Notes
    -----
    P. Perez, M. Gangnet and A. Blake, "Poisson image editing", SIGGRAPH 2003.
    """
    _check(a, b, mask)
    if a.dtype != np.uint8 or a.shape[2:] == (4,):
        kind = "transparent" if a.shape[2:] == (4,) else str(a.dtype)
        raise UserError(f"Poisson blending takes 8-bit gray or RGB images; these are {kind}.")
    inside = mask >= 128
    if not inside.any() or inside.all():
        return cut(a, b, mask)
    if octave:
        return _poisson_at(octave, a, b, mask, ticket)
    # A frame keeps the mask off the border; what OpenCV erodes is given back before.
    frame = (_ERODED + 1,) * 4
    region = cv2.copyMakeBorder(inside * np.uint8(255), *frame, cv2.BORDER_CONSTANT)
    region = cv2.dilate(region, np.ones((3, 3), np.uint8), iterations=_ERODED)
    source, target, pasted = (
        cv2.copyMakeBorder(np.dstack([i] * 3) if i.ndim == 2 else i, *frame, cv2.BORDER_REPLICATE)
        for i in (a, b, cut(a, b, mask))
    )
    inner = np.s_[frame[0] : -frame[0], frame[0] : -frame[0]]
    pasted[inner] = target[inner]
    x, y, width, height = cv2.boundingRect(region)
    centre = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(source, pasted, region, centre, cv2.NORMAL_CLONE)[inner]
    return np.ascontiguousarray(cloned if a.ndim == 3 else cloned[..., 0])


def _poisson_at(octave: int, a: Array, b: Array, mask: Mask, ticket: Ticket | None) -> Array:
    firsts, seconds, masks = (gaussian_pyramid(x, octave, ticket=ticket) for x in (a, b, mask))
    solved = poisson(firsts[-1], seconds[-1], masks[-1])
    change = np.subtract(solved, firsts[-1], dtype=np.float32)
    for k in reversed(range(1, octave)):
        finer = np.empty(firsts[k].shape, np.float32)
        for here, part in _enlarged(change, firsts[k], seconds[k], masks[k] >= 128, ticket):
            finer[here] = part
        change = finer
    joined, inside = b.copy(), mask >= 128
    for here, part in _enlarged(change, a, b, inside, ticket):
        moved = np.clip(np.rint(a[here] + part), 0, 255).astype(np.uint8)
        np.copyto(joined[here], moved, where=_spread(inside[here], a))
    return joined


def _enlarged(
    change: Array, a: Array, b: Array, inside: _Bools, ticket: Ticket | None
) -> Iterator[tuple[Region, Array]]:
    """Enlarge what A changes by, part by part; then solve anew in the tiles of the seam.

    Beyond the seam it is B - A. Only what is fine is wrong after enlarging, and a few of Jacobi's
    steps take that away: each value becomes the mean of its neighbours.
    """
    height, width = inside.shape
    for rows in strips(a.shape, ticket):
        rect = (0, rows.start, width, rows.stop)
        yield region(rect), upsample_region(change, 1, inside.shape, rect)
    for tile in _tiles(inside, ticket):
        x0, y0, x1, y1 = tile
        near = (
            max(0, x0 - _RELAXED), max(0, y0 - _RELAXED),
            min(width, x1 + _RELAXED), min(height, y1 + _RELAXED),
        )  # fmt: skip
        part = upsample_region(change, 1, inside.shape, near)
        beyond = _spread(~inside[region(near)], a)
        difference = np.subtract(b[region(near)], a[region(near)], dtype=np.float32)
        for _ in range(_RELAXED):
            np.copyto(part, difference, where=beyond)
            part = cv2.filter2D(part, -1, _NEIGHBOURS, borderType=cv2.BORDER_REFLECT)
        yield region(tile), part[region(tile, near)]


def score(
    result: Array, a: Array, b: Array, mask: Mask, *, ticket: Ticket | None = None
) -> SeamScore | None:
    """Measure the seam of a blend, in float64.

    With p, q neighbours across the edge of ``mask >= 128``, r the result, c the cut-and-paste,
    ``m(x)`` the mean of x over A's pixels minus that over B's in the square around a pixel of the
    seam, and ``h(x)`` x less its 5 x 5 binomial smoothing, A and B apart:

    - jump = mean ``|r_p - r_q|`` / mean of ``|a_p - a_q|`` and ``|b_p - b_q|`` (at least 1 / 255)
    - step = mean ``|m(r)|`` / mean ``|m(c)|``
    - detail = sum ``h(r) h(c)`` / sum ``h(c)**2`` over pixels near the seam

    Parameters
    ----------
    result, a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Of one shape and dtype; not changed. All channels count.
    mask : (H, W) uint8 array
        255 takes A.
    ticket : Ticket, optional
        Asked before every tile.

    Returns
    -------
    SeamScore or None
        None if the mask is all A or all B.

    Raises
    ------
    ValueError
        For arrays that do not fit each other.
    """
    _check(a, b, mask)
    _check(result, a, mask)
    side = mask >= 128
    total = np.zeros(7)
    for tile in _tiles(side, ticket):
        total += _sums(result, a, b, side, tile)
    crossing, texture, pairs, step, step_of_cut, kept, detail = total.tolist()
    if pairs == 0:
        return None
    least = pairs * (1 if a.dtype.kind == "f" else np.iinfo(a.dtype).max) / 255
    return SeamScore(
        crossing / max(texture, least),
        step / step_of_cut if step_of_cut else 1.0,
        kept / detail if detail else 1.0,
    )


def _check(a: Array, b: Array, mask: Mask) -> None:
    check(a)
    if a.shape != b.shape or a.dtype != b.dtype:
        raise ValueError(
            f"images must be of one shape and dtype, got {a.shape} {a.dtype}, {b.shape} {b.dtype}"
        )
    if mask.shape != a.shape[:2] or mask.dtype != np.uint8:
        raise ValueError(
            f"mask must be uint8 of shape {a.shape[:2]}, got {mask.dtype} of shape {mask.shape}"
        )


def _spread(plane: npt.NDArray[np.generic], like: Array) -> Array:
    """Return a plane with an axis for the channels, if there are any."""
    return plane if like.ndim == 2 else plane[..., None]


def _tiles(side: _Bools, ticket: Ticket | None) -> Iterator[Rect]:
    """Yield the tiles near which the seam passes."""
    height, width = side.shape
    for y in range(0, height, _TILE):
        for x in range(0, width, _TILE):
            if ticket is not None:
                ticket.check()
            rows = slice(max(0, y - _NEAR), y + _TILE + _NEAR)
            near = side[rows, max(0, x - _NEAR) : x + _TILE + _NEAR]
            if near.any() and not near.all():
                yield x, y, min(x + _TILE, width), min(y + _TILE, height)


def _sums(result: Array, a: Array, b: Array, side: _Bools, tile: Rect) -> _Floats:
    """Numerators and denominators of the three numbers, over one tile."""
    x0, y0, x1, y1 = tile
    left, top = max(0, x0 - _MARGIN), max(0, y0 - _MARGIN)
    area = np.s_[top : y1 + _MARGIN, left : x1 + _MARGIN]
    shape = (*side[area].shape, -1)
    r, first, second = (i[area].astype(np.float64).reshape(shape) for i in (result, a, b))
    of_a = side[area]
    inner = np.zeros(of_a.shape, bool)
    inner[y0 - top : y1 - top, x0 - left : x1 - left] = True
    jumps, pairs = np.zeros(3), 0
    seam = np.zeros(of_a.shape, bool)
    for p, q in _crossings(of_a):
        seam[p] = seam[q] = True
        mine = inner[p]  # of the others, the tile beside takes care
        jumps += [float(np.abs(i[p] - i[q])[mine].sum()) for i in (r, first, second)]
        pairs += int(np.count_nonzero(mine)) * r.shape[2]
    seam &= inner
    pasted = np.where(of_a[..., None], first, second)
    steps = [float(np.abs(_means_apart(i, of_a)[seam]).sum()) for i in (r, pasted)]
    near = inner & (_to_other_side(of_a) <= _NEAR)
    expected = np.where(of_a[..., None], _detail(first), _detail(second))[near]
    kept = float((_detail(r)[near] * expected).sum())
    texture = (jumps[1] + jumps[2]) / 2
    return np.array([jumps[0], texture, pairs, *steps, kept, float((expected**2).sum())])


_Pixels = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def _crossings(of_a: _Bools) -> list[tuple[_Pixels, _Pixels]]:
    """Find pixels and their neighbours to the right and below on the other side."""
    found = []
    for down, right in ((0, 1), (1, 0)):
        height, width = of_a.shape[0] - down, of_a.shape[1] - right
        apart = of_a[:height, :width] != of_a[down:, right:]
        y, x = np.nonzero(apart)
        found.append(((y, x), (y + down, x + right)))
    return found


def _means_apart(values: _Floats, of_a: _Bools) -> _Floats:
    """Mean over A's pixels minus mean over B's, in the square around each pixel."""
    square = (2 * _BESIDE + 1,) * 2
    means = []
    for part in (of_a, ~of_a):
        weights = part.astype(np.float64)[..., None]
        sums = cv2.blur(values * weights, square).reshape(values.shape)
        means.append(sums / np.maximum(cv2.blur(weights, square)[..., None], 1e-9))
    return np.asarray(means[0] - means[1])


def _to_other_side(of_a: _Bools) -> npt.NDArray[np.float32]:
    """Distance of each pixel to the nearest one of the other side."""
    parts = (of_a.astype(np.uint8), (~of_a).astype(np.uint8))
    there, here = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in parts)
    return np.asarray(there + here)


def _detail(values: _Floats) -> _Floats:
    smooth = cv2.sepFilter2D(values, -1, _BINOMIAL, _BINOMIAL)
    return np.asarray(values - smooth.reshape(values.shape))
