"""Undo: what was changed, as commands on a document's stack."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

from PyQt6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrviewer.compute.mask import Mask, Patch
    from pyrviewer.compute.resample import Rect

MERGE_WITHIN = 0.8  # seconds: changes of one control closer together than this are one step


class ReplaceState(QUndoCommand):
    """One parameter state in place of another.

    Parameters
    ----------
    before, after : object
        Immutable states.
    apply : callable
        Takes a state and makes it the present one.
    text : str
        What the Edit menu calls the step.
    merge_key : str
        Changes that follow each other quickly under one key are one step, so that a slider
        drag is undone at once; an empty key never merges.
    """

    def __init__(
        self,
        before: object,
        after: object,
        apply: Callable[[object], None],
        text: str,
        merge_key: str = "",
    ) -> None:
        super().__init__(text)
        self._before, self._after, self._apply = before, after, apply
        self._key = merge_key
        self._time = time.monotonic()

    def id(self) -> int:
        """Tell Qt which steps might be one: -1 is none."""
        return zlib.crc32(self._key.encode()) & 0x7FFFFFFF if self._key else -1

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        """Take in a later change of the same control."""
        if not isinstance(other, ReplaceState) or other._key != self._key:
            return False
        if other._time - self._time > MERGE_WITHIN:
            return False
        self._after, self._time = other._after, other._time
        self.setObsolete(self._after == self._before)
        return True

    def undo(self) -> None:
        """Go back."""
        self._apply(self._before)

    def redo(self) -> None:
        """Go forward."""
        self._apply(self._after)


class PaintPatches(QUndoCommand):
    """A stroke, as the parts of a mask that it changed.

    Parameters
    ----------
    patches : sequence of Patch
        The mask there before and after.
    apply : callable
        Takes rectangles and what is to be in each.
    text : str
        What the Edit menu calls the step.
    """

    def __init__(
        self,
        patches: Sequence[Patch],
        apply: Callable[[list[tuple[Rect, Mask]]], None],
        text: str,
    ) -> None:
        super().__init__(text)
        self._patches, self._apply = patches, apply

    def undo(self) -> None:
        """Go back."""
        self._apply([(patch.rect, patch.before) for patch in self._patches])

    def redo(self) -> None:
        """Go forward."""
        self._apply([(patch.rect, patch.after) for patch in self._patches])
