"""The keys of the Octaves lab, and what can be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from octaves_lab import IMAGES, lab, result_text, table
from PyQt6.QtCore import Qt
from support import (
    Array,
    Mouse,
    canvases,
    grabbed,
    levels_shown,
    open_array,
    press,
    set_layout,
    wait_idle,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")
KINDS = ("gaussian", "laplacian", "dog")
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_numbers_and_arrows_select_an_octave(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)

    def after(key: str) -> int:
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        return lab(program).state.selected

    assert [after(str(k)) for k in range(6)] == [0, 1, 2, 3, 4, 5]
    assert after("9") == 5  # there is no octave 9: the coarsest one
    assert [after("Down"), after("Down"), after("Up")] == [4, 3, 4]
    assert [after("0"), after("Down")] == [0, 0]
    selected = [pane.selected for pane in canvases(program)[1:]]
    assert selected == [True] + [False] * 5


@pytest.mark.parametrize(
    ("key", "mode"), [("A", "first"), ("B", "second"), ("V", "slider"), ("W", "difference")]
)
def test_letters_compare(qtbot: QtBot, program: Program, cat: Array, key: str, mode: str) -> None:
    open_array(qtbot, program, cat)
    press(qtbot, program, "3")
    press(qtbot, program, key)
    wait_idle(qtbot, program)
    assert lab(program).state.compare == mode
    (pane,) = canvases(program)
    shot = grabbed(pane).astype(float)[60:-60]
    middle = shot[:, shot.shape[1] // 4 : -shot.shape[1] // 4]
    sharp = float(np.abs(np.diff(middle[..., 0], axis=1)).mean())
    assert {"first": sharp > 3, "second": sharp < 3, "slider": True, "difference": True}[mode]
    if mode == "difference":
        assert "−" in pane.accessibleName()
    half = shot.shape[1] // 2
    left = np.abs(np.diff(shot[:, half // 2 : half - 10, 0], axis=1)).mean()
    right = np.abs(np.diff(shot[:, half + 10 : half + half // 2, 0], axis=1)).mean()
    assert (left > 1.5 * right) == (mode == "slider")


def test_the_animation_plays_steps_and_jumps(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "rebuild")

    def after(key: str) -> int:
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        return lab(program).state.detail

    assert after("Home") == 0
    assert [after("."), after("."), after(",")] == [1, 2, 1]
    assert after("End") == 5
    assert "Exact" in result_text(program)
    assert after(".") == 5
    press(qtbot, program, "P")  # at the end: from the start
    assert lab(program).state.detail == 0
    qtbot.waitUntil(lambda: lab(program).state.detail >= 2, timeout=5000)
    press(qtbot, program, "P")
    held = lab(program).state.detail
    bar = lab(program).view.transport
    assert not bar.playing
    wait_idle(qtbot, program)
    assert lab(program).state.detail == held


def test_play_from_another_layout_goes_to_rebuild(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    open_array(qtbot, program, cat)
    press(qtbot, program, "P")
    wait_idle(qtbot, program)
    assert lab(program).state.layout == "rebuild"
    assert lab(program).view.transport.playing
    set_layout(qtbot, program, "grid")
    qtbot.waitUntil(lambda: not lab(program).view.transport.playing)


def test_n_stretches_the_display_and_r_resets_it(qtbot: QtBot, program: Program) -> None:
    dull = (IMAGES["gray"] // 4 + 90).astype(np.uint8)
    open_array(qtbot, program, dull)
    set_layout(qtbot, program, "one")
    (pane,) = canvases(program)

    def spread() -> float:
        return float(np.ptp(np.percentile(grabbed(pane)[60:-60, 300:-300], (2, 98))))

    before = spread()
    press(qtbot, program, "N")
    wait_idle(qtbot, program)
    assert spread() > 2.5 * before
    Mouse(pane).wheel(100, 100, 3)
    press(qtbot, program, "R")
    wait_idle(qtbot, program)
    assert not lab(program).state.auto_range
    assert spread() == pytest.approx(before, abs=2)
    assert pane.viewport.fitting


def test_fit_and_100_percent(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "one")
    (pane,) = canvases(program)
    fitted = pane.viewport.view
    for key, keys in (("F", None), ("0", CONTROL)):
        press(qtbot, program, "1", CONTROL)
        assert pane.viewport.view.scale == 1
        press(qtbot, program, key, keys or Qt.KeyboardModifier.NoModifier)
        wait_idle(qtbot, program)
        assert pane.viewport.view == fitted
    press(qtbot, program, "+")
    assert pane.viewport.view.scale > fitted.scale
    press(qtbot, program, "-")
    assert pane.viewport.view.scale == pytest.approx(fitted.scale)
    press(qtbot, program, "Right", CONTROL)
    assert pane.viewport.view.x > fitted.x


def test_l_links_and_unlinks(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    link = program.menus.action("view.link")
    program.menus.refresh()
    assert link.isChecked()
    press(qtbot, program, "L")
    assert not link.isChecked()
    press(qtbot, program, "L")
    assert link.isChecked()


def test_every_control_of_the_panel_is_one_undo_step(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    document = open_array(qtbot, program, cat)
    start = lab(program).state
    for name, value in (
        ("kind", "dog"), ("levels", 3), ("ratio", 1.5), ("prefilter", "area"), ("layout", "one"),
        ("selected", 2), ("compare", "first"), ("true_geometry", False), ("smooth", False),
        ("auto_range", True),
    ):  # fmt: skip
        lab(program).change(name, value)
    wait_idle(qtbot, program)
    assert document.undo_stack.count() == 10
    end = lab(program).state
    for _ in range(10):
        press(qtbot, program, "Z", CONTROL)
    wait_idle(qtbot, program)
    assert lab(program).state == start
    for _ in range(10):
        press(qtbot, program, "Y", CONTROL)
    wait_idle(qtbot, program)
    assert lab(program).state == end
    assert program.window.notices.texts == []


@pytest.mark.parametrize("prefilter", ["binomial", "none", "box", "area", "lanczos", "max"])
def test_every_prefilter_and_ratio_is_shown(
    qtbot: QtBot, program: Program, cat: Array, prefilter: str
) -> None:
    open_array(qtbot, program, cat)
    lab(program).change("prefilter", prefilter)
    for ratio in (2.0, 1.1, 1.4, 4.0):
        lab(program).change("ratio", ratio)
        wait_idle(qtbot, program)
        used = 2.0 if prefilter == "max" else ratio
        rows = table(program, "Storage by level")
        w, h = (int(side) for side in rows[1][1].split("×"))
        assert (w, h) == pytest.approx((451 / used, 300 / used), abs=0.51)
        assert program.window.notices.texts == []
        assert levels_shown(grabbed(lab(program).view.grid)) > 1000
