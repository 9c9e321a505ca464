"""What the views of all labs have: a bar of controls, and panes below it."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, pyqtSignal
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from pyrviewer.ui.pane_grid import PaneGrid
from pyrviewer.ui.widgets.bar import Bar


class LabView(QWidget):
    """Shows what the controller hands it and says what the user did.

    Signals
    -------
    changed(str, object) : a state field and the value that the user gave it
    hovered(Hover or None), clicked(Hover), menu_requested(Hover or None, QPoint)
    """

    changed = pyqtSignal(str, object)
    hovered = pyqtSignal(object)
    clicked = pyqtSignal(object)
    menu_requested = pyqtSignal(object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar, self.grid = Bar(self), PaneGrid(self)
        self.grid.hovered.connect(self.hovered)
        self.grid.clicked.connect(self.clicked)
        self.grid.menu_requested.connect(self.menu_requested)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self.bar)
        self.column.addWidget(self.grid, 1)

    def add_above(self, widget: QWidget, share: int = 0) -> None:
        """Put a widget between the bar and the panes, with a share of the room."""
        self.column.insertWidget(self.column.indexOf(self.grid), widget, share)
