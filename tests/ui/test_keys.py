"""The command palette and the sheet of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QApplication,
    QKeySequenceEdit,
    QLineEdit,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItemIterator,
)
from support import Mouse, canvases, click_on, focus, open_file, press, tap, type_text, wait_idle

from pyrviewer.labs.search.controller import SearchLab
from pyrviewer.ui.palette import CommandPalette, rank
from pyrviewer.ui.widgets.shortcut_sheet import ShortcutSheet

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtWidgets import QTreeWidgetItem
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def palette(qtbot: QtBot, program: Program) -> tuple[QLineEdit, QTreeWidget]:
    """Open the palette by its key and return its line and list."""
    tap(QApplication.focusWidget() or program.window, Qt.Key.Key_P, CONTROL | SHIFT)
    found = program.window.findChild(CommandPalette)
    assert found is not None
    line, matches = found.findChild(QLineEdit), found.findChild(QTreeWidget)
    assert line is not None
    assert matches is not None
    qtbot.waitUntil(line.hasFocus)
    return line, matches


def entries(matches: QTreeWidget) -> list[str]:
    items = (matches.topLevelItem(k) for k in range(matches.topLevelItemCount()))
    return [item.text(0) for item in items if item is not None]


def test_typing_narrows_the_list_and_enter_runs(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    line, matches = palette(qtbot, program)
    everything = matches.topLevelItemCount()
    assert everything > 40
    type_text(line, "grid")
    assert 0 < matches.topLevelItemCount() < everything
    first, last = entries(matches)[0], entries(matches)[-1]
    assert "grid" in first.lower()
    assert "grid" not in last.lower()  # those whose explanation fits come after
    line.clear()
    type_text(line, "layout : grid")
    tap(line, Qt.Key.Key_Return)
    wait_idle(qtbot, program)
    assert program.menus.action("octaves.layout.grid").isChecked()
    assert not any(p.isVisible() for p in program.window.findChildren(CommandPalette))
    assert any(canvas.hasFocus() for canvas in canvases(program)) or (
        program.window.focusWidget() is not None
    )


def test_arrow_keys_choose_while_typing(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    line, matches = palette(qtbot, program)
    type_text(line, "view")
    assert matches.indexOfTopLevelItem(matches.currentItem()) == 0
    for name, row in (("Up", 0), ("Down", 1), ("Down", 2), ("Up", 1), ("PgDown", 9), ("PgUp", 1)):
        key = QKeySequence(name)[0].key()
        tap(line, key)
        assert matches.indexOfTopLevelItem(matches.currentItem()) == row
    tap(line, Qt.Key.Key_Escape)
    assert not line.isVisible()


def test_esc_closes_the_palette_and_gives_the_keyboard_back(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    program.notices.error("Stays.")
    pane = canvases(program)[0]
    focus(pane)
    line, _ = palette(qtbot, program)
    tap(line, Qt.Key.Key_Escape)
    assert pane.hasFocus()
    assert program.window.notices.texts == ["Stays."]  # this Esc was the palette's


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_keys_are_the_panes_again_once_a_value_is_entered(
    qtbot: QtBot, program: Program, photo: Path, key: Qt.Key
) -> None:
    program.window.show_lab("search")
    open_file(qtbot, program, photo)
    lab = program.window.lab
    assert isinstance(lab, SearchLab)
    field = lab.panel.angle.box
    focus(field)
    field.selectAll()
    type_text(field, "90")
    tap(field, key)
    assert lab.state.angle == 90
    assert canvases(program)[0].hasFocus()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape])
def test_the_palette_gives_the_keyboard_back_to_a_field(
    qtbot: QtBot, program: Program, photo: Path, key: Qt.Key
) -> None:
    program.window.show_lab("search")
    open_file(qtbot, program, photo)
    lab = program.window.lab
    assert isinstance(lab, SearchLab)
    field = lab.panel.angle.box
    focus(field)
    line, _ = palette(qtbot, program)
    type_text(line, "theme")
    tap(line, key)
    assert field.hasFocus()


def test_nothing_fits_nothing_runs(qtbot: QtBot, program: Program) -> None:
    line, matches = palette(qtbot, program)
    type_text(line, "zzqx")
    assert matches.topLevelItemCount() == 0
    tap(line, Qt.Key.Key_Return)
    assert not line.isVisible()


def test_only_what_can_be_done_is_offered(qtbot: QtBot, program: Program, photo: Path) -> None:
    line, matches = palette(qtbot, program)
    assert not any("Grid" in text for text in entries(matches))
    assert any("Open ..." in text for text in entries(matches))
    tap(line, Qt.Key.Key_Escape)
    open_file(qtbot, program, photo)
    _, matches = palette(qtbot, program)
    assert any("Grid" in text for text in entries(matches))


def test_the_palette_goes_when_the_keyboard_goes_elsewhere(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    _line, _ = palette(qtbot, program)
    focus(canvases(program)[0])
    qtbot.waitUntil(lambda: program.window.findChild(CommandPalette) is None)


def test_every_enabled_action_can_be_found_by_its_own_words(program: Program) -> None:
    for spec in program.registry:
        assert rank(spec.text, f"{spec.menu} : {spec.text}") is not None


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("open", "File : Open ...", "Octaves : Compare : Show original, one"),
        ("qt", "File : Quit", "View : Equal tiles"),
        ("gr", "Layout : Grid", "Aliasing : larger"),
    ],
)
def test_whole_words_come_first(query: str, better: str, worse: str) -> None:
    first, second = rank(query, better), rank(query, worse)
    assert first is not None
    assert second is None or first < second
    assert rank("xyz", better) is None


# The sheet


def sheet(qtbot: QtBot, program: Program) -> ShortcutSheet:
    """Open the sheet of keys by its key."""
    tap(program.window, Qt.Key.Key_F1)
    found = program.window.findChild(ShortcutSheet)
    assert found is not None
    qtbot.waitUntil(found.isActiveWindow)
    return found


def shut(qtbot: QtBot, program: Program, found: ShortcutSheet) -> None:
    """Close the sheet and go back to the window."""
    found.close()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)


def row(found: ShortcutSheet, text: str) -> QTreeWidgetItem:
    """Return the row of an action, which names the submenu first."""
    walk = QTreeWidgetItemIterator(found.tree)
    while (item := walk.value()) is not None:
        if item.text(0).split(" : ")[-1] == text and item.childCount() == 0:
            return item
        walk += 1
    raise AssertionError(f"the sheet does not list {text!r}")


def bind(qtbot: QtBot, found: ShortcutSheet, text: str, key: str) -> None:
    """Give an action a key as a user does."""
    found.tree.setCurrentItem(row(found, text))
    edit = found.findChild(QKeySequenceEdit)
    assert edit is not None
    code = QKeySequence(key)[0]
    focus(edit)
    with qtbot.waitSignal(edit.editingFinished):
        tap(edit, code.key(), code.keyboardModifiers())


def test_the_sheet_lists_every_action_and_the_mouse(qtbot: QtBot, program: Program) -> None:
    found = sheet(qtbot, program)
    for spec in program.registry:
        item = row(found, spec.text)
        assert item.text(2)
    assert "Wheel" in row(found, "Zoom at the cursor").text(1)
    assert row(found, "Undo").text(1) == "Ctrl+Z"
    found.close()


def test_the_sheet_can_be_searched(qtbot: QtBot, program: Program) -> None:
    found = sheet(qtbot, program)
    type_text(found.search, "ctrl+z")
    assert not row(found, "Undo").isHidden()
    assert row(found, "Full screen").isHidden()
    found.close()


def test_rebinding_works_at_once_and_after_a_restart(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    found = sheet(qtbot, program)
    bind(qtbot, found, "Grid", "Ctrl+Alt+G")
    assert row(found, "Grid").text(1) == "Ctrl+Alt+G"
    shut(qtbot, program, found)
    press(qtbot, program, "Ctrl+Alt+G")
    wait_idle(qtbot, program)
    assert program.menus.action("octaves.layout.grid").isChecked()

    from pyrviewer.app import Program as Again

    second = Again(remember=False)
    assert second.menus.action("octaves.layout.grid").shortcut().toString() == "Ctrl+Alt+G"
    second.window.close()
    second.shutdown()


def test_a_context_menu_names_the_keys_that_were_bound(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    found = sheet(qtbot, program)
    bind(qtbot, found, "Open in its own window", "Ctrl+Alt+P")
    shut(qtbot, program, found)
    pane = canvases(program)[0]
    Mouse(pane).click(pane.width() / 2, pane.height() / 2, Qt.MouseButton.RightButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions()]
    menu.close()
    assert "Open in its own window\tCtrl+Alt+P" in texts


def test_a_key_moves_to_the_action_that_takes_it(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    found = sheet(qtbot, program)
    bind(qtbot, found, "Grid", "G")
    assert row(found, "True geometry").text(1) == ""
    shut(qtbot, program, found)
    press(qtbot, program, "G")
    wait_idle(qtbot, program)
    assert program.menus.action("octaves.layout.grid").isChecked()
    assert program.menus.action("octaves.true_geometry").isChecked()


def test_default_keys_come_back(qtbot: QtBot, program: Program) -> None:
    found = sheet(qtbot, program)
    bind(qtbot, found, "Full screen", "F12")
    reset = next(b for b in found.findChildren(QPushButton) if b.text() == "Default keys")
    click_on(reset)
    assert row(found, "Full screen").text(1) == "F11"
    assert program.menus.action("view.full_screen").shortcut().toString() == "F11"
    found.close()


def test_leaving_the_edit_without_a_key_changes_nothing(qtbot: QtBot, program: Program) -> None:
    found = sheet(qtbot, program)
    found.tree.setCurrentItem(row(found, "Undo"))
    edit = found.findChild(QKeySequenceEdit)
    assert edit is not None
    focus(edit)
    focus(found.tree)
    found.tree.setCurrentItem(row(found, "Redo"))
    focus(edit)
    focus(found.tree)
    found.close()
    assert program.registry.keys("edit.undo") == ("Ctrl+Z",)
    assert program.registry.keys("edit.redo") == ("Ctrl+Y", "Ctrl+Shift+Z")


def test_the_sheet_opens_by_question_mark_too(qtbot: QtBot, program: Program) -> None:
    tap(program.window, Qt.Key.Key_Question)
    found = program.window.findChild(ShortcutSheet)
    assert found is not None
    found.close()
