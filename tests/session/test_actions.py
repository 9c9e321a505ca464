"""The registry of everything the program can do."""

from __future__ import annotations

import pytest

from pyrviewer.session.actions import ActionRegistry, ActionSpec
from pyrviewer.session.settings import Settings


def spec(identity: str, *keys: str) -> ActionSpec:
    return ActionSpec(identity, identity.title(), "Does it.", lambda: None, keys)


@pytest.fixture
def registry(settings: Settings) -> ActionRegistry:
    made = ActionRegistry(settings)
    made.add([spec("open", "Ctrl+O"), spec("undo", "Ctrl+Z"), spec("redo", "Ctrl+Y", "Ctrl+U")])
    return made


def test_an_id_is_given_once(registry: ActionRegistry) -> None:
    with pytest.raises(ValueError, match="'open'"):
        registry.add([spec("open")])


def test_actions_keep_their_order(registry: ActionRegistry) -> None:
    assert [found.id for found in registry] == ["open", "undo", "redo"]
    assert registry["undo"].text == "Undo"


def test_rebinding_moves_a_key(registry: ActionRegistry) -> None:
    registry.rebind("open", ("Ctrl+Y",))
    assert registry.keys("open") == ("Ctrl+Y",)
    assert registry.keys("redo") == ("Ctrl+U",)
    assert registry.keys("undo") == ("Ctrl+Z",)


def test_rebinding_survives_a_restart(registry: ActionRegistry) -> None:
    registry.rebind("undo", ("Ctrl+Backspace",))
    again = ActionRegistry(Settings())
    again.add(list(registry))
    assert again.keys("undo") == ("Ctrl+Backspace",)
    again.reset_keys()
    assert again.keys("undo") == ("Ctrl+Z",)


def test_going_back_to_the_default_frees_the_other_key(registry: ActionRegistry) -> None:
    registry.rebind("open", ("Ctrl+Y",))
    registry.rebind("open", ("Ctrl+O",))
    assert registry.keys("open") == ("Ctrl+O",)
    registry.rebind("redo", ("Ctrl+Y", "Ctrl+U"))
    assert registry.keys("redo") == ("Ctrl+Y", "Ctrl+U")


def test_an_action_can_do_without_a_key(registry: ActionRegistry) -> None:
    registry.rebind("open", ())
    assert registry.keys("open") == ()


@pytest.mark.parametrize(
    "stored", [{"open": "Ctrl+X"}, {"open": 5}, {"open": [1, None]}, {"x": []}]
)
def test_garbage_in_the_settings_does_no_harm(
    settings: Settings, stored: dict[str, object]
) -> None:
    settings.set("keys", stored)
    made = ActionRegistry(settings)
    made.add([spec("open", "Ctrl+O")])
    assert made.keys("open") == ("Ctrl+O",)


def test_two_labs_may_use_one_key(settings: Settings) -> None:
    registry = ActionRegistry(settings)
    registry.add([spec("quit", "Ctrl+Q")])
    registry.add([spec("first.show", "A")], "first")
    registry.add([spec("second.show", "A")], "second")
    assert not registry.meet("first.show", "second.show")
    assert registry.meet("first.show", "quit")
    registry.rebind("first.show", ("B",))
    assert registry.keys("second.show") == ("A",)
    registry.rebind("second.show", ("B",))
    assert registry.keys("first.show") == ("B",)
    registry.rebind("quit", ("B",))  # which works in both
    assert registry.keys("first.show") == registry.keys("second.show") == ()
