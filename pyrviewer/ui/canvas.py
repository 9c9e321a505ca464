"""A pane that shows layers, linked to other panes through a viewport."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QImage,
    QInputDevice,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from pyrviewer.session.viewport import MAX_SCALE, MIN_SCALE, View, Viewport
from pyrviewer.ui.picture import Layer, Mapping, draw_layer, level_rect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Mapping as Dictionary

MARGIN = 16  # logical pixels left free around a fitted picture
WHEEL_STEP = 1.2
SPLIT_GRAB = 8  # logical pixels on either side of the divider
CHIP_HEIGHT = 24
CHIP_WIDTH = 16  # logical pixels: narrower layers of several have no title


@dataclass(frozen=True)
class Hover:
    """The pixel under the mouse: its level, its place there and on the canvas."""

    level: int
    x: int
    y: int
    canvas_x: float
    canvas_y: float


@dataclass(frozen=True, eq=False)
class Highlight:
    """A rectangle to outline in a level, in that level's pixels; `tint` lies inside it."""

    rect: tuple[int, int, int, int]
    tint: QImage | None = None
    strong: bool = False


@dataclass
class _Drag:
    kind: str
    start: QPointF
    last: QPointF
    moved: bool = False


@dataclass
class _Local:
    """How far a pane was moved away from the others."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


@dataclass
class _Marks:
    highlights: Dictionary[int, Highlight] = field(default_factory=dict)
    frozen: bool = False


class Canvas(QWidget):
    """Shows layers; the mouse pans, zooms and points.

    Signals
    -------
    hovered(Hover or None), clicked(Hover), menu_requested(Hover or None, QPoint global)
    activated() : the pane was pressed or focused
    view_resized() : the pane has another size
    """

    hovered = pyqtSignal(object)
    clicked = pyqtSignal(object)
    menu_requested = pyqtSignal(object, QPoint)
    activated = pyqtSignal()
    view_resized = pyqtSignal()
    painted = pyqtSignal()

    def __init__(self, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = viewport
        self.linked = True
        self.wheel_pans = False
        self.pixel_grid = True
        self.layers: tuple[Layer, ...] = ()
        self._second: tuple[Layer, ...] = ()
        self._split: float | None = None
        self._peek: tuple[Layer, ...] = ()
        self._peeking = False
        self.selected = False
        self._marks = _Marks()
        self._local = _Local()
        self._drag: _Drag | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(48, 48)
        viewport.changed.connect(self.update)

    # What it shows

    def set_layers(
        self,
        layers: Sequence[Layer],
        *,
        second: Sequence[Layer] = (),
        peek: Sequence[Layer] = (),
        split: float | None = None,
    ) -> None:
        """Show layers.

        With `split` (0 to 1) the `second` ones lie right of a divider that the mouse moves.
        `peek` is shown instead while `set_peeking` says so.
        """
        self.layers, self._second, self._peek = tuple(layers), tuple(second), tuple(peek)
        if split is None or self._split is None:
            self._split = split
        titles = ", ".join(layer.title for layer in self.layers)
        self.setAccessibleName(titles or "Empty pane")
        self.update()

    def replace_layers(self, change: Callable[[Layer], Layer]) -> None:
        """Put other layers in the place of those on the screen."""
        self.layers = tuple(change(layer) for layer in self.layers)
        self._second = tuple(change(layer) for layer in self._second)
        self.update()

    @property
    def all_layers(self) -> tuple[Layer, ...]:
        """The layers on both sides of the divider."""
        return self.layers + self._second

    def set_peeking(self, on: bool) -> None:
        """Show the reference for a moment."""
        if on != self._peeking:
            self._peeking = on
            self.update()

    def set_highlights(
        self, highlights: Dictionary[int, Highlight], *, frozen: bool = False
    ) -> None:
        """Outline rectangles, by level."""
        self._marks = _Marks(highlights, frozen)
        self.update()

    def set_selected(self, selected: bool) -> None:
        """Draw the pane's frame in the accent colour."""
        if selected != self.selected:
            self.selected = selected
            self.update()

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

    def extent(self) -> tuple[float, float, float, float]:
        """Return the rectangle that the layers cover."""
        boxes = [layer.extent for layer in self.layers] or [(0.0, 0.0, 1.0, 1.0)]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    def fitted(self) -> View:
        """Return the view that shows everything."""
        left, top, right, bottom = self.extent()
        width = max(1.0, (self.width() - 2 * MARGIN) * self.ratio)
        height = max(1.0, (self.height() - 2 * MARGIN - CHIP_HEIGHT) * self.ratio)
        scale = min(width / (right - left), height / (bottom - top))
        lift = CHIP_HEIGHT / 2 * self.ratio / scale
        return View((left + right) / 2, (top + bottom) / 2 - lift, scale)

    def realign(self) -> None:
        """Forget this pane's own offset."""
        self._local = _Local()
        self.update()

    def at(self, position: QPointF) -> Hover | None:
        """Return the pixel under a widget position."""
        x, y = self.mapping().to_canvas(position.x() * self.ratio, position.y() * self.ratio)
        for layer in self._visible(position.x()):
            left, top, right, bottom = layer.extent
            if left <= x < right and top <= y < bottom:
                grid = layer.geometry
                px = int((x - grid.offset_x) // grid.scale_x)
                py = int((y - grid.offset_y) // grid.scale_y)
                height, width = grid.shape
                px, py = min(max(px, 0), width - 1), min(max(py, 0), height - 1)
                return Hover(layer.level, px, py, x, y)
        return None

    def _visible(self, x: float) -> tuple[Layer, ...]:
        if self._peeking and self._peek:
            return self._peek
        if self._split is not None and x > self._split * self.width():
            return self._second
        return self.layers

    # Painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw everything; coordinates are device pixels."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Dark))
        painter.scale(1 / self.ratio, 1 / self.ratio)
        mapping = self.mapping()
        whole = QRectF(0, 0, mapping.width, mapping.height)
        shown = self._peek if self._peeking and self._peek else self.layers
        if self._split is None or shown is self._peek:
            for layer in shown:
                draw_layer(painter, mapping, layer, whole, grid=self.pixel_grid)
                self._draw_marks(painter, mapping, layer)
        else:
            self._draw_split(painter, mapping, whole, self._split)
        self._draw_titles(painter, mapping, shown)
        self._draw_frame(painter, whole)
        painter.end()
        self.painted.emit()

    def _draw_split(self, painter: QPainter, mapping: Mapping, whole: QRectF, split: float) -> None:
        middle = round(split * mapping.width)
        left = QRectF(0, 0, middle, mapping.height)
        right = QRectF(middle, 0, mapping.width - middle, mapping.height)
        for layers, part in ((self.layers, left), (self._second, right)):
            for layer in layers:
                draw_layer(painter, mapping, layer, part, grid=self.pixel_grid)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, 2 * self.ratio))
        painter.drawLine(QPointF(middle, 0), QPointF(middle, mapping.height))
        painter.setBrush(accent)
        size = 5 * self.ratio
        painter.drawEllipse(QPointF(middle, whole.center().y()), size, size)
        for layer in self._second[:1]:
            self._chip(painter, layer.title, QPointF(middle, 0) + QPointF(8, 8) * self.ratio)

    def _draw_marks(self, painter: QPainter, mapping: Mapping, layer: Layer) -> None:
        mark = self._marks.highlights.get(layer.level)
        if mark is None:
            return
        box = level_rect(mapping, layer, mark.rect)
        if mark.tint is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, mark.tint)
        middle, least = box.center(), 5 * self.ratio
        if box.width() < least or box.height() < least:
            box = QRectF(0, 0, max(least, box.width()), max(least, box.height()))
            box.moveCenter(middle)
        style = Qt.PenStyle.SolidLine if mark.strong else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 200), 3 * self.ratio))
        painter.drawRect(box)
        colour = QColor("#ffd34d") if self._marks.frozen else QColor("#ffffff")
        painter.setPen(QPen(colour, 1 * self.ratio, style))
        painter.drawRect(box)

    def _draw_titles(self, painter: QPainter, mapping: Mapping, shown: Sequence[Layer]) -> None:
        if len(shown) == 1 or self._split is not None:
            layer = shown[0]
            room = mapping.width - 16 * self.ratio
            self._chip(painter, self._describe(painter, layer, room), QPointF(8, 8) * self.ratio)
            return
        for layer in shown:
            box = mapping.rect(*layer.extent)
            text = self._describe(painter, layer, box.width())
            room = self._chip_size(painter, text).height()
            if box.width() >= CHIP_WIDTH * self.ratio:
                place = QPointF(max(box.left(), 0), max(box.top() - room - 2 * self.ratio, 0))
                self._chip(painter, text, place)

    def _describe(self, painter: QPainter, layer: Layer, room: float) -> str:
        """Return name, size and zoom, or as much of it as there is room for."""
        height, width = layer.geometry.shape
        zoom = layer.geometry.scale_x * self.effective_view().scale * 100
        percent = f"{zoom:.0f} %" if zoom >= 10 else f"{zoom:.1f} %"
        number = layer.title.split(" ")[-1]
        size = f"{width} × {height}"
        for text in (
            "   ".join(filter(None, (layer.title, size, percent, layer.range))),
            f"{layer.title}   {size}   {percent}",
            f"{layer.title}   {size}",
            f"{number}   {size}",
            layer.title,
        ):
            if self._chip_size(painter, text).width() <= room:
                return text
        return number

    def _chip_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(round(11.5 * self.ratio))
        return font

    def _chip_size(self, painter: QPainter, text: str) -> QRectF:
        painter.setFont(self._chip_font())
        bounds = QRectF(painter.fontMetrics().boundingRect(text))
        return QRectF(0, 0, bounds.width() + 14 * self.ratio, 20 * self.ratio)

    def _chip(self, painter: QPainter, text: str, place: QPointF) -> None:
        box = self._chip_size(painter, text).translated(place)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 17, 20, 205))
        painter.drawRoundedRect(box, 5 * self.ratio, 5 * self.ratio)
        painter.setPen(QColor("#f2f3f5"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_frame(self, painter: QPainter, whole: QRectF) -> None:
        if not (self.selected or self.hasFocus()):
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 2 * self.ratio
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        style = Qt.PenStyle.SolidLine if self.selected else Qt.PenStyle.DotLine
        painter.setPen(QPen(accent, width, style))
        painter.drawRect(whole.adjusted(width / 2, width / 2, -width / 2, -width / 2))

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
        x, y = self.mapping().to_canvas(position.x() * self.ratio, position.y() * self.ratio)
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
        """Take the pinch of a trackpad."""
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self.zoom_at(1 + event.value(), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin to pan, to move the divider, or to open the menu."""
        if event is None:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.activated.emit()
        place = event.position()
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_requested.emit(self.at(place), event.globalPosition().toPoint())
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            kind = "split" if self._near_split(place) else "alone" if control else "pan"
            self._drag = _Drag(kind, place, place)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go on dragging, or say what is under the mouse."""
        if event is None:
            return
        place = event.position()
        if self._drag is None:
            near = self._near_split(place)
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.CrossCursor)
            self.hovered.emit(self.at(place))
            return
        drag = self._drag
        drag.moved = drag.moved or (place - drag.start).manhattanLength() > 4
        if not drag.moved:
            return
        if drag.kind == "split":
            self._split = min(max(place.x() / max(1, self.width()), 0.02), 0.98)
            self.update()
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            step = place - drag.last
            self._pan(step.x(), step.y(), alone=drag.kind == "alone")
        drag.last = place

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a drag; a press that did not move is a click."""
        if event is None or self._drag is None:
            return
        drag, self._drag = self._drag, None
        self.setCursor(Qt.CursorShape.CrossCursor)
        hover = self.at(event.position())
        left = event.button() == Qt.MouseButton.LeftButton
        if left and not drag.moved and drag.kind != "split" and hover is not None:
            self.clicked.emit(hover)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Go to 100 % of the pixel's own octave, or back to fitting."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if not self.viewport.fitting:
            self.viewport.set_view(self.fitted(), fitting=True)
            return
        x, y = self.mapping().to_canvas(
            event.position().x() * self.ratio, event.position().y() * self.ratio
        )
        self.viewport.zoom(1 / self.viewport.view.scale, x, y)

    def leaveEvent(self, event: QEvent | None) -> None:
        """Say that nothing is under the mouse."""
        self.hovered.emit(None)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Tell whoever fits panes."""
        self.view_resized.emit()

    def _near_split(self, place: QPointF) -> bool:
        return self._split is not None and abs(place.x() - self._split * self.width()) <= SPLIT_GRAB
