"""Two pictures on each other in the Blend lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from blend_lab import drag, lab_of, photo_pixels, result_of, start
from PyQt6.QtCore import Qt
from support import PHOTOS, Array, press, wait_idle

from pyrviewer.compute import image

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


# Placing


def test_b_is_moved_by_mouse_and_keys(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    press(qtbot, program, "M")
    drag(qtbot, program, (200, 100), (230, 90))
    assert (lab.state.x, lab.state.y) == pytest.approx((30, -10), abs=1.5)
    x, y = lab.state.x, lab.state.y
    press(qtbot, program, "Right", ALT)
    press(qtbot, program, "Down", ALT)
    wait_idle(qtbot, program)
    assert (lab.state.x, lab.state.y) == (x + 1, y + 1)
    found = result_of(program)
    assert not found.pair.whole
    assert found.mask[:, :20].min() == 255  # A where B is not
    lab.change("frame", "common")
    wait_idle(qtbot, program)
    found = result_of(program)
    assert found.pair.whole
    assert found.pair.origin[0] == pytest.approx(lab.state.x, abs=1)


def test_pictures_of_one_scene_are_aligned(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    scene = photo_pixels(PHOTOS / "coffee.png")
    image.write(tmp_path / "a.png", scene[:350, :500])
    image.write(tmp_path / "b.png", scene[23:373, 41:541])
    lab = start(qtbot, program, (tmp_path / "a.png", tmp_path / "b.png"))
    program.menus.run("blend.align")
    wait_idle(qtbot, program)
    assert (lab.state.x, lab.state.y) == pytest.approx((41, 23), abs=0.1)
    assert "Aligned" in lab.panel.note.text()


def test_unlike_pictures_stay_where_they_are(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run("blend.align")
    wait_idle(qtbot, program)
    assert (lab.state.x, lab.state.y) == (0, 0)
    assert "do not seem to share" in program.window.notices.texts[-1]


def test_b_beside_a_is_a_sentence(qtbot: QtBot, program: Program, pair: tuple[Path, Path]) -> None:
    lab = start(qtbot, program, pair)
    lab.change("place", (5000.0, 0.0))
    wait_idle(qtbot, program)
    assert "do not overlap" in lab.panel.note.text()
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert result_of(program).pair.whole


def test_swapping_twice_is_where_it_began(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    start(qtbot, program, pair)
    first = result_of(program).report.pixels
    press(qtbot, program, "X")
    wait_idle(qtbot, program)
    lab = lab_of(program)
    assert lab.document is not None
    assert lab.document.path == pair[1]
    swapped = result_of(program).report.pixels
    assert np.abs(swapped.astype(int) - first).max() <= 1
    press(qtbot, program, "X")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).report.pixels, first)


@pytest.mark.parametrize("kind", ["gray", "16 bit", "alpha", "smaller", "1 x 1"])
def test_unlike_kinds_are_brought_together(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, kind: str
) -> None:
    others: dict[str, Array] = {
        "gray": np.full((300, 451), 90, np.uint8),
        "16 bit": np.full((300, 451, 3), 30000, np.uint16),
        "alpha": np.full((300, 451, 4), 200, np.uint8),
        "smaller": np.full((100, 90, 3), 200, np.uint8),
        "1 x 1": np.full((1, 1), 7, np.uint8),
    }
    image.write(tmp_path / "other.png", others[kind])
    start(qtbot, program, (photo, tmp_path / "other.png"))
    assert result_of(program).report.pixels.shape[:2] == (300, 451)
    assert program.window.notices.texts == []
