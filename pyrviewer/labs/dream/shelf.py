"""Dreams that were made, so that undoing and changing tabs bring them back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.labs.dream.state import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyrviewer.compute.image import Array
    from pyrviewer.labs.dream.run import Dreamt
    from pyrviewer.session.document import Document

KEY = "dream.made"  # of a document's recipe among its states
ROOM = 1 << 30  # bytes of all dreams but the present one of each document


@dataclass
class Kept:
    """A dream, and the step of it that was looked at last."""

    dreamt: Dreamt
    step: int


class Shelf:
    """The dreams of the open documents by their recipes, as many as there is room for."""

    def __init__(self, room: int = ROOM) -> None:
        self.room = room
        self._kept: OrderedDict[tuple[Document, Recipe], Kept] = OrderedDict()

    def put(self, document: Document, recipe: Recipe, kept: Kept) -> None:
        """Take a dream; those that were wanted longest ago may have to go."""
        self._kept[document, recipe] = kept
        self._kept.move_to_end((document, recipe))
        self._make_room()

    def find(self, document: Document, recipe: Recipe) -> Kept | None:
        """Return a dream, if it is still there."""
        found = self._kept.get((document, recipe))
        if found is not None:
            self._kept.move_to_end((document, recipe))
        return found

    def keep(self, documents: Iterable[Document]) -> None:
        """Forget the dreams of all other documents."""
        present = set(documents)
        for key in [key for key in self._kept if key[0] not in present]:
            del self._kept[key]

    def _make_room(self) -> None:
        others = [key for key in self._kept if key[0].state(KEY, Recipe()) != key[1]]
        counted: set[int] = set()
        used = 0
        for key in reversed(others):
            for array in _arrays(self._kept[key].dreamt):  # branches share what they kept
                used += 0 if id(array) in counted else array.nbytes
                counted.add(id(array))
            if used > self.room:
                del self._kept[key]


def _arrays(dreamt: Dreamt) -> Iterator[Array]:
    for octave in dreamt.trace.octaves:
        yield from (octave.base, octave.start, octave.end)
    for step in dreamt.trace.steps:
        yield from (array for array in (step.picture, step.state) if array is not None)
    for tile in dreamt.tiles:
        for shown in (tile.picture, tile.added):
            yield from (shown.source, *shown.mips)
