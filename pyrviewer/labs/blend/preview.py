"""The live preview: one frame after the other, never a queue of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.labs.blend import run

if TYPE_CHECKING:
    from pyrviewer.compute.blend import BlendEngine
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Mask
    from pyrviewer.compute.resample import Rect
    from pyrviewer.labs.blend.run import Look, MaskSource, Pair, Preview, PreviewRequest
    from pyrviewer.labs.blend.state import Options
    from pyrviewer.session.jobs import JobService


class Previewer(QObject):
    """Asks for a frame when the last one is done; what changed in between is one change.

    Signals
    -------
    drawn(Preview)
    """

    drawn = pyqtSignal(object)

    def __init__(self, jobs: JobService, parent: QObject) -> None:
        super().__init__(parent)
        self._engine_lane = jobs.lane("Preparing the preview", self)
        self._engine_lane.succeeded.connect(self._take_engine)
        self._lane = jobs.lane("Drawing", self)
        self._lane.succeeded.connect(self._take)
        self._lane.cancelled.connect(self._lose)
        self.lanes = (self._engine_lane, self._lane)
        self._engine: BlendEngine | None = None
        self._pair: Pair | None = None
        self._chosen: Options | None = None
        self._look: Look | None = None  # what the engine shows
        self._whole: Mask | None = None  # the last whole mask, for an engine that comes later
        self._next: PreviewRequest | None = None
        self._stale = False
        self._tinted = False
        self._spare: Array | None = None  # the frame before the one on the screen
        self._seen: Array | None = None
        self._unseen = False  # nobody asked for the frame that is being drawn

    def start(self, pair: Pair, chosen: Options) -> None:
        """Prepare for a pair; options that need no other engine are taken at once."""
        engine, before = self._engine, self._chosen
        same = before is not None and (before.linear, before.wrap) == (chosen.linear, chosen.wrap)
        if pair is self._pair and same:
            self._chosen = chosen
            if engine is not None and chosen.levels > engine.coarsest:
                same = False
        if pair is not self._pair or not same:
            self.stop()
            self._pair, self._chosen = pair, chosen
            self._engine_lane.submit(partial(run.make_engine, pair=pair, chosen=chosen))

    def stop(self) -> None:
        """Forget the pair."""
        for lane in self.lanes:
            lane.cancel()
        self._engine = self._pair = self._chosen = None
        self._look = self._whole = self._next = self._spare = self._seen = None

    def _take_engine(self, engine: BlendEngine) -> None:
        self._engine = engine
        if self._whole is not None:
            self.set_mask(self._whole, None)

    @property
    def ready(self) -> bool:
        """Whether there is an engine."""
        return self._engine is not None

    def set_mask(self, whole: Mask, look: Look | None) -> None:
        """Take an exact mask; shown at once where a look is given."""
        self._whole = whole
        self._want(look, whole=whole)

    def show_outline(self, source: MaskSource, look: Look, *, tinted: bool) -> None:
        """Show an outline as it is dragged, with its tint where that is seen."""
        self._tinted = tinted
        self._want(look, outline=source)

    def paint(self, rect: Rect, patch: Mask, look: Look) -> None:
        """Show a part of the mask as it is painted."""
        self._want(look, patches=((rect, patch),))

    def look(self, look: Look) -> None:
        """Show another part."""
        self._want(look)

    def _want(
        self,
        look: Look | None,
        *,
        outline: MaskSource | None = None,
        whole: Mask | None = None,
        patches: tuple[tuple[Rect, Mask], ...] = (),
    ) -> None:
        pair, engine, chosen = self._pair, self._engine, self._chosen
        if pair is None or engine is None or chosen is None:
            return
        if self._stale and whole is None:
            whole = self._whole
        self._stale = False
        before = self._next
        place = look or (before.look if before else None) or self._look or run.smallest(pair)
        request = run.PreviewRequest(
            pair, engine, place, chosen, outline=outline, whole=whole, patches=patches,
            tinted=self._tinted,
        )  # fmt: skip
        if before is not None:  # what was painted is painted on a new whole mask too
            request = replace(
                request,
                whole=whole if whole is not None else before.whole,
                patches=before.patches + patches,
                outline=outline or (None if patches else before.outline),
            )
        self._next = request
        if not self._lane.busy:
            self._go()

    def _go(self) -> None:
        request, self._next = self._next, None
        if request is not None:
            moved = request.look != self._look
            request = replace(request, moved=moved, out=self._spare)
            self._spare = None
            self._look = request.look
            self._unseen = request.look == run.smallest(request.pair)
            self._lane.submit(partial(run.preview, request=request))

    def _take(self, found: Preview) -> None:
        if self._unseen:
            self._spare = found.pixels
        else:
            self._spare, self._seen = self._seen, found.pixels
            self.drawn.emit(found)
        self._go()

    def give_way(self) -> None:
        """Let the finished blend be seen: the frame that is being drawn is older."""
        self._unseen = True

    def _lose(self) -> None:
        """After a frame was cancelled the engine may lack a part of the mask."""
        self._look = self._next = None
        self._stale = True
