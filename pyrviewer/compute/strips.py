"""Walking over an image in strips of rows, so that long work can be cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.compute.ticket import Ticket

STRIP_PIXELS = 1 << 18
"""Pixels a strip: a few milliseconds of work that stays in the processor's cache."""


def strips(shape: tuple[int, ...], ticket: Ticket | None = None) -> Iterator[slice]:
    """Yield slices of consecutive rows that together cover an image.

    Parameters
    ----------
    shape : tuple of int
        The image's shape, rows and columns first.
    ticket : Ticket, optional
        Asked before each strip.

    Yields
    ------
    slice
        Rows of one strip, about `STRIP_PIXELS` pixels.

    Raises
    ------
    Cancelled
        If the ticket was cancelled.
    """
    rows = max(1, STRIP_PIXELS // max(1, shape[1]))
    for top in range(0, shape[0], rows):
        if ticket is not None:
            ticket.check()
        yield slice(top, min(top + rows, shape[0]))
