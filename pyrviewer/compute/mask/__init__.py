"""Masks of a blend: described by a few numbers, painted, or taken from an image.

A mask is an H x W array of uint8: 255 takes A, 0 takes B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.mask.brush import Brush, Patch, Stroke
from pyrviewer.compute.mask.raster import Mask, rasterise, smooth
from pyrviewer.compute.mask.shapes import (
    Ellipse,
    Gradient,
    Lasso,
    Parametric,
    Polygon,
    Rectangle,
    Seam,
    bounds,
    contains,
    distance,
    from_dict,
    from_json,
    handles,
    moved,
    scaled,
    to_dict,
    to_json,
    translated,
)
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check, conform, convert_dtype

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Brush",
    "Ellipse",
    "Gradient",
    "Lasso",
    "Mask",
    "Parametric",
    "Patch",
    "Polygon",
    "Rectangle",
    "Seam",
    "Stroke",
    "bounds",
    "contains",
    "coverage",
    "distance",
    "feather",
    "from_alpha",
    "from_dict",
    "from_image",
    "from_json",
    "grow",
    "handles",
    "invert",
    "moved",
    "rasterise",
    "scaled",
    "shrink",
    "to_dict",
    "to_json",
    "translated",
]

_DISC = 5  # pixels: larger radii are several of these, one after the other


def invert(mask: Mask) -> Mask:
    """Return the mask that takes A where this one takes B."""
    return np.asarray(255 - mask, np.uint8)


def grow(mask: Mask, radius: int) -> Mask:
    """Return the mask with A larger by a radius in pixels; soft edges keep their softness."""
    return _spread(cv2.dilate, mask, radius)


def shrink(mask: Mask, radius: int) -> Mask:
    """Return the mask with A smaller by a radius in pixels; the image's border is no edge of it."""
    return _spread(cv2.erode, mask, radius)


def _spread(operation: Callable[..., Any], mask: Mask, radius: int) -> Mask:
    if radius < 0:
        raise ValueError(f"radius must be 0 or more pixels, got {radius}")
    times, rest = divmod(radius, _DISC)
    spread = operation(mask, _disc(_DISC), iterations=times) if times else mask.copy()
    return np.asarray(operation(spread, _disc(rest)) if rest else spread, np.uint8)


def _disc(radius: int) -> Mask:
    squares = np.arange(-radius, radius + 1) ** 2
    return (squares[:, None] + squares <= (radius + 0.25) ** 2).astype(np.uint8)


def feather(mask: Mask, width: float) -> Mask:
    """Return the mask with its edges smoothed as much as by a linear ramp of this width in pixels.

    A Gaussian, from 21 pixels on three boxes, of variance ``width**2 / 12``.
    """
    return smooth(mask, width**2 / 12)


def coverage(mask: Mask) -> float:
    """Return the share of A, 0 to 1."""
    return float(cv2.mean(mask)[0]) / 255


def from_alpha(pixels: Array) -> Mask:
    """Return where an H x W x 4 image is opaque as a mask.

    Raises
    ------
    UserError
        If the image has no transparency.
    """
    check(pixels)
    if pixels.ndim == 2 or pixels.shape[2] != 4:
        raise UserError("The image has no transparency that a mask could be made of.")
    return _to_uint8(pixels[..., 3])


def from_image(pixels: Array, name: str = "The mask") -> Mask:
    """Return an image as a mask: its full range, of any dtype, becomes 0 to 255.

    Parameters
    ----------
    pixels : ndarray
        Gray, bool, or colour with equal channels. Transparent pixels count as black.
    name : str
        What a person calls it.

    Raises
    ------
    UserError
        If it is in colour, or not an image.
    """
    pixels, _ = conform(pixels, name)
    if pixels.ndim == 2:
        return _to_uint8(pixels)
    gray = pixels[..., 0]
    if any(not np.array_equal(gray, pixels[..., k]) for k in (1, 2)):
        raise UserError(f"{name} is in colour: a mask is gray, white for A and black for B.")
    if pixels.shape[2] == 3:
        return _to_uint8(gray)
    return np.asarray(cv2.multiply(_to_uint8(gray), _to_uint8(pixels[..., 3]), scale=1 / 255))


def _to_uint8(plane: Array) -> Mask:
    """Return a plane as uint8, in memory of its own."""
    plane = np.ascontiguousarray(plane)
    return convert_dtype(plane, np.uint8).copy()
