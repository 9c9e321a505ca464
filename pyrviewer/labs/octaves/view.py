"""The panes of the Octaves lab: which octaves lie where."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from PyQt6.QtCore import QRectF, pyqtSignal

from pyrviewer.compute import geometry
from pyrviewer.labs.octaves.placing import arrange, footprints
from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.lab_view import LabView
from pyrviewer.ui.navigator import MARGIN, TITLE_HEIGHT, Hover
from pyrviewer.ui.pane_grid import Pane, best_columns
from pyrviewer.ui.picture import Layer, Patch, Picture, Texture, pixel_range
from pyrviewer.ui.widgets.form import Segments
from pyrviewer.ui.widgets.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.labs.octaves.measure import Bench
    from pyrviewer.labs.octaves.rebuild import Rebuilt
    from pyrviewer.labs.octaves.run import Build, Octave, PatchResult
    from pyrviewer.labs.octaves.state import OctavesState

    Box = tuple[float, float, float, float]

NARROWEST = 130  # logical pixels a pane of a row
TITLES = {"gaussian": "Octave", "laplacian": "Band", "dog": "DoG"}
LAYOUT_ITEMS = (
    ("Both", "both", "", "Native octaves above, the same octaves at full size below"),
    ("Native", "native", "", "All octaves at the same pixel scale: the classical stack"),
    ("Upsampled", "upsampled", "", "Every octave at full size, in one row"),
    ("Grid", "grid", "", "Every octave at full size, as large as they fit"),
    ("One", "one", "", "The selected octave alone, to compare with the original"),
    ("Rebuild", "rebuild", "", "Rebuild the image from its bands, with a gain for each"),
    ("Aliasing", "aliasing", "", "The same octave by different prefilters"),
)
COMPARE_ITEMS = (
    ("Original", "first", "", "Show the original (A)"),
    ("Result", "second", "", "Show the octave, or the rebuilt image (B)"),
    ("Slider", "slider", "", "Original left of a divider, result right of it (V)"),
    ("Difference", "difference", "", "Result minus original, zero in the middle (W)"),
)


def range_text(octave: Octave) -> str:
    """Return what black and white stand for, where it is not the plain 0 to 255."""
    whole = np.issubdtype(octave.source.dtype, np.integer)
    if octave.limit:
        return f"±{octave.limit:.0f}" if whole else f"±{octave.limit:.3g}"
    low, high = octave.range
    if (low, high) == (0, 255):
        return ""
    return f"{low:.0f} to {high:.0f}" if whole else f"{low:.4g} to {high:.4g}"


class OctavesView(LabView):
    """Shows what the controller hands it and says what the user did.

    Signals
    -------
    patches_wanted() : the panes have come to rest
    """

    double_clicked = pyqtSignal()
    patches_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared = Viewport(self)
        self.stack = Viewport(self)
        self.bench_view = Viewport(self)
        self._pictures: WeakKeyDictionary[Octave, Picture] = WeakKeyDictionary()
        bar = self.bar
        self.layouts = Segments(LAYOUT_ITEMS, bar)
        self.layouts.chosen.connect(self._choose_layout)
        self.compare = Segments(COMPARE_ITEMS, bar)
        self.compare.chosen.connect(self._choose_compare)
        self.compare.hide()
        bar.line.addWidget(self.layouts)
        bar.line.addStretch(1)
        bar.line.addWidget(self.compare)
        self.grid.double_clicked.connect(self.double_clicked)
        self.grid.settled.connect(self.patches_wanted)
        self.transport = Transport(self)
        self.transport.moved.connect(self._choose_detail)
        self.column.addWidget(self.transport)

    def _choose_layout(self, value: object) -> None:
        self.changed.emit("layout", value)

    def _choose_compare(self, value: object) -> None:
        self.changed.emit("compare", value)

    def _choose_detail(self, value: int) -> None:
        self.changed.emit("detail", value)

    # Showing

    def show_empty(self) -> None:
        """Show no panes."""
        self.grid.show_rows([])

    def show_controls(self, state: OctavesState, bands: int) -> None:
        """Bring the bar in line with the state."""
        self.layouts.show_value(state.layout)
        self.compare.show_value(state.compare)
        compared = state.layout == "one" and state.kind == "gaussian"
        self.compare.setVisible(compared or state.layout == "rebuild")
        self.transport.setVisible(state.layout == "rebuild")
        detail = bands if state.detail < 0 else min(state.detail, bands)
        self.transport.show_range(bands, detail, f"{detail} of {bands} bands")

    def show_build(
        self,
        build: Build,
        state: OctavesState,
        difference: Octave | None,
        reference: Octave | None,
    ) -> None:
        """Show a pyramid in the state's layout; `reference` is the image itself."""
        base = self._base(reference)
        enlarged = [self._enlarged(octave, build, state) for octave in build.octaves]
        panes = [Pane(self.shared, [layer], peek=[base] if base else []) for layer in enlarged]
        shares: tuple[float, ...] = ()
        rows: list[Sequence[Pane]]
        lower = self._row_share(build)
        if state.layout == "native":
            rows = [[self._stack_pane(build, 1.0)]]
        elif state.layout == "both":
            below = self._lines(panes)
            rows = [[self._stack_pane(build, 1 - lower)], *below]
            shares = (1 - lower, *(lower / len(below) for _ in below))
        elif state.layout == "upsampled":
            rows = self._lines(panes)
        elif state.layout == "grid":
            height, width = build.request.pixels.shape[:2]
            rows = self._wrapped(panes, width / height)
        else:
            chosen = enlarged[min(state.selected, len(enlarged) - 1)]
            rows = [[self._compared(chosen, base, difference, build, state)]]
        self.grid.show_rows(rows, shares)
        self.show_selected(state.selected if state.layout != "one" else -1)

    def native_layer(self, build: Build, octave: Octave) -> Layer:
        """Return an octave alone, in its own pixels."""
        height, width = octave.geometry.shape
        grid = replace(octave.geometry, scale_x=1.0, scale_y=1.0, offset_x=0.0, offset_y=0.0)
        extent = (0.0, 0.0, float(width), float(height))
        return self._layer(self._title(octave, build), octave, grid, extent)

    def _base(self, original: Octave | None) -> Layer | None:
        """Return the image itself as a layer."""
        if original is None:
            return None
        height, width = original.geometry.shape
        extent = (0.0, 0.0, float(width), float(height))
        return self._layer("Original", original, original.geometry, extent)

    def _row_share(self, build: Build) -> float:
        """Return the share of the height that a row of enlarged octaves can use."""
        height, width = build.request.pixels.shape[:2]
        lines = self._line_count(len(build.octaves))
        across = -(-len(build.octaves) // lines)
        needed: float = self.grid.width() / across * height / width + 2 * TITLE_HEIGHT
        return min(max(lines * needed / max(1, self.grid.height()), 0.2), 0.5)

    def _line_count(self, panes: int) -> int:
        """Return how many lines a row of panes breaks into so that none is a mere stamp."""
        return min(panes, -(-panes * NARROWEST // max(1, self.grid.width())))

    def _lines(self, panes: Sequence[Pane]) -> list[Sequence[Pane]]:
        across = -(-len(panes) // self._line_count(len(panes)))
        return [panes[k : k + across] for k in range(0, len(panes), across)]

    def _extent(self, build: Build) -> Box:
        height, width = build.request.pixels.shape[:2]
        return (0.0, 0.0, float(width), float(height))

    def _layer(
        self, title: str, octave: Octave, grid: LevelGeometry, extent: Box, *, smooth: bool = False
    ) -> Layer:
        picture = self._pictures.get(octave)
        if picture is None:
            picture = self._pictures[octave] = Picture(octave.mips)
        return Layer(
            title, octave.level, grid, extent, picture, octave.source, range_text(octave), smooth
        )

    def _title(self, octave: Octave, build: Build) -> str:
        if octave.level == len(build.octaves) - 1 and build.request.kind != "gaussian":
            return f"Residual {octave.level}"
        return f"{TITLES[build.request.kind]} {octave.level}"

    def _enlarged(self, octave: Octave, build: Build, state: OctavesState) -> Layer:
        grid, request = octave.geometry, build.request
        if not state.true_geometry:
            grid = geometry.level_geometry(
                request.pixels.shape[:2], octave.level,
                ratio=request.ratio, prefilter=request.prefilter, naive=True,
            )  # fmt: skip
        smooth = state.smooth and octave.level > 0
        return self._layer(
            self._title(octave, build), octave, grid, self._extent(build), smooth=smooth
        )

    def _stack_pane(self, build: Build, share: float) -> Pane:
        shapes = [octave.geometry.shape for octave in build.octaves]
        size = (self.grid.width() - 2 * MARGIN, self.grid.height() * share - 3 * MARGIN)
        layers = []
        for octave, (x, y) in zip(build.octaves, arrange(shapes, *size), strict=True):
            height, width = octave.geometry.shape
            grid = replace(octave.geometry, scale_x=1.0, scale_y=1.0, offset_x=x, offset_y=y)
            extent = (x, y, x + width, y + height)
            layers.append(self._layer(self._title(octave, build), octave, grid, extent))
        return Pane(self.stack, layers)

    def _compared(
        self,
        result: Layer,
        base: Layer | None,
        difference: Octave | None,
        build: Build,
        state: OctavesState,
    ) -> Pane:
        if base is None or state.compare == "second" or state.kind != "gaussian":
            return Pane(self.shared, [result], peek=[base] if base else [])
        if state.compare == "first":
            return Pane(self.shared, [base], peek=[result])
        if state.compare == "slider":
            return Pane(self.shared, [base], second=[result], split=0.5)
        if difference is None:
            return Pane(self.shared, [result], peek=[base])
        shown = self._layer(
            f"{result.title} − original", difference, difference.geometry, self._extent(build)
        )
        return Pane(self.shared, [shown], peek=[base])

    def show_rebuilt(self, rebuilt: Rebuilt, state: OctavesState, reference: Octave | None) -> None:
        """Show the rebuilt image and its error, beside the image itself."""
        shape = reference.geometry.shape if reference else rebuilt.rebuilt.geometry.shape
        extent = (0.0, 0.0, float(shape[1]), float(shape[0]))
        title = "Bands on mid-grey" if rebuilt.on_grey else "Rebuilt"
        coarse = " · preview" if rebuilt.level else ""
        result = self._layer(title + coarse, rebuilt.rebuilt, rebuilt.rebuilt.geometry, extent)
        error = self._layer("Error" + coarse, rebuilt.error, rebuilt.error.geometry, extent)
        base = self._base(reference)
        if base is None or state.compare in ("second", "difference"):
            panes = [Pane(self.shared, [result], peek=[base] if base else [])]
            if state.compare == "difference":
                panes = []
        elif state.compare == "first":
            panes = [Pane(self.shared, [base], peek=[result])]
        else:
            panes = [Pane(self.shared, [base], second=[result], split=0.5)]
        panes.append(Pane(self.shared, [error], peek=[base] if base else []))
        self._show_grid(panes, shape[1] / shape[0])

    def show_bench(self, bench: Bench, names: dict[str, str]) -> None:
        """Show one octave by every prefilter, with its share of alias energy."""
        height, width = bench.shape
        extent = (0.0, 0.0, float(width), float(height))
        panes = []
        part = " · middle" if bench.cropped else ""
        for prefilter, octave in bench.octaves.items():
            title = f"{names[prefilter]} · alias {bench.alias[prefilter]:.2%}{part}"
            layer = self._layer(title, octave, octave.geometry, extent)
            panes.append(Pane(self.bench_view, [layer]))
        request = bench.request
        title = f"{names[request.first]} − {names[request.second].lower()}"
        layer = self._layer(title, bench.difference, bench.difference.geometry, extent)
        panes.append(Pane(self.bench_view, [layer]))
        self._show_grid(panes, width / height)

    def _show_grid(self, panes: Sequence[Pane], aspect: float) -> None:
        self.grid.show_rows(self._wrapped(panes, aspect))

    def _wrapped(self, panes: Sequence[Pane], aspect: float) -> list[Sequence[Pane]]:
        """Break panes into the rows that show them largest."""
        columns = best_columns(len(panes), self.grid.width(), self.grid.height(), aspect)
        return [panes[k : k + columns] for k in range(0, len(panes), columns)]

    def show_selected(self, level: int) -> None:
        """Mark the panes of an octave."""
        for canvas in self.grid.canvases:
            alone = [layer.level for layer in canvas.layers] == [level]
            canvas.set_selected(alone, -1 if len(canvas.layers) == 1 else level)

    # Exact patches

    def patch_rects(self, build: Build) -> list[tuple[Octave, tuple[int, int, int, int], int]]:
        """Return what of which octave is enlarged on the screen, at which octave of the screen."""
        wanted = []
        for canvas in self.grid.canvases:
            for layer in canvas.all_layers:
                if not layer.smooth or canvas.viewport is not self.shared:
                    continue
                mapping = canvas.mapping()
                to_level = max(0, round(-math.log(mapping.scale, build.request.ratio)))
                if to_level >= layer.level:
                    continue
                screen = QRectF(0, 0, mapping.width, mapping.height)
                rect = pixel_range(mapping, build.octaves[to_level].geometry, screen)
                if rect[0] < rect[2] and rect[1] < rect[3]:
                    wanted.append((build.octaves[layer.level], rect, to_level))
        return wanted

    def show_patches(self, results: Sequence[PatchResult]) -> None:
        """Draw exact parts over the stretched octaves that they belong to."""
        by_source = {id(result.request.octave.source): result for result in results}
        for canvas in self.grid.canvases:
            if canvas.viewport is self.shared:
                canvas.replace_layers(partial(self._patched, by_source))

    def _patched(self, by_source: dict[int, PatchResult], layer: Layer) -> Layer:
        result = by_source.get(id(layer.source))
        if result is None or not layer.smooth:
            return layer
        x, y = result.request.rect[:2]
        return replace(layer, patch=Patch(Texture(result.pixels), result.geometry, x, y))

    # Footprints

    def show_footprints(self, build: Build | None, hover: Hover | None, *, held: bool) -> None:
        """Outline what the pixel under the mouse was made from, and what it went into."""
        marks = {} if build is None or hover is None else footprints(build, hover)
        self.grid.set_highlights(marks, frozen=held)
