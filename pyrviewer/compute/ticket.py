"""Progress, partial results and cancellation of long work."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Cancelled(Exception):  # noqa: N818 - not a failure: the work was told to stop
    """Raised inside the work when its ticket was cancelled."""


class Ticket:
    """What a long computation holds: it asks whether to go on and says how far it is.

    Parameters
    ----------
    on_progress : callable, optional
        Called with the fraction done, 0 to 1, in any of the threads that do the work.
    on_partial : callable, optional
        Called with each intermediate result, in the thread that does the work.
    """

    def __init__(
        self,
        on_progress: Callable[[float], None] | None = None,
        on_partial: Callable[[object], None] | None = None,
    ) -> None:
        self._cancelled = threading.Event()
        self._on_progress = on_progress
        self._on_partial = on_partial

    @property
    def cancelled(self) -> bool:
        """Whether the work has been told to stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Tell the work to stop at its next check; safe from any thread."""
        self._cancelled.set()

    def check(self, fraction: float | None = None) -> None:
        """Raise `Cancelled` if the work should stop, else report the fraction done.

        Call it about every 50 ms of work.
        """
        if self._cancelled.is_set():
            raise Cancelled
        if fraction is not None and self._on_progress is not None:
            self._on_progress(fraction)

    def offer(self, partial: object) -> None:
        """Hand out an intermediate result, such as the coarse answer before the fine one."""
        self.check()
        if self._on_partial is not None:
            self._on_partial(partial)


class Quiet(Ticket):
    """Asks another ticket whether to go on, and says nothing of how far a part of the work is.

    Parameters
    ----------
    outer : Ticket
        The ticket of the whole work.
    """

    def __init__(self, outer: Ticket) -> None:
        super().__init__()
        self.outer = outer

    def check(self, fraction: float | None = None) -> None:
        """Ask."""
        self.outer.check()

    def offer(self, partial: object) -> None:
        """Keep it."""
