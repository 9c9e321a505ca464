"""Pictures of a widget, one for each step of an animation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from pyrviewer.compute.animation import MAX_SIDE
from pyrviewer.ui.clipboard import to_array
from pyrviewer.ui.timers import every

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.image import Array

BETWEEN = 0  # ms: the window lives on between two pictures


class Recorder(QObject):
    """Shows every step and takes its picture, without holding the window up.

    Signals
    -------
    recorded(list of ndarray) : R, G, B pictures of one size
    """

    recorded = pyqtSignal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = every(self, BETWEEN, self._take)
        self._frames: list[Array] = []
        self._steps: list[int] = []
        self._widget: QWidget | None = None
        self._show: Callable[[int], object] | None = None

    def start(self, widget: QWidget, steps: Sequence[int], show: Callable[[int], object]) -> None:
        """Record `widget` while `show` is called with each step."""
        self._widget, self._show = widget, show
        self._steps, self._frames = list(steps), []
        self._timer.start()

    def stop(self) -> None:
        """Give up."""
        self._timer.stop()
        self._frames, self._widget, self._show = [], None, None

    def _take(self) -> None:
        widget, show = self._widget, self._show
        if widget is None or show is None:
            return
        if not self._steps:
            frames = self._frames
            self.stop()
            self.recorded.emit(frames)
            return
        show(self._steps.pop(0))
        picture = widget.grab()
        if max(picture.width(), picture.height()) > MAX_SIDE:
            smooth = Qt.TransformationMode.SmoothTransformation
            keep = Qt.AspectRatioMode.KeepAspectRatio
            picture = picture.scaled(MAX_SIDE, MAX_SIDE, keep, smooth)
        self._frames.append(to_array(picture.toImage())[..., :3])
