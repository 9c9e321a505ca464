"""Drag something about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from pyrviewer.ui.tools.tool import Passive

if TYPE_CHECKING:
    from PyQt6.QtGui import QPainter

    from pyrviewer.ui.picture import Mapping


class MoveTool(QObject, Passive):
    """A drag says how far, an arrow key one pixel; Esc takes a drag back.

    Signals
    -------
    began()
    dragged(float, float) : canvas units from where the drag began
    ended()
    stepped(int, int)
    """

    steps = True

    began = pyqtSignal()
    dragged = pyqtSignal(float, float)
    ended = pyqtSignal()
    stepped = pyqtSignal(int, int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._start: tuple[float, float] | None = None

    def press(self, x: float, y: float, reach: float) -> None:
        """Begin."""
        self._start = (x, y)
        self.began.emit()

    def move(self, x: float, y: float, reach: float) -> None:
        """Say how far it is now."""
        if self._start is not None:
            self.dragged.emit(x - self._start[0], y - self._start[1])

    def release(self, x: float, y: float) -> None:
        """End."""
        if self._start is not None:
            self._start = None
            self.ended.emit()

    def cancel(self) -> bool:
        """Go back to where the drag began; False where there is none."""
        if self._start is None:
            return False
        self.dragged.emit(0.0, 0.0)
        self.release(*self._start)
        return True

    def step(self, dx: int, dy: int) -> None:
        """Go a pixel."""
        self.stepped.emit(dx, dy)

    def cursor(self, x: float, y: float, reach: float) -> Qt.CursorShape:
        """Return the cursor for moving."""
        return Qt.CursorShape.SizeAllCursor

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw nothing: what is moved is seen."""
