"""Sliders with their value beside them, where it can be typed.

Qt's own slider shows no value; superqt's takes milliseconds to make, and a mixing desk has many.
"""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QSlider,
    QSpinBox,
    QWidget,
)

PAGE = 10  # steps
WIDTH = 44  # logical pixels of the value


class IntSlider(QWidget):
    """A slider of whole numbers.

    Parameters
    ----------
    low, high : int
        Range.
    """

    valueChanged = pyqtSignal(int)  # noqa: N815 - as Qt's own controls call it

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.box = QSpinBox(self)
        _set_side_by_side(self, self.slider, self.box)
        self.setRange(low, high)
        self.slider.valueChanged.connect(self.box.setValue)
        self.box.valueChanged.connect(self.slider.setValue)
        self.box.valueChanged.connect(self.valueChanged)

    def setRange(self, low: int, high: int) -> None:  # noqa: N802 - as Qt's own controls call it
        """Change the range; a value outside moves into it."""
        self.box.setRange(low, high)
        self.slider.setRange(low, high)

    def set_word(self, word: str) -> None:
        """Say what the lowest value stands for, such as "auto"."""
        self.box.setSpecialValueText(word)

    def value(self) -> int:
        """Return the value."""
        return self.box.value()

    def setValue(self, value: int) -> None:  # noqa: N802 - as Qt's own controls call it
        """Show a value."""
        self.box.setValue(value)


class FloatSlider(QWidget):
    """A slider of real numbers.

    Parameters
    ----------
    low, high, step : float
        Range, and what an arrow key moves by.
    """

    valueChanged = pyqtSignal(float)  # noqa: N815 - as Qt's own controls call it

    def __init__(self, low: float, high: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._step = low, step
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, round((high - low) / step))
        self.slider.setPageStep(PAGE)
        self.box = QDoubleSpinBox(self)
        self.box.setRange(low, high)
        self.box.setSingleStep(step)
        _set_side_by_side(self, self.slider, self.box)
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


def _set_side_by_side(
    holder: IntSlider | FloatSlider, slider: QSlider, box: QSpinBox | QDoubleSpinBox
) -> None:
    """Lay out a slider and its value, all of the same widths in a panel."""
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.addWidget(slider, 1)
    line.addWidget(box)
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setFrame(False)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setFixedWidth(WIDTH)
    box.setKeyboardTracking(False)
    holder.setFocusProxy(slider)
