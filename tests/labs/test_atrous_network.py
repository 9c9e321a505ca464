"""Networks of the user's in the Atrous lab, and what it shares with other labs."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import numpy as np
from atrous_lab import answer, change, lab_of, learned, point, show, start
from onnx_models import Model
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog
from support import canvases, click_on, press, wait_idle
from test_atrous_lab import correlated

from pyrviewer.compute import network, segment
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.compute.segment.features import used_layers
from pyrviewer.labs.atrous import aspp
from pyrviewer.labs.blend.controller import BlendLab
from pyrviewer.labs.pooling.controller import PoolingLab
from pyrviewer.ui.overlays import Note

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

STROKES = (
    segment.Stroke(1, 4, ((200.0, 100.0), (300.0, 150.0))),
    segment.Stroke(2, 4, ((420.0, 20.0), (440.0, 120.0))),
)


def pyramid(path: Path, size: int | str = "s") -> str:
    """Write a network with an ASPP of rates 2 and 4 on maps of stride 4."""
    model = Model((1, 3, size, size))
    model.random_conv("image", 3, 6, 3, stride=4, pad=1)
    trunk = model.node("Relu", model.last)
    branches = [model.random_conv(trunk, 6, 5, 3, pad=rate, rate=rate) for rate in (2, 4)]
    model.node("Concat", *branches, axis=1)
    path.write_bytes(model.encode())
    return str(path)


def open_network(
    qtbot: QtBot, program: Program, monkeypatch: pytest.MonkeyPatch, path: str
) -> OnnxNetwork:
    """Choose a file in the dialog of the menu."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    program.menus.run("atrous.open_network")
    wait_idle(qtbot, program)
    source = lab_of(program).network.source
    assert isinstance(source, OnnxNetwork)
    return source


@learned
def test_maps_that_cannot_be_made_leave_the_image_alone(
    qtbot: QtBot, program: Program, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo, "aspp")
    panes = len(canvases(program))
    with monkeypatch.context() as patched:
        patched.setattr(network, "MAX_BYTES", 1 << 18)
        change(qtbot, program, "side", 300)
        (text,) = program.window.notices.texts
        assert "would take" in text
        for layout in ("segment", "aspp"):  # it is still said after another layout
            show(qtbot, program, layout)
        (pane,) = canvases(program)
        notes = [overlay.text for overlay in pane.overlays if isinstance(overlay, Note)]
        assert notes == [f"No maps. {text}"]
        assert lab.found is None
    change(qtbot, program, "side", 400)
    assert answer(program).request.state.side == 400
    assert len(canvases(program)) == panes


def test_layers_of_a_file_are_convolved(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    source = open_network(qtbot, program, monkeypatch, pyramid(tmp_path / "mine.onnx"))
    assert lab.state.layer == "Relu 1"  # what its pyramid is on
    change(qtbot, program, "channel", 3)
    found = answer(program)
    maps = source.features(found.maps.input, ["Relu 1"])["Relu 1"]
    assert found.tiles["input"].title == "Relu 1  #3"
    values = found.tiles["output"].values
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    np.testing.assert_allclose(values, correlated(maps[3:4], kernel, 12)[0], atol=1e-4)
    step = found.tiles["input"].step
    assert (step[0] * maps.shape[2], step[1] * maps.shape[1]) == (451, 300)  # edge to edge
    program.menus.run("atrous.copy_python")
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(clipboard.text(), "copied.py", "exec"), names)
    result = names["result"]
    assert isinstance(result, np.ndarray)
    np.testing.assert_allclose(result[0], values, atol=1e-5)
    for layout in ("phases", "stacked", "rate"):
        show(qtbot, program, layout)
        assert answer(program).request.maps.source is source
    press(qtbot, program, "Ctrl+Z")
    while lab.state.network:
        program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert answer(program).request.maps.source is None
    assert program.window.notices.texts == ["Copied as Python."]


def test_the_pyramid_of_a_file_is_taken_in_one_step(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo, "aspp")
    button = lab.panel.pyramid.block
    assert not button.isVisible()
    open_network(qtbot, program, monkeypatch, pyramid(tmp_path / "mine.onnx"))
    lab.panel.network.facts.linkActivated.emit("Concat 4")
    wait_idle(qtbot, program)
    assert (lab.state.layer, lab.state.aspp_layer) == ("Relu 1", "Concat 4")
    assert button.text() == "Rates 2, 4 as in mine.onnx"
    click_on(button)
    wait_idle(qtbot, program)
    assert (lab.state.aspp, lab.state.aspp_layer) == ((2, 4), "Relu 1")
    point(qtbot, program, "image", 226, 150)
    theory = [aspp.theory(answer(program), rate) for rate in (aspp.POINT, 2, 4)]
    assert theory == [3, 19, 35]  # 3 x 3 at stride 4, and taps 8 and 16 pixels beside
    press(qtbot, program, "Ctrl+Z")
    assert (lab.state.aspp, lab.state.aspp_layer) == ((6, 12, 18), "Concat 4")


def test_a_file_with_one_size_says_so_once(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    open_network(qtbot, program, monkeypatch, pyramid(tmp_path / "fixed.onnx", 64))
    assert answer(program).maps.input.shape == (64, 64, 3)
    assert "64 × 64: 6 maps of 16 × 16" in lab.panel.sizes.text()
    assert not lab.panel.side.isEnabled()
    change(qtbot, program, "layer", "")
    assert lab.panel.side.isEnabled()
    assert "As it is, 451 × 300" in lab.panel.sizes.text()


@learned
def test_all_labs_share_one_network(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(qtbot, program, photo)
    own = program.context.networks.own
    source = open_network(qtbot, program, monkeypatch, pyramid(tmp_path / "mine.onnx"))
    program.window.show_lab("pooling")
    wait_idle(qtbot, program)
    monkeypatch.setattr(OnnxNetwork, "__init__", None)  # nothing is read again
    lab = program.window.lab
    assert isinstance(lab, PoolingLab)
    lab.change("network", str(source.path))
    wait_idle(qtbot, program)
    assert lab.found is not None
    assert lab.found.maps.request.source is source
    assert program.context.networks.own is own


def test_strokes_are_learned_on_maps_of_a_file(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo, "segment")
    change(qtbot, program, "side", 96)  # of the diagram
    change(qtbot, program, "strokes", STROKES)
    before = lab.painting.found
    source = open_network(qtbot, program, monkeypatch, pyramid(tmp_path / "mine.onnx"))
    found = lab.painting.found
    assert before is not None
    assert found is not None
    assert found is not before
    assert used_layers(source) == ("Concat 4", "Concat 4")
    assert len(found.request.features.maps["coarse"]) == 10
    show(qtbot, program, "deeplab")
    assert lab.panel.architecture.needs.isVisible()
    assert program.window.notices.texts == []


def test_a_mask_goes_to_the_blend_lab(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo, "segment")
    change(qtbot, program, "strokes", STROKES)
    found = lab.painting.found
    assert found is not None
    document = lab.document
    assert document is not None
    click_on(lab.panel.scribble.buttons[0])
    wait_idle(qtbot, program)
    blend = program.window.lab
    assert isinstance(blend, BlendLab)
    assert blend.document is document
    mask = blend.painting.mask
    assert mask is not None
    assert np.array_equal(mask, np.where(found.labels == 1, 255, 0))
    assert document.undo_stack.undoText() == "Take mask"
    program.menus.run("edit.undo")
    wait_idle(qtbot, program)
    assert blend.painting.mask is None
