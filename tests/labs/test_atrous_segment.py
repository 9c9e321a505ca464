"""Segmenting by strokes in the Atrous lab, taking things away, and doing without the network."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from atrous_lab import answer, change, learned, show, start
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog
from support import Mouse, canvases, press, wait_idle

from pyrviewer.compute import image, network, segment
from pyrviewer.labs.atrous.state import AtrousState
from pyrviewer.ui.overlays import Wash

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.atrous.controller import AtrousLab


# Strokes


def paint(qtbot: QtBot, program: Program, *points: tuple[float, float]) -> None:
    """Drag over the image."""
    canvas = canvases(program)[0]
    mouse, mapping = Mouse(canvas), canvas.mapping()
    places = [mapping.to_device(x, y) for x, y in points]
    first, last = ((x / canvas.ratio, y / canvas.ratio) for x, y in (places[0], places[-1]))
    mouse.drag(first, last, steps=12)
    wait_idle(qtbot, program)


def scribbled(qtbot: QtBot, program: Program, photo: Path) -> AtrousLab:
    """Paint a class in the middle of the cat, and another in two corners."""
    lab = start(qtbot, program, photo, "segment")
    lab.view.grid.focus_view()
    paint(qtbot, program, (150, 100), (300, 150))
    press(qtbot, program, "2")
    paint(qtbot, program, (420, 20), (440, 120))
    paint(qtbot, program, (430, 280), (330, 290))
    return lab


def test_strokes_become_a_segmentation(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = scribbled(qtbot, program, photo)
    found = lab.painting.found
    assert found is not None
    assert [stroke.label for stroke in lab.state.strokes] == [1, 2, 2]
    assert found.labels.shape == (300, 451)
    for stroke in lab.state.strokes:
        for x, y in stroke.points:
            assert found.labels[int(y), int(x)] == stroke.label
    assert found.shares[1] == pytest.approx(float(np.mean(found.labels == 1)))
    assert len(lab.view.spots) == 1 + len(segment.branches())
    for tile in lab.painting.tiles:
        assert tile.values.std() > 0


def test_strokes_are_undone_and_cleared(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = scribbled(qtbot, program, photo)
    strokes = lab.state.strokes
    first = lab.painting.found
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    assert lab.state.strokes == strokes[:2]
    assert lab.painting.found is not first
    press(qtbot, program, "Ctrl+Y")
    wait_idle(qtbot, program)
    assert lab.state.strokes == strokes
    press(qtbot, program, "Del")
    wait_idle(qtbot, program)
    assert lab.state.strokes == ()
    assert lab.painting.found is None
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    again = lab.painting.found
    assert first is not None
    assert again is not None
    assert np.array_equal(again.labels, first.labels)


def test_a_stroke_can_be_taken_back_while_it_is_painted(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo, "segment")
    tool = lab.view.tool
    tool.press(100, 100, 5)
    tool.move(120, 110, 5)
    press(qtbot, program, "Esc")
    tool.release(130, 120)
    wait_idle(qtbot, program)
    assert lab.state.strokes == ()


def test_one_class_is_not_enough_and_the_eraser_takes_away(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = scribbled(qtbot, program, photo)
    press(qtbot, program, "E")
    for _ in range(4):
        press(qtbot, program, "]")
    wider = lab.painting.radius
    assert wider > AtrousState().brush((300, 451))
    change(qtbot, program, "radius", 30.0)
    paint(qtbot, program, (420, 20), (440, 120))
    paint(qtbot, program, (430, 280), (330, 290))
    assert lab.painting.found is None
    assert "press 2" in lab.view.hint.text()


def test_branches_are_switched(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = scribbled(qtbot, program, photo)
    rows = lab.panel.scribble.changes.as_text()
    assert "Atrous" not in rows  # as the switches are called: lower case
    assert all(name in rows for name in ("low level", "atrous", "pooling"))
    lab.panel.scribble.switches["atrous"].setChecked(False)
    wait_idle(qtbot, program)
    found = lab.painting.found
    assert found is not None
    assert {branch.kernel for branch in found.head.weights} == {1}
    assert len(lab.view.spots) == 1 + 3
    for name in ("low level", "1 x 1", "pooling"):
        lab.panel.scribble.switches[name].setChecked(False)
    wait_idle(qtbot, program)
    assert lab.painting.found is None
    assert program.window.notices.texts == []


@learned
def test_the_prediction_of_the_diagram_is_what_was_learned(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    change(qtbot, program, "side", 96)
    middle, rim = ((200.0, 100.0), (300.0, 150.0)), ((420.0, 20.0), (440.0, 120.0))
    change(qtbot, program, "strokes", (segment.Stroke(1, 4, middle), segment.Stroke(2, 4, rim)))
    show(qtbot, program, "deeplab")
    lab.view.diagram.button("prediction").click()
    wait_idle(qtbot, program)
    assert lab.view.spots == ["image", "image mask"]
    found = lab.painting.found
    assert found is not None
    mask = canvases(program)[1].overlays[0]
    assert isinstance(mask, Wash)
    assert (mask.image.width(), mask.image.height()) == found.labels.shape[::-1]


# Taking away


def save_as(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def test_masks_and_strokes_are_saved(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = scribbled(qtbot, program, photo)
    found = lab.painting.found
    assert found is not None
    for action, name in (("save_mask", "m.png"), ("save_classes", "c.png"),
                         ("save_strokes", "s.json")):  # fmt: skip
        save_as(monkeypatch, tmp_path / name)
        program.menus.run(f"atrous.{action}")
        wait_idle(qtbot, program)
    classes = image.read(tmp_path / "c.png").pixels
    assert np.array_equal(classes, found.labels)
    mask = image.read(tmp_path / "m.png").pixels
    assert np.array_equal(mask, np.where(classes == 2, 255, 0))
    saved = json.loads((tmp_path / "s.json").read_text())["strokes"]
    assert [each["label"] for each in saved] == [1, 2, 2]
    program.menus.run("atrous.open_mask")
    wait_idle(qtbot, program)
    opened = program.workspace.active
    assert opened is not None
    assert opened.name == "chelsea class 2.png"
    assert np.array_equal(opened.pixels, mask)


def copied(program: Program, action: str) -> str:
    program.menus.run(action)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    return clipboard.text()


def executed(text: str) -> dict[str, object]:
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "copied.py", "exec"), names)
    return names


@pytest.mark.parametrize("layout", ["rate", "phases"])
def test_convolutions_run_as_a_script(
    qtbot: QtBot, program: Program, photo: Path, layout: str
) -> None:
    start(qtbot, program, photo, layout)
    change(qtbot, program, "rate", 5)
    result = executed(copied(program, "atrous.copy_python"))["result"]
    shown = answer(program).tiles["output"].values
    expected = np.moveaxis(shown, 2, 0)
    assert np.allclose(np.asarray(result), expected, atol=1e-3)
    torch = copied(program, "atrous.copy_torch")
    compile(torch, "copied.py", "exec")
    assert "dilation=5" in torch


@learned
def test_pyramids_and_scribbles_run_as_scripts(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = scribbled(qtbot, program, photo)
    monkeypatch.chdir(tmp_path)
    executed(copied(program, "atrous.copy_python"))
    found = lab.painting.found
    assert found is not None
    assert np.array_equal(image.read(tmp_path / "classes.png").pixels, found.labels)
    for layout in ("stacked", "aspp", "deeplab"):
        if layout == "deeplab":
            change(qtbot, program, "side", 160)
        show(qtbot, program, layout)
        names = executed(copied(program, "atrous.copy_python"))
        if layout == "aspp":
            stack = names["stack"]
            assert isinstance(stack, np.ndarray)
            assert stack.shape == (200, 38, 57)


def test_a_map_is_saved_with_its_values(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(qtbot, program, photo)
    save_as(monkeypatch, tmp_path / "map.npy")
    program.menus.run("atrous.save_picture")
    wait_idle(qtbot, program)
    assert np.array_equal(np.load(tmp_path / "map.npy"), answer(program).tiles["output"].values)
    program.menus.run("atrous.copy_picture")
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert (clipboard.image().width(), clipboard.image().height()) == (451, 300)


# Without the network, and coming back


def test_without_the_network_filters_serve(
    qtbot: QtBot, program: Program, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "available", lambda: False)
    lab = scribbled(qtbot, program, photo)
    assert lab.view.banner.isVisible()
    assert "Not learned" in lab.view.banner.findChildren(type(lab.view.hint))[0].text()
    assert lab.painting.found is not None
    for layout in ("rate", "phases", "stacked", "aspp", "deeplab"):
        show(qtbot, program, layout)
        assert canvases(program)
    assert lab.view.diagram.button("block 16").text() == "Edges\n1/8"
    for node in ("block 16", "concat", "prediction", "classes"):
        lab.view.diagram.button(node).click()
        wait_idle(qtbot, program)
    assert program.window.notices.texts == []


def test_the_state_comes_back_from_a_session() -> None:
    stroke = segment.Stroke(2, 3.5, ((1.0, 2.0), (3.0, 4.5)))
    raw = json.loads(json.dumps({"strokes": [stroke]}))
    assert AtrousState(strokes=tuple(raw["strokes"])).strokes == (stroke,)
    for bad in ([12, 1.0, [[0, 0]]], [1, 0.0, [[0, 0]]], [1, 1.0, []]):
        with pytest.raises(ValueError, match="stroke"):
            AtrousState(strokes=(bad,))  # type: ignore[arg-type] # on purpose


def test_hints_name_the_keys_that_work(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo, "segment")
    lab.view.grid.focus_view()
    for key, label in (("3", 3), ("9", 9), ("E", 0)):
        press(qtbot, program, key)
        assert lab.state.label == label
    canvas = canvases(program)[0]
    before = lab.painting.radius
    Mouse(canvas).wheel(200, 200, 2, Qt.KeyboardModifier.AltModifier)
    assert lab.painting.radius > before
