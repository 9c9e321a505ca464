"""What is open: images, the state of each lab on them, and their undo stacks."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoStack

from pyrviewer.compute import image, pyramid
from pyrviewer.session.history import ReplaceState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pyrviewer.compute.image import Array, Image
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.session.jobs import JobService
    from pyrviewer.session.notices import Notices

StateT = TypeVar("StateT")
Prepared = TypeVar("Prepared")
_ids = itertools.count(1)


class Document(QObject):
    """One open image, never changed, and what was done with it.

    Parameters
    ----------
    opened : Image
        Its pixels are read-only.
    states : mapping, optional
        Lab states by lab id, as dataclasses or as what JSON made of them.
    """

    state_changed = pyqtSignal(str)

    def __init__(
        self,
        opened: Image,
        states: Mapping[str, object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.id = next(_ids)
        self.image = opened
        self.undo_stack = QUndoStack(self)
        self.backup: Path | None = None  # a copy of an image that has no file of its own
        self._states: dict[str, object] = dict(states or {})
        self._prepared: dict[str, object] = {}
        self._lock = threading.Lock()
        self._octaves: list[Array] | None = None

    @property
    def pixels(self) -> Array:
        """The image: H x W, H x W x 3 or H x W x 4."""
        return self.image.pixels

    @property
    def name(self) -> str:
        """What a person calls it."""
        origin = self.image.origin
        return f"{origin.name} [{origin.page + 1}]" if origin.pages > 1 else origin.name

    @property
    def path(self) -> Path | None:
        """The file it came from."""
        return self.image.origin.path

    @property
    def key(self) -> str:
        """What the state of another image calls this one: file and page, or a name."""
        page = self.image.origin.page
        return f"{self.path or self.name}" + (f"\n{page}" if page else "")

    @property
    def states(self) -> Mapping[str, object]:
        """Lab states by lab id."""
        return self._states

    def octaves(self, ticket: Ticket) -> list[Array]:
        """Return the whole binomial pyramid, built once and shared; for worker threads."""
        while not self._lock.acquire(timeout=0.05):  # another job is at it
            ticket.check()
        try:
            if self._octaves is None:
                self._octaves = pyramid.gaussian_pyramid(self.pixels, ticket=ticket)
            return self._octaves
        finally:
            self._lock.release()

    def state(self, key: str, default: StateT) -> StateT:
        """Return a lab's state on this image; whatever does not fit is left at the default."""
        found = self._states.get(key, default)
        if isinstance(found, dict):
            found = _revive(found, default)
            self._states[key] = found
        return found if isinstance(found, type(default)) else default

    def prepared(self, key: str, make: Callable[[], Prepared]) -> Prepared:
        """Return what a lab made of this image once, for as long as it is open."""
        if key not in self._prepared:
            self._prepared[key] = make()
        return cast("Prepared", self._prepared[key])

    def adopt(self, key: str, state: object, *, over: bool = False) -> None:
        """Start a lab with a state on this image, where it has none yet, or `over` it."""
        if over or key not in self._states:
            self._states[key] = state

    def change(self, key: str, before: object, after: object, text: str, merge: str = "") -> None:
        """Change a lab's state as one undoable step."""
        if after == before:
            return

        def apply(state: object) -> None:
            self._states[key] = state
            self.state_changed.emit(key)

        self.undo_stack.push(ReplaceState(before, after, apply, text, merge and f"{key}.{merge}"))


def _revive(raw: dict[str, Any], default: StateT) -> StateT:
    """Build a state from what JSON gave back; fields of another type stay at the default."""
    values: dict[str, Any] = {}
    for field in fields(default):  # type: ignore[arg-type] # a dataclass
        kept = getattr(default, field.name)
        value = raw.get(field.name, kept)
        if isinstance(value, list):
            value = tuple(value)
        elif isinstance(kept, float) and type(value) is int:
            value = float(value)
        values[field.name] = value if kept is None or type(value) is type(kept) else kept
    try:
        return type(default)(**values)
    except (TypeError, ValueError):
        return default


@dataclass(frozen=True)
class OpenRequest:
    """One image to open.

    `data` is used instead of the file when given. `replacing` is the document whose place
    the new one takes, with its lab states. `backup_of` is the name of an image without a file,
    of which `path` is a copy.
    """

    path: Path | None = None
    name: str = ""
    data: bytes | None = None
    page: int = 0
    replacing: Document | None = None
    states: Mapping[str, object] | None = None
    activate: bool = True
    backup_of: str = ""

    def read(self, ticket: Ticket) -> Image:
        """Read the image; for worker threads."""
        opened = self._read(ticket)
        if self.backup_of:
            opened = replace(opened, origin=image.Origin("clipboard", self.backup_of))
        return opened

    def _read(self, ticket: Ticket) -> Image:
        if self.data is not None:
            return image.decode(self.data, self.name, page=self.page, ticket=ticket)
        if self.path is None:
            raise ValueError("an OpenRequest needs a path or data")
        return image.read(self.path, page=self.page, ticket=ticket)


