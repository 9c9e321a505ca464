"""Background work: what is delivered, what is dropped, and what survives."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QCoreApplication, QEvent, QObject

from pyrviewer.compute.ticket import Cancelled, Ticket
from pyrviewer.session.jobs import JobLane, JobService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

PATIENCE = 10.0  # seconds


class Record:
    """Everything that a lane says, in order."""

    def __init__(self, lane: JobLane) -> None:
        self.said: list[tuple[str, object]] = []
        self.threads: set[threading.Thread] = set()
        for name in ("progress", "partial", "succeeded", "failed", "busy_changed"):
            getattr(lane, name).connect(partial(self._hear, name))

    def _hear(self, name: str, value: object) -> None:
        self.said.append((name, value))
        self.threads.add(threading.current_thread())

    def values(self, name: str) -> list[object]:
        """Return what was said under a name."""
        return [value for key, value in self.said if key == name]


class Gate:
    """A job that says when it runs, and goes on when it may."""

    def __init__(self, result: object = None, *, polite: bool = True) -> None:
        self.running, self.may_end = threading.Event(), threading.Event()
        self._result, self._polite = result, polite
        self.cancelled = False

    def __call__(self, ticket: Ticket) -> object:
        self.running.set()
        end = threading.Event()
        for _ in range(round(PATIENCE / 0.005)):
            if self.may_end.is_set():
                return self._result
            try:
                if self._polite:
                    ticket.check()
            except Cancelled:
                self.cancelled = True
                raise
            end.wait(0.005)
        raise TimeoutError("nobody opened the gate")


@pytest.fixture
def service(qapp: QCoreApplication) -> Iterator[JobService]:
    made = JobService(workers=2)
    yield made
    made.shutdown()


@pytest.fixture
def owner() -> QObject:
    return QObject()


@pytest.fixture
def lane(service: JobService, owner: QObject) -> JobLane:
    return service.lane("Testing", owner)


def test_a_result_is_delivered_in_the_gui_thread(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)
    workers: list[threading.Thread] = []

    def work(_ticket: Ticket) -> int:
        workers.append(threading.current_thread())
        return 42

    with qtbot.waitSignal(lane.succeeded) as blocker:
        lane.submit(work)
        assert lane.busy
    assert blocker.args == [42]
    assert not lane.busy
    assert heard.values("busy_changed") == [True, False]
    assert heard.threads == {threading.main_thread()}
    assert workers != [threading.main_thread()]


def test_the_result_is_heard_before_the_lane_is_idle(qtbot: QtBot, lane: JobLane) -> None:
    # Who starts the next job when the lane is idle must have taken this one's result by then.
    heard = Record(lane)
    lane.submit(lambda _: "result")
    qtbot.waitUntil(lambda: heard.values("busy_changed") == [True, False])
    assert heard.said == [("busy_changed", True), ("succeeded", "result"), ("busy_changed", False)]


def test_partial_results_come_in_order_and_before_the_result(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)

    def work(ticket: Ticket) -> str:
        for k in range(5):
            ticket.offer(k)
        return "end"

    with qtbot.waitSignal(lane.succeeded):
        lane.submit(work)
    assert heard.values("partial") == [0, 1, 2, 3, 4]
    assert [name for name, _ in heard.said][-3:] == ["partial", "succeeded", "busy_changed"]


def test_progress_is_thinned_out_but_comes(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)

    def work(ticket: Ticket) -> None:
        for k in range(10_000):
            ticket.check(k / 10_000)

    with qtbot.waitSignal(lane.succeeded):
        lane.submit(work)
    seen = heard.values("progress")
    assert 1 <= len(seen) < 1000
    assert seen == sorted(seen, key=float.__float__)  # type: ignore[arg-type] # all floats


def test_an_error_is_delivered_and_the_lane_goes_on(qtbot: QtBot, lane: JobLane) -> None:
    def fail(_ticket: Ticket) -> None:
        raise ValueError("broken")

    with qtbot.waitSignal(lane.failed) as blocker:
        lane.submit(fail)
    assert blocker.args is not None
    assert str(blocker.args[0]) == "broken"
    with qtbot.waitSignal(lane.succeeded):
        lane.submit(lambda _: None)


def test_of_many_submits_only_the_running_and_the_last_one_are_run(
    qtbot: QtBot, lane: JobLane
) -> None:
    heard = Record(lane)
    ran: list[int] = []
    first = Gate()

    def note(number: int, ticket: Ticket) -> int:
        ran.append(number)
        return number

    lane.submit(first)
    assert first.running.wait(PATIENCE)
    for number in range(1, 6):
        lane.submit(partial(note, number))
    qtbot.waitUntil(lambda: not lane.busy)
    assert first.cancelled
    assert ran == [5]
    assert heard.values("succeeded") == [5]
    assert heard.values("busy_changed") == [True, False]


def test_what_a_superseded_job_still_posts_is_dropped(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)
    posted = threading.Event()

    def stale(ticket: Ticket) -> str:
        ticket.check(0.5)
        ticket.offer("stale")
        posted.set()
        return "stale"

    lane.submit(stale)
    assert posted.wait(PATIENCE)  # posted, but this thread has not looked at its events yet
    lane.submit(lambda _: "fresh")
    qtbot.waitUntil(lambda: not lane.busy)
    assert heard.values("progress") == []
    assert heard.values("partial") == []
    assert heard.values("succeeded") == ["fresh"]


def test_a_job_that_never_looks_at_its_ticket_is_dropped_too(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)
    deaf = Gate("deaf", polite=False)
    lane.submit(deaf)
    assert deaf.running.wait(PATIENCE)
    lane.cancel()
    deaf.may_end.set()
    qtbot.waitUntil(lambda: not lane.busy)
    assert heard.values("succeeded") == []


def test_an_error_after_cancel_is_not_shown(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)
    running, may_fail = threading.Event(), threading.Event()

    def fail(_ticket: Ticket) -> None:
        running.set()
        may_fail.wait(PATIENCE)
        raise ValueError("of no interest any more")

    lane.submit(fail)
    assert running.wait(PATIENCE)
    lane.cancel()
    may_fail.set()
    qtbot.waitUntil(lambda: not lane.busy)
    assert heard.values("failed") == []


def test_cancel_forgets_the_waiting_job(qtbot: QtBot, lane: JobLane) -> None:
    heard = Record(lane)
    first = Gate("first")
    lane.submit(first)
    assert first.running.wait(PATIENCE)
    lane.submit(lambda _: "second")
    lane.cancel()
    qtbot.waitUntil(lambda: not lane.busy)
    assert heard.values("succeeded") == []
    lane.cancel()  # nothing runs: nothing happens
    with qtbot.waitSignal(lane.succeeded) as blocker:
        lane.submit(lambda _: "third")
    assert blocker.args == ["third"]


def test_a_result_may_start_the_next_job(qtbot: QtBot, lane: JobLane) -> None:
    results: list[int] = []

    def step(number: int, _ticket: Ticket) -> int:
        return number

    def take(number: int) -> None:
        results.append(number)
        if number < 3:
            lane.submit(partial(step, number + 1))

    lane.succeeded.connect(take)
    lane.submit(partial(step, 0))
    qtbot.waitUntil(lambda: results == [0, 1, 2, 3] and not lane.busy)


def test_lanes_do_not_wait_for_each_other(
    qtbot: QtBot, service: JobService, owner: QObject
) -> None:
    slow, quick = service.lane("slow", owner), service.lane("quick", owner)
    gate = Gate("slow")
    slow.submit(gate)
    with qtbot.waitSignal(quick.succeeded):
        quick.submit(lambda _: None)
    assert slow.busy
    with qtbot.waitSignal(slow.succeeded):
        gate.may_end.set()


def test_lanes_that_die_mid_job_never_crash(qtbot: QtBot, service: JobService) -> None:
    ended = threading.Semaphore(0)

    def chatter(may_end: threading.Event, running: threading.Event, ticket: Ticket) -> str:
        for k in range(20):
            ticket.offer(k)
            running.set()
        may_end.wait(PATIENCE)
        for k in range(20):
            ticket.offer(k)
        ended.release()
        return "too late"

    for k in range(200):
        parent = QObject()
        doomed = service.lane(f"doomed {k}", parent)
        running, may_end = threading.Event(), threading.Event()
        doomed.submit(partial(chatter, may_end, running))
        assert running.wait(PATIENCE)
        if k % 2:
            sip.delete(parent)
        else:
            parent.deleteLater()
            del parent, doomed
        may_end.set()
        if k % 10 == 0:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            QCoreApplication.sendPostedEvents()
    assert all(ended.acquire(timeout=PATIENCE) for _ in range(200))
    survivor_owner = QObject()
    survivor = service.lane("survivor", survivor_owner)
    with qtbot.waitSignal(survivor.succeeded):
        survivor.submit(lambda _: "alive")


def test_shutdown_cancels_and_comes_to_rest(qtbot: QtBot, service: JobService) -> None:
    owner = QObject()
    lanes = [service.lane(str(k), owner) for k in range(4)]
    heard = [Record(lane) for lane in lanes]
    gates = [Gate("late") for _ in lanes]
    for lane, gate in zip(lanes, gates, strict=True):
        lane.submit(gate)  # two workers: two run, two wait
    assert gates[0].running.wait(PATIENCE)
    assert gates[1].running.wait(PATIENCE)
    assert service.shutdown(PATIENCE)
    assert not gates[3].running.is_set()
    QCoreApplication.sendPostedEvents()
    assert [record.values("succeeded") for record in heard] == [[], [], [], []]


def test_shutdown_does_not_wait_for_ever(service: JobService, lane: JobLane) -> None:
    deaf = Gate(polite=False)
    lane.submit(deaf)
    assert deaf.running.wait(PATIENCE)
    assert not service.shutdown(0.05)
    deaf.may_end.set()
    assert service.shutdown(PATIENCE)


def test_nothing_runs_after_shutdown(service: JobService, lane: JobLane) -> None:
    service.shutdown()
    gate = Gate()
    lane.submit(gate)
    assert not lane.busy
    assert not gate.running.is_set()
