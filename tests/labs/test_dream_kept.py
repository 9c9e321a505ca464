"""Dreams are not lost: undo, other tabs, the next session; and films keep to their own tab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from dream_lab import (
    ALL_STEPS,
    LAYER,
    STEPS,
    alone,
    dream_now,
    dreamt,
    growing,
    hasten,
    shown,
    start,
)
from PyQt6.QtGui import QCursor
from support import canvases, open_array, open_file, press, texts, wait_idle

from pyrviewer.compute import dream, image, network
from pyrviewer.compute.image import Origin, from_array
from pyrviewer.labs.dream.shelf import KEY
from pyrviewer.session import restore
from pyrviewer.session.document import OpenRequest

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from support import Array

    from pyrviewer.app import Program
    from pyrviewer.labs.dream.controller import DreamLab


def branch(qtbot: QtBot, program: Program, lab: DreamLab, step: int, **changes: object) -> None:
    """Go to a step, change settings, dream on from there."""
    lab.go(step)
    for name, value in changes.items():
        lab.change(name, value)
    wait_idle(qtbot, program)
    press(qtbot, program, "Ctrl+D")
    wait_idle(qtbot, program)


def key(qtbot: QtBot, program: Program, name: str) -> None:
    """Press a key and wait for what it does."""
    press(qtbot, program, name)
    wait_idle(qtbot, program)


def titles(program: Program) -> list[str]:
    return [layer.title for canvas in canvases(program) for layer in canvas.layers]


@pytest.mark.parametrize("room", [1 << 30, 0], ids=["kept", "dreamt again"])
def test_a_branch_is_undone(
    qtbot: QtBot, program: Program, small: Array, net: network.Network, room: int
) -> None:
    lab = start(qtbot, program, small)
    lab.dreaming.shelf.room = room
    first = dream_now(qtbot, program, lab).trace
    branch(qtbot, program, lab, 4, rate=6.0)
    second = dreamt(lab).trace
    wanted = dream.resume(alone(small, net), 4, rate=6.0).result
    assert np.array_equal(second.result, wanted)
    key(qtbot, program, "Ctrl+Z")
    assert lab.state.rate == 6.0
    assert (dreamt(lab).trace is first) == (room > 0)
    assert np.array_equal(dreamt(lab).trace.result, first.result)
    assert lab.step == (4 if room else ALL_STEPS)
    key(qtbot, program, "Home")
    assert np.array_equal(shown(lab), first.picture(0))
    key(qtbot, program, "Ctrl+Y")
    assert np.array_equal(dreamt(lab).trace.result, wanted)
    for _ in range(3):  # the branch, the rate, the dream
        key(qtbot, program, "Ctrl+Z")
    assert lab.dreamt is None
    assert np.array_equal(shown(lab), small)
    key(qtbot, program, "Ctrl+Y")
    assert np.array_equal(dreamt(lab).trace.result, first.result)


def test_a_paused_dream_that_goes_on_is_undone(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    lab.change("steps", 20)
    press(qtbot, program, "D")
    qtbot.waitUntil(lambda: growing(lab), timeout=20_000)
    key(qtbot, program, "Esc")
    paused = dreamt(lab)
    assert 0 < paused.length < 40
    assert f"of 40, octave {paused.trace.steps[-1].octave + 1} of 2" in texts(lab.view.transport)[0]
    lab.go(1)
    wait_idle(qtbot, program)
    assert lab.view.go.text() == ("Go on" if paused.length == 1 else f"Go on from {paused.length}")
    assert lab.view.branch.text() == "From step 1"
    key(qtbot, program, "D")
    whole = dreamt(lab)
    assert whole.done
    for name, wanted in (("Ctrl+Z", paused), ("Ctrl+Y", whole), ("Ctrl+Z", paused)):
        key(qtbot, program, name)
        assert dreamt(lab).trace is wanted.trace
    key(qtbot, program, "Ctrl+Z")
    assert lab.dreamt is None
    key(qtbot, program, "Ctrl+Y")
    assert dreamt(lab).trace is paused.trace


def test_undo_while_it_dreams(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    first = dream_now(qtbot, program, lab)
    lab.change("steps", 20)
    press(qtbot, program, "D")
    qtbot.waitUntil(lambda: growing(lab), timeout=20_000)
    key(qtbot, program, "Ctrl+Z")
    assert dreamt(lab).trace is first.trace
    assert not growing(lab)
    key(qtbot, program, "Ctrl+Y")
    assert 0 < dreamt(lab).length < 40
    assert dreamt(lab).request.state.steps == 20


def test_a_dream_that_made_no_step_leaves_none(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    document = program.workspace.active
    assert document is not None
    count = document.undo_stack.count()
    lab.orders.toggle()
    assert document.undo_stack.undoText() == "Dream"
    lab.dreaming.pause()
    wait_idle(qtbot, program)
    assert lab.dreamt is None
    assert document.undo_stack.count() == count
    assert not lab.dreaming.recipe.starts


def test_a_closed_tab_and_the_next_session_know_the_dream(
    qtbot: QtBot, program: Program, small: Array, tmp_path: Path
) -> None:
    image.write(tmp_path / "eyes.png", small)
    program.window.show_lab("dream")
    document = open_file(qtbot, program, tmp_path / "eyes.png")
    lab = hasten(qtbot, program)
    dream_now(qtbot, program, lab)
    branch(qtbot, program, lab, 4, rate=6.0)
    lab.change("seed", 5)
    found = dreamt(lab).trace
    session = restore.parse(restore.describe(program.workspace, "dream"), "session")
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    for again in (program.workspace.reopen, lambda: program.workspace.open(session.requests[0])):
        again()
        wait_idle(qtbot, program)
        assert lab.dreamt is None
        assert np.array_equal(shown(lab), document.pixels)
        assert lab.view.branch.text() == "Dream again"
        key(qtbot, program, "Ctrl+D")
        assert dreamt(lab).trace is not found
        assert np.array_equal(dreamt(lab).trace.result, found.result)
        assert lab.state.seed == 5


def test_a_recipe_that_makes_no_sense_is_none(qtbot: QtBot, program: Program, photo: Path) -> None:
    program.window.show_lab("dream")
    open_file(qtbot, program, photo)
    text = json.loads(restore.describe(program.workspace, "dream"))
    text["documents"][0]["states"][KEY] = {"starts": [0], "asked": ["{"], "length": 3}
    program.menus.run("file.close")
    program.workspace.open(restore.parse(json.dumps(text), "session").requests[0])
    wait_idle(qtbot, program)
    assert program.window.lab is not None
    assert program.window.notices.texts == []


def test_a_dream_comes_back_with_its_tab_at_its_step(
    qtbot: QtBot, program: Program, small: Array
) -> None:
    lab = start(qtbot, program, small)
    document = lab.document
    lab.change("steps", 20)
    press(qtbot, program, "D")
    qtbot.waitUntil(lambda: growing(lab), timeout=20_000)
    open_array(qtbot, program, small[:50])
    assert lab.dreamt is None
    program.workspace.activate(document)
    wait_idle(qtbot, program)
    left = dreamt(lab)
    assert 0 < left.length < 40
    assert len(left.tiles) == len(left.trace.octaves)
    lab.go(1)
    program.workspace.activate(program.workspace.documents[1])
    program.workspace.activate(document)
    wait_idle(qtbot, program)
    assert dreamt(lab).trace is left.trace
    assert lab.step == 1


def test_the_numbers_are_those_of_the_picture(qtbot: QtBot, program: Program, small: Array) -> None:
    lab = start(qtbot, program, small)
    said: list[str] = []
    lab.readout_changed.connect(said.append)
    pane = canvases(program)[0]
    QCursor.setPos(pane.mapToGlobal(pane.rect().center()))

    def values() -> str:
        hover = lab.view.grid.under_mouse()
        assert hover is not None
        return ", ".join(map(str, shown(lab)[hover.y, hover.x]))

    def says(title: str) -> bool:
        return bool(said) and said[-1].startswith(title) and said[-1].endswith(values())

    found = dream_now(qtbot, program, lab)
    qtbot.waitUntil(lambda: says("Dream "))
    key(qtbot, program, "Home")
    qtbot.waitUntil(lambda: says("Octave 1 "))
    lab.go(found.length)
    wait_idle(qtbot, program)
    lab.peek(True)
    qtbot.waitUntil(lambda: said[-1].startswith("Original "))
    lab.peek(False)
    qtbot.waitUntil(lambda: says("Dream "))


def test_a_film_is_shown_in_its_own_tab_alone(
    qtbot: QtBot, program: Program, small: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start(qtbot, program, small)
    lab.change("frames", 200)
    film = tmp_path / "film.mp4"
    monkeypatch.setattr(lab.exporter, "ask", lambda *_: film)
    lab.panel.film.click()
    qtbot.waitUntil(lambda: titles(program) == ["Film"], timeout=20_000)
    assert lab.view.go.text() == "Filming"
    assert not lab.view.go.isEnabled()
    assert lab.view.hint.text().startswith("Frame ")
    document = lab.document
    frames: list[object] = []
    lab.filming.lane.partial.connect(frames.append)
    program.workspace.add(from_array(small[:60].copy(), Origin("clipboard", "other.png")))
    qtbot.waitUntil(lambda: lab.scene is not None and len(frames) > 2, timeout=20_000)
    assert titles(program) == ["Original"]
    assert "array.png is being made" in lab.panel.film_note.text()
    assert not lab.panel.film.isEnabled()
    for name, value in (("layer", LAYER), ("octaves", 2), ("steps", STEPS)):
        lab.change(name, value)
    lab.orders.toggle()
    qtbot.waitUntil(lambda: lab.dreamt is not None, timeout=20_000)
    assert dreamt(lab).done
    program.workspace.activate(document)
    qtbot.waitUntil(lambda: titles(program) == ["Film"], timeout=20_000)
    lab.panel.film.click()
    wait_idle(qtbot, program)
    assert lab.view.go.text() == "Dream"
    assert "steps: about" in lab.panel.film_note.text()
    assert not film.exists()


def test_a_dream_whose_guide_was_closed(
    qtbot: QtBot, program: Program, small: Array, photo: Path, tmp_path: Path
) -> None:
    image.write(tmp_path / "eyes.png", small)
    program.window.show_lab("dream")
    guide = open_file(qtbot, program, photo)
    open_file(qtbot, program, tmp_path / "eyes.png")
    lab = hasten(qtbot, program)
    lab.change("guide", str(photo))
    wanted = dream_now(qtbot, program, lab).trace.result
    program.workspace.close(guide)
    program.menus.run("file.close")
    program.workspace.reopen()
    wait_idle(qtbot, program)
    assert lab.view.hint.text() == "This was dreamt with a guide that is not open."
    assert not lab.view.branch.isEnabled()
    program.workspace.open(OpenRequest(photo, activate=False))
    wait_idle(qtbot, program)
    assert lab.view.branch.isEnabled()
    key(qtbot, program, "Ctrl+D")
    assert np.array_equal(dreamt(lab).trace.result, wanted)
