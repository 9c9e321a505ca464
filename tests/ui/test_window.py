"""The shell: tabs, menus, panels, notices, keyboard, names, room for text."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeySequence
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QSlider,
    QTabBar,
    QTableWidget,
    QWidget,
)
from support import (
    PHOTOS,
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
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.compute.ticket import Ticket

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")


def enabled(program: Program, identity: str) -> bool:
    """Ask an action of the menus whether it can be chosen, as opening its menu does."""
    program.menus.refresh()
    return program.menus.action(identity).isEnabled()


# Opening and tabs


def test_a_photo_is_shown_with_its_facts(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    window = program.window
    assert window.windowTitle() == "chelsea.png - pyrviewer"
    assert window.status.facts.text() == "451 × 300   RGB uint8   0.1 MP"
    assert window.tabs.tabText(0) == "chelsea.png"
    assert len(np.unique(grabbed(canvases(program)[0]).reshape(-1, 3), axis=0)) > 1000


def test_tabs_follow_the_open_images(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    open_file(qtbot, program, PHOTOS / "camera.png")
    tabs = program.window.tabs
    assert [tabs.tabText(k) for k in range(tabs.count())] == ["chelsea.png", "camera.png"]
    assert tabs.currentIndex() == 1
    tabs.setCurrentIndex(0)
    wait_idle(qtbot, program)
    assert program.window.windowTitle() == "chelsea.png - pyrviewer"
    close = tabs.tabButton(1, QTabBar.ButtonPosition.RightSide)
    assert close is not None
    Mouse(close).click(5, 5)
    wait_idle(qtbot, program)
    assert tabs.count() == 1
    assert program.window.windowTitle() == "chelsea.png - pyrviewer"
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    assert tabs.count() == 0
    assert program.window.welcome.isVisible()
    assert program.window.windowTitle() == "pyrviewer"


def test_a_name_with_an_ampersand_is_shown_whole(
    qtbot: QtBot, program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "salt & pepper – ünï.png"
    PIL.Image.fromarray(np.zeros((32, 32), np.uint8)).save(path)
    open_file(qtbot, program, path)
    assert program.window.tabs.tabText(0) == "salt && pepper – ünï.png"


def test_a_bad_file_is_a_notice_and_what_is_open_stays(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    open_file(qtbot, program, photo)
    bad = tmp_path / "letter.png"
    bad.write_text("Dear reader")
    before = grabbed(canvases(program)[0])
    program.commands.open_path(bad)
    program.commands.open_path(tmp_path / "missing.jpg")
    wait_idle(qtbot, program)
    shown = program.window.notices.texts
    assert len(shown) == 2
    assert "letter.png" in shown[0]
    assert shown[1] == "missing.jpg does not exist."
    assert QApplication.activeModalWidget() is None
    assert program.window.tabs.count() == 1
    np.testing.assert_array_equal(grabbed(canvases(program)[0])[:300], before[:300])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of images whose names sort naturally: 1, 2, 10; and other files."""
    made = tmp_path / "folder"
    made.mkdir()
    for k in (1, 2, 10):
        PIL.Image.fromarray(np.full((40, 40 + k), k, np.uint8)).save(made / f"img{k}.png")
    (made / "notes.txt").write_text("no image")
    (made / "inner.png").mkdir()
    return made


def test_left_and_right_step_through_the_folder(
    qtbot: QtBot, program: Program, folder: Path
) -> None:
    program.commands.open_paths([folder])
    wait_idle(qtbot, program)

    def shown() -> str:
        return program.window.tabs.tabText(0)

    assert shown() == "img1.png"
    seen = []
    for key in ("Right", "Right", "Right", "Left", "Left"):
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        seen.append(shown())
    assert seen == ["img2.png", "img10.png", "img1.png", "img10.png", "img2.png"]
    assert program.window.tabs.count() == 1


def test_stepping_keeps_what_was_chosen(qtbot: QtBot, program: Program, folder: Path) -> None:
    program.commands.open_paths([folder])
    wait_idle(qtbot, program)
    set_layout(qtbot, program, "grid")
    press(qtbot, program, "Right")
    wait_idle(qtbot, program)
    assert program.menus.action("octaves.layout.grid").isChecked()


