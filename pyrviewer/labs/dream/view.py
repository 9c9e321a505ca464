"""The panes of the Dream lab and the line above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import (
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from pyrviewer.compute.mask import Ellipse, Lasso, Rectangle, rasterise, scaled
from pyrviewer.labs.dream.panes import Scene, rows
from pyrviewer.session.viewport import View, Viewport
from pyrviewer.ui.lab_view import LabView
from pyrviewer.ui.overlays import Caption, Wash
from pyrviewer.ui.picture import qimage
from pyrviewer.ui.theme import icon
from pyrviewer.ui.timers import after
from pyrviewer.ui.tools.shape import ShapeTool
from pyrviewer.ui.widgets.deep_banner import DeepBanner
from pyrviewer.ui.widgets.form import Choice, Segments
from pyrviewer.ui.widgets.transport import Transport

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtBoundSignal

    from pyrviewer.compute.mask import Parametric
    from pyrviewer.labs.dream.run import Explained
    from pyrviewer.labs.dream.state import DreamState
    from pyrviewer.ui.overlays import Overlay
    from pyrviewer.ui.tools.shape import Kind
    from pyrviewer.ui.widgets.bar import Bar

REGION = "#b58cff"
NOWHERE = "everywhere"
REMINDER = 1500  # ms that a region is shaded for after it was changed
SHADE = 0.55  # opacity where it does not dream
WASH_SIDE = 512  # pixels of the shade, at most
KINDS: dict[str, Kind] = {"ellipse": Ellipse, "rectangle": Rectangle, "lasso": Lasso}
REGION_ITEMS = (
    ("Everywhere", NOWHERE, "fit", "It dreams everywhere"),
    ("Ellipse", "ellipse", "ellipse", "Drag an ellipse to dream in"),
    ("Rectangle", "rectangle", "rectangle", "Drag a rectangle to dream in"),
    ("Lasso", "lasso", "lasso", "Draw an outline to dream in"),
)
LAYOUT_ITEMS = (
    ("Dream", "dream", "", "The picture as it grows"),
    ("Octaves", "octaves", "", "What came out of each octave, and the detail that it added"),
    ("Gradient", "gradient", "", "What the step climbed, band by band, before and after"),
)
SHOW_ITEMS = (
    ("Dream alone (B)", "result"), ("Original (A)", "original"), ("Slider (V)", "slider"),
    ("Difference (W)", "difference"),
)  # fmt: skip
MISSING = (
    "<b>Nobody to dream:</b> the extra <i>deep</i> brings a network trained on ImageNet (17 MB)."
)
PRIMARY = (
    "QPushButton { background: palette(highlight); color: palette(highlighted-text);"
    " border: 1px solid palette(highlight); border-radius: 6px; padding: 4px 14px;"
    " font-weight: 600; }"
    "QPushButton:focus { border: 1px solid palette(text); }"
    "QPushButton:disabled { background: palette(button); color: palette(placeholder-text);"
    " border-color: palette(mid); }"
)


class DreamView(LabView):
    """Shows what the controller hands it and says what the user did.

    Signals
    -------
    toggled(), step_wanted(), branch_wanted() : the buttons above the panes
    drawn(object) : a region was drawn
    moved(int) : the playback's cursor was moved
    """

    toggled = pyqtSignal()
    step_wanted = pyqtSignal()
    branch_wanted = pyqtSignal()
    drawn = pyqtSignal(object)
    moved = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared, self.close_up = Viewport(self), Viewport(self)
        self.tool = ShapeTool(REGION, self)
        self.tool.changed.connect(self._on_dragged)
        self.tool.finished.connect(self.drawn)
        self.tool.revealed.connect(self._redraw)
        self.drawing = NOWHERE
        self._explained: Explained | None = None
        self._on_image = True
        self._soft, self._shape = 0.0, (1, 1)
        self._shaded: tuple[object, ...] = ()
        self._wash: Wash | None = None
        self._untouched = True
        self._reminder = after(self, REMINDER, self._redraw)
        self._fill_bar()
        self.banner = DeepBanner(self, MISSING)
        self.add_above(self.banner)
        self.transport = Transport(self)
        self.transport.moved.connect(self.moved)
        self.column.addWidget(self.transport)

    def _fill_bar(self) -> None:
        bar = self.bar
        self.go = QPushButton("Dream", bar)
        self.go.setStyleSheet(PRIMARY)
        self.go.setMinimumWidth(92)
        self.go.clicked.connect(self.toggled)
        bar.line.addWidget(self.go)
        self.step = self._button(bar, "Step", "forward", "One step further (T)", self.step_wanted)
        self.branch = self._button(
            bar, "From here", "dream", "Dream on from the step that is shown", self.branch_wanted
        )
        self.show_as = Choice(SHOW_ITEMS, bar)
        self.show_as.setAccessibleName("Show")
        self.show_as.setToolTip("Compare the dream with the original")
        self.show_as.setFixedWidth(136)
        self.show_as.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_as.chosen.connect(self._show_chosen)
        bar.line.addWidget(self.show_as)
        bar.line.addSpacing(8)
        self.hint = QLabel(bar)
        self.hint.setObjectName("caption")
        self.hint.setMinimumWidth(1)
        bar.line.addWidget(self.hint, 1)
        self.layouts = Segments(LAYOUT_ITEMS, bar)
        self.layouts.setAccessibleName("Layout")
        self.layouts.chosen.connect(self._layout_chosen)
        bar.line.addWidget(self.layouts)

    def _button(
        self, bar: Bar, text: str, picture: str, tip: str, signal: pyqtBoundSignal
    ) -> QToolButton:
        button = QToolButton(bar)
        button.setText(text)
        button.setIcon(icon(picture))
        button.setIconSize(QSize(16, 16))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(tip)
        button.clicked.connect(signal)
        bar.line.addWidget(button)
        return button

    def _show_chosen(self, value: object) -> None:
        self.changed.emit("show", value)

    def _layout_chosen(self, value: object) -> None:
        self.changed.emit("layout", value)

    # Regions

    def draw_region(self, kind: str) -> None:
        """Give the left button to the tool that draws a kind of region, or to panning."""
        self.drawing = kind
        if kind in KINDS:
            self.tool.kind = KINDS[kind]
        self._apply_tool()

    def show_region(self, region: Parametric | None, soft: float, shape: tuple[int, ...]) -> None:
        """Show where it may dream, its edge so many pixels wide, on an image of a shape.

        What stays is darkened until something was dreamt, and for a moment after each change.
        """
        self.tool.reset(region)
        self._soft, self._shape = soft, (shape[0], shape[1])
        self._shade()
        if region is not None and self.drawing == NOWHERE:
            names = {kind: name for name, kind in KINDS.items()}
            self.draw_region(names.get(type(region), NOWHERE))
        self._redraw()

    def _on_dragged(self) -> None:
        self._shade()
        self._redraw()

    def _shade(self) -> None:
        """Darken what stays as it is, where that is something else than before."""
        region = self.tool.mask
        if (region, self._soft, self._shape) != self._shaded:
            self._shaded = (region, self._soft, self._shape)
            self._wash = None if region is None else _wash(region, self._soft, self._shape)
            self._reminder.start()

    def _apply_tool(self) -> None:
        tool = self.tool if self.drawing != NOWHERE and self._on_image else None
        for canvas in self.grid.canvases:
            canvas.set_tool(tool)

    def _redraw(self) -> None:
        """Draw the region and the captions anew."""
        canvases = self.grid.canvases
        count = len(canvases)
        captions = self._captions(count)
        found = self._explained
        taken = count - 1 - (not found.even) if found is not None else -1
        for number, (canvas, caption) in enumerate(zip(canvases, captions, strict=True)):
            canvas.set_overlays([*self._washes(), *([Caption(caption)] if caption else [])])
            canvas.set_selected(number == taken)

    def _washes(self) -> list[Overlay]:
        seen = self._on_image and (self._untouched or self._reminder.isActive())
        return [self._wash] if self._wash is not None and seen else []

    def _captions(self, count: int) -> list[str]:
        found = self._explained
        if found is None:
            return [""] * count
        return [f"RMS {strength:#.3g}".rstrip(".") for strength in found.strengths]

    # Showing

    def show_empty(self) -> None:
        """Show no panes."""
        self._explained = None
        self.transport.show_range(0, 0, "")
        self.transport.setEnabled(False)
        self.grid.show_rows([])

    def show_state(self, state: DreamState) -> None:
        """Bring the bar in line with the state."""
        self.layouts.show_value(state.layout)
        self.show_as.show_value(state.show)

    def show_comparing(self, on: bool) -> None:
        """Offer to compare the dream with the original, where both can be seen."""
        self.show_as.setVisible(on)

    def _look_close(self, scene: Scene, explained: Explained) -> None:
        """Fill the panes, with pixels at least as large as those of the screen."""
        height, width = scene.original.source.shape[:2]
        ratio = self.devicePixelRatioF()
        across = self.grid.width() * ratio / len(explained.before) / width
        down = self.grid.height() * ratio / 3 / height
        scale = max(_size(explained)[1] / width, across, down)
        self.close_up.set_view(View(width / 2, height / 2, scale))

    def show_scene(self, scene: Scene, state: DreamState) -> None:
        """Lay out what there is."""
        shown = rows(scene, state, self.shared, self.close_up)
        self._on_image = len(shown) == len(shown[0]) == 1
        self._untouched = scene.picture is None
        before = self._explained
        explained = state.layout == "gradient" and not self._on_image
        self._explained = scene.explained if explained else None
        self.grid.show_rows(shown)
        if self._explained is not None and not _alike(self._explained, before):
            self._look_close(scene, self._explained)
        self._apply_tool()
        self._redraw()


def _wash(region: Parametric, soft: float, shape: tuple[int, int]) -> Wash:
    """Return a shade over where it does not dream."""
    height, width = shape
    scale = min(1.0, WASH_SIDE / max(height, width))
    small = max(1, round(height * scale)), max(1, round(width * scale))
    drawn = rasterise(scaled(region, scale), small, soft=soft * scale, inverted=True)
    shade = np.zeros((*small, 4), np.uint8)
    shade[..., 3] = drawn * np.float32(SHADE)
    picture = qimage(shade, QImage.Format.Format_ARGB32_Premultiplied)
    return Wash(picture, (0.0, 0.0, float(width), float(height)), smooth=True)


def _alike(explained: Explained, before: Explained | None) -> bool:
    """Tell whether both are of one octave."""
    return before is not None and _size(before) == _size(explained)


def _size(explained: Explained) -> tuple[int, ...]:
    return explained.before[0].source.shape
