"""Display pictures with their own octaves, so that a view never decimates (Williams 1983)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import display, pyramid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

SMALLEST = 6  # log2 of the side below which no octave is made


@dataclass(frozen=True, eq=False)
class Mip:
    """One octave of a picture for the screen.

    Attributes
    ----------
    pixels : (H, W, 4), (H, W, 3) or (H, W) uint8 array
        B, G, R, A, or an image that is shown as it is: R, G, B or gray.
    border : int
        Replicated pixels around it, 0 or 1, so that it can be drawn up to the edge of the base.
    """

    pixels: Array
    border: int


def finest(image: Array, limits: tuple[float, float], ticket: Ticket) -> Mip:
    """Return an image at full size: itself if it can be, since a copy costs time and memory.

    R, G, B in three bytes is slower to draw than in four, but only what is on the screen at
    nearly full size is drawn from it.
    """
    opaque = image.ndim == 2 or image.shape[2] == 3
    if image.dtype == np.uint8 and opaque and limits == (0.0, 255.0):
        return Mip(image, 0)
    return Mip(display.to_display(image, *limits, ticket=ticket), 0)


def bordered(shown: Array) -> Mip:
    """Return a picture as a mip with a border."""
    return Mip(display.with_border(shown), 1)


def mipmap(shown: Array, ticket: Ticket, *, border: bool) -> tuple[Mip, ...]:
    """Reduce a display picture down to about 64 pixels.

    Parameters
    ----------
    shown : (H, W, 4) uint8 array
        What `display.to_display` gives.
    ticket : Ticket
        Asked whether to go on before every octave.
    border : bool
        Whether the finest one gets a border too; the others always do.

    Returns
    -------
    tuple of Mip
        Finest first, each half of the one before as ``cv2.pyrDown``.
    """
    count = max(0, min(int(math.log2(max(shown.shape[:2]))) - SMALLEST, 10))
    levels = pyramid.gaussian_pyramid(
        shown, min(count, pyramid.max_levels(shown.shape[:2])), ticket=ticket
    )
    first = bordered(levels[0]) if border else Mip(levels[0], 0)
    return (first, *(bordered(level) for level in levels[1:]))


def mipmap_of(
    octaves: Sequence[Array], limits: tuple[float, float], ticket: Ticket
) -> tuple[Mip, ...]:
    """Convert a binomial pyramid, whose octaves already are its mips.

    Parameters
    ----------
    octaves : sequence of image arrays
        Finest first.
    limits : (float, float)
        Values shown black and white.
    ticket : Ticket
        Asked whether to go on.
    """
    mips = []
    for k, octave in enumerate(octaves):
        if k == 0:
            mips.append(finest(octave, limits, ticket))
        else:
            mips.append(bordered(display.to_display(octave, *limits, ticket=ticket)))
    return tuple(mips)
