"""From what was chosen in the Pooling lab to what is on the screen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute import network
from pyrviewer.labs.pooling import actions, run
from pyrviewer.labs.pooling.export import PoolingExporter
from pyrviewer.labs.pooling.panel import PoolingPanel
from pyrviewer.labs.pooling.pointing import Pointing
from pyrviewer.labs.pooling.state import ALL, COLOURS, PoolingState, resolve
from pyrviewer.labs.pooling.view import PoolingView
from pyrviewer.ui.lab import DocumentLab
from pyrviewer.ui.networks import LabNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject, QPoint

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.pooling.run import Neighbour, Pooled
    from pyrviewer.labs.pooling.state import PoolingRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.navigator import Hover

STEP_NAMES = {
    "layout": "Change layout", "network": "Change network",
    "scale": "Change what pixels are taken as", "layer": "Change maps", "channel": "Change channel",
    "side": "Change input size", "rect": "Take a part", "levels": "Change grids",
    "rule": "Change rule of bins", "reduce": "Change what bins keep", "grid": "Change bins",
    "bins": "Change bins of context", "corners": "Change enlarging",
    "mean": "Change what context keeps", "reduced": "Reduce channels",
    "count": "Change number of channels",
}  # fmt: skip
DRAGGED = {"channel", "side", "grid"}
TOUR = ("pyramid", "rules", "context")


class PoolingLab(DocumentLab[PoolingState]):
    """The Pooling lab."""

    key = "pooling"
    step_names = STEP_NAMES
    dragged = DRAGGED

    def __init__(self, context: LabContext, parent: QObject) -> None:
        first = run.OWN_LAYER if network.available() else COLOURS
        super().__init__(context, PoolingState(layer=first), parent)
        self.view: PoolingView = PoolingView()
        self.panel: PoolingPanel = PoolingPanel()
        self.found: Pooled | None = None
        self.neighbours: list[Neighbour] = []
        self._shown_source: FeatureSource | None = None
        self._request: PoolingRequest | None = None
        self._cropping: tuple[int, ...] | None = None
        self._known: dict[int, Neighbour] = {}
        self._compared: PoolingState | None = None
        self._problem = ""  # why there are no maps
        self._image: tuple[Array, ...] = ()
        self._make_lanes()
        self.exporter = PoolingExporter(self)
        self.viewports = (self.view.shared, self.view.map_view, self.view.grid_view)
        self.pointing = Pointing(self)
        view, panel = self.view, self.panel
        view.changed.connect(self.change)
        view.cropping.connect(self._on_cropping)
        view.cropped.connect(self._on_cropped)
        view.clicked.connect(self._on_clicked)
        view.menu_requested.connect(self._on_menu)
        self.network = LabNetwork(self, panel.network, view.banner)
        panel.changed.connect(self.change)
        panel.whole_wanted.connect(self.take_whole)
        panel.table.chosen.connect(self._open_neighbour)
        context.workspace.removed.connect(self._on_documents)
        context.workspace.opened.connect(self._on_documents)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self._image_lane = make("Preparing the image", self)
        self._image_lane.succeeded.connect(self._take_image)
        self._pool_lane = make("Pooling", self)
        self._pool_lane.succeeded.connect(self._take_pooled)
        self._compare_lane = make("Comparing the images", self)
        self._compare_lane.succeeded.connect(self._take_neighbours)
        self._work_lanes = self._image_lane, self._pool_lane, self._compare_lane
        self._pool_lane.failed.connect(self._fail)
        for lane in self._work_lanes:
            lane.failed.connect(self.context.notices.error)
        self.lanes = self._work_lanes

    # State

    def changed(self, before: PoolingState, name: str, value: object) -> PoolingState:
        """Return the state with one parameter changed, and what has to change with it."""
        after = super().changed(before, name, value)
        if name == "network":
            source = self.context.networks.source(after.network, after.scale)
            after = replace(after, layer=run.default_layer(source))
        return replace(after, channel=ALL) if name in ("network", "layer") else after

    def leave(self) -> None:
        """Keep where the panes look."""
        if self._image:
            self.remember_look(self.document)

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self._request = self.found = self._cropping = None
        self._image, self.neighbours, self._problem = (), [], ""
        for lane in self._work_lanes:
            lane.cancel()
        self.view.show_empty()
        self.pointing.forget()

    def enter(self, document: Document) -> None:
        """Prepare the image."""
        work = partial(run.show_image, pixels=document.pixels, octaves=document.octaves)
        self._image_lane.submit(work)

    def refresh(self) -> None:
        """Pool again where the result may have changed, and show the rest at once."""
        document, state = self.document, self.state
        if document is None:
            return
        source = self.network.source
        self._show_source(source)
        self.panel.show_state(state)
        if source is None and state.network:
            return  # what is shown stays until it is read
        self.view.show_layout(state.layout)
        if self._cropping is None:
            self.view.show_crop(state.rect)
        else:
            state = replace(state, rect=self._cropping)
        request = resolve(state, document.pixels, source)
        if not request.same_as(self._request):
            self._request = request
            work = partial(run.run, request=request, before=self.found)
            self._pool_lane.submit(work)
        elif self.found is not None:
            self._show()
        if state.layout == "neighbours":
            self._compare()

    def _show(self) -> None:
        found = self.found
        if self._problem and self._image and self.state.layout != "neighbours":
            self.view.show_alone(self._problem)
        if found is None or not self._image:
            return
        self.panel.show_found(found)
        if found.request.state.layout != "neighbours":
            self.view.show_pooled(found)
        elif self.neighbours:
            self.view.show_neighbours(self.neighbours)

    def _take_image(self, mips: tuple[Array, ...]) -> None:
        if self.document is not None:
            self._image = mips
            self.recall_look(self.document)
            self.view.show_image(self.document.pixels, mips)
            self.view.show_crop(self.state.rect)
            self._show()

    def _fail(self, error: Exception) -> None:
        """Show the image alone: the maps on the screen are of something else."""
        self.found, self._problem = None, f"No maps. {error}"
        self.panel.show_nothing()
        self._show()
        self.actions_changed.emit()

    def _take_pooled(self, found: Pooled) -> None:
        self.found, self._problem = found, ""
        self._show()
        self.actions_changed.emit()

    # The network

    def _show_source(self, source: FeatureSource | None) -> None:
        """Offer the layers of another network."""
        if source is None or source is self._shown_source:
            return
        self._shown_source, self._known = source, {}
        self.panel.show_source(source)
        self.view.banner.show_missing(not source.learned)

    # Parts of the image

    def _on_cropping(self, rect: tuple[int, ...] | None) -> None:
        """Pool what the mouse draws, before it is a step that can be undone."""
        self._cropping = tuple(rect) if rect is not None else ()
        self.refresh()

    def _on_cropped(self, rect: tuple[int, ...] | None) -> None:
        self._cropping = None
        self.change("rect", tuple(rect) if rect is not None else ())
        self.refresh()

    def take_whole(self) -> None:
        """Pool the whole image again."""
        self.change("rect", ())

    def cancel_gesture(self) -> bool:
        """Restore the rectangle that is being dragged."""
        if not self.view.tool.cancel():
            return False
        self._cropping = None
        self.refresh()
        return True

    # The open images

    def _compare(self) -> None:
        """Pool all open images as the active one, each as a whole."""
        document, state = self.document, replace(self.state, rect=(), layout="neighbours")
        if document is None:
            return
        if state != self._compared:
            self._compared, self._known = state, {}
        others = [d for d in self.context.workspace.documents if d is not document]
        images = [
            run.Named(each.id, each.name, resolve(state, each.pixels, self._shown_source))
            for each in (document, *others)
        ]
        self._compare_lane.submit(partial(run.compare, images=images, known=dict(self._known)))

    def _take_neighbours(self, found: list[Neighbour]) -> None:
        self.neighbours = found
        self._known = {one.id: one for one in found}
        self.panel.show_neighbours(found)
        if self.state.layout == "neighbours":
            self.view.show_neighbours(found)

    def _on_documents(self, changed: Document) -> None:
        """Compare again after an image was opened or closed."""
        self._known.pop(changed.id, None)
        if self.document is not None and self.state.layout == "neighbours":
            self._compare()

    # Shell

    def _on_clicked(self, hover: Hover) -> None:
        """Open the image, or choose the channel, that was clicked."""
        spot = self.pointing.spot(hover)
        if spot is not None and spot.kind == "channel" and self.found is not None:
            self.change("channel", self.found.maps.order[spot.index])
        elif self.state.layout == "neighbours" and hover.level < len(self.neighbours):
            self._open_neighbour(hover.level)

    def _open_neighbour(self, index: int) -> None:
        """Show one of the open images, compared with the others in the same way."""
        present = self.state

        def adapt(own: PoolingState) -> PoolingState:
            return replace(present, rect=own.rect)

        self.go_to(self.neighbours[index].id, adapt, "Compare as the others")

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        self.exporter.show_menu(place, hover.layer if hover is not None else None)

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return one view of each layout that shows a single image."""
        return [(name, partial(self.change, "layout", name)) for name in TOUR]

    def peek(self, on: bool) -> None:
        """Show the map in the panes of its grids."""
        self.view.grid.set_peeking(on)

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)
