"""Vectors as strips: all their numbers, and those of one channel as boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from pyrviewer.compute.pooling import Blocks
from pyrviewer.ui.picture import format_value, qimage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PyQt6.QtCore import QPointF

    from pyrviewer.compute.image import Array

MARGIN = 12  # logical pixels on either side
LABEL = 18
OVERVIEW = 24
GAP = 8
BOXES = 34
NARROWEST_BOX, WIDEST_BOX = 3, 120
TEXT_BOX = 32  # boxes from this width on carry their number
STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
MARK = QColor("#ffd34d")
STOPS = (0.0, 0.55, 1.0)
COLOURS = ((36, 214, 255), (22, 111, 246), (16, 47, 242))  # B, G, R at each stop


def strip_image(vector: Array, columns: int) -> QImage:
    """Draw a vector as a row of coloured pixels; where several share one, the largest."""
    low, high = float(vector.min()), float(vector.max())
    share = (vector - low) / (high - low) if high > low else np.full(vector.shape, 0.5)
    first = np.arange(columns) * len(vector) // columns
    share = np.maximum.reduceat(share, first) if columns < len(vector) else share[first]
    pixels = np.empty((1, columns, 4), np.uint8)
    for channel, values in enumerate(COLOURS):
        pixels[0, :, channel] = np.interp(share, STOPS, values)
    pixels[..., 3] = 255
    return qimage(pixels)


class VectorStrip(QWidget):
    """The vector above, the entries of the shown channels as boxes below.

    Signals
    -------
    hovered(int or None), clicked(int) : an entry of the vector
    """

    hovered = pyqtSignal(object)
    clicked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._vector: Array = np.zeros(1, np.float32)
        self._blocks = Blocks(1, (1,))
        self._shown: tuple[int, ...] = (0,)
        self._colours: Sequence[str] = ()
        self._entry: int | None = None
        self._reached: Array = np.empty(0, np.int64)
        self._image: QImage | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Vector")

    def sizeHint(self) -> QSize:
        """Return room for both rows and their labels."""
        return QSize(200, LABEL + OVERVIEW + GAP + BOXES + GAP)

    # Showing

    def show_vector(
        self, vector: Array, blocks: Blocks, shown: tuple[int, ...], colours: Sequence[str]
    ) -> None:
        """Show a vector, the channels whose entries are boxes, and a colour for each level."""
        self._vector, self._blocks, self._shown = vector, blocks, shown
        self._colours = colours
        self._image = None
        self.mark(None, ())
        self.setAccessibleDescription(f"{len(vector)} numbers")

    def mark(self, entry: int | None, reached: Iterable[int]) -> None:
        """Point out one entry, and those that a pixel can reach."""
        self._entry, self._reached = entry, np.fromiter(reached, np.int64)
        self.update()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        self.update()

    # Where entries lie

    def _line(self) -> QRectF:
        return QRectF(MARGIN, LABEL, max(1, self.width() - 2 * MARGIN), OVERVIEW)

    def _x(self, entry: int) -> float:
        line = self._line()
        return line.left() + entry * line.width() / len(self._vector)

    def boxes(self) -> list[tuple[int, int, QRectF]]:
        """Return the entries of the shown channels with their rows and boxes, if there is room."""
        found: list[tuple[int, int, QRectF]] = []
        count = sum(n * n for n in self._blocks.levels)
        gaps = GAP * (len(self._blocks.levels) - 1)
        step = min(WIDEST_BOX, (self.width() - 2 * MARGIN - gaps) / count)
        if step < NARROWEST_BOX:
            return []
        height = BOXES / len(self._shown)
        for row, channel in enumerate(self._shown):
            left, top = float(MARGIN), LABEL + OVERVIEW + GAP + row * height
            for entries in self._blocks.of_channel(channel):
                for entry in entries:
                    found.append((entry, row, QRectF(left, top, step, height)))
                    left += step
                left += GAP
        return found

    def entry_at(self, place: QPointF) -> int | None:
        """Return the entry at a position; where several share a pixel, the largest."""
        for entry, _, box in self.boxes():
            if box.contains(place):
                return entry
        line = self._line()
        if not line.contains(place):
            return None
        step = len(self._vector) / line.width()
        first = min(int((place.x() - line.left()) * step), len(self._vector) - 1)
        last = max(first + 1, int((place.x() - line.left() + 1) * step))
        return first + int(np.argmax(self._vector[first:last]))

    # Mouse

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Say which entry is under the mouse."""
        if event is not None:
            self.hovered.emit(self.entry_at(event.position()))

    def leaveEvent(self, event: QEvent | None) -> None:
        """Say that none is."""
        self.hovered.emit(None)

    def event(self, event: QEvent | None) -> bool:
        """Keep the arrow keys from the program's own uses of them."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.setAccepted(event.key() in STEPS)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go from entry to entry."""
        if event is None or event.key() not in STEPS:
            super().keyPressEvent(event)
            return
        shown = [entry for entry, _, _ in self.boxes()] or range(len(self._vector))
        before = -1 if self._entry is None else self._entry
        step = STEPS[event.key()]
        later = [entry for entry in shown if (entry - before) * step > 0]
        if later:
            self.hovered.emit(min(later) if step > 0 else max(later))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose an entry."""
        entry = self.entry_at(event.position()) if event is not None else None
        if entry is not None:
            self.clicked.emit(entry)

    # Painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw both rows."""
        painter = QPainter(self)
        line = self._line()
        columns = max(1, round(line.width() * self.devicePixelRatioF()))
        if self._image is None or self._image.width() != columns:
            self._image = strip_image(self._vector, columns)
        painter.drawImage(line, self._image)
        self._draw_levels(painter, line)
        self._draw_boxes(painter)
        self._draw_marks(painter, line)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _draw_levels(self, painter: QPainter, line: QRectF) -> None:
        """Draw where levels begin, with as much of their names as there is room for."""
        dim = self.palette().color(QPalette.ColorRole.PlaceholderText)
        starts = self._blocks.starts
        for k, n in enumerate(self._blocks.levels):
            left, right = self._x(starts[k]), self._x(starts[k + 1])
            painter.fillRect(QRectF(left, line.top() - 3, right - left - 1, 2), self._colour(k))
            painter.setPen(dim)
            numbers = f"{n} × {n}: {starts[k + 1] - starts[k]:,}"
            for text in (numbers, f"{n} × {n}", str(n)):
                if painter.fontMetrics().horizontalAdvance(text) <= right - left - 2:
                    place = QRectF(left, 0, right - left, LABEL - 4)
                    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
                    break

    def _colour(self, level: int) -> QColor:
        return QColor(self._colours[level % len(self._colours)])

    def _draw_boxes(self, painter: QPainter) -> None:
        """Draw the shown channels' entries in gray, or in the colour of their channel."""
        low, high = float(self._vector.min()), float(self._vector.max())
        marked = set(self._reached.tolist())
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for entry, row, box in self.boxes():
            value = self._vector[entry].item()
            share = (value - low) / (high - low) if high > low else 0.5
            colour = self._swatch(row, round(255 * share))
            inner = box.adjusted(0, 0, -1, -1) if box.width() > 4 else box
            painter.fillRect(inner, colour)
            if box.width() >= TEXT_BOX and len(self._shown) == 1:
                painter.setPen(QColor("#000000" if colour.lightness() > 128 else "#ffffff"))
                text = format_value(round(value, 2), 3)
                painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, text)
            if entry in marked or entry == self._entry:
                painter.setPen(QPen(MARK, 2 if entry == self._entry else 1))
                painter.drawRect(inner.adjusted(0.5, 0.5, -0.5, -0.5))

    def _swatch(self, row: int, level: int) -> QColor:
        """Return the colour of a box: of its channel, where all three are shown."""
        if len(self._shown) == 1:
            return QColor(level, level, level)
        return QColor(*(level if k == row else level // 6 for k in range(3)))

    def _draw_marks(self, painter: QPainter, line: QRectF) -> None:
        """Draw a tick below every entry that is reached, and a frame around the present one."""
        painter.setPen(QPen(MARK, 1))
        for x in np.unique(np.round(self._reached * line.width() / len(self._vector))):
            place = line.left() + float(x)
            painter.drawLine(int(place), int(line.bottom()) + 1, int(place), int(line.bottom()) + 4)
        if self._entry is not None:
            left, width = self._x(self._entry), line.width() / len(self._vector)
            painter.setPen(QPen(MARK, 2))
            painter.drawRect(QRectF(left, line.top() - 1, max(3.0, width), line.height() + 2))


class VectorRows(QWidget):
    """One strip for each image, below each other."""

    ROW = 20  # logical pixels
    NAME = 190

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, Array]] = []
        self._images: list[QImage] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Vectors of the open images")

    def sizeHint(self) -> QSize:
        """Return room for every row."""
        return QSize(200, self.ROW * len(self._rows) + GAP)

    def show_vectors(self, rows: Sequence[tuple[str, Array]]) -> None:
        """Show vectors of one length with their names."""
        self._rows, self._images = list(rows), []
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw a name and a strip for each."""
        painter = QPainter(self)
        width = max(1, self.width() - 2 * MARGIN - self.NAME)
        columns = max(1, round(width * self.devicePixelRatioF()))
        if not self._images or self._images[0].width() != columns:
            self._images = [strip_image(vector, columns) for _, vector in self._rows]
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        metrics = painter.fontMetrics()
        for k, ((name, _), picture) in enumerate(zip(self._rows, self._images, strict=True)):
            top = GAP / 2 + k * self.ROW
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, self.NAME - GAP)
            place = QRectF(MARGIN, top, self.NAME, self.ROW)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
            painter.drawImage(QRectF(MARGIN + self.NAME, top + 2, width, self.ROW - 4), picture)
        painter.end()
