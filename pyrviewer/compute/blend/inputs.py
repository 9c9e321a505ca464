"""Making two images fit each other: kind, place, and what lies under transparent pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.blend.octaves import halve
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check, convert_dtype
from pyrviewer.compute.resample import Rect, expanded_strips

if TYPE_CHECKING:
    import numpy.typing as npt

    from pyrviewer.compute.blend.light import Floats
    from pyrviewer.compute.rects import Region
    from pyrviewer.compute.ticket import Ticket

_WIDTH = {"uint8": 0, "uint16": 1, "float32": 2}
_OPAQUE = {"uint8": 255, "uint16": 65535, "float32": 1}
_WHOLE = 1e-4
"""A shift by less than this share of a pixel moves nothing."""


@dataclass(frozen=True, eq=False)
class Placed:
    """An image laid into the frame of another.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3 | 4) array
        The image in that frame. Where it does not reach, its surroundings were carried on.
    rect : (int, int, int, int)
        x0, y0, x1, y1, half open: the part of the frame that it covers.
    """

    pixels: Array
    rect: Rect

    def confine(self, mask: Array) -> Array:
        """Return a mask that takes A wherever this image, B, does not reach; new memory."""
        x0, y0, x1, y1 = self.rect
        confined = np.full_like(mask, 255)
        confined[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
        return confined


def harmonise(a: Array, b: Array) -> tuple[Array, Array]:
    """Bring two images to one kind: the one that holds both without loss.

    Gray becomes RGB beside colours, opaque becomes RGBA beside alpha, 8 bits become 16 beside 16,
    and both float beside float, 0 to 1.

    Parameters
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Two images of any sizes; not changed.

    Returns
    -------
    a, b : array
        Of one dtype and as many channels. An image that is of that kind already is returned itself.

    Raises
    ------
    ValueError
        For an array that is not an image.
    """
    check(a)
    check(b)
    dtype = max(a.dtype, b.dtype, key=lambda kind: _WIDTH[kind.name])
    channels = max(1 if image.ndim == 2 else image.shape[2] for image in (a, b))
    return _as_kind(a, dtype, channels), _as_kind(b, dtype, channels)


def place(
    b: Array,
    shape: tuple[int, ...],
    offset: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
    *,
    ticket: Ticket | None = None,
) -> Placed:
    """Lay an image into the frame of another.

    Whole offsets at scale 1 copy the pixels. Other offsets interpolate with the cubic kernel of
    Keys (1981), scales below 1 take means of areas, scales above 1 the same cubic kernel.

    Parameters
    ----------
    b : (h, w) or (h, w, 3 | 4) array of uint8, uint16 or float32
        The image; not changed.
    shape : (int, int, ...)
        Height and width of the frame.
    offset : (float, float)
        Where the left and top edge of `b` lie in the frame, in its pixels.
    scale : float
        Pixels of the frame per pixel of `b`, above 0.
    ticket : Ticket, optional
        Asked whether to go on.

    Returns
    -------
    Placed
        Crop both images and the mask to its `rect` to blend in the common frame, or `confine` the
        mask to blend in the whole one.

    Raises
    ------
    UserError
        If the image lies outside the frame, or has no pixels left at this scale.
    ValueError
        For an array that is not an image and a scale that is not above 0.
    """
    check(b)
    if not (math.isfinite(scale) and scale > 0 and all(map(math.isfinite, offset))):
        msg = f"an image is placed at finite offsets and a scale above 0, not {offset} and {scale}"
        raise ValueError(msg)
    b = _scaled(fill_transparent(b, ticket=ticket), scale)
    (left, shift_x), (top, shift_y) = (_whole(edge) for edge in offset)
    height, width = shape[:2]
    x0, x1 = max(left, 0), min(left + b.shape[1], width)
    y0, y1 = max(top, 0), min(top + b.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        raise UserError("The two images do not overlap: B lies outside A.")
    if shift_x or shift_y:
        b = cv2.sepFilter2D(
            b, -1, _shift_taps(shift_x), _shift_taps(shift_y), borderType=cv2.BORDER_REPLICATE
        )
    pixels = np.zeros((height, width, *b.shape[2:]), b.dtype)
    pixels[y0:y1, x0:x1] = b[y0 - top : y1 - top, x0 - left : x1 - left]
    if (x0, y0, x1, y1) != (0, 0, width, height):
        present = np.zeros((height, width), np.bool_)
        present[y0:y1, x0:x1] = True
        _fill(pixels, present, ticket)
    return Placed(pixels, (x0, y0, x1, y1))


def fill_transparent(image: Array, *, ticket: Ticket | None = None) -> Array:
    """Give fully transparent pixels the colours of their surroundings; alpha stays.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Not changed.
    ticket : Ticket, optional
        Asked whether to go on.

    Returns
    -------
    array
        The image itself if nothing is transparent, or everything.

    Notes
    -----
    Push and pull over a pyramid: S. J. Gortler et al., "The Lumigraph", SIGGRAPH 1996.
    """
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    present = image[..., 3] > 0
    if present.all() or not present.any():
        return image
    colours = np.ascontiguousarray(image[..., :3])
    _fill(colours, present, ticket)
    return np.dstack([colours, image[..., 3]])


def _fill(pixels: Array, present: npt.NDArray[np.bool_], ticket: Ticket | None) -> None:
    """Replace the pixels that are not present, in place, from those that are."""

    def totals(where: Region) -> Floats:
        if ticket is not None:
            ticket.check()
        return np.multiply(pixels[where].T, present[where].T, dtype=np.float32).T

    total = halve(totals, pixels.shape)
    weight = halve(lambda where: present[where].astype(np.float32), present.shape)
    pushed = [(total, weight)]
    while weight.min() == 0:
        total, weight = (np.asarray(cv2.pyrDown(x), np.float32) for x in (total, weight))
        pushed.append((total, weight))
    known: Floats | None = None
    for total, weight in reversed(pushed):
        with np.errstate(invalid="ignore"):
            finer = np.asarray((total.T / weight.T).T, np.float32)
        if known is not None:
            for rows, expanded in expanded_strips(known, finer.shape, ticket):
                np.copyto(finer[rows].T, expanded.T, where=weight[rows].T == 0)
        known = finer
    assert known is not None
    for rows, expanded in expanded_strips(known, pixels.shape, ticket):
        if pixels.dtype.kind == "u":
            np.rint(expanded, out=expanded)
        np.copyto(pixels[rows].T, expanded.T, where=~present[rows].T, casting="unsafe")


def _as_kind(image: Array, dtype: np.dtype[np.generic], channels: int) -> Array:
    image = convert_dtype(image, dtype)
    if image.ndim == 2 and channels > 1:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.ndim == 3 and image.shape[2] < channels:
        alpha = np.full(image.shape[:2], _OPAQUE[image.dtype.name], image.dtype)
        image = np.dstack([image, alpha])
    return image


def _scaled(image: Array, scale: float) -> Array:
    if scale == 1:
        return image
    if min(image.shape[:2]) * scale < 1:
        raise UserError(f"B has no pixels left at a scale of {scale:g}.")
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    # Given the scale, OpenCV keeps to it; given a size, it stretches to whole pixels.
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how))


def _whole(edge: float) -> tuple[int, float]:
    """Split a position into the nearest whole pixel and the rest, -0.5 to 0.5."""
    whole = math.ceil(edge - 0.5)
    rest = edge - whole
    return whole, rest if abs(rest) > _WHOLE else 0.0


def _shift_taps(shift: float) -> Array:
    """Five taps that move an image by a part of a pixel: the kernel of Keys, a = -0.5."""
    x = np.abs(np.arange(-2.0, 3.0) + shift)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.asarray(np.where(x <= 1, near, np.where(x < 2, far, 0.0)))
