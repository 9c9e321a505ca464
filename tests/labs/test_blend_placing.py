"""Two pictures on each other in the Blend lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from blend_lab import drag, lab_of, photo_pixels, result_of, start
from PyQt6.QtCore import Qt
from support import PHOTOS, Array, press, wait_idle

from pyrviewer.compute import image
from pyrviewer.compute.image import Origin
from pyrviewer.session.document import OpenRequest

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
    for key in ("Left", "Up"):  # with that tool in hand they are not for the next image
        press(qtbot, program, key)
    wait_idle(qtbot, program)
    assert (lab.state.x, lab.state.y) == (x, y)
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


def test_swapping_takes_painted_masks_and_larger_pictures_along(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    half = photo_pixels(pair[1])[::2, ::2]
    image.write(tmp_path / "half.png", half)
    lab = start(qtbot, program, (pair[0], tmp_path / "half.png"))
    lab.change("scale", 2.0)
    lab.change("place", (10.0, 20.0))
    wait_idle(qtbot, program)
    outline = result_of(program).mask.copy()
    press(qtbot, program, "X")
    wait_idle(qtbot, program)
    assert unlike(outline, result_of(program).mask) < 0.01
    press(qtbot, program, "B")
    drag(qtbot, program, (20, 30), (60, 30))
    painted = result_of(program).mask.copy()
    assert painted[30, 40] == 255
    press(qtbot, program, "X")
    wait_idle(qtbot, program)
    assert unlike(outline, painted) > 0.05
    assert unlike(result_of(program).mask, painted) < 0.02
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert np.array_equal(result_of(program).mask, outline)


def unlike(mask: Array, swapped: Array) -> float:
    """Return how much of a mask differs from that of the half picture at (10, 20) after a swap."""
    inner = mask[20:300:2, 10:450:2].astype(int)
    return float(np.mean(np.abs(inner - (255 - swapped[:140, :220].astype(int))) > 64))


def test_pages_of_one_file_and_pasted_pictures_are_told_apart(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    pixels = photo_pixels(photo)
    levels = (30, 120, 210)
    pages = [PIL.Image.fromarray(np.full_like(pixels, level)) for level in levels]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    lab = start(qtbot, program, (photo, tmp_path / "pages.tif"))
    for page in (1, 2):
        program.workspace.open(OpenRequest(tmp_path / "pages.tif", page=page, activate=False))
        wait_idle(qtbot, program)
    for level in (60, 90):
        program.workspace.add(
            image.from_array(np.full_like(pixels, level), Origin("clipboard", "Clipboard"))
        )
    program.workspace.activate(program.workspace.documents[1])
    wait_idle(qtbot, program)
    names = [lab.panel.other.itemText(index) for index in range(lab.panel.other.count())]
    assert sorted(names)[:2] == ["Clipboard", "Clipboard 2"]
    shown = []
    for index in range(len(names)):
        lab.panel.other.setCurrentIndex(index)
        lab.panel.other.activated.emit(index)
        wait_idle(qtbot, program)
        shown.append(int(result_of(program).pair.b.max()))
    assert sorted(shown) == [30, 60, 90, 120, 210]


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


def test_a_closed_b_stays_b_and_is_named(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    lab.change("soft", 4.0)
    wait_idle(qtbot, program)
    before = result_of(program).report.pixels
    program.workspace.add(
        image.from_array(np.zeros((300, 451), np.uint8), Origin("clipboard", "C"))
    )
    documents = program.workspace.documents
    program.workspace.activate(documents[1])
    program.workspace.close(documents[0])
    wait_idle(qtbot, program)
    assert lab.panel.other.currentText() == pair[1].name
    assert np.array_equal(result_of(program).report.pixels, before)


def test_b_is_the_picture_that_suits_a_until_something_is_done(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    image.write(tmp_path / "small.png", np.full((90, 90), 100, np.uint8))
    lab = start(qtbot, program, (pair[0], tmp_path / "small.png"))
    assert lab.panel.other.currentText() == "small.png"
    program.workspace.open(OpenRequest(pair[1], activate=False))
    wait_idle(qtbot, program)
    assert lab.panel.other.currentText() == pair[1].name
    lab.change("soft", 4.0)
    program.workspace.close(program.workspace.documents[-1])
    wait_idle(qtbot, program)
    assert lab.panel.other.currentText() == pair[1].name
