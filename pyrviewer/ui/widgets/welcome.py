"""What is seen before an image is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
)
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pyrviewer.ui.picture import qimage
from pyrviewer.ui.theme import RHYTHM, icon
from pyrviewer.ui.widgets.form import Remark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PyQt6.QtGui import QResizeEvent

    from pyrviewer.compute.image import Array
    from pyrviewer.session.samples import Sample

CARD = QSize(208, 190)
PICTURE = 128  # logical pixels high
MARGIN = RHYTHM * 4
ACCEPT = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class SampleCard(QWidget):
    """A picture that can be opened by a click or the keyboard."""

    chosen = pyqtSignal(object)

    def __init__(self, path: Path, title: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.path = path
        self._title, self._hint = title, hint
        self._picture: QImage | None = None
        self.setFixedSize(CARD)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"Open {title}")
        self.setToolTip(f"{hint}\n{path.name}" if hint else str(path))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_picture(self, pixels: Array) -> None:
        """Take a thumbnail: B, G, R, A."""
        self._picture = qimage(pixels).copy()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture, its title and its hint."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        palette, role = self.palette(), QPalette.ColorRole
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        path = QPainterPath()
        path.addRoundedRect(box, 10, 10)
        painter.fillPath(path, palette.color(role.Base))
        painter.save()
        painter.setClipPath(path)
        area = QRectF(box.left(), box.top(), box.width(), PICTURE)
        if self._picture is None:
            painter.fillRect(area, palette.color(role.Dark))
        else:
            size = self._picture.size()
            scale = max(area.width() / size.width(), area.height() / size.height())
            width, height = area.width() / scale, area.height() / scale
            source = QRectF((size.width() - width) / 2, (size.height() - height) / 5, width, height)
            painter.drawImage(area, self._picture, source)
        painter.restore()
        lit = self.hasFocus() or self.underMouse()
        pen = palette.color(role.Highlight if lit else role.Mid)
        painter.setPen(QPen(QColor(pen), 2 if lit else 1))
        painter.drawPath(path)
        text = box.adjusted(10, PICTURE + 4, -10, -4)
        self._draw_line(painter, text, self._title, bold=True)
        self._draw_line(painter, text.adjusted(0, 18, 0, 0), self._hint, bold=False)
        painter.end()

    def _draw_line(self, painter: QPainter, box: QRectF, text: str, *, bold: bool) -> None:
        """Draw a line of text, cut where there is no more room."""
        role = QPalette.ColorRole.Text if bold else QPalette.ColorRole.PlaceholderText
        font = QFont(self.font())
        font.setBold(bold)
        font.setPointSizeF(font.pointSizeF() * (1.0 if bold else 0.88))
        painter.setFont(font)
        painter.setPen(self.palette().color(role))
        if bold:
            width = int(box.width())
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(box, Qt.TextFlag.TextWordWrap, text)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Open it."""
        if event is not None and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.path)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open it by keyboard."""
        if event is not None and event.key() in ACCEPT:
            self.chosen.emit(self.path)
        else:
            super().keyPressEvent(event)


class Welcome(QScrollArea):
    """A place to drop an image on, samples and recent files."""

    open_wanted = pyqtSignal()
    paste_wanted = pyqtSignal()
    path_chosen = pyqtSignal(object)
    thumbnail_wanted = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = QWidget(self)
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(MARGIN, RHYTHM * 4, MARGIN, RHYTHM * 4)
        self._column.setSpacing(RHYTHM)
        self._head()
        self._grids: list[tuple[QGridLayout, list[SampleCard]]] = []
        self._labels: list[QLabel] = []
        self._column.addStretch(1)
        self.setWidget(self._page)
        self._columns = 0

    def _head(self) -> None:
        title = QLabel("Open an image, see its pyramid", self._page)
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.9)
        font.setBold(True)
        title.setFont(font)
        self._column.addWidget(title)
        text = "Drop a picture anywhere in this window, paste one, or start with a sample."
        self._column.addWidget(Remark(text, self._page))
        line = QHBoxLayout()
        line.setContentsMargins(0, RHYTHM, 0, RHYTHM)
        self.open_button = QPushButton(icon("open"), "Open image ...", self._page)
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self.open_wanted)
        paste = QPushButton(icon("paste"), "Paste", self._page)
        paste.clicked.connect(self.paste_wanted)
        line.addWidget(self.open_button)
        line.addWidget(paste)
        line.addStretch(1)
        self._column.addLayout(line)

    @property
    def cards(self) -> list[SampleCard]:
        """All cards in reading order."""
        return [card for _, cards in self._grids for card in cards]

    def fill(self, samples: Sequence[Sample], recent: Sequence[Path]) -> None:
        """Show samples and recent files; thumbnails are asked for."""
        for grid, cards in self._grids:
            for card in cards:
                card.hide()
                card.deleteLater()
            self._column.removeItem(grid)
            grid.deleteLater()
        for label in self._labels:
            label.deleteLater()
        self._grids, self._labels = [], []
        if recent:
            self._group("Recent", [(path, path.name, str(path.parent)) for path in recent])
        self._group("Samples", [(s.path, s.title, s.hint) for s in samples])
        self._reflow()
        for card in self.cards:
            self.thumbnail_wanted.emit(card)

    def _group(self, title: str, items: list[tuple[Path, str, str]]) -> None:
        label = QLabel(title, self._page)
        label.setObjectName("heading")
        self._labels.append(label)
        grid = QGridLayout()
        grid.setSpacing(RHYTHM * 2)
        grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        cards = []
        for path, name, hint in items:
            card = SampleCard(path, name, hint, self._page)
            card.chosen.connect(self.path_chosen)
            cards.append(card)
        place = self._column.count() - 1
        self._column.insertWidget(place, label)
        self._column.insertLayout(place + 1, grid)
        self._grids.append((grid, cards))
        self._columns = 0

    def _reflow(self) -> None:
        viewport = self.viewport()
        width = viewport.width() if viewport else self.width()
        columns = max(1, (width - 2 * MARGIN + RHYTHM * 2) // (CARD.width() + RHYTHM * 2))
        if columns == self._columns:
            return
        self._columns = columns
        for grid, cards in self._grids:
            for k, card in enumerate(cards):
                grid.addWidget(card, k // columns, k % columns)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the room."""
        super().resizeEvent(event)
        self._reflow()
