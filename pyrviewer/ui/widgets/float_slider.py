"""A slider of real numbers."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

PAGE = 10  # steps


class FloatSlider(QWidget):
    """A slider with its value beside it, where it can be typed.

    Qt's own slider counts in whole steps; superqt's takes milliseconds to make, and a mixing
    desk has many.

    Parameters
    ----------
    low, high, step : float
        Range, and what an arrow key moves by.
    """

    valueChanged = pyqtSignal(float)  # noqa: N815 - as Qt's own controls call it

    def __init__(self, low: float, high: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._step = low, step
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, round((high - low) / step))
        self.slider.setPageStep(PAGE)
        self.box = QDoubleSpinBox(self)
        self.box.setRange(low, high)
        self.box.setSingleStep(step)
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.box.setFrame(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.box.setFixedWidth(44)
        self.box.setKeyboardTracking(False)
        line.addWidget(self.slider, 1)
        line.addWidget(self.box)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._slide)
        self.box.valueChanged.connect(self._type)

    def value(self) -> float:
        """Return the value in the box, which may lie between two steps of the slider."""
        return self.box.value()

    def setValue(self, value: float) -> None:  # noqa: N802 - as Qt's own controls call it
        """Show a value."""
        self.box.setValue(value)

    def _slide(self, steps: int) -> None:
        value = self._low + steps * self._step
        if abs(value - self.box.value()) > self._step / 2:
            self.box.setValue(value)

    def _type(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round((value - self._low) / self._step))
        self.slider.blockSignals(False)
        self.valueChanged.emit(value)
