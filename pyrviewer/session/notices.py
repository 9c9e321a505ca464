"""Messages to the person at the screen, none of which interrupts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PyQt6.QtCore import QObject, pyqtSignal

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
        """Say in one sentence what failed."""
        self.posted.emit(Notice("error", str(error)))
