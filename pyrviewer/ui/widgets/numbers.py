"""A field for a list of small whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QLineEdit

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtWidgets import QWidget


class Numbers(QLineEdit):
    """A list of whole numbers; what makes no sense is taken back.

    Parameters
    ----------
    accept : callable
        Tells whether a list makes sense.

    Signals
    -------
    chosen(tuple of int) : the list was changed to another that makes sense
    """

    chosen = pyqtSignal(object)

    def __init__(
        self, accept: Callable[[tuple[int, ...]], bool], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._accept = accept
        self._value: tuple[int, ...] = ()
        self.editingFinished.connect(self._take)

    def show_value(self, value: tuple[int, ...]) -> None:
        """Show a list without telling anyone."""
        self._value = value
        self.setText(", ".join(map(str, value)))

    def _take(self) -> None:
        words = self.text().replace(",", " ").split()
        value = tuple(int(word) for word in words if word.isdecimal())
        if len(value) != len(words) or not self._accept(value):
            self.show_value(self._value)
        elif value != self._value:
            self.chosen.emit(value)
