"""Bins drawn over a map, and what they leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPen

from pyrviewer.ui.overlays import draw_label, label_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.ui.picture import Mapping

    Box = tuple[float, float, float, float]

GROUND = QColor(0, 0, 0, 150)  # below every line, so that it is seen on any picture
INSET = 1.5  # logical pixels: neighbours that share a border, or overlap, stay apart
LEAST = 6  # logical pixels: smaller bins are not inset


@dataclass(frozen=True, eq=False)
class Bins:
    """Rectangles in one colour; where they overlap their tint is stronger."""

    boxes: Sequence[Box]
    colour: str
    width: float = 1.5
    tint: int = 0  # of 255
    inset: float = INSET

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw them."""
        if not self.boxes:
            return
        rects = [mapping.rect(*box) for box in self.boxes]
        if self.tint:
            fill = QColor(self.colour)
            fill.setAlpha(self.tint)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRects(*rects)
        inset = self.inset * ratio
        inner = [
            rect.adjusted(inset, inset, -inset, -inset)
            if min(rect.width(), rect.height()) > LEAST * ratio
            else rect
            for rect in rects
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((GROUND, self.width + 1.5), (QColor(self.colour), self.width)):
            painter.setPen(QPen(colour, width * ratio))
            painter.drawRects(*inner)


@dataclass(frozen=True, eq=False)
class Hatch:
    """Parts that no bin covers, crossed out."""

    boxes: Sequence[Box]
    colour: str
    label: str

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw them, with their name in the first."""
        for index, box in enumerate(self.boxes):
            rect = mapping.rect(*box)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 130))
            painter.drawRect(rect)
            painter.setBrush(QBrush(QColor(self.colour), Qt.BrushStyle.BDiagPattern))
            painter.drawRect(rect)
            painter.setPen(QPen(QColor(self.colour), ratio))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect)
            if index == 0:
                self._draw_label(painter, rect, ratio)

    def _draw_label(self, painter: QPainter, rect: QRectF, ratio: float) -> None:
        size = label_size(painter, self.label, ratio)
        size.moveCenter(rect.center())
        size.moveRight(min(size.right(), rect.right() - 4 * ratio))
        draw_label(painter, self.label, QPointF(size.topLeft()), ratio)
