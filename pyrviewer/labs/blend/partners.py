"""Which image is B: another open one, or a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.compute import image

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array, Image
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import LabContext


class Partners(QObject):
    """Looks for B.

    Signals
    -------
    changed() : other images are there
    """

    changed = pyqtSignal()

    def __init__(self, context: LabContext, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = context.workspace
        self._file: tuple[str, Array] | None = None
        self._failed = ""
        self._reading = ""
        self.lane = context.jobs.lane("Opening B", self)
        self.lane.succeeded.connect(self._take)
        self.lane.failed.connect(self._fail)
        for signal in (self._workspace.added, self._workspace.removed, self._workspace.replaced):
            signal.connect(self.changed)

    def others(self, document: Document, present: str) -> list[tuple[str, str]]:
        """Return name and key of every other open image, and of a file that is B but not open."""
        found = [(d.name, d.key) for d in self._workspace.documents if d is not document]
        if present and present not in (key for _, key in found):
            found.append((Path(present.partition("\n")[0]).name, present))
        return found

    def find(self, document: Document, other: str) -> tuple[str, Array] | None:
        """Return key and pixels of B; None where there is none, or none yet.

        A file that is not open is read in the background.
        """
        present = [d for d in self._workspace.documents if d is not document]
        if not other:
            size = document.pixels.shape[:2]
            present.sort(key=lambda d: d.pixels.shape[:2] != size)  # one of the same size first
            return (present[0].key, present[0].pixels) if present else None
        for found in present:
            if found.key == other:
                return other, found.pixels
        if self._file is not None and self._file[0] == other:
            return self._file
        if other not in (self._failed, self._reading) and Path(other).is_absolute():
            self._reading = other
            self.lane.submit(partial(_read, key=other))
        return None

    def document(self, document: Document, other: str) -> Document | None:
        """Return the open image that is B."""
        found = self.find(document, other)
        if found is None:
            return None
        present = (d for d in self._workspace.documents if d is not document)
        return next((d for d in present if d.key == found[0]), None)

    def forget(self) -> None:
        """Let go of a file that was read."""
        self._file = None
        self._reading = self._failed = ""
        self.lane.cancel()

    def _take(self, opened: Image) -> None:
        self._file, self._reading = (self._reading, opened.pixels), ""
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self._failed, self._reading = self._reading, ""


def _read(ticket: Ticket, key: str) -> Image:
    path, _, page = key.partition("\n")
    return image.read(Path(path), page=int(page or 0), ticket=ticket)
