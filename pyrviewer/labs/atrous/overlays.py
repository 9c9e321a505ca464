"""Taps of a kernel drawn over a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

from pyrviewer.ui.picture import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.ui.picture import Mapping

    Box = tuple[float, float, float, float]

PLUS, MINUS, NOTHING, OUTSIDE = "#ffa657", "#6cb0ff", "#9aa1ab", "#ff5d5d"
LEAST = 13.0  # logical pixels: taps are drawn no smaller, unless they would hide what is between
TEXT_FROM = 22.0  # logical pixels at which a tap holds its weight
FILLS = 0.45  # of the way to the next tap: what a mark may cover that is larger than its pixel


@dataclass(frozen=True)
class Tap:
    """One tap: its pixel on the canvas, its weight, whether it lies on the map."""

    box: Box
    weight: float
    inside: bool


@dataclass(frozen=True)
class Taps:
    """The taps of one output pixel, joined by lines, with their weights.

    Orange weighs with plus, blue with minus, gray with nothing; red, crossed out, is padding.
    """

    taps: Sequence[Tap]
    weights: bool = True

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw them."""
        rects = [self._rect(mapping, tap, ratio) for tap in self.taps]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_lines(painter, rects, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        font = painter.font()
        font.setPixelSize(round(10 * ratio))
        painter.setFont(font)
        for tap, rect in zip(self.taps, rects, strict=True):
            self._draw_tap(painter, tap, rect, ratio)

    def _rect(self, mapping: Mapping, tap: Tap, ratio: float) -> QRectF:
        rect = mapping.rect(*tap.box)
        middle, most = rect.center(), FILLS * self._spacing(mapping)
        least = min(LEAST * ratio, max(most, 3 * ratio))
        if self.weights and most > TEXT_FROM * ratio:
            least = TEXT_FROM * ratio
        rect.setWidth(max(rect.width(), least))
        rect.setHeight(max(rect.height(), least))
        rect.moveCenter(middle)
        pane = QRectF(0, 0, mapping.width, mapping.height)
        return rect if tap.inside or pane.contains(rect) else self._at_edge(middle, pane, ratio)

    def _at_edge(self, middle: QPointF, pane: QRectF, ratio: float) -> QRectF:
        """Return a place in sight for a tap on padding: there may be no room beside the map."""
        rect = QRectF(0, 0, LEAST * ratio, LEAST * ratio)
        rect.moveCenter(middle)
        rect.moveLeft(min(max(rect.left(), ratio), pane.right() - rect.width() - ratio))
        rect.moveTop(min(max(rect.top(), ratio), pane.bottom() - rect.height() - ratio))
        return rect

    def _spacing(self, mapping: Mapping) -> float:
        """Return the distance of two taps in device pixels."""
        if len(self.taps) < 2:
            return float("inf")
        return abs(self.taps[1].box[0] - self.taps[0].box[0]) * mapping.scale

    def _draw_lines(self, painter: QPainter, rects: Sequence[QRectF], ratio: float) -> None:
        """Join the outer taps to the middle one."""
        middle = rects[len(rects) // 2].center()
        lines = QPainterPath()  # in one go: wide lines one by one take twice the time
        for rect in rects:
            lines.moveTo(middle)
            lines.lineTo(rect.center())
        for width, colour in ((3.0, QColor(0, 0, 0, 120)), (1.0, QColor(255, 255, 255, 150))):
            painter.strokePath(lines, QPen(colour, width * ratio))

    def _draw_tap(self, painter: QPainter, tap: Tap, rect: QRectF, ratio: float) -> None:
        colour = QColor(PLUS if tap.weight > 0 else MINUS if tap.weight < 0 else NOTHING)
        if not tap.inside:
            colour = QColor(OUTSIDE)
        fill = QColor(colour)
        fill.setAlpha(70 if tap.inside else 40)
        painter.setBrush(fill)
        if rect.width() > LEAST / 2 * ratio:
            painter.setPen(QPen(QColor(0, 0, 0, 190), 3.5 * ratio))
            painter.drawRect(rect)
        painter.setPen(QPen(colour, 1.6 * ratio))
        painter.drawRect(rect)
        if not tap.inside:
            painter.drawLine(rect.topLeft(), rect.bottomRight())
            painter.drawLine(rect.topRight(), rect.bottomLeft())
        elif self.weights and rect.width() >= TEXT_FROM * ratio:
            text = format_value(float(tap.weight), 2)
            painter.setPen(QColor(0, 0, 0, 220))
            painter.drawText(rect.translated(ratio, ratio), Qt.AlignmentFlag.AlignCenter, text)
            painter.setPen(QColor("#ffffff"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
