"""The Pooling lab on the screen: choices, rules, context, neighbours, taking away."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pooling_lab import (
    Array,
    adaptive,
    change,
    drag,
    lab_of,
    needs_network,
    on_screen,
    pooled,
    start,
)
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog
from support import Mouse, canvases, click_on, focus, open_array, press, tap, type_text, wait_idle

from pyrviewer.compute import deep_install, network
from pyrviewer.labs.pooling.overlays import Bins, Hatch
from pyrviewer.labs.pooling.script import torch_script
from pyrviewer.labs.pooling.state import PoolingState

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.compute.ticket import Ticket


# Choices


def test_grids_are_typed_and_nonsense_is_taken_back(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    field = lab.panel.levels
    for text, levels in (("6 3, 1", (6, 3, 1)), ("0, 2", (6, 3, 1)), ("two", (6, 3, 1))):
        field.selectAll()
        type_text(field, text)
        tap(field, Qt.Key.Key_Return)
        wait_idle(qtbot, program)
        assert lab.state.levels == levels
        assert field.text() == "6, 3, 1"
    assert len(pooled(lab).vector) == 3 * (36 + 9 + 1)
    assert len(canvases(program)) == 5


@needs_network
def test_maps_of_the_network_and_their_channels(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    lab.panel.layer.setFocus()
    lab.panel.layer.setCurrentIndex(lab.panel.layer.findData("block 3"))
    lab.panel.layer.activated.emit(lab.panel.layer.currentIndex())
    wait_idle(qtbot, program)
    found = pooled(lab)
    values = found.maps.values
    assert values.shape == (24, 75, 112)
    assert found.channel == values.reshape(24, -1).var(axis=1).argmax()
    np.testing.assert_array_equal(found.vector, adaptive(values, (4, 2, 1)))
    first = found.channel
    drag(qtbot, program, (120, 60, 300, 200))
    assert pooled(lab).channel == first  # though another one may vary more there
    lab.view.strip.clicked.emit(24 * 16 + 7 * 4 + 1)
    wait_idle(qtbot, program)
    assert (lab.state.channel, pooled(lab).channel) == (7, 7)


def test_a_layer_that_is_not_there_gives_the_colours(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    start(qtbot, program, photo)
    assert len(change(qtbot, program, "layer", "conv9").maps.values) == 3


# Rules and context


def test_what_the_rule_of_he_leaves_out_is_hatched(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    program.menus.run("pooling.layout.rules")
    wait_idle(qtbot, program)
    change(qtbot, program, "side", 448)  # 448 x 298 by 5: 3 and 3 left, less one
    change(qtbot, program, "grid", 5)
    ours, he = canvases(program)[:2]
    assert not any(isinstance(overlay, Hatch) for overlay in ours.fixed)
    (hatch,) = [overlay for overlay in he.fixed if isinstance(overlay, Hatch)]
    right, below = hatch.boxes
    assert right == pytest.approx((446 * 451 / 448, 0, 451, 300))
    assert below == pytest.approx((0, 296 * 300 / 298, 446 * 451 / 448, 300))
    assert "leaves 2 columns and 2 rows out" in lab.panel.bounds_note.text()
    (grid,) = [overlay for overlay in ours.fixed if isinstance(overlay, Bins)]
    assert len(grid.boxes) == 25
    said: list[str] = []
    lab.readout_changed.connect(said.append)
    Mouse(he).move(*on_screen(he, 450.9, 150))
    assert "left out" in lab.panel.values_table.as_text()
    assert said[-1].endswith("in no bin of He et al.")
    Mouse(he).move(*on_screen(he, 200, 150))
    assert "bin" not in said[-1]


def test_pooling_and_the_image_pyramid_are_the_same_where_sides_are_powers_of_two(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    program.window.show_lab("pooling")
    lab = lab_of(program)
    lab.default = PoolingState()
    open_array(qtbot, program, np.ascontiguousarray(noise[:256, :256]))
    program.menus.run("pooling.layout.context")
    change(qtbot, program, "bins", (1, 2, 4, 6))
    found = change(qtbot, program, "side", 256)
    *same, six = found.apart
    assert max(same) < 1e-3
    assert six > 0.1
    assert len(canvases(program)) == 15
    pane = canvases(program)[7]
    Mouse(pane).move(*on_screen(pane, 10, 250))
    mean = noise[128:256, :128].reshape(-1, 3).mean(axis=0)
    corner = pooled(lab).tiles["enlarged"][1].values[-1, 0]
    np.testing.assert_allclose(corner, mean, rtol=1e-5)
    assert "2 × 2" in lab.panel.values_table.as_text()
    click_on(lab.panel.reduced)
    wait_idle(qtbot, program)
    assert "3 + 4 × 1 = 7 channels" in lab.panel.stack_note.text()
    gray = pooled(lab).tiles["enlarged"][1].values
    assert gray.shape == (256, 256)
    assert gray[-1, 0] == pytest.approx(mean.mean(), rel=1e-5)
    press(qtbot, program, "Ctrl+Z")
    assert not lab.panel.reduced.isChecked()


# Channels


@needs_network
def test_channels_side_by_side_the_most_varied_first(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    change(qtbot, program, "layer", "block 3 expand")
    program.menus.run("pooling.layout.channels")
    wait_idle(qtbot, program)
    values = pooled(lab).maps.values
    spread = values.reshape(len(values), -1).var(axis=1)
    tiles = pooled(lab).tiles["channel"]
    assert [tile.title for tile in tiles] == [f"#{c}" for c in np.argsort(-spread)[:16]]
    assert len(canvases(program)) == 16
    third = int(np.argsort(-spread)[2])
    pane = canvases(program)[2]
    Mouse(pane).click(pane.width() / 2, pane.height() / 2)
    wait_idle(qtbot, program)
    assert lab.state.channel == pooled(lab).channel == third
    y, x = (side // 2 for side in values.shape[1:])
    Mouse(pane).move(*on_screen(pane, (x + 0.5) * 451 / 112, (y + 0.5) * 300 / 75))
    assert f"Channel {third}" in lab.panel.values_table.as_text()
    assert f"x {x}, y {y}" in lab.panel.values_table.as_text()
    change(qtbot, program, "count", 64)
    assert len(canvases(program)) == 64
    change(qtbot, program, "layer", "")
    assert [tile.title for tile in pooled(lab).tiles["channel"]] == ["red", "green", "blue"]


# Neighbours


def test_open_images_by_how_alike_they_are(
    qtbot: QtBot, program: Program, photo: Path, gray_photo: Path, cat: Array
) -> None:
    start(qtbot, program, gray_photo)
    open_array(qtbot, program, np.ascontiguousarray(cat[:, ::-1]), "mirrored.png")
    lab = start(qtbot, program, photo)
    change(qtbot, program, "layout", "neighbours")
    first, *rest = lab.neighbours
    assert first.name == "chelsea.png"
    assert first.cosine == pytest.approx(1)
    assert [one.name for one in rest] == ["mirrored.png", "camera.png"]
    u, v = (one.vector.astype(np.float64) for one in lab.neighbours[:2])
    assert rest[0].cosine == pytest.approx(u @ v / np.linalg.norm(u) / np.linalg.norm(v))
    assert "mirrored.png" in lab.panel.table.as_text()
    pane = canvases(program)[1]
    Mouse(pane).click(pane.width() / 2, pane.height() / 2)
    wait_idle(qtbot, program)
    assert program.workspace.active is not None
    assert program.workspace.active.name == "mirrored.png"
    assert lab.state.layout == "neighbours"
    assert lab.neighbours[0].name == "mirrored.png"
    names = [one.name for one in lab.neighbours]
    focus(lab.panel.table)
    lab.panel.table.setCurrentCell(names.index("chelsea.png"), 0)
    tap(lab.panel.table, Qt.Key.Key_Return)  # the same by keyboard
    wait_idle(qtbot, program)
    assert program.workspace.active.name == "chelsea.png"
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    assert len(lab.neighbours) == len(canvases(program)) == 2


# Without the network


def test_one_click_brings_the_network(
    qtbot: QtBot, program: Program, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[Ticket] = []
    monkeypatch.setattr(network, "available", lambda: False)
    monkeypatch.setattr(deep_install, "install", installed.append)
    lab = start(qtbot, program, photo)
    assert lab.view.banner.isVisible()
    found = change(qtbot, program, "layer", "octave 1 edges")
    assert found.maps.request.source is not None
    assert not found.maps.request.source.learned
    click_on(lab.view.banner.button)
    wait_idle(qtbot, program)
    assert len(installed) == 1
    assert lab.view.banner.isVisible()  # pip did nothing here
    assert lab.view.banner.button.isEnabled()


@needs_network
def test_with_the_network_nothing_is_said(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    assert not lab.view.banner.isVisible()


# Taking away


def test_vectors_and_maps_as_files(
    qtbot: QtBot,
    program: Program,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = start(qtbot, program, photo)
    for name in ("vector.npy", "map.tif"):
        chosen = str(tmp_path / name)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, c=chosen: (c, ""))
        program.menus.run("pooling.save_vector" if name == "vector.npy" else "pooling.save_picture")
        wait_idle(qtbot, program)
    np.testing.assert_array_equal(np.load(tmp_path / "vector.npy")[0], pooled(lab).vector)
    assert (tmp_path / "map.tif").stat().st_size > 448 * 298
    program.menus.run("pooling.copy_picture")
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert (clipboard.image().width(), clipboard.image().height()) == (448, 298)
    clipboard.clear()


@pytest.mark.parametrize("layer", ["", pytest.param("block 3", marks=needs_network)])
def test_the_script_pools_the_same(qtbot: QtBot, program: Program, photo: Path, layer: str) -> None:
    start(qtbot, program, photo)
    drag(qtbot, program, (120, 60, 300, 200))
    found = change(qtbot, program, "layer", layer)
    program.menus.run("pooling.copy_python")
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    made: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(clipboard.text(), "script", "exec"), made)
    np.testing.assert_array_equal(made["vector"], found.vector)
    enlarged = change(qtbot, program, "layout", "context").tiles["enlarged"][3].values
    shown = enlarged if enlarged.ndim == 2 else enlarged[..., 0]
    np.testing.assert_allclose(shown, made["context"][3][found.shown[0]])
    reduced = change(qtbot, program, "reduced", True)
    program.menus.run("pooling.copy_python")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(clipboard.text(), "script", "exec"), made)
    maps = made["context"][3]
    assert len(maps) == max(1, len(made["maps"]) // 4)
    assert reduced.group is not None
    index = reduced.group.start * len(maps) // len(made["maps"])
    np.testing.assert_allclose(reduced.tiles["enlarged"][3].values, maps[index], rtol=1e-4)
    for rule in ("he", "adaptive"):
        request = change(qtbot, program, "rule", rule).request
        compile(torch_script(request, str(photo)), "script", "exec")
    clipboard.clear()


# States


@pytest.mark.parametrize(
    "wrong",
    [
        {"layout": "stack"}, {"levels": ()}, {"levels": (0,)}, {"bins": (65,)}, {"side": 5},
        {"rect": (4, 4, 4, 9)}, {"rect": (0, 0, 5)}, {"rule": "mine"}, {"reduce": "min"},
        {"channel": -2}, {"grid": 0}, {"levels": (1,) * 7},
        {"count": 17}, {"scale": "half"},
    ],
)  # fmt: skip
def test_states_without_meaning_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a state"):
        PoolingState(**wrong)
