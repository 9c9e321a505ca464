"""What is computed beside a blend, only for the layout that shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.labs.blend import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.blend.panes import Scene
    from pyrviewer.labs.blend.state import BlendState, Options
    from pyrviewer.session.jobs import JobService

    Detail = tuple[str, str, Callable[[Ticket], object]]


class Details(QObject):
    """Computes other methods, differences and levels, one after the other.

    Signals
    -------
    found(str, object) : a field of the scene, and what it is now
    freed() : what was no longer wanted has stopped
    """

    found = pyqtSignal(str, object)
    freed = pyqtSignal()

    def __init__(self, jobs: JobService, parent: QObject) -> None:
        super().__init__(parent)
        self.lane = jobs.lane("Comparing", self)
        self.lane.succeeded.connect(self._take)
        self.lane.failed.connect(self._give_up)
        self.lane.cancelled.connect(self.freed)
        self._asked = ("", "")
        self._fresh: dict[str, str] = {}  # what of the scene belongs to the present result

    def forget(self) -> None:
        """There is another result."""
        self._fresh = {}
        self.lane.cancel()

    def want(self, scene: Scene, state: BlendState, chosen: Options) -> None:
        """Compute the first thing that the layout lacks."""
        if self.lane.busy:
            return
        for kind, name, work in _wanted(scene, state, chosen):
            if self._fresh.get(kind) != name:
                self._asked = (kind, name)
                self.lane.submit(partial(_named, kind=kind, name=name, work=work))
                return

    def _take(self, found: tuple[str, str, object]) -> None:
        kind, name, value = found
        self._fresh[kind] = name
        self.found.emit(kind, value)

    def _give_up(self) -> None:
        """Do not try again what cannot be done; the notice says why."""
        kind, name = self._asked
        self._fresh[kind] = name


def _wanted(scene: Scene, state: BlendState, chosen: Options) -> Sequence[Detail]:
    """Return what a layout shows: the field of the scene, which one, and how to compute it."""
    result, other = scene.result, scene.other
    if result is None:
        return []
    feather = float(1 << chosen.levels)
    if state.layout == "methods":
        return [("methods", "all", partial(run.join_all, result=result, feather=feather))]
    if state.layout == "xray":
        return [("levels", "all", partial(run.take_apart, result=result, chosen=chosen))]
    if state.layout != "blend" or state.show == "result":
        return []
    name = state.against
    wanted: list[Detail] = [
        ("other", name, partial(run.join, result=result, name=name, feather=feather))
    ]
    if state.show == "difference" and other is not None:
        subtract = partial(run.difference, result=result, other=other.shown.source)
        wanted.append(("difference", name, subtract))
    return wanted


def _named(
    ticket: Ticket, kind: str, name: str, work: Callable[[Ticket], object]
) -> tuple[str, str, object]:
    return kind, name, work(ticket)
