"""What panes keep between frames: the same pixels as if they were drawn, and never stale ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from panes import RATIOS, one_octave
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette
from support import (
    Array,
    at_view,
    canvases,
    grabbed,
    hold_key,
    open_array,
    press,
    release_key,
    set_layout,
    wait_idle,
)

from pyrviewer.session.viewport import View
from pyrviewer.ui import canvas as canvas_module
from pyrviewer.ui.overlays import Dots
from pyrviewer.ui.picture import Layer, Picture, draw_layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the titles of the layers that were drawn."""
    titles: list[str] = []

    def draw(*given: object, **options: object) -> None:
        layer = given[2]
        assert isinstance(layer, Layer)
        titles.append(layer.title)
        draw_layer(*given, **options)  # type: ignore[arg-type] # handed on

    monkeypatch.setattr(canvas_module, "draw_layer", draw)
    return titles


@pytest.mark.parametrize("program", RATIOS, indirect=True)
@pytest.mark.parametrize("scale", [0.37, 1.0, 3.3, 40.0])
def test_kept_pixels_are_those_that_were_drawn(
    qtbot: QtBot, program: Program, noise: Array, drawn: list[str], scale: float
) -> None:
    open_array(qtbot, program, noise)
    set_layout(qtbot, program, "upsampled")  # panes that begin between device pixels
    first = canvases(program)[0]
    at_view(qtbot, program, first, View(200.3, 150.7, scale))
    first.viewport.pan(0.2 / scale, 0)  # what the window drew meanwhile is of another view
    shots, counts = [], []
    for _ in range(4):
        drawn.clear()
        shots.append(grabbed(program.window))
        counts.append(len(drawn))
    panes = len(canvases(program))
    assert counts == [panes, panes, 0, 0]  # to the screen, to be kept, and no more
    for shot in shots[1:]:
        np.testing.assert_array_equal(shot, shots[0])


def test_nothing_stale_is_shown(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)

    def other_layers(layer: Layer) -> Layer:
        return replace(layer, picture=Picture([np.zeros((*layer.geometry.shape, 4), np.uint8)]))

    def other_palette() -> None:
        palette = QPalette(canvas.palette())
        palette.setColor(QPalette.ColorRole.Dark, QColor("#204060"))
        canvas.setPalette(palette)

    changes: list[Callable[[], object]] = [
        lambda: canvas.viewport.pan(3, 0),
        lambda: press(qtbot, program, "G", Qt.KeyboardModifier.ControlModifier),
        lambda: canvas.set_fixed([Dots([(20, 150)], "#ff0000", 20)]),
        lambda: canvas.resize(canvas.width() - 40, canvas.height()),
        other_palette,
        lambda: canvas.replace_layers(other_layers),
    ]
    canvas.viewport.set_view(View(10, 150, 12))  # with a border that has the palette's colour
    wait_idle(qtbot, program)
    before = [grabbed(canvas) for _ in range(3)][-1]
    for number, change in enumerate(changes):
        change()
        now, kept = [grabbed(canvas) for _ in range(3)][::2]
        np.testing.assert_array_equal(now, kept)
        assert now.shape != before.shape or (now != before).any(), number
        before = now


def test_the_reference_is_not_the_kept_picture(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 3)
    shots = [grabbed(canvas) for _ in range(3)]
    hold_key(canvas, Qt.Key.Key_Shift)
    assert (grabbed(canvas) != shots[-1]).any()
    release_key(canvas, Qt.Key.Key_Shift)
    np.testing.assert_array_equal(grabbed(canvas), shots[-1])
