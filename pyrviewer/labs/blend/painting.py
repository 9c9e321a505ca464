"""The painted mask of a document: strokes, whole changes, undo, and how it comes back."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
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


def unpack(packed: PackedMask, shape: tuple[int, ...]) -> Mask:
    """Return a packed mask; all 0 where it is not of this shape."""
    if (packed.height, packed.width) == tuple(shape[:2]):
        try:
            flat = np.frombuffer(zlib.decompress(base64.b64decode(packed.data)), np.uint8)
            return flat.reshape(shape[:2]).copy()
        except (zlib.error, binascii.Error, ValueError):
            pass  # a session file that someone changed
    return np.zeros(shape[:2], np.uint8)


class _ReplaceMask(QUndoCommand):
    """A whole mask in place of another.

    Strokes change a mask where it is. As they are undone in order, each is again what it was when
    it is put back.
    """

    def __init__(
        self, before: Mask | None, after: Mask, apply: Callable[[Mask | None], None]
    ) -> None:
        super().__init__()
        self._before, self._after, self._apply = before, after, apply

    def undo(self) -> None:
        self._apply(self._before)

    def redo(self) -> None:
        self._apply(self._after)


class Painting(QObject):
    """Paints on the mask of a document.

    Signals
    -------
    painted(rect, patch) : a part of the mask changes while a stroke goes on
    changed() : the mask has changed
    """

    painted = pyqtSignal(object, object)
    changed = pyqtSignal()

    def __init__(self, jobs: JobService, parent: QObject) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._mask: Mask | None = None
        self._stroke: Stroke | None = None
        self._step = ""
        self._lane = jobs.lane("Changing the mask", self)
        self._lane.succeeded.connect(self._take)
        self._packing = jobs.lane("Keeping the mask", self)
        self._packing.succeeded.connect(self._keep)
        self.lanes = (self._lane, self._packing)
        self._started: Callable[[], None] | None = None

    @property
    def mask(self) -> Mask | None:
        """The painted mask on all of the document, or None before anything is painted."""
        return self._mask

    @property
    def busy(self) -> bool:
        """Whether the whole mask is being changed."""
        return self._lane.busy

    def show_document(self, document: Document | None) -> None:
        """Paint on another document."""
        for lane in self.lanes:
            lane.cancel()
        self._stroke = self._started = None
        self._document, self._mask = document, None
        if document is not None:
            packed = document.state(KEY, PackedMask())
            if packed.data:
                self._mask = unpack(packed, document.pixels.shape)

    # Strokes

    def begin(self, brush: Brush) -> None:
        """Begin a stroke."""
        if self._mask is not None and not self.busy:
            self._stroke = Stroke(self._mask, brush)

    def to(self, x: float, y: float) -> None:
        """Go on to a point."""
        found = self._stroke.to(x, y) if self._stroke is not None else None
        if found is not None:
            self.painted.emit(*found)

    def end(self, text: str) -> None:
        """End the stroke as one undo step."""
        stroke, self._stroke = self._stroke, None
        patches = stroke.patches() if stroke is not None else []
        if patches and self._document is not None:
            self._document.undo_stack.push(PaintPatches(patches, self._apply, text))

    def cancel(self) -> None:
        """Take the stroke back."""
        stroke, self._stroke = self._stroke, None
        for patch in stroke.patches() if stroke is not None else []:
            self.painted.emit(patch.rect, patch.before)

    def _apply(self, parts: list[tuple[Rect, Mask]]) -> None:
        self._stroke = None  # undo ends a stroke that goes on
        if self._mask is not None:
            for (x0, y0, x1, y1), part in parts:
                self._mask[y0:y1, x0:x1] = part
            self._changed()

    # Whole masks

    def replace(self, make: Callable[..., Mask], text: str, started: Callable[[], None]) -> None:
        """Make another mask, in the background, as one undo step.

        `make` takes a ticket and ``present``, the mask as it is, which it leaves alone.
        `started` is called within that step: it says that the mask is painted from now on.
        """
        if self._document is not None:
            self._step, self._started = text, started
            self._lane.submit(partial(make, present=self._mask))

    def _take(self, made: Mask) -> None:
        document, started = self._document, self._started
        if document is None or started is None:
            return
        document.undo_stack.beginMacro(self._step)
        started()
        document.undo_stack.push(_ReplaceMask(self._mask, made, self._replace))
        document.undo_stack.endMacro()

    def _replace(self, mask: Mask | None) -> None:
        self._stroke = None
        self._mask = mask
        self._changed()

    # Coming back

    def _changed(self) -> None:
        self.changed.emit()
        if self._mask is not None:
            self._packing.submit(partial(_pack, mask=self._mask))
        elif self._document is not None:
            self._keep(PackedMask())

    def _keep(self, packed: PackedMask) -> None:
        if self._document is not None:
            self._document.adopt(KEY, packed, over=True)


def _pack(ticket: Ticket, mask: Mask) -> PackedMask:
    ticket.check()
    return pack(mask)
