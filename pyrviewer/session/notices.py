"""Messages to the person at the screen, none of which interrupts."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Notice:
    """One sentence, and at most one thing to do about it."""

    level: Level
    text: str
    action: str = ""
    run: Callable[[], object] | None = None


class Notices(QObject):
    """Where any part of the program says something to the user."""

    posted = pyqtSignal(object)

    def info(self, text: str, action: str = "", run: Callable[[], object] | None = None) -> None:
        """Say that something went as asked."""
        self.posted.emit(Notice("info", text, action, run))

    def warning(self, text: str) -> None:
        """Say that something is not quite as asked."""
        self.posted.emit(Notice("warning", text))

    def error(self, error: object) -> None:
        """Say in one sentence what failed; what nobody foresaw is reported as a crash."""
        if isinstance(error, MemoryError):
            error = "There is not enough memory for that."
        elif isinstance(error, Exception) and not isinstance(error, UserError):
            sys.excepthook(type(error), error, error.__traceback__)
            error = f"Something went wrong: {error}"
        self.posted.emit(Notice("error", str(error)))
