"""What the octaves cost, drawn to scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR_HEIGHT = 18


class StorageBar(QWidget):
    """One segment per octave, against the marks 1 and 4/3."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: list[float] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return room for the bar and the marks below it."""
        return QSize(200, BAR_HEIGHT + 22)

    def show_shares(self, shares: Sequence[float]) -> None:
        """Take samples per octave relative to the image's."""
        self._shares = list(shares)
        self.setAccessibleName(f"Storage: {sum(shares):.4f} times the image")
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the segments and the marks."""
        painter = QPainter(self)
        total = max(4 / 3, sum(self._shares)) * 1.02
        scale = self.width() / total
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        left = 0.0
        for k, share in enumerate(self._shares):
            colour = QColor(accent)
            colour.setAlphaF(max(0.25, 1 - 0.13 * k))
            painter.fillRect(QRectF(left, 0, max(0.5, share * scale - 1), BAR_HEIGHT), colour)
            left += share * scale
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        for mark, text in ((1.0, "1"), (4 / 3, "4/3")):
            x = mark * scale
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1))
            painter.drawLine(int(x), 0, int(x), BAR_HEIGHT + 4)
            box = QRectF(x - 30, BAR_HEIGHT + 4, 30 + 2, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)
        painter.end()
