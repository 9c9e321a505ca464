"""Opening, stepping, paging, dropping: what is in the tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PyQt6.QtWidgets import (
    QApplication,
    QTabBar,
)
from support import (
    PHOTOS,
    Mouse,
    canvases,
    grabbed,
    open_file,
    press,
    set_layout,
    wait_idle,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")


def enabled(program: Program, identity: str) -> bool:
    """Ask an action of the menus whether it can be chosen, as opening its menu does."""
    program.menus.refresh()
    return program.menus.action(identity).isEnabled()


# Opening and tabs


def test_a_photo_is_shown_with_its_facts(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    window = program.window
    assert window.windowTitle() == "chelsea.png - pyrviewer"
    assert window.status.facts.text() == "451 × 300   RGB uint8   0.1 MP"
    assert window.tabs.tabText(0) == "chelsea.png"
    assert len(np.unique(grabbed(canvases(program)[0]).reshape(-1, 3), axis=0)) > 1000


def test_tabs_follow_the_open_images(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    open_file(qtbot, program, PHOTOS / "camera.png")
    tabs = program.window.tabs
    assert [tabs.tabText(k) for k in range(tabs.count())] == ["chelsea.png", "camera.png"]
    assert tabs.currentIndex() == 1
    tabs.setCurrentIndex(0)
    wait_idle(qtbot, program)
    assert program.window.windowTitle() == "chelsea.png - pyrviewer"
    close = tabs.tabButton(1, QTabBar.ButtonPosition.RightSide)
    assert close is not None
    Mouse(close).click(5, 5)
    wait_idle(qtbot, program)
    assert tabs.count() == 1
    assert program.window.windowTitle() == "chelsea.png - pyrviewer"
    program.menus.run("file.close")
    wait_idle(qtbot, program)
    assert tabs.count() == 0
    assert program.window.welcome.isVisible()
    assert program.window.windowTitle() == "pyrviewer"


def test_a_name_with_an_ampersand_is_shown_whole(
    qtbot: QtBot, program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "salt & pepper – ünï.png"
    PIL.Image.fromarray(np.zeros((32, 32), np.uint8)).save(path)
    open_file(qtbot, program, path)
    assert program.window.tabs.tabText(0) == "salt && pepper – ünï.png"


def test_a_bad_file_is_a_notice_and_what_is_open_stays(
    qtbot: QtBot, program: Program, photo: Path, tmp_path: Path
) -> None:
    open_file(qtbot, program, photo)
    bad = tmp_path / "letter.png"
    bad.write_text("Dear reader")
    before = grabbed(canvases(program)[0])
    program.commands.open_path(bad)
    program.commands.open_path(tmp_path / "missing.jpg")
    wait_idle(qtbot, program)
    shown = program.window.notices.texts
    assert len(shown) == 2
    assert "letter.png" in shown[0]
    assert shown[1] == "missing.jpg does not exist."
    assert QApplication.activeModalWidget() is None
    assert program.window.tabs.count() == 1
    np.testing.assert_array_equal(grabbed(canvases(program)[0])[:300], before[:300])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of images whose names sort naturally: 1, 2, 10; and other files."""
    made = tmp_path / "folder"
    made.mkdir()
    for k in (1, 2, 10):
        PIL.Image.fromarray(np.full((40, 40 + k), k, np.uint8)).save(made / f"img{k}.png")
    (made / "notes.txt").write_text("no image")
    (made / "inner.png").mkdir()
    return made


def test_left_and_right_step_through_the_folder(
    qtbot: QtBot, program: Program, folder: Path
) -> None:
    program.commands.open_paths([folder])
    wait_idle(qtbot, program)

    def shown() -> str:
        return program.window.tabs.tabText(0)

    assert shown() == "img1.png"
    seen = []
    for key in ("Right", "Right", "Right", "Left", "Left"):
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        seen.append(shown())
    assert seen == ["img2.png", "img10.png", "img1.png", "img10.png", "img2.png"]
    assert program.window.tabs.count() == 1


def test_stepping_keeps_what_was_chosen(qtbot: QtBot, program: Program, folder: Path) -> None:
    program.commands.open_paths([folder])
    wait_idle(qtbot, program)
    set_layout(qtbot, program, "grid")
    press(qtbot, program, "Right")
    wait_idle(qtbot, program)
    assert program.menus.action("octaves.layout.grid").isChecked()


def test_a_folder_without_images_is_said(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    program.commands.open_paths([tmp_path / "empty"])
    assert program.window.notices.texts == ["empty has no images in it."]


def test_pages_of_a_file(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    pages = [PIL.Image.fromarray(np.full((40, 40), v, np.uint8)) for v in (10, 20, 30)]
    path = tmp_path / "three.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    open_file(qtbot, program, path)

    def value() -> int:
        document = program.workspace.active
        assert document is not None
        return int(document.pixels[0, 0])

    assert enabled(program, "file.next_page")
    seen = []
    for key in ("PgDown", "PgDown", "PgDown", "PgUp"):
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        seen.append(value())
    assert seen == [20, 30, 10, 30]


def test_reload_reads_the_file_again(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "changing.png"
    PIL.Image.fromarray(np.full((40, 40), 10, np.uint8)).save(path)
    open_file(qtbot, program, path)
    PIL.Image.fromarray(np.full((30, 50), 99, np.uint8)).save(path)
    press(qtbot, program, "F5")
    wait_idle(qtbot, program)
    assert "50 × 30" in program.window.status.facts.text()
    path.unlink()
    press(qtbot, program, "F5")
    wait_idle(qtbot, program)
    assert program.window.tabs.count() == 1
    assert program.window.notices.texts == ["changing.png does not exist."]


# Dropping


def drop(program: Program, mime: QMimeData) -> bool:
    """Drag onto the window and let go there; False where it was not wanted."""
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    spot = QPointF(200, 200)
    enter = QDragEnterEvent(spot.toPoint(), copy, mime, left, none)
    enter.ignore()
    QApplication.sendEvent(program.window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(program.window, QDropEvent(spot, copy, mime, left, none))
    return enter.isAccepted()


def test_files_are_dropped(qtbot: QtBot, program: Program, photo: Path, gray_photo: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (photo, gray_photo)])
    assert drop(program, mime)
    wait_idle(qtbot, program)
    tabs = program.window.tabs
    assert [tabs.tabText(k) for k in range(tabs.count())] == ["chelsea.png", "camera.png"]
    assert tabs.currentIndex() == 0


def test_a_picture_without_a_file_is_dropped(qtbot: QtBot, program: Program) -> None:
    mime = QMimeData()
    picture = QImage(30, 20, QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.red)
    mime.setImageData(picture)
    assert drop(program, mime)
    wait_idle(qtbot, program)
    document = program.workspace.active
    assert document is not None
    np.testing.assert_array_equal(document.pixels, np.tile([255, 0, 0], (20, 30, 1)))


def test_text_is_not_taken(program: Program) -> None:
    mime = QMimeData()
    mime.setText("hello")
    assert not drop(program, mime)
