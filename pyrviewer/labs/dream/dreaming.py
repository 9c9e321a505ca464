"""Runs the dreams of a document; each is a step of it that can be undone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand

from pyrviewer.labs.dream import run
from pyrviewer.labs.dream.shelf import KEY, Kept, Shelf
from pyrviewer.labs.dream.state import WHOLE, Recipe, recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrviewer.labs.dream.run import Dreamt, Moment
    from pyrviewer.labs.dream.state import Branch, DreamRequest
    from pyrviewer.session.document import Document
    from pyrviewer.session.jobs import JobService


class Dreaming(QObject):
    """Dreams, pauses, and keeps what was dreamt.

    The document has the recipe of its present dream, which its undo steps change; the dreams
    themselves are on a shelf.

    Signals
    -------
    grown(Moment) : a step was made
    rested(Kept or None) : this is the dream to show now
    completed(Dreamt) : its unfinished octave can be shown too
    wanted() : a dream was brought back that has to be dreamt again
    busy_changed()
    """

    grown = pyqtSignal(object)
    rested = pyqtSignal(object)
    completed = pyqtSignal(object)
    wanted = pyqtSignal()
    busy_changed = pyqtSignal()

    def __init__(self, jobs: JobService, parent: QObject) -> None:
        super().__init__(parent)
        self.shelf = Shelf()
        self._document: Document | None = None
        self._going: Recipe | None = None
        self._known: Recipe | None = None  # is shown, or goes on
        self._step: _Step | None = None
        self._moment: Moment | None = None
        self._lane = jobs.lane("Dreaming", self)
        self._lane.partial.connect(self._take_moment)
        self._lane.succeeded.connect(self._take)
        for signal in (self._lane.cancelled, self._lane.failed):
            signal.connect(self._on_stopped)
        self._lane.busy_changed.connect(self.busy_changed)
        self._rest_lane = jobs.lane("Keeping the dream", self)
        self._rest_lane.succeeded.connect(self._complete)
        self.lanes = (self._lane, self._rest_lane)

    @property
    def busy(self) -> bool:
        """Whether a dream goes on."""
        return self._lane.busy

    @property
    def recipe(self) -> Recipe:
        """How the document's present dream came about, whether it is in memory or not."""
        return self._document.state(KEY, Recipe()) if self._document is not None else Recipe()

    def show_document(self, document: Document | None) -> None:
        """Dream of another document; what goes on for the one before is paused."""
        if self._document is not None:
            self._document.state_changed.disconnect(self._on_state)
        self._halt()
        self._document = document
        if document is not None:
            document.state_changed.connect(self._on_state)

    def keep(self, documents: Iterable[Document]) -> None:
        """Forget the dreams of all other documents."""
        self.shelf.keep(documents)

    def show(self) -> None:
        """Show the present dream, if it is in memory."""
        document, self._known = self._document, self.recipe
        kept = self.shelf.find(document, self.recipe) if document is not None else None
        if kept is not None and len(kept.dreamt.tiles) < len(kept.dreamt.trace.octaves):
            self._rest_lane.submit(partial(run.rest, dreamt=kept.dreamt))
        self.rested.emit(kept)

    # Dreaming

    def begin(
        self, request: DreamRequest, base: Dreamt | None, kept: int, until: int | None, text: str
    ) -> None:
        """Dream, or dream on from a step of another dream, as an undoable step called `text`."""
        document = self._document
        if document is not None:
            before = self.recipe
            self._going = self._known = recipe(run.branched(request, base, kept), until or WHOLE)
            self._step = _Step(document, before, self._going, text)
            document.undo_stack.push(self._step)
            work = partial(run.dream_on, request=request, base=base, kept=kept, until=until)
            self._lane.submit(work)

    def again(self, branches: Sequence[Branch]) -> None:
        """Dream once more what the document's recipe says, with these as its branches."""
        self._going = self.recipe
        work = partial(run.dream_again, branches=branches, length=self._going.length)
        self._lane.submit(work)

    def pause(self) -> None:
        """Stop after the present step."""
        self._lane.cancel()

    def _take_moment(self, moment: Moment) -> None:
        self._moment = moment
        self.grown.emit(moment)

    def _take(self, dreamt: Dreamt) -> None:
        self._end(dreamt)
        self.show()

    def _halt(self) -> None:
        """Stop, and keep what there is for when it is wanted again."""
        if self._going is not None:
            self._end(self._moment.dreamt if self._moment is not None else None)
        for lane in self.lanes:
            lane.cancel()

    def _end(self, dreamt: Dreamt | None) -> None:
        """Keep what came of a dream, and let recipe and undo step say how far it went."""
        document, going, step = self._document, self._going, self._step
        self._going = self._step = self._moment = None
        if document is None or going is None:
            return
        if dreamt is not None and len(dreamt.branches) == len(going.starts):
            reached = replace(going, length=WHOLE if dreamt.done else dreamt.length)
            if self.recipe == going:
                document.adopt(KEY, reached, over=True)
            if step is not None:
                step.after = reached
            self.shelf.put(document, reached, Kept(dreamt, dreamt.length))
        elif step is not None:
            self._known = step.before
            step.vanish()

    def _on_stopped(self) -> None:
        """Keep a dream that was paused, or that failed on the way."""
        if self._going is not None:
            self._halt()
            self.show()

    def _on_state(self, key: str) -> None:
        """Follow undo and redo."""
        document = self._document
        if key != KEY or document is None or self.recipe == self._known:
            return
        self._halt()
        self.show()
        if self.recipe.starts and self.shelf.find(document, self.recipe) is None:
            self.wanted.emit()

    def _complete(self, dreamt: Dreamt) -> None:
        document = self._document
        kept = self.shelf.find(document, self.recipe) if document is not None else None
        if kept is not None and kept.dreamt.trace is dreamt.trace:
            kept.dreamt = dreamt
            self.completed.emit(dreamt)


class _Step(QUndoCommand):
    """A dream in the place of another; how far it goes is known when it rests."""

    def __init__(self, document: Document, before: Recipe, after: Recipe, text: str) -> None:
        super().__init__(text)
        self._document, self.before, self.after = document, before, after

    def undo(self) -> None:
        self._show(self.before)

    def redo(self) -> None:
        self._show(self.after)

    def vanish(self) -> None:
        """Leave no trace of a dream that made no step."""
        stack = self._document.undo_stack
        self.after = self.before
        self._show(self.before)
        self.setObsolete(True)
        if stack.command(stack.index() - 1) is self:
            stack.undo()

    def _show(self, made: Recipe) -> None:
        self._document.adopt(KEY, made, over=True)
        self._document.state_changed.emit(KEY)
