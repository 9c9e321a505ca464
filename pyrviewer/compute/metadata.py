"""What the header of an image file says: format, size, orientation, colour profile, pages.

The headers are read here, before any pixel is decoded: a decompression bomb is then refused at
no cost, and OpenCV's reader drops what the header says about orientation (as soon as alpha is
asked for) and about colour profiles.
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute import foreign, png, tiff
from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = 1 << 16
"""Bytes at the start of a file that are enough to tell its format."""

_MAX_PROFILE = 1 << 24


@dataclass(frozen=True)
class Header:
    """What a file says about its image before any pixel is decoded.

    Attributes
    ----------
    format : str
        Name of the format, as a person knows it.
    width, height : int
        Stored size in pixels, before the orientation is applied.
    orientation : int
        EXIF number of the turn that is still to be made, 1 to 8.
    profile : bytes or None
        The ICC profile.
    channels : int or None
        Channels that the decoder will make, where the header tells.
    dtype : str or None
        Dtype that the decoder will make, where the header tells.
    in_order : bool
        Whether the file is known to be whole and to be decoded from the top row to the bottom row.
    inks : bool
        Whether the colours are CMYK.
    animated : bool
        Whether more pictures follow the first one.
    keyed : bool
        Whether one gray value is declared transparent (PNG).
    page : tiff.Page or None
        The page of a TIFF file.
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    profile: bytes | None = None
    channels: int | None = None
    dtype: str | None = None
    in_order: bool = False
    inks: bool = False
    animated: bool = False
    keyed: bool = False
    page: tiff.Page | None = None

    @property
    def pages(self) -> int:
        """Number of pages in the file."""
        return 1 if self.page is None else self.page.pages


def _inflate(block: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(block, _MAX_PROFILE)
    except zlib.error:
        return None


def _png(data: memoryview, page: int) -> Header:
    del page
    chunks: dict[bytes, memoryview] = {}
    flawed = False
    for chunk in png.chunks(data):
        checksum = struct.unpack_from(">I", data, chunk.end - 4)[0]
        if zlib.crc32(data[chunk.begin + 4 : chunk.end - 4]) == checksum:
            chunks[chunk.kind] = data[chunk.contents]
        elif chunk.kind[:1].isupper():  # critical: the picture depends on it
            raise ValueError("a checksum is wrong")
        else:
            flawed = True
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    transparent = b"tRNS" in chunks
    profile = None
    if b"iCCP" in chunks:
        # A name that ends with a zero byte, the method of compression, the profile.
        profile = _inflate(bytes(chunks[b"iCCP"]).partition(b"\0")[2][1:])
    return Header(
        "PNG",
        width,
        height,
        orientation=tiff.exif_orientation(chunks[b"eXIf"]) if b"eXIf" in chunks else 1,
        profile=profile,
        channels={0: 1, 2: 4 if transparent else 3, 3: 4 if transparent else 3}.get(colour, 4),
        dtype="uint16" if depth == 16 else "uint8",
        # libpng prints its opinion of profiles: they are taken out of such a file first.
        in_order=not flawed and b"iCCP" not in chunks,
        animated=b"acTL" in chunks,
        keyed=colour == 0 and transparent,
    )


_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)


