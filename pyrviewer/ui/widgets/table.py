"""A small table of text that can be selected and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from pyrviewer.ui.theme import fixed_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtWidgets import QWidget


class TextTable(QTableWidget):
    """Rows of text under a heading; numbers are right-aligned in a monospaced font.

    Signals
    -------
    chosen(int) : a row was clicked, or has the keyboard and Enter was pressed
    """

    chosen = pyqtSignal(int)

    def __init__(
        self,
        columns: Sequence[str],
        name: str,
        parent: QWidget | None = None,
        *,
        wide: int | None = None,
    ) -> None:
        """Share the room evenly, or give what the others leave to the column `wide`."""
        super().__init__(0, len(columns), parent)
        self._sized = False
        self._named = wide == 0  # rows begin with words, not with a number
        self._narrow = [x for x in range(len(columns)) if wide is not None and x != wide]
        self.setHorizontalHeaderLabels(list(columns))
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cellClicked.connect(self.chosen)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        if rows is not None and heads is not None:
            rows.hide()
            rows.setDefaultSectionSize(22)
            heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            if wide != 0:
                heads.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
            for x in self._narrow:
                heads.setSectionResizeMode(x, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(x, 0)
            heads.setHighlightSections(False)
            heads.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        first = self.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(self._side(0) | Qt.AlignmentFlag.AlignVCenter)
        self._mono = fixed_font()
        self._mono.setPointSizeF(self.font().pointSizeF() * 0.92)

    def show_rows(self, rows: Sequence[Sequence[str]], marked: int = -1) -> None:
        """Show rows of text, one of them marked."""
        if self.rowCount() != len(rows) or not self._sized:
            self._sized = True
            self.setRowCount(len(rows))
            head = self.horizontalHeader()
            height = head.sizeHint().height() if head is not None else 0
            self.setFixedHeight(height + 22 * len(rows) + 2 * self.frameWidth() + 2)
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                item = self.item(y, x)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(self._side(x) | Qt.AlignmentFlag.AlignVCenter)
                    item.setFont(self._mono)
                    self.setItem(y, x, item)
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(text.strip())
                font = item.font()
                if font.bold() != (y == marked):
                    font.setBold(y == marked)
                    item.setFont(font)
        for x in self._narrow:  # they only grow: a table that follows the mouse keeps still
            need = max(self.sizeHintForColumn(x), self.columnWidth(x))
            self.setColumnWidth(x, max(need, self._heading_width(x)))

    def _side(self, column: int) -> Qt.AlignmentFlag:
        left = self._named and column == 0
        return Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight

    def _heading_width(self, column: int) -> int:
        head = self.horizontalHeader()
        return head.sectionSizeHint(column) if head is not None else 0

    def as_text(self) -> str:
        """Return heading and rows, separated by tabs."""
        heads = [self.horizontalHeaderItem(x) for x in range(self.columnCount())]
        lines = [[head.text() if head else "" for head in heads]]
        for y in range(self.rowCount()):
            items = [self.item(y, x) for x in range(self.columnCount())]
            lines.append([item.text() if item else "" for item in items])
        return "\n".join("\t".join(line) for line in lines)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copy the table."""
        clipboard = QGuiApplication.clipboard()
        if event is not None and clipboard and event.matches(QKeySequence.StandardKey.Copy):
            clipboard.setText(self.as_text())
            return
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentRow() >= 0:
                self.chosen.emit(self.currentRow())
            return
        super().keyPressEvent(event)
