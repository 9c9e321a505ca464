"""The Blend lab on the screen: outlines, the live preview, layouts, what is taken away."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from blend_lab import drag, lab_of, photo_pixels, place, result_of, start
from PyQt6.QtCore import Qt
from support import PHOTOS, Mouse, canvases, grabbed, open_file, press, wait_idle

from pyrviewer.compute import blend, image, mask
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.blend.export import merge, python_script, write_animation
from pyrviewer.labs.blend.state import BlendState
from pyrviewer.ui.exporter import write_picture

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.blend.run import Preview

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


# The blend


def test_one_picture_asks_for_another(qtbot: QtBot, program: Program, photo: Path) -> None:
    program.window.show_lab("blend")
    open_file(qtbot, program, photo)
    assert lab_of(program).pair is None
    assert "second picture" in lab_of(program).panel.note.text()
    assert not program.menus.action("blend.tool.brush").isEnabled()


def test_two_pictures_are_blended_at_a_seam(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    assert lab.panel.other.currentText() == "coffee.png"
    a, b = photo_pixels(pair[0]), photo_pixels(pair[1])
    x = np.arange(451) + 0.5
    ramp = np.clip((451 / 2 - x) / 2 + 0.5, 0, 1) * 255  # two pixels wide, A on the left
    found = result_of(program)
    assert np.abs(found.mask - ramp).max() <= 1
    assert np.array_equal(found.report.pixels, blend.blend(a, b, found.mask))
    assert lab.chosen is not None
    assert lab.chosen.levels == 6


def test_the_preview_follows_the_mouse_and_is_the_blend_itself(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    seen: list[Preview] = []

    def take(preview: Preview) -> None:
        seen.append(preview)

    lab.previewer.drawn.connect(take)
    mouse = Mouse(canvases(program)[-1])
    first, last = place(program, 100, 50), place(program, 300, 260)
    mouse.drag_begin(first, last)
    qtbot.waitUntil(lambda: bool(seen) and not lab.previewer.lanes[1].busy)
    shot = seen[-1]
    mouse.drag_end(last)
    lab.previewer.drawn.disconnect(take)
    wait_idle(qtbot, program)
    octave, (x0, y0, x1, y1) = shot.look.octave, shot.look.rect
    found = result_of(program)
    levels = blend.levels_of(found.pair.a, found.pair.b, found.mask, 6, octave=octave)
    exact = levels[0].partial[y0:y1, x0:x1].astype(int)
    assert np.abs(shot.pixels[..., 2::-1].astype(int) - exact).max() <= (1 if octave == 0 else 2)


def test_a_drag_is_one_step_and_escape_takes_it_back(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    document = lab.document
    assert document is not None
    before, count = lab.state, document.undo_stack.count()
    drag(qtbot, program, (100, 50), (300, 260))
    after = lab.state
    assert after.outline != before.outline
    assert document.undo_stack.count() == count + 1
    mouse = Mouse(canvases(program)[-1])
    mouse.drag_begin(place(program, 20, 20), place(program, 200, 30))
    press(qtbot, program, "Esc")
    wait_idle(qtbot, program)
    mouse.drag_end(place(program, 200, 30))
    assert lab.state == after
    shown = result_of(program).report.pixels
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert lab.state == before
    assert not np.array_equal(result_of(program).report.pixels, shown)


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        ("seam", "Seam"), ("rectangle", "Rectangle"), ("ellipse", "Ellipse"), ("lasso", "Lasso"),
        ("gradient", "Gradient"),
    ],
)  # fmt: skip
def test_every_outline_is_drawn_by_a_drag(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tool: str, kind: str
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run(f"blend.tool.{tool}")
    drag(qtbot, program, (60, 40), (200, 150))
    found = lab.state.parametric
    assert found is not None
    assert type(found).__name__ == kind
    if kind == "Rectangle":
        rows, columns = np.nonzero(result_of(program).mask >= 128)
        assert abs(columns.min() - 60) <= 1
        assert abs(rows.max() - 150) <= 1


def test_a_polygon_is_clicked_and_closed_by_a_double_click(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run("blend.tool.polygon")
    mouse = Mouse(canvases(program)[-1])
    for corner in ((50, 50), (250, 60), (150, 220)):
        mouse.click(*place(program, *corner))
    mouse.click(*place(program, 150, 220))
    wait_idle(qtbot, program)
    found = lab.state.parametric
    assert isinstance(found, mask.Polygon)
    assert len(found.points) == 3
    assert result_of(program).mask[100, 150] == 255


def test_a_handle_changes_the_outline(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run("blend.tool.rectangle")
    drag(qtbot, program, (60, 40), (200, 150))
    drag(qtbot, program, (200, 150), (300, 250))  # its lower right corner
    found = lab.state.parametric
    assert isinstance(found, mask.Rectangle)
    assert found.start == pytest.approx((60, 40), abs=1.5)
    assert found.end == pytest.approx((300, 250), abs=1.5)


# Comparing and taking apart


def test_layouts_show_what_they_say(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    for name, panes in (("sources", 4), ("methods", 6), ("xray", 5), ("blend", 1)):
        program.menus.run(f"blend.layout.{name}")
        wait_idle(qtbot, program)
        assert len(canvases(program)) == panes, name
        assert grabbed(canvases(program)[-1]).std() > 5
    methods = {method.name: method.score for method in lab.scene.methods}
    cut, ours = methods["cut"], methods["multiband"]
    assert cut is not None
    assert ours is not None
    assert ours.jump < cut.jump
    assert ours.step < 0.5
    assert 0.9 < ours.detail < 1.1
    assert lab.panel.table.rowCount() == 4


def test_keys_compare(qtbot: QtBot, program: Program, pair: tuple[Path, Path]) -> None:
    lab = start(qtbot, program, pair)
    for key, show in (("V", "slider"), ("W", "difference"), ("A", "other"), ("A", "result")):
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        assert lab.state.show == show
    press(qtbot, program, "W")
    wait_idle(qtbot, program)
    assert canvases(program)[0].layers[0].title == "Blend − cut and paste"


def test_the_x_ray_is_played_from_coarse_to_fine(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run("blend.layout.xray")
    wait_idle(qtbot, program)
    canvases(program)[0].setFocus()
    press(qtbot, program, "Home")
    wait_idle(qtbot, program)
    assert lab.state.selected == lab.scene.levels[-1].level == 6
    press(qtbot, program, ".")
    wait_idle(qtbot, program)
    assert lab.state.selected == 5
    assert canvases(program)[-1].layers[0].title == "Rebuilt to 5"
    finest = lab.scene.levels[0].partial.source
    assert np.abs(finest.astype(int) - result_of(program).report.pixels).max() <= 1


def test_levels_and_gains_change_the_blend(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    found = result_of(program)
    lab.panel.levels.setValue(0)
    wait_idle(qtbot, program)
    a, b = photo_pixels(pair[0]).astype(float), photo_pixels(pair[1]).astype(float)
    share = found.mask[..., None] / 255
    assert np.abs(result_of(program).report.pixels - (b + share * (a - b))).max() <= 0.51
    lab.change("gains", (0.0, 1.0))
    wait_idle(qtbot, program)
    assert result_of(program).report.pixels.max() == 0  # of no band nothing is left


def test_the_overlay_tints_what_is_taken_from_a(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    start(qtbot, program, pair)
    canvas = canvases(program)[0]
    plain = grabbed(canvas).astype(int)
    press(qtbot, program, "\\")
    tinted = grabbed(canvas).astype(int)
    left, right = (place(program, x, 150) for x in (60, 400))
    x, y = int(left[0]), int(left[1])
    assert tinted[y, x, 0] > plain[y, x, 0]
    x, y = int(right[0]), int(right[1])
    assert np.array_equal(tinted[y, x], plain[y, x])


# Taking away


def test_the_blend_is_saved_and_the_script_makes_the_same(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lab = start(qtbot, program, pair)
    program.menus.run("blend.tool.ellipse")
    drag(qtbot, program, (60, 40), (300, 250))
    lab.change("place", (12.0, 5.0))
    wait_idle(qtbot, program)
    found = result_of(program).report.pixels
    write_picture(Ticket(), found, tmp_path / "blend.png")
    assert np.array_equal(image.read(tmp_path / "blend.png").pixels, found)
    monkeypatch.chdir(tmp_path)
    chosen = lab.chosen
    assert chosen is not None
    script = python_script(lab.state, chosen, str(pair[0]), str(pair[1]))
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(script, "script", "exec"), {})
    assert np.array_equal(image.read("blended.tif").pixels, found)


def test_the_animation_ends_with_the_blend(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    lab = start(qtbot, program, pair)
    chosen = lab.chosen
    assert chosen is not None
    write_animation(Ticket(), result_of(program), chosen, tmp_path / "blend.gif")
    with PIL.Image.open(tmp_path / "blend.gif") as film:
        assert film.size == (451, 300)
        film.seek(getattr(film, "n_frames", 1) - 1)
        last = np.asarray(film.convert("RGB")).astype(int)
    assert np.abs(last - result_of(program).report.pixels).mean() < 12  # 256 colours


def test_exposures_are_fused_into_a_tab_of_their_own(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    lab = start(qtbot, program, pair)
    photo = photo_pixels(PHOTOS / "coffee.png").astype(float)
    paths = []
    for k, factor in enumerate((0.4, 1.0, 2.2)):
        path = tmp_path / f"{k}.png"
        image.write(path, np.clip(photo * factor, 0, 255).astype(np.uint8))
        paths.append(path)
    lab.exporter.merge_files("fuse", paths)
    wait_idle(qtbot, program)
    assert lab.document is not None
    assert lab.document.name == "fused.png"
    merged = merge(Ticket(), "fuse", paths)
    assert np.array_equal(lab.document.pixels, merged.pixels)
    assert [name for name, _ in merged.weights] == ["0.png", "1.png", "2.png"]


# State


@pytest.mark.parametrize(
    "values",
    [
        {"scale": 0.0}, {"soft": -1.0}, {"gains": (9.0,)}, {"layout": "?"}, {"outline": "{}"},
        {"levels": -2}, {"x": float("nan")}, {"show": "b"},
    ],
)  # fmt: skip
def test_a_state_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a st"):
        BlendState(**values)  # type: ignore[arg-type] # on purpose


def test_what_is_compared_belongs_to_the_last_mask(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    program.menus.run("blend.layout.methods")
    canvas = canvases(program)[-1]
    for x in (150, 200, 260):  # each before the last comparison is done
        mouse = Mouse(canvas)
        mouse.drag(place(program, x, 250), place(program, x + 30, 40))
    wait_idle(qtbot, program)
    shown = {method.name: method.shown.source for method in lab.scene.methods}
    assert np.array_equal(shown["multiband"], result_of(program).report.pixels)
    drawn, found = result_of(program).mask, result_of(program).pair
    expected = np.where((drawn >= 128)[..., None], found.a, found.b)
    assert np.array_equal(shown["cut"], expected)


def test_nothing_is_saved_that_is_not_what_is_chosen(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    assert program.menus.action("blend.save").isEnabled()
    lab.change("levels", 2)
    program.menus.refresh()
    assert not program.menus.action("blend.save").isEnabled()
    wait_idle(qtbot, program)
    program.menus.refresh()
    assert program.menus.action("blend.save").isEnabled()


def test_every_gain_is_undone_by_itself(
    qtbot: QtBot, program: Program, pair: tuple[Path, Path]
) -> None:
    lab = start(qtbot, program, pair)
    document = lab.document
    assert document is not None
    for gains in ((0.9,), (0.5,), (0.5, 1.5), (0.5, 1.7)):  # two sliders, one right after the other
        lab.change("gains", gains)
    program.menus.run("edit.undo")
    assert lab.state.gains == (0.5,)
    program.menus.refresh()
    assert program.menus.action("edit.undo").text() == "Undo: Change gain"
    program.menus.run("edit.undo")
    assert len(lab.state.gains) == 0
    wait_idle(qtbot, program)
