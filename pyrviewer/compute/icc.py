"""Colour management: from the profile embedded in a file to sRGB, which everything else assumes.

Little CMS (through Pillow's ImageCms) does the conversion, relative colorimetric with black point
compensation, as most viewers do.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PilImage
from PIL import ImageCms

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.ticket import Ticket

_INDISTINGUISHABLE = 2  # of 255: sRGB profiles of different makers differ by this much


def apply_profile(
    pixels: Array, profile: bytes, ticket: Ticket | None = None
) -> tuple[Array, tuple[str, ...]]:
    """Convert 8-bit pixels from the colours of an ICC profile to sRGB.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        Pixels as stored. Gray and RGB are converted if they are uint8; alpha stays as it is.
    profile : bytes
        The profile.
    ticket : Ticket, optional
        Asked once a strip.

    Returns
    -------
    pixels : ndarray
        The same array if nothing had to be converted, otherwise a new one.
    notes : tuple of str
        What was done, or why nothing was; nothing if the profile is that of sRGB.

    Raises
    ------
    Cancelled
        If the ticket was cancelled.
    """
    mode = "L" if pixels.ndim == 2 else "RGB"
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":  # a table of 256 entries may take its time to be exact
        flags |= ImageCms.Flags.NOOPTIMIZE
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip() or "without a name"
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return pixels, ("The embedded colour profile is damaged or of another kind: not applied.",)
    probe = _every_gray() if mode == "L" else _lattice()
    converted = _convert(probe, transform)
    if np.abs(converted.astype(np.int16) - probe.reshape(len(probe), 1, -1)).max() <= (
        _INDISTINGUISHABLE
    ):
        return pixels, ()
    if pixels.dtype != np.uint8:
        return pixels, (f"The colour profile {name} was not applied: that is for 8-bit images.",)
    note = f"The colour profile {name} was converted to sRGB."
    if mode == "L":
        return cv2.LUT(pixels, np.ascontiguousarray(converted[..., 1])), (note,)
    result = pixels.copy()
    for rows in strips(pixels.shape, ticket):
        colours = np.ascontiguousarray(pixels[rows, :, :3])
        result[rows, :, :3] = _convert(colours, transform)
    return result, (note,)


def _convert(pixels: Array, transform: ImageCms.ImageCmsTransform) -> Array:
    return np.asarray(ImageCms.applyTransform(PilImage.fromarray(pixels), transform))


def _every_gray() -> Array:
    return np.arange(256, dtype=np.uint8).reshape(256, 1)


def _lattice() -> Array:
    """Colours all over the cube, 9 steps a side."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 1, 3)
