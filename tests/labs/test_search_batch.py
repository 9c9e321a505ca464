"""One template in every open image, the descent set by hand, and matches that are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from support import PHOTOS, canvases, open_array, open_file, press, texts, wait_idle

from pyrviewer.compute import image
from pyrviewer.compute.mask import Lasso
from pyrviewer.labs.search.controller import SearchLab
from pyrviewer.labs.search.export import python_script
from pyrviewer.labs.search.state import SearchState, Template

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

RECT = (150, 90, 230, 150)


def searched(qtbot: QtBot, program: Program, path: Path) -> SearchLab:
    """Open a photo and look for a part of it."""
    program.window.show_lab("search")
    open_file(qtbot, program, path)
    lab = program.window.lab
    assert isinstance(lab, SearchLab)
    lab.change("rect", RECT)
    wait_idle(qtbot, program)
    return lab


def best(lab: SearchLab) -> float:
    assert lab.found is not None
    assert lab.found.trace.best is not None
    return lab.found.trace.best.score


def rows(lab: SearchLab) -> list[list[str]]:
    return [line.split("\t") for line in lab.panel.sightings.as_text().splitlines()[1:]]


def test_all_open_images_are_searched_and_the_best_comes_first(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    pixels = image.read(photo).pixels
    turned = np.ascontiguousarray(np.roll(pixels, (40, 60), axis=(0, 1)))
    open_array(qtbot, program, turned, "rolled.png")
    open_array(qtbot, program, pixels[:20, :20], "small.png")
    open_array(qtbot, program, pixels[::-1].copy(), "upside.png")
    lab = searched(qtbot, program, photo)
    lab.panel.all.click()
    wait_idle(qtbot, program)
    found = rows(lab)
    assert {row[0] for row in found[:2]} == {"rolled.png", photo.name}
    assert [row[1:] for row in found[:2]] == [["1", "1.000"]] * 2
    assert found[2][0] == "upside.png"
    assert float(found[2][2]) < 0.95
    assert found[3] == ["small.png", "–", "–"]
    assert "larger than the scene" in lab.panel.problems.text()
    lab.panel.sightings.chosen.emit([row[0] for row in found].index("rolled.png"))
    wait_idle(qtbot, program)
    assert lab.document is not None
    assert lab.document.name == "rolled.png"
    assert lab.found is not None
    match = lab.found.trace.matches[0]
    assert (match.x, match.y) == pytest.approx((RECT[0] + 60, RECT[1] + 40), abs=0.01)
    assert rows(lab) == found  # still there, to go on to the next


def test_the_batch_says_how_far_it_is_and_can_be_cancelled(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    for number in range(4):
        open_array(qtbot, program, image.read(photo).pixels[::-1].copy(), f"{number}.png")
    lab = searched(qtbot, program, photo)
    shares: list[float] = []
    lab.batch.lane.progress.connect(shares.append)
    assert lab.batch.lane in lab.lanes  # what the window shows and Escape stops
    with qtbot.waitSignal(lab.batch.lane.cancelled):
        lab.batch.search()
        lab.batch.lane.cancel()
    assert rows(lab) == []
    lab.batch.search()
    wait_idle(qtbot, program)
    assert len(rows(lab)) == 5
    assert shares == sorted(shares)


def test_closed_images_and_other_templates_leave_the_list(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    open_array(qtbot, program, image.read(photo).pixels[::-1].copy(), "upside.png")
    lab = searched(qtbot, program, photo)
    lab.batch.search()
    wait_idle(qtbot, program)
    assert len(rows(lab)) == 2
    workspace = program.workspace
    workspace.close(next(each for each in workspace.documents if each.name == "upside.png"))
    assert [row[0] for row in rows(lab)] == [photo.name]
    lab.change("kept", "")
    wait_idle(qtbot, program)
    assert rows(lab) == []
    assert lab.panel.sightings.isHidden()


def test_the_descent_is_set_by_hand_and_undone(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = searched(qtbot, program, photo)
    lab.panel.coarsest.setValue(1)
    lab.panel.candidates.setValue(3)
    wait_idle(qtbot, program)
    assert lab.found is not None
    levels = lab.found.trace.levels
    assert [level.level for level in levels] == [1, 0]
    assert len(levels[0].kept) == 3
    for _ in range(2):
        press(qtbot, program, "Ctrl+Z")
        wait_idle(qtbot, program)
    assert (lab.panel.coarsest.value(), lab.panel.candidates.value()) == (-1, 0)
    assert lab.panel.coarsest.box.text() == "auto"


def test_enter_on_a_match_shows_it(qtbot: QtBot, program: Program) -> None:
    lab = searched(qtbot, program, PHOTOS / "coins.png")
    lab.change("max_matches", 5)
    lab.change("min_score", 0.2)
    wait_idle(qtbot, program)
    assert lab.found is not None
    match = lab.found.trace.matches[2]
    lab.panel.table.setCurrentCell(2, 0)
    qtbot.keyClick(lab.panel.table, Qt.Key.Key_Return)
    scene = canvases(program)[0]
    middle = np.mean(match.corners, axis=0)
    place = scene.mapping().to_device(*middle)
    seen = np.divide(place, scene.ratio)
    assert seen == pytest.approx((scene.width() / 2, scene.height() / 2), abs=20)
    size = scene.mapping().rect(0, 0, match.width, match.height)
    assert size.width() > 0.1 * scene.width() * scene.ratio


def test_a_row_opens_with_the_settings_of_its_search_and_can_be_undone(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    other = open_array(qtbot, program, image.read(photo).pixels[::-1].copy(), "upside.png")
    lab = searched(qtbot, program, photo)
    lab.change("min_score", 0.3)
    lab.batch.search()
    wait_idle(qtbot, program)
    lab.change("min_score", 0.9)
    other.change("search", lab.default, SearchState(max_matches=7), "Change matches")
    lab.panel.sightings.chosen.emit([row[0] for row in rows(lab)].index("upside.png"))
    wait_idle(qtbot, program)
    assert lab.document is other
    assert (lab.state.min_score, lab.state.max_matches) == (0.3, 1)
    press(qtbot, program, "Ctrl+Z")
    assert lab.state.max_matches == 7


def test_what_is_kept_is_kept_for_an_image_opened_in_another_lab(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = searched(qtbot, program, photo)
    lab.toggle_pin()
    kept = lab.state.kept
    program.window.show_lab("octaves")
    open_array(qtbot, program, image.read(photo).pixels[:, ::-1].copy(), "mirrored.png")
    program.window.show_lab("search")
    wait_idle(qtbot, program)
    assert lab.document is not None
    assert lab.document.name == "mirrored.png"
    assert lab.state.kept == kept
    assert lab.found is not None


def test_an_outline_around_nothing_is_no_template(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = searched(qtbot, program, photo)
    line = Lasso(((20.0, 30.0), (90.0, 80.0), (160.0, 130.0)))
    lab.view.outlined.emit(line)
    wait_idle(qtbot, program)
    assert lab.state.rect == RECT
    assert any("encloses nothing" in text for text in texts(program.window))


def test_a_template_of_the_scene_that_was_lost_is_explained_by_itself(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = searched(qtbot, program, photo)
    lab.change("rect", (100, 220, 150, 260))
    lab.change("min_score", 0.9)
    lab.change("coarsest", 6)
    lab.change("candidates", 1)
    wait_idle(qtbot, program)
    assert best(lab) < 0.9  # one candidate is too few for it
    assert "that were followed" in lab.panel.proof.text()
    assert lab.panel.repair.isVisibleTo(lab.panel.failure.body)
    lab.panel.repair.click()
    wait_idle(qtbot, program)
    assert best(lab) == pytest.approx(1, abs=1e-4)


def test_the_script_does_not_take_the_scene_for_a_template_from_the_clipboard(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = searched(qtbot, program, photo)
    lab._keep(("clip", Template(image.read(photo).pixels[50:90, 60:120].copy())))
    wait_idle(qtbot, program)
    assert lab.found is not None
    script = python_script(lab.found, str(photo))
    assert "template = image.read('template.png', page=0).pixels\n" in script
