"""Makes a film of zooming into dreams, one at a time, while other pictures can be dreamt of."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject

from pyrviewer.compute import animation, dream
from pyrviewer.compute.pooling.input import part
from pyrviewer.compute.ticket import Quiet
from pyrviewer.labs.dream import run
from pyrviewer.labs.dream.export import FPS
from pyrviewer.labs.dream.state import auto_octaves, pixel_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.dream.controller import DreamLab
    from pyrviewer.labs.dream.run import Shown
    from pyrviewer.labs.dream.state import DreamRequest, DreamState
    from pyrviewer.session.document import Document

FILM_SIDE = 640  # pixels of a film's longer side, at most
MINUTE = 60


@dataclass(frozen=True, eq=False)
class Filmed:
    """A step of a film.

    Attributes
    ----------
    picture : Shown
        What it left.
    frame : int
        Which frame it belongs to, from 0.
    left : float
        Seconds to the end, if it goes on as fast.
    """

    picture: Shown
    frame: int
    left: float


class Filming(QObject):
    """Runs the film and says how far it is; only the picture that it is of shows it."""

    def __init__(self, lab: DreamLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self._document: Document | None = None
        self._made: Filmed | None = None
        self._frames = 0
        self.lane = lab.context.jobs.lane("Making the film", self)
        self.lane.partial.connect(self._take)
        self.lane.succeeded.connect(lab.context.notices.info)
        self.lane.failed.connect(lab.context.notices.error)
        self.lane.busy_changed.connect(self._on_busy)
        lab.lanes = (*lab.lanes, self.lane)

    @property
    def here(self) -> bool:
        """Whether a film is made of the picture on the screen."""
        return self._document is not None and self._document is self._lab.document

    @property
    def progress(self) -> str:
        """How far the film is, for a person."""
        frame = self._made.frame + 1 if self._made is not None else 1
        left = f", {spoken(self._made.left)} left" if self._made is not None else ""
        return f"Frame {frame} of {self._frames}{left}."

    def toggle(self) -> None:
        """Ask for a file and make a film; or stop the one of this picture."""
        lab, request, state = self._lab, self._lab.request, self._lab.state
        if self.here:
            self.lane.cancel()
        elif request is not None and not self.lane.busy and not lab.busy:
            name = f"{lab.exporter.stem}_film.mp4"
            path = lab.exporter.ask("Make film", name, animation.SUFFIXES)
            if path is not None:
                self._document, self._frames = lab.document, state.frames
                self.lane.submit(
                    partial(
                        write_film, request=request, frames=state.frames, zoom=state.zoom, path=path
                    )
                )

    def _take(self, made: Filmed) -> None:
        self._made = made
        if self.here:
            self._lab.show_film(made.picture)

    def claim(self) -> None:
        """Let Esc stop the film only where it is shown."""
        others = (lane for lane in self._lab.lanes if lane is not self.lane)
        self._lab.lanes = (*others, *([self.lane] if self.here else []))

    def _on_busy(self, busy: bool) -> None:
        if not busy:
            here, self._document, self._made = self.here, None, None
            if here:
                self._lab.show_film(None)
        self.claim()
        self._lab.refresh()

    def show_plan(self) -> None:
        """Say what the film takes, and whether it can be made."""
        lab, other = self._lab, self._document
        if lab.document is None:
            return
        text = planned(lab.state, lab.document.pixels.shape, lab.pace)
        if other is not None and not self.here:
            text = f"A film of {other.name} is being made."
        can = self.here or (lab.prepared and not lab.busy and other is None)
        lab.panel.show_film(text, can=can, here=self.here)


def spoken(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 1.5 * MINUTE:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / MINUTE)} min"


def planned(state: DreamState, shape: tuple[int, ...], pace: tuple[str, float]) -> str:
    """Return what a film takes: its steps, and the time where the layer's pace was measured."""
    scale = min(1.0, FILM_SIDE / max(shape[:2]))
    small = tuple(max(1, round(side * scale)) for side in shape[:2])
    state = replace(state, octaves=state.octaves or auto_octaves(shape, state.ratio))
    steps = state.frames * state.octaves * state.steps
    text = f"{small[1]} × {small[0]} pixels, {steps} steps"
    layer, seconds = pace
    if layer == state.layer and seconds:
        text += f": {spoken(state.frames * seconds * pixel_steps(state, small))}"
    return f"{text}."


def write_film(ticket: Ticket, request: DreamRequest, frames: int, zoom: float, path: Path) -> str:
    """Write a film; for worker threads."""
    animation.write(path, film(ticket, request, frames, zoom), FPS)
    return f"{path.name} saved."


class _FilmTicket(Quiet):
    """Says how far the whole film is, and offers what each step shows."""

    def __init__(self, outer: Ticket, frames: int) -> None:
        super().__init__(outer)
        self._frames, self.done = frames, 0
        self._began, self._share = time.monotonic(), 0.0

    def check(self, fraction: float | None = None) -> None:
        """Ask; a fraction is that of a frame."""
        if fraction is not None:
            self._share = (self.done + fraction) / self._frames
        self.outer.check(self._share)

    def offer(self, partial: object) -> None:
        """Show a step."""
        trace: Any = partial
        picture = run.shown(trace.steps[-1].picture, Quiet(self.outer))
        passed = time.monotonic() - self._began
        left = passed * (1 / self._share - 1) if self._share else 0.0
        self.outer.offer(Filmed(picture, self.done, left))


def film(ticket: Ticket, request: DreamRequest, frames: int, zoom: float) -> Iterator[Array]:
    """Yield the frames of a film; every step is offered as `Filmed`."""
    settings = run.settings_of(request.settings)
    longest = min(FILM_SIDE, max(request.pixels.shape[:2]))
    small = part(request.pixels, None, longest)
    if settings["mask"] is not None:
        settings["mask"] = part(settings["mask"], None, longest)
    whole = _FilmTicket(ticket, frames)
    for frame in dream.film(small, request.network, frames, zoom, ticket=whole, **settings):
        whole.done += 1
        yield frame
