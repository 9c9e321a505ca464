"""Paint: the tool knows the mouse and the brush, not what is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter

from pyrviewer.compute.mask import Brush
from pyrviewer.ui.overlays import outline
from pyrviewer.ui.tools.tool import Passive

if TYPE_CHECKING:
    from pyrviewer.ui.picture import Mapping

    Point = tuple[float, float]

RADIUS = (0.5, 2000.0)  # smallest and largest, in pixels
STEP = 1.15  # a turn of the wheel, or a key


class BrushTool(QObject, Passive):
    """A drag is a stroke.

    Signals
    -------
    began() : a stroke begins
    stroked(x0, y0, x1, y1) : it went on; at its beginning from a point to itself
    ended(), cancelled()
    sized(float) : the wheel asks for another radius, in pixels
    """

    began = pyqtSignal()
    stroked = pyqtSignal(float, float, float, float)
    ended = pyqtSignal()
    cancelled = pyqtSignal()
    sized = pyqtSignal(float)

    def __init__(self, colour: str, parent: QObject) -> None:
        super().__init__(parent)
        self._colour = colour
        self.brush = Brush(40.0)
        self._mouse: Point | None = None
        self._last: Point | None = None

    @property
    def painting(self) -> bool:
        """Whether a stroke is under way."""
        return self._last is not None

    def press(self, x: float, y: float, reach: float) -> None:
        """Begin a stroke with a dab."""
        self._mouse = self._last = (x, y)
        self.began.emit()
        self.stroked.emit(x, y, x, y)

    def move(self, x: float, y: float, reach: float) -> None:
        """Go on."""
        if self._last is not None:
            last, self._mouse, self._last = self._last, (x, y), (x, y)
            self.stroked.emit(*last, x, y)

    def release(self, x: float, y: float) -> None:
        """End the stroke."""
        if self._last is not None:
            self._last = None
            self.ended.emit()

    def cancel(self) -> bool:
        """Take the stroke back; False where there is none."""
        if self._last is None:
            return False
        self._last = None
        self.cancelled.emit()
        return True

    def hover(self, x: float, y: float) -> bool:
        """Draw the brush under the mouse."""
        self._mouse = (x, y)
        return True

    def leave(self) -> None:
        """Draw no brush."""
        self._mouse = None

    def wheel(self, turns: float) -> None:
        """Ask for a larger or smaller brush."""
        self.sized.emit(scaled(self.brush.radius, turns))

    def cursor(self, x: float, y: float, reach: float) -> Qt.CursorShape:
        """Return a cross: the brush itself may be too small to be seen."""
        return Qt.CursorShape.CrossCursor

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw how far the brush reaches, and its hard core."""
        if self._mouse is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(*mapping.to_device(*self._mouse))
        radius = self.brush.radius * mapping.scale
        for pen in outline(painter, QColor(self._colour), 1.2, ratio):
            painter.setPen(pen)
            painter.drawEllipse(centre, radius, radius)
        core = radius * self.brush.hardness
        if 4 * ratio < core < radius - 3 * ratio:
            pen = outline(painter, QColor(self._colour), 0.8, ratio)[1]
            pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.drawEllipse(centre, core, core)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def scaled(radius: float, steps: float) -> float:
    """Return a radius so many steps larger."""
    factor: float = STEP**steps
    return min(max(radius * factor, RADIUS[0]), RADIUS[1])
