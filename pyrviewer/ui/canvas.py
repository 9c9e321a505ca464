"""A pane that shows layers, linked to other panes through a viewport."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)

from pyrviewer.ui.ground import Ground
from pyrviewer.ui.navigator import Hover, Navigator
from pyrviewer.ui.overlays import draw_label, label_size
from pyrviewer.ui.picture import Layer, Mapping, draw_layer, level_rect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Mapping as Dictionary

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.session.viewport import Viewport
    from pyrviewer.ui.overlays import Overlay

SPLIT_GRAB = 8  # logical pixels on either side of the divider
TITLE_ROOM = (250, 190, 116, 84)  # logical pixels for a title in full, and for shorter ones
TITLE_WIDTH = 16  # logical pixels: narrower layers of several have no title


@dataclass(frozen=True, eq=False)
class Highlight:
    """A rectangle to outline in a level, in that level's pixels; `tint` lies inside it."""

    rect: tuple[int, int, int, int]
    tint: QImage | None = None
    strong: bool = False


@dataclass
class _Marks:
    highlights: Dictionary[int, Highlight] = field(default_factory=dict)
    frozen: bool = False


def short_title(title: str) -> str:
    """Return a title from its first number on: "4 (2)" of "Octave 4 (2)"; else its last word."""
    words = title.split(" ")
    first = next((k for k, word in enumerate(words) if word[:1].isdigit()), -1)
    return " ".join(words[first:])


