"""One template in every open image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.search import Scene
from pyrviewer.compute.ticket import Quiet
from pyrviewer.labs.search.run import traced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.search import SearchTrace
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.search.controller import SearchLab
    from pyrviewer.labs.search.state import SearchRequest, SearchState
    from pyrviewer.session.document import Document


@dataclass(frozen=True, eq=False)
class Order:
    """An image to search in, by the document's id and name."""

    document: int
    name: str
    request: SearchRequest


@dataclass(frozen=True, eq=False)
class Sighting:
    """What was found in one image.

    Attributes
    ----------
    trace : SearchTrace or None
        None where it could not be searched.
    problem : str
        Why it could not.
    """

    document: int
    name: str
    trace: SearchTrace | None
    problem: str = ""

    @property
    def score(self) -> float:
        """The best score, whether it reaches the minimum or not."""
        best = self.trace.best if self.trace is not None else None
        return best.score if best is not None else -1.0


class Batch(QObject):
    """Looks for the template in every open image, and opens those that are chosen.

    The template is kept for it, as it would be to look for it in one other image.
    """

    def __init__(self, lab: SearchLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self.lane = lab.context.jobs.lane("Searching all images", self)
        self.lane.succeeded.connect(self._take)
        self.lane.failed.connect(lab.context.notices.error)
        self.sightings: Sequence[Sighting] = ()
        self._state = lab.default
        lab.panel.all_wanted.connect(self.search)
        lab.panel.image_chosen.connect(self._open)
        lab.context.workspace.removed.connect(self._drop)

    def search(self) -> None:
        """Look for the template in every open image."""
        lab = self._lab
        if not lab.state.kept:
            lab.toggle_pin()
        request, self._state = lab.request, lab.state
        if request is not None:
            orders = [
                Order(document.id, document.name, replace(request, scene=scene_of(document)))
                for document in lab.context.workspace.documents
            ]
            self.lane.submit(partial(search_all, orders=orders))

    def refresh(self) -> None:
        """Forget what was seen of another template."""
        if self._lab.state.kept != self._state.kept:
            self._state = self._lab.default
            self.lane.cancel()
            self.sightings = ()
        self._show()

    def _take(self, sightings: Sequence[Sighting]) -> None:
        self.sightings = sightings
        self._show()

    def _show(self) -> None:
        document = self._lab.document
        self._lab.panel.show_sightings(self.sightings, document.id if document else 0)

    def _drop(self, document: Document) -> None:
        """Forget an image that was closed."""
        self._take([seen for seen in self.sightings if seen.document != document.id])

    def _open(self, row: int) -> None:
        """Go to an image, with the settings that it was searched with."""

        def adapt(own: SearchState) -> SearchState:
            return replace(self._state, rect=own.rect, outline=own.outline)

        self._lab.go_to(self.sightings[row].document, adapt, "Search as the others")


def scene_of(document: Document) -> Scene:
    """Return a document's scene, which keeps its octaves for the next search."""
    return document.prepared("search", partial(Scene, document.pixels))


def search_all(ticket: Ticket, orders: Sequence[Order]) -> list[Sighting]:
    """Search one image after the other, the best found first; for worker threads."""
    found = []
    for index, order in enumerate(orders):
        ticket.check(index / len(orders))
        trace, problem = None, ""
        try:
            trace = traced(Quiet(ticket), order.request)
        except UserError as error:
            problem = str(error)
        found.append(Sighting(order.document, order.name, trace, problem))
    return sorted(found, key=lambda sighting: -sighting.score)
