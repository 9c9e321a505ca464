"""What tests of the Dream lab share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from support import open_array, press, wait_idle

from pyrviewer.compute import dream, network
from pyrviewer.labs.dream.controller import DreamLab

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.compute.dream import DreamTrace
    from pyrviewer.labs.dream.run import Dreamt

Array = npt.NDArray[Any]

LAYER, OCTAVES, STEPS = "block 2", 2, 3
ALL_STEPS = OCTAVES * STEPS


def start(qtbot: QtBot, program: Program, pixels: Array) -> DreamLab:
    """Open pixels in the Dream lab, with settings that take little time."""
    program.window.show_lab("dream")
    open_array(qtbot, program, pixels)
    return hasten(qtbot, program)


def hasten(qtbot: QtBot, program: Program) -> DreamLab:
    """Choose settings that take little time, on the picture that is open."""
    lab = program.window.lab
    assert isinstance(lab, DreamLab)
    for name, value in (("layer", LAYER), ("octaves", OCTAVES), ("steps", STEPS)):
        lab.change(name, value)
    wait_idle(qtbot, program)
    return lab


def dreamt(lab: DreamLab) -> Dreamt:
    found = lab.dreamt
    assert found is not None
    return found


def growing(lab: DreamLab) -> bool:
    return lab.scene is not None and lab.scene.moment is not None


def dream_now(qtbot: QtBot, program: Program, lab: DreamLab) -> Dreamt:
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    return dreamt(lab)


def alone(pixels: Array, net: network.Network, **settings: Any) -> DreamTrace:
    """Dream without a window."""
    return dream.dream(pixels, net, layer=LAYER, octaves=OCTAVES, steps=STEPS, **settings)


def shown(lab: DreamLab) -> Array:
    """Return what the first pane shows, in its own values."""
    source = lab.view.grid.canvases[0].layers[0].source
    assert source is not None
    return source
