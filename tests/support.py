"""What tests share: real mouse events, waiting for work to end, pixels of what is shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import skimage
from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PyQt6.QtGui import (
    QImage,
    QInputDevice,
    QKeySequence,
    QMouseEvent,
    QPointingDevice,
    QWheelEvent,
)
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel, QWidget

from pyrviewer.compute.image import Origin, from_array
from pyrviewer.session.jobs import JobLane
from pyrviewer.ui.pane_grid import PaneGrid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.session.document import Document
    from pyrviewer.session.viewport import View
    from pyrviewer.ui.canvas import Canvas

Array = npt.NDArray[Any]

PHOTOS = Path(skimage.__file__).parent / "data"
PATIENCE = 60_000  # ms: a loaded machine takes its time
SOON = 200  # ms: single-shot timers shorter than this are work that is about to begin

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NO_BUTTON, NO_KEY = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier


# Waiting


def busy(root: QObject) -> bool:
    """Tell whether a lane below `root` works, or a timer is about to make it work."""
    lanes = any(lane.busy for lane in root.findChildren(JobLane))
    return lanes or any(
        timer.isActive() and timer.isSingleShot() and timer.interval() < SOON
        for timer in root.findChildren(QTimer)
    )


def wait_idle(qtbot: QtBot, program: Program) -> None:
    """Wait until nothing is computed any more and the panes have come to rest."""

    def resting() -> bool:
        QCoreApplication.processEvents()  # what was just asked for has begun, layouts are done
        return not busy(program) and not busy(program.window)

    qtbot.waitUntil(resting, timeout=PATIENCE)
    QCoreApplication.processEvents()


def open_array(qtbot: QtBot, program: Program, pixels: Array, name: str = "array.png") -> Document:
    """Open an array as if it had been pasted, and wait for its octaves."""
    document = program.workspace.add(from_array(pixels, Origin("clipboard", name)))
    wait_idle(qtbot, program)
    return document


def open_file(qtbot: QtBot, program: Program, path: Path) -> Document:
    """Open a file as the File menu does, and wait for its octaves."""
    program.commands.open_path(path)
    wait_idle(qtbot, program)
    document = program.workspace.active
    assert document is not None
    assert document.path == path
    return document


# The panes of the lab on the screen


def grid(program: Program) -> PaneGrid:
    """Return the panes of the lab on the screen."""
    lab = program.window.lab
    assert lab is not None
    found = lab.view.findChild(PaneGrid)
    assert found is not None
    return found


def canvases(program: Program) -> list[Canvas]:
    """Return the panes in reading order."""
    return grid(program).canvases


def press(qtbot: QtBot, program: Program, key: str, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """Press a key, as `QKeySequence` writes it, on whatever has the keyboard."""
    code = QKeySequence(key)[0]
    focused = QApplication.focusWidget() or program.window
    tap(focused, code.key(), keys | code.keyboardModifiers())


_test = cast("Any", QTest)  # the stubs take its functions for methods


def tap(widget: QWidget, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """Press a key and let go."""
    _test.keyClick(widget, key, keys)


def hold_key(widget: QWidget, key: Qt.Key) -> None:
    """Press a key."""
    _test.keyPress(widget, key)


def release_key(widget: QWidget, key: Qt.Key) -> None:
    """Let go of a key."""
    _test.keyRelease(widget, key)


def type_text(widget: QWidget, text: str) -> None:
    """Type."""
    _test.keyClicks(widget, text)


def click_on(widget: QWidget) -> None:
    """Click on the middle of a button."""
    _test.mouseClick(widget, LEFT)


def set_layout(qtbot: QtBot, program: Program, name: str) -> None:
    """Choose a layout of the Octaves lab and wait until it is shown."""
    program.menus.run(f"octaves.layout.{name}")
    wait_idle(qtbot, program)


def at_view(qtbot: QtBot, program: Program, canvas: Canvas, view: View) -> None:
    """Look somewhere, and wait until that is drawn exactly."""
    canvas.viewport.set_view(view)
    wait_idle(qtbot, program)


def focus(widget: QWidget) -> None:
    """Give the keyboard to a widget."""
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert widget.hasFocus()


def texts(root: QWidget) -> list[str]:
    """Return what is written in a window."""
    return [label.text() for label in root.findChildren(QLabel) if label.isVisible()]


# Mouse: `qtbot.mouseMove` carries no buttons, so events are made by hand


class Mouse:
    """A mouse on one widget."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._at = QPointF(widget.rect().center())

    def _send(
        self,
        kind: QEvent.Type,
        place: QPointF,
        button: Qt.MouseButton,
        held: Qt.MouseButton,
        keys: Qt.KeyboardModifier,
    ) -> None:
        spot = self._widget.mapToGlobal(place)
        QApplication.sendEvent(self._widget, QMouseEvent(kind, place, spot, button, held, keys))
        self._at = place

    def move(self, x: float, y: float) -> None:
        """Move without a button."""
        self._send(QEvent.Type.MouseMove, QPointF(x, y), NO_BUTTON, NO_BUTTON, NO_KEY)

    def leave(self) -> None:
        """Move out of the widget."""
        QApplication.sendEvent(self._widget, QEvent(QEvent.Type.Leave))

    def click(
        self, x: float, y: float, button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NO_KEY,
    ) -> None:  # fmt: skip
        """Press and let go on the spot."""
        place = QPointF(x, y)
        self._send(QEvent.Type.MouseButtonPress, place, button, button, keys)
        self._send(QEvent.Type.MouseButtonRelease, place, button, NO_BUTTON, keys)

    def double_click(self, x: float, y: float) -> None:
        """Send what Qt sends for a double click."""
        place = QPointF(x, y)
        self.click(x, y)
        self._send(QEvent.Type.MouseButtonDblClick, place, LEFT, LEFT, NO_KEY)
        self._send(QEvent.Type.MouseButtonRelease, place, LEFT, NO_BUTTON, NO_KEY)

    def drag(
        self, start: tuple[float, float], end: tuple[float, float],
        button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEY, steps: int = 8,
    ) -> None:  # fmt: skip
        """Press, move in steps, let go."""
        first, last = QPointF(*start), QPointF(*end)
        self._send(QEvent.Type.MouseButtonPress, first, button, button, keys)
        for step in range(1, steps + 1):
            place = first + (last - first) * (step / steps)
            self._send(QEvent.Type.MouseMove, place, NO_BUTTON, button, keys)
        self._send(QEvent.Type.MouseButtonRelease, last, button, NO_BUTTON, keys)

    def drag_begin(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press and move, and go on holding."""
        first, last = QPointF(*start), QPointF(*end)
        self._send(QEvent.Type.MouseButtonPress, first, LEFT, LEFT, NO_KEY)
        for step in range(1, 9):
            place = first + (last - first) * (step / 8)
            self._send(QEvent.Type.MouseMove, place, NO_BUTTON, LEFT, NO_KEY)

    def drag_end(self, end: tuple[float, float]) -> None:
        """Let go."""
        self._send(QEvent.Type.MouseButtonRelease, QPointF(*end), LEFT, NO_BUTTON, NO_KEY)

    def wheel(self, x: float, y: float, turns: float, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Turn the wheel by notches, away from the user where positive."""
        place = QPointF(x, y)
        event = QWheelEvent(
            place, self._widget.mapToGlobal(place), QPoint(), QPoint(0, round(120 * turns)),
            NO_BUTTON, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self._widget, event)

    def scroll_pad(self, x: float, y: float, dx: int, dy: int) -> None:
        """Scroll on a trackpad."""
        place = QPointF(x, y)
        pad = _trackpad()  # the event does not keep it alive
        event = QWheelEvent(
            place, self._widget.mapToGlobal(place), QPoint(dx, dy), QPoint(2 * dx, 2 * dy),
            NO_BUTTON, NO_KEY, Qt.ScrollPhase.ScrollUpdate, False,
            Qt.MouseEventSource.MouseEventNotSynthesized, pad,
        )  # fmt: skip
        QApplication.sendEvent(self._widget, event)


def _trackpad() -> QPointingDevice:
    pad = QInputDevice.DeviceType.TouchPad
    finger = QPointingDevice.PointerType.Finger
    return QPointingDevice("pad", 77, pad, finger, QInputDevice.Capability.Scroll, 2, 0, "seat")


# Pixels


def pixels_of(image: QImage) -> Array:
    """Return a `QImage` as an R, G, B array, H x W x 3."""
    copy = image.convertToFormat(QImage.Format.Format_RGB888)
    bits = copy.constBits()
    assert bits is not None
    flat = np.frombuffer(bits.asstring(copy.sizeInBytes()), np.uint8)
    rows = flat.reshape(copy.height(), copy.bytesPerLine())[:, : copy.width() * 3]
    return rows.reshape(copy.height(), copy.width(), 3)


def grabbed(widget: QWidget) -> Array:
    """Return what a widget shows, in device pixels."""
    return pixels_of(widget.grab().toImage())


def levels_shown(shot: Array) -> int:
    """Return how many different colours a picture has."""
    seen = np.zeros(1 << 24, bool)
    red, green, blue = (shot[..., channel].astype(np.int32) for channel in range(3))
    seen[red << 16 | green << 8 | blue] = True
    return int(np.count_nonzero(seen))


# Processes


def clean_environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return this environment for a new process, with changes; None takes a name away."""
    found = dict(os.environ)
    for name in ("QT_QPA_PLATFORM", "QT_SCREEN_SCALE_FACTORS"):
        found.pop(name, None)
    for name, value in changes.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    root = str(Path(__file__).parent.parent)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (root, found.get("PYTHONPATH", ""))))
    return found


PYTHON = sys.executable
