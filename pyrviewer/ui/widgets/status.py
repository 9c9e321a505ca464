"""What is under the mouse, and what is being worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from pyrviewer.ui.theme import RHYTHM, fixed_font, icon
from pyrviewer.ui.timers import after

if TYPE_CHECKING:
    from pyrviewer.session.jobs import JobLane

PATIENCE = 200  # ms: shorter work shows no progress


class StatusLine(QWidget):
    """A line at the lower edge: read-out, facts on the image, progress with Cancel."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(30)
        line = QHBoxLayout(self)
        line.setContentsMargins(RHYTHM + 4, 0, RHYTHM, 0)
        line.setSpacing(RHYTHM * 2)
        self.readout = QLabel(self)
        self.readout.setFont(fixed_font())
        line.addWidget(self.readout, 1)
        self.work = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setFixedSize(140, 12)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 100)
        self.bar.setAccessibleName("Progress")
        self.cancel = QToolButton(self)
        self.cancel.setIcon(icon("cancel"))
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Cancel (Esc)")
        self.cancel.setAccessibleName("Cancel")
        self.cancel.clicked.connect(self.cancelled)
        for widget in (self.work, self.bar, self.cancel):
            widget.hide()
            line.addWidget(widget)
        self.facts = QLabel(self)
        line.addWidget(self.facts)
        self._lanes: list[JobLane] = []
        self._patience = after(self, PATIENCE, self._show_work)

    def watch(self, lane: JobLane) -> None:
        """Show the progress of a lane."""
        self._lanes.append(lane)
        lane.busy_changed.connect(self._update)
        lane.progress.connect(self._progress)

    def _busy(self) -> JobLane | None:
        return next((lane for lane in self._lanes if lane.busy), None)

    def _update(self) -> None:
        if self._busy() is None:
            self._patience.stop()
            for widget in (self.work, self.bar, self.cancel):
                widget.hide()
        elif not self._patience.isActive() and not self.bar.isVisible():
            self._patience.start()
            self.bar.setRange(0, 0)

    def _show_work(self) -> None:
        lane = self._busy()
        if lane is not None:
            self.work.setText(lane.name)
            for widget in (self.work, self.bar, self.cancel):
                widget.show()

    def _progress(self, fraction: float) -> None:
        lane = self._busy()
        if lane is not None and self.sender() is lane:
            self.bar.setRange(0, 100)
            self.bar.setValue(round(100 * fraction))
            self.work.setText(lane.name)
