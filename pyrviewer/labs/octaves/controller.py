"""From what the user did to what is on the screen: intent, undo step, request, job, view."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute import pyramid
from pyrviewer.labs.octaves import actions, measure, rebuild, run
from pyrviewer.labs.octaves.export import OctavesExporter
from pyrviewer.labs.octaves.panel import BENCH_ITEMS, PREFILTER_NAMES, OctavesPanel
from pyrviewer.labs.octaves.pointing import Pointing
from pyrviewer.labs.octaves.state import AUTO, LAYOUTS, OctavesState, resolve
from pyrviewer.labs.octaves.view import OctavesView
from pyrviewer.ui.lab import DocumentLab

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject

    from pyrviewer.labs.octaves.measure import Bench, Measurements
    from pyrviewer.labs.octaves.rebuild import Rebuilt
    from pyrviewer.labs.octaves.run import Build, Octave, PatchResult
    from pyrviewer.labs.octaves.state import BuildRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext

STEP_NAMES = {
    "kind": "Change kind", "levels": "Change levels", "ratio": "Change ratio",
    "prefilter": "Change prefilter", "layout": "Change layout", "selected": "Select octave",
    "compare": "Change comparison", "true_geometry": "Toggle true geometry",
    "smooth": "Toggle smooth enlargement", "auto_range": "Toggle auto range",
    "gains": "Change gain", "muted": "Mute band", "solo": "Solo band",
    "detail": "Move coarse to fine", "chart": "Change picture", "bench_level": "Change level",
    "bench_first": "Change difference", "bench_second": "Change difference",
    "reset": "Reset gains",
}  # fmt: skip
DRAGGED = {"levels", "ratio", "gains", "detail", "bench_level"}


class OctavesLab(DocumentLab[OctavesState]):
    """The Octaves lab."""

    key = "octaves"
    step_names = STEP_NAMES
    dragged = DRAGGED

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(context, OctavesState(), parent)
        self.view: OctavesView = OctavesView()
        self.panel: OctavesPanel = OctavesPanel()
        self.transport = self.view.transport
        self.viewports = (self.view.shared, self.view.stack)
        self.build: Build | None = None
        self._request: BuildRequest | None = None
        self._difference: Octave | None = None
        self._rebuilt: Rebuilt | None = None
        self._bench: Bench | None = None
        self._reference: Octave | None = None
        self._error_limit = 0.0
        self._make_lanes()
        self.exporter = OctavesExporter(self)
        self.pointing = Pointing(self)
        view, panel = self.view, self.panel
        view.changed.connect(self.change)
        panel.changed.connect(self.change)
        for segments in (view.layouts, view.compare, panel.kind):
            segments.done.connect(self.focus_view)
        view.patches_wanted.connect(self._want_patches)
        view.grid.resized.connect(self._on_resized)
        panel.measurement_opened.connect(self._want_measurements)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self._build_lane = make("Building octaves", self)
        self._build_lane.partial.connect(self._take_build)
        self._build_lane.succeeded.connect(self._take_build)
        self._build_lane.cancelled.connect(self._on_stopped)
        self._build_lane.failed.connect(self._on_stopped)
        self._patch_lane = make("Drawing", self)
        self._patch_lane.succeeded.connect(self._take_patches)
        self._difference_lane = make("Subtracting", self)
        self._difference_lane.succeeded.connect(self._take_difference)
        self._reference_lane = make("Drawing the original", self)
        self._reference_lane.succeeded.connect(self._take_reference)
        self._rebuild_lane = make("Rebuilding", self)
        self._rebuild_lane.partial.connect(self._take_rebuilt)
        self._rebuild_lane.succeeded.connect(self._take_rebuilt)
        self._measure_lane = make("Measuring", self)
        self._measure_lane.succeeded.connect(self._take_measurements)
        self._bench_lane = make("Comparing prefilters", self)
        self._bench_lane.succeeded.connect(self._take_bench)
        self.lanes = (
            self._build_lane, self._rebuild_lane, self._measure_lane, self._bench_lane,
            self._patch_lane, self._difference_lane, self._reference_lane,
        )  # fmt: skip
        for lane in self.lanes:
            lane.failed.connect(self.context.notices.error)

    # State

    def changed(self, before: OctavesState, name: str, value: object) -> OctavesState:
        """Return the state with one parameter changed; the next image is looked at alike."""
        if name == "reset":
            after = replace(before, gains=(), muted=(), solo=AUTO, detail=AUTO)
        else:
            after = super().changed(before, name, value)
        self.default = OctavesState(
            layout=after.layout, compare=after.compare, chart=after.chart, smooth=after.smooth
        )
        return after

    def leave(self) -> None:
        """Keep where the panes look."""
        if self.build is not None:
            self.remember_look(self.document)

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self.build = self._request = self._difference = self._rebuilt = self._bench = None
        self._reference = None
        self._error_limit = 0.0
        self.pointing.forget()
        self.view.transport.stop()
        for lane in self.lanes:
            lane.cancel()  # what they still find is not of this image
        if self.document is None:
            self.view.show_empty()

    def enter(self, document: Document) -> None:
        """Look at it as at the last one, where it was never looked at."""
        document.adopt(self.key, self.default)

    def refresh(self) -> None:
        """Compute what has changed and show the rest at once."""
        document = self.document
        if document is None:
            return
        state = self.state
        request = resolve(state, document.pixels, document.octaves)
        limit = pyramid.max_levels(document.pixels.shape[:2], request.ratio)
        self.panel.show_state(state, request.levels, limit)
        self.panel.equaliser.show_state(state, self.bands)
        self.view.show_controls(state, self.bands)
        if not request.same_as(self._request):
            self._request = request
            self._difference = None
            self._difference_lane.cancel()
            self._build_lane.submit(partial(run.build, request=request))
        elif self.build is not None:
            self._show()

    def _show(self) -> None:
        build, state = self.build, self.state
        if build is None:
            return
        if build.request.kind != "gaussian" and self._reference is None:
            self._want_reference(build)
        if state.layout == "rebuild":
            self._want_rebuilt(build)
        elif state.layout == "aliasing":
            self._want_bench()
        else:
            if state.layout == "one" and state.compare == "difference":
                self._want_difference(build)
            self.view.show_build(build, state, self._difference, self._reference)
        self._want_measurements()
        self.pointing.show()

    def _take_build(self, build: Build) -> None:
        first = self.build is None or self.build.request.pixels is not build.request.pixels
        self.build = build
        if build.request.kind == "gaussian":
            self._reference = build.octaves[0]
        self.panel.show_build(build)
        if first:
            self.recall_look(self.document)
        self._show()
        self.actions_changed.emit()

    def _on_stopped(self) -> None:
        """Show what there is after building was cancelled or failed, and offer to go on."""
        if self.document is not None and self._request is not None:
            self._request = None
            if self.build is None:
                self.view.show_empty()
            self.context.notices.info("The octaves were not built.", "Build again", self.refresh)

    def _want_reference(self, build: Build) -> None:
        """Convert the image itself, which kinds other than Gaussian do not show."""
        request = build.request
        work = partial(rebuild.show_original, pixels=request.pixels, octaves=request.octaves)
        self._reference_lane.submit(work)

    def _take_reference(self, original: Octave) -> None:
        self._reference = original
        self._show()

    # Rebuilding

    def _want_rebuilt(self, build: Build) -> None:
        """Rebuild from binomial octaves at ratio 2, whatever the other layouts show."""
        document = self.document
        if document is None:
            return
        bands = self.bands
        if self._rebuilt is not None:
            self.view.show_rebuilt(self._rebuilt, self.state, self._reference)
        preview = max(0, round(-math.log2(self.view.shared.view.scale)))
        request = rebuild.RebuildRequest(
            document.octaves, self.state.band_gains(bands), build.range, preview,
            self._error_limit,
        )  # fmt: skip
        self._rebuild_lane.submit(partial(rebuild.rebuild, request=request))

    @property
    def bands(self) -> int:
        """How many bands the image is rebuilt from."""
        if self.document is None:
            return 0
        plain = replace(self.state, kind="laplacian")
        return resolve(plain, self.document.pixels, self.document.octaves).levels

    def _take_rebuilt(self, rebuilt: Rebuilt) -> None:
        if self.state.layout == "rebuild":
            self._rebuilt = rebuilt
            self._error_limit = max(self._error_limit, rebuilt.error.limit)
            self.view.show_rebuilt(rebuilt, self.state, self._reference)
            if rebuilt.level == 0:
                self.panel.show_rebuilt(rebuilt)
            self.pointing.show()

    def _want_difference(self, build: Build) -> None:
        level = min(self.state.selected, len(build.gaussian) - 1)
        shown = self._difference
        if build.complete and (shown is None or shown.level != level):
            self._difference_lane.submit(partial(rebuild.difference, build=build, level=level))

    def _take_difference(self, found: Octave) -> None:
        self._difference = found
        if self.build is not None and self.state.layout == "one":
            self.view.show_build(self.build, self.state, found, self._reference)

    # Aliasing bench and spectra

    def _want_bench(self) -> None:
        if self.document is None:
            return
        state = self.state
        pixels = measure.chart(state.chart, self.document.pixels)
        level = min(state.bench_level, pyramid.max_levels(pixels.shape[:2]))
        prefilters = tuple(name for _, name in BENCH_ITEMS)
        cropped = state.chart == "image" and pixels.shape != self.document.pixels.shape
        request = measure.BenchRequest(
            pixels, level, prefilters, state.bench_first, state.bench_second, cropped
        )
        self._bench_lane.submit(partial(measure.bench, request=request))

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
                measure.measure,
                octaves=build.gaussian,
                prefilter=build.request.prefilter,
                shown=shown,
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
        if self.build is not None and self.state.layout in ("native", "both", "grid", "upsampled"):
            self.view.show_build(self.build, self.state, self._difference, self._reference)

    # Shell

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)

    def escape(self) -> bool:
        """Let go of held values; False where none were held."""
        held = self.pointing.held
        self.pointing.let_go()
        return held

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return every layout."""
        names = [name for name in LAYOUTS if name != "upsampled"]
        return [(name, partial(self.change, "layout", name)) for name in names]

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
