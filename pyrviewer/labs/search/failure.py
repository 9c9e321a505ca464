"""Where the true place was lost, and the setting that would have kept it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.compute import search

if TYPE_CHECKING:
    from pyrviewer.compute.search import Miss
    from pyrviewer.labs.search.controller import SearchLab
    from pyrviewer.ui.navigator import Hover

WHOLE = ("coarsest", "candidates", "max_matches")  # settings that count


class Failure(QObject):
    """Lets the user point out the true place and explains why the search did not find it.

    Attributes
    ----------
    truth : (float, float) or None
        The middle of the true place, in pixels of the scene.
    """

    def __init__(self, lab: SearchLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self.truth: tuple[float, float] | None = None
        self._miss: Miss | None = None
        lab.view.clicked.connect(self._on_clicked)
        lab.panel.truth_wanted.connect(self._on_wanted)
        lab.panel.repair_wanted.connect(self.repair)

    def point_out(self, truth: tuple[float, float] | None) -> None:
        """Take the true place, or forget it."""
        lab, self.truth = self._lab, truth
        lab.panel.truth.setChecked(False)
        lab.view.hold_tool(False)
        self.explain()
        lab.go(lab.moment)

    def explain(self) -> None:
        """Say where the true place was lost."""
        found, panel = self._lab.found, self._lab.panel
        self._miss = None
        text = ""
        truth = self.truth or self._picked()
        if found is not None and truth is not None:
            height, width = found.trace.template_shape
            self._miss = search.why_missed(found.trace, truth[0] - width / 2, truth[1] - height / 2)
            if self._miss is not None:
                text = self._miss.reason
            elif self.truth is not None:
                text = "That place was found."
        repair = ""
        if self._miss is not None:
            repair = f"Set {self._miss.setting.replace('_', ' ')} to {self._miss.value:g}"
        panel.show_failure(text, repair)

    def _picked(self) -> tuple[float, float] | None:
        """Return the middle of a template that is a part of the scene: it must be found there."""
        state = self._lab.state
        if state.kept or not state.rect:
            return None
        x0, y0, x1, y1 = state.rect
        return (x0 + x1) / 2, (y0 + y1) / 2

    def repair(self) -> None:
        """Change the setting that would have kept the true place."""
        miss = self._miss
        if miss is not None and miss.setting in self._lab.step_names:
            value = round(miss.value) if miss.setting in WHOLE else miss.value
            self._lab.change(miss.setting, value)

    def _on_wanted(self) -> None:
        if self._lab.panel.truth.isChecked():
            self._lab.view.hold_tool(True)
            self._lab.view.hint.setText("Click the middle of the true place.")
        else:
            self.point_out(None)

    def _on_clicked(self, hover: Hover) -> None:
        if self._lab.panel.truth.isChecked():
            self.point_out((hover.canvas_x, hover.canvas_y))
