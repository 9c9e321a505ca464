"""Work that is shared out among threads."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.processors import on_all_processors

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def two_processors() -> Iterator[None]:
    """Two threads, whatever the machine."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


@pytest.mark.usefixtures("two_processors")
def test_results_come_in_the_order_of_the_items() -> None:
    both_at_work = threading.Barrier(2, timeout=10)

    def work(item: int) -> tuple[int, threading.Thread]:
        if item < 2:
            both_at_work.wait()  # for ever, were there one thread only
        return item * item, threading.current_thread()

    results = on_all_processors(work, iter(range(20)))
    assert [square for square, _ in results] == [k * k for k in range(20)]
    assert threading.current_thread() in {thread for _, thread in results}


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("culprit", ["caller", "other"])
def test_an_error_is_raised_and_ends_the_work(culprit: str) -> None:
    caller, begun = threading.current_thread(), []
    both_at_work = threading.Barrier(2, timeout=10)

    def work(item: int) -> None:
        begun.append(item)
        both_at_work.wait()
        if (threading.current_thread() is caller) == (culprit == "caller"):
            timer.start()
            raise ArithmeticError(item)
        failed.wait(10)

    failed = threading.Event()
    timer = threading.Timer(0.1, failed.set)
    with pytest.raises(ArithmeticError):
        on_all_processors(work, range(100))
    timer.join()
    assert len(begun) == 2


@pytest.mark.usefixtures("two_processors")
def test_work_may_share_out_work() -> None:
    """In more threads than there are helpers, who then wait for nobody."""

    def outer(item: int) -> int:
        return sum(on_all_processors(lambda k: item * k, range(4)))

    count = 2 * (os.cpu_count() or 1)
    with ThreadPoolExecutor(count) as callers:
        found = callers.map(lambda _: on_all_processors(outer, range(8)), range(count))
    assert list(found) == [[6 * k for k in range(8)]] * count


def test_alone_it_stays_in_the_calling_thread() -> None:
    threads = on_all_processors(lambda _: threading.current_thread(), range(5), alone=True)
    assert set(threads) == {threading.current_thread()}
    assert on_all_processors(abs, []) == []
