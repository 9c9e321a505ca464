"""Panning, zooming and linking panes with the mouse and the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from panes import EDGE, base_under, expected, hover_of, one_octave, squarely
from PyQt6.QtCore import Qt
from support import (
    LEFT,
    MIDDLE,
    Array,
    Mouse,
    at_view,
    canvases,
    grabbed,
    hold_key,
    open_array,
    press,
    release_key,
    set_layout,
    wait_idle,
)

from pyrviewer.session.viewport import MAX_SCALE, MIN_SCALE, View

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.ui.canvas import Canvas
    from pyrviewer.ui.navigator import Hover

CONTROL = Qt.KeyboardModifier.ControlModifier
RATIOS = [1.0, 1.5, 2.0]


# Moving


@pytest.mark.parametrize("program", [1.0, 1.5], indirect=True)
def test_the_wheel_zooms_at_the_cursor(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 2))
    spot = (canvas.width() * 0.3, canvas.height() * 0.6)
    before = base_under(canvas, *spot)
    for turns in (1.0, 1.0, 0.5, -1.0, 3.0, -2.5):
        scale = canvas.viewport.view.scale
        Mouse(canvas).wheel(*spot, turns)
        assert (canvas.viewport.view.scale > scale) == (turns > 0)
        assert base_under(canvas, *spot) == pytest.approx(before)


def test_zoom_stops_at_its_limits(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    set_layout(qtbot, program, "upsampled")
    for linked in (True, False):
        if not linked:
            press(qtbot, program, "L")
        canvas = canvases(program)[0]
        middle = (canvas.width() / 2, canvas.height() / 2)
        for turns, limit in ((200, MAX_SCALE), (-400, MIN_SCALE)):
            Mouse(canvas).wheel(*middle, turns)
            canvas.repaint()
            assert canvas.effective_view().scale == pytest.approx(limit)


def test_dragging_pans(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 2))
    for button in (LEFT, MIDDLE):
        start, end = (400.0, 300.0), (320.0, 260.0)
        grasped = base_under(canvas, *start)
        Mouse(canvas).drag(start, end, button)
        # What was grasped is still under the mouse, but for the way that makes it a drag.
        assert base_under(canvas, *end) == pytest.approx(grasped, abs=0.01)


def test_a_pinch_of_motion_is_still_a_click(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    clicks: list[Hover] = []
    canvas.clicked.connect(clicks.append)
    before = canvas.viewport.view
    Mouse(canvas).drag((300, 300), (301, 301), steps=1)
    canvas.clicked.disconnect(clicks.append)
    assert len(clicks) == 1
    assert canvas.viewport.view == before


def test_a_trackpad_pans(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 2))
    Mouse(canvas).scroll_pad(300, 300, 20, -10)
    view = canvas.viewport.view
    assert (view.x, view.y, view.scale) == pytest.approx((190, 155, 2))


def test_a_preference_swaps_wheel_and_pan(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    program.menus.run("view.wheel")
    at_view(qtbot, program, canvas, View(200, 150, 2))
    Mouse(canvas).wheel(300, 300, 1)
    assert canvas.viewport.view.scale == 2
    assert canvas.viewport.view.y < 150
    Mouse(canvas).wheel(300, 300, 1, CONTROL)
    assert canvas.viewport.view.scale > 2
    set_layout(qtbot, program, "grid")  # new panes obey, too
    canvas = canvases(program)[0]
    before = canvas.viewport.view.scale
    Mouse(canvas).wheel(20, 20, 1)
    assert canvas.viewport.view.scale == before


@pytest.mark.parametrize("program", [1.0, 1.5], indirect=True)
def test_double_click_goes_to_100_percent_there_and_back(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    fitted = canvas.viewport.view
    assert fitted.scale > 1
    spot = (canvas.width() * 0.4, canvas.height() * 0.6)
    before = base_under(canvas, *spot)
    Mouse(canvas).double_click(*spot)
    assert canvas.viewport.view.scale == pytest.approx(1)
    assert base_under(canvas, *spot) == pytest.approx(before)
    Mouse(canvas).double_click(*spot)
    assert canvas.viewport.view == fitted


def test_fit_shows_everything_and_follows_the_size(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    for size in ((1280, 720), (900, 600), (1600, 1000)):
        program.window.resize(*size)
        wait_idle(qtbot, program)
        view, height, width = canvas.viewport.view, *noise.shape[:2]
        left = (0 - view.x) * view.scale + canvas.width() / 2
        top = (0 - view.y) * view.scale + canvas.height() / 2
        right, bottom = left + width * view.scale, top + height * view.scale
        assert 0 <= left < right <= canvas.width()
        assert 0 <= top < bottom <= canvas.height()
        room = max(width * view.scale / canvas.width(), height * view.scale / canvas.height())
        assert room > 0.75


# Several panes


def two_panes(qtbot: QtBot, program: Program, pixels: Array) -> tuple[Canvas, Canvas]:
    open_array(qtbot, program, pixels)
    set_layout(qtbot, program, "grid")
    first, second = canvases(program)[:2]
    at_view(qtbot, program, first, View(200, 150, 4))
    return first, second


def centre(canvas: Canvas) -> tuple[float, float]:
    return base_under(canvas, canvas.width() / 2, canvas.height() / 2)


def test_linked_panes_look_at_the_same_place(qtbot: QtBot, program: Program, noise: Array) -> None:
    first, second = two_panes(qtbot, program, noise)
    Mouse(first).drag((100, 90), (60, 70))
    Mouse(second).wheel(second.width() / 2, second.height() / 2, 1)
    assert centre(first) == pytest.approx(centre(second))
    assert centre(first) == pytest.approx((210, 155))


def test_ctrl_drag_moves_one_pane_alone_and_fit_aligns_it_again(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    first, second = two_panes(qtbot, program, noise)
    Mouse(second).drag((100, 90), (80, 70), keys=CONTROL)
    assert centre(first) == pytest.approx((200, 150))
    assert centre(second) == pytest.approx((205, 155))
    Mouse(first).drag((100, 90), (60, 90))  # together again, with the offset kept
    assert centre(first) == pytest.approx((210, 150))
    assert centre(second) == pytest.approx((215, 155))
    press(qtbot, program, "F")
    assert centre(first) == pytest.approx(centre(second))


def test_unlinked_panes_move_alone_and_keep_their_offset_when_linked_again(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    first, second = two_panes(qtbot, program, noise)
    press(qtbot, program, "L")
    Mouse(first).drag((100, 90), (60, 90))
    Mouse(first).wheel(first.width() / 2, first.height() / 2, 2)
    assert centre(first) == pytest.approx((210, 150))
    assert centre(second) == pytest.approx((200, 150))
    press(qtbot, program, "L")
    scale = first.effective_view().scale / second.effective_view().scale
    assert scale == pytest.approx(1.44)
    Mouse(second).drag((100, 90), (100, 50))
    assert centre(second) == pytest.approx((200, 160))
    assert centre(first) == pytest.approx((210, 160))
    Mouse(second).wheel(second.width() / 2, second.height() / 2, 1)
    ratio = first.effective_view().scale / second.effective_view().scale
    assert ratio == pytest.approx(scale)


def test_panes_made_while_unlinked_are_unlinked(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    two_panes(qtbot, program, noise)
    press(qtbot, program, "L")
    set_layout(qtbot, program, "upsampled")
    first, second = canvases(program)[:2]
    at_view(qtbot, program, first, View(200, 150, 4))
    Mouse(first).drag((100, 90), (60, 90))
    assert centre(second) == pytest.approx((200, 150))


def test_the_divider_is_dragged_and_splits_original_and_result(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 3)
    press(qtbot, program, "V")
    wait_idle(qtbot, program)
    at_view(qtbot, program, canvas, View(200, 150, 4))
    view = canvas.viewport.view
    width, height = canvas.width(), canvas.height()

    def rough(x0: float, x1: float) -> float:
        shot = grabbed(canvas).astype(float)
        return float(shot[EDGE : height - EDGE, round(x0 * width) : round(x1 * width)].std())

    assert rough(0.1, 0.45) > 5 * rough(0.55, 0.9)
    Mouse(canvas).drag((width / 2, height / 2), (width * 0.25, height / 2))
    assert canvas.viewport.view == view  # the picture stays
    assert rough(0.05, 0.2) > 5 * rough(0.3, 0.45)
    left, right = hover_of(canvas, width * 0.2, 300), hover_of(canvas, width * 0.3, 300)
    assert left is not None
    assert right is not None
    assert (left.level, right.level) == (0, 3)
    Mouse(canvas).drag((width * 0.25, height / 2), (-500, height / 2))
    Mouse(canvas).drag((width * 0.02, height / 2), (width * 0.7, height / 2))
    assert rough(0.3, 0.65) > 5 * rough(0.75, 0.9)


def test_shift_shows_the_original(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 4)
    squarely(qtbot, program, canvas, 4)
    before = grabbed(canvas)
    hold_key(canvas, Qt.Key.Key_Shift)
    during = grabbed(canvas)
    release_key(canvas, Qt.Key.Key_Shift)
    after = grabbed(canvas)
    wanted, inside = expected(noise, canvas, during)
    np.testing.assert_array_equal(during[inside], wanted[inside])
    np.testing.assert_array_equal(after, before)
    assert (before != during).any()
