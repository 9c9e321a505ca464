"""Maps of a network in the Pooling lab: the program's own, and the user's."""

from __future__ import annotations

import contextlib
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import skimage.transform
from onnx_models import Model
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
from PyQt6.QtWidgets import QFileDialog, QStyleOptionComboBox
from support import Mouse, canvases, focus, grabbed, open_file, press, tap, wait_idle

from pyrviewer.compute import network
from pyrviewer.compute.tones import tones
from pyrviewer.labs.pooling.script import python_script
from pyrviewer.labs.pooling.state import PoolingState
from pyrviewer.session.document import OpenRequest
from pyrviewer.ui.overlays import Note, Outlines

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.pooling.controller import PoolingLab


# The program's own network


@needs_network
def test_the_first_picture_is_of_learned_maps(qtbot: QtBot, program: Program, photo: Path) -> None:
    program.window.show_lab("pooling")
    open_file(qtbot, program, photo)
    lab = lab_of(program)
    assert pooled(lab).maps.values.shape == (24, 75, 112)
    assert lab.panel.layer.currentData() == lab.state.layer == "block 3"
    assert lab.document is not None
    assert not lab.document.undo_stack.canUndo()


@needs_network
def test_maps_with_values_below_zero_are_blue_and_orange(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    found = change(qtbot, program, "layer", "block 5")
    values = found.maps.values[found.channel]
    assert values.min() < 0
    assert found.map.range == f"±{np.abs(values).max():.3g}"
    shown = found.map.pixels[0][..., 2::-1].astype(int)  # R, G, B
    lowest, highest = (
        np.unravel_index(i, values.shape) for i in (values.argmin(), values.argmax())
    )
    assert shown[lowest][2] > shown[lowest][0] + 20  # blue
    assert shown[highest][0] > shown[highest][2] + 20  # orange
    assert np.ptp(shown[np.abs(values) < 1e-2 * np.abs(values).max()], axis=1).max() < 12  # gray
    # Means have a range of their own: they are much smaller.
    means = change(qtbot, program, "reduce", "average")
    largest = max(np.abs(tile.values).max() for tile in means.tiles["grid"])
    assert largest < np.abs(values).max() / 2
    assert means.tiles["grid"][0].range == f"±{largest:.3g}"
    found = change(qtbot, program, "reduce", "max")
    # A number has the same colour in its grid and in the strip.
    entry = found.blocks.of_channel(found.channel)[0][5]
    box = next(box for each, _, box in lab.view.strip.boxes() if each == entry)
    ink = grabbed(lab.view.strip)[round(box.top()) + 5, round(box.left()) + 5, :3]
    np.testing.assert_array_equal(ink, found.tiles["grid"][0].pixels[0][1, 1, 2::-1])


def test_a_range_from_zero_has_no_sign() -> None:
    values = np.array([[-0.0, 4.59]], np.float32)
    assert tones(values).text == "0 to 4.59"
    assert tones(values - 1).text == "±3.59"
    assert tones(np.full((2, 2), 3.0)).text == "2.5 to 3.5"


@needs_network
def test_the_name_of_a_layer_is_never_cut_off(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    for layer, ends in (("stem", "1/2"), ("block 12 depthwise", "…")):
        change(qtbot, program, "layer", layer)
        option = QStyleOptionComboBox()
        lab.panel.layer.initStyleOption(option)
        text = option.currentText or ""
        assert text.startswith(layer)
        assert text.endswith(ends)
        assert option.fontMetrics.horizontalAdvance(text) < lab.panel.layer.width()


@needs_network
def test_no_channel_is_a_word(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    box = lab.panel.channel.box
    assert box.text() == "all"
    found = change(qtbot, program, "layer", "block 3")
    assert box.text() == "auto"
    focus(lab.panel.channel.slider)
    for _ in range(3):
        tap(lab.panel.channel.slider, Qt.Key.Key_Right)
    wait_idle(qtbot, program)
    assert (lab.state.channel, box.text(), pooled(lab).channel) == (2, "2", 2)
    assert found.channel == found.maps.order[0]
    press(qtbot, program, "Ctrl+Z")
    assert box.text() == "auto"


@needs_network
def test_a_pixel_shows_what_it_sees(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo)
    drag(qtbot, program, (100, 50, 300, 250))
    x0, y0, x1, y1 = lab.state.rect
    change(qtbot, program, "layer", "block 5")
    height, width = change(qtbot, program, "side", 256).maps.input.shape[:2]
    layer = network.load().layer("block 5")
    field = layer.field
    assert field is not None
    image, pane = canvases(program)[:2]
    for x, y in ((0, 3), (16, 20)):
        Mouse(pane).move(
            *on_screen(
                pane,
                x0 + (x + 0.5) * (x1 - x0) / -(-width // 8),
                y0 + (y + 0.5) * (y1 - y0) / -(-height // 8),
            )
        )
        (seen,) = [overlay for overlay in image.overlays if isinstance(overlay, Outlines)]
        left, top = max(0, field.start + 8 * x), max(0, field.start + 8 * y)
        right = min(field.start + 8 * x + field.size, width)
        bottom = min(field.start + 8 * y + field.size, height)
        corners = np.array([[left, top], [right, bottom]]) * [(x1 - x0) / width, (y1 - y0) / height]
        found = np.array(seen.shapes[0])
        np.testing.assert_allclose([found.min(0), found.max(0)], np.add(corners, (x0, y0)))
        size = np.rint(np.ptp(found, axis=0)).astype(int)
        assert f"{size[0]} × {size[1]} px of the image" in lab.panel.values_table.as_text()


@needs_network
def test_maps_that_cannot_be_made_leave_the_image_alone(
    qtbot: QtBot, program: Program, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    before = change(qtbot, program, "layer", "block 3").vector
    with monkeypatch.context() as patched:
        patched.setattr(network, "MAX_BYTES", 1 << 20)
        lab.change("side", 300)
        wait_idle(qtbot, program)
        (text,) = program.window.notices.texts
        assert "would take" in text
        (pane,) = canvases(program)
        assert [layer.title for layer in pane.layers] == ["Image"]
        assert [note.text for note in pane.fixed if isinstance(note, Note)] == [f"No maps. {text}"]
        assert lab.found is None
        assert not lab.view.strip.isVisible()
        Mouse(pane).move(200, 200)  # nothing to point out
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    np.testing.assert_array_equal(pooled(lab).vector, before)
    assert len(canvases(program)) == 5
    assert not any(isinstance(mark, Note) for pane in canvases(program) for mark in pane.fixed)


# The user's own network


def open_network(
    qtbot: QtBot, program: Program, monkeypatch: pytest.MonkeyPatch, path: Path
) -> PoolingLab:
    """Choose a file in the dialog of the menu."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    program.menus.run("pooling.open_network")
    wait_idle(qtbot, program)
    return lab_of(program)


def small_network(path: Path, channels: int = 3) -> Path:
    """Write a network with an ASPP; the maps of its layers are noise."""
    model = Model((1, channels, "h", "w"))
    trunk = model.random_conv("image", channels, 6, 3, stride=4, pad=1)
    branches = [model.random_conv(trunk, 6, 5, 3, pad=rate, rate=rate) for rate in (2, 4)]
    model.node("Concat", *branches, axis=1)
    path.write_bytes(model.encode())
    return path


def test_the_users_network_makes_the_maps(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    path = small_network(tmp_path / "mine.onnx")
    open_network(qtbot, program, monkeypatch, path)
    assert (lab.state.network, lab.state.layer) == (str(path), "Concat 3")
    values = pooled(lab).maps.values
    assert values.shape == (10, 75, 112)
    assert pooled(lab).channel == values.reshape(10, -1).var(axis=1).argmax()
    np.testing.assert_array_equal(pooled(lab).vector, adaptive(values, (4, 2, 1)))
    assert "ASPP with rates 2, 4 at" in lab.panel.network.facts.text()
    assert lab.panel.network.network.currentText() == "mine.onnx"
    assert len(change(qtbot, program, "layer", "Conv 0").maps.values) == 6
    lab.panel.network.facts.linkActivated.emit("Concat 3")
    wait_idle(qtbot, program)
    assert lab.state.layer == "Concat 3"
    before = pooled(lab).maps.values.std()
    assert change(qtbot, program, "scale", "bytes").maps.values.std() > 20 * before
    for _ in range(4):
        press(qtbot, program, "Ctrl+Z")
        wait_idle(qtbot, program)
    assert lab.state.network == ""
    assert len(pooled(lab).maps.values) == 3
    assert lab.panel.network.facts.text() == ""
    assert program.window.notices.texts == []


def test_a_network_that_takes_one_size_gets_the_part_at_that_size(
    qtbot: QtBot, program: Program, photo: Path, cat: Array, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lab = start(qtbot, program, photo)
    model = Model((1, 3, 100, 100))
    model.node("Identity", model.node("Identity", "image"))
    path = tmp_path / "fixed.onnx"
    path.write_bytes(model.encode())
    change(qtbot, program, "scale", "bytes")
    drag(qtbot, program, (100, 50, 300, 250))
    x0, y0, x1, y1 = lab.state.rect
    open_network(qtbot, program, monkeypatch, path)
    # From the picture's own pixels, once.
    expected = skimage.transform.resize(
        cat[y0:y1, x0:x1].astype(np.float64), (100, 100), order=1, anti_aliasing=False
    )
    maps = pooled(lab).maps.values
    assert np.abs(maps - expected.transpose(2, 0, 1)).mean() < 2
    assert not lab.panel.side.isEnabled()
    assert lab.panel.side.value() == 100
    assert lab.panel.sizes.text().startswith("Resized to 100 × 100: 3 maps of 100 × 100")
    change(qtbot, program, "rect", ())
    assert lab.panel.sizes.text().startswith("Stretched to 100 × 100")
    change(qtbot, program, "layer", "")
    assert lab.panel.side.isEnabled()
    assert lab.panel.side.value() == 448


def test_another_network_begins_with_its_most_varied_channel(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    for name, loud in (("one.onnx", 4), ("other.onnx", 1)):
        weights = np.full((6, 3, 1, 1), 0.1, np.float32)
        weights[loud] = 1
        model = Model()
        model.conv("image", weights, np.zeros(6, np.float32), stride=4)
        path = tmp_path / name
        path.write_bytes(model.encode())
        open_network(qtbot, program, monkeypatch, path)
        assert (lab.state.layer, lab.state.channel) == ("Conv 0", -1)
        assert pooled(lab).channel == loud


def test_the_grids_of_a_network_are_named(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    model = Model((1, 3, 64, 64))
    trunk = model.random_conv("image", 3, 4, 3, stride=2, pad=1)
    grids = [model.node("MaxPool", trunk, kernel_shape=(k, k), strides=(k, k)) for k in (8, 16, 32)]
    model.node("Concat", *(model.node("Flatten", grid) for grid in grids), axis=1)
    path = tmp_path / "spp.onnx"
    path.write_bytes(model.encode())
    open_network(qtbot, program, monkeypatch, path)
    assert "SPP with grids 4, 2, 1 on" in lab.panel.network.facts.text()
    lab.panel.network.facts.linkActivated.emit("Conv 0")
    wait_idle(qtbot, program)
    assert pooled(lab).maps.request.layer == "Conv 0"


def test_a_file_that_is_no_network_changes_nothing(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, photo)
    open_network(qtbot, program, monkeypatch, photo)
    open_network(qtbot, program, monkeypatch, small_network(tmp_path / "five.onnx", 5))
    assert program.window.notices.texts == [
        "chelsea.png is not an ONNX file.",
        "five.onnx takes 1 x 5 x any x any, not one image of 1 or 3 channels (1 x C x H x W).",
    ]
    assert lab.state == PoolingState()
    assert lab.document is not None
    assert not lab.document.undo_stack.canUndo()


def test_a_network_that_is_gone_gives_way_to_the_programs_own(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    state = PoolingState(network=str(tmp_path / "gone.onnx"), layer="Conv 0", side=300)
    program.window.show_lab("pooling")
    program.workspace.open(OpenRequest(photo, states={"pooling": asdict(state)}))
    wait_idle(qtbot, program)
    lab = lab_of(program)
    (text,) = program.window.notices.texts
    assert text == "gone.onnx could not be read: No such file or directory."
    assert lab.state == PoolingState(side=300)
    assert pooled(lab).maps.input.shape == (200, 300, 3)


def test_the_script_uses_the_users_network(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(qtbot, program, photo)
    lab = open_network(qtbot, program, monkeypatch, small_network(tmp_path / "mine.onnx"))
    made: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(python_script(pooled(lab).request, str(photo)), "script", "exec"), made)
    np.testing.assert_allclose(made["vector"], pooled(lab).vector, rtol=1e-5)