class Canvas(Navigator):
    """Shows layers, and what is drawn over them.

    Signals
    -------
    painted() : a frame was drawn
    """

    painted = pyqtSignal()

    def __init__(self, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(viewport, parent)
        self.layers: tuple[Layer, ...] = ()
        self.overlays: tuple[Overlay, ...] = ()
        self.fixed: tuple[Overlay, ...] = ()
        self._ground = Ground()
        self._by_keys = False  # whether the keyboard came to it by Tab: only then is it framed
        self.pixel_grid = True
        self.selected = False
        self._selected_level = -1
        self._second: tuple[Layer, ...] = ()
        self._split: float | None = None
        self._peek: tuple[Layer, ...] = ()
        self._peeking = False
        self._marks = _Marks()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(48, 48)

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

    def set_overlays(self, overlays: Sequence[Overlay]) -> None:
        """Draw things over the layers."""
        self.overlays = tuple(overlays)
        self.update()

    def set_fixed(self, overlays: Sequence[Overlay]) -> None:
        """Draw things over the layers, below the others, that stay while the mouse moves."""
        self.fixed = tuple(overlays)
        self.update()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Keep no pixels that nobody sees."""
        self._ground.forget()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Show who has the keyboard to those who use it."""
        super().focusInEvent(event)
        reasons = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._by_keys = event is not None and event.reason() in reasons
        self.update()

    def set_selected(self, selected: bool, level: int = -1) -> None:
        """Draw the pane's frame in the accent colour, or that of one of its layers."""
        if (selected, level) != (self.selected, self._selected_level):
            self.selected, self._selected_level = selected, level
            self.update()

    def extent(self) -> tuple[float, float, float, float]:
        """Return the rectangle that the layers cover."""
        boxes = [layer.extent for layer in self.layers] or [(0.0, 0.0, 1.0, 1.0)]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

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
                return Hover(layer.level, px, py, x, y, layer)
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
        painter.scale(1 / self.ratio, 1 / self.ratio)
        mapping = self.mapping()
        whole = QRectF(0, 0, mapping.width, mapping.height)
        peeked = self._peeking and bool(self._peek)
        shown = self._peek if peeked else self.layers
        split = None if peeked else self._split
        sides = [(shown, whole)] if split is None else self._sides(mapping, split)
        self._draw_ground(painter, mapping, sides)
        for layers, part in sides:
            painter.setClipRect(part)
            for layer in layers:
                self._draw_marks(painter, mapping, layer)
        painter.setClipping(False)
        if split is not None:
            self._draw_divider(painter, sides[1][1])
        for overlay in self.overlays:
            overlay.draw(painter, mapping, self.ratio)
        if self.tool is not None:
            self.tool.draw(painter, mapping, self.ratio)
        self._draw_titles(painter, mapping, shown)
        self._draw_frame(painter, mapping, whole)
        painter.end()
        self.painted.emit()

    def _sides(self, mapping: Mapping, split: float) -> list[tuple[tuple[Layer, ...], QRectF]]:
        """Return what lies left and right of the divider."""
        middle = round(split * mapping.width)
        left = QRectF(0, 0, middle, mapping.height)
        right = QRectF(middle, 0, mapping.width - middle, mapping.height)
        return [(self.layers, left), (self._second, right)]

    def _draw_ground(
        self, painter: QPainter, mapping: Mapping, sides: list[tuple[tuple[Layer, ...], QRectF]]
    ) -> None:
        """Draw what stays while the mouse moves."""

        def draw(painter: QPainter) -> None:
            around = QRectF(-1, -1, mapping.width + 2, mapping.height + 2)
            painter.fillRect(around, self.palette().color(QPalette.ColorRole.Dark))
            for layers, part in sides:
                for layer in layers:
                    draw_layer(painter, mapping, layer, part, grid=self.pixel_grid)
            for overlay in self.fixed:
                overlay.draw(painter, mapping, self.ratio)

        self._ground.draw(painter, self, (mapping, sides, self.pixel_grid, self.fixed), draw)

    def _draw_divider(self, painter: QPainter, right: QRectF) -> None:
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, 2 * self.ratio))
        painter.drawLine(right.topLeft(), right.bottomLeft())
        painter.setBrush(accent)
        size = 5 * self.ratio
        painter.drawEllipse(QPointF(right.left(), right.center().y()), size, size)
        for layer in self._second[:1]:
            place = right.topLeft() + QPointF(8, 8) * self.ratio
            draw_label(painter, layer.title, place, self.ratio)

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
        dashed = not mark.strong and min(box.width(), box.height()) > 4 * least
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
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
            draw_label(
                painter,
                self._describe(painter, layer, room),
                QPointF(8, 8) * self.ratio,
                self.ratio,
            )
            return
        for layer in shown:
            box = mapping.rect(*layer.extent)
            text = self._describe(painter, layer, box.width())
            room = label_size(painter, text, self.ratio).height()
            if box.width() >= TITLE_WIDTH * self.ratio:
                place = QPointF(max(box.left(), 0), max(box.top() - room - 2 * self.ratio, 0))
                draw_label(painter, text, place, self.ratio)

    def _describe(self, painter: QPainter, layer: Layer, room: float) -> str:
        """Return name, size and zoom, or as much of it as there is room for."""
        height, width = layer.geometry.shape
        zoom = layer.geometry.scale_x * self.effective_view().scale * 100
        percent = f"{zoom:.0f} %" if zoom >= 10 else f"{zoom:.1f} %"
        number = short_title(layer.title)
        size = f"{width} × {height}"
        choices = (
            "   ".join(filter(None, (layer.title, size, percent, layer.range))),
            f"{layer.title}   {size}   {percent}",
            f"{layer.title}   {percent}",
            f"{number}   {percent}",
        )
        for text, needed in zip(choices, TITLE_ROOM, strict=True):
            if room < needed * self.ratio:  # the same choice in panes of one size
                continue
            if label_size(painter, text, self.ratio).width() <= room:
                return text
        return number

    def _draw_frame(self, painter: QPainter, mapping: Mapping, whole: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 2 * self.ratio
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, width))
        for layer in self.layers:
            if layer.level == self._selected_level:
                painter.drawRect(mapping.rect(*layer.extent).adjusted(-2, -2, 2, 2))
        if not (self.selected or (self._by_keys and self.hasFocus())):
            return
        style = Qt.PenStyle.SolidLine if self.selected else Qt.PenStyle.DotLine
        painter.setPen(QPen(accent, width, style))
        painter.drawRect(whole.adjusted(width / 2, width / 2, -width / 2, -width / 2))

    # The divider

    def near_divider(self, place: QPointF) -> bool:
        """Tell whether a press there would take hold of the divider."""
        return self._split is not None and abs(place.x() - self._split * self.width()) <= SPLIT_GRAB

    def move_divider(self, place: QPointF) -> None:
        """Move the divider to a widget position."""
        self._split = min(max(place.x() / max(1, self.width()), 0.02), 0.98)
        self.update()
