"""How far a computation over samples is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrviewer.compute.ticket import Ticket


class Progress:
    """Counts samples that are done, and tells a ticket.

    Parameters
    ----------
    ticket : Ticket or None
        Who is told, if anyone.
    total : int
        Samples to do.
    start, stop : float
        Fractions of the whole work that these samples begin and end with.
    """

    def __init__(
        self, ticket: Ticket | None, total: int, start: float = 0.0, stop: float = 1.0
    ) -> None:
        self._ticket, self._total, self._done = ticket, total, 0
        self._start, self._stop = start, stop

    def add(self, samples: int) -> None:
        """Count samples as done; raises `Cancelled` if the work should stop."""
        self._done += samples
        if self._ticket is not None:
            share = self._done / self._total
            self._ticket.check(self._start + (self._stop - self._start) * share)
