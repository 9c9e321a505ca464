"""What every lab found must do: compute, show, undo, cancel, leave nothing behind."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PyQt6.QtGui import QCursor
from PyQt6.QtWidgets import QApplication, QToolButton
from support import (
    Array,
    canvases,
    click_on,
    focus,
    grabbed,
    levels_shown,
    open_array,
    open_file,
    wait_idle,
)

from pyrviewer.compute.image import Origin, from_array
from pyrviewer.labs.registry import LabSpec, find_labs

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.ui.lab import Lab

BOUND = 2000  # ms in which a cancelled lab must be idle, on a slow and busy machine
LABS = find_labs()
every_lab = pytest.mark.parametrize("spec", LABS, ids=[spec.id for spec in LABS])


def show(program: Program, spec: LabSpec) -> Lab:
    """Choose a lab in the rail."""
    program.window.show_lab(spec.id)
    lab = program.window.lab
    assert lab is not None
    return lab


def choices(program: Program, lab: Lab) -> list[ActionSpec]:
    """Return the lab's actions that choose something that is not chosen yet."""
    program.menus.refresh()
    found = []
    for spec in lab.actions():
        if spec.checked is not None and spec.enabled() and not spec.checked():
            found.append(spec)
    return found


def test_there_are_labs_in_an_order_with_names_of_their_own() -> None:
    assert LABS
    assert [spec.order for spec in LABS] == sorted({spec.order for spec in LABS})
    assert len({spec.id for spec in LABS}) == len({spec.title for spec in LABS}) == len(LABS)


@every_lab
def test_it_computes_and_shows_a_picture(
    qtbot: QtBot, program: Program, photo: Path, spec: LabSpec
) -> None:
    lab = show(program, spec)
    open_file(qtbot, program, photo)
    assert lab.view.isVisible()
    assert lab.panel.isVisible()
    assert levels_shown(grabbed(lab.view)) > 1000
    assert program.window.notices.texts == []


@every_lab
def test_what_was_chosen_is_undone_and_redone(
    qtbot: QtBot, program: Program, photo: Path, spec: LabSpec
) -> None:
    lab = show(program, spec)
    document = open_file(qtbot, program, photo)
    undo = document.undo_stack
    tried = 0
    for choice in choices(program, lab):
        before, count = document.states.get(spec.id), undo.index()
        program.menus.run(choice.id)
        wait_idle(qtbot, program)
        if undo.index() == count:
            continue  # not a choice about the document
        tried += 1
        after = document.states[spec.id]
        assert undo.undoText()
        program.menus.run("edit.undo")
        wait_idle(qtbot, program)
        if before is not None:
            assert document.states[spec.id] == before, choice.id
        program.menus.run("edit.redo")
        wait_idle(qtbot, program)
        assert document.states[spec.id] == after, choice.id
        while undo.index() > count:
            undo.undo()
        if tried >= 5:
            break
    wait_idle(qtbot, program)
    assert tried > 0
    assert program.window.notices.texts == []


@every_lab
def test_cancelled_work_delivers_nothing(qtbot: QtBot, program: Program, spec: LabSpec) -> None:
    lab = show(program, spec)
    heard: list[object] = []
    for lane in lab.lanes:
        lane.partial.connect(heard.append)
        lane.succeeded.connect(heard.append)
        lane.failed.connect(heard.append)
    large = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    program.workspace.add(from_array(large, Origin("clipboard", "large")))
    assert any(lane.busy for lane in lab.lanes)
    assert program.window.cancel_work()
    heard.clear()
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lab.lanes), timeout=BOUND)
    wait_idle(qtbot, program)
    assert heard == []


@every_lab
def test_it_works_again_after_cancel(
    qtbot: QtBot, program: Program, photo: Path, spec: LabSpec
) -> None:
    lab = show(program, spec)
    large = np.zeros((3000, 4000, 3), np.uint8)
    program.workspace.add(from_array(large, Origin("clipboard", "large")))
    program.window.cancel_work()
    open_file(qtbot, program, photo)
    assert levels_shown(grabbed(lab.view)) > 1000


@every_lab
@pytest.mark.parametrize("shape", [(1, 1), (1, 64), (5, 3, 3), (33, 65, 4)], ids=str)
def test_tiny_images_do_no_harm(
    qtbot: QtBot, program: Program, spec: LabSpec, shape: tuple[int, ...]
) -> None:
    lab = show(program, spec)
    open_array(qtbot, program, np.full(shape, 100, np.uint8))
    for choice in choices(program, lab)[:40]:
        program.menus.run(choice.id)
        wait_idle(qtbot, program)
    grabbed(lab.view)


@every_lab
def test_closing_the_image_in_the_middle_of_work(
    qtbot: QtBot, program: Program, photo: Path, spec: LabSpec
) -> None:
    show(program, spec)
    for _ in range(3):
        program.commands.open_path(photo)
        qtbot.waitUntil(lambda: program.workspace.active is not None)
        program.menus.run("file.close")
    wait_idle(qtbot, program)
    assert program.workspace.active is None
    assert program.window.notices.texts == []


@every_lab
def test_closed_images_are_let_go(
    qtbot: QtBot, program: Program, photo: Path, spec: LabSpec
) -> None:
    show(program, spec)
    document = open_file(qtbot, program, photo)
    pixels = weakref.ref(document.pixels)
    del document
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    gc.collect()
    assert pixels() is None, "the pixels of a closed image are still held"


@every_lab
def test_each_tab_is_looked_at_where_it_was(
    qtbot: QtBot, program: Program, photo: Path, gray_photo: Path, spec: LabSpec
) -> None:
    show(program, spec)
    open_file(qtbot, program, photo)
    program.menus.run("view.actual")
    canvas = canvases(program)[0]
    canvas.viewport.pan(40, 25)
    wait_idle(qtbot, program)
    looked = canvases(program)[0].viewport.view
    open_file(qtbot, program, gray_photo)
    assert canvases(program)[0].viewport.fitting
    program.workspace.activate(program.workspace.documents[0])
    wait_idle(qtbot, program)
    assert canvases(program)[0].viewport.view == looked


@every_lab
def test_the_panes_keep_the_keyboard_when_the_lab_or_its_layout_is_chosen_by_mouse(
    qtbot: QtBot, program: Program, photo: Path, spec: LabSpec
) -> None:
    lab = show(program, LABS[0] if spec is LABS[1] else LABS[1])
    open_file(qtbot, program, photo)
    focus(canvases(program)[0])
    lab = show(program, spec)
    wait_idle(qtbot, program)
    assert QApplication.focusWidget() in canvases(program)
    for button in lab.view.bar.findChildren(QToolButton):
        if button.isCheckable() and button.isVisible() and button.isEnabled():
            click_on(button)
            wait_idle(qtbot, program)
            assert QApplication.focusWidget() in canvases(program), button.text()


@every_lab
def test_what_is_under_a_resting_mouse_is_said_again(
    qtbot: QtBot, program: Program, noise: Array, spec: LabSpec
) -> None:
    lab = show(program, spec)
    open_array(qtbot, program, noise)
    canvas = canvases(program)[0]
    QCursor.setPos(canvas.mapToGlobal(canvas.rect().center()))
    for _ in range(2):  # the first may be said of the pane, which is new
        with qtbot.waitSignal(lab.readout_changed) as said:
            canvas.viewport.pan(20, 10)
        assert "x " in said.args[0]
    with qtbot.assertNotEmitted(lab.readout_changed, wait=200):
        pass  # saying it changes nothing that would be said again
