"""The painted mask of a document: strokes, whole changes, undo, and how it comes back."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand

from pyrviewer.compute.mask import Brush, Stroke
from pyrviewer.session.history import PaintPatches

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.mask import Mask
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.session.document import Document
    from pyrviewer.session.jobs import JobService

KEY = "blend.mask"


@dataclass(frozen=True)
class PackedMask:
    """A mask as text, for sessions: zlib's deflate in base 64."""

    height: int = 0
    width: int = 0
    data: str = ""


def pack(mask: Mask) -> PackedMask:
    """Compress a mask; most of it is flat."""
    height, width = mask.shape
    return PackedMask(
        height,
        width,
        base64.b64encode(zlib.compress(np.ascontiguousarray(mask).data, 1)).decode("ascii"),
    )


def unpack(packed: PackedMask, shape: tuple[int, ...]) -> Mask | None:
    """Return a packed mask; None where it is of another image, or damaged in its file."""
    if (packed.height, packed.width) != tuple(shape[:2]):
        return None
    try:
        flat = np.frombuffer(zlib.decompress(base64.b64decode(packed.data)), np.uint8)
        return flat.reshape(shape[:2]).copy()
    except (zlib.error, binascii.Error, ValueError):
        return None


class PaintedMask:
    """The painted mask of a document, as long as that is open; undo works on it from anywhere.

    Parameters
    ----------
    mask : (H, W) uint8 array or None
        None before anything is painted. Strokes change it where it is.
    changed : callable
        Called after every change.
    """

    def __init__(self, mask: Mask | None, changed: Callable[[], None]) -> None:
        self.mask = mask
        self._changed = changed

    def paint(self, parts: list[tuple[Rect, Mask]]) -> None:
        """Replace parts of it."""
        if self.mask is not None:
            for (x0, y0, x1, y1), part in parts:
                self.mask[y0:y1, x0:x1] = part
            self._changed()

    def replace(self, mask: Mask | None) -> None:
        """Put another mask in its place."""
        self.mask = mask
        self._changed()


class _ReplaceMask(QUndoCommand):
    """A whole mask in place of another.

    Strokes change a mask where it is. As they are undone in order, each is again what it was when
    it is put back.
    """

    def __init__(self, painted: PaintedMask, after: Mask) -> None:
        super().__init__()
        self._painted, self._before, self._after = painted, painted.mask, after

    def undo(self) -> None:
        self._painted.replace(self._before)

    def redo(self) -> None:
        self._painted.replace(self._after)


@dataclass
class _Waiting:
    """A stroke that began while the mask was being made."""

    brush: Brush
    points: list[tuple[float, float]] = field(default_factory=list)
    step: str = ""  # once it has ended


class Painting(QObject):
    """Paints on the mask of a document.

    Signals
    -------
    painted(rect, patch) : a part of the mask changes while a stroke goes on
    changed() : the mask of the document on the screen has changed
    """

    painted = pyqtSignal(object, object)
    changed = pyqtSignal()

    def __init__(self, jobs: JobService, parent: QObject) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._stroke: Stroke | None = None
        self._waiting: _Waiting | None = None
        self._step = ""
        self._lane = jobs.lane("Changing the mask", self)
        self._lane.succeeded.connect(self._take)
        for signal in (self._lane.cancelled, self._lane.failed):
            signal.connect(self._lose)
        self._packing = jobs.lane("Keeping the mask", self)
        self._packing.succeeded.connect(self._keep)
        self._unpacked: dict[Document, Mask] = {}
        self.lanes = (self._lane,)
        self._started: Callable[[], None] | None = None

    def _painted(self, document: Document) -> PaintedMask:
        """Return the mask of a document, from its session the first time."""

        def make() -> PaintedMask:
            mask = unpack(document.state(KEY, PackedMask()), document.pixels.shape)
            return PaintedMask(mask, partial(self._on_changed, document))

        return document.prepared(KEY, make)

    @property
    def mask(self) -> Mask | None:
        """The painted mask on all of the document, or None before anything is painted."""
        return self._painted(self._document).mask if self._document is not None else None

    @property
    def stroking(self) -> bool:
        """Whether a stroke is under way."""
        return self._stroke is not None

    def show_document(self, document: Document | None) -> None:
        """Paint on another document."""
        self._lane.cancel()
        self._lose()
        self._stroke = None
        self._document = document

    # Strokes

    def begin(self, brush: Brush) -> None:
        """Begin a stroke; it waits for a mask that is being made."""
        mask = self.mask
        if self._started is not None:
            self._waiting = _Waiting(brush)
        elif mask is not None:
            self._stroke = Stroke(mask, brush)

    def to(self, x: float, y: float) -> bool:
        """Go on to a point; False where nothing is painted there, or not yet."""
        if self._waiting is not None:
            self._waiting.points.append((x, y))
        found = self._stroke.to(x, y) if self._stroke is not None else None
        if found is not None:
            self.painted.emit(*found)
        return found is not None

    def end(self, text: str) -> None:
        """End the stroke as one undo step."""
        if self._waiting is not None:
            self._waiting.step = text
        stroke, self._stroke = self._stroke, None
        patches, document = stroke.patches() if stroke is not None else [], self._document
        if patches and document is not None:
            apply = self._painted(document).paint
            document.undo_stack.push(PaintPatches(patches, apply, text))

    def cancel(self) -> None:
        """Take the stroke back."""
        self._waiting = None
        stroke, self._stroke = self._stroke, None
        for patch in stroke.patches() if stroke is not None else []:
            self.painted.emit(patch.rect, patch.before)

    # Whole masks

    def replace(self, make: Callable[..., Mask], text: str, started: Callable[[], None]) -> None:
        """Make another mask, in the background, as one undo step.

        `make` takes a ticket and ``present``, the mask as it is, which it leaves alone.
        `started` is called within that step: it says that the mask is painted from now on.
        """
        if self._document is not None:
            self._step, self._started = text, started
            self._lane.submit(partial(make, present=self.mask))

    def _take(self, made: Mask) -> None:
        document, started = self._document, self._started
        if document is None or started is None:
            return
        waiting = self._waiting
        self._lose()
        document.undo_stack.beginMacro(self._step)
        started()
        document.undo_stack.push(_ReplaceMask(self._painted(document), made))
        document.undo_stack.endMacro()
        if waiting is not None:
            self.begin(waiting.brush)
            for point in waiting.points:
                self.to(*point)
            if waiting.step:
                self.end(waiting.step)

    def _lose(self) -> None:
        """Wait for no mask any more."""
        self._waiting = self._started = None

    # Coming back

    def _on_changed(self, document: Document) -> None:
        """Keep the mask for the session, and show it if its document is on the screen."""
        mask = self._painted(document).mask
        if mask is None:
            self._unpacked.pop(document, None)
            document.adopt(KEY, PackedMask(), over=True)
        else:
            self._unpacked[document] = mask
            self._packing.submit(partial(_pack, masks=dict(self._unpacked)))
        if document is self._document:
            self._stroke = None  # undo ends a stroke that goes on
            self._lane.cancel()
            self.changed.emit()

    def _keep(self, packed: dict[Document, PackedMask]) -> None:
        for document, kept in packed.items():
            self._unpacked.pop(document, None)
            document.adopt(KEY, kept, over=True)


def _pack(ticket: Ticket, masks: dict[Document, Mask]) -> dict[Document, PackedMask]:
    packed = {}
    for document, mask in masks.items():
        ticket.check()
        packed[document] = pack(mask)
    return packed
