"""Rebuilding the image from its bands, with a gain for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from octaves_lab import IMAGES, measured, named, result_text, table
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSlider, QToolButton
from reference import psnr, rebuilt
from support import (
    Array,
    Mouse,
    open_array,
    press,
    set_layout,
    tap,
    wait_idle,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")
KINDS = ("gaussian", "laplacian", "dog")
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_exact_is_measured_and_goes_when_a_band_is_muted(qtbot: QtBot, program: Program) -> None:
    gray = IMAGES["gray"]
    open_array(qtbot, program, gray)
    set_layout(qtbot, program, "rebuild")
    assert "Exact" in result_text(program)
    Mouse(named(program, QToolButton, "Mute band 0")).click(8, 8)
    wait_idle(qtbot, program)
    assert "Exact" not in result_text(program)
    bands = len(table(program, "Storage by level")) - 1
    gains = [0, *(1,) * bands]
    assert measured(program) == pytest.approx(psnr(rebuilt(gray, gains), gray), abs=0.006)
    Mouse(named(program, QToolButton, "Mute band 1")).click(8, 8)
    wait_idle(qtbot, program)
    gains = [0, 0, *(1,) * (bands - 1)]
    assert measured(program) == pytest.approx(psnr(rebuilt(gray, gains), gray), abs=0.006)
    for _ in range(2):
        press(qtbot, program, "Z", CONTROL)
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


def test_solo_is_that_band_alone(qtbot: QtBot, program: Program) -> None:
    gray = IMAGES["gray"]
    open_array(qtbot, program, gray)
    set_layout(qtbot, program, "rebuild")
    bands = len(table(program, "Storage by level")) - 1
    Mouse(named(program, QToolButton, "Solo residual")).click(8, 8)
    wait_idle(qtbot, program)
    gains = [*(0,) * bands, 1]
    assert measured(program) == pytest.approx(psnr(rebuilt(gray, gains), gray), abs=0.006)
    Mouse(named(program, QToolButton, "Solo residual")).click(8, 8)
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


def test_a_gain_that_is_not_1_is_not_exact(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "rebuild")
    slider = named(program, QSlider, "Gain of band 1")
    slider.setFocus()
    tap(slider, Qt.Key.Key_Right)
    wait_idle(qtbot, program)
    assert "Exact" not in result_text(program)
    program.menus.run("octaves.reset_gains")
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


@pytest.mark.parametrize("name", ["rgba", "uint16", "odd", "1x1", "1xN", "Nx1", "2x3"])
def test_integers_are_rebuilt_exactly(qtbot: QtBot, program: Program, name: str) -> None:
    open_array(qtbot, program, IMAGES[name])
    set_layout(qtbot, program, "rebuild")
    assert "Exact" in result_text(program)


def test_a_gain_drag_is_one_step(qtbot: QtBot, program: Program, cat: Array) -> None:
    document = open_array(qtbot, program, cat)
    set_layout(qtbot, program, "rebuild")
    slider = named(program, QSlider, "Gain of band 0")
    count = document.undo_stack.count()
    for value in range(20):
        slider.setValue(slider.value() - 1 - value % 2)
    wait_idle(qtbot, program)
    assert document.undo_stack.count() == count + 1
    assert "Exact" not in result_text(program)
    press(qtbot, program, "Z", CONTROL)
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)
