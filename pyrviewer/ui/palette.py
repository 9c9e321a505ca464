"""Find any action by typing a part of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PyQt6.QtGui import QIcon, QKeyEvent, QPixmap
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from pyrviewer.ui.theme import RHYTHM, icon

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.session.actions import ActionRegistry, ActionSpec
    from pyrviewer.ui.menus import Menus


ICON = QSize(20, 20)
TIP_COST = 100  # places after all whose name fits


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


class CommandPalette(QFrame):
    """A line to type in and the actions that fit, over the middle of a window.

    A child of the window rather than a popup, which some window managers leave unpainted. It
    goes when the keyboard goes elsewhere.
    """

    def __init__(self, registry: ActionRegistry, menus: Menus, parent: QWidget) -> None:
        super().__init__(parent)
        self._registry, self._menus = registry, menus
        self.setObjectName("notice")
        self.setAccessibleName("Command palette")
        self.setFixedSize(560, 400)
        self._before = QApplication.focusWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Type what you want to do")
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._filter)
        self.line.installEventFilter(self)
        self.list = QTreeWidget(self)
        self.list.setAccessibleName("Matching commands")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setIconSize(ICON)
        self.list.setColumnCount(2)
        head = self.list.header()
        assert head is not None
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
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
            if cost is None and (further := rank(query, spec.tip)) is not None:
                cost = further + TIP_COST
            if cost is not None and spec.enabled():
                found.append((cost, self._label(spec), spec))
        blank = QPixmap(ICON)  # what has no icon is aligned with what has one
        blank.fill(Qt.GlobalColor.transparent)
        for _, label, spec in sorted(found, key=lambda entry: entry[:2]):
            keys = ", ".join(self._registry.keys(spec.id))
            item = QTreeWidgetItem(self.list, [label, keys])
            item.setIcon(0, icon(spec.icon) if spec.icon else QIcon(blank))
            item.setForeground(1, self.palette().placeholderText())
            item.setToolTip(0, spec.tip)
            item.setData(0, Qt.ItemDataRole.UserRole, spec.id)
        self.list.setCurrentItem(self.list.topLevelItem(0))

    def _accept(self) -> None:
        item = self.list.currentItem()
        identity = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        self.dismiss()
        if identity is not None:
            self._menus.run(identity)

    def dismiss(self) -> None:
        """Go away and give the keyboard back."""
        if self.isVisible():
            self.hide()
            if self._before is not None and not sip.isdeleted(self._before):
                self._before.setFocus()
            self.deleteLater()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let the arrow keys move in the list while typing, Enter run, and Esc close it."""
        if event is not None and event.type() == QEvent.Type.FocusOut:
            QTimer.singleShot(0, self._check_focus)
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()  # before the window's own shortcut
            if event.type() == QEvent.Type.KeyPress:
                self.dismiss()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._accept()
                return True  # the window would take it for a field's
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            step = {Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}.get(Qt.Key(event.key()), step)
            if step:
                row = self.list.indexOfTopLevelItem(self.list.currentItem()) + step
                row = min(max(row, 0), self.list.topLevelItemCount() - 1)
                self.list.setCurrentItem(self.list.topLevelItem(row))
                return True
        return super().eventFilter(watched, event)

    def _check_focus(self) -> None:
        focus = QApplication.focusWidget()
        if focus is None or not (focus is self or self.isAncestorOf(focus)):
            self.dismiss()

    def open_over(self, window: QWidget) -> None:
        """Show at the top middle of a window."""
        self.move((window.width() - self.width()) // 2, 72)
        self.show()
        self.raise_()
        self.line.setFocus()
