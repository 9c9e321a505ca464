"""What tests of the Pooling lab share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from support import Mouse, canvases, open_file, wait_idle

from pyrviewer.compute import network
from pyrviewer.labs.pooling.controller import PoolingLab
from pyrviewer.labs.pooling.state import PoolingState

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.pooling.run import Pooled
    from pyrviewer.ui.canvas import Canvas

Array = npt.NDArray[Any]

needs_network = pytest.mark.skipif(not network.available(), reason="needs the extra deep")


def lab_of(program: Program) -> PoolingLab:
    lab = program.window.lab
    assert isinstance(lab, PoolingLab)
    return lab


def start(qtbot: QtBot, program: Program, path: Path) -> PoolingLab:
    """Open a photo in the Pooling lab, and begin with its colours."""
    program.window.show_lab("pooling")
    lab_of(program).default = PoolingState()
    open_file(qtbot, program, path)
    return lab_of(program)


def pooled(lab: PoolingLab) -> Pooled:
    assert lab.found is not None
    return lab.found


def change(qtbot: QtBot, program: Program, name: str, value: object) -> Pooled:
    lab_of(program).change(name, value)
    wait_idle(qtbot, program)
    return pooled(lab_of(program))


def on_screen(canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    """Return the widget position of a point of the image."""
    at = canvas.mapping().to_device(x, y)
    return at[0] / canvas.ratio, at[1] / canvas.ratio


def drag(qtbot: QtBot, program: Program, rect: tuple[int, int, int, int]) -> None:
    """Draw a rectangle of the image with the mouse."""
    image = canvases(program)[0]
    Mouse(image).drag(on_screen(image, *rect[:2]), on_screen(image, *rect[2:]), steps=12)
    wait_idle(qtbot, program)


def adaptive(maps: Array, levels: tuple[int, ...]) -> Array:
    """Pool as the formula says, bin by bin."""
    _, height, width = maps.shape
    found = []
    for n in levels:
        for one in maps:
            for i in range(n):
                for j in range(n):
                    rows = slice(i * height // n, -(-(i + 1) * height // n))
                    found.append(one[rows, j * width // n : -(-(j + 1) * width // n)].max())
    return np.array(found)
