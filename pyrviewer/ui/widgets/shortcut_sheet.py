"""All keys on one page, each of which can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pyrviewer.ui.widgets.form import Remark

if TYPE_CHECKING:
    from pyrviewer.session.actions import ActionRegistry
    from pyrviewer.ui.menus import Menus

MOUSE = (
    ("Zoom at the cursor", "Wheel; pinch on a trackpad"),
    ("Pan", "Left drag, middle drag, or trackpad scroll"),
    ("Fit or 100 %", "Double click"),
    ("Move one pane alone", "Ctrl + drag; R or Ctrl+0 aligns it again"),
    ("Hold or let go of the values", "Click"),
    ("Show the original", "Hold Shift"),
    ("Menu of an octave", "Right click"),
)


class ShortcutSheet(QDialog):
    """Actions with their keys, by menu; a new key is typed below the list."""

    def __init__(self, registry: ActionRegistry, menus: Menus, parent: QWidget) -> None:
        super().__init__(parent)
        self._registry, self._menus = registry, menus
        self.setWindowTitle("Keys and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(920, 640)
        column = QVBoxLayout(self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search")
        self.search.textChanged.connect(self._filter)
        column.addWidget(self.search)
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels(["Action", "Keys", "What it does"])
        self.tree.setAccessibleName("Actions and their keys")
        self.tree.currentItemChanged.connect(self._select)
        head = self.tree.header()
        if head is not None:
            head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            head.setStretchLastSection(True)
        column.addWidget(self.tree, 1)
        line = QHBoxLayout()
        self._name = QLabel("Select an action to change its key.", self)
        self.keys = QKeySequenceEdit(self)
        self.keys.setMaximumSequenceLength(1)
        self.keys.setAccessibleName("New key")
        self.keys.editingFinished.connect(self._rebind)
        reset = QPushButton("Default keys", self)
        reset.setAutoDefault(False)
        reset.clicked.connect(self._reset)
        line.addWidget(self._name, 1)
        line.addWidget(self.keys)
        line.addWidget(reset)
        column.addLayout(line)
        column.addWidget(Remark("A key that another action has moves to the new one.", self))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        column.addWidget(buttons)
        self._fill()

    def _fill(self) -> None:
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        mouse = QTreeWidgetItem(self.tree, ["Mouse"])
        for text, how in MOUSE:
            QTreeWidgetItem(mouse, [text, how])
        for spec in self._registry:
            menu, *below = spec.menu.split("/")
            name = menu or "Other"
            if name not in groups:
                groups[name] = QTreeWidgetItem(self.tree, [name])
            keys = ", ".join(
                QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
                for key in self._registry.keys(spec.id)
            )
            item = QTreeWidgetItem(groups[name], [" : ".join((*below, spec.text)), keys, spec.tip])
            item.setData(0, Qt.ItemDataRole.UserRole, spec.id)
        self.tree.expandAll()

    def _filter(self, query: str) -> None:
        root = self.tree.invisibleRootItem()
        for group in (
            (root.child(k) for k in range(root.childCount() if root else 0)) if root else ()
        ):
            if group is None:
                continue
            shown = 0
            for k in range(group.childCount()):
                item = group.child(k)
                if item is not None:
                    text = f"{item.text(0)} {item.text(1)} {item.text(2)}".lower()
                    item.setHidden(query.lower() not in text)
                    shown += not item.isHidden()
            group.setHidden(shown == 0)

    def _selected(self) -> str | None:
        item = self.tree.currentItem()
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None

    def _select(self) -> None:
        identity = self._selected()
        if identity is not None:
            self._name.setText(f"New key for {self._registry[identity].text!r}:")
            first = (*self._registry.keys(identity), "")[0]
            self.keys.setKeySequence(QKeySequence(first))

    def _rebind(self) -> None:
        identity = self._selected()
        if identity is None:
            return
        text, before = self.keys.keySequence().toString(), self._registry.keys(identity)
        if text != (*before, "")[0]:
            others = tuple(key for key in before[1:] if key != text)
            self._registry.rebind(identity, (text, *others) if text else others)
            self._after()

    def _reset(self) -> None:
        self._registry.reset_keys()
        self._after()

    def _after(self) -> None:
        self._menus.refresh_keys()
        self._fill()
