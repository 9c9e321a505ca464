"""From one start to the next: what comes back, and how the program ends."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from support import PHOTOS, Array, open_array, open_file, press, set_layout, wait_idle

from pyrviewer.app import Program
from pyrviewer.compute.image import Image, Origin, from_array
from pyrviewer.session.settings import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.session.document import Document

pytestmark = pytest.mark.usefixtures("sample_pictures")


@contextmanager
def started(qtbot: QtBot, sources: Sequence[str] = ()) -> Iterator[Program]:
    """Run the program as from the command line, with its memory, and end it in order."""
    made = Program()
    try:
        made.start(sources)
        made.window.resize(1280, 720)
        wait_idle(qtbot, made)
        yield made
    finally:
        made.window.close()
        made.shutdown()
    assert made.rested


def names(program: Program) -> list[str]:
    return [document.name for document in program.workspace.documents]


def active(program: Program) -> Document:
    document = program.workspace.active
    assert document is not None
    return document


def test_everything_comes_back_at_the_next_start(
    qtbot: QtBot, photo: Path, gray_photo: Path
) -> None:
    with started(qtbot) as program:
        open_file(qtbot, program, photo)
        set_layout(qtbot, program, "grid")
        program.menus.run("octaves.kind.laplacian")
        open_file(qtbot, program, gray_photo)
        press(qtbot, program, "3")
        press(qtbot, program, "G")
        program.window.tabs.setCurrentIndex(0)
        wait_idle(qtbot, program)
    with started(qtbot) as program:
        assert names(program) == ["chelsea.png", "camera.png"]
        assert active(program).name == "chelsea.png"
        assert program.window.notices.texts == []
        action = program.menus.action
        program.menus.refresh()
        assert action("octaves.layout.grid").isChecked()
        assert action("octaves.kind.laplacian").isChecked()
        assert action("octaves.true_geometry").isChecked()
        assert not action("edit.undo").isEnabled()  # a new start, a new history
        program.window.tabs.setCurrentIndex(1)
        wait_idle(qtbot, program)
        program.menus.refresh()
        assert action("octaves.layout.grid").isChecked()  # as the one before it
        assert action("octaves.select.3").isChecked()
        assert not action("octaves.true_geometry").isChecked()


def test_an_end_that_was_not_orderly_is_said_and_made_good(qtbot: QtBot, photo: Path) -> None:
    with started(qtbot) as program:
        open_file(qtbot, program, photo)
        program.save_session()  # what the timer does a second after a change
        crashed = (data_folder() / "last.pyrsession").read_text()
    program.settings.set("clean_exit", False)
    (data_folder() / "last.pyrsession").write_text(crashed)
    with started(qtbot) as program:
        assert names(program) == ["chelsea.png"]
        (text,) = program.window.notices.texts
        assert "unexpectedly" in text
    with started(qtbot) as program:
        assert program.window.notices.texts == []


def test_changes_are_saved_while_the_program_runs(qtbot: QtBot, photo: Path) -> None:
    with started(qtbot) as program:
        open_file(qtbot, program, photo)
        path = data_folder() / "last.pyrsession"
        qtbot.waitUntil(lambda: path.is_file() and "chelsea" in path.read_text(), timeout=5000)
        set_layout(qtbot, program, "grid")
        qtbot.waitUntil(lambda: '"grid"' in path.read_text(), timeout=5000)


@pytest.mark.parametrize(
    "text", ["", "garbage", '{"pyrviewer": 1}', '{"pyrviewer": 99, "documents": []}', "\0\0"]
)
def test_a_damaged_session_is_said_and_the_program_starts(
    qtbot: QtBot, photo: Path, text: str
) -> None:
    (data_folder() / "last.pyrsession").write_text(text)
    with started(qtbot) as program:
        assert len(program.window.notices.texts) == 1
        open_file(qtbot, program, photo)
        assert names(program) == ["chelsea.png"]


def test_files_that_are_gone_do_not_keep_the_others_away(
    qtbot: QtBot, photo: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.png"
    PIL.Image.fromarray(np.zeros((40, 40), np.uint8)).save(gone)
    with started(qtbot) as program:
        open_file(qtbot, program, gone)
        open_file(qtbot, program, photo)
    gone.unlink()
    with started(qtbot) as program:
        assert names(program) == ["chelsea.png"]
        assert program.window.notices.texts == ["gone.png does not exist."]


@pytest.mark.parametrize(
    "states",
    [
        '{"octaves": {"levels": 1000000}}',
        '{"octaves": {"levels": -7}}',
        '{"octaves": {"selected": 55}}',
        '{"octaves": {"selected": -3}}',
        '{"octaves": {"layout": "aliasing", "bench_level": 0}}',
        '{"octaves": {"layout": "aliasing", "bench_level": -2}}',
        '{"octaves": {"layout": "aliasing", "bench_level": 99, "bench_first": "max"}}',
        '{"octaves": {"layout": "rebuild", "detail": 99}}',
        '{"octaves": {"layout": "rebuild", "detail": -9, "solo": 70}}',
        '{"octaves": {"layout": "rebuild", "gains": [1e308, -1e308]}}',
        '{"octaves": {"layout": "one", "compare": "difference", "selected": 44}}',
        '{"octaves": {"ratio": 1.1, "prefilter": "max"}}',
        '{"octaves": {"kind": ["laplacian"], "muted": [null, "x", 1e99]}}',
        '{"octaves": [1, 2], "unknown lab": {"x": [1]}}',
    ],
)
def test_odd_numbers_in_a_session_do_no_harm(qtbot: QtBot, photo: Path, states: str) -> None:
    document = f'{{"path": "{photo.as_posix()}", "active": true, "states": {states}}}'
    (data_folder() / "last.pyrsession").write_text(
        f'{{"pyrviewer": 1, "lab": "octaves", "documents": [{document}]}}'
    )
    with started(qtbot) as program:
        assert names(program) == ["chelsea.png"]
        assert program.window.notices.texts == []
        for layout in ("both", "aliasing", "one", "rebuild"):
            set_layout(qtbot, program, layout)
        texts = program.window.notices.texts
        assert [text for text in texts if not text.startswith("Rebuilding needs")] == []


def test_images_without_a_file_come_back_too(qtbot: QtBot) -> None:
    noise = np.random.default_rng(5)
    pasted: list[Array] = [
        noise.integers(0, 256, (700, 900, 3), np.uint8),
        noise.integers(0, 65536, (60, 50), np.uint16),
        noise.random((40, 30, 3), np.float32),
    ]
    with started(qtbot) as program:
        for k, pixels in enumerate(pasted):
            document = program.workspace.add(_image(pixels, f"Clipboard {k}"))
            assert document is program.workspace.active
        wait_idle(qtbot, program)
    with started(qtbot) as program:
        assert len(program.workspace.documents) == 3
        for document, pixels in zip(program.workspace.documents, pasted, strict=True):
            assert document.pixels.dtype == pixels.dtype
            np.testing.assert_array_equal(document.pixels, pixels)


def test_images_without_a_file_are_kept_even_when_the_end_comes_at_once(qtbot: QtBot) -> None:
    pixels = np.random.default_rng(6).integers(0, 256, (50, 60, 3), np.uint8)
    held: list[threading.Event] = []

    def hold(ticket: Ticket) -> None:
        running = threading.Event()
        held.append(running)
        for _ in range(1000):
            ticket.check()
            running.wait(0.01)

    with started(qtbot) as program:
        for k in range(3):  # as many as there are threads: the copy has to wait
            program.jobs.lane(f"holding {k}", program).submit(hold)
        qtbot.waitUntil(lambda: len(held) == 3)
        program.workspace.add(_image(pixels, "Clipboard"))
    with started(qtbot) as program:
        np.testing.assert_array_equal(active(program).pixels, pixels)


def test_copies_of_closed_images_are_dropped(qtbot: QtBot) -> None:
    with started(qtbot) as program:
        program.workspace.add(_image(np.zeros((50, 60), np.uint8), "Clipboard"))
        wait_idle(qtbot, program)
        assert len(list((data_folder() / "unsaved").iterdir())) == 1
        program.menus.run("file.close")
    assert list((data_folder() / "unsaved").iterdir()) == []


def _image(pixels: Array, name: str) -> Image:
    return from_array(pixels, Origin("clipboard", name))


# What the command line names


def test_files_folders_and_standard_input_are_opened(
    qtbot: QtBot, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    PIL.Image.fromarray(np.zeros((40, 40), np.uint8)).save(folder / "inside.png")
    data = (PHOTOS / "coins.png").read_bytes()
    stdin = io.TextIOWrapper(io.BytesIO(data))
    monkeypatch.setattr("sys.stdin", stdin)
    with started(qtbot, [str(photo), str(folder), "-"]) as program:
        assert sorted(names(program)) == ["chelsea.png", "inside.png", "standard input"]
        assert active(program).name == "chelsea.png"


def test_what_is_named_is_opened_over_the_last_session(
    qtbot: QtBot, photo: Path, gray_photo: Path
) -> None:
    with started(qtbot) as program:
        open_file(qtbot, program, photo)
    for _ in range(2):  # a file that is open already is not opened twice
        with started(qtbot, [str(gray_photo)]) as program:
            assert sorted(names(program)) == ["camera.png", "chelsea.png"]
            assert active(program).name == "camera.png"


@pytest.mark.parametrize("source", ["folder", "folder/inside.png", "."])
def test_relative_names_are_remembered_in_full(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    PIL.Image.fromarray(np.zeros((40, 40), np.uint8)).save(folder / "inside.png")
    monkeypatch.chdir(folder if source == "." else tmp_path)
    with started(qtbot, [source]) as program:
        assert active(program).path == folder / "inside.png"
        assert program.settings.recent() == [str(folder / "inside.png")]
    monkeypatch.chdir("/")
    with started(qtbot) as program:
        assert names(program) == ["inside.png"]


def test_a_missing_file_on_the_command_line_is_a_notice(qtbot: QtBot, photo: Path) -> None:
    with started(qtbot, ["no_such_file.png", str(photo)]) as program:
        assert names(program) == ["chelsea.png"]
        assert program.window.notices.texts == ["no_such_file.png does not exist."]


def test_a_session_file_is_opened(
    qtbot: QtBot, photo: Path, gray_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.pyrsession"
    with started(qtbot) as program:
        open_file(qtbot, program, photo)
        set_layout(qtbot, program, "grid")
        monkeypatch.setattr(
            "PyQt6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(path), "")
        )
        program.menus.run("file.save_session")
        assert program.window.notices.texts == ["mine.pyrsession saved."]
    with started(qtbot, [str(gray_photo), str(path)]) as program:
        assert {"camera.png", "chelsea.png"} == set(names(program))
    with started(qtbot, [str(path)]) as program:
        assert "chelsea.png" in names(program)
        program.menus.refresh()
        assert program.menus.action("octaves.layout.grid").isChecked()


# The end


def test_closing_in_the_middle_of_work_comes_to_rest(qtbot: QtBot, photo: Path) -> None:
    seen = threading.Event()

    def endless(ticket: Ticket) -> None:
        pause = threading.Event()
        while True:
            seen.set()
            ticket.check()
            pause.wait(0.01)

    with started(qtbot) as program:
        open_file(qtbot, program, photo)
        program.workspace.lane.submit(endless)
        assert seen.wait(5)
        # `started` asserts that every thread came to rest


def test_nothing_happens_after_the_end(qtbot: QtBot, photo: Path) -> None:
    with started(qtbot) as program:
        open_file(qtbot, program, photo)
    program.commands.open_path(PHOTOS / "coins.png")
    program.shutdown()
    assert names(program) == ["chelsea.png"]


def test_the_window_comes_back_in_its_size(qtbot: QtBot) -> None:
    with started(qtbot) as program:
        program.window.resize(1111, 777)
        wait_idle(qtbot, program)
    made = Program()
    made.start([])
    assert (made.window.width(), made.window.height()) == (1111, 777)
    made.window.close()


def test_a_program_without_memory_writes_no_session(qtbot: QtBot, photo: Path) -> None:
    made = Program(remember=False)
    made.start([str(photo)])
    wait_idle(qtbot, made)
    open_array(qtbot, made, np.zeros((50, 50), np.uint8))
    made.window.close()
    made.shutdown()
    assert list(data_folder().rglob("*")) == []
