"""Writing: what is written can be read again, and what was there survives a failure."""

from __future__ import annotations

import errno
import itertools
import os
import stat
import sys
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest
from PIL import Image as PilImage

from pyrviewer.compute import image, writing
from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from pyrviewer.compute.image import Array

LOSSLESS = {
    ".png": (("uint8", "uint16"), (1, 3, 4)),
    ".tif": (("uint8", "uint16", "float32"), (1, 3, 4)),
    ".tiff": (("uint8", "uint16", "float32"), (1, 3, 4)),
    ".bmp": (("uint8",), (1, 3)),
    ".pgm": (("uint8", "uint16"), (1,)),
    ".ppm": (("uint8", "uint16"), (3,)),
    ".pnm": (("uint8", "uint16"), (1, 3)),
    ".pfm": (("float32",), (1, 3)),
}
CASES = [
    (suffix, dtype, channels)
    for suffix, (dtypes, counts) in LOSSLESS.items()
    for dtype, channels in itertools.product(dtypes, counts)
]


def noise(shape: tuple[int, ...], dtype: str) -> Array:
    rng = np.random.default_rng(5)
    if dtype == "float32":
        return (rng.standard_normal(shape) * 1e3).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


@pytest.mark.parametrize(("suffix", "dtype", "channels"), CASES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (8, 1), (33, 47)])
def test_round_trips_are_exact(
    tmp_path: Path, suffix: str, dtype: str, channels: int, size: tuple[int, int]
) -> None:
    pixels = noise(size if channels == 1 else (*size, channels), dtype)
    before = pixels.copy()
    path = tmp_path / f"picture{suffix}"
    image.write(path, pixels)
    np.testing.assert_array_equal(pixels, before)
    got = image.read(path)
    assert got.dtype == dtype
    assert got.notes == ()
    np.testing.assert_array_equal(got.pixels, pixels)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".ppm"])
def test_pillow_reads_the_same_colours(tmp_path: Path, suffix: str) -> None:
    pixels = noise((20, 30, 3), "uint8")
    image.write(tmp_path / f"a{suffix}", pixels)
    with PilImage.open(tmp_path / f"a{suffix}") as read:
        np.testing.assert_array_equal(np.asarray(read), pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_quality_is_obeyed(tmp_path: Path, suffix: str) -> None:
    rows, columns = np.mgrid[:120, :160]
    pixels = np.stack([rows + columns // 2, columns, 200 - rows], axis=-1).astype(np.uint8)
    sizes, errors = [], []
    for quality in (30, 95):
        path = tmp_path / f"a{suffix}"
        image.write(path, pixels, quality=quality)
        sizes.append(path.stat().st_size)
        errors.append(np.abs(image.read(path).pixels.astype(int) - pixels).mean())
    assert sizes[0] < sizes[1]
    assert errors[1] < errors[0] < 10
    for quality in (0, 101):
        with pytest.raises(ValueError, match="quality"):
            image.write(path, pixels, quality=quality)


def test_radiance_hdr_keeps_eight_bits_of_precision(tmp_path: Path) -> None:
    pixels = np.abs(noise((20, 30, 3), "float32"))
    image.write(tmp_path / "a.hdr", pixels)
    brightest = pixels.max(axis=-1, keepdims=True)
    assert (np.abs(image.read(tmp_path / "a.hdr").pixels - pixels) <= brightest / 127).all()


def test_every_suffix_can_be_read_again() -> None:
    assert set(image.WRITE_SUFFIXES) <= set(image.READ_SUFFIXES)


@pytest.mark.parametrize(
    ("name", "dtype", "channels", "sentence"),
    [
        ("a.jpg", "uint16", 3, r"a\.jpg .*: \.jpg files do not hold 16-bit RGB images; use one of"),
        ("a.JPG", "uint8", 4, r"a\.JPG .* do not hold 8-bit transparent .* \.png, .*\.webp\.$"),
        (
            "a.png",
            "float32",
            1,
            r".* do not hold float gray images; use one of \.tif, \.tiff, \.pfm",
        ),
        ("a.hdr", "uint8", 3, r"a\.hdr cannot be written: \.hdr files do not hold 8-bit RGB"),
        ("a.txt", "uint8", 3, r"a\.txt cannot be written: \.txt files are not written; use one of"),
        ("a", "uint8", 3, r"a cannot be written: its name has no suffix; use one of \.png"),
    ],
)
def test_formats_that_do_not_fit_are_refused_with_those_that_do(
    tmp_path: Path, name: str, dtype: str, channels: int, sentence: str
) -> None:
    pixels = noise((4, 5) if channels == 1 else (4, 5, channels), dtype)
    with pytest.raises(UserError, match=f"^{sentence}"):
        image.write(tmp_path / name, pixels)
    assert list(tmp_path.iterdir()) == []


def test_images_larger_than_the_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"70000 x 1 pixels, and \.jpg files hold at most 65500"):
        image.write(tmp_path / "a.jpg", np.zeros((1, 70000), np.uint8))


def test_what_is_no_image_is_a_mistake_of_the_programmer(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="int32"):
        image.write(tmp_path / "a.png", np.zeros((4, 5), np.int32))


# --- replacing files


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(UserError, match=r"^a\.png cannot be written: no space left on device\.$"):
        image.write(path, noise((4, 5), "uint8"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["è川.png", "x" * 236 + ".png"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    image.write(tmp_path / name, noise((4, 5), "uint8"))
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    pixels = noise((4, 5), "uint8")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    for name, reason in {
        "folder.png": r"folder\.png cannot be written: it is a folder\.",
        "none/a.png": r"a\.png cannot be written: the folder .*none does not exist\.",
        "file/a.png": r"a\.png cannot be written: not a directory\.",
        "x" * 300 + ".png": r"x+\.png cannot be written: file name too long\.",
        "a\0b.png": r"'a\\x00b\.png' is not a name that a file can have\.",
    }.items():
        with pytest.raises(UserError, match=f"^{reason}$"):
            image.write(tmp_path / name, pixels)
    assert {entry.name for entry in tmp_path.iterdir()} == {"folder.png", "file"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UserError, match="it is not a regular file"):
        image.write(tmp_path / "pipe.png", noise((4, 5), "uint8"))
    assert stat.S_ISFIFO((tmp_path / "pipe.png").stat().st_mode)


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(UserError, match=r"^a\.png cannot be written: it is read-only\.$"):
        writing.replace_file(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions differ")
def test_links_and_permissions_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "target.png", tmp_path / "link.png"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    writing.replace_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    # A new file gets the permissions that any program would give it.
    writing.replace_file(tmp_path / "fresh", memoryview(b"new"))
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "fresh").stat().st_mode == (tmp_path / "other").stat().st_mode
