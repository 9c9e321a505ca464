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
    QPixmap,
    QResizeEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from pyrviewer.compute.pooling import Blocks
from pyrviewer.compute.tones import BYTES, tones
from pyrviewer.ui.picture import format_value, qimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtCore import QPointF

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.tones import Tones

MARGIN = 12  # logical pixels on either side
LABEL = 18
OVERVIEW = 24
GAP = 8
BOXES = 34
NARROWEST_BOX = 3
LEAST_APART = 4
TEXT_BOX = 32  # boxes from this width on carry their number
TICK = 4  # logical pixels, below what is reached
STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
MARK = QColor("#ffd34d")
MARK_BYTES = (77, 211, 255, 255)  # the same as B, G, R, A
STOPS = (0.0, 0.55, 1.0)
COLOURS = ((36, 214, 255), (22, 111, 246), (16, 47, 242))  # B, G, R at each stop


def strip_image(vector: Array, columns: int) -> QImage:
    """Draw a vector as a row of coloured pixels; where several share one, the largest."""
    shades = tones(vector)
    first = np.arange(columns) * len(vector) // columns
    row = np.maximum.reduceat(vector, first) if columns < len(vector) else vector[first]
    if shades.signed:
        return qimage(shades.pixels(row[None]))
    pixels = np.empty((1, columns, 4), np.uint8)
    share = (row - shades.low) / (shades.high - shades.low)
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
        self._shades = BYTES
        self._colours: Sequence[str] = ()
        self._entry: int | None = None
        self._reached: Array | None = None
        self._ground: QPixmap | None = None
        self._boxes: list[tuple[int, int, QRectF]] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Vector")

    def sizeHint(self) -> QSize:
        """Return room for both rows and their labels."""
        return QSize(200, LABEL + OVERVIEW + GAP + BOXES + GAP)

    # Showing

    def show_vector(
        self,
        vector: Array,
        blocks: Blocks,
        shown: tuple[int, ...],
        shades: Tones,
        colours: Sequence[str],
    ) -> None:
        """Show a vector; the entries of the `shown` channels are boxes, each level has a colour."""
        self._vector, self._blocks, self._shown = vector, blocks, shown
        self._shades, self._colours = shades, colours
        self._ground = self._boxes = None
        self.mark(None, None)
        self.setAccessibleDescription(f"{len(vector)} numbers")

    def mark(self, entry: int | None, reached: Array | None) -> None:
        """Point out one entry, and those that a pixel can reach: a bool of each."""
        self._entry, self._reached = entry, reached
        self.update()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        self._ground = None
        self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw all of it again."""
        super().resizeEvent(event)
        self._ground = self._boxes = None

    # Where entries lie

    def _line(self) -> QRectF:
        return QRectF(MARGIN, LABEL, max(1, self.width() - 2 * MARGIN), OVERVIEW)

    def _x(self, entry: int) -> float:
        line = self._line()
        return line.left() + entry * line.width() / len(self._vector)

    def boxes(self) -> list[tuple[int, int, QRectF]]:
        """Return the entries of the shown channels with their rows and boxes, if there is room."""
        if self._boxes is None:
            self._boxes = self._lay_out()
        return self._boxes

    def _lay_out(self) -> list[tuple[int, int, QRectF]]:
        found: list[tuple[int, int, QRectF]] = []
        count = sum(n * n for n in self._blocks.levels)
        gaps = GAP * (len(self._blocks.levels) - 1)
        step = (self.width() - 2 * MARGIN - gaps) / count
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
        """Draw both rows, and over them what the mouse points at."""
        ratio = self.devicePixelRatioF()
        if self._ground is None or self._ground.devicePixelRatioF() != ratio:
            self._ground = self._draw_ground(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        self._draw_marks(painter, self._line())
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _draw_ground(self, ratio: float) -> QPixmap:
        """Draw both rows: they stay while the mouse moves."""
        ground = QPixmap(self.size() * ratio)
        ground.setDevicePixelRatio(ratio)
        ground.fill(Qt.GlobalColor.transparent)
        painter, line = QPainter(ground), self._line()
        painter.setFont(self.font())
        painter.drawImage(line, strip_image(self._vector, max(1, round(line.width() * ratio))))
        self._draw_levels(painter, line)
        self._draw_boxes(painter)
        painter.end()
        return ground

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
        """Draw the shown channels' entries as the grids show them, or in their channel's colour."""
        boxes = self.boxes()
        if not boxes:
            return
        values = np.asarray(self._vector[[entry for entry, _, _ in boxes]], np.float32)
        inks = self._shades.pixels(values[None])[0, :, 2::-1].tolist()
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for (_, row, box), value, ink in zip(boxes, values.tolist(), inks, strict=True):
            inner = _within(box)
            painter.fillRect(inner, self._swatch(row, ink))
            text = format_value(value, 3)
            fits = painter.fontMetrics().horizontalAdvance(text) < inner.width()
            if fits and box.width() >= TEXT_BOX and len(self._shown) == 1:
                painter.setPen(QColor("#000000" if sum(ink) > 3 * 127 else "#ffffff"))
                painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, text)

    def _swatch(self, row: int, ink: Sequence[int]) -> QColor:
        """Return the colour of a box: of its channel, where all three are shown."""
        if len(self._shown) == 1:
            return QColor(*ink)
        return QColor(*(level if k == row else level // 6 for k, level in enumerate(ink)))

    def _draw_marks(self, painter: QPainter, line: QRectF) -> None:
        """Point out what is reached and the present entry, in both rows."""
        reached = self._reached
        if reached is not None:
            columns = max(1, round(line.width() * self.devicePixelRatioF()))
            ticks = np.zeros((1, columns, 4), np.uint8)
            starts = np.arange(columns) * len(reached) // columns
            ticks[0, np.logical_or.reduceat(reached, starts)] = MARK_BYTES
            place = QRectF(line.left(), line.bottom() + 1, line.width(), TICK)
            painter.drawImage(place, qimage(ticks, QImage.Format.Format_ARGB32))
        for entry, _, box in self.boxes():
            if entry == self._entry or (reached is not None and reached[entry]):
                painter.setPen(QPen(MARK, 2 if entry == self._entry else 1))
                painter.drawRect(_within(box).adjusted(0.5, 0.5, -0.5, -0.5))
        if self._entry is not None:
            left, width = self._x(self._entry), line.width() / len(self._vector)
            painter.setPen(QPen(MARK, 2))
            painter.drawRect(QRectF(left, line.top() - 1, max(3.0, width), line.height() + 2))


def _within(box: QRectF) -> QRectF:
    """Return a box apart from its neighbours, if it is wide enough."""
    return box.adjusted(0, 0, -1, -1) if box.width() > LEAST_APART else box


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
