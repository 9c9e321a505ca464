"""What tests of the Atrous lab share: the lab, its layouts, its panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support import Mouse, canvases, open_file, wait_idle

from pyrviewer.compute import network
from pyrviewer.labs.atrous.controller import AtrousLab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.atrous.run import Found

LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float)
learned = pytest.mark.skipif(not network.available(), reason="the network is not installed")


def lab_of(program: Program) -> AtrousLab:
    lab = program.window.lab
    assert isinstance(lab, AtrousLab)
    return lab


def start(qtbot: QtBot, program: Program, path: Path, layout: str = "rate") -> AtrousLab:
    """Open a photo in a layout of the Atrous lab."""
    program.window.show_lab("atrous")
    open_file(qtbot, program, path)
    show(qtbot, program, layout)
    return lab_of(program)


def show(qtbot: QtBot, program: Program, layout: str) -> None:
    program.menus.run(f"atrous.layout.{layout}")
    wait_idle(qtbot, program)


def change(qtbot: QtBot, program: Program, name: str, value: object) -> None:
    lab_of(program).change(name, value)
    wait_idle(qtbot, program)


def answer(program: Program) -> Found:
    found = lab_of(program).found
    assert found is not None
    return found


def point(qtbot: QtBot, program: Program, spot: str, x: float, y: float) -> None:
    """Move the mouse to a place of the image in a pane."""
    canvas = canvases(program)[lab_of(program).view.spots.index(spot)]
    place = canvas.mapping().to_device(x, y)
    Mouse(canvas).move(place[0] / canvas.ratio, place[1] / canvas.ratio)
    wait_idle(qtbot, program)


def overlay(program: Program, spot: str, kind: type) -> object:
    canvas = canvases(program)[lab_of(program).view.spots.index(spot)]
    return next(each for each in canvas.overlays if isinstance(each, kind))
