"""Fields of the Atrous lab's panel: the taps of a kernel, classes to paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QLocale, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QDoubleValidator, QIcon, QPainter, QPixmap
from PyQt6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from pyrviewer.labs.atrous.segmenting import CLASS_COLOURS
from pyrviewer.ui.theme import icon
from pyrviewer.ui.widgets.form import check

if TYPE_CHECKING:
    from collections.abc import Sequence

SWATCH = 16  # logical pixels


class Taps(QWidget):
    """The nine taps of a kernel.

    Signals
    -------
    chosen(tuple of float) : a tap was changed
    """

    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self._value: tuple[float, ...] = (0.0,) * 9
        self.edits: list[QLineEdit] = []
        for index in range(9):
            edit = QLineEdit(self)
            validator = QDoubleValidator(-1e5, 1e5, 6, edit)
            validator.setLocale(QLocale.c())
            edit.setValidator(validator)
            edit.setAlignment(Qt.AlignmentFlag.AlignCenter)
            edit.setAccessibleName(f"Tap in row {index // 3 + 1}, column {index % 3 + 1}")
            edit.setMinimumWidth(36)
            edit.editingFinished.connect(self._take)
            grid.addWidget(edit, index // 3, index % 3)
            self.edits.append(edit)

    def show_value(self, value: Sequence[float]) -> None:
        """Show taps without telling anyone."""
        self._value = tuple(float(tap) for tap in value)
        for edit, tap in zip(self.edits, self._value, strict=True):
            edit.setText(f"{tap:.4g}")
            edit.setCursorPosition(0)

    def _take(self) -> None:
        """Take what was typed, where it differs from what was shown."""
        shown = [f"{tap:.4g}" for tap in self._value]
        texts = [edit.text() for edit in self.edits]
        if texts != shown:
            self.chosen.emit(
                tuple(
                    old if text == before else float(text)
                    for old, before, text in zip(self._value, shown, texts, strict=True)
                )
            )


class ClassPicker(QWidget):
    """A button for each class, in its colour, and one to erase.

    Signals
    -------
    chosen(int) : a class, or 0 to erase
    """

    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        self._group = QButtonGroup(self)
        for label in (*range(1, len(CLASS_COLOURS) + 1), 0):
            button = QToolButton(self)
            button.setObjectName("toggle")
            button.setCheckable(True)
            name = f"Class {label}" if label else "Eraser"
            button.setToolTip(f"{name} ({label or 'E'})")
            button.setAccessibleName(name)
            button.setIcon(swatch(label) if label else icon("eraser"))
            button.setIconSize(QSize(SWATCH, SWATCH))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(18)
            self._group.addButton(button, label)
            line.addWidget(button)
        self._group.idClicked.connect(self._choose)

    def _choose(self, label: int) -> None:
        self.chosen.emit(label)

    def show_value(self, label: int) -> None:
        """Mark a class without telling anyone."""
        check(self._group, self._group.button(label))


def swatch(label: int) -> QIcon:
    """Return the number of a class on its colour."""
    picture = QPixmap(2 * SWATCH, 2 * SWATCH)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(CLASS_COLOURS[label - 1]))
    painter.drawRoundedRect(picture.rect(), 8, 8)
    font = painter.font()
    font.setPixelSize(22)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("#101114"))
    painter.drawText(picture.rect(), Qt.AlignmentFlag.AlignCenter, str(label))
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)
