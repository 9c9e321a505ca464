"""Find any action by typing a part of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from pyrviewer.ui.theme import RHYTHM, icon

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.session.actions import ActionRegistry, ActionSpec
    from pyrviewer.ui.menus import Menus


def rank(query: str, text: str) -> int | None:
    """Return how well a text fits a query, smaller is better; None where it does not.

    Every letter of the query must occur in order; runs and word starts count.
    """
    query, text = query.lower().replace(" ", ""), text.lower()
    cost, at = 0, -1
    for letter in query:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        starts = found == 0 or text[found - 1] in " :/"
        cost += 0 if found == at + 1 or starts else found - at
        at = found
    return cost


class CommandPalette(QDialog):
    """A line to type in and the actions that fit."""

    def __init__(self, registry: ActionRegistry, menus: Menus, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._registry, self._menus = registry, menus
        self.setAccessibleName("Command palette")
        self.setFixedSize(520, 380)
        column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Type what you want to do")
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._accept)
        self.line.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Matching commands")
        self.list.itemActivated.connect(self._accept)
        self.list.itemClicked.connect(self._accept)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self._filter("")

    def _label(self, spec: ActionSpec) -> str:
        path = spec.menu.replace("/", " : ")
        return f"{path} : {spec.text}" if path else spec.text

    def _filter(self, query: str) -> None:
        self.list.clear()
        found = []
        for spec in self._registry:
            cost = rank(query, self._label(spec))
            if cost is not None and spec.enabled():
                found.append((cost, self._label(spec), spec))
        for _, label, spec in sorted(found, key=lambda entry: entry[:2]):
            keys = ", ".join(self._registry.keys(spec.id))
            item = QListWidgetItem(f"{label}    {keys}")
            if spec.icon:
                item.setIcon(icon(spec.icon))
            item.setToolTip(spec.tip)
            item.setData(Qt.ItemDataRole.UserRole, spec.id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _accept(self) -> None:
        item = self.list.currentItem()
        self.close()
        if item is not None:
            self._menus.run(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let the arrow keys move in the list while typing."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            step = {Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}.get(Qt.Key(event.key()), step)
            if step:
                row = min(max(self.list.currentRow() + step, 0), self.list.count() - 1)
                self.list.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    def open_over(self, window: QWidget) -> None:
        """Show at the top middle of a window."""
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 72)
        self.show()
        self.line.setFocus()
