"""Play, step and scrub over what was already computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QToolButton,
    QWidget,
)

from pyrviewer.ui.theme import RHYTHM, icon
from pyrviewer.ui.timers import every

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QHideEvent, QMouseEvent

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
PLAYBACK = 7000  # ms from the first step to the last, where that is bearable
SLOWEST, FASTEST = 550, 50  # ms a step at speed 1
QUICKEST = 16  # ms a step: more cannot be seen


class Timeline(QSlider):
    """A slider that goes where it is pressed."""

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there, and go on as a drag of the handle."""
        style = self.style()
        if event is not None and event.button() == Qt.MouseButton.LeftButton and style is not None:
            handle = style.pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self)
            along = round(event.position().x() - handle / 2)
            low, high = self.minimum(), self.maximum()
            self.setValue(style.sliderValueFromPosition(low, high, along, self.width() - handle))
        super().mousePressEvent(event)


class Transport(QWidget):
    """A cursor over the steps of an animation."""

    moved = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QHBoxLayout(self)
        line.setContentsMargins(RHYTHM, RHYTHM // 2, RHYTHM, RHYTHM // 2)
        self._back = self._button("back", "Step back (,)", self.step_back)
        self._play = self._button("play", "Play or pause (P)", self.toggle)
        self._forward = self._button("forward", "Step forward (.)", self.step_forward)
        for button in (self._back, self._play, self._forward):
            line.addWidget(button)
        self.slider = Timeline(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Animation position")
        self.slider.valueChanged.connect(self._slide)
        line.addWidget(self.slider, 1)
        self._label = QLabel(self)
        self._label.setMinimumWidth(120)
        line.addWidget(self._label)
        self.speed = QComboBox(self)
        for factor in SPEEDS:
            self.speed.addItem(f"{factor:g}×", factor)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.setAccessibleName("Speed of the animation")
        self.speed.setToolTip("Speed of the animation")
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.speed.currentIndexChanged.connect(self._pace)
        line.addWidget(self.speed)
        self._timer = every(self, SLOWEST, self._tick)
        self._showing = False

    def _button(self, name: str, tip: str, slot: Callable[[], None]) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(QSize(18, 18))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(slot)
        return button

    @property
    def playing(self) -> bool:
        """Whether the cursor moves by itself."""
        return self._timer.isActive()

    def show_range(self, maximum: int, value: int, label: str) -> None:
        """Show a position without telling anyone."""
        self._showing = True
        self.slider.setRange(0, maximum)
        self.slider.setValue(value)
        self._label.setText(label)
        self._showing = False

    def _slide(self, value: int) -> None:
        if not self._showing:
            self.moved.emit(value)

    def _go(self, value: int) -> None:
        self.slider.setValue(min(max(value, 0), self.slider.maximum()))

    def step_back(self) -> None:
        """Go one step back."""
        self._go(self.slider.value() - 1)

    def step_forward(self) -> None:
        """Go one step on."""
        self._go(self.slider.value() + 1)

    def first(self) -> None:
        """Go to the first step."""
        self._go(0)

    def last(self) -> None:
        """Go to the last step."""
        self._go(self.slider.maximum())

    def toggle(self) -> None:
        """Play from here, or from the start when at the end; or pause."""
        if self.playing:
            self.stop()
            return
        if self.slider.value() == self.slider.maximum():
            self.first()
        self._timer.start()
        self._pace()
        self._play.setIcon(icon("pause"))

    def _pace(self) -> None:
        """Step as fast as the number of steps and the speed ask for."""
        pace = min(max(PLAYBACK // max(1, self.slider.maximum()), FASTEST), SLOWEST)
        self._timer.setInterval(max(QUICKEST, round(pace / self.speed.currentData())))

    def stop(self) -> None:
        """Pause."""
        self._timer.stop()
        self._play.setIcon(icon("play"))

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Pause: nobody sees it."""
        self.stop()
        super().hideEvent(event)

    def _tick(self) -> None:
        if self.slider.value() >= self.slider.maximum():
            self.stop()
        else:
            self.step_forward()
