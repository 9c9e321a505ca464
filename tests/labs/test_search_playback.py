"""Playing a search back in the Search lab: steps, recordings, turned templates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from PyQt6.QtGui import QGuiApplication, QImage
from search_lab import RECT, answer, drag, lab_of, start
from support import Array, grabbed, open_array, press, wait_idle

from pyrviewer.compute.opencv import cv2
from pyrviewer.labs.search import view
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.search.controller import SearchLab


def test_keys_step_through_the_search(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    last = len(answer(program).moments) - 1
    assert lab.moment == last
    press(qtbot, program, "Home")
    assert lab.moment == 0
    first = lab.view.count.text()
    press(qtbot, program, ".")
    assert lab.moment == min(1, last)
    press(qtbot, program, "End")
    assert lab.moment == last
    if last:
        assert lab.view.count.text() != first
    press(qtbot, program, "P")
    qtbot.waitUntil(lambda: lab.moment == last and not lab.view.transport.playing, timeout=20_000)


def test_the_playback_is_recorded_as_it_is_seen(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    lab.exporter.record(tmp_path / "search.gif")
    qtbot.waitUntil(lambda: (tmp_path / "search.gif").exists(), timeout=20000)
    wait_idle(qtbot, program)
    with PIL.Image.open(tmp_path / "search.gif") as film:
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(getattr(film, "n_frames", 1) - 1)
        last = np.asarray(film.convert("RGB")).astype(int)
    shown = grabbed(lab.view.grid)
    assert last.shape == shown.shape
    assert np.abs(last - shown).mean() < 12  # 256 colours
    assert np.abs(last - first).mean() > 0.5
    assert program.window.notices.texts[-1] == "search.gif saved."


def test_a_turned_search_is_shown_where_it_was_made(
    qtbot: QtBot, program: Program, cat: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dots lie in the middle of the turned template; of many angles' maps only one is seen."""
    middle = (cat.shape[1] / 2, cat.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(middle, 35, 1)
    program.window.show_lab("search")
    open_array(qtbot, program, cv2.warpAffine(cat, turn, cat.shape[1::-1]))
    lab = lab_of(program)
    x0, y0, x1, y1 = RECT
    board = QGuiApplication.clipboard()
    assert board is not None
    pixels = np.ascontiguousarray(cat[y0:y1, x0:x1])
    board.setImage(qimage(pixels, QImage.Format.Format_RGB888).copy())
    lab.change("angle", 60)
    lab.paste_template()
    wait_idle(qtbot, program)
    board.clear()
    found = answer(program)
    best = found.trace.best
    assert best is not None
    assert best.angle == pytest.approx(35, abs=0.2)
    assert len(found.stages) > 1
    for stage in found.stages:
        nearest = min(math.dist(stage.centre(kept), best.centre) for kept in stage.trace.kept)
        assert nearest < 2.0 ** (stage.trace.level + 1)
    coarsest = found.stages[0]
    assert len(coarsest.heat) > 20
    for moment in (coarsest.heat[9].order, found.moments[-1]):
        (seen,) = coarsest.shown(moment)
        for low, high, extent in zip(seen.box[:2], seen.box[2:], middle, strict=True):
            assert (low + high) / 2 == pytest.approx(extent, abs=2.0**coarsest.trace.level)
    assert coarsest.shown(coarsest.heat[9].order) == [coarsest.heat[9]]
    assert coarsest.shown(found.moments[-1])[0].peak == max(piece.peak for piece in coarsest.heat)
    held = [play_back(lab)]
    monkeypatch.setattr(view, "MOST_COLOURED", held[0] // 2)
    held.append(play_back(lab))
    assert held[0] // 4 < held[1] <= held[0] // 2


def play_back(lab: SearchLab) -> int:
    """Show every step; return the bytes of coloured scores that are held then."""
    assert lab.found is not None
    for moment in range(len(lab.found.moments)):
        lab.go(moment)
    return sum(image.sizeInBytes() for image in lab.view._washes.values())
