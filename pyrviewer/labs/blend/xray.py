"""The cursor over the levels of a blend, from the coarsest to the finest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.labs.blend.panes import nearest

if TYPE_CHECKING:
    from pyrviewer.labs.blend.controller import BlendLab


class XRay(QObject):
    """Moves over levels that were taken apart; nothing is computed again."""

    def __init__(self, lab: BlendLab) -> None:
        super().__init__(lab)
        self._lab = lab
        lab.view.moved.connect(self._go)

    def show(self) -> None:
        """Show where the cursor is."""
        levels, state = self._lab.scene.levels, self._lab.state
        if state.layout == "xray" and levels:
            numbers = [level.level for level in reversed(levels)]
            near = nearest(levels, state.selected).level
            text = f"level {near} of {numbers[0]}"
            self._lab.view.transport.show_range(len(numbers) - 1, numbers.index(near), text)

    def _go(self, step: int) -> None:
        levels = self._lab.scene.levels
        if levels:
            self._lab.change("selected", levels[max(0, len(levels) - 1 - step)].level)

    def select(self, step: int) -> None:
        """Go to a coarser or finer level."""
        levels = [level.level for level in self._lab.scene.levels]
        if levels:
            selected = self._lab.state.selected + step
            self._lab.change("selected", min(max(selected, levels[0]), levels[-1]))
