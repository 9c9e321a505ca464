"""The tools of the Blend lab: which one has the left button, and what it does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.compute.mask import (
    Brush,
    Ellipse,
    Gradient,
    Lasso,
    Rectangle,
    Seam,
)
from pyrviewer.labs.blend.view import MASK
from pyrviewer.ui.tools.brush import BrushTool, scaled
from pyrviewer.ui.tools.mover import MoveTool
from pyrviewer.ui.tools.shape import PolygonTool, ShapeTool

if TYPE_CHECKING:
    from pyrviewer.compute.mask import Parametric
    from pyrviewer.ui.tools.shape import Kind
    from pyrviewer.ui.tools.tool import Tool

SHAPES: dict[str, Kind] = {
    "seam": Seam, "rectangle": Rectangle, "ellipse": Ellipse, "lasso": Lasso, "gradient": Gradient,
}  # fmt: skip
PAINTING = ("brush", "eraser")


class Hands(QObject):
    """Switches tools.

    Signals
    -------
    switched(str) : another tool has the left button
    outline_dragged(Parametric), outline_drawn(Parametric)
    stroke_begun(Brush), stroke_went(x, y), stroke_ended(), stroke_cancelled()
    move_begun(), moved(dx, dy), move_ended(), nudged(dx, dy)
    brush_changed()
    revealed() : an outline appears or goes
    """

    switched = pyqtSignal(str)
    outline_dragged = pyqtSignal(object)
    outline_drawn = pyqtSignal(object)
    stroke_begun = pyqtSignal(object)
    stroke_went = pyqtSignal(float, float)
    stroke_ended = pyqtSignal()
    stroke_cancelled = pyqtSignal()
    move_begun = pyqtSignal()
    moved = pyqtSignal(float, float)
    move_ended = pyqtSignal()
    nudged = pyqtSignal(int, int)
    brush_changed = pyqtSignal()
    revealed = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.name = "seam"
        self._shape = ShapeTool(MASK, self)
        self._polygon = PolygonTool(MASK, self)
        self._brush = BrushTool(MASK, self)
        self._brush.live = True  # the preview follows
        self._mover = MoveTool(self)
        for tool in (self._shape, self._polygon):
            tool.changed.connect(self.outline_dragged)
            tool.finished.connect(self.outline_drawn)
            tool.revealed.connect(self.revealed)
        self._brush.began.connect(self._begin)
        self._brush.stroked.connect(self._stroke)
        self._brush.ended.connect(self.stroke_ended)
        self._brush.cancelled.connect(self.stroke_cancelled)
        self._brush.sized.connect(self.set_radius)
        self._mover.began.connect(self.move_begun)
        self._mover.dragged.connect(self.moved)
        self._mover.ended.connect(self.move_ended)
        self._mover.stepped.connect(self.nudged)

    @property
    def painting(self) -> bool:
        """Whether the brush or the eraser is in hand."""
        return self.name in PAINTING

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        if self.painting:
            return self._brush
        if self.name == "move":
            return self._mover
        return self._polygon if self.name == "polygon" else self._shape

    def take(self, name: str) -> None:
        """Take another tool."""
        self.cancel()
        self.name = name
        if name in SHAPES:
            self._shape.kind = SHAPES[name]
        self.switched.emit(name)

    def show_outline(self, outline: Parametric | None) -> None:
        """Let the tools change another outline; what is being drawn goes on otherwise."""
        for tool in (self._shape, self._polygon):
            if tool.mask != outline:
                tool.reset(outline)

    def cancel(self) -> bool:
        """Take back what the mouse is dragging; False where it drags nothing."""
        return self.tool.cancel()

    # The brush

    @property
    def brush(self) -> Brush:
        """What the brush is like."""
        return self._brush.brush

    def set_brush(self, brush: Brush) -> None:
        """Paint with another brush."""
        self._brush.brush = brush
        self.brush_changed.emit()

    def set_radius(self, radius: float) -> None:
        """Paint with a larger or smaller brush."""
        self.set_brush(replace(self.brush, radius=radius))

    def resize(self, steps: int) -> None:
        """Make the brush so many steps larger."""
        self.set_radius(scaled(self.brush.radius, steps))

    def harden(self, step: float) -> None:
        """Make the brush harder."""
        hardness = min(max(round(self.brush.hardness + step, 2), 0.0), 1.0)
        self.set_brush(replace(self.brush, hardness=hardness))

    def _begin(self) -> None:
        self.stroke_begun.emit(replace(self.brush, erase=self.name == "eraser"))

    def _stroke(self, _x0: float, _y0: float, x1: float, y1: float) -> None:
        self.stroke_went.emit(x1, y1)
