"""The Search lab on the screen: picking with the mouse, the answer, taking it away."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QImage
from search_lab import RECT, answer, drag, lab_of, start
from support import PHOTOS, Array, Mouse, canvases, grabbed, open_array, open_file, press, wait_idle

from pyrviewer.compute import image, search
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.search.export import python_script, write_matches
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program


def test_a_drag_picks_a_template_and_finds_it_where_it_was(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    x0, y0, x1, y1 = lab.state.rect
    assert np.abs(np.subtract(lab.state.rect, RECT)).max() <= 2  # a screen pixel is larger
    match = answer(program).trace.matches[0]
    assert (match.x, match.y) == pytest.approx((x0, y0), abs=0.01)
    assert match.score == pytest.approx(1, abs=1e-4)
    assert (match.width, match.height) == (x1 - x0, y1 - y0)
    assert len(canvases(program)) == 1 + len(answer(program).stages)


def test_the_template_is_shown_as_the_search_sees_it(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    """Pixels that do not fill a cell of an octave are left out."""
    lab = start(qtbot, program, photo)
    x0, y0 = RECT[:2]
    lab.change("coarsest", 3)
    drag(qtbot, program, (x0, y0, x0 + 84, y0 + 76))
    wait_idle(qtbot, program)
    shown = [octave.shape[:2] for octave in answer(program).template_octaves]
    left, top, right, bottom = lab.state.rect
    assert shown == [((bottom - top) >> level, (right - left) >> level) for level in range(4)]
    assert shown[0][0] % 8
    levels = {level.level: level.template_shape for level in answer(program).trace.levels}
    assert shown == [levels[level] for level in range(4)]


def test_the_counter_tells_the_sum_of_the_maps(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    found = answer(program)
    maps = sum(piece.scores.size for level in found.trace.levels for piece in level.pieces)
    assert found.counts[-1] == found.trace.translations == maps
    assert f"{maps:,}" in lab.view.count.text()
    height, width = lab.document.pixels.shape[:2] if lab.document else (0, 0)
    x0, y0, x1, y1 = lab.state.rect
    everything = (width - (x1 - x0) + 1) * (height - (y1 - y0) + 1)
    assert f"{everything:,}" in lab.view.count.text()


def test_picking_is_undone_and_done_again(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    picked = lab.state.rect
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    assert lab.state.rect == ()
    assert lab.found is None
    press(qtbot, program, "Ctrl+Y")
    wait_idle(qtbot, program)
    assert lab.state.rect == picked
    assert answer(program).trace.matches


def test_a_click_moves_a_template_of_the_same_size(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    x0, y0, x1, y1 = lab.state.rect
    scene = canvases(program)[0]
    place = scene.mapping().to_device(300, 220)
    Mouse(scene).click(place[0] / scene.ratio, place[1] / scene.ratio)
    wait_idle(qtbot, program)
    moved = lab.state.rect
    assert (moved[2] - moved[0], moved[3] - moved[1]) == (x1 - x0, y1 - y0)
    assert ((moved[0] + moved[2]) / 2, (moved[1] + moved[3]) / 2) == pytest.approx(
        (300, 220), abs=2
    )


def test_space_pans_instead_of_picking(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    scene = canvases(program)[0]
    scene.setFocus()
    before = scene.viewport.view
    qtbot.keyPress(scene, Qt.Key.Key_Space)
    Mouse(scene).drag((200, 200), (260, 240))
    qtbot.keyRelease(scene, Qt.Key.Key_Space)
    wait_idle(qtbot, program)
    assert lab.state.rect == ()
    assert scene.viewport.view != before


def test_a_flat_template_is_refused_in_words(
    qtbot: QtBot, program: Program, tmp_path: Path
) -> None:
    pixels = np.full((200, 200), 90, np.uint8)
    pixels[150:, 150:] = np.random.default_rng(1).integers(0, 255, (50, 50))
    image.write(tmp_path / "flat.png", pixels)
    lab = start(qtbot, program, tmp_path / "flat.png")
    lab.change("rect", (10, 10, 60, 60))
    wait_idle(qtbot, program)
    assert lab.found is None
    assert lab.panel.template_note.text().endswith(".")
    assert "template" in lab.panel.template_note.text().lower()


def test_a_kept_template_is_looked_for_in_the_next_image(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    x0, y0 = lab.state.rect[:2]
    lab.toggle_pin()
    pixels = image.read(photo).pixels
    image.write(tmp_path / "shifted.png", np.ascontiguousarray(pixels[10:, 20:]))
    open_file(qtbot, program, tmp_path / "shifted.png")
    match = answer(program).trace.matches[0]
    assert (match.x, match.y) == pytest.approx((x0 - 20, y0 - 10), abs=0.01)


def test_searching_everywhere_agrees(qtbot: QtBot, program: Program, gray_photo: Path) -> None:
    lab = start(qtbot, program, gray_photo)
    drag(qtbot, program, RECT)
    lab.compare()
    wait_idle(qtbot, program)
    assert lab.panel.comparison.text().startswith("The same places.")


def test_large_counts_are_not_cut_off(qtbot: QtBot, program: Program, photo: Path) -> None:
    cost = start(qtbot, program, photo).panel.cost
    drag(qtbot, program, RECT)
    cost.show_rows([("0", "200,000,000", "1,234", "99.9%", "12,346")])
    needed = [cost.sizeHintForColumn(x) for x in range(cost.columnCount())]
    given = [cost.columnWidth(x) for x in range(cost.columnCount())]
    assert all(room >= need for room, need in zip(given, needed, strict=True)), (given, needed)


def test_why_it_failed_and_what_repairs_it(
    qtbot: QtBot, program: Program, gray_photo: Path
) -> None:
    lab = start(qtbot, program, gray_photo)
    drag(qtbot, program, RECT)
    lab.change("min_score", 1.0)
    lab.change("rect", (40, 300, 100, 360))
    wait_idle(qtbot, program)
    lab.panel.truth.click()
    scene = canvases(program)[0]
    place = scene.mapping().to_device(400, 100)
    Mouse(scene).click(place[0] / scene.ratio, place[1] / scene.ratio)
    wait_idle(qtbot, program)
    assert lab.panel.miss.text()
    assert scene.tool is not None  # picking works again


def test_matches_as_json_csv_and_python(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    found = answer(program)
    match = found.trace.matches[0]
    write_matches(Ticket(), found, tmp_path / "found.json")
    report = json.loads((tmp_path / "found.json").read_text())
    assert report["matches"][0]["x"] == match.x
    assert report["translations"] == found.trace.translations
    write_matches(Ticket(), found, tmp_path / "found.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "found.csv").read_text())))
    assert float(rows[0]["score"]) == match.score
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(python_script(found, str(photo)), "script", "exec"), {})
    x, y = (float(word) for word in said.getvalue().split()[:2])
    assert (x, y) == pytest.approx((match.x, match.y))


@pytest.mark.parametrize("tool", ["ellipse", "polygon"])
def test_only_what_is_inside_an_outline_counts(
    qtbot: QtBot, program: Program, cat: Array, tool: str
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, cat.shape, np.uint8)
    scene = np.hstack([cat, noise])
    program.window.show_lab("search")
    open_array(qtbot, program, scene)
    lab = lab_of(program)
    lab.view.take_tool(tool)
    if tool == "ellipse":
        drag(qtbot, program, (150, 90, 230, 150))
    else:
        canvas = canvases(program)[0]
        for x, y in ((150, 90), (230, 110), (180, 150), (180, 150)):  # twice closes it
            place = canvas.mapping().to_device(x, y)
            Mouse(canvas).click(place[0] / canvas.ratio, place[1] / canvas.ratio)
        wait_idle(qtbot, program)
    template = answer(program).request.template
    inside = template.mask
    assert inside is not None
    assert 0 < inside.mean() < 0.95
    best = answer(program).trace.matches[0]
    assert (best.x, best.y) == pytest.approx(lab.state.rect[:2], abs=0.05)
    # What lies outside the outline may be anything: put it elsewhere on noise.
    x0, y0, x1, y1 = lab.state.rect
    pasted = scene.copy()
    pasted[60 : 60 + y1 - y0, 600 : 600 + x1 - x0][inside] = scene[y0:y1, x0:x1][inside]
    trace = search.search(pasted, template.pixels, mask=inside, max_matches=2)
    found = sorted((match.x, match.y) for match in trace.matches)
    assert found[1] == pytest.approx((600, 60), abs=0.1)
    assert trace.matches[1].score > 0.99
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    assert lab.state.outline == ""


def test_the_scores_of_every_place_are_set_beside(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, RECT)
    stages = len(answer(program).stages)
    lab.compare()
    wait_idle(qtbot, program)
    assert len(canvases(program)) == 2 + stages
    assert canvases(program)[1].layers[0].title == "Searched everywhere"
    plain, scored = (grabbed(canvas).astype(int) for canvas in canvases(program)[:2])
    assert np.abs(plain - scored).mean() > 5
    drag(qtbot, program, (30, 40, 90, 100))  # what was compared is gone
    assert len(canvases(program)) == 1 + len(answer(program).stages)


def test_a_template_is_pasted(qtbot: QtBot, program: Program, photo: Path, cat: Array) -> None:
    lab = start(qtbot, program, photo)
    board = QGuiApplication.clipboard()
    assert board is not None
    board.setText("nothing to see")
    press(qtbot, program, "Ctrl+Alt+V")
    assert program.window.notices.texts[-1] == "There is no image on the clipboard."
    part = np.ascontiguousarray(cat[90:150, 150:230])
    board.setImage(qimage(part, QImage.Format.Format_RGB888).copy())
    press(qtbot, program, "Ctrl+Alt+V")
    wait_idle(qtbot, program)
    board.clear()
    best = answer(program).trace.matches[0]
    assert (best.x, best.y) == pytest.approx((150, 90), abs=0.01)
    assert lab.has_template


def test_exact_search_shows_what_it_excluded(qtbot: QtBot, program: Program) -> None:
    coffee = np.asarray(PIL.Image.open(PHOTOS / "coffee.png").convert("L").resize((2400, 1600)))
    noise = np.random.default_rng(5)
    scene = np.clip(coffee + noise.normal(0, 4, coffee.shape), 0, 255).astype(np.uint8)
    template = np.clip(scene[600:856, 900:1156] + noise.normal(0, 6, (256, 256)), 0, 255)
    trace = search.search(scene, template.astype(np.uint8), exact=True)
    assert trace.proof == "bound"
    program.window.show_lab("search")
    open_array(qtbot, program, scene)
    lab = lab_of(program)
    lab.change("exact", True)
    board = QGuiApplication.clipboard()
    assert board is not None
    pixels = np.ascontiguousarray(template.astype(np.uint8))
    board.setImage(qimage(pixels, QImage.Format.Format_Grayscale8).copy())
    lab.paste_template()
    wait_idle(qtbot, program)
    board.clear()
    stages = answer(program).stages
    shaded = [stage for stage in stages if stage.excluded is not None]
    assert len(shaded) == sum(level.excluded_map is not None for level in trace.levels) > 0
    for stage in shaded:  # as much of it is dark as the bound excluded
        assert stage.excluded is not None
        assert stage.trace.pruned is not None
        dark = stage.excluded.pixels[..., 3].mean() / 170
        assert dark >= 0.9 * stage.trace.pruned
    told = sum(level.pruned is not None for level in trace.levels)
    assert lab.panel.cost.as_text().count("%") == told > 0
