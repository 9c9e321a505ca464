"""Display pictures with their own octaves, so that a view never decimates (Williams 1983)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import display, pyramid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

SMALLEST = 6  # log2 of the side below which no octave is made
LARGE = 500_000  # pixels from which a copy of an octave costs more than it saves in drawing


def drawable(octave: Array, limits: tuple[float, float]) -> bool:
    """Tell whether an octave can be drawn without being converted."""
    opaque = octave.ndim == 2 or octave.shape[2] == 3
    return opaque and octave.dtype == np.uint8 and limits == (0.0, 255.0)


def screen_octave(octave: Array, limits: tuple[float, float], ticket: Ticket) -> Array:
    """Convert an octave for the screen, unless it is large and can be drawn as it is.

    R, G, B in three bytes is slower to draw than in four, but only what is on the screen at
    nearly full size is drawn from a large octave.

    Returns
    -------
    (H, W, 4), (H, W, 3) or (H, W) uint8 array
        B, G, R, A, or the octave itself: R, G, B or gray.
    """
    if octave.shape[0] * octave.shape[1] >= LARGE and drawable(octave, limits):
        return octave
    return display.to_display(octave, *limits, ticket=ticket)


def mipmap(shown: Array, ticket: Ticket) -> tuple[Array, ...]:
    """Reduce a display picture down to about 64 pixels.

    Parameters
    ----------
    shown : (H, W, 4) uint8 array
        What `display.to_display` gives.
    ticket : Ticket
        Asked whether to go on before every octave.

    Returns
    -------
    tuple of (H_k, W_k, 4) uint8 arrays
        Finest first, each half of the one before as ``cv2.pyrDown``.
    """
    count = max(0, min(int(math.log2(max(shown.shape[:2]))) - SMALLEST, 10))
    levels = min(count, pyramid.max_levels(shown.shape[:2]))
    return tuple(pyramid.gaussian_pyramid(shown, levels, ticket=ticket))


def mipmap_of(
    octaves: Sequence[Array], limits: tuple[float, float], ticket: Ticket
) -> tuple[Array, ...]:
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
    return tuple(screen_octave(octave, limits, ticket) for octave in octaves)
