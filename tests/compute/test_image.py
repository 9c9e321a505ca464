"""Reading: what is accepted, what is refused with which words, and what is left alone."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from pyrviewer.compute import image
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.image import Image, Origin
from pyrviewer.compute.ticket import Cancelled, Ticket

ORIGIN = Origin("computed", "result")


def png(width: int = 4, height: int = 3) -> bytes:
    """Make an RGB PNG with Pillow."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    file = io.BytesIO()
    PilImage.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Make a PNG of a given size with next to nothing in it."""

    def chunk(kind: bytes, contents: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + contents))
        return struct.pack(">I", len(contents)) + kind + contents + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


# --- files


def test_a_file_is_read_with_its_origin(tmp_path: Path) -> None:
    path = tmp_path / "four.png"
    path.write_bytes(png())
    got = image.read(path)
    assert got.origin == Origin("file", "four.png", path)
    assert got.pixels.shape == (3, 4, 3)
    assert got.pixels.flags.c_contiguous
    assert not got.pixels.flags.writeable


@pytest.mark.parametrize(
    "name", ["川の写真 – été.png", "x" * 236 + ".png", "no suffix", "wrong.tiff"]
)
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(png())
    assert image.read(str(path)).origin.name == name


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_text_can_be_shown(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(path)).write_bytes(b"")
    with pytest.raises(UserError) as caught:
        image.read(os.fsdecode(path))
    assert str(caught.value).encode().decode() == "\N{REPLACEMENT CHARACTER}.png is empty."


def test_bytes_are_not_changed() -> None:
    file = io.BytesIO()
    chunk = PilImage.Exif()
    chunk[0x010E] = "a chunk that is left out before decoding"
    PilImage.new("RGB", (30, 20), "red").save(file, "PNG", exif=chunk)
    data = bytearray(file.getvalue())
    got = image.decode(data, "pasted", kind="clipboard")
    assert data == file.getvalue()
    assert got.origin == Origin("clipboard", "pasted")
    assert (got.pixels == (255, 0, 0)).all()


BAD_CONTENTS = {
    b"": "bad.png is empty.",
    b"Dear diary,\ntoday": "bad.png is not an image .*: it looks like a text file.",
    "füße".encode(): "bad.png is not an image .*: it looks like a text file.",
    "Notiz".encode("utf-16"): "bad.png is not an image .*: it looks like a text file.",
    b"%PDF-1.7 \x80\x81": "bad.png is not an image .*: it is a PDF document.",
    b"<?xml version='1.0'?>\n<svg>": "bad.png is not an image .*: it is an SVG drawing",
    b"v/1\x01" + bytes(50): "bad.png is not an image .*: it is an OpenEXR image",
    b"\0\0\0\x18ftypheic" + bytes(50): "bad.png is not an image .*: it is a HEIC photo",
    bytes(range(128, 256)): "bad.png is not an image .*: its contents are of no known kind.",
    png()[:60]: "bad.png is damaged or incomplete: its PNG data cannot be read.",
    png()[:-1]: "bad.png is damaged or incomplete: its PNG data cannot be read.",
    png_header(0, 9): "bad.png has no pixels: its size is 0 x 9 pixels.",
    png_header(60000, 60000): "bad.png is too large: it has 60000 x 60000 pixels, 3600 mega",
    png_header(2**31 - 1, 1): "bad.png is too large",
    b"P5 0 3 255\n": "bad.png has no pixels: its size is 0 x 3 pixels.",
    b"P6 40000 40000 255\n": "bad.png is too large: it has 40000 x 40000 pixels, 1600 mega",
    b"PF\n3 1\n-1.0\n" + np.array([1, np.nan, 3] * 3, "<f4").tobytes(): "bad.png holds 3 values",
}


@pytest.mark.parametrize(("data", "sentence"), BAD_CONTENTS.items(), ids=BAD_CONTENTS.values())
def test_bad_contents_get_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"^{sentence}") as caught:
        image.read(path)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=f"^{sentence}"):
        image.decode(data, "bad.png")


def test_what_is_no_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^gone\.png does not exist\.$"):
        image.read(tmp_path / "gone.png")
    with pytest.raises(UserError, match="is a folder, not an image file"):
        image.read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be read: not a directory"):
        image.read(tmp_path / "file" / "a.png")
    with pytest.raises(UserError, match="cannot be read: file name too long"):
        image.read(tmp_path / ("x" * 300))
    with pytest.raises(UserError, match="not a name that a file can have"):
        image.read("a\0b.png")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(png())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(UserError, match=r"^secret\.png cannot be read: permission denied\.$"):
        image.read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_refused_without_waiting_for_its_other_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    caught: list[Exception] = []

    def attempt() -> None:
        try:
            image.read(path)
        except UserError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert str(caught[0]) == "pipe.png is not a regular file."


# --- cancelling


def test_reading_asks_the_ticket_and_reports_progress(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(300, 200))
    fractions: list[float] = []
    image.read(path, ticket=Ticket(fractions.append))
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        image.read(path, ticket=ticket)
    with pytest.raises(Cancelled):
        image.decode(path.read_bytes(), "a.png", ticket=ticket)


# --- the process around it


def run_python(code: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@pytest.mark.parametrize("first", ["", "import cv2; "])
def test_importing_leaves_the_environment_of_qt_alone(first: str) -> None:
    code = (
        f"{first}from pyrviewer.compute import image; import cv2, os; "
        "print(os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH'), os.environ.get('QT_QPA_FONTDIR'))"
    )
    assert run_python(code).split() == ["None", "None"]
    if not first:
        assert run_python(code, QT_QPA_FONTDIR="/fonts").split() == ["None", "/fonts"]


@pytest.mark.skipif(sys.platform != "linux", reason="no /proc elsewhere")
def test_48_megapixels_take_little_more_memory_than_their_pixels(tmp_path: Path) -> None:
    pixels = np.zeros((6000, 8000, 3), np.uint8)
    pixels[::2, :, 0] = np.arange(8000) % 256
    path = tmp_path / "large.jpg"
    image.write(path, pixels)
    code = f"""
import pathlib, re
from pyrviewer.compute import image

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(re.search("VmHWM:[ \\t]+([0-9]+) kB", status)[1])

image.decode(b"P5 1 1 255\\n\\0", "warm up")
before = peak()
got = image.read({str(path)!r})
print(peak() - before - pathlib.Path({str(path)!r}).stat().st_size, got.pixels.nbytes)
"""
    used, needed = map(int, run_python(code).split())
    assert needed == pixels.nbytes
    assert needed <= used * 1.05  # else the measurement is wrong
    assert used <= 1.3 * needed


def test_images_compare_by_identity() -> None:
    pixels = np.zeros((2, 2), np.uint8)
    first, second = Image(pixels, ORIGIN), Image(pixels, ORIGIN)
    assert first != second
    assert first in (second, first)
