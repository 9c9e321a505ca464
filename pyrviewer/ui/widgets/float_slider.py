"""A slider of real numbers that obeys the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from superqt import QDoubleSlider, QLabeledDoubleSlider

if TYPE_CHECKING:
    from PyQt6.QtGui import QKeyEvent

PAGE = 10  # steps
STEPS = {
    Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: PAGE, Qt.Key.Key_PageDown: -PAGE,
}  # fmt: skip


class _Groove(QDoubleSlider):
    """The slider without its label; superqt's own leaves keys alone."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = Qt.Key(event.key())
        if key in STEPS:
            self.setValue(self.value() + STEPS[key] * self.singleStep())
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.setValue(self.minimum() if key == Qt.Key.Key_Home else self.maximum())
        else:
            super().keyPressEvent(event)


class FloatSlider(QLabeledDoubleSlider):
    """A slider of real numbers with its value beside it."""

    _slider_class = _Groove
