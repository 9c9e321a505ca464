"""What the tests of the Blend lab share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from support import Array, Mouse, canvases, open_file, wait_idle

from pyrviewer.labs.blend.controller import BlendLab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.blend.run import Result


def lab_of(program: Program) -> BlendLab:
    lab = program.window.lab
    assert isinstance(lab, BlendLab)
    return lab


def start(qtbot: QtBot, program: Program, pair: tuple[Path, Path]) -> BlendLab:
    """Open B, and then A in the Blend lab."""
    open_file(qtbot, program, pair[1])
    program.window.show_lab("blend")
    open_file(qtbot, program, pair[0])
    return lab_of(program)


def result_of(program: Program) -> Result:
    result = lab_of(program).scene.result
    assert result is not None
    return result


def place(program: Program, x: float, y: float) -> tuple[float, float]:
    """Return where a point of A is on the last pane, in logical pixels."""
    canvas = canvases(program)[-1]
    dx, dy = canvas.mapping().to_device(x, y)
    return dx / canvas.ratio, dy / canvas.ratio


def drag(qtbot: QtBot, program: Program, *points: tuple[float, float]) -> None:
    """Drag from the first to the last point of A."""
    mouse = Mouse(canvases(program)[-1])
    mouse.drag(place(program, *points[0]), place(program, *points[-1]), steps=10)
    wait_idle(qtbot, program)


def photo_pixels(path: Path) -> Array:
    return np.asarray(PIL.Image.open(path).convert("RGB"))
