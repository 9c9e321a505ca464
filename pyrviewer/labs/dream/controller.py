"""From a press of Dream to the picture that grows, and its playback."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pyrviewer.labs.dream import actions, run
from pyrviewer.labs.dream.export import DreamExporter
from pyrviewer.labs.dream.hints import hint
from pyrviewer.labs.dream.loading import Loading
from pyrviewer.labs.dream.panel import DreamPanel
from pyrviewer.labs.dream.panes import Scene
from pyrviewer.labs.dream.playback import Playback
from pyrviewer.labs.dream.pointing import Pointing
from pyrviewer.labs.dream.run import Dreamt, Moment
from pyrviewer.labs.dream.state import ALL, DreamState, resolve
from pyrviewer.labs.dream.thumbnails import Thumbnails
from pyrviewer.labs.dream.view import NOWHERE, DreamView
from pyrviewer.ui.lab import DocumentLab

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject

    from pyrviewer.compute.dream import Step
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.dream.run import Explained, Frame, Loaded, Shown
    from pyrviewer.labs.dream.state import DreamRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext

STEP_NAMES = {
    "layer": "Change layer", "channel": "Change channel", "octaves": "Change octaves",
    "ratio": "Change ratio", "steps": "Change steps", "rate": "Change rate",
    "even": "Toggle evening out", "seed": "Change seed", "guide": "Change guide",
    "outline": "Change region", "soft": "Change edge", "layout": "Change layout",
    "show": "Change comparison", "frames": "Change frames", "zoom": "Change zoom",
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
        self._moment: Moment | None = None
        self._kept: WeakKeyDictionary[Document, Dreamt | Moment] = WeakKeyDictionary()
        self._make_lanes()
        self.thumbnails = Thumbnails(context.jobs, self.panel.gallery, self)
        self.lanes = (*self.lanes, self.thumbnails.lane)
        self.exporter = DreamExporter(self)
        self.exporter.lane.partial.connect(self._take_film)
        self.exporter.lane.busy_changed.connect(self._on_film)
        self.pointing = Pointing(self)
        self._connect()

    def _connect(self) -> None:
        view, panel, workspace = self.view, self.panel, self.context.workspace
        for segments in (view.layouts, panel.region):
            segments.done.connect(self.focus_view)
        view.changed.connect(self.change)
        view.toggled.connect(self.toggle)
        view.step_wanted.connect(self.step_once)
        view.branch_wanted.connect(self.branch)
        view.moved.connect(self.go)
        panel.changed.connect(self.change)
        panel.film_wanted.connect(self.exporter.save_film)
        for signal in (workspace.added, workspace.removed, workspace.replaced):
            signal.connect(self._on_documents)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self.loading = Loading(self.context, self.view.banner, self)
        self.loading.found.connect(self._take_network)
        self._image_lane = make("Preparing the image", self)
        self._image_lane.succeeded.connect(self._take_image)
        self._dream_lane = make("Dreaming", self)
        self._dream_lane.partial.connect(self._take_moment)
        self._dream_lane.succeeded.connect(self._take_dreamt)
        self._dream_lane.cancelled.connect(self._on_stopped)
        self._dream_lane.failed.connect(self._on_stopped)
        self._dream_lane.busy_changed.connect(self._show_buttons)
        self._rest_lane = make("Keeping the dream", self)
        self._rest_lane.succeeded.connect(self._take_dreamt)
        self._rest_lane.busy_changed.connect(self._show_buttons)
        self.playback = Playback(self.context.jobs, self)
        self.playback.drawn.connect(self._take_frame)
        self.playback.explained.connect(self._take_explained)
        self.lanes = (
            *self.loading.lanes, self._image_lane, self._dream_lane, self._rest_lane,
            *self.playback.lanes,
        )  # fmt: skip
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
        """Whether a dream goes on, or is being kept after it was paused."""
        return self._dream_lane.busy or self._rest_lane.busy

    @property
    def request(self) -> DreamRequest | None:
        """What would be dreamt now; None without an image or a network."""
        document, who, state = self.document, self.loading.network, self.state
        if document is None or who is None:
            return None
        return resolve(state, document.pixels, who, self._guide(state.guide))

    def _guide(self, key: str) -> Array | None:
        others = (d for d in self.context.workspace.documents if d is not self.document)
        return next((d.pixels for d in others if d.key == key), None) if key else None

    def changed(self, before: DreamState, name: str, value: object) -> DreamState:
        """Return the state with one parameter changed, and what has to change with it."""
        after = super().changed(before, name, value)
        return replace(after, channel=ALL) if name == "layer" else after

    def leave(self) -> None:
        """Keep what was dreamt of a document, and where it was looked at."""
        document, left = self.document, self._moment or self.dreamt
        if self.scene is not None:
            self.remember_look(document)
        if document in self.context.workspace.documents and left is not None:
            self._kept[document] = left

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self._moment = self.scene = None
        self.playback.show(None)
        for lane in (*self.lanes[2:7], self.thumbnails.lane):
            lane.cancel()
        self.view.show_empty()
        self.view.draw_region(NOWHERE)
        self.panel.show_tiles(())

    def enter(self, document: Document) -> None:
        """Prepare the image."""
        self.loading.start()
        work = partial(run.show_image, pixels=document.pixels, octaves=document.octaves)
        self._image_lane.submit(work)
        self.panel.gallery.forget()
        self._show_guides()

    def _on_documents(self) -> None:
        present = self.context.workspace.documents
        for document in list(self._kept):
            if document not in present:
                del self._kept[document]
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
        self.view.show_region(state.region)
        self.panel.show_state(state, document.pixels.shape, self.view.drawing)
        self.thumbnails.show(self.loading.network, state.layer)
        self._show()

    def _show(self) -> None:
        if self.scene is not None:
            self.view.show_scene(self.scene, self.state)
            if self.state.layout == "gradient" and not self.busy:
                self.playback.explain()
        self._show_buttons()

    # The network and the image

    def _take_network(self, loaded: Loaded) -> None:
        if loaded.network is not None:
            self.panel.show_layers(loaded.network.layers, loaded.classes)
        self.refresh()
        self.actions_changed.emit()

    def _take_image(self, shown: Shown) -> None:
        document = self.document
        if document is None or shown.source is not document.pixels:
            return
        self.scene = Scene(shown)
        self.recall_look(document)
        kept = self._kept.pop(document, None)
        if isinstance(kept, Moment):
            self._rest_lane.submit(partial(run.rest, moment=kept))
        elif kept is not None:
            self._take_dreamt(kept)
        self._show()

    # Dreaming

    def toggle(self) -> None:
        """Dream; pause; go on."""
        request, dreamt = self.request, self.dreamt
        if self.busy:
            self._dream_lane.cancel()
        elif request is None or self.scene is None:
            return
        elif dreamt is not None and not dreamt.done and request.same_as(dreamt.request):
            self._dream(dreamt.request, dreamt, dreamt.length)
        else:
            self._dream(request, None, 0)

    def step_once(self) -> None:
        """Make one more step of the dream, and rest."""
        request, dreamt = self.request, self.dreamt
        if request is None or self.busy or self.scene is None:
            return
        if dreamt is not None and not dreamt.done:
            same = request.same_as(dreamt.request)
            self._dream(dreamt.request if same else request, dreamt, dreamt.length, most=1)
        else:
            self._dream(request, None, 0, most=1)

    def branch(self) -> None:
        """Dream on from the step that is shown, with the present settings."""
        request = self.request
        if request is not None and self.dreamt is not None and not self.busy:
            self._dream(request, self.dreamt, self.step)

    def _dream(self, request: DreamRequest, base: Dreamt | None, kept: int, most: int = 0) -> None:
        self.view.transport.stop()
        if base is not None:
            old = base.request.state
            state = replace(request.state, octaves=old.octaves, ratio=old.ratio)
            if state != request.state:
                request = replace(request, state=state)
        self._dream_lane.submit(
            partial(run.dream_on, request=request, base=base, kept=kept, most=most)
        )

    def _take_moment(self, moment: Moment) -> None:
        self._moment = moment
        scene = self.scene
        if scene is None:
            return
        live = (*(tile.picture for tile in moment.tiles), moment.picture)
        self.scene = replace(scene, moment=moment, live=live, tiles=moment.tiles, film=None)
        planned = moment.count * moment.requests[-1].state.steps
        self._show_position(moment.steps, len(moment.steps), moment.count, planned)
        self.view.show_scene(self.scene, self.state)
        if len(moment.tiles) != self.panel.table.rowCount():
            self.panel.show_tiles(moment.tiles)

    def _take_dreamt(self, dreamt: Dreamt) -> None:
        self._moment = None
        self.playback.show(dreamt)
        if self.scene is not None:
            self.scene = replace(self.scene, moment=None, live=(), tiles=dreamt.tiles, film=None)
        self.panel.show_tiles(dreamt.tiles)
        self.go(dreamt.length)
        self.actions_changed.emit()

    def _on_stopped(self) -> None:
        """Keep a dream that was paused, or that failed on the way."""
        if self._moment is not None:
            self._rest_lane.submit(partial(run.rest, moment=self._moment))

    # Playback

    def go(self, step: int) -> None:
        """Show what was seen after so many steps."""
        dreamt = self.dreamt
        if dreamt is not None and not self.busy:
            self.playback.go(step)
            count = len(dreamt.trace.octaves)
            self._show_position(dreamt.trace.steps, self.step, count, dreamt.length)

    def _show_position(self, steps: Sequence[Step], step: int, octaves: int, length: int) -> None:
        where = f"octave {steps[step - 1].octave + 1} of {octaves}" if step else "the beginning"
        self.view.transport.setVisible(True)
        self.view.transport.show_range(length, step, f"step {step} of {length}, {where}")

    def _take_frame(self, frame: Frame) -> None:
        if self.scene is not None and not self.busy:
            self.scene = replace(self.scene, frame=frame, moment=None)
            self._show()

    def _take_explained(self, explained: Explained) -> None:
        if self.scene is not None:
            self.scene = replace(self.scene, explained=explained)
            self._show()

    # What can be done

    def _show_buttons(self) -> None:
        view, request, dreamt = self.view, self.request, self.dreamt
        ready = request is not None and self.scene is not None
        same = dreamt is not None and request is not None and request.same_as(dreamt.request)
        done = dreamt is not None and dreamt.done
        view.go.setText("Pause" if self.busy else "Go on" if same and not done else "Dream")
        view.go.setEnabled(ready and not self._rest_lane.busy)
        view.step.setEnabled(ready and not self.busy and not (same and done))
        view.branch.setEnabled(ready and dreamt is not None and not self.busy)
        self.panel.film.setEnabled(ready)
        silent = self.busy or not ready
        view.hint.setText("" if silent else hint(dreamt, self.state.layout, same=same))

    def _take_film(self, shown: Shown) -> None:
        if self.scene is not None:
            self.scene = replace(self.scene, film=shown)
            self.view.show_scene(self.scene, self.state)

    def _on_film(self, busy: bool) -> None:
        if not busy and self.scene is not None:
            self.scene = replace(self.scene, film=None)
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
        return self.busy or self.dreamt is not None

    def play(self) -> None:
        """Pause a dream that goes on, else play it back."""
        (self.toggle if self.busy else super().play)()

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return the dream, its octaves and its gradient."""
        request = self.request
        if request is None:
            return ()
        return [
            ("growing", partial(self._dream, request, None, 0, TOUR_STEPS)),
            ("octaves", partial(self.change, "layout", "octaves")),
            ("gradient", partial(self.change, "layout", "gradient")),
        ]

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)

    def focus_view(self) -> None:
        """Give the keyboard to the panes."""
        self.view.grid.focus_view()
