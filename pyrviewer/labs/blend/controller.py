"""From two pictures and a mask to the blend on the screen, live."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from pyrviewer.compute import geometry
from pyrviewer.labs.blend import actions, run
from pyrviewer.labs.blend.details import Details
from pyrviewer.labs.blend.export import BlendExporter
from pyrviewer.labs.blend.hands import Hands
from pyrviewer.labs.blend.masking import Masking
from pyrviewer.labs.blend.painting import Painting
from pyrviewer.labs.blend.panel import BlendPanel
from pyrviewer.labs.blend.panes import Scene
from pyrviewer.labs.blend.partners import Partners
from pyrviewer.labs.blend.placing import Placing
from pyrviewer.labs.blend.preview import Previewer
from pyrviewer.labs.blend.state import LAYOUTS, Blending, BlendState, PairRequest, options
from pyrviewer.labs.blend.view import BlendView
from pyrviewer.labs.blend.xray import XRay
from pyrviewer.session import samples
from pyrviewer.ui.lab import DocumentLab
from pyrviewer.ui.navigator import readout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QObject, QPoint

    from pyrviewer.compute.mask import Mask
    from pyrviewer.labs.blend.run import MaskSource, Pair, Result, Shown
    from pyrviewer.labs.blend.state import Options
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.navigator import Hover

    Weights = tuple[tuple[str, Shown], ...]

LONELY = "Open a second picture: it is B, and the mask says where it shows."
STEP_NAMES = {
    "other": "Choose B", "place": "Move B", "scale": "Resize B", "frame": "Change frame",
    "outline": "Draw mask", "soft": "Change edge", "inverted": "Invert mask",
    "levels": "Change levels", "linear": "Toggle linear light", "wrap": "Toggle wrapping",
    "gains": "Change gain", "layout": "Change layout", "show": "Change comparison",
    "against": "Change comparison", "selected": "Select level",
}  # fmt: skip
DRAGGED = {"place", "scale", "soft", "levels", "gains", "selected", "layout", "show", "against"}


class BlendLab(DocumentLab[BlendState]):
    """The Blend lab."""

    key = "blend"
    step_names = STEP_NAMES
    dragged = DRAGGED

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(context, BlendState(), parent)
        self.view: BlendView = BlendView()
        self.panel: BlendPanel = BlendPanel()
        self.transport = self.view.transport
        self.viewports = (self.view.shared,)
        self.scene = Scene()
        self._request: PairRequest | None = None
        self._blending: Blending | None = None
        self._strokes = 0
        self._other = ""  # the key of B, chosen or found
        self._weights: WeakKeyDictionary[Document, Weights] = WeakKeyDictionary()
        self.partners = Partners(context, self)
        self.partners.changed.connect(self._on_others)
        self.previewer = Previewer(context.jobs, self)
        self.previewer.drawn.connect(self.view.show_preview)
        self.painting = Painting(context.jobs, self)
        self.painting.changed.connect(self._on_painted)
        self.hands = Hands(self)
        self.masking = Masking(self)
        self.placing = Placing(self)
        self.xray = XRay(self)
        self._make_lanes()
        self.exporter = BlendExporter(self)
        view, panel = self.view, self.panel
        view.changed.connect(self.change)
        view.tool_chosen.connect(self.hands.take)
        for segments in (view.tools, view.layouts):
            segments.done.connect(self.focus_view)
        view.hovered.connect(self._on_hovered)
        view.menu_requested.connect(self._on_menu)
        view.settled.connect(self._on_settled)
        panel.changed.connect(self.change)
        panel.acted.connect(self.act)
        self.hands.switched.connect(self._on_tool)
        self.hands.revealed.connect(view.redraw)
        self.view.set_tool(self.hands.name, self.hands.tool)

    def _make_lanes(self) -> None:
        context, make = self.context, self.context.jobs.lane
        self._single_lane = make("Preparing the picture", self)
        self._single_lane.succeeded.connect(self._take_single)
        self._pair_lane = make("Preparing the pictures", self)
        self._pair_lane.succeeded.connect(self._take_pair)
        self._pair_lane.failed.connect(self._fail_pair)
        self._blend_lane = make("Blending", self)
        self._blend_lane.partial.connect(self._take_mask)
        self._blend_lane.succeeded.connect(self._take_result)
        self._blend_lane.cancelled.connect(self._on_stopped)
        self.details = Details(context.jobs, self)
        self.details.found.connect(self._take_detail)
        self.details.freed.connect(self._show)
        self.lanes = (
            self._single_lane, self._pair_lane, self._blend_lane, self.details.lane,
            self.partners.lane, *self.previewer.lanes, *self.painting.lanes, *self.placing.lanes,
        )  # fmt: skip
        for lane in self.lanes:
            if lane is not self._pair_lane:
                lane.failed.connect(self.context.notices.error)

    # State

    @property
    def pair(self) -> Pair | None:
        """The two pictures."""
        return self.scene.pair

    def changed(self, before: BlendState, name: str, value: object) -> BlendState:
        """Return the state with one parameter changed; a place is two of them.

        B is whichever image suits A until something was done with it: from then on it is that one.
        """
        before = replace(before, other=before.other or self._other)
        if name == "place":
            x, y = cast("tuple[float, float]", value)
            return replace(before, x=float(x), y=float(y))
        return super().changed(before, name, value)

    def leave(self) -> None:
        """Take back what the mouse drags, and keep where the panes look."""
        if self.view.grid.canvases:
            self.remember_look(self.document)
        self.hands.cancel()

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self.scene = Scene()
        self._request = self._blending = None
        self.partners.forget()
        self.previewer.stop()
        self.painting.show_document(self.document)
        self.view.transport.stop()
        for lane in self.lanes:
            lane.cancel()
        self.view.show_empty()
        self.panel.show_result(None)
        self.panel.show_methods(())

    def enter(self, document: Document) -> None:
        """Look at A where it was looked at last."""
        self.recall_look(document)

    def _on_others(self) -> None:
        if self.document is not None and self.document in self.context.workspace.documents:
            self.refresh()

    def refresh(self) -> None:
        """Compute what has changed and show the rest at once."""
        document = self.document
        if document is None:
            return
        state = self.state
        self.view.show_state(state)
        self.panel.show_state(state, painting=self.hands.painting)
        self.panel.show_brush(self.hands.brush)
        merged = document in self._weights and not state.other
        found = None if merged else self.partners.find(document, state.other)
        self._other = found[0] if found else ""
        self.panel.show_others(self.partners.others(document, self._other), self._other)
        if found is None:
            self._show_alone(document)
            return
        request = PairRequest(document.pixels, found[1], state.x, state.y, state.scale, state.frame)
        if not request.same_as(self._request):
            self._request = request
            self._pair_lane.submit(partial(run.prepare, request=request))
        elif self.pair is not None:
            self._blend(self.pair)

    # Two pictures

    def _show_alone(self, document: Document) -> None:
        self._request = self._blending = None
        self._pair_lane.cancel()
        self._blend_lane.cancel()
        self.previewer.stop()
        self.panel.show_pair(None, LONELY)
        weights = self._weights.get(document, ())
        self.scene = Scene(single=self.scene.single, weights=weights)
        if self.scene.single is None:
            self._single_lane.submit(partial(run.show, pixels=document.pixels))
        self._show()

    def _take_single(self, shown: Shown) -> None:
        if self.pair is None:
            self.scene = replace(self.scene, single=shown)
            self._show()

    def show_weights(self, document: Document, weights: Weights) -> None:
        """Show what each of several pictures gave to the one of a tab."""
        self._weights[document] = weights
        if document is self.document:
            self.adopt(BlendState())
            self.refresh()

    def _take_pair(self, pair: Pair) -> None:
        self.scene = Scene(pair=pair)
        self._blending = None
        self.panel.show_pair(pair, self.placing.verdict)
        if not self.state.outline and self.painting.mask is None:
            self.masking.begin_with_seam(pair)
        self._blend(pair)
        self._show()
        self.placing.show()
        self.actions_changed.emit()

    def _fail_pair(self, error: Exception) -> None:
        if self.document is not None:
            request = self._request
            self._show_alone(self.document)
            self._request = request  # it is not tried again until something changes
        self.panel.show_pair(None, str(error))
        self.context.notices.error(error)

    # Blending

    @property
    def source(self) -> MaskSource:
        """Where the mask comes from."""
        state = self.state
        painted = None if state.outline else self.painting.mask
        return run.MaskSource(state.parametric, state.soft, state.inverted, painted)

    @property
    def finished(self) -> bool:
        """Whether the last result is that of what is chosen now."""
        done = self.scene.result is not None and self._blending is not None
        return done and not self._blend_lane.busy

    @property
    def chosen(self) -> Options | None:
        """How to blend."""
        return options(self.state, self.pair.shape) if self.pair is not None else None

    def _blend(self, pair: Pair) -> None:
        """Renew the preview, and then the blend itself."""
        state, chosen = self.state, options(self.state, pair.shape)
        most = geometry.max_levels(pair.shape)
        self.panel.show_levels(chosen.levels, most, state.gains)
        self.hands.show_outline(state.parametric)
        self.previewer.start(pair, chosen)
        wanted = Blending(pair, state.outline, state.soft, state.inverted, self._strokes, chosen)
        if wanted.same_as(self._blending):
            self._show()
            return
        before, self._blending = self._blending, wanted
        if before is not None:
            self.masking.preview()
        source = self.source
        if source.outline is None and source.painted is None:
            return
        self.details.lane.cancel()
        self._blend_lane.submit(partial(run.finish, pair=pair, source=source, chosen=chosen))

    def _take_mask(self, drawn: Mask) -> None:
        if self.pair is not None and self.pair.shape == drawn.shape and not self.painting.stroking:
            self.previewer.set_mask(drawn, self.view.look(self.pair))
            self.view.show_mask(drawn, self.pair)

    def _take_result(self, result: Result) -> None:
        if result.pair is not self.pair:
            return
        layout = self.state.layout
        self.scene = replace(
            self.scene, result=result, single=None,
            methods=self.scene.methods if layout == "methods" else (),
            levels=self.scene.levels if layout == "xray" else (),
        )  # fmt: skip
        self.panel.show_methods(self.scene.methods)
        self.previewer.give_way()
        self.details.forget()
        self.panel.show_result(result)
        self._show()
        self.actions_changed.emit()

    def _on_stopped(self) -> None:
        """Offer to go on after blending was cancelled."""
        if self.document is not None and self._blending is not None:
            self._blending = None
            self.context.notices.info("The blend was stopped.", "Blend again", self.refresh)

    def _on_painted(self) -> None:
        self._strokes += 1
        if self.pair is not None and not self.state.outline:
            self._blend(self.pair)

    # What is shown beside the blend

    def _show(self) -> None:
        """Show all there is, and ask for what the layout lacks."""
        self.view.show_scene(self.scene, self.state)
        if self.chosen is not None and not self._blend_lane.busy:
            self.details.want(self.scene, self.state, self.chosen)
        self.xray.show()

    def _take_detail(self, kind: str, value: object) -> None:
        self.scene = replace(self.scene, **cast("dict[str, Any]", {kind: value}))
        if kind == "methods":
            self.panel.show_methods(self.scene.methods)
        self._show()
        self.actions_changed.emit()

    def can_play(self) -> bool:
        """Tell whether there are levels to play back."""
        return self.scene.result is not None

    def play(self) -> None:
        """Rebuild the blend level by level."""
        self.change("layout", "xray")
        super().play()

    # Tools

    def _on_tool(self, name: str) -> None:
        self.view.set_tool(name, self.hands.tool)
        self.placing.show()
        self.panel.show_state(self.state, painting=self.hands.painting)
        self.actions_changed.emit()

    def act(self, name: str) -> None:
        """Do the action that a button of the panel names."""
        next(spec for spec in self.actions() if spec.id == f"blend.{name}").run()

    # Shell

    def _on_settled(self) -> None:
        """Show what has come into sight while the blend is not finished."""
        if self.pair is not None and self._blend_lane.busy and self.previewer.ready:
            look = self.view.look(self.pair)
            if look is not None:
                self.previewer.look(look)

    def _on_hovered(self, hover: Hover | None) -> None:
        self.readout_changed.emit(readout(hover))

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        self.exporter.show_menu(place)

    def cancel_gesture(self) -> bool:
        """Restore what the mouse is dragging."""
        return self.hands.cancel()

    def peek(self, on: bool) -> None:
        """Show A while Shift is held."""
        self.view.grid.set_peeking(on)

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return the classic: an apple and an orange."""
        folder = samples.resources() / "samples"
        paths = [folder / "apple.jpg", folder / "orange.jpg"]
        return [
            ("pair", partial(self.context.workspace.open_paths, paths)),
            *((name, partial(self.change, "layout", name)) for name in LAYOUTS[1:]),
        ]

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)
