"""The Search lab in tests: a photo opened, a template drawn, the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import Mouse, canvases, open_file, wait_idle

from pyrviewer.labs.search.controller import SearchLab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.search.run import Found

RECT = (150, 90, 230, 150)


def lab_of(program: Program) -> SearchLab:
    lab = program.window.lab
    assert isinstance(lab, SearchLab)
    return lab


def start(qtbot: QtBot, program: Program, path: Path) -> SearchLab:
    """Open a photo in the Search lab."""
    program.window.show_lab("search")
    open_file(qtbot, program, path)
    return lab_of(program)


def drag(qtbot: QtBot, program: Program, rect: tuple[int, int, int, int]) -> None:
    """Draw a rectangle of the image with the mouse."""
    scene = canvases(program)[0]
    mapping, ratio = scene.mapping(), scene.ratio
    first = mapping.to_device(rect[0], rect[1])
    last = mapping.to_device(rect[2], rect[3])
    Mouse(scene).drag(
        (first[0] / ratio, first[1] / ratio), (last[0] / ratio, last[1] / ratio), steps=12
    )
    wait_idle(qtbot, program)


def answer(program: Program) -> Found:
    found = lab_of(program).found
    assert found is not None
    return found
