"""The column of parameters and read-outs beside the panes."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from pyrviewer.ui.widgets.form import Section


class Panel(QScrollArea):
    """Sections below each other.

    Signals
    -------
    changed(str, object) : a state field and the value that the user gave it
    """

    changed = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget(self)
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(inner)
        self._showing = False

    def add_section(self, title: str, help_text: str) -> Section:
        """Add a section below the others."""
        section = Section(title, help_text, self)
        self._column.insertWidget(self._column.count() - 1, section)
        return section

    def say(self, name: str, value: object) -> None:
        """Emit `changed`, unless the control moved because a state is being shown."""
        if not self._showing:
            self.changed.emit(name, value)
