"""The panes of the Blend lab: the blend, its sources, other ways to join them, its levels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, pyqtSignal

from pyrviewer.compute import geometry
from pyrviewer.labs.blend.panes import PaneMaker, Scene, captions
from pyrviewer.labs.blend.run import Look
from pyrviewer.labs.blend.state import LAYOUTS
from pyrviewer.labs.blend.washes import Washes
from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.lab_view import LabView
from pyrviewer.ui.overlays import Caption
from pyrviewer.ui.picture import pixel_range
from pyrviewer.ui.widgets.form import Choice, Segments
from pyrviewer.ui.widgets.transport import Transport

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.mask import Mask
    from pyrviewer.labs.blend.run import Pair, Preview
    from pyrviewer.labs.blend.state import BlendState
    from pyrviewer.labs.blend.washes import Ghost
    from pyrviewer.ui.picture import Layer
    from pyrviewer.ui.tools.tool import Tool

MASK = "#ff5a5a"
MOST = 2_000_000  # pixels that a frame of the preview is made of while the mouse drags
TOOLS = (
    ("Move B", "move", "move", "Move B on A (M). Alt and the arrows nudge it."),
    ("Seam", "seam", "seam", "A line: A on its left (S)"),
    ("Rectangle", "rectangle", "rectangle", "A inside a rectangle"),
    ("Ellipse", "ellipse", "ellipse", "A inside an ellipse"),
    ("Polygon", "polygon", "polygon", "A inside corners that you click; a double click closes"),
    ("Lasso", "lasso", "lasso", "A inside an outline drawn by hand"),
    ("Gradient", "gradient", "gradient", "From A to B along a line"),
    ("Brush", "brush", "brush", "Paint A (B). Alt and the wheel, or [ and ], change the size."),
    ("Eraser", "eraser", "eraser", "Paint B (E)"),
)
LAYOUT_ITEMS = (
    ("Blend", "blend", "", "The blend alone"),
    ("Sources", "sources", "", "A, B, the mask and the blend"),
    ("Methods", "methods", "", "Other ways to join them, with the numbers that tell"),
    ("X-ray", "xray", "", "Every level taken apart"),
)
SHOW_ITEMS = (
    ("Blend alone", "result"), ("Other (A)", "other"), ("Slider (V)", "slider"),
    ("Difference (W)", "difference"),
)  # fmt: skip


class BlendView(LabView):
    """Shows what the controller hands it and says what the user did.

    Signals
    -------
    tool_chosen(str)
    moved(int) : the animation's cursor was moved
    settled() : another part of the pictures is on the screen
    """

    tool_chosen = pyqtSignal(object)
    moved = pyqtSignal(int)
    settled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared = Viewport(self)
        self.washes = Washes()
        self._maker = PaneMaker(self.shared)
        self._scene = Scene()
        self._layout = LAYOUTS[0]
        self._captions: list[str] = []
        self._tool: Tool | None = None
        self._fill_bar()
        self.grid.settled.connect(self.settled)
        self.transport = Transport(self)
        self.transport.moved.connect(self.moved)
        self.transport.hide()
        self.column.addWidget(self.transport)

    def _fill_bar(self) -> None:
        bar = self.bar
        self.tools = Segments(TOOLS, bar, words=False)
        self.tools.setAccessibleName("Tool")
        self.tools.chosen.connect(self.tool_chosen)
        bar.line.addWidget(self.tools)
        bar.line.addStretch(1)
        self.show_as = Choice(SHOW_ITEMS, bar)
        self.show_as.setAccessibleName("Show")
        self.show_as.setToolTip("Compare the blend with another picture")
        self.show_as.setFixedWidth(128)
        self.show_as.chosen.connect(self._show_chosen)
        bar.line.addWidget(self.show_as)
        bar.line.addStretch(1)
        self.layouts = Segments(LAYOUT_ITEMS, bar)
        self.layouts.setAccessibleName("Layout")
        self.layouts.chosen.connect(self._layout_chosen)
        bar.line.addWidget(self.layouts)

    def _show_chosen(self, value: object) -> None:
        self.changed.emit("show", value)

    def _layout_chosen(self, value: object) -> None:
        self.changed.emit("layout", value)

    # Tools and overlays

    def set_tool(self, name: str, tool: Tool | None) -> None:
        """Give the left button to a tool."""
        self._tool = tool
        self.tools.show_value(name)
        self._apply_tool()

    def _apply_tool(self) -> None:
        for canvas in self.grid.canvases:
            canvas.set_tool(self._tool)

    def redraw(self) -> None:
        """Draw the tool and what lies over the blend anew."""
        scene = self._scene
        overlays = self.washes.overlays(scene.pair, scene.result)
        canvases = self.grid.canvases
        captions = [*self._captions, *[""] * len(canvases)]
        for canvas, caption in zip(canvases, captions, strict=False):
            last = self._layout == "sources" and canvas is canvases[-1]
            blended = self._layout == "blend" or last
            under = [Caption(caption)] if caption else []
            canvas.set_overlays([*(overlays if blended else []), *under])

    def show_ghost(self, ghost: Ghost | None) -> None:
        """Lay B over the panes while it is moved."""
        self.washes.show_ghost(ghost)
        self.redraw()

    def show_mask(self, drawn: Mask, pair: Pair) -> None:
        """Take the whole mask for the overlay."""
        self.washes.show_mask(drawn, pair)
        self.redraw()

    # Showing

    def show_empty(self) -> None:
        """Show no panes."""
        self._scene = Scene()
        self._maker.clear()
        self.washes.clear()
        self.transport.hide()
        self.grid.show_rows([])

    def show_state(self, state: BlendState) -> None:
        """Bring the bar in line with the state."""
        self.layouts.show_value(state.layout)
        self.show_as.show_value(state.show)
        self.show_as.setEnabled(state.layout == "blend")

    def show_scene(self, scene: Scene, state: BlendState) -> None:
        """Lay out what there is."""
        if scene.result is not self._scene.result:
            self._maker.preview = None  # what it showed is finished
        self._scene, self._layout = scene, state.layout
        self._captions = captions(scene, state)
        self.transport.setVisible(state.layout == "xray" and bool(scene.levels))
        self.grid.show_rows(self._maker.rows(scene, state, self.grid.width(), self.grid.height()))
        self._apply_tool()
        self.redraw()

    # The live preview

    def look(self, pair: Pair, *, drawn: bool = False) -> Look | None:
        """Return the octave nearest to the screen's pixels, and what of it is on the screen.

        A coarser one where those are more pixels than keep up with the mouse; for a `drawn`
        outline, whose mask is made anew as a whole, where the whole octave has more.
        """
        canvases = [c for c in self.grid.canvases if c.layers]
        if not canvases:
            return None
        canvas = canvases[-1]
        mapping = canvas.mapping()
        last = geometry.max_levels(pair.shape)
        octave = min(max(0, round(-math.log2(mapping.scale))), last)
        x, y = pair.origin
        screen = QRectF(0, 0, mapping.width, mapping.height)
        while True:
            grid = geometry.level_geometry(pair.shape, octave)
            placed = replace(grid, offset_x=grid.offset_x + x, offset_y=grid.offset_y + y)
            left, top, right, bottom = pixel_range(mapping, placed, screen)
            if left >= right or top >= bottom:
                return None
            pixels = _size(pair.shape, octave) if drawn else (right - left) * (bottom - top)
            if pixels <= MOST or octave == last:
                return Look(octave, (left, top, right, bottom))
            octave += 1

    def show_preview(self, preview: Preview) -> None:
        """Show a frame of the live preview."""
        pair = self._scene.pair
        if pair is None:
            return
        self._maker.preview = preview

        def patched(layer: Layer) -> Layer:
            return self._maker.patched(layer, pair)

        for canvas in self.grid.canvases:
            canvas.replace_layers(patched)
        self.washes.show_preview(preview, pair)
        if self.washes.mask_on:
            self.redraw()


def _size(shape: tuple[int, int], octave: int) -> int:
    return (shape[0] >> octave) * (shape[1] >> octave)
