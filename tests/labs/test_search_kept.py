"""Templates from elsewhere: kept, undone, there again after a restart, with holes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PyQt6.QtGui import QGuiApplication, QImage
from support import Array, grabbed, open_file, press, wait_idle

from pyrviewer.app import Program
from pyrviewer.compute import image
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.mask import Ellipse
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.search.controller import SearchLab
from pyrviewer.labs.search.kept import describe, revive
from pyrviewer.labs.search.state import Template
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("sample_pictures")

RECT = (150, 90, 230, 150)


def lab_of(program: Program) -> SearchLab:
    lab = program.window.lab
    assert isinstance(lab, SearchLab)
    return lab


def place(qtbot: QtBot, program: Program) -> tuple[float, float]:
    """Wait for the answer; return the best match's corner."""
    wait_idle(qtbot, program)
    found = lab_of(program).found
    assert found is not None
    return found.trace.matches[0].x, found.trace.matches[0].y


def started(qtbot: QtBot) -> Program:
    program = Program()
    program.start(())
    program.window.resize(1280, 720)
    wait_idle(qtbot, program)
    return program


def end(program: Program) -> None:
    program.window.close()
    program.shutdown()
    assert program.rested


@pytest.mark.parametrize("source", ["file", "part", "clipboard"])
def test_a_kept_template_is_there_again_after_a_restart(
    qtbot: QtBot, photo: Path, cat: Array, tmp_path: Path, source: str
) -> None:
    program = started(qtbot)
    program.window.show_lab("search")
    open_file(qtbot, program, photo)
    lab = lab_of(program)
    part = np.ascontiguousarray(cat[90:150, 150:230])
    if source == "clipboard":
        board = QGuiApplication.clipboard()
        assert board is not None
        board.setImage(qimage(part, QImage.Format.Format_RGB888).copy())
        lab.paste_template()
        board.clear()
    elif source == "part":
        lab.change("rect", RECT)
        lab.toggle_pin()
    else:
        image.write(tmp_path / "part.png", part)
        lab.open_template(tmp_path / "part.png")
    before = place(qtbot, program)
    kept = lab.state.kept
    assert kept
    end(program)

    program = started(qtbot)
    assert lab_of(program).state.kept == kept
    assert place(qtbot, program) == pytest.approx(before, abs=1e-6)
    assert before == pytest.approx((150, 90), abs=0.01)
    end(program)


def test_keeping_and_letting_go_are_undone(qtbot: QtBot, program: Program, photo: Path) -> None:
    program.window.show_lab("search")
    open_file(qtbot, program, photo)
    lab = lab_of(program)
    lab.change("rect", RECT)
    lab.toggle_pin()
    lab.change("rect", (10, 10, 60, 60))  # the kept one goes before it
    assert place(qtbot, program) == pytest.approx(RECT[:2], abs=0.01)
    lab.toggle_pin()
    assert place(qtbot, program) == pytest.approx((10, 10), abs=0.01)
    press(qtbot, program, "Ctrl+Z")
    assert lab.panel.pin.isChecked()
    assert place(qtbot, program) == pytest.approx(RECT[:2], abs=0.01)
    press(qtbot, program, "Ctrl+Z")
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    assert not lab.state.kept
    assert lab.state.rect == RECT
    press(qtbot, program, "Ctrl+Y")
    wait_idle(qtbot, program)
    assert lab.panel.pin.isChecked()
    lab.clear()
    assert not lab.has_template
    press(qtbot, program, "Ctrl+Z")
    assert place(qtbot, program) == pytest.approx(RECT[:2], abs=0.01)


def test_transparent_parts_of_a_template_are_left_out_and_drawn_so(
    qtbot: QtBot, program: Program, photo: Path, cat: Array, tmp_path: Path
) -> None:
    program.window.show_lab("search")
    open_file(qtbot, program, photo)
    part = np.dstack([cat[90:154, 150:230], np.full((64, 80), 255, np.uint8)])
    part[:, 40:, :3] = (255, 0, 255)  # nothing of the kind is in the photo
    part[:, 40:, 3] = 0
    image.write(tmp_path / "cut.png", part)
    lab = lab_of(program)
    lab.open_template(tmp_path / "cut.png")
    assert place(qtbot, program) == pytest.approx((150, 90), abs=0.01)
    found = lab.found
    assert found is not None
    assert found.trace.matches[0].score == pytest.approx(1)
    drawn = found.template_octaves[0]
    np.testing.assert_array_equal(drawn[:, :40, 2::-1], cat[90:154, 150:190])
    board = drawn[:, 40:, :3].astype(int)  # a checkerboard: gray, of two shades
    assert np.ptp(board, axis=2).max() == 0
    assert len(np.unique(board)) == 2
    strip = grabbed(lab.panel.template).reshape(-1, 4)[:, :3].astype(int)
    magenta = (strip[:, 0] > 200) & (strip[:, 1] < 60) & (strip[:, 2] > 200)
    assert not magenta.any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_template_without_a_file_is_written_down(dtype: type[np.generic]) -> None:
    pixels = np.random.default_rng(2).integers(0, 200, (30, 40, 4)).astype(dtype)
    outline = Ellipse((20.0, 15.0), (12.0, 9.0))
    said = describe(Template(pixels, outline=outline))
    again, template = revive(Ticket(), said)
    assert again == said
    assert template.pixels.dtype == dtype
    np.testing.assert_array_equal(template.pixels, pixels)
    assert template.outline == outline


def test_a_kept_template_that_is_gone_is_said(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, cat: Array
) -> None:
    image.write(tmp_path / "part.png", cat[90:150, 150:230])
    said = describe(Template(cat, str(tmp_path / "part.png"), 0, (0, 0, 90, 20)))
    with pytest.raises(UserError, match="no longer holds"):
        revive(Ticket(), said)
    with pytest.raises(UserError, match="not known"):
        revive(Ticket(), "{}")
    program.window.show_lab("search")
    open_file(qtbot, program, photo)
    lab = lab_of(program)
    lab.change("kept", said)
    wait_idle(qtbot, program)
    assert "no longer holds" in program.window.notices.texts[-1]
    assert not lab.state.kept
