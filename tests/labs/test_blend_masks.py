"""Painting in the Blend lab, and what else changes whole masks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from blend_lab import drag, photo_pixels, place, result_of, start
from PyQt6.QtCore import Qt
from support import Array, Mouse, canvases, press, wait_idle

from pyrviewer.compute import image, mask
from pyrviewer.session import restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


# Painting


def test_painting_changes_what_is_under_the_brush_and_is_undone_to_the_bit(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    drawn = result_of(program).mask.copy()
    document = lab.document
    assert document is not None
    count = document.undo_stack.count()
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    assert document.undo_stack.count() == count  # a brush in hand has changed nothing yet
    drag(qtbot, program, (300, 100), (400, 100))
    assert lab.state.outline == ""
    assert document.undo_stack.count() == count + 2  # the outline became a mask, and the stroke
    painted = result_of(program).mask.copy()
    assert painted[100, 350] == 255
    assert np.array_equal(painted[200:], drawn[200:])
    press(qtbot, program, "E")
    drag(qtbot, program, (350, 80), (350, 120))
    assert result_of(program).mask[100, 350] == 0
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, painted)
    program.menus.run("edit.undo")
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert lab.state.outline != ""
    assert np.array_equal(result_of(program).mask, drawn)
    program.menus.run("edit.redo")
    program.menus.run("edit.redo")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, painted)


def test_a_stroke_is_taken_back_by_escape(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    start(qtbot, program, pair)
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    before = result_of(program).mask.copy()
    mouse = Mouse(canvases(program)[-1])
    mouse.drag_begin(place(program, 300, 100), place(program, 400, 100))
    press(qtbot, program, "Esc")
    mouse.drag_end(place(program, 400, 100))
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, before)


def test_another_button_or_undo_during_a_stroke_does_no_harm(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    start(qtbot, program, pair)
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    drag(qtbot, program, (300, 50), (400, 50))
    once = result_of(program).mask.copy()
    canvas = canvases(program)[-1]
    view, mouse = canvas.effective_view(), Mouse(canvas)
    mouse.drag_begin(place(program, 300, 150), place(program, 400, 150))
    mouse.click(*place(program, 350, 200), Qt.MouseButton.MiddleButton)
    mouse.drag_end(place(program, 400, 150))
    wait_idle(qtbot, program)
    assert canvas.effective_view() == view
    twice = result_of(program).mask.copy()
    assert twice[150, 350] == 255
    mouse.drag_begin(place(program, 300, 250), place(program, 350, 250))
    program.menus.run("edit.undo")
    mouse.drag_end(place(program, 400, 250))
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, twice)
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, once)


def test_the_brush_is_sized_by_keys_and_wheel(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    radius, hardness = lab.hands.brush.radius, lab.hands.brush.hardness
    press(qtbot, program, "]")
    assert lab.hands.brush.radius > radius
    press(qtbot, program, "[")
    assert lab.hands.brush.radius == pytest.approx(radius)
    press(qtbot, program, "{")
    assert lab.hands.brush.hardness < hardness
    scale = canvases(program)[-1].effective_view().scale
    Mouse(canvases(program)[-1]).wheel(100, 100, 2, ALT)
    assert lab.hands.brush.radius > 1.2 * radius
    assert canvases(program)[-1].effective_view().scale == scale
    assert lab.panel.radius.value() == pytest.approx(lab.hands.brush.radius, abs=0.01)


def test_an_inverted_mask_is_painted_as_it_is_seen(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    start(qtbot, program, pair)
    before = result_of(program).mask.copy()
    press(qtbot, program, "I", CONTROL)
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, 255 - before)
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    drag(qtbot, program, (60, 100), (160, 100))
    assert result_of(program).mask[100, 110] == 255
    assert result_of(program).mask[200, 110] == 0


@pytest.mark.parametrize(
    ("action", "expected"),
    [("blend.grow", mask.grow), ("blend.shrink", mask.shrink), ("blend.feather", mask.feather)],
)
def test_whole_masks_are_changed(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], action: str,
    expected: Callable[..., Array],
) -> None:  # fmt: skip
    start(qtbot, program, pair)
    program.menus.run("blend.tool.ellipse")
    drag(qtbot, program, (60, 40), (300, 250))
    drawn = result_of(program).mask.copy()
    program.menus.run(action)
    wait_idle(qtbot, program)
    changed = result_of(program).mask.copy()
    assert np.array_equal(changed, expected(drawn, 10))
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, drawn)


def test_clearing_shows_b(qtbot: QtBot, program: Program, pair: tuple[Path, Path]) -> None:
    start(qtbot, program, pair)
    canvases(program)[0].setFocus()
    press(qtbot, program, "Del")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).report.pixels, photo_pixels(pair[1]))


def test_a_mask_comes_from_a_file(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    lab = start(qtbot, program, pair)
    drawn = np.random.default_rng(1).integers(0, 256, (300, 451), np.uint8)
    image.write(tmp_path / "mask.png", drawn)
    lab.masking.open_file(tmp_path / "mask.png")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, drawn)
    lab.masking.open_file(pair[1])
    wait_idle(qtbot, program)
    assert "coffee.png is in colour" in program.window.notices.texts[-1]
    image.write(tmp_path / "small.png", drawn[:100])
    lab.masking.open_file(tmp_path / "small.png")
    wait_idle(qtbot, program)
    assert "small.png is 451 x 100" in program.window.notices.texts[-1]
    assert np.array_equal(result_of(program).mask, drawn)


def test_a_painted_mask_comes_back_with_the_session(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    drag(qtbot, program, (300, 100), (400, 100))
    painted = result_of(program).mask.copy()
    text = restore.describe(program.workspace, "blend")
    while program.workspace.documents:
        program.workspace.close(program.workspace.documents[0])
    program.commands.restore(restore.parse(text, "test"))
    wait_idle(qtbot, program)
    assert lab.document is not None
    assert np.array_equal(result_of(program).mask, painted)
    assert json.loads(text)


def test_a_stroke_outlives_other_tabs_and_is_undone_from_other_labs(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    press(qtbot, program, "B")
    wait_idle(qtbot, program)
    before = result_of(program).mask.copy()
    drag(qtbot, program, (300, 100), (400, 100))
    painted = result_of(program).mask.copy()
    first, second = lab.document, program.workspace.documents[0]
    program.workspace.activate(second)  # at once: nothing may depend on time
    program.workspace.activate(first)
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, painted)
    program.window.show_lab("octaves")
    program.menus.run("edit.undo")
    program.window.show_lab("blend")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, before)
    program.menus.run("edit.redo")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, painted)


def test_corners_that_were_clicked_stay_while_something_else_changes(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run("blend.tool.polygon")
    mouse = Mouse(canvases(program)[-1])
    for corner in ((50, 50), (250, 60), (150, 220)):
        mouse.click(*place(program, *corner))
    lab.change("linear", True)
    wait_idle(qtbot, program)
    mouse.click(*place(program, 150, 220))
    wait_idle(qtbot, program)
    assert isinstance(lab.state.parametric, mask.Polygon)
