"""Moves over the steps of a dream that rests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.labs.dream import run

if TYPE_CHECKING:
    from pyrviewer.labs.dream.run import Dreamt, Explained, Frame
    from pyrviewer.session.jobs import JobService


class Playback(QObject):
    """Draws the step that is wanted last, and explains it where that is wanted.

    Signals
    -------
    drawn(Frame), explained(Explained)
    """

    drawn = pyqtSignal(object)
    explained = pyqtSignal(object)

    def __init__(self, jobs: JobService, parent: QObject) -> None:
        super().__init__(parent)
        self.dreamt: Dreamt | None = None
        self.step = 0
        self._explained: Explained | None = None
        self._draw_lane = jobs.lane("Drawing", self)
        self._draw_lane.succeeded.connect(self._take_frame)
        self._explain_lane = jobs.lane("Explaining the step", self)
        self._explain_lane.succeeded.connect(self._take_explained)
        self.lanes = (self._draw_lane, self._explain_lane)

    def show(self, dreamt: Dreamt | None) -> None:
        """Play back another dream, or nothing."""
        for lane in self.lanes:
            lane.cancel()
        self.dreamt, self._explained, self.step = dreamt, None, 0

    def go(self, step: int) -> None:
        """Draw what was seen after so many steps; drawing one is not broken off for the next."""
        dreamt = self.dreamt
        if dreamt is not None:
            self.step = min(max(step, 0), dreamt.length)
            if not self._draw_lane.busy:
                self._draw_lane.submit(partial(run.draw, dreamt=dreamt, step=self.step))

    def _take_frame(self, frame: Frame) -> None:
        if self.dreamt is not None and frame.dreamt.trace is self.dreamt.trace:
            self.drawn.emit(frame)
            if frame.step != self.step:
                self.go(self.step)

    def explain(self) -> None:
        """Compute again what the present step climbed."""
        dreamt, known = self.dreamt, self._explained
        if dreamt is None or not dreamt.length or self._explain_lane.busy:
            return
        if known is None or known.step != max(self.step, 1):
            work = partial(run.explain, dreamt=dreamt, step=max(self.step, 1))
            self._explain_lane.submit(work)

    def _take_explained(self, explained: Explained) -> None:
        if self.dreamt is not None and explained.dreamt.trace is self.dreamt.trace:
            self._explained = explained
            self.explained.emit(explained)
