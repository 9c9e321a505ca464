"""Undo steps, and which changes are one step."""

from __future__ import annotations

import time
from typing import Any

import pytest
from PyQt6.QtGui import QUndoStack

from pyrviewer.session.history import MERGE_WITHIN, ReplaceState


class Model:
    """A value with an undo stack and a clock that only the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.value: Any = 0
        self.stack = QUndoStack()
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def _apply(self, value: object) -> None:
        self.value = value

    def change(self, value: object, key: str = "", after: float = 0.0) -> None:
        self.now += after
        self.stack.push(ReplaceState(self.value, value, self._apply, f"to {value}", key))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    return Model(monkeypatch)


def test_undo_and_redo(model: Model) -> None:
    for value in ("a", "b", "c"):
        model.change(value)
    assert model.stack.count() == 3
    model.stack.undo()
    assert model.value == "b"
    model.stack.undo()
    model.stack.undo()
    assert model.value == 0
    assert not model.stack.canUndo()
    for expected in ("a", "b", "c"):
        model.stack.redo()
        assert model.value == expected


def test_a_drag_is_one_step_however_long(model: Model) -> None:
    for value in range(1, 40):
        model.change(value, "slider", after=MERGE_WITHIN * 0.9)
    assert model.stack.count() == 1
    model.stack.undo()
    assert model.value == 0
    model.stack.redo()
    assert model.value == 39


def test_a_pause_begins_a_new_step(model: Model) -> None:
    model.change(1, "slider")
    model.change(2, "slider", after=MERGE_WITHIN * 1.1)
    assert model.stack.count() == 2
    model.stack.undo()
    assert model.value == 1


def test_other_controls_and_single_clicks_are_steps_of_their_own(model: Model) -> None:
    model.change(1, "one")
    model.change(2, "other")
    model.change(3)
    model.change(4)
    model.change(5, "one")
    assert model.stack.count() == 5


def test_a_drag_back_to_where_it_began_is_no_step(model: Model) -> None:
    model.change(1, "slider")
    model.change(2, "slider")
    model.change(0, "slider")
    assert model.stack.count() == 0
    assert not model.stack.canUndo()


def test_a_change_after_undo_takes_the_place_of_what_was_undone(model: Model) -> None:
    model.change("a")
    model.change("b")
    model.stack.undo()
    model.change("c")
    assert not model.stack.canRedo()
    model.stack.undo()
    assert model.value == "a"


def test_steps_have_names(model: Model) -> None:
    model.change("a")
    assert model.stack.undoText() == "to a"
