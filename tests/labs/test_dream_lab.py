"""The Dream lab on the screen: dreaming, pausing, playing back, branching, taking it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from support import (
    Mouse,
    canvases,
    click_on,
    grabbed,
    open_array,
    open_file,
    press,
    texts,
    wait_idle,
)

from pyrviewer.compute import dream, image, mask, network
from pyrviewer.labs.dream.controller import DreamLab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from support import Array

    from pyrviewer.app import Program
    from pyrviewer.compute.dream import DreamTrace
    from pyrviewer.labs.dream.run import Dreamt, Moment

LAYER, OCTAVES, STEPS = "block 2", 2, 3
ALL_STEPS = OCTAVES * STEPS


@pytest.fixture(scope="module")
def net() -> network.Network:
    return network.load()


@pytest.fixture
def small(cat: Array) -> Array:
    """Return a part of the photo: 96 x 128."""
    return np.ascontiguousarray(cat[60:156, 120:248])


def start(qtbot: QtBot, program: Program, pixels: Array) -> DreamLab:
    """Open pixels in the Dream lab, with settings that take little time."""
    program.window.show_lab("dream")
    open_array(qtbot, program, pixels)
    lab = program.window.lab
    assert isinstance(lab, DreamLab)
    for name, value in (("layer", LAYER), ("octaves", OCTAVES), ("steps", STEPS)):
        lab.change(name, value)
    wait_idle(qtbot, program)
    return lab


def dreamt(lab: DreamLab) -> Dreamt:
    found = lab.dreamt
    assert found is not None
    return found


def growing(lab: DreamLab) -> bool:
    return lab.scene is not None and lab.scene.moment is not None


def dream_now(qtbot: QtBot, program: Program, lab: DreamLab) -> Dreamt:
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    return dreamt(lab)


def alone(pixels: Array, net: network.Network, **settings: Any) -> DreamTrace:
    """Dream without a window."""
    return dream.dream(pixels, net, layer=LAYER, octaves=OCTAVES, steps=STEPS, **settings)


def test_nothing_is_dreamt_unasked(qtbot: QtBot, program: Program, photo: Path) -> None:
    program.window.show_lab("dream")
    open_file(qtbot, program, photo)
    lab = program.window.lab
    assert isinstance(lab, DreamLab)
    assert lab.dreamt is None
    assert [layer.title for layer in canvases(program)[0].layers] == ["Original"]
    assert lab.view.go.isEnabled()
    assert not lab.view.banner.isVisible()


def test_a_key_dreams_what_the_library_dreams(
    qtbot: QtBot, program: Program, small: Array, net: network.Network
) -> None:
    lab = start(qtbot, program, small)
    found = dream_now(qtbot, program, lab)
    assert found.done
    assert np.array_equal(found.trace.result, alone(small, net).result)
    shown = canvases(program)[0].layers[0]
    assert shown.source is not None
    assert np.array_equal(shown.source, found.trace.result)
    assert lab.view.transport.slider.value() == ALL_STEPS


def test_it_grows_before_the_eyes_and_plays_back_what_was_seen(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    seen: list[Moment] = []
    next(lane for lane in lab.lanes if lane.name == "Dreaming").partial.connect(seen.append)
    found = dream_now(qtbot, program, lab)
    assert [len(moment.steps) for moment in seen] == list(range(1, ALL_STEPS + 1))
    for key, step in ((",", ALL_STEPS - 1), (",", ALL_STEPS - 2), ("Home", 0), (".", 1)):
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        assert lab.step == step
        shown = canvases(program)[0].layers[0].source
        assert shown is not None
        if step:
            assert np.array_equal(shown, seen[step - 1].picture.source)
        else:
            assert np.array_equal(shown, found.trace.picture(0))


def test_paused_and_gone_on_it_is_the_same_dream(
    qtbot: QtBot, program: Program, small: Array, net: network.Network
) -> None:
    lab = start(qtbot, program, small)
    lab.change("steps", 20)
    press(qtbot, program, "D")
    qtbot.waitUntil(lambda: growing(lab), timeout=20_000)
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    paused = dreamt(lab)
    assert 0 < paused.length < 40
    assert lab.view.go.text() == "Go on"
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    whole = dream.dream(small, net, layer=LAYER, octaves=OCTAVES, steps=20)
    assert np.array_equal(dreamt(lab).trace.result, whole.result)


def test_escape_stops_it_and_keeps_what_there_is(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    lab.change("steps", 20)
    press(qtbot, program, "D")
    qtbot.waitUntil(lambda: growing(lab), timeout=20_000)
    press(qtbot, program, "Esc")
    wait_idle(qtbot, program)
    assert 0 < dreamt(lab).length < 40
    assert program.window.notices.texts == []


def test_single_steps_are_those_of_the_whole_dream(
    qtbot: QtBot, program: Program, small: Array, net: network.Network
) -> None:
    lab = start(qtbot, program, small)
    for count in range(1, ALL_STEPS + 1):
        press(qtbot, program, "T")
        wait_idle(qtbot, program)
        assert dreamt(lab).length == count
    assert dreamt(lab).done
    assert not lab.view.step.isEnabled()
    assert np.array_equal(dreamt(lab).trace.result, alone(small, net).result)


def test_branching_from_a_step(
    qtbot: QtBot, program: Program, small: Array, net: network.Network
) -> None:
    lab = start(qtbot, program, small)
    dream_now(qtbot, program, lab)
    press(qtbot, program, "Home")
    for _ in range(2):
        press(qtbot, program, ".")
    lab.change("rate", 6.0)
    wait_idle(qtbot, program)
    press(qtbot, program, "Ctrl+D")
    wait_idle(qtbot, program)
    wanted = dream.resume(alone(small, net), 2, rate=6.0).result
    assert np.array_equal(dreamt(lab).trace.result, wanted)


def test_a_dragged_region_dreams_alone(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    program.menus.run("dream.region.rectangle")
    pane = canvases(program)[0]
    first, last = (pane.mapping().to_device(*corner) for corner in ((40, 30), (90, 70)))
    ratio = pane.ratio
    Mouse(pane).drag(
        (first[0] / ratio, first[1] / ratio), (last[0] / ratio, last[1] / ratio), steps=10
    )
    lab.change("soft", 0.0)
    wait_idle(qtbot, program)
    region = lab.state.region
    assert isinstance(region, mask.Rectangle)
    assert np.allclose([*region.start, *region.end], (40, 30, 90, 70), atol=1)
    result = dream_now(qtbot, program, lab).trace.result
    changed = np.argwhere((result != small).any(2))
    assert len(changed) > 500
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    assert left >= 39
    assert right <= 91
    assert top >= 29
    assert bottom <= 71
    press(qtbot, program, "Ctrl+Z")
    press(qtbot, program, "Ctrl+Z")
    assert lab.state.region is None


def test_octaves_tell_what_each_added_and_take_a_click(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    found = dream_now(qtbot, program, lab)
    program.menus.run("dream.layout.octaves")
    wait_idle(qtbot, program)
    panes = canvases(program)
    assert len(panes) == 2 * OCTAVES
    for pane, octave in zip(panes[OCTAVES:], found.trace.octaves, strict=True):
        source = pane.layers[0].source
        assert source is not None
        assert np.array_equal(source, octave.end - octave.start)
    Mouse(panes[0]).click(panes[0].width() / 2, panes[0].height() / 2)
    wait_idle(qtbot, program)
    assert lab.step == STEPS
    strength = np.sqrt(np.mean(np.square(found.trace.octaves[1].added, dtype=np.float64)))
    cell = lab.panel.table.item(1, 2)
    assert cell is not None
    assert float(cell.text()) == pytest.approx(strength, abs=0.051)


def test_the_gradient_before_and_after(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    dream_now(qtbot, program, lab)
    program.menus.run("dream.layout.gradient")
    wait_idle(qtbot, program)
    sources = [pane.layers[0].source for pane in canvases(program)]
    assert len(sources) == 12
    arrays = [np.asarray(source, np.float64) for source in sources]
    assert np.abs(sum(arrays[1:6]) - arrays[0]).max() < 1e-5 * np.abs(arrays[0]).max()
    assert [np.sqrt(np.mean(a**2)) for a in arrays[7:]] == pytest.approx([1] * 5, rel=1e-4)
    lab.change("even", False)
    press(qtbot, program, "Home")
    press(qtbot, program, "Ctrl+D")
    wait_idle(qtbot, program)
    assert len(canvases(program)) == 2


def test_a_dream_is_there_when_its_tab_comes_back(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    document = lab.document
    found = dream_now(qtbot, program, lab)
    open_array(qtbot, program, small[:50])
    assert lab.dreamt is None
    program.workspace.activate(document)
    wait_idle(qtbot, program)
    assert lab.dreamt is found


def test_the_result_opens_in_a_tab(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    found = dream_now(qtbot, program, lab)
    program.menus.run("dream.open")
    wait_idle(qtbot, program)
    active = program.workspace.active
    assert active is not None
    assert active is not program.workspace.documents[0]
    assert np.array_equal(active.pixels, found.trace.result)


def test_a_guide_is_another_open_image(
    qtbot: QtBot, program: Program, small: Array, photo: Path, net: network.Network
) -> None:
    open_file(qtbot, program, photo)
    lab = start(qtbot, program, small)
    lab.change("guide", str(photo))
    wait_idle(qtbot, program)
    assert not lab.panel.channel.isEnabled()
    found = dream_now(qtbot, program, lab)
    wanted = alone(small, net, guide=image.read(photo).pixels)
    assert np.array_equal(found.trace.result, wanted.result)


def test_channels_have_pictures_that_are_kept(
    qtbot: QtBot, program: Program, small: Array, tmp_path: Path
) -> None:
    lab = start(qtbot, program, small)
    lab.change("layer", "stem")
    gallery = lab.panel.gallery
    lab.panel.gallery_section.set_open(True)
    qtbot.waitUntil(lambda: len(list(tmp_path.rglob("stem_*.png"))) > 3, timeout=20_000)
    wait_idle(qtbot, program)
    box = gallery.visualRect(gallery.model().index(2, 0))  # type: ignore[union-attr] # it has one
    area = gallery.viewport()
    assert area is not None
    Mouse(area).click(box.center().x(), box.center().y())
    wait_idle(qtbot, program)
    assert lab.state.channel == 2
    assert lab.panel.channel.value() == 2
    kept = next(tmp_path.rglob("stem_2.png"))
    assert image.read(kept).pixels.std() > 10


def test_without_the_network_it_says_so(
    qtbot: QtBot, program: Program, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "available", lambda: False)
    program.window.show_lab("dream")
    open_file(qtbot, program, photo)
    lab = program.window.lab
    assert isinstance(lab, DreamLab)
    assert lab.view.banner.isVisible()
    assert not lab.view.go.isEnabled()
    assert any("network" in text for text in texts(lab.view.banner))


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((64, 64, 3), 90, np.uint8),
        np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64),
        np.dstack([np.full((48, 64, 3), 90), np.zeros((48, 64))]).astype(np.uint8),
        np.random.default_rng(0).normal(2, 4, (48, 64, 3)).astype(np.float32),
    ],
    ids=["flat", "gray16", "transparent", "float"],
)
def test_images_of_every_kind(qtbot: QtBot, program: Program, pixels: Array) -> None:
    lab = start(qtbot, program, pixels)
    result = dream_now(qtbot, program, lab).trace.result
    assert (result.shape, result.dtype) == (pixels.shape, pixels.dtype)
    assert np.isfinite(result).all()
    grabbed(lab.view)


def test_an_image_too_small_for_the_layer(qtbot: QtBot, program: Program) -> None:
    lab = start(qtbot, program, np.full((3, 3), 100, np.uint8))
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    assert lab.dreamt is None
    (said,) = program.window.notices.texts
    assert "block 2 looks at it in steps of 4" in said
    assert lab.view.go.text() == "Dream"


def test_shift_shows_the_original(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    dream_now(qtbot, program, lab)
    pane = canvases(program)[0]
    before = grabbed(pane)
    qtbot.keyPress(pane, Qt.Key.Key_Shift)
    assert not np.array_equal(grabbed(pane), before)
    qtbot.keyRelease(pane, Qt.Key.Key_Shift)
    assert np.array_equal(grabbed(pane), before)
    click_on(lab.view.layouts.findChildren(type(lab.view.step))[1])
    wait_idle(qtbot, program)
    assert lab.state.layout == "octaves"
