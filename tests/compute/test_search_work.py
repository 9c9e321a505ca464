"""What a search asks, keeps and shares while it works."""

from __future__ import annotations

import sys
import threading
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from search_scenes import camera, large, noisy

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search import Scene, SearchTrace, exhaustive, search
from pyrviewer.compute.search.blocks import BlockBound
from pyrviewer.compute.search.exhaustive import octave_map
from pyrviewer.compute.search.template import prepare
from pyrviewer.compute.search.zncc import score_map
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable


def test_cancelling_stops_the_work() -> None:
    scene = large()
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        search(scene, scene[:200, :200], ticket=ticket)
    done: list[float] = []

    def stop(fraction: float) -> None:
        done.append(fraction)
        ticket.cancel()

    ticket = Ticket(stop)
    with pytest.raises(Cancelled):
        exhaustive(scene, scene[:20, :20], ticket=ticket)
    assert 1 <= len(done) <= cv2.getNumThreads()


class Impatient(Ticket):
    """Cancelled after so many questions."""

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience

    def check(self, fraction: float | None = None) -> None:
        self.patience -= 1
        if self.patience < 0:
            self.cancel()
        super().check(fraction)


def test_making_bounds_asks_whether_to_go_on() -> None:
    """Once for every map and every group of phases, at least."""
    scene, ticket = camera(), Impatient(1 << 20)

    def asked(make: Callable[[], object]) -> int:
        before = ticket.patience
        make()
        return before - ticket.patience

    ready = prepare(Scene(scene), scene[100:180, 200:280], None)
    assert asked(lambda: BlockBound(ready, 2, ticket)) >= 4
    bound = BlockBound(ready, 2, ticket)
    assert asked(lambda: bound.phase_bounds(*np.zeros((2, 9), np.intp))) >= 1
    assert asked(lambda: bound.cell_bounds(4)) >= 4 + 16
    ticket.cancel()
    with pytest.raises(Cancelled):
        bound.cell_bounds(2)


@pytest.mark.parametrize(("exact", "least"), [(False, 9), (True, 20)])
def test_the_first_preparation_asks_whether_to_go_on(exact: bool, least: int) -> None:
    """A strip of octave 1 at a time: 8 of them, and for the bounds 8 more and 4 of blocks."""
    pixels = large()
    template = noisy(pixels[300:500, 400:600], 8)
    for patience in range(least):
        scene = Scene(pixels)
        with pytest.raises(Cancelled):
            search(scene, template, exact=exact, ticket=Impatient(patience))
    best = search(scene, template, exact=exact).best
    assert best is not None
    assert (round(best.x), round(best.y)) == (400, 300)


def test_a_very_large_scene_takes_little_memory() -> None:
    scene = np.asarray(cv2.resize(camera(), (6000, 5000), interpolation=cv2.INTER_LINEAR))
    template = noisy(scene[2000:2256, 3000:3256], 8)
    tracemalloc.start()
    try:
        best = search(scene, template).best
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert best is not None
    assert (round(best.x), round(best.y)) == (3000, 2000)
    assert most < 1.5 * scene.nbytes  # octaves in float32: 4 / 3 of it


def test_one_scene_serves_several_threads() -> None:
    scene = Scene(large())
    expected = [(100 * k, 150 * k) for k in range(1, 9)]
    traces: list[SearchTrace | None] = [None] * len(expected)

    def work(index: int, x: int, y: int) -> None:
        traces[index] = search(scene, scene.pixels[y : y + 130, x : x + 140])

    threads = [threading.Thread(target=work, args=(k, *at)) for k, at in enumerate(expected)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(round(t.matches[0].x), round(t.matches[0].y)) for t in traces if t is not None]
    assert found == expected


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("bottom", [173, 500])
@pytest.mark.parametrize("threads", [1, 3])
def test_an_octave_is_scored_alike_by_any_number_of_processors(
    level: int, bottom: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut into rows, or into columns where the template is higher than the map of scores."""
    pixels = camera()
    ready = prepare(Scene(pixels), pixels[100:bottom, 201:290], None)
    height, width = ready.scene.level_shape(level)
    patch = ready.scene.patch(level, (0, 0, width, height))
    whole = score_map(patch, ready.kernels[level], precise=level == 0)
    monkeypatch.setattr(sys.modules[octave_map.__module__], "_SHARED", 0)
    monkeypatch.setattr(cv2, "getNumThreads", lambda: threads)
    ticket = Impatient(1 << 20)
    shared = octave_map(ready, level, ticket)
    assert (1 << 20) - ticket.patience >= threads  # asked once for every part
    assert shared.shape == whole.shape
    assert np.abs(shared - whole).max() < 1e-4
