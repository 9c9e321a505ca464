"""Images: reading them from files, bytes and arrays, and the contract that their pixels keep.

Whatever comes in leaves as uint8, uint16 or float32, gray, RGB or RGBA, upright and read-only, with
a note for each thing that had to be changed. Whatever cannot is refused with one sentence.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import icc, metadata
from pyrviewer.compute.codecs import decode_pixels
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import MAX_PIXELS, cv2, quiet_codecs
from pyrviewer.compute.pixels import Array, check, conform, convert_dtype
from pyrviewer.compute.writing import WRITE_SUFFIXES, write

if TYPE_CHECKING:
    from pyrviewer.compute.png import Buffer
    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "MAX_PIXELS",
    "READ_SUFFIXES",
    "WRITE_SUFFIXES",
    "Array",
    "Image",
    "Kind",
    "Origin",
    "check",
    "convert_dtype",
    "decode",
    "from_array",
    "quiet_codecs",
    "read",
    "write",
]

Kind = Literal["file", "stdin", "clipboard", "sample", "computed"]

READ_SUFFIXES: tuple[str, ...] = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".dib"),
    *(".pbm", ".pgm", ".ppm", ".pnm", ".pfm", ".hdr", ".pic", ".gif", ".avif", ".jp2", ".j2k"),
)
"""Usual suffixes of the files that `read` reads; it goes by the contents."""

_CHUNK = 1 << 24
_LARGEST_FILE = (1 << 31) - 1  # OpenCV counts the bytes of a file with a signed 32-bit number


@dataclass(frozen=True)
class Origin:
    """Where an image comes from.

    Attributes
    ----------
    kind : str
        "file", "stdin", "clipboard", "sample" or "computed".
    name : str
        What a person calls it, such as "hippo.jpg".
    path : Path or None
        The file, if there is one.
    page : int
        Page of a TIFF file, from 0.
    pages : int
        Number of pages in the file.
    """

    kind: Kind
    name: str
    path: Path | None = None
    page: int = 0
    pages: int = 1


@dataclass(frozen=True, eq=False)
class Image:
    """An image that nobody can change.

    Attributes
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        R, G, B, A order, straight alpha; C-contiguous and read-only. Floats are finite.
    origin : Origin
        Where it comes from.
    notes : tuple of str
        One sentence for each thing that was changed on reading.
    """

    pixels: Array
    origin: Origin
    notes: tuple[str, ...] = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the pixels: uint8, uint16 or float32."""
        return self.pixels.dtype


def from_array(pixels: npt.ArrayLike, origin: Origin) -> Image:
    """Make an image of an array.

    Values are kept: integers other than uint8 and uint16 go to these if they fit and to float32
    otherwise, other floats to float32, bool to 0 and 255; a note tells. H x W x 1 is read as gray,
    H x W x 2 as gray and alpha.

    Parameters
    ----------
    pixels : array_like
        The pixels. A writable array is copied, a read-only one may be shared.
    origin : Origin
        Where they come from; errors use its name.

    Returns
    -------
    Image
        The image.

    Raises
    ------
    UserError
        If the array has another shape or no pixels, holds NaN or infinity (with their count), or
        holds something else than real numbers.
    """
    try:
        array = np.asarray(pixels)
    except ValueError as error:
        raise UserError(f"{origin.name} is not an image: its rows differ in shape.") from error
    result, notes = conform(array, origin.name)
    if array.flags.writeable and np.may_share_memory(result, array):
        result = result.copy()
    return _freeze(result, origin, notes)


def _freeze(pixels: Array, origin: Origin, notes: tuple[str, ...]) -> Image:
    pixels.setflags(write=False)
    return Image(pixels, origin, notes)


def read(path: str | os.PathLike[str], *, page: int = 0, ticket: Ticket | None = None) -> Image:
    """Read an image file: PNG, JPEG, TIFF, WebP, BMP, PNM, PFM, Radiance HDR, GIF, AVIF, JPEG 2000.

    The contents decide, not the suffix. uint8, uint16 and float32 stay what they are. The EXIF
    orientation is applied; 8-bit colours with a profile other than sRGB are converted to sRGB.

    Parameters
    ----------
    path : str or path-like
        The file.
    page : int, default 0
        Page of a TIFF file, from 0. Only this page is decoded.
    ticket : Ticket, optional
        Asked while the file is read, and before and after it is decoded.

    Returns
    -------
    Image
        The image.

    Raises
    ------
    UserError
        If the file is missing, unreadable, not an image, damaged, larger than `MAX_PIXELS`, or has
        no such page.
    Cancelled
        If the ticket was cancelled.
    """
    path = Path(path)
    name = _spoken(path)
    return _decode(_load(path, name, ticket), Origin("file", name, path, page), path, ticket)


