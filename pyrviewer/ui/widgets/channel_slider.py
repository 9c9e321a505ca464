"""A slider over the channels of maps, with a first place that is no channel."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QSlider, QSpinBox, QWidget

NONE = -1
WIDTH = 44  # logical pixels of the number


class ChannelSlider(QWidget):
    """A slider from -1 on; there its number is a word, such as "auto"."""

    valueChanged = pyqtSignal(int)  # noqa: N815 - as Qt's own controls call it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.box = QSpinBox(self)
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.box.setFrame(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.box.setFixedWidth(WIDTH)
        self.box.setKeyboardTracking(False)
        line.addWidget(self.slider, 1)
        line.addWidget(self.box)
        self.setFocusProxy(self.slider)
        self.set_count(1)
        self.slider.valueChanged.connect(self.box.setValue)
        self.box.valueChanged.connect(self.slider.setValue)
        self.box.valueChanged.connect(self.valueChanged)

    def set_count(self, channels: int) -> None:
        """Offer so many channels."""
        for part in (self.slider, self.box):
            part.setRange(NONE, channels - 1)

    def set_word(self, word: str) -> None:
        """Say what no channel stands for."""
        self.box.setSpecialValueText(word)

    def value(self) -> int:
        """Return the channel, or -1."""
        return self.box.value()

    def setValue(self, value: int) -> None:  # noqa: N802 - as Qt's own controls call it
        """Show a channel, or -1."""
        self.box.setValue(value)
