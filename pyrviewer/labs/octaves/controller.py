"""From what the user did to what is on the screen: intent, undo step, request, job, view."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pyrviewer.compute import pyramid
from pyrviewer.labs.octaves import actions, run
from pyrviewer.labs.octaves.export import Exporter
from pyrviewer.labs.octaves.panel import BENCH_ITEMS, PREFILTER_NAMES, OctavesPanel
from pyrviewer.labs.octaves.state import AUTO, OctavesState, resolve
from pyrviewer.labs.octaves.view import OctavesView
from pyrviewer.ui.lab import Lab, LabContext
from pyrviewer.ui.picture import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtCore import QObject, QPoint

    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.labs.octaves.run import Bench, Build, Measurements, Octave, PatchResult, Rebuilt
    from pyrviewer.labs.octaves.state import BuildRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.navigator import Hover

KEY = "octaves"
STEP_NAMES = {
    "kind": "Change kind", "levels": "Change levels", "ratio": "Change ratio",
    "prefilter": "Change prefilter", "layout": "Change layout", "selected": "Select octave",
    "compare": "Change comparison", "true_geometry": "Toggle true geometry",
    "smooth": "Toggle smooth enlargement", "auto_range": "Toggle auto range",
    "gains": "Change gain", "muted": "Mute band", "solo": "Solo band",
    "detail": "Move coarse to fine", "chart": "Change picture", "bench_level": "Change level",
    "bench_first": "Change difference", "bench_second": "Change difference",
}  # fmt: skip
DRAGGED = {"levels", "ratio", "gains", "detail", "bench_level"}


class OctavesLab(Lab):
    """The Octaves lab."""

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(parent)
        self.context = context
        self.view: OctavesView = OctavesView()
        self.panel: OctavesPanel = OctavesPanel()
        self.transport = self.view.transport
        self.document: Document | None = None
        self.build: Build | None = None
        self._request: BuildRequest | None = None
        self._difference: Octave | None = None
        self._rebuilt: Rebuilt | None = None
        self._bench: Bench | None = None
        self._hover: Hover | None = None
        self._frozen = False
        self._make_lanes()
        self.exporter = Exporter(self)
        view, panel = self.view, self.panel
        view.changed.connect(self.change)
        panel.changed.connect(self.change)
        view.hovered.connect(self._on_hover)
        view.clicked.connect(self._on_click)
        view.menu_requested.connect(self._on_menu)
        view.patches_wanted.connect(self._want_patches)
        view.grid.resized.connect(self._on_resized)
        panel.measurement_opened.connect(self._want_measurements)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self._build_lane = make("Building octaves", self)
        self._build_lane.partial.connect(self._take_build)
        self._build_lane.succeeded.connect(self._take_build)
        self._patch_lane = make("Drawing", self)
        self._patch_lane.succeeded.connect(self._take_patches)
        self._rebuild_lane = make("Rebuilding", self)
        self._rebuild_lane.partial.connect(self._take_rebuilt)
        self._rebuild_lane.succeeded.connect(self._take_rebuilt)
        self._measure_lane = make("Measuring", self)
        self._measure_lane.succeeded.connect(self._take_measurements)
        self._bench_lane = make("Comparing prefilters", self)
        self._bench_lane.succeeded.connect(self._take_bench)
        self.lanes = (
            self._build_lane, self._rebuild_lane, self._measure_lane, self._bench_lane,
            self._patch_lane,
        )  # fmt: skip
        for lane in self.lanes:
            lane.failed.connect(self.context.notices.error)

    # State

    @property
    def state(self) -> OctavesState:
        """The parameters on the present document."""
        default = OctavesState()
        return self.document.state(KEY, default) if self.document else default

    def change(self, name: str, value: object) -> None:
        """Change one parameter as an undoable step."""
        if self.document is None:
            return
        before = self.state
        if name == "reset":
            after = replace(before, gains=(), muted=(), solo=AUTO, detail=AUTO)
        else:
            after = replace(before, **cast("dict[str, Any]", {name: value}))
        text = STEP_NAMES.get(name, "Reset gains")
        self.document.change(KEY, before, after, text, name if name in DRAGGED else "")

    def show_document(self, document: Document | None) -> None:
        """Show a document."""
        if self.document is not None:
            self.document.state_changed.disconnect(self._on_state)
        self.document = document
        self.build = self._request = self._difference = self._rebuilt = self._bench = None
        self._set_hover(None, frozen=False)
        if document is None:
            for lane in self.lanes:
                lane.cancel()
            self.view.show_empty()
            return
        document.state_changed.connect(self._on_state)
        self._refresh()

    def _on_state(self, key: str) -> None:
        if key == KEY:
            self._refresh()

    def _refresh(self) -> None:
        """Compute what has changed and show the rest at once."""
        document = self.document
        if document is None:
            return
        state = self.state
        request = resolve(state, document.pixels, document.octaves)
        limit = pyramid.max_levels(document.pixels.shape[:2], request.ratio)
        self.panel.show_state(state, request.levels, limit)
        self.panel.equaliser.show_state(state, request.levels)
        self.view.show_controls(state, request.levels)
        if not request.same_as(self._request):
            self._request = request
            self._difference = None
            self._build_lane.submit(partial(run.build, request=request))
        elif self.build is not None:
            self._show()

    def _show(self) -> None:
        build, state = self.build, self.state
        if build is None:
            return
        if state.layout == "rebuild":
            self._want_rebuilt()
        elif state.layout == "aliasing":
            self._want_bench()
        else:
            if state.layout == "one" and state.compare == "difference":
                self._want_difference(build, state)
            self.view.show_build(build, state, self._difference)
        self._want_measurements()

    def _take_build(self, build: Build) -> None:
        first = self.build is None or self.build.request.pixels is not build.request.pixels
        self.build = build
        self.panel.show_build(build)
        if first:
            for viewport in (self.view.shared, self.view.stack):
                viewport.set_view(viewport.view, fitting=True)
        self._show()
        self._show_hover()
        self.actions_changed.emit()

    # Rebuilding

    def _preview_level(self) -> int:
        return max(0, round(-math.log2(self.view.shared.view.scale)))

    def _want_rebuilt(self) -> None:
        build = self.build
        if build is None or not build.complete:
            return
        bands = len(build.gaussian) - 1
        if not self.state.exact_bands:
            self.context.notices.warning(
                "Rebuilding needs binomial octaves at ratio 2: choose them under Pyramid."
            )
            return
        request = run.RebuildRequest(
            build.gaussian, self.state.band_gains(bands), build.range, self._preview_level()
        )
        if self._rebuilt is not None:
            self.view.show_rebuilt(build, self._rebuilt, self.state)
        self._rebuild_lane.submit(partial(run.rebuild, request=request))

    def _want_difference(self, build: Build, state: OctavesState) -> None:
        """Subtract the original from the enlarged octave: what rebuilding without bands leaves."""
        level = min(state.selected, len(build.gaussian) - 1)
        shown = self._difference
        if not build.complete or not state.exact_bands or (shown and shown.level == level):
            return
        gains = (0.0,) * level + (1.0,)
        request = run.RebuildRequest(build.gaussian[: level + 1], gains, build.range)
        self._rebuild_lane.submit(partial(run.rebuild, request=request))

    def _take_rebuilt(self, rebuilt: Rebuilt) -> None:
        if self.build is None:
            return
        state = self.state
        if state.layout == "rebuild":
            self._rebuilt = rebuilt
            self.view.show_rebuilt(self.build, rebuilt, state)
            self.panel.show_rebuilt(rebuilt)
        elif state.layout == "one":
            self._difference = replace(rebuilt.error, level=state.selected)
            self.view.show_build(self.build, state, self._difference)

    # Aliasing bench and spectra

    def _want_bench(self) -> None:
        if self.document is None:
            return
        state = self.state
        pixels = run.chart(state.chart, self.document.pixels)
        level = min(state.bench_level, pyramid.max_levels(pixels.shape[:2]))
        prefilters = tuple(name for _, name in BENCH_ITEMS)
        request = run.BenchRequest(pixels, level, prefilters, state.bench_first, state.bench_second)
        self._bench_lane.submit(partial(run.bench, request=request))

    def _take_bench(self, bench: Bench) -> None:
        if self.state.layout == "aliasing":
            if self._bench is None or self._bench.shape != bench.shape:
                self.view.bench_view.set_view(self.view.bench_view.view, fitting=True)
            self._bench = bench
            self.view.show_bench(bench, dict(PREFILTER_NAMES))

    def _want_measurements(self) -> None:
        build, panel = self.build, self.panel
        if build is None or not build.complete:
            return
        if panel.spectrum.open or panel.histogram.open:
            shown = build.octaves[min(self.state.selected, len(build.octaves) - 1)]
            work = partial(
                run.measure, octaves=build.gaussian, prefilter=build.request.prefilter, shown=shown
            )
            self._measure_lane.submit(work)

    def _take_measurements(self, found: Measurements) -> None:
        if self.build is not None:
            self.panel.show_spectra(found, self.build)
            self.panel.show_histogram(found.histogram, found.level)

    # Exact enlargement

    def _want_patches(self) -> None:
        build = self.build
        if build is None or not self.state.true_geometry:
            return
        requests = [
            run.PatchRequest(octave, build, rect, level)
            for octave, rect, level in self.view.patch_rects(build)
        ]
        if requests:
            self._patch_lane.submit(partial(run.patches, requests=requests))

    def _take_patches(self, results: Sequence[PatchResult]) -> None:
        self.view.show_patches(results)

    def _on_resized(self) -> None:
        if self.build is not None and self.state.layout in ("native", "both", "grid"):
            self.view.show_build(self.build, self.state, self._difference)

    # Pointing

    def _on_hover(self, hover: Hover | None) -> None:
        if not self._frozen:
            self._set_hover(hover, frozen=False)

    def _on_click(self, hover: Hover) -> None:
        if hover.level != self.state.selected and self.state.layout not in ("rebuild", "aliasing"):
            self.change("selected", hover.level)
        self._set_hover(hover, frozen=not self._frozen)

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        if hover is not None and self.state.layout not in ("rebuild", "aliasing"):
            self.change("selected", hover.level)
        self.exporter.show_menu(place)

    def _set_hover(self, hover: Hover | None, *, frozen: bool) -> None:
        self._hover, self._frozen = hover, frozen
        self._show_hover()

    def _show_hover(self) -> None:
        build, hover = self.build, self._hover
        on_pyramid = self.state.layout not in ("rebuild", "aliasing")
        if build is None or hover is None or not on_pyramid or hover.level >= len(build.octaves):
            self.panel.show_values(build, None, {}, frozen=False)
            self.view.show_footprints(None, None, frozen=False)
            self.readout_changed.emit("")
            return
        self.panel.show_values(build, hover, self._places(build, hover), frozen=self._frozen)
        self.view.show_footprints(build, hover, frozen=self._frozen)
        self.readout_changed.emit(self._readout())

    def _places(self, build: Build, hover: Hover) -> dict[int, tuple[int, int]]:
        """Return the pixel of every octave at the hovered pixel's centre."""
        grids = [octave.geometry for octave in build.octaves]
        base = grids[hover.level].to_base(hover.x + 0.5, hover.y + 0.5)
        return {grid.level: pixel_at(grid, base) for grid in grids}

    def _readout(self) -> str:
        build, hover = self.build, self._hover
        if build is None or hover is None or hover.level >= len(build.octaves):
            return ""
        source = build.octaves[hover.level].source
        if hover.y >= source.shape[0] or hover.x >= source.shape[1]:
            return ""
        sample = source[hover.y, hover.x]
        values = [sample.item()] if source.ndim == 2 else [v.item() for v in sample]
        text = ", ".join(format_value(v) for v in values)
        return f"Level {hover.level}   x {hover.x}  y {hover.y}   {text}"

    # Shell

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)

    def escape(self) -> bool:
        """Let go of held values; False where none were held."""
        held = self._frozen
        if held:
            self._set_hover(None, frozen=False)
        return held

    def focus_view(self) -> None:
        """Give the keyboard to the panes."""
        self.view.grid.focus_view()

    def can_play(self) -> bool:
        """Tell whether there is an image to rebuild."""
        return self.build is not None

    def play(self) -> None:
        """Rebuild the image band by band."""
        self.change("layout", "rebuild")
        super().play()

    def peek(self, on: bool) -> None:
        """Show the original in every enlarged pane."""
        self.view.grid.set_peeking(on)

    def select(self, level: int) -> None:
        """Select an octave."""
        last = len(self.build.octaves) - 1 if self.build else 0
        self.change("selected", min(max(level, 0), last))


def pixel_at(grid: LevelGeometry, base: tuple[float, float]) -> tuple[int, int]:
    """Return the level's pixel under a base point, or the nearest one."""
    x, y = grid.from_base(*base)
    height, width = grid.shape
    return min(max(math.floor(x), 0), width - 1), min(max(math.floor(y), 0), height - 1)
