"""Background work: one service, one lane per kind of result.

A worker never touches a lane or a widget, which may die while it runs. It posts
``(lane, generation, kind, value)`` to the one `JobService`, which lives as long as the
application and looks the lane up weakly in the GUI thread.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
import weakref
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[Ticket], object]

NICENESS = 2
PROGRESS_INTERVAL = 0.03  # seconds between two progress messages of one job


def _step_back() -> None:
    """Let the GUI thread go first where cores are few; a thread's niceness is Linux's alone."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@dataclass(frozen=True)
class _Message:
    lane: int
    generation: int
    kind: str
    value: Any = None


class JobService(QObject):
    """Runs work in threads and delivers what comes of it in the GUI thread.

    Parameters
    ----------
    workers : int
        Number of threads. cv2 uses threads of its own within each.
    """

    _posted = pyqtSignal(object)

    def __init__(self, workers: int = 3, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(workers, "pyrviewer", initializer=_step_back)
        self._lanes: weakref.WeakValueDictionary[int, JobLane] = weakref.WeakValueDictionary()
        self._ids = itertools.count(1)
        self._running: dict[Future[None], Ticket] = {}
        self._open = True
        self._posted.connect(self._deliver)  # queued: workers emit it, this thread receives

    def lane(self, name: str, parent: QObject) -> JobLane:
        """Make a lane owned by `parent`; `name` is what the progress bar shows."""
        lane = JobLane(self, next(self._ids), name, parent)
        self._lanes[lane.id] = lane
        return lane

    def start(self, lane: JobLane, generation: int, work: Work) -> Ticket | None:
        """Run `work` for a lane; None once the service is shut down."""
        if not self._open:
            return None
        identity, last = lane.id, 0.0

        def post(kind: str, value: object = None) -> None:
            self._posted.emit(_Message(identity, generation, kind, value))

        def report(fraction: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= PROGRESS_INTERVAL:
                last = now
                post("progress", fraction)

        ticket = Ticket(report, lambda value: post("partial", value))

        def run() -> None:
            try:
                ticket.check()
                result = work(ticket)
                ticket.check()
            except Cancelled:
                post("cancelled")
            except Exception as error:  # noqa: BLE001 - handed to the GUI thread, never lost
                post("error", error)
            else:
                post("ok", result)

        future = self._pool.submit(run)
        self._running[future] = ticket
        future.add_done_callback(self._forget)
        return ticket

    def _forget(self, future: Future[None]) -> None:
        self._running.pop(future, None)

    def _deliver(self, message: _Message) -> None:
        lane = self._lanes.get(message.lane)
        if lane is not None and not sip.isdeleted(lane) and self._open:
            lane.receive(message.generation, message.kind, message.value)

    def shutdown(self, timeout: float = 3.0) -> bool:
        """Refuse new work, cancel what runs and wait a bounded time.

        Returns
        -------
        bool
            Whether every thread came to rest.
        """
        self._open = False
        for ticket in list(self._running.values()):
            ticket.cancel()
        futures = list(self._running)
        self._pool.shutdown(wait=False, cancel_futures=True)
        # `wait` would wait in vain for those that were cancelled before they began
        running = [future for future in futures if not future.done()]
        return not wait(running, timeout).not_done


class JobLane(QObject):
    """Results of one kind, of which only the newest counts.

    At most one job runs and one waits: `submit` cancels the running one, and whatever a
    superseded job still posts is dropped.
    """

    progress = pyqtSignal(float)
    partial = pyqtSignal(object)
    succeeded = pyqtSignal(object)
    failed = pyqtSignal(object)
    cancelled = pyqtSignal()
    busy_changed = pyqtSignal(bool)

    def __init__(self, service: JobService, identity: int, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self.id = identity
        self.name = name
        self._service = service
        self._generation = 0
        self._ticket: Ticket | None = None
        self._pending: Work | None = None

    @property
    def busy(self) -> bool:
        """Whether a job of this lane runs or waits."""
        return self._ticket is not None

    def submit(self, work: Work) -> None:
        """Run `work(ticket)` in the background instead of whatever this lane was doing."""
        if self._ticket is None:
            self._start(work)
        else:
            self._pending = work
            self._ticket.cancel()

    def cancel(self) -> None:
        """Stop the running job and forget the waiting one."""
        self._pending = None
        if self._ticket is not None:
            self._ticket.cancel()

    def _start(self, work: Work) -> None:
        was_busy = self.busy
        self._generation += 1
        self._ticket = self._service.start(self, self._generation, work)
        if self.busy != was_busy:
            self.busy_changed.emit(self.busy)

    def receive(self, generation: int, kind: str, value: object) -> None:
        """Take a message of the service; stale ones are dropped."""
        if generation != self._generation or self._ticket is None:
            return
        stale = self._ticket.cancelled
        if kind == "progress" and isinstance(value, int | float):
            if not stale:
                self.progress.emit(float(value))
            return
        if kind == "partial":
            if not stale:
                self.partial.emit(value)
            return
        self._finish(kind, value, stale)

    def _finish(self, kind: str, value: object, stale: bool) -> None:
        """Begin the waiting job; tell the result first, and then that nothing runs."""
        self._ticket = None
        work, self._pending = self._pending, None
        if work is not None:
            self._generation += 1
            self._ticket = self._service.start(self, self._generation, work)
        if kind == "ok" and not stale:
            self.succeeded.emit(value)
        elif kind == "error" and not stale:
            self.failed.emit(value)
        elif work is None:
            self.cancelled.emit()
        if not self.busy:
            self.busy_changed.emit(False)
