"""The channels of the pyramid pooling module, drawn to scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QSizePolicy, QWidget

from pyrviewer.labs.pooling.marks import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence


class StackBar(QWidget):
    """The channels of the module's stack, drawn to scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[int] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return room for the bar."""
        return QSize(200, 22)

    def show_parts(self, parts: Sequence[int]) -> None:
        """Take the channels of the map and of each branch."""
        self._parts = list(parts)
        self.setAccessibleName(f"Stack of {sum(parts)} channels")
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw a segment for each part with its number of channels."""
        painter = QPainter(self)
        text = self.palette().color(QPalette.ColorRole.Text)
        left, scale = 0.0, self.width() / max(1, sum(self._parts))
        for k, part in enumerate(self._parts):
            box = QRectF(left, 0, max(1.0, part * scale - 1), self.height())
            ground = self.palette().color(QPalette.ColorRole.Mid)
            painter.fillRect(box, QColor(LEVELS[(k - 1) % len(LEVELS)]) if k else ground)
            painter.setPen(QColor("#000000") if k else text)
            if painter.fontMetrics().horizontalAdvance(str(part)) < box.width() - 2:
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(part))
            left += part * scale
        painter.end()
