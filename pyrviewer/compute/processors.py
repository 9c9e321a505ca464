"""Sharing work out among the processors."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

_HELPERS = ThreadPoolExecutor(os.cpu_count(), "helper")
"""Threads that stay: to begin new ones each time takes half a millisecond."""


def on_all_processors(
    work: Callable[[T], R], items: Iterable[T], *, alone: bool = False
) -> list[R]:
    """Apply a function to every item, in the calling thread and as many others as OpenCV may use.

    A thread takes a tenth of a millisecond to wake, and shares what numpy does between its calls:
    worth it from about 3 ms on, in a few large calls of OpenCV or numpy. `work` may call this too.

    Parameters
    ----------
    work : callable
        Called with one item; safe to be called from several threads.
    items : iterable
        Taken in their order, by whoever is free.
    alone : bool
        Stay in the calling thread.

    Returns
    -------
    list
        What `work` returned, in the order of the items. If it raises, no further item is begun,
        and the error is raised here.
    """
    waiting = list(items)
    others = 0 if alone else min(cv2.getNumThreads(), len(waiting)) - 1
    if others < 1:
        return [work(item) for item in waiting]
    left = enumerate(waiting)  # of a list, going on is one step for the interpreter
    done: dict[int, R] = {}

    def take_part() -> None:
        try:
            for k, item in left:
                done[k] = work(item)
        finally:
            deque(left, maxlen=0)  # after an error

    parts = [_HELPERS.submit(take_part) for _ in range(others)]
    try:
        take_part()
    finally:
        # Those who have not come by now are not waited for: they may be waiting themselves.
        parts = [part for part in parts if not part.cancel()]
        wait(parts)
    while parts:
        parts.pop().result()  # kept in sight, an error would keep all that was done alive
    return [done[k] for k in range(len(waiting))]
