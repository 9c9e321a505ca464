"""From a picked template to the answer on the screen, and its playback."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from pyrviewer.compute import image
from pyrviewer.compute import mask as masks
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.image import Origin
from pyrviewer.labs.search import actions, run
from pyrviewer.labs.search.batch import Batch, scene_of
from pyrviewer.labs.search.export import SearchExporter
from pyrviewer.labs.search.failure import Failure
from pyrviewer.labs.search.kept import describe, opened, revive
from pyrviewer.labs.search.panel import SearchPanel
from pyrviewer.labs.search.state import SearchState, Template, around, part, resolve
from pyrviewer.labs.search.view import SearchView
from pyrviewer.ui import clipboard
from pyrviewer.ui.exporter import ask_images
from pyrviewer.ui.lab import DocumentLab
from pyrviewer.ui.navigator import readout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PyQt6.QtCore import QObject, QPoint

    from pyrviewer.compute.mask import Parametric
    from pyrviewer.compute.search import Scene
    from pyrviewer.labs.search.run import Found, ShownScene
    from pyrviewer.labs.search.state import SearchRequest
    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.navigator import Hover

LEAST_PIXELS = 16  # inside an outline
STEP_NAMES = {
    "rect": "Pick template", "kept": "Change kept template", "exact": "Toggle exact search",
    "max_matches": "Change matches", "min_score": "Change minimum score",
    "angle": "Change rotation", "scale": "Change size range",
    "coarsest": "Change coarsest octave", "candidates": "Change candidates",
}  # fmt: skip
DRAGGED = {"max_matches", "min_score", "angle", "scale", "coarsest", "candidates"}


class SearchLab(DocumentLab[SearchState]):
    """The Search lab."""

    key = "search"
    step_names = STEP_NAMES
    dragged = DRAGGED

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(context, SearchState(), parent)
        self.view: SearchView = SearchView()
        self.panel: SearchPanel = SearchPanel()
        self.transport = self.view.transport
        self.viewports = (self.view.shared, self.view.strip)
        self.found: Found | None = None
        self.moment = 0
        self._scene: Scene | None = None
        self._shown: ShownScene | None = None
        self.request: SearchRequest | None = None
        self._templates: dict[str, Template] = {}  # kept ones, by what the state calls them
        self._carried = ""
        self._make_lanes()
        self.batch, self.failure = Batch(self), Failure(self)
        self.lanes = (*self.lanes, self.batch.lane)
        self.exporter = SearchExporter(self)
        view, panel = self.view, self.panel
        view.picked.connect(self._on_picked)
        view.outlined.connect(self._on_outlined)
        view.tools.done.connect(self.focus_view)
        view.hovered.connect(self._on_hovered)
        view.menu_requested.connect(self._on_menu)
        view.moved.connect(self.go)
        view.clear.clicked.connect(self.clear)
        panel.changed.connect(self.change)
        panel.compare_wanted.connect(self.compare)
        panel.pin_wanted.connect(self.toggle_pin)
        panel.file_wanted.connect(self.ask_template)
        panel.match_chosen.connect(self._on_match_chosen)

    def _make_lanes(self) -> None:
        make = self.context.jobs.lane
        self._scene_lane = make("Preparing the scene", self)
        self._scene_lane.succeeded.connect(self._take_scene)
        self._search_lane = make("Searching", self)
        self._search_lane.succeeded.connect(self._take_found)
        self._compare_lane = make("Searching everywhere", self)
        self._compare_lane.succeeded.connect(self._take_comparison)
        self._file_lane = make("Opening the template", self)
        self._file_lane.succeeded.connect(self._keep)
        self.lanes = (self._scene_lane, self._search_lane, self._compare_lane, self._file_lane)
        for lane in (self._scene_lane, self._compare_lane, self._file_lane):
            lane.failed.connect(self.context.notices.error)
        self._file_lane.failed.connect(self._drop_unknown)
        self._search_lane.failed.connect(self._fail)
        self._search_lane.cancelled.connect(self._on_stopped)

    # State

    def changed(self, before: SearchState, name: str, value: object) -> SearchState:
        """Return the state with one parameter changed; sliders count in whole numbers."""
        if name in ("angle", "scale"):
            value = float(cast("float", value))
        return super().changed(before, name, value)

    def leave(self) -> None:
        """Keep where the panes look."""
        if self._shown is not None:
            self.remember_look(self.document)
        if self.document is not None:
            self._carried = self.state.kept

    def forget(self) -> None:
        """Stop all work and show nothing."""
        self.request = self.found = self._scene = self._shown = None
        self.failure.point_out(None)
        self.view.transport.stop()
        self.view.transport.hide()
        self.exporter.recorder.stop()
        for lane in self.lanes[:3]:
            lane.cancel()
        self.view.show_empty()

    def enter(self, document: Document) -> None:
        """Prepare the scene to search in."""
        self._scene = scene_of(document)
        self._drop_rect_outside()
        if self._carried:  # a kept template is looked for in every image
            self.adopt(replace(self.state, kept=self._carried))
        work = partial(run.show_scene, pixels=document.pixels, octaves=document.octaves)
        self._scene_lane.submit(work)

    def refresh(self) -> None:
        """Search again where the answer may have changed, and show the rest at once."""
        document, scene = self.document, self._scene
        if document is None or scene is None:
            return
        state = self.state
        kept = bool(state.kept)
        self.panel.show_state(state, pinned=kept)
        self.batch.refresh()
        self.view.show_rect(() if kept else state.rect)
        self.view.show_outline(None if kept else masks.from_json(state.outline))
        if kept and state.kept not in self._templates:
            self._file_lane.submit(partial(revive, kept=state.kept))
        request = resolve(state, self._whole(document), scene, self._templates.get(state.kept))
        if request is None:
            self.request = self.found = None
            self._search_lane.cancel()
            self._show_nothing()
        elif not request.same_as(self.request):
            self.request = request
            self._search_lane.submit(partial(run.run, request=request))

    @property
    def has_template(self) -> bool:
        """Whether something was picked, even if it cannot be searched for."""
        return bool(self.state.kept or self.state.rect)

    def _whole(self, document: Document) -> Template:
        return Template(document.pixels, str(document.path or ""), document.image.origin.page)

    def _drop_rect_outside(self) -> None:
        """Forget a rectangle that came from an image with other sides."""
        document, state = self.document, self.state
        if document is not None and state.rect:
            height, width = document.pixels.shape[:2]
            if state.rect[2] > width or state.rect[3] > height:
                self.adopt(replace(state, rect=(), outline=""))

    def _show_nothing(self) -> None:
        self.panel.show_nothing("No template yet.")
        self.view.hint.setText(self.view.invitation)
        self.view.count.setText("")
        self.view.transport.setVisible(False)
        self.view.clear.setEnabled(self.has_template)
        self.view.show_levels(())

    def _take_scene(self, shown: ShownScene) -> None:
        self._shown = shown
        self.recall_look(self.document)
        self.view.show_scene(shown, () if self.state.kept else self.state.rect)
        if self.found is not None:
            self._show_found(self.found)

    def _take_found(self, found: Found) -> None:
        self.found = found
        self.view.show_everywhere(None)
        self.panel.show_found(found)
        self.failure.explain()
        if self._shown is not None:
            self._show_found(found)
        self.actions_changed.emit()

    def _show_found(self, found: Found) -> None:
        self.view.show_levels(found.stages)
        self.view.clear.setEnabled(True)
        self.view.transport.setVisible(True)
        self.go(len(found.moments) - 1)

    def _on_stopped(self) -> None:
        """Offer to go on after a search was cancelled."""
        if self.document is not None and self.request is not None:
            self.request = None
            self.context.notices.info("The search was stopped.", "Search again", self.refresh)

    def _fail(self, error: Exception) -> None:
        self.found = None
        self._show_nothing()
        self.panel.show_nothing(str(error))
        if not isinstance(error, UserError):
            self.context.notices.error(error)

    # Playback

    def go(self, moment: int) -> None:
        """Show a moment of the playback."""
        found = self.found
        if found is None:
            return
        last = len(found.moments) - 1
        self.moment = min(max(moment, 0), last)
        trace, tested = found.trace, int(found.counts[self.moment])
        self.view.show_count(tested, trace.exhaustive_translations)
        done = self.moment == last
        hint = f"{len(trace.matches)} found" if trace.matches else "not found"
        self.view.hint.setText(hint if done else "searching ...")
        label = f"step {self.moment + 1} of {last + 1}"
        self.view.transport.show_range(last, self.moment, label)
        self.view.show_moment(found, self.moment, self.failure.truth)

    def _on_match_chosen(self, row: int) -> None:
        """Look at a match."""
        if self.found is not None:
            self.view.look_at(self.found.trace.matches[row])

    # Templates

    def _on_picked(self, rect: tuple[int, ...] | None) -> None:
        self._pick(tuple(rect) if rect is not None else (), "")

    def _on_outlined(self, outline: Parametric) -> None:
        if self.document is not None:
            rect = around(outline, self.document.pixels.shape)
            template = part(self._whole(self.document), rect, masks.to_json(outline))
            if template is None or template.mask is None or template.mask.sum() < LEAST_PIXELS:
                self.context.notices.info("The outline encloses nothing to look for.")
                self.refresh()
            else:
                self._pick(rect, masks.to_json(outline))

    def _pick(self, rect: tuple[int, ...], outline: str) -> None:
        """Take a part of the image as the template, as one undoable step."""
        if self.document is not None:
            after = replace(self.state, rect=rect, outline=outline, kept="")
            self.document.change(self.key, self.state, after, self.step_names["rect"])
        self.refresh()

    def clear(self) -> None:
        """Take the template away."""
        self._pick((), "")

    def toggle_pin(self) -> None:
        """Keep the present template for other images, or let go of it."""
        template = None
        if self.document is not None and not self.state.kept:
            template = part(self._whole(self.document), self.state.rect, self.state.outline)
        if template is not None:
            template = replace(template, pixels=template.pixels.copy())
            self._keep((describe(template), template))
        else:
            self.change("kept", "")

    def _keep(self, found: tuple[str, Template]) -> None:
        """Look for a template from elsewhere, or one that was found again after a restart."""
        kept, template = found
        self._templates[kept] = template
        if self.state.kept == kept:
            self.request = None  # its file may have changed
            self.refresh()
        else:
            self.change("kept", kept)

    def _drop_unknown(self) -> None:
        """Forget a kept template that could not be found again."""
        if self.state.kept not in self._templates:
            self.adopt(replace(self.state, kept=""))
            self.refresh()

    def ask_template(self) -> None:
        """Ask for an image file to look for."""
        for path in ask_images(self.view, "Open template"):
            self.open_template(path)

    def open_template(self, path: Path) -> None:
        """Look for an image file."""
        self._file_lane.submit(partial(opened, path=path))

    def paste_template(self) -> None:
        """Look for the image on the clipboard."""
        found = clipboard.pasted()
        if isinstance(found, list):
            self.open_template(found[0])
        elif found is not None:
            pixels = image.from_array(found, Origin("clipboard", "clipboard")).pixels
            self._keep((describe(Template(pixels)), Template(pixels)))
        else:
            self.context.notices.info("There is no image on the clipboard.")

    # Comparing

    def compare(self) -> None:
        """Search everywhere in the background."""
        if self.request is not None:
            self._compare_lane.submit(partial(run.run_exhaustive, request=self.request))

    def _take_comparison(self, everywhere: Found) -> None:
        found = self.found
        if found is not None and found.request is everywhere.request is self.request:
            self.panel.show_comparison(found, everywhere)
            self.view.show_everywhere(everywhere)
            self.view.show_levels(found.stages)
            self.go(self.moment)

    # Shell

    def _on_hovered(self, hover: Hover | None) -> None:
        self.readout_changed.emit(readout(hover))

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        self.exporter.show_menu(place)

    def cancel_gesture(self) -> bool:
        """Restore the rectangle that is being dragged."""
        return self.view.tool.cancel()

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return the search for something in the middle of the image."""
        if self.document is None:
            return ()
        height, width = self.document.pixels.shape[:2]
        x, y = round(0.764 * width), round(0.266 * height)  # the eye of our hippo
        rect = (x, y, x + max(2, width // 25), y + max(2, height // 25))
        return [("found", partial(self.change, "rect", rect))]

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return actions.actions(self)
