"""A widget that looks at a part of a plane: the mouse and the wheel move it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QInputDevice, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PyQt6.QtWidgets import QWidget

from pyrviewer.session.viewport import MAX_SCALE, MIN_SCALE, View, Viewport
from pyrviewer.ui.picture import Mapping, format_value
from pyrviewer.ui.tools.tool import CLICK, GRAB

if TYPE_CHECKING:
    from PyQt6.QtGui import QFocusEvent, QResizeEvent

    from pyrviewer.ui.picture import Layer
    from pyrviewer.ui.tools.tool import Tool

    Box = tuple[float, float, float, float]

MARGIN = 16  # logical pixels left free around a fitted picture
TITLE_HEIGHT = 24
WHEEL_STEP = 1.2
ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip
SNAP = 1.25  # pictures that fit at up to this scale are shown at 100 %


@dataclass(frozen=True)
class Hover:
    """The pixel under the mouse: its level, its place there and on the canvas."""

    level: int
    x: int
    y: int
    canvas_x: float = field(compare=False)  # anywhere on it is the same pixel
    canvas_y: float = field(compare=False)
    layer: Layer | None = field(default=None, compare=False)


def readout(hover: Hover | None) -> str:
    """Return where the mouse is, and the values there in their own dtype."""
    if hover is None:
        return ""
    text = f"x {hover.canvas_x:.0f}  y {hover.canvas_y:.0f}"
    layer = hover.layer
    if layer is None or layer.source is None:
        return text
    values = np.atleast_1d(layer.source[hover.y, hover.x]).tolist()
    return f"{text}   {layer.title}  " + "  ".join(format_value(value) for value in values)


@dataclass
class _Drag:
    kind: str  # "pan", "alone", "divider" or "tool"
    button: Qt.MouseButton
    start: QPointF
    last: QPointF
    moved: bool = False


@dataclass
class _Local:
    """How far a pane was moved away from the others."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


