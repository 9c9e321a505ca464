"""One picture in a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.pane_grid import Pane, PaneGrid
from pyrviewer.ui.picture import format_value

if TYPE_CHECKING:
    from pyrviewer.ui.navigator import Hover
    from pyrviewer.ui.picture import Layer


class PopOut(QWidget):
    """Shows a layer and the value under the mouse; F fits, Esc and Ctrl+W close."""

    def __init__(self, layer: Layer, title: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(720, 560)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.grid = PaneGrid(self)
        self.grid.hovered.connect(self._show_value)
        column.addWidget(self.grid, 1)
        self._readout = QLabel(" ", self)
        self._readout.setContentsMargins(8, 4, 8, 4)
        column.addWidget(self._readout)
        self.grid.show_rows([[Pane(Viewport(self), [layer])]])
        for keys, slot in (
            ("F", self.grid.fit),
            ("Ctrl+0", self.grid.fit),
            ("Esc", self.close),
            ("Ctrl+W", self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _show_value(self, hover: Hover | None) -> None:
        layer = hover.layer if hover is not None else None
        if hover is None or layer is None or layer.source is None:
            self._readout.setText(" ")
            return
        sample = layer.source[hover.y, hover.x]
        values = [sample.item()] if layer.source.ndim == 2 else [v.item() for v in sample]
        text = ", ".join(format_value(value) for value in values)
        self._readout.setText(f"x {hover.x}  y {hover.y}   {text}")
