"""Open images: in which order they come, and what stays when something fails."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from support import PHOTOS

from pyrviewer.compute import image
from pyrviewer.compute.image import Origin, from_array
from pyrviewer.compute.ticket import Cancelled, Ticket
from pyrviewer.session.document import Document, OpenRequest, Workspace
from pyrviewer.session.jobs import JobService
from pyrviewer.session.notices import Notice, Notices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PyQt6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@dataclass(frozen=True)
class Knobs:
    """A lab's state."""

    number: int = 1
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")


class Desk:
    """A workspace and what it said."""

    def __init__(self, qtbot: QtBot) -> None:
        self._bot = qtbot
        self.jobs = JobService()
        self.notices = Notices()
        self.workspace = Workspace(self.jobs, self.notices)
        self.said: list[Notice] = []
        self.shown: list[Document | None] = []
        self.notices.posted.connect(self.said.append)
        self.workspace.active_changed.connect(self.shown.append)

    def wait(self) -> None:
        """Wait until everything asked for was opened."""
        self._bot.waitUntil(lambda: not self.workspace.lane.busy, timeout=10_000)

    def names(self) -> list[str]:
        """Return the open images in tab order."""
        return [document.name for document in self.workspace.documents]


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.jobs.shutdown()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Write four small images that differ in width: 8, 9, 10 and 11 pixels."""
    paths = [tmp_path / f"{k}.png" for k in range(4)]
    for k, path in enumerate(paths):
        image.write(path, np.full((6, 8 + k), 50 * k, np.uint8))
    return paths


def opened(desk: Desk) -> Document:
    document = desk.workspace.active
    assert document is not None
    return document


def test_files_open_in_the_order_they_were_named_and_the_first_is_shown(
    desk: Desk, pictures: list[Path]
) -> None:
    desk.workspace.open_paths(pictures)
    desk.wait()
    assert desk.names() == ["0.png", "1.png", "2.png", "3.png"]
    assert opened(desk).name == "0.png"
    assert [document.pixels.shape[1] for document in desk.workspace.documents] == [8, 9, 10, 11]


def test_each_file_gets_its_own_states(desk: Desk, pictures: list[Path]) -> None:
    for k, path in enumerate(pictures):
        desk.workspace.open(OpenRequest(path, states={"lab": {"number": k}}, activate=k == 2))
    desk.wait()
    numbers = [document.state("lab", Knobs()).number for document in desk.workspace.documents]
    assert numbers == [0, 1, 2, 3]
    assert opened(desk).name == "2.png"


def test_a_file_that_fails_keeps_what_is_open(
    desk: Desk, pictures: list[Path], tmp_path: Path
) -> None:
    bad = tmp_path / "notes.png"
    bad.write_text("this is no image")
    desk.workspace.open_paths([pictures[0]])
    desk.wait()
    before = opened(desk)
    desk.workspace.open_paths([bad, pictures[1], tmp_path / "missing.png"])
    desk.wait()
    assert desk.names() == ["0.png", "1.png"]
    assert desk.workspace.documents[0] is before
    assert [notice.level for notice in desk.said] == ["error", "error"]
    assert "notes.png" in desk.said[0].text
    assert desk.said[1].text == "missing.png does not exist."


def test_a_failed_replacement_keeps_the_old_image(
    desk: Desk, pictures: list[Path], tmp_path: Path
) -> None:
    desk.workspace.open_paths([pictures[0]])
    desk.wait()
    before = opened(desk)
    desk.workspace.open(OpenRequest(tmp_path / "missing.png", replacing=before))
    desk.wait()
    assert desk.workspace.documents == (before,)
    assert desk.workspace.active is before
    assert len(desk.said) == 1


def test_replacing_keeps_the_place_and_the_states(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures[:3])
    desk.wait()
    middle = desk.workspace.documents[1]
    desk.workspace.activate(middle)
    middle.change("lab", Knobs(), Knobs(7), "Set")
    desk.workspace.open(OpenRequest(pictures[3], replacing=middle))
    desk.wait()
    assert desk.names() == ["0.png", "3.png", "2.png"]
    assert opened(desk).name == "3.png"
    assert opened(desk).state("lab", Knobs()) == Knobs(7)


def test_what_would_replace_a_closed_image_is_dropped(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures[:1])
    desk.wait()
    document = opened(desk)
    desk.workspace.open(OpenRequest(pictures[1], replacing=document))
    desk.workspace.close(document)
    desk.wait()
    assert desk.names() == []


def test_only_the_last_of_quick_steps_counts(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures[:1])
    desk.wait()
    document = opened(desk)
    for path in pictures[1:4]:
        desk.workspace.open(OpenRequest(path, replacing=document))
    desk.wait()
    assert desk.names() == [pictures[3].name if len(pictures) > 3 else pictures[-1].name]


def test_closed_images_are_opened_again_as_they_were(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures[:2])
    desk.wait()
    first, second = desk.workspace.documents
    first.change("lab", Knobs(), Knobs(7), "Set")
    desk.workspace.close(first)
    desk.workspace.close(second)
    for names in (["1.png"], ["1.png", "0.png"]):  # the last one first
        desk.workspace.reopen()
        desk.wait()
        assert desk.names() == names
    assert desk.workspace.documents[1].state("lab", Knobs()) == Knobs(7)
    desk.workspace.reopen()  # nothing is left
    desk.wait()
    assert len(desk.names()) == 2


def test_pages(desk: Desk, tmp_path: Path) -> None:
    pages = [PIL.Image.fromarray(np.full((5, 5), value, np.uint8)) for value in (10, 20, 30)]
    path = tmp_path / "pages.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    desk.workspace.open(OpenRequest(path, page=1))
    desk.wait()
    document = opened(desk)
    assert document.name == "pages.tif [2]"
    assert document.pixels[0, 0] == 20
    desk.workspace.open(OpenRequest(path, page=2, replacing=document))
    desk.wait()
    assert opened(desk).pixels[0, 0] == 30


def test_closing_shows_the_neighbour(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures[:3])
    desk.wait()
    first, middle, last = desk.workspace.documents
    desk.workspace.activate(middle)
    desk.workspace.close(middle)
    assert desk.workspace.active is last
    desk.workspace.close(last)
    assert desk.workspace.active is first
    desk.workspace.close(first)
    assert desk.workspace.active is None
    assert desk.shown[-1] is None


def test_closing_another_one_keeps_what_is_shown(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures[:2])
    desk.wait()
    shown = opened(desk)
    desk.workspace.close(desk.workspace.documents[1])
    assert desk.workspace.active is shown


def test_cancel_opens_nothing_more(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open_paths(pictures)
    desk.workspace.cancel_opening()
    desk.wait()
    assert desk.names() == []
    desk.workspace.open_paths(pictures[:1])
    desk.wait()
    assert desk.names() == ["0.png"]
    assert desk.said == []


def test_bytes_open_under_a_name(desk: Desk, pictures: list[Path]) -> None:
    desk.workspace.open(OpenRequest(data=pictures[0].read_bytes(), name="standard input"))
    desk.workspace.open(OpenRequest(data=b"GIF89a", name="half a file"))
    desk.wait()
    assert desk.names() == ["standard input"]
    assert opened(desk).path is None
    assert "half a file" in desk.said[0].text


def test_what_was_changed_on_reading_is_said(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "wide.tif"
    PIL.Image.fromarray(np.full((8, 8), 70_000, np.int32)).save(path)
    desk.workspace.open_paths([path])
    desk.wait()
    assert opened(desk).image.dtype == np.float32
    assert [(notice.level, notice.text.split(":")[0]) for notice in desk.said] == [
        ("warning", "wide.tif")
    ]


# One document


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document(image.read(PHOTOS / "camera.png"))


def test_a_state_changes_as_an_undoable_step(document: Document) -> None:
    told: list[str] = []
    document.state_changed.connect(told.append)
    assert document.state("lab", Knobs()) == Knobs(1)
    document.change("lab", Knobs(), Knobs(5), "Turn")
    assert document.state("lab", Knobs()) == Knobs(5)
    document.undo_stack.undo()
    assert document.state("lab", Knobs()) == Knobs(1)
    document.undo_stack.redo()
    assert document.state("lab", Knobs()) == Knobs(5)
    assert told == ["lab", "lab", "lab"]


def test_no_change_is_no_step(document: Document) -> None:
    document.change("lab", Knobs(3), Knobs(3), "Turn")
    assert document.undo_stack.count() == 0


def test_quick_changes_of_one_control_are_one_step_in_each_lab(document: Document) -> None:
    for k in range(10):
        document.change("lab", Knobs(k), Knobs(k + 1), "Turn", merge="number")
    document.change("other", Knobs(0), Knobs(1), "Turn", merge="number")
    assert document.undo_stack.count() == 2


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"number": 4, "names": ["a", "b"]}, Knobs(4, ("a", "b"))),
        ({"number": 4, "colour": "red"}, Knobs(4)),
        ({"number": -1}, Knobs()),
        ({"number": "4", "names": ["a"]}, Knobs(names=("a",))),
        ({"number": 4, "names": 5}, Knobs(4)),
        ({"number": None}, Knobs()),
        ({"number": True}, Knobs()),
        ({}, Knobs()),
        ("text", Knobs()),
        (None, Knobs()),
    ],
)
def test_stored_states_come_back_and_wrong_ones_do_not(
    qapp: QApplication, stored: object, expected: Knobs
) -> None:
    opened = from_array(np.zeros((4, 4), np.uint8), Origin("clipboard", "x"))
    assert Document(opened, {"lab": stored}).state("lab", Knobs()) == expected


def test_the_pyramid_is_built_once_and_shared(document: Document) -> None:
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda _: document.octaves(Ticket()), range(8)))
    assert all(octaves is built[0] for octaves in built)
    assert [octave.shape for octave in built[0]] == [(512 >> k, 512 >> k) for k in range(10)]
    assert built[0][0] is document.pixels


def test_a_cancelled_pyramid_can_be_asked_for_again(document: Document) -> None:
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        document.octaves(ticket)
    assert len(document.octaves(Ticket())) == 10


def test_pixels_cannot_be_changed(document: Document) -> None:
    with pytest.raises(ValueError, match="read-only"):
        document.pixels[0, 0] = 1


def test_opening_does_not_read_in_the_gui_thread(
    desk: Desk, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[threading.Thread] = []
    real = image.read

    def spy(path: Path, *, page: int = 0, ticket: Ticket | None = None) -> image.Image:
        readers.append(threading.current_thread())
        return real(path, page=page, ticket=ticket)

    monkeypatch.setattr(image, "read", spy)
    desk.workspace.open_paths(pictures)
    desk.wait()
    assert len(readers) == 4
    assert threading.main_thread() not in readers
