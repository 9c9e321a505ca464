"""From a press of Dream to the picture that grows, and its playback."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute.dream import octave_shapes
from pyrviewer.compute.network import Network
from pyrviewer.labs.dream import actions, run
from pyrviewer.labs.dream.dreaming import Dreaming
from pyrviewer.labs.dream.export import DreamExporter
from pyrviewer.labs.dream.filming import Filming
from pyrviewer.labs.dream.hints import offer
from pyrviewer.labs.dream.orders import Orders
from pyrviewer.labs.dream.panel import DreamPanel
from pyrviewer.labs.dream.panes import Scene
from pyrviewer.labs.dream.playback import Playback
from pyrviewer.labs.dream.pointing import Pointing
from pyrviewer.labs.dream.state import ALL, DreamState, resolve, too_small
from pyrviewer.labs.dream.thumbnails import Thumbnails
from pyrviewer.labs.dream.view import NOWHERE, DreamView
from pyrviewer.ui.lab import DocumentLab

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject

    from pyrviewer.compute.dream import DreamTrace
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.dream.run import Dreamt, Explained, Frame, Moment, Shown
    from pyrviewer.labs.dream.shelf import Kept
    from pyrviewer.labs.dream.state import DreamRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext

STEP_NAMES = {
    "layer": "Change layer", "channel": "Change channel", "objective": "Change objective",
    "octaves": "Change octaves", "ratio": "Change ratio", "steps": "Change steps",
    "rate": "Change rate", "even": "Toggle evening out", "seed": "Change seed",
    "guide": "Change guide", "outline": "Change region", "soft": "Change edge",
    "layout": "Change layout", "show": "Change comparison", "frames": "Change frames",
    "zoom": "Change zoom",
}  # fmt: skip
DRAGGED = {"channel", "octaves", "ratio", "steps", "rate", "seed", "soft", "frames", "zoom"}
TOUR_STEPS = 30


class DreamLab(DocumentLab[DreamState]):
    """The Dream lab."""

    key = "dream"
    step_names = STEP_NAMES
    dragged = DRAGGED

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(context, DreamState(), parent)
        self.view: DreamView = DreamView()
        self.panel: DreamPanel = DreamPanel()
        self.transport = self.view.transport
        self.viewports = (self.view.shared,)
        self.scene: Scene | None = None
        self.pace = ("", 0.0)  # of which layer, seconds for each pixel of a step
        self._kept: Kept | None = None
        self._can = (False, False, False)
        self._make_lanes()
        self.thumbnails = Thumbnails(context.jobs, self.panel.gallery, self)
        self.lanes = (*self.lanes, self.thumbnails.lane)
        self.exporter = DreamExporter(self)
        self.filming = Filming(self)
        self.orders = Orders(self)
        self.pointing = Pointing(self)
        self._connect()

    def _connect(self) -> None:
        view, panel, workspace = self.view, self.panel, self.context.workspace
        for segments in (view.layouts, panel.region):
            segments.done.connect(self.focus_view)
        view.changed.connect(self.change)
        view.toggled.connect(self.orders.toggle)
        view.step_wanted.connect(self.orders.step_once)
        view.branch_wanted.connect(self.orders.branch)
        view.moved.connect(self.go)
        panel.changed.connect(self.change)
        panel.film_wanted.connect(self.filming.toggle)
        for signal in (workspace.added, workspace.removed, workspace.replaced):
            signal.connect(self._on_documents)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self.view.banner.follow(self.context.networks)
        self.context.networks.found.connect(self._take_network)
        self._image_lane = make("Preparing the image", self)
        self._image_lane.succeeded.connect(self._take_image)
        self.dreaming = Dreaming(self.context.jobs, self)
        self.dreaming.grown.connect(self._take_moment)
        self.dreaming.rested.connect(self._take_dreamt)
        self.dreaming.completed.connect(self._complete)
        self.dreaming.busy_changed.connect(self._show_buttons)
        self.playback = Playback(self.context.jobs, self)
        self.playback.drawn.connect(self._take_frame)
        self.playback.explained.connect(self._take_explained)
        self.lanes = (self._image_lane, *self.dreaming.lanes, *self.playback.lanes)
        for lane in self.lanes:
            lane.failed.connect(self.context.notices.error)

    # State

    @property
    def dreamt(self) -> Dreamt | None:
        """The dream that can be played back."""
        return self.playback.dreamt

    @property
    def step(self) -> int:
        """How many of its steps are shown."""
        return self.playback.step

    @property
    def busy(self) -> bool:
        """Whether a dream goes on."""
        return self.dreaming.busy

    @property
    def network(self) -> Network | None:
        """The trained network; None where it is not there, or not yet."""
        own = self.context.networks.own
        return own if isinstance(own, Network) else None

    @property
    def request(self) -> DreamRequest | None:
        """What would be dreamt now; None without an image or a network."""
        document, who, state = self.document, self.network, self.state
        if document is None or who is None:
            return None
        return resolve(state, document.pixels, who, self.guide(state.guide))

    def guide(self, key: str) -> Array | None:
        """Return the pixels of the open image that a state names."""
        others = (d for d in self.context.workspace.documents if d is not self.document)
        return next((d.pixels for d in others if d.key == key), None) if key else None

    def changed(self, before: DreamState, name: str, value: object) -> DreamState:
        """Return the state with one parameter changed, and what has to change with it."""
        after = super().changed(before, name, value)
        return replace(after, channel=ALL) if name == "layer" else after

    def leave(self) -> None:
        """Keep what was dreamt of a document, and where it was looked at."""
        if self.scene is not None:
            self.remember_look(self.document)
        self.dreaming.show_document(None)

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self.scene = None
        self.playback.show(None)
        for lane in (self._image_lane, *self.playback.lanes, self.thumbnails.lane):
            lane.cancel()
        self.view.show_empty()
        self.view.draw_region(NOWHERE)
        self.panel.show_octaves((), ())

    def enter(self, document: Document) -> None:
        """Prepare the image."""
        self.context.networks.want()
        self.filming.claim()
        self.dreaming.show_document(document)
        work = partial(run.show_image, pixels=document.pixels, octaves=document.octaves)
        self._image_lane.submit(work)
        self.panel.gallery.forget()
        self._show_guides()

    def _on_documents(self) -> None:
        present = self.context.workspace.documents
        self.dreaming.keep(present)
        if self.document in present:
            self._show_guides()
            self.refresh()

    def _show_guides(self) -> None:
        others = [d for d in self.context.workspace.documents if d is not self.document]
        self.panel.show_guides([(d.name, d.key) for d in others])

    def refresh(self) -> None:
        """Bring everything in line with the state; nothing is dreamt unasked."""
        document, state = self.document, self.state
        if document is None:
            return
        self.view.show_state(state)
        self.view.show_region(state.region, state.soft, document.pixels.shape)
        self.panel.show_state(state, self.view.drawing)
        self.thumbnails.show(self.network, state.layer)
        self._show()

    def _show(self) -> None:
        if self.scene is not None:
            self.view.show_scene(self.scene, self.state)
            if self.state.layout == "gradient" and not self.busy:
                self.playback.explain()
        self._show_buttons()

    # The network and the image

    def _take_network(self) -> None:
        """Offer the layers of the trained network, once it is read."""
        who = self.network
        if who is not None:
            self.panel.show_layers(who.layers, who.classes)
        self.view.banner.show_missing(who is None and self.context.networks.own is not None)
        self.refresh()
        self.actions_changed.emit()

    def _take_image(self, shown: Shown) -> None:
        document = self.document
        if document is None or shown.source is not document.pixels:
            return
        self.scene = Scene(shown)
        self.recall_look(document)
        self._show()
        self.dreaming.show()

    # Dreaming

    def _take_moment(self, moment: Moment) -> None:
        scene, dreamt = self.scene, moment.dreamt
        self.pace = (dreamt.request.state.layer, moment.pace)
        if scene is None:
            return
        live = (*(tile.picture for tile in dreamt.tiles), moment.picture)
        self.scene = replace(scene, moment=moment, live=live, tiles=dreamt.tiles)
        self._show_position(dreamt.trace, dreamt.length)
        self.view.show_scene(self.scene, self.state)
        self._show_octaves()

    def _take_dreamt(self, kept: Kept | None) -> None:
        self._kept = kept
        dreamt = kept.dreamt if kept is not None else None
        self.playback.show(dreamt)
        tiles = dreamt.tiles if dreamt is not None else ()
        if self.scene is not None:
            self.scene = replace(self.scene, moment=None, frame=None, tiles=tiles, explained=None)
        if kept is not None:
            self.go(kept.step)
        else:
            self._show()
        self._show_octaves()
        self.actions_changed.emit()

    def _complete(self, dreamt: Dreamt) -> None:
        """Show what the octave that was not finished has added so far."""
        self.playback.dreamt = dreamt
        if self.scene is not None:
            self.scene = replace(self.scene, live=(), tiles=dreamt.tiles)
        self._show_octaves()
        self._show()

    # Playback

    def go(self, step: int) -> None:
        """Show what was seen after so many steps."""
        dreamt, kept = self.dreamt, self._kept
        if dreamt is not None and kept is not None and not self.busy:
            self.playback.go(step)
            kept.step = self.step
            self._show_position(dreamt.trace, self.step)
            self._show_buttons()

    def _show_position(self, trace: DreamTrace, step: int) -> None:
        octave = trace.steps[step - 1].octave if step else -1
        where = f"octave {octave + 1} of {len(trace.shapes)}" if step else "the beginning"
        label = f"step {step} of {trace.planned}, {where}"
        self.view.transport.show_range(len(trace.steps), step, label)

    def _take_frame(self, frame: Frame) -> None:
        if self.scene is not None and not self.busy:
            self.scene = replace(self.scene, frame=frame, moment=None)
            self._show()

    def _take_explained(self, explained: Explained) -> None:
        if self.scene is not None:
            self.scene = replace(self.scene, explained=explained)
            self._show()

    # What can be done

    @property
    def problem(self) -> str:
        """Why nothing can be dreamt of the picture, for a person; nothing where it can."""
        document, request = self.document, self.request
        return too_small(document.name, request) if document is not None and request else ""

    @property
    def prepared(self) -> bool:
        """Whether there are a picture and a network that can dream of it."""
        return self.request is not None and self.scene is not None and not self.problem

    @property
    def ready(self) -> bool:
        """Whether a dream can begin, or be paused."""
        return self.prepared and not self.filming.here

    def _show_buttons(self) -> None:
        offered, view = offer(self), self.view
        view.go.setText(offered.go)
        view.go.setEnabled(offered.can_go)
        view.step.setEnabled(offered.can_step)
        view.branch.setText(offered.branch)
        view.branch.setEnabled(offered.can_branch)
        view.hint.setText(offered.hint)
        view.transport.setEnabled(self.can_play())
        view.show_comparing(self.state.layout == "dream" and self.ready)
        self.panel.show_plan(self._shapes, self.state.steps, self.problem)
        self.filming.show_plan()
        self._show_octaves()
        can = (offered.can_go, offered.can_step, offered.can_branch)
        if can != self._can:
            self._can = can
            self.actions_changed.emit()

    @property
    def _shapes(self) -> Sequence[tuple[int, int]]:
        """The octaves of a dream that would begin now."""
        request = self.request
        if request is None or self.problem:
            return ()
        state, height, width = request.state, *request.pixels.shape[:2]
        layer = request.network.layer(state.layer)
        return octave_shapes((height, width), state.octaves, state.ratio, layer)

    def _show_octaves(self) -> None:
        moment = self.scene.moment if self.scene is not None else None
        dreamt = moment.dreamt if moment is not None else self.dreamt
        if dreamt is None:
            self.panel.show_octaves(self._shapes, ())
        else:
            self.panel.show_octaves(dreamt.trace.shapes, dreamt.tiles)

    def show_film(self, frame: Shown | None) -> None:
        """Show a frame of the film of the present picture, or the picture again."""
        if self.scene is not None:
            self.scene = replace(self.scene, film=frame)
            self._show()

    # Shell

    def peek(self, on: bool) -> None:
        """Show the original."""
        self.view.grid.set_peeking(on)

    def cancel_gesture(self) -> bool:
        """Take back the region that is being dragged."""
        return self.view.tool.cancel()

    def can_play(self) -> bool:
        """Tell whether there is something to play back, or to pause."""
        return self.busy or (self.dreamt is not None and not self.filming.here)

    def play(self) -> None:
        """Pause a dream that goes on, else play it back."""
        (self.dreaming.pause if self.busy else super().play)()

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return the dream, its octaves and its gradient."""
        request = self.request
        if request is None:
            return ()
        return [
            ("growing", partial(self.orders.dream, request, None, 0, "Dream", TOUR_STEPS)),
            ("octaves", partial(self.change, "layout", "octaves")),
            ("gradient", partial(self.change, "layout", "gradient")),
        ]

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)
