"""Images to and from the clipboard, with every bit that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, Qt, QUrl
from PyQt6.QtGui import QGuiApplication, QImage
from support import Array, canvases, open_array, open_file, pixels_of, press, tap, wait_idle

from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtGui import QClipboard
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Form = QImage.Format
SHAPES: dict[QImage.Format, tuple[type[np.unsignedinteger[Any]], tuple[int, ...]]] = {
    Form.Format_Grayscale8: (np.uint8, ()), Form.Format_Grayscale16: (np.uint16, ()),
    Form.Format_RGB888: (np.uint8, (3,)), Form.Format_RGBA8888: (np.uint8, (4,)),
    Form.Format_RGBA64: (np.uint16, (4,)),
}  # fmt: skip


@pytest.fixture
def board(qapp: QGuiApplication) -> QClipboard:
    """Return an empty clipboard."""
    found = QGuiApplication.clipboard()
    assert found is not None
    found.clear()
    return found


def paste(qtbot: QtBot, program: Program) -> Array:
    """Paste by the key and return the pixels of what is open then."""
    tap(program.window, Qt.Key.Key_V, CONTROL)
    wait_idle(qtbot, program)
    document = program.workspace.active
    assert document is not None
    return document.pixels


@pytest.mark.parametrize("form", SHAPES, ids=lambda form: form.name)
@pytest.mark.parametrize("width", [20, 23])
def test_a_pasted_image_keeps_its_values_and_its_kind(
    qtbot: QtBot, program: Program, board: QClipboard, form: Form, width: int
) -> None:
    dtype, channels = SHAPES[form]
    top = int(np.iinfo(dtype).max)
    pixels = np.random.default_rng(2).integers(0, top, (17, width, *channels), dtype, endpoint=True)
    picture = QImage(width, 17, form)
    rows = np.zeros((17, picture.bytesPerLine()), np.uint8)
    rows[:, : pixels[0].nbytes] = pixels.reshape(17, -1).view(np.uint8)
    bits = picture.bits()
    assert bits is not None
    bits.setsize(picture.sizeInBytes())
    memoryview(bits).cast("B")[:] = rows.tobytes()  # type: ignore[arg-type] # a sip.voidptr
    board.setImage(picture)
    found = paste(qtbot, program)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pixels)


def test_ten_bits_a_channel_are_not_crushed(
    qtbot: QtBot, program: Program, board: QClipboard
) -> None:
    row = (np.uint32(3) << 30) | ((512 + np.arange(64, dtype=np.uint32)) << 20)
    picture = QImage(row.tobytes(), 64, 1, Form.Format_RGB30).copy()
    board.setImage(picture)
    found = paste(qtbot, program)
    assert found.dtype == np.uint16
    assert len(np.unique(found[..., 0])) == 64


def test_files_on_the_clipboard_are_opened(
    qtbot: QtBot, program: Program, board: QClipboard, photo: Path, gray_photo: Path
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (photo, gray_photo)])
    board.setMimeData(mime)
    paste(qtbot, program)
    assert [d.name for d in program.workspace.documents] == ["chelsea.png", "camera.png"]


def test_a_path_as_text_is_opened(
    qtbot: QtBot, program: Program, board: QClipboard, photo: Path
) -> None:
    board.setText(f"  {photo}\n")
    paste(qtbot, program)
    assert [d.name for d in program.workspace.documents] == ["chelsea.png"]


@pytest.mark.parametrize("text", ["", "hello", "no/such/file.png", "x" * 10_000, "a\0b"])
def test_a_clipboard_without_an_image_is_said(
    qtbot: QtBot, program: Program, board: QClipboard, text: str
) -> None:
    board.setText(text)
    tap(program.window, Qt.Key.Key_V, CONTROL)
    assert program.window.notices.texts == ["The clipboard holds no image."]
    assert program.workspace.active is None


def test_copying_the_view_is_what_is_seen(
    qtbot: QtBot, program: Program, board: QClipboard, photo: Path
) -> None:
    open_file(qtbot, program, photo)
    press(qtbot, program, "C", CONTROL)
    copied = pixels_of(board.image())
    pane = canvases(program)[0]
    assert copied.shape[0] >= pane.height()
    assert copied.shape[1] >= pane.width()
    assert len(np.unique(copied.reshape(-1, 3), axis=0)) > 1000
    assert "View copied." in program.window.notices.texts


@pytest.mark.parametrize("level", [0, 1, 3])
def test_copying_an_octave_gives_its_pixels(
    qtbot: QtBot, program: Program, board: QClipboard, level: int
) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (90, 131, 3), np.uint8)
    open_array(qtbot, program, noise)
    press(qtbot, program, str(level))
    wait_idle(qtbot, program)
    press(qtbot, program, "C", CONTROL | SHIFT)
    expected = noise.astype(np.float64)
    copied = pixels_of(board.image())
    if level == 0:
        np.testing.assert_array_equal(copied, noise)
    assert copied.shape == (-(-90 >> level), -(-131 >> level), 3)
    # Every octave keeps the mean, but for its border.
    assert abs(copied.mean() - expected.mean()) < 6


def test_what_is_copied_can_be_pasted(
    qtbot: QtBot, program: Program, board: QClipboard, photo: Path
) -> None:
    document = open_file(qtbot, program, photo)
    press(qtbot, program, "0")
    wait_idle(qtbot, program)
    press(qtbot, program, "C", CONTROL | SHIFT)
    np.testing.assert_array_equal(paste(qtbot, program), document.pixels)


def test_pasting_twice_opens_two(qtbot: QtBot, program: Program, board: QClipboard) -> None:
    board.setImage(qimage(np.full((9, 9, 4), 77, np.uint8)).copy())
    paste(qtbot, program)
    paste(qtbot, program)
    assert len(program.workspace.documents) == 2
