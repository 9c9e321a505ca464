"""Pointing in the Pooling lab: pixels, bins, entries of the vector; parts of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pooling_lab import Array, adaptive, change, drag, on_screen, pooled, start
from PyQt6.QtCore import QPointF, Qt
from support import (
    Mouse,
    canvases,
    click_on,
    focus,
    grabbed,
    hold_key,
    press,
    release_key,
    wait_idle,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.ui.canvas import Canvas
    from pyrviewer.ui.pane_grid import Pane


def highlights(canvas: Canvas) -> int:
    """Return how many things are drawn over a pane."""
    return len(canvas.overlays)


def test_the_mouse_may_leave_while_panes_are_exchanged(
    qtbot: QtBot, program: Program, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    show = lab.view.grid.show_rows

    def show_and_leave(rows: Sequence[Sequence[Pane]], shares: Sequence[float] = ()) -> None:
        show(rows, shares)
        lab.view.hovered.emit(None)

    monkeypatch.setattr(lab.view.grid, "show_rows", show_and_leave)
    for layout in ("context", "channels", "neighbours", "rules", "pyramid"):
        change(qtbot, program, "layout", layout)
        assert len(lab.view.spots) == len(canvases(program))


# The vector


def test_the_vector_of_a_photo(qtbot: QtBot, program: Program, photo: Path, cat: Array) -> None:
    lab = start(qtbot, program, photo)
    found = change(qtbot, program, "side", 451)  # as it is
    np.testing.assert_array_equal(found.vector, adaptive(np.moveaxis(cat, 2, 0), (4, 2, 1)))
    assert [spot.kind for spot in lab.view.spots] == ["image", "map", "grid", "grid", "grid"]
    np.testing.assert_array_equal(
        found.tiles["grid"][1].values, found.vector[48:60].reshape(3, 2, 2).transpose(1, 2, 0)
    )
    assert "63 numbers" in lab.panel.length.text()


def test_the_length_stays_while_a_part_is_dragged(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    assert lab.document is not None
    lengths, steps = set(), lab.document.undo_stack.count()
    image = canvases(program)[0]
    lab.view.tool.press(100, 60, 1)
    for x in range(120, 300, 30):
        lab.view.tool.move(x, x * 0.6, 1)
        wait_idle(qtbot, program)
        lengths.add(len(pooled(lab).vector))
        assert pooled(lab).maps.request.rect[2] == x
    assert lengths == {63}
    assert lab.document.undo_stack.count() == steps
    assert image.tool is lab.view.tool
    press(qtbot, program, "Esc")
    wait_idle(qtbot, program)
    assert pooled(lab).maps.request.rect == (0, 0, 451, 300)


def test_a_part_is_one_step_that_can_be_undone(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    before = pooled(lab).vector
    drag(qtbot, program, (120, 60, 300, 200))
    assert np.abs(np.subtract(lab.state.rect, (120, 60, 300, 200))).max() <= 2
    assert pooled(lab).maps.request.rect == lab.state.rect
    assert max(pooled(lab).maps.input.shape[:2]) == 448
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    assert not lab.state.rect
    np.testing.assert_array_equal(pooled(lab).vector, before)
    press(qtbot, program, "Ctrl+Y")
    wait_idle(qtbot, program)
    click_on(lab.panel.whole)
    wait_idle(qtbot, program)
    assert not lab.state.rect


# Pointing


def test_an_entry_shows_its_bin_and_who_won(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    found = change(qtbot, program, "channel", 1)
    boxes = dict((entry, box) for entry, _, box in lab.view.strip.boxes())
    entry = 48 + 4 + 2  # 2 x 2, green, lower left
    assert set(boxes) == {*range(16, 32), *range(52, 56), 61}
    mouse = Mouse(lab.view.strip)
    map_pane, grid = canvases(program)[1], canvases(program)[3]
    idle = highlights(map_pane), highlights(grid)
    mouse.move(boxes[entry].center().x(), boxes[entry].center().y())
    assert highlights(map_pane) > idle[0]
    assert highlights(grid) == idle[1] + 1
    table = lab.panel.values_table.as_text()
    assert "row 1, column 0" in table
    green = found.maps.values[1, 149:, :224]
    y, x = np.unravel_index(green.argmax(), green.shape)
    assert f"won by x {x}, y {149 + y}" in table
    mouse.leave()
    assert (highlights(map_pane), highlights(grid)) == idle


def test_the_overview_finds_the_largest_of_a_pixel(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    lab.change("levels", (32, 1))
    wait_idle(qtbot, program)
    strip, vector = lab.view.strip, pooled(lab).vector
    assert strip.boxes() == []  # too many to be told apart
    line = strip._line()
    found = strip.entry_at(QPointF(line.left() + 100.2, line.center().y()))
    step = len(vector) / line.width()
    near = vector[int(100.2 * step) : int(101.2 * step)]
    assert found is not None
    assert vector[found] == near.max()
    assert strip.entry_at(QPointF(line.left() + 100, 0)) is None


def test_a_pixel_shows_the_entries_that_it_reaches(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    said: list[str] = []
    lab.readout_changed.connect(said.append)
    change(qtbot, program, "rule", "he")
    image, map_pane = canvases(program)[:2]
    for pane in (image, map_pane):
        Mouse(pane).move(*on_screen(pane, 226, 150))
        assert said[-1].endswith("reaches 9 of 63 numbers")
        Mouse(pane).move(*on_screen(pane, 226, 299.6))  # 298 rows by 4: window 75, stride 74
        assert said[-1].endswith("reaches 6 of 63 numbers")
        assert "left out" in lab.panel.values_table.as_text()
    Mouse(image).leave()
    assert said[-1] == ""


def test_a_cell_of_a_grid_shows_its_bin(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    pane = canvases(program)[2]
    Mouse(pane).move(*on_screen(pane, 451 * 0.9, 300 * 0.4))
    table = lab.panel.values_table.as_text()
    assert "row 1, column 3" in table
    assert "x 336–447, y 74–148" in table


def test_shift_shows_the_map_in_the_grids(qtbot: QtBot, program: Program, photo: Path) -> None:
    start(qtbot, program, photo)
    pane = canvases(program)[4]
    pane.setFocus()
    grid = grabbed(pane)
    hold_key(pane, Qt.Key.Key_Shift)
    under = grabbed(pane)
    release_key(pane, Qt.Key.Key_Shift)
    assert len(np.unique(under.reshape(-1, 3), axis=0)) > 1000
    np.testing.assert_array_equal(grabbed(pane), grid)


def test_arrow_keys_go_from_entry_to_entry(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    change(qtbot, program, "channel", 2)
    document = program.workspace.active
    focus(lab.view.strip)
    said: list[str] = []
    lab.readout_changed.connect(said.append)
    for key, place in (
        ("Right", "4 × 4   row 0  column 0"),
        ("Right", "4 × 4   row 0  column 1"),
        ("Left", "4 × 4   row 0  column 0"),
        ("Left", "4 × 4   row 0  column 0"),
    ):
        press(qtbot, program, key)
        assert said[-1].startswith(place)
    for _ in range(16):
        press(qtbot, program, "Right")
    assert said[-1].startswith("2 × 2   row 0  column 0")
    wait_idle(qtbot, program)
    assert program.workspace.active is document  # not the next one of the folder