def _jpeg_segments(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield marker and contents of the segments up to the first scan, the rest of the file."""
    at = 2
    # The search skips padding, and rubbish that decoders skip too.
    while found := _JPEG_MARKER.search(data, at):
        at = found.end()
        marker = data[at - 1]
        if marker in (0xD9, 0xDA):  # the end, or the first scan
            yield marker, data[at:]
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without contents
            continue
        length = struct.unpack_from(">H", data, at)[0]
        yield marker, data[at + 2 : at + length]
        at += max(2, length)


def _jpeg(data: memoryview, page: int) -> Header:
    del page
    size: tuple[int, int, int] | None = None
    orientation, in_order = 1, False
    profile: dict[int, bytes] = {}
    for marker, block in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, channels = struct.unpack_from(">xHHB", block)
            size = width, height, channels
        elif marker == 0xE1 and bytes(block[:6]) == b"Exif\0\0":
            orientation = tiff.exif_orientation(block[6:])
        elif marker == 0xE2 and bytes(block[:12]) == b"ICC_PROFILE\0" and len(block) > 14:
            profile[block[12]] = bytes(block[14:])
        elif marker == 0xDA:
            # Within the scans these bytes are nothing but the end marker, or the file is cut off.
            in_order = b"\xff\xd9" in bytes(block[-HEAD:])
    if size is None:
        raise ValueError("no frame header")
    return Header(
        "JPEG",
        size[0],
        size[1],
        orientation=orientation,
        profile=b"".join(profile[part] for part in sorted(profile)) or None,
        channels=1 if size[2] == 1 else 3,
        dtype="uint8",
        in_order=in_order,
        inks=size[2] == 4,
    )


def _webp(data: memoryview, page: int) -> Header:
    del page
    chunks: dict[bytes, memoryview] = {}
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        chunks.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    if b"VP8X" in chunks:
        low, high = struct.unpack_from("<4xIH", chunks[b"VP8X"])
        width, height = 1 + (low & 0xFFFFFF), 1 + (low >> 24 | high << 8)
    elif b"VP8L" in chunks:
        bits = struct.unpack_from("<xI", chunks[b"VP8L"])[0]
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<6xHH", chunks[b"VP8 "]))
    exif = chunks.get(b"EXIF", memoryview(b""))
    if bytes(exif[:6]) == b"Exif\0\0":  # as in JPEG; the standard has the bare block
        exif = exif[6:]
    return Header(
        "WebP",
        width,
        height,
        orientation=tiff.exif_orientation(exif),
        profile=bytes(chunks[b"ICCP"]) if b"ICCP" in chunks else None,
        animated=b"ANIM" in chunks,
    )


def _tiff(data: memoryview, page: int) -> Header:
    described = tiff.read_page(data, page)
    # Both decoders of TIFF apply the orientation themselves.
    return Header(
        "TIFF",
        described.width,
        described.height,
        profile=described.profile,
        channels=described.samples,
        dtype=described.dtype,
        in_order=page == 0 and described.upright and not described.tiled,
        page=described,
    )


def _bmp(data: memoryview, page: int) -> Header:
    del page
    old = struct.unpack_from("<I", data, 14)[0] == 12
    width, height = struct.unpack_from("<HH" if old else "<ii", data, 18)
    return Header("BMP", width, abs(height))


# A graphic control extension, of which each frame of an animation has one.
_GIF_FRAME = re.compile(rb"\x21\xf9\x04.{4}\0[\x21\x2c]", re.DOTALL)


def _gif(data: memoryview, page: int) -> Header:
    del page
    width, height = struct.unpack_from("<HH", data, 6)
    frames = itertools.islice(_GIF_FRAME.finditer(data), 2)
    return Header("GIF", width, height, animated=len(list(frames)) > 1)


# Orientation from the quarter turns of `irot` and the axis of `imir`, as in ISO/IEC 23008-12.
_AVIF_TURNS = {
    (0, None): 1,
    (1, None): 8,
    (2, None): 3,
    (3, None): 6,
    (0, 0): 4,
    (1, 0): 5,
    (2, 0): 2,
    (3, 0): 7,
    (0, 1): 2,
    (1, 1): 7,
    (2, 1): 4,
    (3, 1): 5,
}


def _avif(data: memoryview, page: int) -> Header:
    del page
    meta = bytes(data[:HEAD]).partition(b"mdat")[0]
    # A thumbnail or tile has a size of its own: the largest one is that of the picture.
    sizes = [struct.unpack(">II", size) for size in re.findall(rb"(?s)ispe.{4}(.{8})", meta)]
    width, height = max(sizes)
    turn = re.search(rb"(?s)irot(.)", meta)
    mirror = re.search(rb"(?s)imir(.)", meta)
    key = (turn[1][0] & 3 if turn else 0, mirror[1][0] & 1 if mirror else None)
    return Header("AVIF", width, height, orientation=_AVIF_TURNS[key])


def _jpeg2000(data: memoryview, page: int) -> Header:
    del page
    # The image size and offset in the SIZ segment of the codestream: the decoder goes by it.
    found = re.search(rb"\xff\x4f\xff\x51", data)
    if found is None:
        raise ValueError("no codestream")
    right, bottom, left, top = struct.unpack_from(">4I", data, found.end() + 4)
    return Header("JPEG 2000", right - left, bottom - top)


_GAP = rb"(?:\s|#[^\n]*\n)+"
_TEXT_HEADERS = (
    ("PNM", re.compile(rb"P[1-6]" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})\s")),
    ("PFM", re.compile(rb"P[Ff]\s+(\d{1,9})\s+(\d{1,9})\s")),
)
_HDR_SIZE = re.compile(rb"\n-Y +(?P<height>\d{1,9}) +\+X +(?P<width>\d{1,9})\n")


def _text_header(data: memoryview, page: int) -> Header:
    """Read the size from a PNM or PFM file."""
    del page
    head = bytes(data[:HEAD])
    for name, pattern in _TEXT_HEADERS:
        if found := pattern.match(head):
            return Header(name, int(found[1]), int(found[2]))
    raise ValueError("no size")


def _hdr(data: memoryview, page: int) -> Header:
    del page
    found = _HDR_SIZE.search(bytes(data[:HEAD]))
    if found is None:
        raise ValueError("no size")
    return Header("Radiance HDR", int(found["width"]), int(found["height"]))


_READERS: tuple[tuple[str, re.Pattern[bytes], Callable[[memoryview, int], Header]], ...] = tuple(
    (name, re.compile(magic, re.DOTALL), reader)
    for name, magic, reader in (
        ("PNG", re.escape(png.SIGNATURE), _png),
        ("JPEG", rb"\xff\xd8\xff", _jpeg),
        ("TIFF", rb"II[*+]\0|MM\0[*+]", _tiff),
        ("WebP", rb"RIFF....WEBP", _webp),
        ("BMP", rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", _bmp),
        ("GIF", rb"GIF8[79]a", _gif),
        ("PNM", rb"P[1-6Ff]" + _GAP + rb"\d", _text_header),
        ("Radiance HDR", rb"#\?(?:RADIANCE|RGBE)", _hdr),
        ("AVIF", rb"....ftypavi[fs]", _avif),
        ("JPEG 2000", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", _jpeg2000),
    )
)


def require_known_format(head: bytes, name: str) -> None:
    """Refuse a file whose first bytes are not those of an image that can be read.

    Parameters
    ----------
    head : bytes
        The first `HEAD` bytes of the file, or all of a shorter one.
    name : str
        What a person calls the file.

    Raises
    ------
    UserError
        If it is not such an image, with what it looks like instead.
    """
    if not head:
        raise UserError(f"{name} is empty.")
    if any(magic.match(head) for _, magic, _ in _READERS):
        return
    reason = foreign.description(head)
    raise UserError(f"{name} is not an image that pyrviewer can read: {reason}.")


def damaged(name: str, kind: str) -> UserError:
    """Make the error for a file whose contents do not decode.

    Parameters
    ----------
    name : str
        What a person calls the file.
    kind : str
        Name of its format.

    Returns
    -------
    UserError
        The error to raise.
    """
    return UserError(f"{name} is damaged or incomplete: its {kind} data cannot be read.")


def read_header(data: memoryview, name: str, page: int = 0) -> Header:
    """Read the header of an image file.

    Parameters
    ----------
    data : memoryview
        The file.
    name : str
        What a person calls the file.
    page : int
        Page of a TIFF file, from 0. If there is no such page, the first one is described.

    Returns
    -------
    Header
        What it says. The size is not checked.

    Raises
    ------
    UserError
        If the file is not an image that can be read, or its header is damaged.
    """
    head = bytes(data[:HEAD])
    require_known_format(head, name)
    kind, reader = next((kind, reader) for kind, magic, reader in _READERS if magic.match(head))
    try:
        return reader(data, page)
    except (struct.error, ValueError, LookupError) as error:
        raise damaged(name, kind) from error
