"""The session as a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.image import Origin, from_array
from pyrviewer.session import restore
from pyrviewer.session.document import Document, Workspace
from pyrviewer.session.jobs import JobService
from pyrviewer.session.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PyQt6.QtWidgets import QApplication


@dataclass(frozen=True)
class Knobs:
    """A lab's state."""

    number: int = 1
    gains: tuple[float, ...] = ()


@pytest.fixture
def workspace(qapp: QApplication) -> Iterator[Workspace]:
    jobs = JobService()
    yield Workspace(jobs, Notices())
    jobs.shutdown()


def add(workspace: Workspace, name: str, path: Path | None, page: int = 0) -> Document:
    origin = Origin("file", name, path, page, page + 1)
    return workspace.add(from_array(np.zeros((4, 4), np.uint8), origin))


def test_round_trip(workspace: Workspace, tmp_path: Path) -> None:
    add(workspace, "a.png", Path("/photos/ä b.png"))
    second = add(workspace, "b.tif", Path("/photos/b.tif"), page=3)
    add(workspace, "pasted", None)
    second.change("lab", Knobs(), Knobs(7, (0.5, 2.0)), "Turn")
    workspace.activate(second)
    path = tmp_path / "my.pyrsession"
    restore.save(path, restore.describe(workspace, "octaves"))
    session = restore.load(path)
    assert session.lab == "octaves"
    assert [request.path for request in session.requests] == [
        Path("/photos/ä b.png"), Path("/photos/b.tif"),
    ]  # fmt: skip
    assert [request.page for request in session.requests] == [0, 3]
    assert [request.activate for request in session.requests] == [False, True]
    opened = from_array(np.zeros((4, 4), np.uint8), Origin("clipboard", "x"))
    revived = Document(opened, session.requests[1].states)
    assert revived.state("lab", Knobs()) == Knobs(7, (0.5, 2.0))


def test_states_of_labs_that_were_not_looked_at_are_handed_on(workspace: Workspace) -> None:
    opened = from_array(np.zeros((4, 4), np.uint8), Origin("file", "a", Path("/a.png")))
    workspace.add(opened, {"future lab": {"depth": 3}})
    session = restore.parse(restore.describe(workspace, ""), "it")
    assert session.requests[0].states == {"future lab": {"depth": 3}}


GARBAGE = [
    "", "null", "7", "[]", "{}", '"text"', "not json", '{"pyrviewer": 1}',
    '{"pyrviewer": 1, "documents": 5}', '{"pyrviewer": 1, "documents": [5]}',
    '{"pyrviewer": 1, "documents": [{}]}', '{"pyrviewer": 1, "documents": [{"path": 5}]}',
    '{"pyrviewer": 1, "documents": [{"path": "a", "page": "x"}]}',
    '{"pyrviewer": 1, "documents": [{"path": "a", "page": 1e999}]}',
    '{"pyrviewer": 1, "documents": [{"path": "a", "states": 5}]}',
    '{"pyrviewer": 1, "documents": "abc"}', '{"pyrviewer": 2, "documents": []}',
    "[" * 100_000, '{"pyrviewer": 1, "documents": [{"path": null}]}',
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:60] or "empty")
def test_garbage_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.pyrsession"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"bad\.pyrsession[^\n]*\.$"):
        restore.load(path)


def test_bytes_that_are_no_text_and_missing_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.pyrsession"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(UserError, match=r"binary\.pyrsession"):
        restore.load(binary)
    with pytest.raises(UserError, match=r"missing\.pyrsession"):
        restore.load(tmp_path / "missing.pyrsession")


def test_a_session_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.pyrsession"
    restore.save(path, "old")

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(UserError, match=r"s\.pyrsession could not be written"):
        restore.save(path, "new")
    assert path.read_text() == "old"


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"s\.pyrsession could not be written"):
        restore.save(tmp_path / "nowhere" / "s.pyrsession", "text")


def test_the_file_is_readable_json(workspace: Workspace) -> None:
    add(workspace, "a.png", Path("/a.png"))
    raw = json.loads(restore.describe(workspace, "octaves"))
    assert raw["pyrviewer"] == restore.FORMAT
    assert raw["documents"][0]["path"] == "/a.png"
