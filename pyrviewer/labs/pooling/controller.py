"""From what was chosen in the Pooling lab to what is on the screen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pyrviewer.compute import deep_install, network
from pyrviewer.labs.pooling import actions, run
from pyrviewer.labs.pooling.export import PoolingExporter
from pyrviewer.labs.pooling.panel import PoolingPanel
from pyrviewer.labs.pooling.pointing import Pointing
from pyrviewer.labs.pooling.state import ALL, PoolingState, resolve
from pyrviewer.labs.pooling.view import PoolingView
from pyrviewer.ui.lab import Lab, LabContext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject, QPoint

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.pooling.run import Neighbour, Pooled
    from pyrviewer.labs.pooling.state import PoolingRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.navigator import Hover

KEY = "pooling"
STEP_NAMES = {
    "layout": "Change layout", "layer": "Change maps", "channel": "Change channel",
    "side": "Change input size", "rect": "Take a part", "levels": "Change grids",
    "rule": "Change rule of bins", "reduce": "Change what bins keep", "grid": "Change bins",
    "bins": "Change bins of context", "corners": "Change enlarging",
    "mean": "Change what context keeps", "reduced": "Reduce channels",
}  # fmt: skip
DRAGGED = {"channel", "side", "grid"}


class PoolingLab(Lab):
    """The Pooling lab."""

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(parent)
        self.context = context
        self.view: PoolingView = PoolingView()
        self.panel: PoolingPanel = PoolingPanel()
        self.document: Document | None = None
        self.found: Pooled | None = None
        self.neighbours: list[Neighbour] = []
        self._source: FeatureSource | None = None
        self._request: PoolingRequest | None = None
        self._cropping: tuple[int, ...] | None = None
        self._known: dict[int, Neighbour] = {}
        self._compared: PoolingState | None = None
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
        view.banner.install_wanted.connect(self.install)
        panel.changed.connect(self.change)
        panel.whole_wanted.connect(self.take_whole)
        context.workspace.removed.connect(self._on_documents)
        context.workspace.opened.connect(self._on_documents)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self._source_lane = make("Loading the network", self)
        self._source_lane.succeeded.connect(self._take_source)
        self._install_lane = make("Installing the network", self)
        self._install_lane.succeeded.connect(self._take_install)
        self._install_lane.busy_changed.connect(self.view.banner.show_busy)
        self._image_lane = make("Preparing the image", self)
        self._image_lane.succeeded.connect(self._take_image)
        self._pool_lane = make("Pooling", self)
        self._pool_lane.succeeded.connect(self._take_pooled)
        self._compare_lane = make("Comparing the images", self)
        self._compare_lane.succeeded.connect(self._take_neighbours)
        self.lanes = (
            self._source_lane, self._install_lane, self._image_lane, self._pool_lane,
            self._compare_lane,
        )  # fmt: skip
        for lane in self.lanes:
            lane.failed.connect(self.context.notices.error)

    # State

    @property
    def state(self) -> PoolingState:
        """The parameters on the present document."""
        default = PoolingState()
        return self.document.state(KEY, default) if self.document else default

    def change(self, name: str, value: object) -> None:
        """Change one parameter as an undoable step."""
        if self.document is None:
            return
        before = self.state
        after = replace(before, **cast("dict[str, Any]", {name: value}))
        if name == "layer":
            after = replace(after, channel=ALL)
        self.document.change(KEY, before, after, STEP_NAMES[name], name if name in DRAGGED else "")

    def show_document(self, document: Document | None) -> None:
        """Show a document, or nothing."""
        if self.document is not None:
            self.document.state_changed.disconnect(self._on_state)
        if self._image:
            self.remember_look(self.document)
        self.document = document
        self._request = self.found = self._cropping = None
        self._image, self.neighbours = (), []
        for lane in self.lanes[2:5]:
            lane.cancel()
        self.view.show_empty()
        self.pointing.forget()
        if document is None:
            self._known = {}
            return
        document.state_changed.connect(self._on_state)
        if self._source is None and not self._source_lane.busy:
            self._source_lane.submit(run.load_source)
        work = partial(run.show_image, pixels=document.pixels, octaves=document.octaves)
        self._image_lane.submit(work)
        self._refresh()

    def _on_state(self, key: str) -> None:
        if key == KEY:
            self._refresh()

    def _refresh(self) -> None:
        """Pool again where the result may have changed, and show the rest at once."""
        document, state = self.document, self.state
        if document is None:
            return
        self.panel.show_state(state)
        self.view.show_layout(state.layout)
        if self._cropping is None:
            self.view.show_crop(state.rect)
        else:
            state = replace(state, rect=self._cropping)
        request = resolve(state, document.pixels, self._source)
        if not request.same_as(self._request):
            self._request = request
            before, shown = self.found, ALL
            if before is not None and before.maps.request.layer == request.maps.layer:
                shown = before.channel  # a crop must not make the panes jump to another one
            ready = before.maps if before is not None else None
            work = partial(run.run, request=request, ready=ready, automatic=shown)
            self._pool_lane.submit(work)
        elif self.found is not None:
            self._show()
        if state.layout == "neighbours":
            self._compare()

    def _show(self) -> None:
        found = self.found
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

    def _take_pooled(self, found: Pooled) -> None:
        self.found = found
        self._show()
        self.actions_changed.emit()

    # The network

    def _take_source(self, source: FeatureSource) -> None:
        self._source = source
        self.panel.show_layers(source.layers)
        self.view.banner.show_missing(not source.learned)
        self._known = {}
        self._refresh()

    def install(self) -> None:
        """Bring the trained network with pip."""
        self._install_lane.submit(deep_install.install)

    def _take_install(self) -> None:
        if network.available():
            self.context.notices.info("The network was installed.")
        self._source_lane.submit(run.load_source)

    # Parts of the image

    def _on_cropping(self, rect: tuple[int, ...] | None) -> None:
        """Pool what the mouse draws, before it is a step that can be undone."""
        self._cropping = tuple(rect) if rect is not None else ()
        self._refresh()

    def _on_cropped(self, rect: tuple[int, ...] | None) -> None:
        self._cropping = None
        self.change("rect", tuple(rect) if rect is not None else ())
        self._refresh()

    def take_whole(self) -> None:
        """Pool the whole image again."""
        self.change("rect", ())

    def cancel_gesture(self) -> bool:
        """Restore the rectangle that is being dragged."""
        if not self.view.tool.cancel():
            return False
        self._cropping = None
        self._refresh()
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
            run.Named(each.id, each.name, resolve(state, each.pixels, self._source))
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
        """Open the image that was clicked."""
        if self.state.layout == "neighbours" and hover.level < len(self.neighbours):
            wanted = self.neighbours[hover.level].id
            for document in self.context.workspace.documents:
                if document.id == wanted:
                    own = document.state(KEY, PoolingState())
                    document.adopt(KEY, replace(self.state, rect=own.rect), over=True)
                    self.context.workspace.activate(document)
                    return

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        self.exporter.show_menu(place, hover.layer if hover is not None else None)

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return one view of each layout."""
        layer = "block 3" if network.available() else self.state.layer
        return [
            ("pyramid", partial(self.change, "layer", layer)),
            ("rules", self._tour_rules),
            ("context", partial(self.change, "layout", "context")),
        ]

    def _tour_rules(self) -> None:
        self.change("layout", "rules")
        self.change("grid", 5)

    def peek(self, on: bool) -> None:
        """Show the map in the panes of its grids."""
        self.view.grid.set_peeking(on)

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)

    def focus_view(self) -> None:
        """Give the keyboard to the panes."""
        self.view.grid.focus_view()
