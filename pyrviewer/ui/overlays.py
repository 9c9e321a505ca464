"""Things drawn over a canvas, in its coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.ui.picture import Mapping

    Box = tuple[float, float, float, float]
    Corners = Sequence[tuple[float, float]]


class Overlay(Protocol):
    """Something that draws itself; `ratio` is device pixels per logical pixel."""

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw in device pixels."""


def outline(painter: QPainter, colour: QColor, width: float, ratio: float) -> list[QPen]:
    """Return the pens of a line that is seen on any picture: a dark one below the coloured."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    return [QPen(QColor(0, 0, 0, 190), (width + 2) * ratio), QPen(colour, width * ratio)]


def _label_font(painter: QPainter, ratio: float) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(round(11.5 * ratio))
    return font


def label_size(painter: QPainter, text: str, ratio: float) -> QRectF:
    """Return the ground that a label needs, at the origin."""
    bounds = QFontMetricsF(_label_font(painter, ratio)).boundingRect(text)
    return QRectF(0, 0, bounds.width() + 14 * ratio, 20 * ratio)


def draw_label(painter: QPainter, text: str, place: QPointF, ratio: float) -> None:
    """Draw a line of text on a dark ground, its top-left corner at a place."""
    box = label_size(painter, text, ratio).translated(place)
    painter.save()
    painter.setFont(_label_font(painter, ratio))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(16, 17, 20, 205))
    painter.drawRoundedRect(box, 5 * ratio, 5 * ratio)
    painter.setPen(QColor("#f2f3f5"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


@dataclass(frozen=True, eq=False)
class Wash:
    """A translucent picture over a box: scores, masks."""

    image: QImage
    box: Box
    smooth: bool = False

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw it."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth)
        painter.drawImage(mapping.rect(*self.box), self.image)


@dataclass(frozen=True)
class Caption:
    """A line of text at the lower left of a pane."""

    text: str

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw it."""
        height = label_size(painter, self.text, ratio).height()
        place = QPointF(8 * ratio, mapping.height - height - 8 * ratio)
        draw_label(painter, self.text, place, ratio)


@dataclass(frozen=True)
class Note:
    """A sentence at the lower edge of a pane, in as many lines as it needs."""

    text: str
    colour: str = ""

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw it."""
        lines = self._lines(painter, mapping.width - 8 * ratio, ratio)
        sizes = [label_size(painter, line, ratio) for line in lines]
        step = sizes[0].height()
        top = mapping.height - 10 * ratio - step * len(lines)
        places = [
            QPointF((mapping.width - size.width()) / 2, top + k * step)
            for k, size in enumerate(sizes)
        ]
        if self.colour:
            painter.setPen(QPen(QColor(self.colour), 4 * ratio))
            for size, place in zip(sizes, places, strict=True):
                painter.drawRect(size.translated(place))
        for line, place in zip(lines, places, strict=True):
            draw_label(painter, line, place, ratio)

    def _lines(self, painter: QPainter, width: float, ratio: float) -> list[str]:
        """Break the sentence between words."""
        lines = [""]
        for word in self.text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if label_size(painter, longer, ratio).width() <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines


@dataclass(frozen=True, eq=False)
class Outlines:
    """Closed shapes, each with a label or an empty string."""

    shapes: Sequence[Corners]
    colour: str
    labels: Sequence[str] = ()
    width: float = 1.5
    dashed: bool = False

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw them, and the labels, each where it covers no other."""
        pens = outline(painter, QColor(self.colour), self.width, ratio)
        if self.dashed:
            pens[1].setStyle(Qt.PenStyle.DashLine)
        polygons = [
            QPolygonF([QPointF(*mapping.to_device(x, y)) for x, y in shape])
            for shape in self.shapes
        ]
        for polygon in polygons:
            for pen in pens:
                painter.setPen(pen)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPolygon(polygon)
        pane = QRectF(0, 0, mapping.width, mapping.height)
        taken: list[QRectF] = []
        for polygon, label in zip(polygons, self.labels, strict=False):
            box = polygon.boundingRect()
            if label and box.intersects(pane):
                size = label_size(painter, label, ratio)
                place = _label_place(box, size, pane, taken, ratio)
                taken.append(size.translated(place))
                draw_label(painter, label, place, ratio)


def _label_place(
    box: QRectF, size: QRectF, pane: QRectF, taken: Sequence[QRectF], ratio: float
) -> QPointF:
    """Return where a label goes: above its box, or below or inside if another is there."""
    left = max(0.0, min(box.left(), pane.width() - size.width()))
    heights = (box.top() - 21 * ratio, box.bottom() + ratio, box.top() + ratio)
    places = [QPointF(left, max(0.0, min(top, pane.height() - size.height()))) for top in heights]
    free = (p for p in places if not any(size.translated(p).intersects(each) for each in taken))
    return next(free, places[0])


@dataclass(frozen=True, eq=False)
class Dots:
    """Points of one size on the screen, for candidates."""

    points: Sequence[tuple[float, float]]
    colour: str
    radius: float = 3.5

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw them."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 190), ratio))
        painter.setBrush(QColor(self.colour))
        size = self.radius * ratio
        for x, y in self.points:
            painter.drawEllipse(QPointF(*mapping.to_device(x, y)), size, size)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def box_corners(left: float, top: float, right: float, bottom: float) -> Corners:
    """Return a box as a closed shape."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))
