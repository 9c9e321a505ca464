"""The parameters of the Blend lab, and what it measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from pyrviewer.compute import blend
from pyrviewer.labs.blend.run import TITLES
from pyrviewer.labs.blend.state import AUTO, MAX_GAIN, BlendState
from pyrviewer.ui.tools.brush import RADIUS
from pyrviewer.ui.widgets.form import Choice, Remark, Section, Switch, give_name
from pyrviewer.ui.widgets.panel import Panel
from pyrviewer.ui.widgets.slider import FloatSlider, IntSlider
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.mask import Brush
    from pyrviewer.labs.blend.run import Method, Pair, Result

ANY = ""
FRAME_ITEMS = (("All of A", "a"), ("Where both are", "common"))
AGAINST_ITEMS = (
    ("Cut and paste", "cut"), ("Feather", "feather"), ("Poisson", "poisson"),
    ("Image A", "a"), ("Image B", "b"),
)  # fmt: skip
FARTHEST = 1e5  # pixels


class BlendPanel(Panel):
    """Controls and read-outs, in sections.

    Signals
    -------
    acted(str) : a button was pressed: the end of an action's id
    brushed(str, float) : radius, hardness or opacity
    """

    acted = pyqtSignal(str)
    brushed = pyqtSignal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gains: list[FloatSlider] = []
        self._levels = 0
        self._picture_section()
        self._mask_section()
        self._blend_section()
        self._method_section()
        self._band_section()
        self._many_section()

    def _picture_section(self) -> None:
        section = self.add_section(
            "Pictures", "A is the picture of this tab. B is mixed into it along the mask."
        )
        self.other = Choice([], section)
        self.bind(self.other, "other")
        section.add_row("B", self.other, "The second picture: one that is open, or a file.")
        section.rows.addLayout(self._buttons(("Open B ...", "open"), ("Swap A and B", "swap")))
        place = QHBoxLayout()
        self.left, self.top = self._place_box("x"), self._place_box("y")
        place.addWidget(self.left)
        place.addWidget(self.top)
        holder = QWidget(section)
        holder.setLayout(place)
        place.setContentsMargins(0, 0, 0, 0)
        section.add_row("Place", holder, "Where the left and top edge of B lie on A, in pixels.")
        give_name(self.left, "B from the left")
        give_name(self.top, "B from the top")
        self.scale = FloatSlider(0.05, 10.0, 0.01, section)
        self.bind(self.scale, "scale")
        section.add_row("Size", self.scale, "Pixels of A per pixel of B.")
        self.opacity_of_b = FloatSlider(0.0, 1.0, 0.05, section)
        self.opacity_of_b.setValue(0.5)
        section.add_row("Overlay", self.opacity_of_b, "How much of B is seen while it is moved.")
        self.frame_choice = Choice(FRAME_ITEMS, section)
        self.bind(self.frame_choice, "frame")
        section.add_row("Frame", self.frame_choice, "What the blend covers.")
        section.rows.addLayout(self._buttons(("Align automatically", "align")))
        self.note = Remark("", section)
        section.rows.addWidget(self.note)

    def _place_box(self, prefix: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(-FARTHEST, FARTHEST)
        box.setDecimals(2)
        box.setPrefix(f"{prefix}  ")
        box.setKeyboardTracking(False)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.valueChanged.connect(self._placed)
        return box

    def _buttons(self, *items: tuple[str, str]) -> QGridLayout:
        """Return buttons in two columns; each says its name through `acted`."""
        lines = QGridLayout()
        lines.setSpacing(6)
        for k, (text, name) in enumerate(items):
            button = QPushButton(text, self)
            button.setObjectName(name)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(self._act)
            alone = k == len(items) - 1 and k % 2 == 0
            lines.addWidget(button, k // 2, k % 2, 1, 2 if alone else 1)
        return lines

    def _act(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.acted.emit(sender.objectName())

    def _mask_section(self) -> None:
        section = self.add_section(
            "Mask", "White takes A, black takes B. Its edge need not be soft: the blend sees to it."
        )
        self.soft = FloatSlider(0.0, 200.0, 1.0, section)
        self.bind(self.soft, "soft")
        section.add_row("Edge", self.soft, "Width of an outline's edge in pixels; 2 is right.")
        self.radius = FloatSlider(RADIUS[0], RADIUS[1], 0.5, section)
        self.hardness = FloatSlider(0.0, 1.0, 0.05, section)
        self.opacity = FloatSlider(0.0, 1.0, 0.05, section)
        self.brush_rows = QWidget(section)
        rows = Section("Brush", "How the brush and the eraser paint.", self.brush_rows)
        rows.layout().setContentsMargins(0, 0, 0, 0)  # type: ignore[union-attr] # it has one
        for label, slider, text in (
            ("Radius", self.radius, "Pixels of A ([ and ], or Alt and the wheel)."),
            ("Hardness", self.hardness, "Share of the radius that is covered fully ({ and })."),
            ("Opacity", self.opacity, "The most that one stroke covers."),
        ):
            slider.setProperty("field", label.lower())
            slider.valueChanged.connect(self._brush_moved)
            rows.add_row(label, slider, text)
        line = QHBoxLayout(self.brush_rows)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(rows)
        section.rows.addWidget(self.brush_rows)
        self._mask_buttons(section)

    def _mask_buttons(self, section: Section) -> None:
        self.amount = IntSlider(1, 100, section)
        self.amount.setValue(10)
        section.rows.addLayout(
            self._buttons(
                ("Invert", "invert"), ("Clear", "clear"), ("From file ...", "mask_file"),
                ("From alpha", "alpha"),
            )
        )  # fmt: skip
        section.add_row("By pixels", self.amount, "How far to grow, shrink or feather the mask.")
        section.rows.addLayout(
            self._buttons(("Grow", "grow"), ("Shrink", "shrink"), ("Feather", "feather"))
        )
        self.tint = Switch("Tint what is A", section)
        self.tint.clicked.connect(self._tint_clicked)
        section.add_switch(self.tint, "Lay the mask over the blend (\\).")
        self.coverage = Remark("", section)
        section.rows.addWidget(self.coverage)

    def _blend_section(self) -> None:
        section = self.add_section(
            "Blend",
            "B + collapse(M_k L_k(A - B)): every band is mixed over a width of its own "
            "(Burt and Adelson 1983).",
        )
        self.levels = self.add_slider(
            section, "Levels", 0, 1, "levels", "Number of bands: 0 is cut and paste."
        )
        self.auto = Switch("Choose levels automatically", section)
        self.auto.clicked.connect(self._auto_clicked)
        section.add_switch(self.auto, "floor(log2(shorter side)) - 2 levels.")
        self.reach = Remark("", section)
        section.rows.addWidget(self.reach)
        self.linear = Switch("Linear light", section)
        self.bind(self.linear, "linear")
        section.add_switch(self.linear, "Mix amounts of light instead of sRGB values.")
        self.wrap = Switch("Left and right edges meet", section)
        self.bind(self.wrap, "wrap")
        section.add_switch(self.wrap, "For panoramas of 360 degrees.")
        self.mark = Switch("Mark clipped pixels", section)
        self.mark.clicked.connect(self._mark_clicked)
        section.add_switch(self.mark, "Show where the blend left the range and was clipped.")
        self.clipped = Remark("", section)
        section.rows.addWidget(self.clipped)

    def _method_section(self) -> None:
        section = self.methods = self.add_section(
            "Which seam is best?",
            "Jump: the step across the seam over the local texture (1 is none). Step: against cut "
            "and paste. Detail: what is left of the texture near the seam (1 is all).",
        )
        self.against = Choice(AGAINST_ITEMS, section)
        self.bind(self.against, "against")
        section.add_row("Other", self.against, "What the blend is compared with (A, V, W).")
        self.table = TextTable(("Method", "Jump", "Step", "Detail"), "Methods", section)
        section.rows.addWidget(self.table)
        section.rows.addLayout(self._buttons(("Compare the methods", "layout.methods")))

    def _band_section(self) -> None:
        self.bands = self.add_section("Gains", "A factor for each mixed band; 1 is the blend.")
        self.bands.set_open(False)

    def _many_section(self) -> None:
        section = self.add_section(
            "More than two pictures",
            "Each pixel from the picture that shows it best, blended by the same pyramid.",
        )
        section.rows.addLayout(
            self._buttons(("Fuse exposures ...", "fuse"), ("Stack focus ...", "stack"))
        )
        section.set_open(False)

    # What the user did

    def _tint_clicked(self) -> None:
        self.acted.emit("overlay")

    def _mark_clicked(self) -> None:
        self.acted.emit("clipped")

    def _placed(self) -> None:
        self.say("place", (self.left.value(), self.top.value()))

    def _brush_moved(self, value: float) -> None:
        sender = self.sender()
        if sender is not None and not self._showing:
            self.brushed.emit(sender.property("field"), value)

    def _auto_clicked(self, on: bool) -> None:
        self.say("levels", AUTO if on else self.levels.value())

    def _gain_moved(self) -> None:
        gains = [slider.value() for slider in self._gains[: self._levels + 1]]
        self.say("gains", tuple(gains))

    # Showing

    def show_others(self, names: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer the images that B can be: what they are called, and what the state calls them."""
        self.other.blockSignals(True)
        self.other.clear()
        for text, value in names or [("No other image is open", ANY)]:
            self.other.addItem(text, value)
        self.other.setEnabled(bool(names))
        self.other.show_value(chosen)
        self.other.blockSignals(False)

    def show_state(self, state: BlendState, *, painting: bool) -> None:
        """Bring every control in line with the state."""
        self._showing = True
        self.left.setValue(state.x)
        self.top.setValue(state.y)
        self.scale.setValue(state.scale)
        self.frame_choice.show_value(state.frame)
        self.against.show_value(state.against)
        self.soft.setValue(state.soft)
        self.soft.setEnabled(bool(state.outline))
        self.brush_rows.setVisible(painting)
        self.linear.setChecked(state.linear)
        self.wrap.setChecked(state.wrap)
        self.auto.setChecked(state.levels == AUTO)
        self._showing = False

    def show_levels(self, levels: int, most: int, gains: Sequence[float]) -> None:
        """Show how many levels are used, of how many, and their gains."""
        self._showing = True
        self._levels = levels
        self.levels.setRange(0, most)
        self.levels.setValue(levels)
        reach = f"{blend.reach(levels):,} pixels" if levels else "nothing"
        self.reach.setText(f"Changes {reach} beyond the mask's edge.")
        while len(self._gains) < levels + 1:
            slider = FloatSlider(0.0, MAX_GAIN, 0.05, self)
            slider.valueChanged.connect(self._gain_moved)
            self._gains.append(slider)
            band = len(self._gains) - 1
            self.bands.add_row(f"Band {band}", slider, "1 leaves the band as it is.")
        for k, slider in enumerate(self._gains):
            slider.setEnabled(k <= levels)
            slider.setValue(gains[k] if k < len(gains) else 1.0)
        self._showing = False

    def show_brush(self, brush: Brush) -> None:
        """Show the brush."""
        self._showing = True
        self.radius.setValue(brush.radius)
        self.hardness.setValue(brush.hardness)
        self.opacity.setValue(brush.opacity)
        self._showing = False

    def show_pair(self, pair: Pair | None, text: str = "") -> None:
        """Say how the pictures fit each other."""
        if pair is not None:
            x0, y0, x1, y1 = pair.covered
            height, width = pair.shape
            share = (x1 - x0) * (y1 - y0) / (width * height)
            text = f"{width} × {height} {pair.a.dtype}; B covers {share:.0%}. {text}"
        self.note.setText(text.strip())

    def show_result(self, result: Result | None) -> None:
        """Say what was measured."""
        self.coverage.setText("" if result is None else f"A is {result.coverage:.1%}.")
        self.clipped.setText(
            ""
            if result is None
            else f"{result.report.clipped:.2%} of the pixels were clipped to the range."
        )

    def show_methods(self, methods: Sequence[Method]) -> None:
        """Show the numbers of every method."""
        self.table.show_rows(
            [
                (TITLES[m.name], f"{m.score.jump:.2f}", f"{m.score.step:.2f}",
                 f"{m.score.detail:.2f}")
                for m in methods
                if m.score is not None
            ],
        )  # fmt: skip
