"""A gain for each band, as on a mixing desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from pyrviewer.labs.octaves.state import AUTO, MAX_GAIN, OctavesState
from pyrviewer.ui.theme import RHYTHM
from pyrviewer.ui.widgets.form import give_name
from pyrviewer.ui.widgets.slider import FloatSlider

if TYPE_CHECKING:
    from pyrviewer.compute.signed import Comparison


@dataclass
class _Strip:
    holder: QWidget
    mute: QToolButton
    solo: QToolButton
    gain: FloatSlider


class Equaliser(QWidget):
    """One strip per band with gain, mute and solo; below it the measured result.

    Signals
    -------
    changed(str, object) : a state field and its new value
    """

    changed = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._strips: list[_Strip] = []
        self._state = OctavesState()
        self._showing = False
        self._result = QLabel(self)
        self._result.setWordWrap(True)
        self._reset = QPushButton("Reset gains", self)
        self._reset.setToolTip("Set every gain to 1 and hear every band.")
        self._reset.clicked.connect(self._clear)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, RHYTHM, 0, 0)
        foot.addWidget(self._result, 1)
        foot.addWidget(self._reset)
        self._column.addLayout(foot)

    def _add_strip(self, index: int) -> None:
        holder = QWidget(self)
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(RHYTHM // 2)
        name = QLabel(holder)
        name.setObjectName("strip name")
        name.setFixedWidth(60)
        gain = FloatSlider(0, MAX_GAIN, 0.05, holder)
        gain.setProperty("band", index)
        gain.valueChanged.connect(self._gain_moved)
        line.addWidget(name)
        line.addWidget(gain, 1)
        buttons = []
        for text, tip in (("M", "Mute this band"), ("S", "Hear this band alone")):
            button = QToolButton(holder)
            button.setText(text)
            button.setCheckable(True)
            button.setObjectName("toggle")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(tip)
            button.setProperty("band", index)
            button.setFixedSize(24, 22)
            line.addWidget(button)
            buttons.append(button)
        mute, solo = buttons
        mute.clicked.connect(self._mute_clicked)
        solo.clicked.connect(self._solo_clicked)
        self._strips.append(_Strip(holder, mute, solo, gain))
        self._column.insertWidget(index, holder)

    def show_state(self, state: OctavesState, bands: int) -> None:
        """Show gains for `bands` bands and the residual."""
        self._showing = True
        self._state = state
        while len(self._strips) < bands + 1:
            self._add_strip(len(self._strips))
        for k, strip in enumerate(self._strips):
            strip.holder.setVisible(k <= bands)
            title = "Residual" if k == bands else f"Band {k}"
            label = strip.holder.findChild(QLabel, "strip name")
            if label is not None:
                label.setText(title)
            give_name(strip.gain, f"Gain of {title.lower()}")
            strip.mute.setAccessibleName(f"Mute {title.lower()}")
            strip.solo.setAccessibleName(f"Solo {title.lower()}")
            strip.gain.setValue(state.gains[k] if k < len(state.gains) else 1.0)
            strip.mute.setChecked(k in state.muted)
            strip.solo.setChecked(k == state.solo)
        self._showing = False

    def show_result(self, found: Comparison, *, on_grey: bool) -> None:
        """Show the measured difference from the original."""
        if on_grey:
            self._result.setText("No residual: bands shown<br>on mid-grey, as 0")
        elif found.exact:
            self._result.setText("<b>✓ Exact</b><br>every sample equals the original")
        else:
            self._result.setText(
                f"PSNR <b>{found.psnr:.2f} dB</b><br>maximum error {found.max_error:.4g}"
            )

    def _band(self) -> int:
        sender = self.sender()
        return int(sender.property("band")) if sender is not None else 0

    def _gain_moved(self, value: float) -> None:
        if self._showing:
            return
        band = self._band()
        gains = list(self._state.gains + (1.0,) * (band + 1 - len(self._state.gains)))
        gains[band] = round(value, 2)
        self.changed.emit("gains", tuple(gains))

    def _mute_clicked(self, on: bool) -> None:
        band = self._band()
        rest = tuple(k for k in self._state.muted if k != band)
        self.changed.emit("muted", (*rest, band) if on else rest)

    def _solo_clicked(self, on: bool) -> None:
        self.changed.emit("solo", self._band() if on else AUTO)

    def _clear(self) -> None:
        self.changed.emit("reset", None)
