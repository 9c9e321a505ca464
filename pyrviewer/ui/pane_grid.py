"""Panes side by side, looking at the same place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QCursor
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from pyrviewer.session.viewport import View, Viewport
from pyrviewer.ui.canvas import Canvas, Highlight
from pyrviewer.ui.navigator import MARGIN, TITLE_HEIGHT
from pyrviewer.ui.timers import after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PyQt6.QtGui import QResizeEvent

    from pyrviewer.ui.navigator import Hover
    from pyrviewer.ui.picture import Layer

REREAD = 50  # ms after a change in which what lies under a resting mouse is said again
SETTLE = 60  # ms without motion after which exact patches are asked for


@dataclass(frozen=True, eq=False)
class Pane:
    """What one canvas shows, and the viewport it is linked to."""

    viewport: Viewport
    layers: Sequence[Layer]
    second: Sequence[Layer] = ()
    peek: Sequence[Layer] = ()
    split: float | None = None


def best_columns(count: int, width: float, height: float, aspect: float) -> int:
    """Return the number of columns that shows `count` pictures of an aspect largest."""
    best, best_scale = 1, 0.0
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        room_x = width / columns - 2 * MARGIN
        room_y = height / rows - 2 * MARGIN - TITLE_HEIGHT
        scale = min(room_x / aspect, room_y)
        if scale > best_scale:
            best, best_scale = columns, scale
    return best


class PaneGrid(QWidget):
    """Rows of canvases.

    Signals
    -------
    hovered(Hover or None), clicked(Hover), menu_requested(Hover or None, QPoint)
    settled() : the view has come to rest, so that exact patches are worth their time
    """

    hovered = pyqtSignal(object)
    clicked = pyqtSignal(object)
    double_clicked = pyqtSignal()
    menu_requested = pyqtSignal(object, QPoint)
    settled = pyqtSignal()
    resized = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self._rows: list[list[Canvas]] = []
        self._viewports: list[Viewport] = []
        self._linked = True
        self._wheel_pans = False
        self._pixel_grid = True
        self._fit_timer = after(self, 0, self._refit)
        self._settle_timer = after(self, SETTLE, self.settled)
        self._reread_timer = after(self, REREAD, self._reread)
        self.setAccessibleName("Image panes")

    @property
    def canvases(self) -> list[Canvas]:
        """The canvases in reading order."""
        return [canvas for row in self._rows for canvas in row]

    @property
    def linked(self) -> bool:
        """Whether panes move together."""
        return self._linked

    def watch(self, viewport: Viewport) -> None:
        """Ask for exact patches whenever this viewport comes to rest."""
        if viewport not in self._viewports:
            self._viewports.append(viewport)
            viewport.changed.connect(self._settle_timer.start)
            viewport.changed.connect(self._on_changed)

    def show_rows(self, rows: Sequence[Sequence[Pane]], shares: Sequence[float] = ()) -> None:
        """Show panes, each row with its share of the height.

        Canvases are reused where rows and viewports stay the same.
        """
        shape = [[pane.viewport for pane in row] for row in rows]
        if shape != [[canvas.viewport for canvas in row] for row in self._rows]:
            self._rebuild(shape)
        for row, canvases in zip(rows, self._rows, strict=True):
            for pane, canvas in zip(row, canvases, strict=True):
                canvas.set_layers(pane.layers, second=pane.second, peek=pane.peek, split=pane.split)
        for index in range(len(rows)):
            self._layout.setStretch(index, round(1000 * shares[index]) if shares else 1)
        self._fit_timer.start()
        self._settle_timer.start()
        self._on_changed()

    def _on_changed(self) -> None:
        """Say again what is under the mouse: something else may lie there now."""
        if not self._reread_timer.isActive():  # an animation does not put it off
            self._reread_timer.start()

    def _reread(self) -> None:
        hover = self.under_mouse()
        if hover is not None and QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.hovered.emit(hover)

    def under_mouse(self) -> Hover | None:
        """Return what is under the mouse now."""
        place = QCursor.pos()
        over = QApplication.widgetAt(place)
        canvas = next((canvas for canvas in self.canvases if canvas is over), None)
        return canvas.at(QPointF(canvas.mapFromGlobal(place))) if canvas is not None else None

    def _rebuild(self, shape: Sequence[Sequence[Viewport]]) -> None:
        focused = self.hasFocus() or any(canvas.hasFocus() for canvas in self.canvases)
        while (item := self._layout.takeAt(0)) is not None:
            holder = item.widget()
            if holder is not None:
                holder.hide()
                holder.deleteLater()
        self._rows = []
        for index, viewports in enumerate(shape):
            holder = QWidget(self)
            line = QHBoxLayout(holder)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(1)
            self._rows.append([self._add_canvas(viewport, line) for viewport in viewports])
            above = self._rows[index - 1]
            if above[0].viewport is viewports[0] and len(above) > len(viewports):
                line.addStretch(len(above) - len(viewports))  # a last row keeps the columns
            self._layout.addWidget(holder, 1)
            for viewport in viewports:
                self.watch(viewport)
        if focused:
            self.focus_view()

    def _add_canvas(self, viewport: Viewport, line: QHBoxLayout) -> Canvas:
        canvas = Canvas(viewport, self)
        canvas.linked, canvas.wheel_pans = self._linked, self._wheel_pans
        canvas.pixel_grid = self._pixel_grid
        canvas.hovered.connect(self.hovered)
        canvas.clicked.connect(self.clicked)
        canvas.menu_requested.connect(self.menu_requested)
        canvas.view_resized.connect(self._on_resized)
        canvas.double_clicked.connect(self.double_clicked)
        canvas.fit_wanted.connect(self._fit)
        line.addWidget(canvas, 1)
        return canvas

    def _on_resized(self) -> None:
        self._fit_timer.start()
        self._settle_timer.start()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Say so: rows may fit better another way."""
        super().resizeEvent(event)
        self.resized.emit()

    # What all panes do together

    def _refit(self) -> None:
        for viewport in self._viewports:
            if viewport.fitting:
                self._fit(viewport)

    def _fit(self, viewport: Viewport) -> None:
        views = [
            canvas.fitted()
            for canvas in self.canvases
            if canvas.viewport is viewport and canvas.layers
        ]
        if views:
            viewport.set_view(min(views, key=lambda view: view.scale), fitting=True)

    def _visible(self) -> list[Viewport]:
        """Return the viewports of the panes on the screen, each once."""
        return list(dict.fromkeys(canvas.viewport for canvas in self.canvases))

    def fit(self) -> None:
        """Show everything in every pane, aligned again."""
        for canvas in self.canvases:
            canvas.realign()
        for viewport in self._viewports:
            self._fit(viewport)

    def zoom_to(self, scale: float) -> None:
        """Show one base pixel as `scale` device pixels."""
        for viewport in self._visible():
            viewport.set_view(replace(viewport.view, scale=scale))

    def zoom_by(self, factor: float) -> None:
        """Zoom about the centre."""
        for viewport in self._visible():
            view = viewport.view
            viewport.set_view(View(view.x, view.y, view.scale * factor))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the view by logical pixels."""
        for viewport in self._visible():
            scale = viewport.view.scale / self.devicePixelRatioF()
            viewport.pan(dx / scale, dy / scale)

    def set_linked(self, linked: bool) -> None:
        """Link panes or let each move alone; offsets stay when they are linked again."""
        self._linked = linked
        for canvas in self.canvases:
            canvas.linked = linked

    def set_wheel_pans(self, on: bool) -> None:
        """Let the wheel pan, and zoom with Ctrl held."""
        self._wheel_pans = on
        for canvas in self.canvases:
            canvas.wheel_pans = on

    @property
    def pixel_grid(self) -> bool:
        """Whether lines are drawn between large pixels."""
        return self._pixel_grid

    def set_pixel_grid(self, on: bool) -> None:
        """Draw lines between large pixels, and their values."""
        self._pixel_grid = on
        for canvas in self.canvases:
            canvas.pixel_grid = on
            canvas.update()

    def set_peeking(self, on: bool) -> None:
        """Show the reference in every pane that has one."""
        for canvas in self.canvases:
            canvas.set_peeking(on)
        self._on_changed()

    def set_highlights(self, highlights: Mapping[int, Highlight], *, frozen: bool) -> None:
        """Outline rectangles in every pane, by level."""
        for canvas in self.canvases:
            canvas.set_highlights(highlights, frozen=frozen)

    def focus_view(self) -> None:
        """Give the keyboard to the first pane, or keep it here until there is one."""
        first = self.canvases[0] if self.canvases else self
        first.setFocus(Qt.FocusReason.OtherFocusReason)
