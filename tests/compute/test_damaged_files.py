"""500 damaged files: each is read as a valid image or refused with one sentence, soon, in silence.

The damage is done by a seeded generator to files of every format that Pillow and OpenCV write from
real photos; a failure names the format and the number, which make the same file again.
"""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
import skimage
import tifffile
from PIL import Image as PilImage
from PIL import ImageCms

from pyrviewer.compute import image
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

Pixels = npt.NDArray[Any]
SECONDS = 5.0
PHOTOS = Path(skimage.__path__[0]) / "data"


def photo(name: str, step: int) -> npt.NDArray[np.uint8]:
    with PilImage.open(PHOTOS / name) as picture:
        return np.asarray(picture.convert("RGB"))[::step, ::step]


RGB = photo("chelsea.png", 4)
COFFEE = photo("coffee.png", 5)
RGBA = np.dstack([RGB, RGB[..., 1]])
FLOATS = (RGB / 255.0).astype(np.float32)
EXIF = PilImage.Exif()
EXIF[274] = 6
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def pillow(kind: str, pixels: Pixels = RGB, **options: Any) -> bytes:
    file = io.BytesIO()
    PilImage.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def tiff(pixels: Pixels, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", **options)
    return file.getvalue()


def opencv(suffix: str, pixels: Pixels) -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


FILES: dict[str, bytes] = {
    "png": pillow("PNG", exif=EXIF, icc_profile=PROFILE),
    "16-bit png": opencv(".png", RGBA.astype(np.uint16) * 257),
    "jpeg": pillow("JPEG", exif=EXIF, icc_profile=PROFILE),
    "progressive jpeg": pillow("JPEG", COFFEE, progressive=True),
    "webp": pillow("WEBP", RGBA, exif=EXIF, icc_profile=PROFILE),
    "lossless webp": pillow("WEBP", COFFEE, lossless=True),
    "gif": pillow("GIF", COFFEE),
    "bmp": pillow("BMP", COFFEE),
    "ppm": pillow("PPM", COFFEE),
    "pfm": opencv(".pfm", FLOATS),
    "hdr": opencv(".hdr", FLOATS),
    "jpeg 2000": pillow("JPEG2000", COFFEE),
    "avif": opencv(".avif", COFFEE),
    "tiff": tiff(RGB, rowsperstrip=16),
    "lzw tiff": pillow("TIFF", COFFEE, compression="tiff_lzw"),
    "jpeg tiff": pillow("TIFF", COFFEE, compression="jpeg"),
    "16-bit tiff": tiff(RGB.astype(np.uint16) * 257),
    "float tiff": tiff(FLOATS, compression="deflate"),
    "rgba tiff": tiff(RGBA, extrasamples="unassalpha"),
    "pages of tiff": tiff(np.stack([RGB, RGB])),
}
PER_FORMAT = 25
assert len(FILES) * PER_FORMAT == 500


def cut_off(data: bytearray, rng: np.random.Generator) -> None:
    del data[int(rng.integers(len(data))) :]


def flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    for at in rng.integers(len(data), size=rng.integers(1, 20)):
        data[at] ^= 1 << int(rng.integers(8))


def overwrite_header(data: bytearray, rng: np.random.Generator) -> None:
    """Change sizes, types and offsets, some of them to huge ones."""
    for at in rng.integers(min(300, len(data)), size=rng.integers(1, 6)):
        data[at] = rng.choice([0x00, 0x7F, 0xFF, int(rng.integers(256))])


def overwrite_end(data: bytearray, rng: np.random.Generator) -> None:
    """Change what TIFF files have at their end: the directory."""
    for back in rng.integers(1, min(400, len(data)), size=rng.integers(1, 6)):
        data[-back] = int(rng.integers(256))


def insert_rubbish(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(len(data)))
    data[at:at] = rng.bytes(int(rng.integers(1, 50)))


def take_out(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(len(data)))
    del data[at : at + int(rng.integers(1, 2000))]


def join_with_another(data: bytearray, rng: np.random.Generator) -> None:
    other = list(FILES.values())[int(rng.integers(len(FILES)))]
    at = int(rng.integers(len(data)))
    data[at:] = other[min(at, len(other) // 2) :]


def keep_the_name_only(data: bytearray, rng: np.random.Generator) -> None:
    """Keep the first bytes, by which the format is told."""
    data[int(rng.integers(4, 33)) :] = rng.bytes(int(rng.integers(0, 5000)))


DAMAGES: list[Callable[[bytearray, np.random.Generator], None]] = [
    cut_off,
    flip_bits,
    overwrite_header,
    overwrite_end,
    insert_rubbish,
    take_out,
    join_with_another,
    keep_the_name_only,
]


def outcome(attempt: Callable[[], image.Image]) -> image.Image | Exception:
    """Read in a thread that cannot hold up the tests when it hangs."""
    outcomes: list[image.Image | Exception] = []

    def run() -> None:
        try:
            outcomes.append(attempt())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            outcomes.append(error)

    thread = threading.Thread(target=run, daemon=True)
    started = time.monotonic()
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), f"still reading after {time.monotonic() - started:.1f} s"
    return outcomes[0]


def require_valid(got: image.Image | Exception) -> None:
    if isinstance(got, UserError):
        assert str(got).startswith("broken.")
        assert str(got).endswith(".")
        assert "\n" not in str(got)
    elif isinstance(got, Exception):
        raise got
    else:
        image.check(got.pixels)
        assert got.pixels.flags.c_contiguous
        assert not got.pixels.flags.writeable
        if got.dtype == np.float32:
            assert np.isfinite(got.pixels).all()


@pytest.fixture(autouse=True)
def quiet() -> None:
    image.quiet_codecs()


@pytest.mark.parametrize("kind", FILES)
def test_whole_files_are_read(kind: str) -> None:
    got = image.decode(FILES[kind], "broken.not")
    require_valid(got)
    assert got.pixels.std() > 0


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.jpg"  # for most of them the wrong suffix
    for number in range(PER_FORMAT):
        rng = np.random.default_rng([number, list(FILES).index(kind)])
        data = bytearray(FILES[kind])
        DAMAGES[number % len(DAMAGES)](data, rng)
        path.write_bytes(data)
        try:
            require_valid(outcome(lambda: image.read(path)))
        except BaseException as error:
            error.add_note(f"{kind}, number {number}")
            raise
    out, err = capfd.readouterr()
    assert out == ""
    # libjpeg alone reports what it could repair, and OpenCV gives no access to it.
    assert [line for line in err.splitlines() if "JPEG" not in line and "JFIF" not in line] == []


def test_a_large_file_that_is_cut_off_is_not_half_shown(tmp_path: Path) -> None:
    large = np.tile(RGB, (20, 20, 1))
    path = tmp_path / "broken.not"
    for kind, options in (("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("TIFF", {})):
        data = pillow(kind, large, **options)
        path.write_bytes(data)
        assert isinstance(outcome(lambda: image.read(path)), image.Image)
        for part in (0.1, 0.5, 0.9, 0.999):
            path.write_bytes(data[: int(len(data) * part)])
            assert isinstance(outcome(lambda: image.read(path)), UserError), (kind, part)
