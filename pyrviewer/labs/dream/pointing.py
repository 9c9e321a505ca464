"""What the mouse does in the panes of the Dream lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.compute import mask
from pyrviewer.labs.dream.panes import SIGNED
from pyrviewer.labs.dream.view import NOWHERE
from pyrviewer.ui.picture import format_value

if TYPE_CHECKING:
    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.mask import Parametric
    from pyrviewer.labs.dream.controller import DreamLab
    from pyrviewer.ui.navigator import Hover


class Pointing(QObject):
    """Reads values, draws regions, goes to octaves."""

    def __init__(self, lab: DreamLab) -> None:
        super().__init__(lab)
        self._lab = lab
        lab.view.hovered.connect(self._on_hovered)
        lab.view.clicked.connect(self._on_clicked)
        lab.view.menu_requested.connect(self._on_menu)
        lab.view.drawn.connect(self._on_drawn)
        lab.panel.region_wanted.connect(self.draw_region)

    def draw_region(self, kind: str) -> None:
        """Draw a kind of region, or dream everywhere again."""
        self._lab.view.draw_region(kind)
        if kind == NOWHERE:
            self._lab.change("outline", "")
        self._lab.refresh()

    def _on_drawn(self, region: Parametric) -> None:
        self._lab.change("outline", mask.to_json(region))

    def _on_hovered(self, hover: Hover | None) -> None:
        layer = hover.layer if hover is not None else None
        if hover is None or layer is None or layer.source is None:
            self._lab.readout_changed.emit("")
            return
        sample = layer.source[hover.y, hover.x]
        values = [sample.item()] if sample.ndim == 0 else [value.item() for value in sample]
        text = ", ".join(format_value(value) for value in values)
        self._lab.readout_changed.emit(f"{layer.title}   x {hover.x}  y {hover.y}   {text}")

    def _on_clicked(self, hover: Hover) -> None:
        """Go to the end of the octave that was clicked."""
        lab = self._lab
        if lab.state.layout == "octaves" and lab.dreamt is not None:
            octave = hover.level % SIGNED
            lab.go(sum(step.octave <= octave for step in lab.dreamt.trace.steps))

    def _on_menu(self, hover: Hover | None, place: QPoint) -> None:
        self._lab.exporter.show_menu(place)
