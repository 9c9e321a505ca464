"""The Dream lab on the screen: dreaming, pausing, playing back, branching, taking it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from dream_lab import (
    ALL_STEPS,
    LAYER,
    OCTAVES,
    STEPS,
    alone,
    dream_now,
    dreamt,
    growing,
    start,
)
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
from pyrviewer.labs.dream.hints import HINTS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from support import Array

    from pyrviewer.app import Program
    from pyrviewer.labs.dream.run import Moment


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
    assert [moment.dreamt.length for moment in seen] == list(range(1, ALL_STEPS + 1))
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
    for _ in range(3):  # the dream, its edge, its region
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
    assert len(sources) == 14
    arrays = [np.asarray(source, np.float64) for source in sources]
    for whole, parts in ((arrays[0], arrays[1:6]), (arrays[6], arrays[7:12])):
        assert np.abs(sum(parts) - whole).max() < 1e-5 * np.abs(whole).max()
    assert [np.sqrt(np.mean(a**2)) for a in arrays[7:12]] == pytest.approx([1] * 5, rel=1e-4)
    before, after = lab.step - 1, lab.step
    steps = dreamt(lab).trace.steps
    first, last = steps[before - 1].state, steps[after - 1].state
    assert first is not None
    assert last is not None
    inside = (last > 0) & (last < 255)
    for whole, step in zip((arrays[0], arrays[6]), arrays[12:], strict=True):
        np.testing.assert_allclose(step, 1.5 * whole / np.abs(whole).mean(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose((last - first)[inside], arrays[13][inside], atol=1e-3)
    assert [pane.selected for pane in canvases(program)] == [False] * 13 + [True]
    lab.change("even", False)
    press(qtbot, program, "Home")
    press(qtbot, program, "Ctrl+D")
    wait_idle(qtbot, program)
    panes = canvases(program)
    assert [pane.selected for pane in panes] == [False] * 12 + [True, False]
    titles = [pane.layers[0].title.replace("\u00a0", " ") for pane in panes]
    assert titles[:2] == ["Gradient", "Band 0"]
    assert titles[6:8] == ["Evened sum", "Band 0 / RMS"]
    assert titles[12:] == ["Step plain", "Step evened"]


def test_the_gradient_waits_for_a_pause(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    lab.change("steps", 20)
    program.menus.run("dream.layout.gradient")
    press(qtbot, program, "D")
    qtbot.waitUntil(lambda: growing(lab), timeout=20_000)
    assert lab.view.hint.text() == "Pause to see the gradient."
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    assert len(canvases(program)) == 14
    assert lab.view.hint.text() == HINTS["gradient"]


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


def test_the_objective_is_chosen(
    qtbot: QtBot, program: Program, small: Array, net: network.Network
) -> None:
    lab = start(qtbot, program, small)
    control = lab.panel.objective
    assert control.itemText(0) == "Automatic: squared norm"
    control.activated.emit(control.findData("mean"))
    found = dream_now(qtbot, program, lab)
    assert np.array_equal(found.trace.result, alone(small, net, objective="mean").result)
    press(qtbot, program, "Ctrl+Z")
    press(qtbot, program, "Ctrl+Z")
    assert control.currentData() == ""


def test_what_stays_is_shaded_while_its_edge_is_changed(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    pane = canvases(program)[0]

    def light(x: int, y: int) -> float:
        at = [round(k / pane.ratio) for k in pane.mapping().to_device(x, y)]
        return float(grabbed(pane)[at[1] - 3 : at[1] + 4, at[0] - 3 : at[0] + 4, :3].mean())

    plain = {place: light(*place) for place in ((64, 48), (4, 4))}
    lab.change("outline", mask.to_json(mask.Rectangle((40, 30), (90, 70))))
    wait_idle(qtbot, program)
    assert light(64, 48) == pytest.approx(plain[64, 48], abs=1)
    assert light(4, 4) == pytest.approx(0.45 * plain[4, 4], abs=2)
    dream_now(qtbot, program, lab)
    qtbot.waitUntil(lambda: not pane.overlays, timeout=5_000)
    lab.change("soft", 30.0)
    assert pane.overlays


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
    lab = start(qtbot, program, np.full((3, 5), 100, np.uint8))
    assert not lab.view.go.isEnabled()
    assert lab.view.hint.text() == "Too small for block 2."
    assert "array.png is 5 × 3 pixels: too small for block 2" in lab.panel.plan.text()
    press(qtbot, program, "D")
    wait_idle(qtbot, program)
    assert lab.dreamt is None
    assert program.window.notices.texts == []
    lab.change("layer", "stem")
    assert lab.view.go.isEnabled()


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
