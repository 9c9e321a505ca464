"""Windows of their own, reopening, export by key, stepping past damaged files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMenu, QPushButton
from support import Mouse, canvases, grabbed, open_file, press, wait_idle

from pyrviewer.compute import image
from pyrviewer.ui.widgets.pop_out import PopOut

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program


def test_a_picture_in_a_window_of_its_own(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    program.menus.run("octaves.select.2")
    program.menus.run("octaves.pop_out")
    (window,) = program.window.findChildren(PopOut)
    qtbot.waitUntil(window.isVisible)
    (canvas,) = window.grid.canvases
    qtbot.waitUntil(lambda: canvas.viewport.fitting)
    assert canvas.layers[0].level == 2
    assert grabbed(canvas).std() > 10
    before = canvas.viewport.view.scale
    window.resize(1000, 800)
    qtbot.waitUntil(lambda: canvas.viewport.view.scale > before)  # it stays fitted
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not program.window.findChildren(PopOut))


def test_a_closed_image_comes_back_as_it_was(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    program.menus.run("octaves.kind.laplacian")
    wait_idle(qtbot, program)
    program.menus.run("file.close")
    assert program.workspace.documents == ()
    program.menus.run("file.reopen")
    wait_idle(qtbot, program)
    assert program.workspace.active is not None
    assert program.workspace.active.path == photo
    assert program.menus.action("octaves.kind.laplacian").isChecked()


def test_ctrl_e_offers_the_exports(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    press(qtbot, program, "Ctrl+E")
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "Save picture as ..." in [action.text() for action in menu.actions()]
    menu.close()


def test_a_damaged_file_does_not_bar_the_way(
    qtbot: QtBot, program: Program, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    for name in ("a", "c"):
        image.write(tmp_path / f"{name}.png", rng.integers(0, 255, (40, 50), np.uint8))
    (tmp_path / "b.png").write_bytes(b"no picture")
    open_file(qtbot, program, tmp_path / "a.png")
    press(qtbot, program, "Right")
    wait_idle(qtbot, program)
    assert any("b.png" in text for text in program.window.notices.texts)
    press(qtbot, program, "Right")
    wait_idle(qtbot, program)
    assert program.workspace.active is not None
    assert program.workspace.active.name == "c.png"


def test_a_double_click_holds_nothing(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    pane = canvases(program)[0]
    Mouse(pane).double_click(pane.width() / 2, pane.height() / 2)
    wait_idle(qtbot, program)
    lab = program.window.lab
    assert lab is not None
    assert lab.escape() is False  # there is nothing to let go of


def test_many_errors_are_all_kept(program: Program) -> None:
    for k in range(9):
        program.notices.error(f"Error {k}.")
    stack = program.window.notices
    shown = len(stack.texts)
    assert shown < 9
    (more,) = (b for b in stack.findChildren(QPushButton) if b.isVisible())
    assert more.text().startswith(f"{9 - shown} earlier")
