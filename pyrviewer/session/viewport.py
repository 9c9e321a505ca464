"""Where linked panes look: one centre and one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

MAX_SCALE = 64.0
MIN_SCALE = 1 / 1024


@dataclass(frozen=True)
class View:
    """A centre in base-image pixels (edge coordinates) and device pixels per base pixel."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0


class Viewport(QObject):
    """The view that linked panes share.

    Centre and scale are shared rather than ranges: ranges drift between panes of different
    width.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = View()
        self.fitting = True

    @property
    def view(self) -> View:
        """The present centre and scale."""
        return self._view

    def set_view(self, view: View, *, fitting: bool = False) -> None:
        """Look elsewhere; `fitting` says that resizing should fit again."""
        scale = min(max(view.scale, MIN_SCALE), MAX_SCALE)
        view = replace(view, scale=scale)
        self.fitting = fitting
        if view != self._view:
            self._view = view
            self.changed.emit()

    def pan(self, dx: float, dy: float) -> None:
        """Move the centre by base pixels."""
        self.set_view(replace(self._view, x=self._view.x + dx, y=self._view.y + dy))

    def zoom(self, factor: float, x: float, y: float) -> None:
        """Scale by a factor, keeping the base point (x, y) where it is on the screen."""
        old = self._view.scale
        new = min(max(old * factor, MIN_SCALE), MAX_SCALE)
        keep = old / new
        self.set_view(View(x + (self._view.x - x) * keep, y + (self._view.y - y) * keep, new))
