"""The parameters of the Octaves lab and the numbers that follow the mouse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal

from pyrviewer.labs.octaves.equaliser import Equaliser
from pyrviewer.labs.octaves.state import CHARTS, PREFILTERS
from pyrviewer.labs.octaves.storage_bar import StorageBar
from pyrviewer.ui.widgets.form import Choice, Remark, Segments, Switch
from pyrviewer.ui.widgets.panel import Panel
from pyrviewer.ui.widgets.plot import Plot
from pyrviewer.ui.widgets.slider import FloatSlider
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.histogram import Histogram
    from pyrviewer.compute.prefilter import Prefilter
    from pyrviewer.labs.octaves.measure import Measurements
    from pyrviewer.labs.octaves.rebuild import Rebuilt
    from pyrviewer.labs.octaves.run import Build
    from pyrviewer.labs.octaves.state import OctavesState

PREFILTER_NAMES = {
    "binomial": "Binomial",
    "none": "None",
    "box": "Box",
    "area": "Area",
    "lanczos": "Lanczos",
    "max": "Maximum",
}
BENCH_ITEMS: tuple[tuple[str, Prefilter], ...] = (
    ("None", "none"), ("Box", "box"), ("Binomial", "binomial"), ("Area", "area"),
    ("Lanczos", "lanczos"),
)  # fmt: skip
FOLDED = "#f0883e"
KIND_ITEMS = (
    ("Gaussian", "gaussian", "", "Smoothed and halved images"),
    ("Laplacian", "laplacian", "", "Each octave minus the enlarged next one: the lost detail"),
    ("DoG", "dog", "", "Each octave minus its own smoothing: difference of Gaussians"),
)


class OctavesPanel(Panel):
    """Controls and read-outs, in sections.

    Signals
    -------
    measurement_opened() : a section that has to be measured was unfolded
    """

    measurement_opened = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pyramid_section()
        self._rebuild_section()
        self._aliasing_section()
        self._values_section()
        self._storage_section()
        self._histogram_section()
        self._spectrum_section()

    # Building

    def _pyramid_section(self) -> None:
        section = self.pyramid = self.add_section(
            "Pyramid", "An image smoothed and halved again and again; each step is an octave."
        )
        self.kind = Segments(KIND_ITEMS, section, fill=True)
        self.bind(self.kind, "kind")
        section.rows.addWidget(self.kind)
        self.levels = self.add_slider(
            section, "Levels", 0, 1, "levels", "How many times the image is reduced."
        )
        self.ratio = FloatSlider(1.1, 4.0, 0.1, section)
        self.bind(self.ratio, "ratio")
        section.add_row(
            "Ratio", self.ratio,
            "Side of an octave over the next one's: 2 halves, 1.4 is DeepDream's.",
        )  # fmt: skip
        self.prefilter = Choice([(PREFILTER_NAMES[p], p) for p in PREFILTERS], section)
        self.bind(self.prefilter, "prefilter")
        section.add_row(
            "Prefilter", self.prefilter,
            "What smooths before samples are dropped. Binomial: 1 4 6 4 1 over 16, as cv2.pyrDown.",
        )  # fmt: skip
        self.true_geometry = Switch("True geometry", section)
        self.bind(self.true_geometry, "true_geometry")
        self.smooth = Switch("Smooth enlargement", section)
        self.bind(self.smooth, "smooth")
        section.add_switch(
            self.true_geometry,
            "Place level k at scale 2^k and offset 0.5 - 2^(k-1), where its samples lie. "
            "Off: stack edge to edge, as [::2] suggests, and see the octaves drift.",
        )
        section.add_switch(
            self.smooth,
            "Enlarge octaves with the pyramid's own kernel (cv2.pyrUp). Off: show their pixels.",
        )
        self.note = Remark("", section)
        section.rows.addWidget(self.note)

    def _rebuild_section(self) -> None:
        self.rebuild = self.add_section(
            "Rebuild", "The image is the sum of its bands, each enlarged; give each a gain."
        )
        self.equaliser = Equaliser(self.rebuild)
        self.equaliser.changed.connect(self.say)
        self.rebuild.rows.addWidget(self.equaliser)

    def _aliasing_section(self) -> None:
        self.aliasing = self.add_section(
            "Aliasing",
            "Frequencies above half of the new sampling rate fold back unless a prefilter "
            "removes them first.",
        )
        self.chart = Choice([(name.capitalize(), name) for name in CHARTS], self.aliasing)
        self.bind(self.chart, "chart")
        self.aliasing.add_row("Picture", self.chart, "The image's middle, or a test chart.")
        self.bench_level = self.add_slider(
            self.aliasing, "Level", 1, 5, "bench_level", "The octave that is compared."
        )
        self.bench_first = Choice(BENCH_ITEMS, self.aliasing)
        self.bind(self.bench_first, "bench_first")
        self.aliasing.add_row("Show", self.bench_first, "The difference pane shows this one ...")
        self.bench_second = Choice(BENCH_ITEMS, self.aliasing)
        self.bind(self.bench_second, "bench_second")
        self.aliasing.add_row("minus", self.bench_second, "... minus this one.")

    def _values_section(self) -> None:
        self.values = self.add_section(
            "Values", "The pixel under the mouse and those it is made of; a click holds it."
        )
        self.table = TextTable(("Level", "x, y", "Value"), "Values by level", self.values, wide=2)
        self.values.rows.addWidget(self.table)
        self.values_hint = Remark("Point at the image.", self.values)
        self.values.rows.addWidget(self.values_hint)

    def _storage_section(self) -> None:
        self.storage = self.add_section(
            "Storage",
            "Each octave has a quarter of the samples of the one before: "
            "1 + 1/4 + 1/16 + ... tends to 4/3.",
        )
        self.storage_bar = StorageBar(self.storage)
        self.storage.rows.addWidget(self.storage_bar)
        self.storage_table = TextTable(
            ("Level", "Size", "Bytes", "Sum"), "Storage by level", self.storage
        )
        self.storage.rows.addWidget(self.storage_table)
        self.storage_note = Remark("", self.storage)
        self.storage.rows.addWidget(self.storage_note)

    def _histogram_section(self) -> None:
        self.histogram = self.add_section(
            "Histogram", "How often each value occurs in the selected octave, by channel."
        )
        self.histogram_plot = Plot("value", "samples", self.histogram, log_x=False)
        self.histogram.rows.addWidget(self.histogram_plot)
        self.histogram_note = Remark("", self.histogram)
        self.histogram.rows.addWidget(self.histogram_note)
        self.histogram.set_open(False)
        self.histogram.toggled.connect(self._measurement_toggled)

    def _spectrum_section(self) -> None:
        self.spectrum = self.add_section(
            "Spectrum",
            "Power by frequency, averaged over directions. Dotted: each octave's Nyquist limit. "
            "Orange: what folds back when the selected octave is reduced.",
        )
        self.plot = Plot("cycles per pixel of the original", "power", self.spectrum)
        self.spectrum.rows.addWidget(self.plot)
        self.spectrum_note = Remark("", self.spectrum)
        self.spectrum.rows.addWidget(self.spectrum_note)
        self.spectrum.set_open(False)
        self.spectrum.toggled.connect(self._measurement_toggled)

    # What the user did

    def _measurement_toggled(self, on: bool) -> None:
        if on:
            self.measurement_opened.emit()

    # Showing

    def show_state(self, state: OctavesState, levels: int, limit: int) -> None:
        """Bring every control in line with the state."""
        self._showing = True
        self.kind.show_value(state.kind)
        self.levels.setRange(0, limit)
        self.levels.setValue(levels)
        self.ratio.setValue(state.ratio)
        self.prefilter.show_value(state.prefilter)
        self.true_geometry.setChecked(state.true_geometry)
        self.smooth.setChecked(state.smooth)
        free = state.kind != "laplacian" and state.layout != "rebuild"
        self.ratio.setEnabled(state.free_ratio and state.layout != "rebuild")
        self.prefilter.setEnabled(free)
        self.note.setText(
            "The maximum is defined at ratio 2."
            if free
            else "Laplacian bands are made of binomial octaves at ratio 2."
        )
        ignored = state.ratio != 2 and not state.free_ratio
        self.note.setVisible(ignored or (not free and not state.exact_bands))
        self.pyramid.setVisible(state.layout != "aliasing")
        self.kind.setEnabled(state.layout != "rebuild")
        self.rebuild.setVisible(state.layout == "rebuild")
        self.aliasing.setVisible(state.layout == "aliasing")
        self.chart.show_value(state.chart)
        self.bench_level.setValue(state.bench_level)
        self.bench_first.show_value(state.bench_first)
        self.bench_second.show_value(state.bench_second)
        self._showing = False

    def show_build(self, build: Build) -> None:
        """Show what the pyramid costs."""
        storage, names = build.storage, []
        total = 0
        for k, (octave, size) in enumerate(zip(build.gaussian, storage.nbytes, strict=True)):
            total += size
            height, width = octave.shape[:2]
            share = f"{total / storage.nbytes[0]:.4f}"
            names.append((str(k), f"{width}×{height}", _bytes(size), share))
        self.storage_table.show_rows(names)
        self.storage_bar.show_shares([size / storage.nbytes[0] for size in storage.nbytes])
        extra = storage.total - 1
        text = f"All octaves: {_bytes(total)}, {extra:.2%} more than the image alone."
        if build.request.ratio == 2:
            text += f" Bound for sides rounded up: {storage.bound:.4f}."
        self.storage_note.setText(text)

    def show_rebuilt(self, rebuilt: Rebuilt) -> None:
        """Show how far the rebuilt image is from the original."""
        self.equaliser.show_result(rebuilt.comparison, on_grey=rebuilt.on_grey)

    def show_values(self, rows: Sequence[tuple[str, str, str]], marked: int, hint: str) -> None:
        """List the values under the mouse in their native dtype."""
        self.table.show_rows(rows, marked)
        self.values_hint.setText(hint)

    def show_histogram(self, found: Histogram, level: int) -> None:
        """Draw the distribution of the selected octave's values."""
        self.histogram_plot.clear()
        middles = (found.edges[:-1] + found.edges[1:]) / 2
        colours = ("#e5534b", "#57ab5a", "#539bf5") if len(found.counts) == 3 else ("",)
        for counts, colour in zip(found.counts, colours, strict=True):
            self.histogram_plot.add_curve(middles, counts + 0.5, strong=True, colour=colour)
        self.histogram_note.setText(
            f"Level {level}: {found.low:.2%} at the lowest value, {found.high:.2%} at the highest."
        )

    def show_spectra(self, found: Measurements, build: Build) -> None:
        """Draw the spectra over the frequencies of the original."""
        selected = found.level
        ratio = build.request.ratio
        self.plot.clear()
        for k, radial in enumerate(found.spectra):
            self.plot.add_curve(radial.frequency / ratio**k, radial.power, strong=k == selected)
        self.plot.add_lines([0.5 / ratio**k for k in range(len(found.spectra))])
        if selected < len(found.foldings):
            folding = found.foldings[selected]
            scale = ratio ** (selected + 1)
            self.plot.add_curve(
                folding.frequency / scale, folding.alias, strong=False, colour=FOLDED, dashed=True
            )
            self.spectrum_note.setText(
                f"Octave {selected} to {selected + 1}: {folding.share:.3%} of the energy that is "
                "left has folded."
            )
        else:
            self.spectrum_note.setText("")


def _bytes(count: int) -> str:
    """Write a number of bytes in the unit that keeps it short."""
    if count < 1000:
        return f"{count} B"
    power = min(3, int(math.log10(count) // 3))
    return f"{count / 1000**power:.3g} {('B', 'kB', 'MB', 'GB')[power]}"
