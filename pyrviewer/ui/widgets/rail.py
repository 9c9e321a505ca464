"""The labs at the left edge."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from pyrviewer.ui.theme import RHYTHM, icon
from pyrviewer.ui.widgets.form import check

WIDTH = 76


class Rail(QWidget):
    """One button for each lab, tools below."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, RHYTHM, 0, RHYTHM)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self._group = QButtonGroup(self)
        self._labs = 0

    def _button(self, text: str, picture: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setIcon(icon(picture))
        button.setIconSize(QSize(24, 24))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFixedWidth(WIDTH - 12)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def add_lab(self, identity: str, title: str, picture: str) -> None:
        """Add a lab below the others."""
        button = self._button(title, picture, f"{title} lab")
        button.setCheckable(True)
        button.setProperty("lab", identity)
        button.clicked.connect(self._choose)
        self._group.addButton(button)
        self._column.insertWidget(self._labs, button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._labs += 1

    def add_tool(self, text: str, picture: str, tip: str) -> QToolButton:
        """Add a button at the lower end."""
        button = self._button(text, picture, tip)
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        return button

    def _choose(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.chosen.emit(str(sender.property("lab")))

    def show_lab(self, identity: str) -> None:
        """Mark a lab without telling anyone."""
        labs = {button.property("lab"): button for button in self._group.buttons()}
        check(self._group, labs.get(identity))