class Navigator(QWidget):
    """Looks where a viewport says, with an offset of its own.

    Dragging pans, or moves a tool or a divider; Ctrl moves this pane alone; the middle button and
    Space pan in every tool.

    Signals
    -------
    hovered(Hover or None), clicked(Hover), menu_requested(Hover or None, QPoint global)
    double_clicked() : after a click, which was then not meant alone
    fit_wanted(Viewport) : everything is to be shown again
    view_resized() : the pane has another size
    """

    hovered = pyqtSignal(object)
    clicked = pyqtSignal(object)
    menu_requested = pyqtSignal(object, QPoint)
    double_clicked = pyqtSignal()
    fit_wanted = pyqtSignal(object)
    view_resized = pyqtSignal()

    def __init__(self, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = viewport
        self.linked = True
        self.wheel_pans = False
        self.tool: Tool | None = None
        self._local = _Local()
        self._drag: _Drag | None = None
        self._space = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        viewport.changed.connect(self.update)

    # What a pane with pictures says

    def extent(self) -> Box:
        """Return the rectangle to fit: left, top, right, bottom."""
        raise NotImplementedError

    def at(self, position: QPointF) -> Hover | None:
        """Return the pixel under a widget position."""
        raise NotImplementedError

    def near_divider(self, place: QPointF) -> bool:
        """Tell whether a press there would take hold of a divider."""
        return False

    def move_divider(self, place: QPointF) -> None:
        """Move the divider to a widget position."""

    # Where it looks

    @property
    def ratio(self) -> float:
        """Device pixels per logical pixel."""
        return self.devicePixelRatioF()

    def effective_view(self) -> View:
        """Return the shared view with this pane's own offset."""
        view = self.viewport.view
        local = self._local
        return View(view.x + local.x, view.y + local.y, view.scale * local.zoom)

    def mapping(self) -> Mapping:
        """Return the map from the canvas to this widget's device pixels."""
        view = self.effective_view()
        return Mapping(
            view.x, view.y, view.scale, self.width() * self.ratio, self.height() * self.ratio
        )

    def fitted(self, box: Box | None = None) -> View:
        """Return the view that shows a box, or everything."""
        left, top, right, bottom = box or self.extent()
        width = max(1.0, (self.width() - 2 * MARGIN) * self.ratio)
        height = max(1.0, (self.height() - 2 * MARGIN - TITLE_HEIGHT) * self.ratio)
        scale = min(width / (right - left), height / (bottom - top))
        scale = 1.0 if 1 < scale < SNAP else scale  # a little smaller, but not resampled
        lift = TITLE_HEIGHT / 2 * self.ratio / scale
        return View((left + right) / 2, (top + bottom) / 2 - lift, scale)

    def realign(self) -> None:
        """Forget this pane's own offset."""
        self._local = _Local()
        self.update()

    def _canvas_point(self, place: QPointF) -> tuple[float, float]:
        return self.mapping().to_canvas(place.x() * self.ratio, place.y() * self.ratio)

    def _reach(self) -> float:
        """Return how near the mouse must be to an edge, in canvas units."""
        return GRAB * self.ratio / self.effective_view().scale

    def set_tool(self, tool: Tool | None) -> None:
        """Give the left button to a tool."""
        self.tool = tool
        self.update()

    # Mouse and keys

    def _pan(self, dx: float, dy: float, *, alone: bool) -> None:
        """Move by logical pixels of this widget."""
        scale = self.effective_view().scale / self.ratio
        if alone or not self.linked:
            self._local.x -= dx / scale
            self._local.y -= dy / scale
            self.update()
        else:
            self.viewport.pan(-dx / scale, -dy / scale)

    def zoom_at(self, factor: float, position: QPointF, *, alone: bool = False) -> None:
        """Zoom about a widget position."""
        x, y = self._canvas_point(position)
        if not alone and self.linked:
            self.viewport.zoom(factor, x - self._local.x, y - self._local.y)
            return
        before, local = self.effective_view(), self._local
        factor = min(max(before.scale * factor, MIN_SCALE), MAX_SCALE) / before.scale
        local.zoom *= factor
        local.x += (x - before.x) * (1 - 1 / factor)
        local.y += (y - before.y) * (1 - 1 / factor)
        self.update()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom at the cursor; a trackpad scroll pans."""
        if event is None:
            return
        if self.tool is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            turned = event.angleDelta()  # Qt turns the wheel sideways while Alt is held
            self.tool.wheel((turned.y() or turned.x()) / 120)
            self.update()
            event.accept()
            return
        device = event.pointingDevice()
        pad = device is not None and device.type() == QInputDevice.DeviceType.TouchPad
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if (pad or self.wheel_pans) and not control:
            delta = event.pixelDelta() if pad else event.angleDelta() / 2
            self._pan(delta.x(), delta.y(), alone=False)
        else:
            turns = event.angleDelta().y() / 120
            self.zoom_at(WHEEL_STEP**turns, event.position())
        event.accept()

    def event(self, event: QEvent | None) -> bool:
        """Take the pinch of a trackpad, and arrow keys for a tool before they are shortcuts."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._step_of(event) is not None
        ):
            event.accept()
            return True
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self.zoom_at(1 + event.value(), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin to pan, to move the divider, or to open the menu."""
        if event is None or self._drag is not None:  # one button at a time
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        place = event.position()
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_requested.emit(self.at(place), event.globalPosition().toPoint())
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag = _Drag(self._drag_kind(event), event.button(), place, place)
            if self._drag.kind == "tool" and self.tool is not None:
                self.tool.press(*self._canvas_point(place), self._reach())
                self.update()

    def _drag_kind(self, event: QMouseEvent) -> str:
        if event.button() == Qt.MouseButton.MiddleButton or self._space:
            return "pan"
        if self.near_divider(event.position()):
            return "divider"
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return "alone"
        return "pan" if self.tool is None else "tool"

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go on dragging, or say what is under the mouse."""
        if event is None:
            return
        place = event.position()
        if self._drag is None:
            self.setCursor(self._cursor(place))
            if self.tool is not None and self.tool.hover(*self._canvas_point(place)):
                self.update()
            self.hovered.emit(self.at(place))
            return
        drag = self._drag
        drag.moved = drag.moved or (place - drag.start).manhattanLength() > CLICK
        if not drag.moved:
            return
        if drag.kind == "divider":
            self.move_divider(place)
        elif drag.kind == "tool" and self.tool is not None:
            self.tool.move(*self._canvas_point(place), self._reach())
            if not self.tool.live:
                self.update()
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            step = place - drag.last
            self._pan(step.x(), step.y(), alone=drag.kind == "alone")
        drag.last = place

    def _cursor(self, place: QPointF) -> Qt.CursorShape:
        if self.near_divider(place):
            return Qt.CursorShape.SplitHCursor
        if self._space:
            return Qt.CursorShape.OpenHandCursor
        if self.tool is not None:
            return self.tool.cursor(*self._canvas_point(place), self._reach())
        return Qt.CursorShape.CrossCursor

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a drag; a press that did not move is a click."""
        if event is None or self._drag is None or event.button() != self._drag.button:
            return
        drag, self._drag = self._drag, None
        place = event.position()
        self.setCursor(self._cursor(place))
        if drag.kind == "tool" and self.tool is not None:
            self.tool.release(*self._canvas_point(place))
            self.update()
            return
        hover = self.at(place)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and not drag.moved and drag.kind != "divider" and hover is not None:
            self.clicked.emit(hover)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Go to 100 %, or back to fitting; for a tool it is a press like any other."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.tool is not None:
            self.mousePressEvent(event)
            return
        self.double_clicked.emit()
        if not self.viewport.fitting:
            self.fit_wanted.emit(self.viewport)
            return
        x, y = self._canvas_point(event.position())
        self.viewport.zoom(1 / self.viewport.view.scale, x, y)

    def leaveEvent(self, event: QEvent | None) -> None:
        """Say that nothing is under the mouse."""
        if self.tool is not None:
            self.tool.leave()
            self.update()
        self.hovered.emit(None)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Tell whoever fits panes."""
        self.view_resized.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Pan while Space is held; let an arrow key move what the tool moves."""
        step = self._step_of(event) if event is not None else None
        if step is not None and self.tool is not None:
            self.tool.step(*step)
        elif event is not None and event.key() == Qt.Key.Key_Space:
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            super().keyPressEvent(event)

    def _step_of(self, event: QKeyEvent) -> tuple[int, int] | None:
        """Return where an arrow key points, if the tool wants to know."""
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier,
        )  # fmt: skip
        wanted = plain and self.tool is not None and self.tool.steps
        return ARROWS.get(Qt.Key(event.key())) if wanted else None

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Give the mouse back to the tool."""
        if event is None or event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._space = False
            self.setCursor(Qt.CursorShape.CrossCursor)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Forget a held key."""
        self._space = False
        super().focusOutEvent(event)