def test_a_folder_without_images_is_said(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    program.commands.open_paths([tmp_path / "empty"])
    assert program.window.notices.texts == ["empty has no images in it."]


def test_pages_of_a_file(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    pages = [PIL.Image.fromarray(np.full((40, 40), v, np.uint8)) for v in (10, 20, 30)]
    path = tmp_path / "three.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    open_file(qtbot, program, path)

    def value() -> int:
        document = program.workspace.active
        assert document is not None
        return int(document.pixels[0, 0])

    assert enabled(program, "file.next_page")
    seen = []
    for key in ("PgDown", "PgDown", "PgDown", "PgUp"):
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        seen.append(value())
    assert seen == [20, 30, 10, 30]


def test_reload_reads_the_file_again(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "changing.png"
    PIL.Image.fromarray(np.full((40, 40), 10, np.uint8)).save(path)
    open_file(qtbot, program, path)
    PIL.Image.fromarray(np.full((30, 50), 99, np.uint8)).save(path)
    press(qtbot, program, "F5")
    wait_idle(qtbot, program)
    assert "50 × 30" in program.window.status.facts.text()
    path.unlink()
    press(qtbot, program, "F5")
    wait_idle(qtbot, program)
    assert program.window.tabs.count() == 1
    assert program.window.notices.texts == ["changing.png does not exist."]


# Dropping


def drop(program: Program, mime: QMimeData) -> bool:
    """Drag onto the window and let go there; False where it was not wanted."""
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    spot = QPointF(200, 200)
    enter = QDragEnterEvent(spot.toPoint(), copy, mime, left, none)
    enter.ignore()
    QApplication.sendEvent(program.window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(program.window, QDropEvent(spot, copy, mime, left, none))
    return enter.isAccepted()


def test_files_are_dropped(qtbot: QtBot, program: Program, photo: Path, gray_photo: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (photo, gray_photo)])
    assert drop(program, mime)
    wait_idle(qtbot, program)
    tabs = program.window.tabs
    assert [tabs.tabText(k) for k in range(tabs.count())] == ["chelsea.png", "camera.png"]
    assert tabs.currentIndex() == 0


def test_a_picture_without_a_file_is_dropped(qtbot: QtBot, program: Program) -> None:
    mime = QMimeData()
    picture = QImage(30, 20, QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.red)
    mime.setImageData(picture)
    assert drop(program, mime)
    wait_idle(qtbot, program)
    document = program.workspace.active
    assert document is not None
    np.testing.assert_array_equal(document.pixels, np.tile([255, 0, 0], (20, 30, 1)))


def test_text_is_not_taken(program: Program) -> None:
    mime = QMimeData()
    mime.setText("hello")
    assert not drop(program, mime)


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
    keys: dict[str, str] = {}
    for spec in specs:
        for key in spec.shortcut:
            sequence = QKeySequence(key)
            assert not sequence.isEmpty(), f"{spec.id}: {key} is no key"
            text = sequence.toString()
            # A key of the panes would be ambiguous with the same one of the window.
            assert text not in keys, f"{text} is bound to {keys[text]} and {spec.id}"
            keys[text] = spec.id


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


# Keyboard


def test_the_welcome_page_works_by_keyboard(qtbot: QtBot, program: Program) -> None:
    focus(program.window.welcome.open_button)
    seen = {QApplication.focusWidget()}
    for _ in range(4):
        reached = QApplication.focusWidget()
        assert reached is not None
        tap(reached, Qt.Key.Key_Tab)
        seen.add(QApplication.focusWidget())
    assert len(seen) > 2
    assert program.window.rail.isVisible()


def test_the_panes_have_the_keyboard_as_soon_as_an_image_is_open(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    for path in (photo, PHOTOS / "camera.png"):
        open_file(qtbot, program, path)
        for layout in ("both", "one", "grid"):
            set_layout(qtbot, program, layout)
            assert QApplication.focusWidget() in canvases(program)
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    assert QApplication.focusWidget() in canvases(program)


def test_tab_in_a_pane_folds_the_panels_away(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    window = program.window
    width = canvases(program)[0].width()
    press(qtbot, program, "Tab")
    wait_idle(qtbot, program)
    assert not window.rail.isVisible()
    assert not window.panels.isVisible()
    assert canvases(program)[0].width() > width
    press(qtbot, program, "Tab")
    wait_idle(qtbot, program)
    assert window.rail.isVisible()
    assert canvases(program)[0].width() == width


def test_keys_of_the_panes_are_left_to_the_controls_of_the_panel(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    panel = program.window.panels.currentWidget()
    assert panel is not None
    slider = next(s for s in panel.findChildren(QSlider) if s.isVisible())
    box = next(b for b in panel.findChildren(QComboBox) if b.isVisible())
    focus(slider)
    before = slider.value()
    tap(slider, Qt.Key.Key_Right)
    assert slider.value() == before + 1
    tap(slider, Qt.Key.Key_Down)
    assert slider.value() == before
    tap(slider, Qt.Key.Key_Home)
    assert slider.value() == slider.minimum()
    tap(slider, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not slider
    assert program.window.panels.isVisible()
    focus(box)
    tap(box, Qt.Key.Key_Down)
    assert box.currentIndex() == 1
    assert program.window.tabs.tabText(0) == "chelsea.png"


def test_the_keyboard_reaches_every_control(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    set_layout(qtbot, program, "rebuild")
    wanted = {w for w in focusable(program.window) if w.focusPolicy() & Qt.FocusPolicy.TabFocus}
    start = program.window.focusWidget()
    assert start is not None
    reached: set[QWidget] = set()
    for _ in range(2 * len(wanted)):
        program.window.focusNextChild()
        found = QApplication.focusWidget()
        assert found is not None
        reached.add(found)
    groups = {b.group() for b in reached if isinstance(b, QAbstractButton)} - {None}

    def by_arrows(widget: QWidget) -> bool:
        # Tab goes to the chosen one of exclusive buttons, arrow keys to the others.
        return isinstance(widget, QAbstractButton) and widget.group() in groups

    missing = [
        describe(w) for w in wanted - reached if w.focusProxy() not in reached and not by_arrows(w)
    ]
    assert missing == []


# Names


def describe(widget: QWidget) -> str:
    """Tell which widget this is."""
    parents = []
    at: QWidget | None = widget
    while at is not None:
        parents.append(type(at).__name__)
        at = at.parentWidget()
    return " < ".join(parents[:4]) + f" {widget.accessibleName()!r}"


def focusable(root: QWidget) -> Iterator[QWidget]:
    """Yield what can take the keyboard and is in sight."""
    for widget in root.findChildren(QWidget):
        scrolls = isinstance(widget, QAbstractScrollArea) and not isinstance(widget, QTableWidget)
        usable = widget.isVisible() and widget.isEnabled() and not scrolls
        if usable and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            yield widget


def name_of(widget: QWidget) -> str:
    """Return what a screen reader would call a widget."""
    if widget.accessibleName():
        return widget.accessibleName()
    return widget.text() if isinstance(widget, (QAbstractButton, QLabel)) else ""


def test_everything_that_takes_the_keyboard_has_a_name(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    for name in ("values", "histogram", "spectrum"):
        if not program.menus.action(f"octaves.show_{name}").isChecked():
            program.menus.run(f"octaves.show_{name}")
    program.notices.error("Something.")
    for layout in ("both", "one", "rebuild", "aliasing"):
        set_layout(qtbot, program, layout)
        found = list(focusable(program.window))
        assert len(found) > 20
        nameless = [describe(widget) for widget in found if not name_of(widget).strip()]
        assert not nameless, "\n".join(nameless)


@pytest.mark.samples
def test_the_welcome_page_has_names(qtbot: QtBot, program: Program) -> None:
    nameless = [describe(w) for w in focusable(program.window) if not name_of(w).strip()]
    assert nameless == []


# Room for text


def cut_off(root: QWidget) -> Iterator[str]:
    """Yield the texts that have less room than they need."""
    for label in root.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        if label.wordWrap():
            if label.heightForWidth(label.width()) > label.height():
                yield f"label {label.text()!r} is cut off below"
        elif label.sizeHint().width() > label.width():
            yield f"label {label.text()!r}: {label.width()} of {label.sizeHint().width()}"
    for button in root.findChildren(QAbstractButton):
        inside_tabs = isinstance(button.parentWidget(), QTabBar)
        if button.isVisible() and button.text() and not inside_tabs:
            need = button.fontMetrics().boundingRect(button.text()).width()
            hint = button.sizeHint().width() if button.sizeHint().isValid() else need
            room = button.width()
            if room < min(need + 4, hint):
                yield f"button {button.text()!r}: {room} of {need}"
    for box in root.findChildren(QComboBox):
        need = box.fontMetrics().boundingRect(box.currentText()).width() + 28
        if box.isVisible() and need > box.width():
            yield f"box {box.currentText()!r}: {box.width()} of {need}"
    for table in root.findChildren(QTableWidget):
        if table.isVisible():
            yield from cut_off_in_table(table)


def cut_off_in_table(table: QTableWidget) -> Iterator[str]:
    """Yield the cells that show an ellipsis."""
    for y in range(table.rowCount()):
        for x in range(table.columnCount()):
            item, index = table.item(y, x), table.model()
            if item is None or index is None or not item.text():
                continue
            need = table.sizeHintForIndex(index.index(y, x)).width()
            if need > table.columnWidth(x):
                yield f"cell {item.text()!r}: {table.columnWidth(x)} of {need}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_is_cut_off_at_1280_x_720(
    qtbot: QtBot, program: Program, photo: Path, theme: str
) -> None:
    program.menus.run(f"view.theme_{theme}")
    open_file(qtbot, program, photo)
    for name in ("histogram", "spectrum"):
        program.menus.run(f"octaves.show_{name}")
    assert (program.window.width(), program.window.height()) == (1280, 720)
    for layout in LAYOUTS:
        set_layout(qtbot, program, layout)
        canvas = canvases(program)[0]
        Mouse(canvas).move(canvas.width() / 2 - 30, canvas.height() / 2)  # the longest texts
        wait_idle(qtbot, program)
        assert list(cut_off(program.window)) == [], layout


def test_no_value_is_cut_off_for_deep_images(qtbot: QtBot, program: Program) -> None:
    noise = np.random.default_rng(1).random((300, 400, 4))
    for pixels in ((noise * 65535).astype(np.uint16), noise[..., :3].astype(np.float32)):
        open_array(qtbot, program, pixels)
        for kind in ("gaussian", "laplacian"):
            program.menus.run(f"octaves.kind.{kind}")
            wait_idle(qtbot, program)
            canvas = canvases(program)[-1]
            Mouse(canvas).move(canvas.width() / 2, canvas.height() / 2)
            assert list(cut_off(program.window)) == []


def test_a_value_without_room_is_shown_when_pointed_at(qtbot: QtBot, program: Program) -> None:
    tiny = np.random.default_rng(1).random((300, 400, 4)).astype(np.float32) * 1e-9
    open_array(qtbot, program, tiny)
    canvas = canvases(program)[-1]
    Mouse(canvas).move(canvas.width() / 2, canvas.height() / 2)
    for table in program.window.findChildren(QTableWidget):
        for k in range(table.rowCount() * table.columnCount()):
            item = table.item(*divmod(k, table.columnCount()))
            assert item is not None
            assert item.toolTip() == item.text().strip()


@pytest.mark.samples
def test_no_text_of_the_welcome_page_is_cut_off(qtbot: QtBot, program: Program) -> None:
    assert list(cut_off(program.window)) == []


# Colours


def test_light_and_dark_reach_everything(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    window = program.window
    means = {}
    for name in ("light", "dark"):
        program.menus.run(f"view.theme_{name}")
        QApplication.processEvents()
        for part in (window.rail, window.panels, window.status, window.tabs):
            shot = grabbed(part)
            means[name, type(part).__name__] = float(np.median(shot))
    for (scheme, place), mean in means.items():
        assert (mean > 180) if scheme == "light" else (mean < 80), place


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


def test_the_tooltips_of_the_panel_explain(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    panel = program.window.panels.currentWidget()
    assert panel is not None
    marks = [b for b in panel.findChildren(QAbstractButton) if b.text() == "?"]
    assert len(marks) > 5
    for mark in marks:
        assert len(mark.toolTip()) > 16
        assert mark.accessibleDescription() == mark.toolTip()


def test_about(qtbot: QtBot, program: Program) -> None:
    program.menus.run("help.about")
    box = QApplication.activeModalWidget()
    assert box is not None
    assert any("GNU General Public License" in text for text in texts(box))
    box.close()
