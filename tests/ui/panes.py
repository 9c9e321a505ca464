"""What tests of panes share: looking at one octave, and what must be seen there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import Qt
from support import (
    Array,
    Mouse,
    at_view,
    canvases,
    press,
    set_layout,
    wait_idle,
)

from pyrviewer.session.viewport import View

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.ui.canvas import Canvas
    from pyrviewer.ui.navigator import Hover

CONTROL = Qt.KeyboardModifier.ControlModifier
RATIOS = [1.0, 1.5, 2.0]
EDGE = 48  # logical pixels at the border of a pane that titles and the frame may cover


def one_octave(qtbot: QtBot, program: Program, level: int) -> Canvas:
    """Show one octave large and return its pane."""
    set_layout(qtbot, program, "one")
    press(qtbot, program, str(level))
    wait_idle(qtbot, program)
    (canvas,) = canvases(program)
    return canvas


def ratio_of(program: Program) -> float:
    """Return the device pixels per logical pixel, which must be those of the screen."""
    ratio = program.window.devicePixelRatioF()
    assert all(canvas.devicePixelRatioF() == ratio for canvas in canvases(program))
    return ratio


def squarely(qtbot: QtBot, program: Program, canvas: Canvas, scale: float) -> None:
    """Look at the middle so that borders of image pixels are borders of device pixels."""
    x, y = canvas.width() % 2 / 2 / scale, canvas.height() % 2 / 2 / scale
    at_view(qtbot, program, canvas, View(200 + x, 150 + y, scale))


def expected(pixels: Array, canvas: Canvas, shot: Array) -> tuple[Array, Array]:
    """Return what nearest neighbour puts on each device pixel, and where that is certain."""
    view, ratio = canvas.viewport.view, canvas.devicePixelRatioF()

    def axis(
        count: int, size: float, centre: float, side: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        # Through the centre of each device pixel, by the definition of centre and scale.
        place = (np.arange(count) + 0.5 - size * ratio / 2) / view.scale + centre
        pixel = np.floor(place).astype(np.int64)
        border = np.minimum(place - pixel, pixel + 1 - place) * view.scale
        # Where a border between two pixels meets the centre of a device pixel either is right.
        slack = 0.3 if view.scale % 1 == 0 else 0.6
        certain = (pixel >= 0) & (pixel < side) & (border > slack)
        edge = round(EDGE * ratio)
        certain[:edge] = certain[-edge:] = False
        return np.clip(pixel, 0, side - 1), certain

    x, sure_x = axis(shot.shape[1], canvas.width(), view.x, pixels.shape[1])
    y, sure_y = axis(shot.shape[0], canvas.height(), view.y, pixels.shape[0])
    return pixels[y][:, x], sure_y[:, None] & sure_x


def hover_of(canvas: Canvas, x: float, y: float) -> Hover | None:
    """Move the mouse and return what the canvas says is under it."""
    heard: list[Hover | None] = []
    canvas.hovered.connect(heard.append)
    Mouse(canvas).move(x, y)
    canvas.hovered.disconnect(heard.append)
    assert len(heard) == 1
    return heard[0]


def base_under(canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    hover = hover_of(canvas, x, y)
    assert hover is not None
    return hover.canvas_x, hover.canvas_y
