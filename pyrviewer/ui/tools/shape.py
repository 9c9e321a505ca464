"""Draw and change masks by their handles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from pyrviewer.compute import mask as masks
from pyrviewer.compute.mask import Ellipse, Gradient, Lasso, Parametric, Polygon, Rectangle, Seam
from pyrviewer.ui.overlays import Outlines, box_corners, outline
from pyrviewer.ui.tools.tool import CLICK, GRAB, Passive

if TYPE_CHECKING:
    from pyrviewer.compute.mask.shapes import Point
    from pyrviewer.ui.overlays import Corners
    from pyrviewer.ui.picture import Mapping

    Kind = type[Parametric]

FAR = 1e5  # canvas units: where endless lines end
ROUND = 96  # corners of a drawn ellipse
HANDLE = 5.0  # logical pixels


@dataclass
class _Drag:
    handle: str  # of the mask before, or nothing for a new one
    start: Point
    grip: Point  # from the handle to the mouse
    before: Parametric | None
    trail: list[Point]
    moved: bool = False


class ShapeTool(QObject, Passive):
    """A drag on a handle changes a mask, inside it moves it, elsewhere draws a new one.

    The outline is seen only while the mouse is there: what is masked is looked at too.

    Signals
    -------
    changed(object) : the mask while it is dragged
    finished(object) : the mask at the end of a drag
    revealed() : the outline appears or goes
    """

    changed = pyqtSignal(object)
    finished = pyqtSignal(object)
    revealed = pyqtSignal()

    def __init__(self, colour: str, parent: QObject) -> None:
        super().__init__(parent)
        self._colour = colour
        self.kind: Kind = Seam
        self._mask: Parametric | None = None
        self._drag: _Drag | None = None
        self._seen = False

    @property
    def mask(self) -> Parametric | None:
        """What is drawn."""
        return self._mask

    def reset(self, mask: Parametric | None) -> None:
        """Work on another mask; tells no one."""
        self._drag = None
        self._mask = mask

    def _grip_at(self, x: float, y: float, reach: float) -> tuple[str, Point]:
        """Return the handle that a press would take hold of, and where on it."""
        mask = self._mask
        if mask is None or type(mask) is not self.kind:
            return "", (0.0, 0.0)
        near = [
            (math.hypot(hx - x, hy - y), name, (x - hx, y - hy))
            for name, hx, hy in masks.handles(mask)
        ]
        distance, name, grip = min(near)
        if distance <= 1.5 * reach:
            return name, grip
        if not isinstance(mask, Seam | Gradient) and masks.contains(mask, x, y):
            return next((name, grip) for _, name, grip in near if name == "centre")
        return "", (0.0, 0.0)

    def hover(self, x: float, y: float) -> bool:
        """Show the outline."""
        self._reveal(True)
        return False

    def leave(self) -> None:
        """Hide the outline."""
        self._reveal(self._drag is not None)

    def _reveal(self, seen: bool) -> None:
        if seen != self._seen:
            self._seen = seen
            self.revealed.emit()

    def cursor(self, x: float, y: float, reach: float) -> Qt.CursorShape:
        """Return the cursor that says what a press there would do."""
        name, _ = self._grip_at(x, y, reach)
        if not name:
            return Qt.CursorShape.CrossCursor
        shape = Qt.CursorShape
        return shape.SizeAllCursor if name == "centre" else shape.PointingHandCursor

    def press(self, x: float, y: float, reach: float) -> None:
        """Take hold of a handle, or begin a new mask."""
        name, grip = self._grip_at(x, y, reach)
        self._drag = _Drag(name, (x, y), grip, self._mask, [(x, y)])

    def move(self, x: float, y: float, reach: float) -> None:
        """Drag it."""
        drag = self._drag
        if drag is None:
            return
        far = math.hypot(x - drag.start[0], y - drag.start[1])
        drag.moved = drag.moved or far > reach * CLICK / GRAB
        if not drag.moved:
            return
        drag.trail.append((x, y))
        if drag.handle and drag.before is not None:
            self._mask = masks.moved(drag.before, drag.handle, x - drag.grip[0], y - drag.grip[1])
        else:
            self._mask = self._new(drag)
        self.changed.emit(self._mask)

    def _new(self, drag: _Drag) -> Parametric:
        (x0, y0), (x1, y1) = drag.start, drag.trail[-1]
        if issubclass(self.kind, Lasso):
            return Lasso(tuple(drag.trail))
        if issubclass(self.kind, Ellipse):
            radii = (max(0.5, abs(x1 - x0) / 2), max(0.5, abs(y1 - y0) / 2))
            return Ellipse(((x0 + x1) / 2, (y0 + y1) / 2), radii)
        if issubclass(self.kind, Rectangle | Gradient):
            return self.kind((x0, y0), (x1, y1))
        return Seam((x0, y0), (x1, y1))

    def release(self, x: float, y: float) -> None:
        """End; a press that did not move changes nothing."""
        drag, self._drag = self._drag, None
        if drag is not None and drag.moved and self._mask is not None:
            self.finished.emit(self._mask)

    def cancel(self) -> bool:
        """Restore what was there before the drag; False where there is none."""
        drag, self._drag = self._drag, None
        if drag is None:
            return False
        self._mask = drag.before
        self.changed.emit(self._mask)
        return True

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw the outline and its handles."""
        mask = self._mask
        if mask is None or not self._seen:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        Outlines(outlines(mask), self._colour, width=1).draw(painter, mapping, ratio)
        handles = masks.handles(mask) if type(mask) is self.kind else []
        for name, x, y in handles:
            draw_handle(painter, mapping, ratio, (x, y), self._colour, filled=name != "centre")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class PolygonTool(ShapeTool):
    """Clicks set corners; a click on the first one, or a double click, closes the outline.

    A closed one is changed by its handles.
    """

    def __init__(self, colour: str, parent: QObject) -> None:
        super().__init__(colour, parent)
        self.kind = Polygon
        self._corners: list[Point] = []
        self._mouse: Point | None = None

    def reset(self, mask: Parametric | None) -> None:
        """Work on another mask; tells no one."""
        super().reset(mask)
        self._corners = []

    def press(self, x: float, y: float, reach: float) -> None:
        """Set a corner, or take hold of a closed outline."""
        if not self._corners and self._grip_at(x, y, reach)[0]:
            super().press(x, y, reach)
            return
        ends = [math.hypot(x - cx, y - cy) <= reach for cx, cy in self._corners]
        if len(ends) > 2 and (ends[0] or ends[-1]):
            self._mask = Polygon(tuple(self._corners))
            self._corners = []
            self.finished.emit(self._mask)
        elif not (ends and ends[-1]):
            self._corners.append((x, y))

    def hover(self, x: float, y: float) -> bool:
        """Draw the next side to the mouse."""
        self._mouse = (x, y)
        super().hover(x, y)
        return bool(self._corners)

    def cursor(self, x: float, y: float, reach: float) -> Qt.CursorShape:
        """Return the cursor that says what a press there would do."""
        return Qt.CursorShape.CrossCursor if self._corners else super().cursor(x, y, reach)

    def cancel(self) -> bool:
        """Give up an open outline, or restore what was there before the drag."""
        if self._corners:
            self._corners = []
            self.changed.emit(self._mask)
            return True
        return super().cancel()

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw the open outline, else the closed one."""
        if not self._corners:
            super().draw(painter, mapping, ratio)
            return
        points = [*self._corners, *([self._mouse] if self._mouse else [])]
        places = [QPointF(*mapping.to_device(x, y)) for x, y in points]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen in outline(painter, QColor(self._colour), 1.5, ratio):
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(places))
        for corner in self._corners:
            draw_handle(painter, mapping, ratio, corner, self._colour, filled=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def outlines(mask: Parametric) -> list[Corners]:
    """Return the closed lines that show a mask."""
    if isinstance(mask, Rectangle):
        return [box_corners(*mask.start, *mask.end)]
    if isinstance(mask, Polygon):
        return [mask.points]
    if isinstance(mask, Ellipse):
        (x, y), (across, down), angle = mask.centre, mask.radii, math.radians(mask.angle)
        c, s = math.cos(angle), math.sin(angle)
        turns = (2 * math.pi * k / ROUND for k in range(ROUND))
        along = [(across * math.cos(turn), down * math.sin(turn)) for turn in turns]
        return [[(x + c * u - s * v, y + s * u + c * v) for u, v in along]]
    (x0, y0), (x1, y1) = mask.start, mask.end
    length = math.dist(mask.start, mask.end) or 1.0
    u, v = (x1 - x0) / length * FAR, (y1 - y0) / length * FAR
    if isinstance(mask, Seam):
        return [((x0 - u, y0 - v), (x1 + u, y1 + v))]
    ends = [((x - v, y + u), (x + v, y - u)) for x, y in (mask.start, mask.end)]
    return [(mask.start, mask.end), *ends]


def draw_handle(
    painter: QPainter,
    mapping: Mapping,
    ratio: float,
    place: Point,
    colour: str,
    *,
    filled: bool,
) -> None:
    """Draw something to take hold of; its size does not follow the zoom."""
    painter.setPen(QPen(QColor(0, 0, 0, 190), 1.5 * ratio))
    painter.setBrush(QColor("#ffffff") if filled else QColor(colour))
    size = HANDLE * ratio
    painter.drawEllipse(QPointF(*mapping.to_device(*place)), size, size)
