"""Everything can be reached by keyboard, named, and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PyQt6.QtCore import Qt
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
    focus,
    grabbed,
    open_array,
    open_file,
    press,
    set_layout,
    tap,
    wait_idle,
)

from pyrviewer.ui.widgets.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")


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


@pytest.mark.parametrize(
    "shown",
    [
        "octaves.layout.rebuild",
        *(f"pooling.layout.{name}" for name in ("pyramid", "rules", "context", "neighbours")),
        *(f"atrous.layout.{name}" for name in ("rate", "stacked", "aspp", "deeplab", "segment")),
    ],
)
def test_the_keyboard_reaches_every_control(
    qtbot: QtBot, program: Program, photo: Path, shown: str
) -> None:
    program.window.show_lab(shown.split(".")[0])
    open_file(qtbot, program, photo)
    program.menus.run(shown)
    wait_idle(qtbot, program)
    wanted = {w for w in focusable(program.window) if w.focusPolicy() & Qt.FocusPolicy.TabFocus}
    start = program.window.focusWidget()
    assert start is not None
    reached: set[QWidget] = set()
    for _ in range(2 * len(wanted)):
        program.window.focusNextChild()
        found = QApplication.focusWidget()
        assert found is not None
        reached.add(found)
    exclusive = [b for b in reached if isinstance(b, QAbstractButton) and b.group()]
    assert all(button.isChecked() for button in exclusive)
    groups = {button.group() for button in exclusive}

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


def test_the_tooltips_of_the_panel_explain(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    panel = program.window.panels.currentWidget()
    assert panel is not None
    marks = [b for b in panel.findChildren(QAbstractButton) if b.text() == "?"]
    assert len(marks) > 5
    for mark in marks:
        assert len(mark.toolTip()) > 16
        assert mark.accessibleDescription() == mark.toolTip()


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


# The panel


def test_the_wheel_scrolls_the_panel_and_turns_what_has_the_keyboard(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    program.window.resize(1280, 500)
    open_file(qtbot, program, photo)
    wait_idle(qtbot, program)
    panel = program.window.panels.currentWidget()
    assert isinstance(panel, QAbstractScrollArea)
    bar = panel.verticalScrollBar()
    assert bar is not None
    boxes = [box for box in panel.findChildren(QComboBox) if box.isVisible()]
    sliders = [slider for slider in panel.findChildren(QSlider) if slider.isVisible()]
    assert len(boxes) > 0
    assert len(sliders) > 0
    before = [box.currentIndex() for box in boxes], [slider.value() for slider in sliders]
    for control in (*boxes, *sliders):
        bar.setValue(0)
        Mouse(control).wheel(4, 4, -1)
        assert bar.value() > 0
    assert before == ([box.currentIndex() for box in boxes], [one.value() for one in sliders])
    slider = panel.findChildren(QSlider)[0]
    focus(slider)
    value = slider.value()
    Mouse(slider).wheel(4, 4, 1 if value < slider.maximum() else -1)
    assert slider.value() != value


def test_controls_are_as_wide_with_a_scroll_bar_as_without(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    panel = program.window.panels.currentWidget()
    assert isinstance(panel, QAbstractScrollArea)
    widths = []
    for height in (500, 1400):
        program.window.resize(1280, height)
        wait_idle(qtbot, program)
        bar = panel.verticalScrollBar()
        assert bar is not None
        assert (bar.maximum() > 0) == (height == 500)
        widths.append(panel.findChildren(QSlider)[0].width())
    assert widths[0] == widths[1]


def test_the_timeline_goes_where_it_is_pressed(qtbot: QtBot, photo: Path) -> None:
    transport = Transport()
    qtbot.addWidget(transport)
    transport.resize(600, 40)
    transport.show_range(100, 0, "")
    transport.show()
    slider = transport.slider
    Mouse(slider).click(slider.width() * 0.6, slider.height() / 2)
    assert slider.value() == pytest.approx(60, abs=2)