class Workspace(QObject):
    """The open documents, one of them active.

    Signals
    -------
    added(Document), removed(Document), replaced(Document, Document), opened(Document)
    active_changed(Document or None)
    mask_offered(Document, ndarray) : a lab made a mask of that image, H x W uint8, for whoever
        works with masks
    """

    added = pyqtSignal(object)
    replaced = pyqtSignal(object, object)
    removed = pyqtSignal(object)
    active_changed = pyqtSignal(object)
    opened = pyqtSignal(object)
    mask_offered = pyqtSignal(object, object)

    def __init__(self, jobs: JobService, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices = notices
        self._documents: list[Document] = []
        self._active: Document | None = None
        self._queue: deque[OpenRequest] = deque()
        self._current: OpenRequest | None = None
        self.closed: list[OpenRequest] = []
        self._missing: list[OpenRequest] = []
        self.lane = jobs.lane("Opening", self)
        self.lane.succeeded.connect(self._take)
        self.lane.failed.connect(self._fail)
        self.lane.busy_changed.connect(self._next)
        self._ahead = jobs.lane("Building octaves", self)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The open documents in tab order."""
        return tuple(self._documents)

    @property
    def active(self) -> Document | None:
        """The document that the labs show."""
        return self._active

    def activate(self, document: Document | None) -> None:
        """Show a document."""
        if document is not self._active:
            self._active = document
            self.active_changed.emit(document)

    def open(self, request: OpenRequest) -> None:
        """Read an image in the background and add it; errors become notices.

        Of several that would replace the same document only the last one counts.
        """
        if request.replacing is not None:
            rest = [other for other in self._queue if other.replacing is not request.replacing]
            self._queue = deque(rest)
            if self.lane.busy and self._current and self._current.replacing is request.replacing:
                self.lane.cancel()
        self._queue.append(request)
        self._next(self.lane.busy)

    def open_paths(self, paths: list[Path]) -> None:
        """Open several files; the first of them is shown."""
        for index, path in enumerate(paths):
            self.open(OpenRequest(path, activate=index == 0))

    @property
    def pending(self) -> tuple[OpenRequest, ...]:
        """What is still being opened, and what of a session could not be."""
        running = (self._current,) if self.lane.busy and self._current is not None else ()
        return (*self._missing, *running, *self._queue)

    def cancel_opening(self) -> None:
        """Open nothing more; what is open stays."""
        self._queue.clear()
        self.lane.cancel()

    def add(self, opened: Image, states: Mapping[str, object] | None = None) -> Document:
        """Add an image that is already in memory and show it; no two of them share a name."""
        origin, names = opened.origin, {each.name for each in self._documents}
        numbered = (f"{origin.name} {k}" for k in itertools.count(2))
        name = next(n for n in itertools.chain([origin.name], numbered) if n not in names)
        opened = replace(opened, origin=replace(origin, name=name))
        document = Document(opened, states, self)
        self._documents.append(document)
        self.added.emit(document)
        self.activate(document)
        return document

    def close(self, document: Document) -> None:
        """Close a document and show its neighbour."""
        index = self._documents.index(document)
        self._documents.remove(document)
        path = document.path or document.backup
        if path is not None:
            page = document.image.origin.page
            backup_of = document.image.origin.name if document.path is None else ""
            states = dict(document.states)
            self.closed.append(OpenRequest(path, page=page, states=states, backup_of=backup_of))
        if document is self._active:
            rest = self._documents
            self.activate(rest[min(index, len(rest) - 1)] if rest else None)
        self.removed.emit(document)
        document.deleteLater()

    def reopen(self) -> None:
        """Open the image that was closed last, as it was looked at."""
        if self.closed:
            self.open(self.closed.pop())

    def _next(self, busy: bool) -> None:
        if busy:
            return
        if not self._queue:
            return
        self._current = self._queue.popleft()
        self.lane.submit(self._current.read)

    def _take(self, opened: Image) -> None:
        request = self._current
        if request is None:
            return
        if request.replacing is not None and request.replacing not in self._documents:
            return  # it was closed in the meantime
        document = Document(opened, request.states, self)
        if request.activate:
            self._ahead.submit(document.octaves)  # while the window makes room for it
        if request.backup_of:
            document.backup = request.path
        if request.replacing is not None:
            self._replace(request.replacing, document)
        else:
            self._documents.append(document)
            self.added.emit(document)
            if request.activate or self._active is None:
                self.activate(document)
        for note in opened.notes:
            self._notices.warning(f"{document.name}: {note}")
        self.opened.emit(document)

    def _replace(self, old: Document, new: Document) -> None:
        new._states = dict(old.states)
        index = self._documents.index(old)
        self._documents[index] = new
        self.replaced.emit(old, new)
        if old is self._active:
            self.activate(new)
        old.deleteLater()

    def _fail(self, error: Exception) -> None:
        if self._current is not None and self._current.states is not None:
            self._missing.append(self._current)  # of a session: its disk may be back next time
        self._notices.error(error)
