"""From what was chosen in the Atrous lab to what is on the screen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute.segment import Stroke
from pyrviewer.labs.atrous import actions, aspp, run
from pyrviewer.labs.atrous.architecture import Architecture
from pyrviewer.labs.atrous.export import Exporter
from pyrviewer.labs.atrous.painting import Painting
from pyrviewer.labs.atrous.panel import AtrousPanel
from pyrviewer.labs.atrous.pointing import Pointing
from pyrviewer.labs.atrous.state import ALL, AtrousState, first_layer, pyramid_of, resolve
from pyrviewer.labs.atrous.view import AtrousView, Rows
from pyrviewer.ui.lab import DocumentLab
from pyrviewer.ui.networks import LabNetwork
from pyrviewer.ui.overlays import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject, QPoint

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.atrous.run import Found
    from pyrviewer.labs.atrous.state import Request
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.navigator import Hover

CONVOLVING = ("rate", "phases", "stacked", "aspp")
STEP_NAMES = {
    "layout": "Change layout", "network": "Change network",
    "scale": "Change what pixels are taken as", "layer": "Change maps", "channel": "Change channel",
    "side": "Change input size", "rate": "Change rate", "kernel": "Change kernel",
    "own": "Change taps", "rates": "Change stacked rates", "aspp": "Change rates of the pyramid",
    "aspp_layer": "Change maps of the pyramid", "aspp_kernel": "Change kernel of the pyramid",
    "fields": "Show fields", "stride": "Change output stride", "node": "Choose node",
    "strokes": "Paint stroke", "label": "Choose class", "radius": "Change brush",
    "branches": "Switch branch", "segment_rates": "Change rates of the head",
    "edges": "Follow edges",
}  # fmt: skip
DRAGGED = {"channel", "side", "rate", "radius"}


class AtrousLab(DocumentLab[AtrousState]):
    """The Atrous lab."""

    key = "atrous"
    step_names = STEP_NAMES
    dragged = DRAGGED

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(context, AtrousState(), parent)
        self.view: AtrousView = AtrousView()
        self.panel: AtrousPanel = AtrousPanel()
        self.found: Found | None = None
        self._request: Request | None = None
        self._layout = ""  # that was shown last
        self._problem = ""  # why there are no maps
        self._offered: FeatureSource | None = None  # whose layers the panel has
        self._make_lanes()
        self.painting = Painting(self)
        self.architecture = Architecture(self)
        self.pointing = Pointing(self)
        parts = (self.painting, self.architecture, self.pointing)
        self.lanes = (*self.lanes, *(lane for part in parts for lane in part.lanes))
        for lane in self.lanes:
            lane.failed.connect(self.context.notices.error)
        self.exporter = Exporter(self)
        self.viewports = (self.view.shared, self.view.inner, self.view.small)
        view, panel = self.view, self.panel
        view.changed.connect(self.change)
        view.menu_requested.connect(self._on_menu)
        self.network = LabNetwork(self, panel.network, view.banner)
        panel.changed.connect(self.change)
        panel.pyramid.block_wanted.connect(self.take_block)
        panel.scribble.clear_wanted.connect(self.clear)
        panel.scribble.save_wanted.connect(self.exporter.save_mask)
        panel.scribble.open_wanted.connect(self.exporter.open_mask)
        panel.scribble.blend_wanted.connect(self.exporter.blend_mask)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self._image_lane = make("Preparing the image", self)
        self._image_lane.succeeded.connect(self._take_image)
        self._run_lane = make("Convolving", self)
        self._run_lane.succeeded.connect(self._take)
        self._run_lane.cancelled.connect(self._on_stopped)
        self._run_lane.failed.connect(self._fail)
        self.lanes = (self._image_lane, self._run_lane)

    # State

    def change(self, name: str, value: object) -> None:
        """Change one parameter as an undoable step; the pyramid has maps of its own."""
        own = name == "layer" and self.state.layout == "aspp"
        super().change("aspp_layer" if own else name, value)

    def changed(self, before: AtrousState, name: str, value: object) -> AtrousState:
        """Return the state with one parameter changed, and what has to change with it."""
        after = super().changed(before, name, value)
        if name == "network":
            source = self.context.networks.source(after.network, after.scale)
            start = first_layer(source)
            pyramid = start or AtrousState.aspp_layer
            return replace(after, layer=start, aspp_layer=pyramid, channel=ALL)
        if name in ("layer", "aspp_layer"):
            return replace(after, channel=ALL)
        return replace(after, kernel="own") if name == "own" else after

    def leave(self) -> None:
        """Keep where the panes look."""
        if self.view.ready:
            self.remember_look(self.document)

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self._request = self.found = None
        self._problem = ""
        for lane in (self._image_lane, self._run_lane):
            lane.cancel()
        self.pointing.forget()
        self.painting.show_document(self.document)
        self.architecture.show_document(self.document)
        self.view.show_empty()

    def enter(self, document: Document) -> None:
        """Prepare the image."""
        work = partial(run.show_image, pixels=document.pixels, octaves=document.octaves)
        self._image_lane.submit(work)

    def refresh(self) -> None:
        """Compute again where the result may have changed, and show the rest at once."""
        document, state = self.document, self.state
        if document is None:
            return
        source = self.network.source
        self._offer(source)
        if state.layout != self._layout:
            self._layout = state.layout
            self.readout_changed.emit("")  # it was of other panes
        self.panel.show_state(state)
        self.view.show_layout(state.layout)
        if source is None and state.network:
            return  # what is shown stays until it is read
        if state.layout in CONVOLVING:
            self._convolve(document, source)
        elif state.layout == "deeplab":
            self.architecture.refresh()
        else:
            self.painting.refresh()

    def _convolve(self, document: Document, source: FeatureSource | None) -> None:
        """Submit what is to be convolved, where it is not there already."""
        state = self.state
        if state.layout == "aspp" and source is None:
            return  # there is nothing to see without maps
        request = resolve(state, document.pixels, source)
        if request.same_as(self._request):
            self._show()
            return
        self._request = request
        work = aspp.run_aspp if state.layout == "aspp" else run.run
        self._run_lane.submit(partial(work, request=request, before=self.found))

    def _on_stopped(self) -> None:
        """Let what was stopped be asked for again."""
        self._request = None

    def shows(self, found: Found) -> bool:
        """Tell whether this is what the layout on the screen is about."""
        return found.request.state.layout == self.state.layout

    def _fail(self, error: Exception) -> None:
        """Show the image alone: the maps on the screen are of something else."""
        self.found, self._problem = None, f"No maps. {error}"
        self._show()
        self.actions_changed.emit()

    def _take(self, found: Found) -> None:
        self.found, self._problem = found, ""
        self._show()
        self.actions_changed.emit()

    def _take_image(self, mips: tuple[Array, ...]) -> None:
        if self.document is not None:
            self.view.show_image(self.document.pixels, mips)
            self.recall_look(self.document)
            self.refresh()

    # Showing

    def _show(self) -> None:
        found, state = self.found, self.state
        if self._problem and self.view.ready and state.layout in CONVOLVING:
            self.view.forget_base()
            self.view.set_base("image", [Note(self._problem)])
            self.view.show_tiles([["image"]], {})
            self.view.point({})
        if found is None or not self.view.ready or not self.shows(found):
            return
        self.panel.show_found(found)
        rows, shares = self._rows(found)
        self.view.forget_base()
        tiles = dict(found.tiles)
        if state.layout == "aspp" and state.fields:
            tiles = {k: tile for k, tile in tiles.items() if not k.startswith("branch")}
        titles = {
            f"branch {k}": aspp.branch_name(k, state.aspp) for k in range(len(state.aspp) + 2)
        }
        self.view.show_tiles(rows, tiles, shares, titles)
        self.pointing.again()

    def _rows(self, found: Found) -> tuple[Rows, tuple[float, ...]]:
        """Return the panes of a layout, and the shares of their rows."""
        layout, maps = found.request.state.layout, bool(found.request.maps.layer)
        if layout == "phases":
            return [["input", "phases"], ["together", "filtered"]], ()
        if layout == "stacked":
            return [["input", "pattern"]], ()
        if layout == "rate":
            return [[*(["image"] if maps else []), "input", "output"]], ()
        branches = [f"branch {k}" for k in range(len(found.request.state.aspp) + 2)]
        above = ["image", "input", "stack"]
        return [above, branches], (0.58, 0.42)

    # The network

    @property
    def own(self) -> FeatureSource | None:
        """The program's own network, or the filters that stand in for it."""
        return self.context.networks.own

    def _offer(self, source: FeatureSource | None) -> None:
        """Offer the layers of another network."""
        if source is not None and source is not self._offered:
            self._offered = source
            self.panel.show_source(source)
            self.view.banner.show_missing(not source.learned)

    def take_block(self) -> None:
        """Take rates and maps of the pyramid that was found in the user's network."""
        block, state, document = pyramid_of(self.network.source), self.state, self.document
        if block is not None and document is not None:
            after = replace(state, aspp=block.scales, aspp_layer=block.input, channel=ALL)
            document.change(self.key, state, after, "Take pyramid of the network")

    # Shell

    def clear(self) -> None:
        """Take all strokes away."""
        self.change("strokes", ())

    def cancel_gesture(self) -> bool:
        """Take back the stroke that is being painted."""
        return self.view.tool.cancel()

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        self.exporter.show_menu(place, hover.layer if hover is not None else None)

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return one view of each layout."""
        return [
            ("rate", partial(self.change, "rate", 24)),
            ("aspp", self._tour_fields),
            ("deeplab", partial(self.change, "layout", "deeplab")),
            ("segment", self._tour_strokes),
        ]

    def _tour_fields(self) -> None:
        self.change("layout", "aspp")
        self.change("fields", True)

    def _tour_strokes(self) -> None:
        """Paint the hippo of the sample, and what is around it."""
        if self.document is None:
            return
        height, width = self.document.pixels.shape[:2]

        def stroke(label: int, *points: tuple[float, float]) -> Stroke:
            places = tuple((x * width, y * height) for x, y in points)
            return Stroke(label, width / 120, places)

        self.change("layout", "segment")
        self.change("strokes", (
            stroke(1, (0.55, 0.38), (0.72, 0.32), (0.78, 0.42)),
            stroke(1, (0.45, 0.5), (0.6, 0.55)),
            stroke(2, (0.08, 0.12), (0.35, 0.1), (0.6, 0.08)),
            stroke(2, (0.1, 0.9), (0.5, 0.94), (0.92, 0.88)),
        ))  # fmt: skip

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)
