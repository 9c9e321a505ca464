"""The view that linked panes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrviewer.session.viewport import MAX_SCALE, MIN_SCALE, View, Viewport

if TYPE_CHECKING:
    from collections.abc import Callable

coordinate = st.floats(-1e4, 1e4)
scale = st.floats(MIN_SCALE, MAX_SCALE)


@given(coordinate, coordinate, scale, st.floats(1e-3, 1e3), coordinate, coordinate)
def test_zoom_keeps_the_point_under_the_cursor(
    x: float, y: float, start: float, factor: float, px: float, py: float
) -> None:
    viewport = Viewport()
    viewport.set_view(View(x, y, start))
    before = ((px - x) * start, (py - y) * start)  # where the point is on the screen
    viewport.zoom(factor, px, py)
    view = viewport.view
    after = ((px - view.x) * view.scale, (py - view.y) * view.scale)
    assert after == pytest.approx(before, rel=1e-6, abs=1e-3)
    assert MIN_SCALE <= view.scale <= MAX_SCALE
    wanted = min(max(start * factor, MIN_SCALE), MAX_SCALE)
    assert view.scale == pytest.approx(wanted)


def test_pan_moves_the_centre_only() -> None:
    viewport = Viewport()
    viewport.set_view(View(10, 20, 4))
    viewport.pan(3, -5)
    assert viewport.view == View(13, 15, 4)


def test_scales_stay_within_limits() -> None:
    viewport = Viewport()
    viewport.set_view(View(0, 0, 1e9))
    assert viewport.view.scale == MAX_SCALE
    viewport.set_view(View(0, 0, 0))
    assert viewport.view.scale == MIN_SCALE


def test_only_a_change_is_told() -> None:
    viewport = Viewport()
    told: list[View] = []
    viewport.changed.connect(lambda: told.append(viewport.view))
    viewport.set_view(View(1, 2, 3))
    viewport.set_view(View(1, 2, 3))
    assert told == [View(1, 2, 3)]


def test_any_motion_ends_fitting() -> None:
    viewport = Viewport()
    assert viewport.fitting
    moves: list[Callable[[], None]] = [
        lambda: viewport.pan(1, 0),
        lambda: viewport.zoom(2, 0, 0),
    ]
    for move in moves:
        viewport.set_view(View(5, 5, 1), fitting=True)
        assert viewport.fitting
        move()
        assert not viewport.fitting
