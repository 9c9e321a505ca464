"""The column of parameters and read-outs beside the panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QScrollArea, QStyle, QVBoxLayout, QWidget

from pyrviewer.ui.widgets.form import Section
from pyrviewer.ui.widgets.slider import IntSlider

if TYPE_CHECKING:
    from PyQt6.QtGui import QResizeEvent


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

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the controls as wide with a scroll bar as without."""
        super().resizeEvent(event)
        bar, port, style = self.verticalScrollBar(), self.viewport(), self.style()
        if bar is not None and port is not None and style is not None:
            room = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, bar)
            self._column.setContentsMargins(0, 0, max(0, room - self.width() + port.width()), 0)

    def add_section(self, title: str, help_text: str) -> Section:
        """Add a section below the others."""
        section = Section(title, help_text, self)
        self._column.insertWidget(self._column.count() - 1, section)
        return section

    def bind(self, control: QWidget, field: str) -> None:
        """Say `field` and its new value whenever the user changes a control.

        The control signals ``chosen``, ``valueChanged`` or ``clicked``.
        """
        control.setProperty("field", field)
        signals = (getattr(control, name, None) for name in ("chosen", "valueChanged", "clicked"))
        next(signal for signal in signals if signal is not None).connect(self._on_bound)

    def add_slider(
        self, section: Section, label: str, low: int, high: int, field: str, help_text: str
    ) -> IntSlider:
        """Add a slider of whole numbers for a field."""
        slider = IntSlider(low, high, section)
        self.bind(slider, field)
        section.add_row(label, slider, help_text)
        return slider

    def _on_bound(self, value: object) -> None:
        control = self.sender()
        if control is not None:
            self.say(control.property("field"), value)

    def say(self, name: str, value: object) -> None:
        """Emit `changed`, unless the control moved because a state is being shown."""
        if not self._showing:
            self.changed.emit(name, value)
