"""What the mouse points at in the Octaves lab: values, footprints, holding them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.labs.octaves.values import level_rows, pane_rows, sample_text

if TYPE_CHECKING:
    from PyQt6.QtCore import QPoint

    from pyrviewer.labs.octaves.controller import OctavesLab
    from pyrviewer.labs.octaves.run import Build
    from pyrviewer.ui.navigator import Hover

HINT = "Point at the image."


class Pointing(QObject):
    """Follows the mouse, or holds the pixel that was clicked."""

    def __init__(self, lab: OctavesLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self.hover: Hover | None = None
        self.held = False
        view = lab.view
        view.hovered.connect(self._on_hover)
        view.clicked.connect(self._on_click)
        view.double_clicked.connect(self.let_go)
        view.menu_requested.connect(self._on_menu)

    def _on_pyramid(self) -> bool:
        """Tell whether the panes show octaves, rather than what was made of them."""
        state = self._lab.state
        compared = state.layout == "one" and state.compare == "difference"
        return state.layout not in ("rebuild", "aliasing") and not compared

    def _on_hover(self, hover: Hover | None) -> None:
        if not self.held:
            self._set(hover, held=False)

    def _on_click(self, hover: Hover) -> None:
        """Hold a pixel, let go of it when it is clicked again, and select its octave."""
        if self._on_pyramid() and hover.level != self._lab.state.selected:
            self._lab.change("selected", hover.level)
        self._set(hover, held=not (self.held and hover == self.hover))

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        if hover is not None and self._on_pyramid():
            self._lab.change("selected", hover.level)
        self._lab.exporter.show_menu(place, hover.layer if hover is not None else None)

    def let_go(self) -> None:
        """Follow the mouse again."""
        if self.held:
            self._set(self.hover, held=False)

    def forget(self) -> None:
        """Point at nothing."""
        self._set(None, held=False)

    def _set(self, hover: Hover | None, *, held: bool) -> None:
        self.hover, self.held = hover, held
        self.show()

    def show(self) -> None:
        """Show the values and footprints of the pixel, as the panes are now."""
        lab, hover, build = self._lab, self.hover, self._lab.build
        on_pyramid = self._on_pyramid()
        if hover is None or build is None or (on_pyramid and not _inside(build, hover)):
            levels = len(build.octaves) if build and on_pyramid else 0
            lab.panel.show_values([(str(k), "", "") for k in range(levels)], -1, HINT)
            lab.view.show_footprints(None, None, held=False)
            lab.readout_changed.emit("")
            return
        if on_pyramid:
            rows, marked = level_rows(build, hover)
            lab.view.show_footprints(build, hover, held=self.held)
        else:
            rows, marked = pane_rows(lab.view.grid.canvases, hover)
            lab.view.show_footprints(None, None, held=False)
        dtype = build.gaussian[0].dtype
        tail = "Held: click again to let go." if self.held else "Click to hold."
        lab.panel.show_values(rows, marked, f"{dtype}. {tail}")
        lab.readout_changed.emit(self._readout(hover))

    def _readout(self, hover: Hover) -> str:
        layer = hover.layer
        if layer is None or layer.source is None:
            return ""
        text = sample_text(layer.source, hover.x, hover.y, ", ", 0)
        return f"{layer.title.split(' · ')[0]}   x {hover.x}  y {hover.y}   {text}"


def _inside(build: Build, hover: Hover) -> bool:
    """Tell whether a pixel exists in a pyramid, which may have changed since."""
    if hover.level >= len(build.octaves):
        return False
    height, width = build.octaves[hover.level].geometry.shape
    return hover.x < width and hover.y < height
