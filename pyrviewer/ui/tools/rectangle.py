"""Draw, move and resize a rectangle of whole pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter

from pyrviewer.ui.overlays import Outlines, box_corners
from pyrviewer.ui.tools.tool import CLICK, GRAB, Passive

if TYPE_CHECKING:
    from pyrviewer.ui.picture import Mapping

    Rect = tuple[int, int, int, int]

SMALLEST_WITH_HANDLES = 40  # logical pixels


@dataclass
class _Drag:
    edges: str  # "new", "move", or any of l t r b
    start: tuple[float, float]
    before: Rect | None
    moved: bool = False


class RectangleTool(QObject, Passive):
    """A drag draws a rectangle, inside it moves it, at its edges resizes it.

    A click puts one of the present size under the mouse; Esc during a drag restores the last.

    Signals
    -------
    changed(object) : the rectangle x0, y0, x1, y1 (half open) while it is dragged
    finished(object) : the rectangle at the end of a drag
    """

    changed = pyqtSignal(object)
    finished = pyqtSignal(object)

    def __init__(self, colour: str, parent: QObject) -> None:
        super().__init__(parent)
        self._colour = colour
        self._bounds = (1, 1)
        self._rect: Rect | None = None
        self._size = (64, 64)
        self._drag: _Drag | None = None

    @property
    def rect(self) -> Rect | None:
        """The rectangle x0, y0, x1, y1, half open."""
        return self._rect

    def reset(self, width: int, height: int, rect: Rect | None) -> None:
        """Work on a picture of this size; tells no one."""
        self._bounds = (width, height)
        self._drag = None
        self._set(rect)

    def _set(self, rect: Rect | None) -> None:
        self._rect = rect
        if rect is not None:
            self._size = (rect[2] - rect[0], rect[3] - rect[1])

    def edges_at(self, x: float, y: float, reach: float) -> str:
        """Return what a press there would do: "new", "move", or edges l t r b."""
        if self._rect is None:
            return "new"
        x0, y0, x1, y1 = self._rect
        if not (x0 - reach <= x <= x1 + reach and y0 - reach <= y <= y1 + reach):
            return "new"
        edges = ""
        edges += "l" if abs(x - x0) <= reach else "r" if abs(x - x1) <= reach else ""
        edges += "t" if abs(y - y0) <= reach else "b" if abs(y - y1) <= reach else ""
        return edges or "move"

    def cursor(self, x: float, y: float, reach: float) -> Qt.CursorShape:
        """Return the cursor that says so."""
        shapes = {
            "move": Qt.CursorShape.SizeAllCursor, "l": Qt.CursorShape.SizeHorCursor,
            "r": Qt.CursorShape.SizeHorCursor, "t": Qt.CursorShape.SizeVerCursor,
            "b": Qt.CursorShape.SizeVerCursor, "lt": Qt.CursorShape.SizeFDiagCursor,
            "rb": Qt.CursorShape.SizeFDiagCursor, "rt": Qt.CursorShape.SizeBDiagCursor,
            "lb": Qt.CursorShape.SizeBDiagCursor,
        }  # fmt: skip
        return shapes.get(self.edges_at(x, y, reach), Qt.CursorShape.CrossCursor)

    def press(self, x: float, y: float, reach: float) -> None:
        """Begin."""
        self._drag = _Drag(self.edges_at(x, y, reach), (x, y), self._rect)

    def move(self, x: float, y: float, reach: float) -> None:
        """Go on; `reach` is `GRAB` in canvas units."""
        drag = self._drag
        if drag is None:
            return
        far = abs(x - drag.start[0]) + abs(y - drag.start[1])
        drag.moved = drag.moved or far > reach * CLICK / GRAB
        if not drag.moved:
            return
        if drag.edges == "new" or drag.before is None:
            self._set(self._between(drag.start, (x, y)))
        elif drag.edges == "move":
            self._set(self._shifted(drag.before, x - drag.start[0], y - drag.start[1]))
        else:
            self._set(self._resized(drag.before, drag.edges, x, y))
        self.changed.emit(self._rect)

    def release(self, x: float, y: float) -> None:
        """End; a press that did not move puts a rectangle there."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        if not drag.moved:
            width, height = self._size
            corner = (round(x - width / 2), round(y - height / 2))
            self._set(self._inside(*corner, width, height))
            self.changed.emit(self._rect)
        self.finished.emit(self._rect)

    def cancel(self) -> bool:
        """Restore what was there before the drag; False where there is none."""
        if self._drag is None:
            return False
        before, self._drag = self._drag.before, None
        self._set(before)
        self.changed.emit(before)
        return True

    def _inside(self, x: int, y: int, width: int, height: int) -> Rect:
        """Return a rectangle of at most the picture's size, moved into it."""
        right, bottom = self._bounds
        width, height = min(width, right), min(height, bottom)
        x, y = min(max(x, 0), right - width), min(max(y, 0), bottom - height)
        return x, y, x + width, y + height

    def _shifted(self, rect: Rect, dx: float, dy: float) -> Rect:
        x0, y0, x1, y1 = rect
        return self._inside(round(x0 + dx), round(y0 + dy), x1 - x0, y1 - y0)

    def _between(self, first: tuple[float, float], second: tuple[float, float]) -> Rect:
        right, bottom = self._bounds
        xs = sorted(min(max(round(x), 0), right) for x in (first[0], second[0]))
        ys = sorted(min(max(round(y), 0), bottom) for y in (first[1], second[1]))
        return self._inside(xs[0], ys[0], max(1, xs[1] - xs[0]), max(1, ys[1] - ys[0]))

    def _resized(self, rect: Rect, edges: str, x: float, y: float) -> Rect:
        x0, y0, x1, y1 = rect
        first = (x if "l" in edges else x0, y if "t" in edges else y0)
        second = (x if "r" in edges else x1, y if "b" in edges else y1)
        return self._between(first, second)

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw the rectangle and its handles."""
        if self._rect is None:
            return
        x0, y0, x1, y1 = self._rect
        Outlines([box_corners(x0, y0, x1, y1)], self._colour, width=2).draw(painter, mapping, ratio)
        box = mapping.rect(x0, y0, x1, y1)
        painter.setBrush(QColor(self._colour))
        painter.setPen(QColor(0, 0, 0, 190))
        size = 3.5 * ratio
        if min(box.width(), box.height()) < SMALLEST_WITH_HANDLES * ratio:
            return  # handles would hide what is inside; its edges can be dragged all the same
        for x in (box.left(), box.center().x(), box.right()):
            for y in (box.top(), box.center().y(), box.bottom()):
                if (x, y) != (box.center().x(), box.center().y()):
                    painter.drawRect(QRectF(x - size, y - size, 2 * size, 2 * size))
