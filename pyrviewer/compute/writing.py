"""Writing files so that the old contents survive whatever goes wrong, and images in particular."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class _Format:
    """What a file format can hold without changing a value, but for lossy compression."""

    dtypes: tuple[str, ...]
    channels: tuple[int, ...]
    largest_side: int | None = None


_JPEG = _Format(("uint8",), (1, 3), 65500)
_TIFF = _Format(("uint8", "uint16", "float32"), (1, 3, 4))
_FORMATS = {
    ".png": _Format(("uint8", "uint16"), (1, 3, 4)),
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": _Format(("uint8",), (1, 3, 4), 16383),
    ".bmp": _Format(("uint8",), (1, 3)),
    ".pgm": _Format(("uint8", "uint16"), (1,)),
    ".ppm": _Format(("uint8", "uint16"), (3,)),
    ".pnm": _Format(("uint8", "uint16"), (1, 3)),
    ".pfm": _Format(("float32",), (1, 3)),
    ".hdr": _Format(("float32",), (3,)),
}

WRITE_SUFFIXES: tuple[str, ...] = tuple(_FORMATS)
"""Suffixes of the files that `write` makes."""

_KINDS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}
_COLOURS = {1: "gray", 3: "RGB", 4: "transparent"}


def write(path: str | os.PathLike[str], pixels: Array, *, quality: int = 95) -> None:
    """Write an image; the suffix picks the format.

    The file appears at once and whole, or not at all: see `replace_file`. PNG, TIFF, BMP, PNM and
    PFM keep every value; JPEG and WebP are lossy; Radiance HDR keeps 8 bits of precision.

    Parameters
    ----------
    path : str or path-like
        The file to write. An existing one is replaced.
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        Pixels in R, G, B, A order with straight alpha.
    quality : int, default 95
        1 to 100, for JPEG and WebP.

    Raises
    ------
    UserError
        If the format cannot hold the pixels, with the suffixes of those that can, or if the file
        cannot be written.
    ValueError
        If the pixels are not as above or the quality is not in its range.
    """
    check(pixels)
    if not 1 <= quality <= 100:
        raise ValueError(f"quality is {quality}, not 1 to 100")
    target = Path(path)
    suffix = target.suffix.lower()
    _require_fitting_format(target.name, suffix, pixels)
    failed = UserError(f"{target.name} cannot be written: OpenCV could not encode the image.")
    with _replacement(target, suffix) as temporary:
        try:
            done = _write_image(temporary, suffix, pixels, quality)
        except cv2.error as error:
            raise failed from error
        if not done:
            raise failed


def suffixes_for(pixels: Array) -> tuple[str, ...]:
    """Return the suffixes of the formats that can hold an image.

    Parameters
    ----------
    pixels : ndarray
        As for `write`.
    """
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    dtype = pixels.dtype.name
    return tuple(
        suffix
        for suffix, form in _FORMATS.items()
        if dtype in form.dtypes and channels in form.channels
    )


def _require_fitting_format(name: str, suffix: str, pixels: Array) -> None:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    dtype = pixels.dtype.name
    usable = suffixes_for(pixels)
    fitting = ", ".join(usable)
    if suffix not in _FORMATS:
        what = f"{suffix} files are not written" if suffix else "its name has no suffix"
        raise UserError(f"{name} cannot be written: {what}; use one of {fitting}.")
    form = _FORMATS[suffix]
    if suffix not in usable:
        raise UserError(
            f"{name} cannot be written: {suffix} files do not hold {_KINDS[dtype]} "
            f"{_COLOURS[channels]} images; use one of {fitting}."
        )
    height, width = pixels.shape[:2]
    if form.largest_side is not None and max(height, width) > form.largest_side:
        raise UserError(
            f"{name} cannot be written: the image is {width} x {height} pixels, and {suffix} files "
            f"hold at most {form.largest_side} a side."
        )


def _parameters(suffix: str, quality: int) -> Sequence[int]:
    tiff = (cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW)
    return {
        ".jpg": (cv2.IMWRITE_JPEG_QUALITY, quality),
        ".jpeg": (cv2.IMWRITE_JPEG_QUALITY, quality),
        ".webp": (cv2.IMWRITE_WEBP_QUALITY, quality),
        # OpenCV before 5 packs float colours into 32 bits unless told otherwise.
        ".tif": tiff,
        ".tiff": tiff,
    }.get(suffix, ())


def _write_image(file: Path, suffix: str, pixels: Array, quality: int) -> bool:
    """Encode into a file, and tell whether that worked.

    `cv2.imwrite` needs a path that it understands, which on Windows is plain ASCII; else the bytes
    come back through Python, which holds up every other thread while it copies them.
    """
    if pixels.ndim == 3:
        code = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        pixels = cv2.cvtColor(pixels, code)
    parameters = _parameters(suffix, quality)
    if sys.platform != "win32" or str(file).isascii():
        return cv2.imwrite(str(file), pixels, parameters)
    done, data = cv2.imencode(suffix, pixels, parameters)
    if done:
        file.write_bytes(np.ravel(data).data)
    return done


def replace_file(path: str | os.PathLike[str], data: bytes | memoryview) -> None:
    """Write a file so that it holds either its old or its new contents, even after a power cut.

    The data go to a temporary file in the same folder, which then takes the place of the target.
    A symbolic link stays one; an existing file keeps its permissions.

    Parameters
    ----------
    path : str or path-like
        The file to write.
    data : bytes or memoryview
        Its new contents.

    Raises
    ------
    UserError
        If the file cannot be written; the old one, if any, is then untouched.
    """
    with _replacement(path, ".tmp") as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def _replacement(path: str | os.PathLike[str], suffix: str) -> Iterator[Path]:
    """Yield the path of a temporary file that takes the target's place if all goes well."""
    name = Path(path).name
    if "\0" in name:
        raise UserError(f"{name!r} is not a name that a file can have.")
    target = Path(os.path.realpath(path))
    # A name of its own: the target's may already be as long as names can be.
    temporary = target.with_name(f".{secrets.token_hex(8)}{suffix}")
    try:
        exists = _require_replaceable(target, name)
        temporary.touch(exist_ok=False)
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if exists:
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        raise UserError(f"{name} cannot be written: {_reason(error, target)}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _require_replaceable(target: Path, name: str) -> bool:
    """Tell whether the target exists; refuse one that should not be replaced."""
    if not target.exists():
        return False
    if target.is_dir():
        raise UserError(f"{name} cannot be written: it is a folder.")
    if not target.is_file():
        raise UserError(f"{name} cannot be written: it is not a regular file.")
    if not os.access(target, os.W_OK):
        raise UserError(f"{name} cannot be written: it is read-only.")
    return True


def _reason(error: OSError, target: Path) -> str:
    if isinstance(error, FileNotFoundError) and not target.parent.is_dir():
        return f"the folder {target.parent} does not exist"
    if isinstance(error, FileNotFoundError):
        return f"the folder {target.parent} takes no files"
    return (error.strerror or str(error)).lower()
