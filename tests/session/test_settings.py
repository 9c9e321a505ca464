"""What is remembered between two starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QSettings

from pyrviewer.session.settings import RECENT_LIMIT, Settings, data_folder

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.mark.parametrize("value", [True, 3, 0.25, "dark", ["a", "b"], {"file.open": ["Ctrl+O"]}])
def test_values_come_back_after_a_restart(value: Any) -> None:
    Settings().set("thing", value)
    empty = type(value)()
    assert Settings().get("thing", empty) == value


@pytest.mark.parametrize("stored", ["not json", '"text"', "null", "[1]", "7"])
def test_what_has_the_wrong_type_is_left_at_the_default(stored: str) -> None:
    QSettings().setValue("app/thing", stored)
    assert Settings().get("thing", {"default": 1}) == {"default": 1}


@pytest.mark.parametrize("stored", ["not json", '"text"', "1"])
def test_a_good_value_takes_the_place_of_garbage(stored: str) -> None:
    QSettings().setValue("app/thing", stored)
    Settings().set("thing", True)
    assert Settings().get("thing", False) is True


def test_only_changes_are_told() -> None:
    settings = Settings()
    told: list[str] = []
    settings.changed.connect(told.append)
    settings.set("thing", 1)
    settings.set("thing", 1)
    settings.set("thing", 2)
    assert told == ["thing", "thing"]


def test_recent_files_are_newest_first_without_repetition_and_not_many() -> None:
    settings = Settings()
    for k in range(RECENT_LIMIT + 5):
        settings.add_recent(Path(f"/photos/{k}.png"))
    settings.add_recent(Path("/photos/9.png"))
    recent = settings.recent()
    assert len(recent) == RECENT_LIMIT
    assert recent[:3] == ["/photos/9.png", "/photos/16.png", "/photos/15.png"]
    assert len(set(recent)) == len(recent)


def test_geometry_is_bytes() -> None:
    assert Settings().geometry() == b""
    Settings().set_geometry(b"\x00\x01\xff")
    assert Settings().geometry() == b"\x00\x01\xff"


def test_the_data_folder_exists_and_is_the_tests_own(tmp_path: Path) -> None:
    folder = data_folder()
    assert folder.is_dir()
    assert tmp_path in folder.parents
