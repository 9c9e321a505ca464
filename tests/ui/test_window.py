"""The shell: menus, work that can be cancelled, notices, the welcome page."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
)
from support import (
    Mouse,
    canvases,
    click_on,
    focus,
    grabbed,
    open_array,
    open_file,
    press,
    set_layout,
    tap,
    texts,
    wait_idle,
)

from pyrviewer.ui.widgets.notice_stack import NoticeCard
from pyrviewer.ui.widgets.welcome import SampleCard

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.compute.ticket import Ticket

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")


def enabled(program: Program, identity: str) -> bool:
    """Ask an action of the menus whether it can be chosen, as opening its menu does."""
    program.menus.refresh()
    return program.menus.action(identity).isEnabled()


# Menus


def test_what_needs_an_image_is_off_without_one(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    always = {"file.open", "file.open_folder", "file.quit", "edit.paste", "help.palette",
              "help.keys", "help.about", "view.full_screen", "file.open_session"}  # fmt: skip
    needy = {"file.close", "file.reload", "file.next", "edit.copy_view", "view.fit", "view.actual",
             "octaves.layout.grid", "octaves.save_octave", "octaves.kind.dog", "octaves.coarser",
             "octaves.copy_python", "file.save_session"}  # fmt: skip
    never = {"edit.undo", "edit.redo", "file.next_page"}
    assert [i for i in always if not enabled(program, i)] == []
    assert [i for i in needy | never if enabled(program, i)] == []
    open_file(qtbot, program, photo)
    assert [i for i in always | needy if not enabled(program, i)] == []
    assert [i for i in never if enabled(program, i)] == []


def test_undo_and_redo_are_on_where_there_is_something_to_undo(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    set_layout(qtbot, program, "grid")
    undo, redo = program.menus.action("edit.undo"), program.menus.action("edit.redo")
    assert (undo.isEnabled(), redo.isEnabled()) == (True, False)
    press(qtbot, program, "Z", Qt.KeyboardModifier.ControlModifier)
    assert (undo.isEnabled(), redo.isEnabled()) == (False, True)
    press(qtbot, program, "Y", Qt.KeyboardModifier.ControlModifier)
    assert (undo.isEnabled(), redo.isEnabled()) == (True, False)
    shift = Qt.KeyboardModifier.ShiftModifier
    press(qtbot, program, "Z", Qt.KeyboardModifier.ControlModifier)
    press(qtbot, program, "Z", Qt.KeyboardModifier.ControlModifier | shift)
    assert program.menus.action("octaves.layout.grid").isChecked()


def test_a_clipboard_image_has_no_folder_to_step_through(qtbot: QtBot, program: Program) -> None:
    open_array(qtbot, program, np.zeros((64, 64), np.uint8))
    for identity in ("file.next", "file.previous", "file.reload", "file.next_page"):
        assert not enabled(program, identity), identity


def test_ids_and_keys_are_unique(program: Program) -> None:
    specs = list(program.registry)
    assert len({spec.id for spec in specs}) == len(specs) > 60
    keys: dict[str, list[str]] = {}
    for spec in specs:
        for key in spec.shortcut:
            sequence = QKeySequence(key)
            assert not sequence.isEmpty(), f"{spec.id}: {key} is no key"
            # A key of the panes would be ambiguous with the same one of the window.
            others = keys.setdefault(sequence.toString(), [])
            for other in others:
                assert not program.registry.meet(other, spec.id), f"{key}: {other}, {spec.id}"
            others.append(spec.id)


def test_every_action_says_what_it_does(program: Program) -> None:
    for spec in program.registry:
        assert spec.text, spec.id
        assert spec.tip.endswith("."), spec.id
        assert "." in spec.id


def test_every_menu_item_is_enabled_by_what_its_action_says(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    program.menus.refresh()
    for spec in program.registry:
        action = program.menus.action(spec.id)
        assert action.isEnabled() == spec.enabled(), spec.id
        if spec.checked is not None:
            assert action.isChecked() == spec.checked(), spec.id


# Work


def test_esc_stops_the_work_and_then_closes_notices(qtbot: QtBot, program: Program) -> None:
    running = threading.Event()

    def work(ticket: Ticket) -> None:
        running.set()
        pause = threading.Event()
        for _ in range(2000):
            ticket.check(0.5)
            pause.wait(0.01)

    open_array(qtbot, program, np.zeros((64, 64), np.uint8))
    program.notices.warning("Mind the gap.")
    lane = program.workspace.lane
    lane.submit(work)
    assert running.wait(5)
    bar = program.window.status.bar
    qtbot.waitUntil(lambda: bar.isVisible() and bar.value() == 50)
    press(qtbot, program, "Escape")
    qtbot.waitUntil(lambda: not lane.busy)
    assert not bar.isVisible()
    assert program.window.notices.texts == ["Mind the gap."]
    press(qtbot, program, "Escape")
    assert program.window.notices.texts == []


def test_the_cancel_button_stops_the_work(qtbot: QtBot, program: Program) -> None:
    running = threading.Event()

    def work(ticket: Ticket) -> None:
        running.set()
        pause = threading.Event()
        for _ in range(2000):
            ticket.check()
            pause.wait(0.01)

    lane = program.workspace.lane
    lane.submit(work)
    assert running.wait(5)
    cancel = program.window.status.cancel
    qtbot.waitUntil(cancel.isVisible)
    Mouse(cancel).click(5, 5)
    qtbot.waitUntil(lambda: not lane.busy)
    assert not cancel.isVisible()


# Notices


def test_notices_are_few_and_not_repeated(program: Program) -> None:
    stack = program.window.notices
    for k in range(8):
        program.notices.error(f"Error {k}.")
    program.notices.error("Error 7.")
    assert stack.texts[-1] == "Error 7."
    assert len(stack.texts) == len(set(stack.texts)) < 8
    assert stack.isVisible()
    assert program.window.rect().contains(stack.geometry())


def test_a_notice_can_be_closed_and_acted_on(qtbot: QtBot, program: Program) -> None:
    done: list[bool] = []
    program.notices.info("Saved.", "Show", lambda: done.append(True))
    program.notices.error("Lost.")
    wait_idle(qtbot, program)
    act = next(b for b in program.window.notices.findChildren(QAbstractButton) if b.text())
    click_on(act)
    assert done == [True]
    assert program.window.notices.texts == ["Lost."]
    (card,) = (c for c in program.window.notices.findChildren(NoticeCard) if c.isVisible())
    (close,) = card.findChildren(QAbstractButton)
    click_on(close)
    assert program.window.notices.texts == []
    assert not program.window.notices.isVisible()


def test_notices_do_not_take_the_keyboard_and_show_their_whole_text(
    qtbot: QtBot, program: Program
) -> None:
    open_array(qtbot, program, np.zeros((64, 64), np.uint8))
    before = QApplication.focusWidget()
    program.notices.error("A long sentence that has to be wrapped. " * 6)
    wait_idle(qtbot, program)
    assert QApplication.focusWidget() is before
    (card,) = program.window.notices.findChildren(NoticeCard)
    for label in card.findChildren(QLabel):
        if label.wordWrap():
            assert label.heightForWidth(label.width()) <= label.height()
    assert program.window.rect().contains(program.window.notices.geometry())


# Settings of the window


def test_the_wheel_preference_is_obeyed_after_a_restart(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    from pyrviewer.app import Program as Again

    program.menus.run("view.wheel")
    second = Again(remember=False)
    second.window.resize(1280, 720)
    second.window.show()
    open_file(qtbot, second, photo)
    assert second.menus.action("view.wheel").isChecked()
    canvas = canvases(second)[0]
    before = canvas.viewport.view
    Mouse(canvas).wheel(50, 50, 1)
    assert canvas.viewport.view.scale == before.scale
    assert canvas.viewport.view.y != before.y
    second.window.close()
    second.shutdown()


def test_recent_files_are_offered(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.png"
    PIL.Image.fromarray(np.zeros((20, 20), np.uint8)).save(gone)
    open_file(qtbot, program, photo)
    open_file(qtbot, program, gone)
    gone.unlink()
    program.menus.run("file.close")
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    cards = program.window.findChildren(SampleCard)
    assert [card.path for card in cards if card.isVisible()] == [photo]


@pytest.mark.samples
def test_a_sample_is_opened_by_keyboard_and_by_mouse(qtbot: QtBot, program: Program) -> None:
    cards = [card for card in program.window.findChildren(SampleCard) if card.isVisible()]
    assert len(cards) >= 6
    wait_idle(qtbot, program)
    assert len(np.unique(grabbed(cards[0]).reshape(-1, 3), axis=0)) > 200  # its thumbnail
    focus(cards[0])
    tap(cards[0], Qt.Key.Key_Return)
    wait_idle(qtbot, program)
    assert program.window.tabs.count() == 1
    program.show_welcome()
    wait_idle(qtbot, program)
    cards = [card for card in program.window.findChildren(SampleCard) if card.isVisible()]
    Mouse(cards[-1]).click(20, 20)
    wait_idle(qtbot, program)
    document = program.workspace.active
    assert document is not None
    assert document.path == cards[-1].path
    assert not program.window.welcome.isVisible()


def test_about(qtbot: QtBot, program: Program) -> None:
    program.menus.run("help.about")
    box = QApplication.activeModalWidget()
    assert box is not None
    assert any("GNU General Public License" in text for text in texts(box))
    box.close()
