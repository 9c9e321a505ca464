"""The parameters of the Dream lab, and what each octave added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QPushButton, QSizePolicy, QSpinBox

from pyrviewer.labs.dream.gallery import Gallery
from pyrviewer.labs.dream.state import ALL, AUTO, CHOSEN, MOST, DreamState
from pyrviewer.labs.dream.view import NOWHERE, REGION_ITEMS
from pyrviewer.ui.widgets.form import Choice, Remark, Segments, Switch
from pyrviewer.ui.widgets.panel import Panel
from pyrviewer.ui.widgets.slider import FloatSlider
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.features import Layer
    from pyrviewer.labs.dream.run import Tile

NO_GUIDE = ""
OBJECTIVE_ITEMS = (("Automatic", CHOSEN), ("Mean", "mean"), ("Squared norm", "l2"))


class DreamPanel(Panel):
    """Controls and read-outs, in sections.

    Signals
    -------
    region_wanted(str) : a kind of region to draw, or "everywhere"
    film_wanted()
    """

    region_wanted = pyqtSignal(object)
    film_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: dict[str, Layer] = {}
        self._names: tuple[str, ...] = ()
        self._dreamer_section()
        self._gallery_section()
        self._step_section()
        self._region_section()
        self._result_section()
        self._film_section()

    def _dreamer_section(self) -> None:
        section = self.add_section(
            "What dreams",
            "Each step changes the picture so that this layer of the network answers more.",
        )
        self.layer = Choice([], section)
        self.layer.setMaxVisibleItems(20)
        self.bind(self.layer, "layer")
        section.add_row(
            "Layer",
            self.layer,
            "Early layers answer to lines and textures, later ones to eyes, faces and animals.",
        )
        self.channel = self.add_slider(
            section, "Channel", ALL, ALL, "channel",
            "One of the layer's maps alone, or all of them.",
        )  # fmt: skip
        self.channel.set_word("all")
        self.objective = Choice(OBJECTIVE_ITEMS, section)
        self.bind(self.objective, "objective")
        section.add_row(
            "Objective",
            self.objective,
            "What grows: the mean of the maps a, Σ a / n, or half their squared norm, Σ a² / 2, in "
            "which strong answers count for more. With a guide: Σ over positions of a · g, g being "
            "the guide's vector that is most like a.",
        )
        self.guide = Choice([("None", NO_GUIDE)], section)
        self.bind(self.guide, "guide")
        section.add_row(
            "Guide",
            self.guide,
            "Dream towards what another open picture shows: each position climbs along the "
            "guide's features that are most like its own.",
        )
        self.note = Remark("", section)
        section.rows.addWidget(self.note)

    def _gallery_section(self) -> None:
        self.gallery_section = self.add_section(
            "What each channel dreams of",
            "A dream of gray noise for each channel of the layer. A click chooses the channel.",
        )
        self.gallery = Gallery(self.gallery_section)
        self.bind(self.gallery, "channel")
        self.gallery_section.rows.addWidget(self.gallery)
        self.gallery_section.set_open(False)
        self.gallery_section.toggled.connect(self.gallery.forget)

    def _step_section(self) -> None:
        section = self.add_section(
            "Octaves and steps",
            "The dream begins in the coarsest octave; its detail is enlarged and carried to the "
            "next. A step adds rate × g / mean |g| to the pixels, g being the gradient.",
        )
        self.octaves = QSpinBox(section)
        self.octaves.setRange(AUTO, MOST)
        self.octaves.setSpecialValueText("Automatic")
        self.octaves.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bind(self.octaves, "octaves")
        section.add_row("Octaves", self.octaves, "Number of sizes; coarse ones hold large forms.")
        self.ratio = FloatSlider(1.1, 2.0, 0.05, section)
        self.bind(self.ratio, "ratio")
        section.add_row("Ratio", self.ratio, "Side of an octave over that of the next coarser.")
        self.steps = self.add_slider(section, "Steps", 1, 60, "steps", "Steps at each octave.")
        self.rate = FloatSlider(0.1, 8.0, 0.1, section)
        self.bind(self.rate, "rate")
        section.add_row(
            "Rate",
            self.rate,
            "Mean change of a value in one step, where 255 is white: rate × g / (mean |g| + ε).",
        )
        self.even = Switch("Even out the gradient", section)
        self.bind(self.even, "even")
        section.add_switch(
            self.even,
            "Split the gradient into bands of a Laplacian pyramid of one size and divide each by "
            "its RMS, so that large forms grow as fast as fine noise. See the layout Gradient.",
        )
        self.seed = QSpinBox(section)
        self.seed.setRange(0, 9999)
        self.seed.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bind(self.seed, "seed")
        section.add_row("Seed", self.seed, "Chance rolls the picture before each step; see it.")
        self.plan = Remark("", section)
        section.rows.addWidget(self.plan)

    def _region_section(self) -> None:
        section = self.add_section("Region", "Where it may dream; the rest stays as it is.")
        self.region = Segments(REGION_ITEMS, section, fill=True, words=False)
        self.region.setAccessibleName("Region")
        self.region.chosen.connect(self.region_wanted)
        section.rows.addWidget(self.region)
        self.region_note = Remark("", section)
        section.rows.addWidget(self.region_note)
        self.soft = FloatSlider(0.0, 100.0, 1.0, section)
        self.bind(self.soft, "soft")
        section.add_row("Edge", self.soft, "Width of the region's edge in pixels.")

    def _result_section(self) -> None:
        self.result = self.add_section(
            "Detail by octave",
            "What each octave changed: the root mean square of the detail it added, of 255.",
        )
        self.table = TextTable(("Octave", "Size", "Added"), "Detail by octave", self.result)
        self.result.rows.addWidget(self.table)

    def _film_section(self) -> None:
        section = self.add_section("Zoom film", "Dream, zoom in a little, dream again.")
        self.frames = self.add_slider(
            section, "Frames", 2, 240, "frames", "Number of frames, 12 a second."
        )
        self.zoom = FloatSlider(1.0, 1.3, 0.01, section)
        self.bind(self.zoom, "zoom")
        section.add_row("Zoom", self.zoom, "How much larger things are in the next frame.")
        self.film = QPushButton("Make film ...", section)
        self.film.setToolTip("Write a GIF or MP4; the frames are shown as they are made.")
        self.film.clicked.connect(self.film_wanted)
        section.rows.addWidget(self.film)
        self.film_note = Remark("", section)
        section.rows.addWidget(self.film_note)
        section.set_open(False)

    # Showing

    def show_layers(self, layers: Sequence[Layer], names: tuple[str, ...]) -> None:
        """Offer the layers of a network, and the names of its classes."""
        self._layers, self._names = {layer.name: layer for layer in layers}, names
        self.layer.clear()
        for layer in layers:
            self.layer.addItem(f"{layer.name}   {layer.channels} channels", layer.name)

    def show_guides(self, names: Sequence[tuple[str, str]]) -> None:
        """Offer the other open images: what they are called, and what the state calls them."""
        self.guide.clear()
        none = "None" if names else "No other picture open"
        for text, value in ((none, NO_GUIDE), *names):
            self.guide.addItem(text, value)
        self.guide.setEnabled(bool(names))

    def show_state(self, state: DreamState, drawing: str) -> None:
        """Bring every control in line with the state."""
        self._showing = True
        layer = self._layers.get(state.layer)
        self.layer.show_value(state.layer)
        self.channel.setRange(ALL, layer.channels - 1 if layer is not None else ALL)
        self.channel.setValue(state.channel)
        self.channel.setEnabled(not state.guide)
        suits = "squared norm" if state.channel == ALL else "mean"
        self.objective.setItemText(0, f"Automatic: {suits}")
        self.objective.show_value(state.objective)
        self.objective.setEnabled(not state.guide)
        self.guide.show_value(state.guide)
        self.octaves.setValue(state.octaves)
        self.ratio.setValue(state.ratio)
        self.steps.setValue(state.steps)
        self.rate.setValue(state.rate)
        self.even.setChecked(state.even)
        self.seed.setValue(state.seed)
        self.soft.setValue(state.soft)
        self.soft.setEnabled(bool(state.outline))
        self.region.show_value(drawing)
        drawn = "drag its handles to change it" if state.outline else "drag on the picture"
        note = f"{drawing.capitalize()}: {drawn}."
        self.region_note.setText("It dreams everywhere." if drawing == NOWHERE else note)
        self.frames.setValue(state.frames)
        self.zoom.setValue(state.zoom)
        self._show_channel(state, layer)
        self._showing = False

    def show_plan(self, shapes: Sequence[tuple[int, int]], steps: int, problem: str) -> None:
        """Say how much is to be dreamt, steps at each size, or why nothing can be."""
        coarsest = max(shapes[0]) if shapes else 0
        plan = f"{len(shapes)} octaves from {coarsest} pixels on, {len(shapes) * steps} steps."
        self.plan.setText(problem or (plan if shapes else ""))

    def show_film(self, text: str, *, can: bool, here: bool) -> None:
        """Say what a film takes, and what the button does: it stops a film of this picture."""
        self.film.setText("Stop the film" if here else "Make film ...")
        self.film.setEnabled(can)
        self.film_note.setText(text)

    def _show_channel(self, state: DreamState, layer: Layer | None) -> None:
        if layer is None:
            return
        named = layer.kind == "classifier"
        if named and 0 <= state.channel < len(self._names):
            self.note.setText(f"Class: {self._names[state.channel]}.")
        elif layer.field is not None:
            side = layer.field.size
            self.note.setText(f"Each position sees {side} × {side} pixels, {layer.stride} apart.")
        else:
            self.note.setText("It sees the whole picture at once.")
        self.gallery.show_layer(layer.name, layer.channels, self._names if named else ())
        self.gallery.show_channel(state.channel)

    def show_octaves(self, shapes: Sequence[tuple[int, int]], tiles: Sequence[Tile]) -> None:
        """Say what each octave added, as far as it was dreamt."""
        added = [f"{tile.strength:.1f}" for tile in tiles]
        added += ["–"] * (len(shapes) - len(added))
        sizes = [f"{width} × {height}" for height, width in shapes]
        numbers = map(str, range(1, len(shapes) + 1))
        self.table.show_rows(list(zip(numbers, sizes, added, strict=True)))
