"""What a canvas asks of a tool that has the left button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PyQt6.QtCore import Qt
    from PyQt6.QtGui import QPainter

    from pyrviewer.ui.picture import Mapping

GRAB = 7  # logical pixels on either side of an edge or a handle
CLICK = 4  # logical pixels: a shorter drag is a click


class Tool(Protocol):
    """A state machine that turns drags into something.

    Places are in canvas units; `reach` is `GRAB` in them.

    Attributes
    ----------
    live : bool
        Whether whoever uses the tool draws the pane anew for every move, so that no one else must.
    steps : bool
        Whether the arrow keys are the tool's.
    """

    live: bool
    steps: bool

    def press(self, x: float, y: float, reach: float) -> None:
        """Begin."""

    def move(self, x: float, y: float, reach: float) -> None:
        """Go on."""

    def release(self, x: float, y: float) -> None:
        """End."""

    def cancel(self) -> bool:
        """Restore what was there before the drag; False where there is none."""

    def hover(self, x: float, y: float) -> bool:
        """Follow the mouse without a button; True where something is to be drawn anew."""

    def leave(self) -> None:
        """Forget the mouse, which left the pane."""

    def wheel(self, turns: float) -> None:
        """Take the wheel while Alt is held."""

    def step(self, dx: int, dy: int) -> None:
        """Take an arrow key: a step to the right and down."""

    def cursor(self, x: float, y: float, reach: float) -> Qt.CursorShape:
        """Return the cursor that says what a press there would do."""

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw in device pixels; `ratio` is device pixels per logical pixel."""


class Passive:
    """A tool that does nothing with the mouse but drag."""

    live = False
    steps = False

    def hover(self, x: float, y: float) -> bool:
        """Draw nothing anew."""
        return False

    def leave(self) -> None:
        """Nothing to forget."""

    def wheel(self, turns: float) -> None:
        """Nothing to change."""

    def step(self, dx: int, dy: int) -> None:
        """Nothing to move."""