def decode(
    data: bytes | bytearray | memoryview,
    name: str,
    *,
    kind: Kind = "stdin",
    path: Path | None = None,
    page: int = 0,
    ticket: Ticket | None = None,
) -> Image:
    """Read an image from the bytes of a file; see `read`.

    Parameters
    ----------
    data : bytes-like
        The contents of the file; they are not changed.
    name : str
        What a person calls it.
    kind : str, default "stdin"
        Where it comes from, as in `Origin`.
    path : Path, optional
        The file, if there is one.
    page : int, default 0
        Page of a TIFF file, from 0.
    ticket : Ticket, optional
        Asked before and after decoding.

    Returns
    -------
    Image
        The image.

    Raises
    ------
    UserError
        If the bytes are not an image, damaged, larger than `MAX_PIXELS`, or have no such page.
    Cancelled
        If the ticket was cancelled.
    """
    metadata.require_known_format(bytes(data[: metadata.HEAD]), name)
    buffer = np.frombuffer(memoryview(data).toreadonly(), np.uint8)
    return _decode(buffer, Origin(kind, name, path, page), None, ticket)


def _spoken(path: Path) -> str:
    """Name a file so that it can be shown and printed, whatever bytes its name is made of."""
    return os.fsencode(path.name or str(path)).decode(errors="replace")


def _load(path: Path, name: str, ticket: Ticket | None) -> Buffer:
    """Read a file into memory in chunks; the first one must look like an image."""
    if "\0" in name:
        raise UserError(f"{name!r} is not a name that a file can have.")
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"{name} is a folder, not an image file.")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its other end
            raise UserError(f"{name} is not a regular file.")
        with path.open("rb", buffering=0) as file:
            metadata.require_known_format(file.read(metadata.HEAD), name)
            if status.st_size > _LARGEST_FILE:
                raise UserError(f"{name} has {status.st_size / 1e9:.1f} GB: the limit is 2 GB.")
            file.seek(0)
            data = np.empty(status.st_size, np.uint8)
            done = 0
            while done < len(data):
                if ticket is not None:
                    ticket.check(0.3 * done / len(data))
                count = file.readinto(data.data[done : done + _CHUNK])
                if not count:
                    break  # the file has become shorter
                done += count
            return data[:done]
    except FileNotFoundError as error:
        raise UserError(f"{name} does not exist.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(f"{name} cannot be read: {reason}.") from error
    except MemoryError as error:
        raise UserError(f"{name} does not fit into memory.") from error


def _decode(data: Buffer, origin: Origin, source: Path | None, ticket: Ticket | None) -> Image:
    name = origin.name
    header = metadata.read_header(data.data, name, origin.page)
    _require_page(header, origin)
    _require_size(header, name)
    if ticket is not None:
        ticket.check(0.3)
    try:
        pixels, notes = decode_pixels(data, header, origin, source=source, ticket=ticket)
        if ticket is not None:
            ticket.check(0.8)
        pixels, conform_notes = conform(pixels, name)
        notes += conform_notes
        if header.profile is not None:
            pixels, profile_notes = icc.apply_profile(pixels, header.profile, ticket)
            notes += profile_notes
        pixels = _upright(pixels, header.orientation)
    except MemoryError as error:
        raise UserError(f"{name} does not fit into memory.") from error
    if header.animated:
        notes += ("Only the first picture of the animation is shown.",)
    if ticket is not None:
        ticket.check(1.0)
    return _freeze(pixels, replace(origin, pages=header.pages), notes)


def _require_page(header: metadata.Header, origin: Origin) -> None:
    if not 0 <= origin.page < header.pages:
        pages = "1 page" if header.pages == 1 else f"{header.pages} pages"
        raise UserError(f"{origin.name} has {pages}: there is no page {origin.page + 1}.")


def _require_size(header: metadata.Header, name: str) -> None:
    size = f"{header.width} x {header.height} pixels"
    if header.width < 1 or header.height < 1:
        raise UserError(f"{name} has no pixels: its size is {size}.")
    if header.width * header.height > MAX_PIXELS:
        raise UserError(
            f"{name} is too large: it has {size}, "
            f"{header.width * header.height / 1e6:.0f} megapixels, and the limit is "
            f"{MAX_PIXELS / 1e6:.0f}."
        )


def _upright(pixels: Array, orientation: int) -> Array:
    """Turn and mirror stored pixels as their EXIF orientation, 1 to 8, asks for."""
    if orientation in (5, 7):
        pixels = cv2.transpose(pixels)
    turns = {
        3: cv2.ROTATE_180,
        6: cv2.ROTATE_90_CLOCKWISE,
        7: cv2.ROTATE_180,
        8: cv2.ROTATE_90_COUNTERCLOCKWISE,
    }
    if orientation in turns:
        return cv2.rotate(pixels, turns[orientation])
    if orientation in (2, 4):
        return cv2.flip(pixels, 1 if orientation == 2 else 0)
    return pixels
