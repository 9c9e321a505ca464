"""The directories of TIFF files: what a page holds, and the orientation stored in EXIF blocks.

Source: TIFF Revision 6.0 (Adobe, 1992); the BigTIFF extension; EXIF 2.32, which reuses the format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_MAX_PAGES = 65536
_FORMATS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # the field types that hold unsigned integers
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS_PER_STRIP, _PLANAR = 273, 274, 277, 278, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES = 322, 323, 324
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _PROFILE = 338, 339, 34675

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, LOG_L, LOG_LUV = 0, 1, 2, 5, 32844, 32845
LAB = (8, 9, 10)
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
UNSPECIFIED, ASSOCIATED_ALPHA = 0, 1


@dataclass(frozen=True)
class Page:
    """What one page of a TIFF file holds.

    Attributes
    ----------
    width, height : int
        Stored size in pixels, before the orientation is applied.
    bits, samples : int
        Bits of a sample and samples of a pixel.
    sample_format : int
        `UNSIGNED`, `SIGNED` or `FLOAT`.
    photometric : int
        `WHITE_IS_ZERO`, `BLACK_IS_ZERO`, `RGB`, one of `LAB`, or another of the standard's numbers.
    extra : int or None
        What the first extra sample means: `UNSPECIFIED`, `ASSOCIATED_ALPHA`, or another number.
    separate : bool
        Whether each channel is stored as a plane of its own.
    tiled : bool
        Whether the page is stored in tiles rather than strips.
    upright : bool
        Whether it is stored as it is to be seen.
    profile : bytes or None
        The ICC profile.
    pages : int
        Number of pages in the file.
    """

    width: int
    height: int
    bits: int
    samples: int
    sample_format: int
    photometric: int
    extra: int | None
    separate: bool
    tiled: bool
    upright: bool
    profile: bytes | None
    pages: int

    @property
    def dtype(self) -> str | None:
        """Name of the dtype that holds the samples, if it is one of the usual ones."""
        kinds = {UNSIGNED: ("uint8", "uint16"), SIGNED: ("int8", "int16"), FLOAT: ("float32",)}
        return next(
            (name for name in kinds.get(self.sample_format, ()) if name.endswith(f"t{self.bits}")),
            None,
        )


@dataclass(frozen=True)
class _Layout:
    """How numbers are written in one file: byte order, and 32 or 64 bit offsets."""

    order: str
    big: bool

    @classmethod
    def of(cls, data: memoryview) -> _Layout:
        order = {b"II": "<", b"MM": ">"}[bytes(data[:2])]
        return cls(order, struct.unpack_from(order + "H", data, 2)[0] == 43)

    @property
    def offset(self) -> str:
        return self.order + ("Q" if self.big else "I")

    def first_directory(self, data: memoryview) -> int:
        return int(struct.unpack_from(self.offset, data, 8 if self.big else 4)[0])

    def span(self, data: memoryview, at: int) -> tuple[int, int, int]:
        """Where a directory's entries begin, how many they are, and where the next offset is."""
        count = struct.unpack_from(self.order + ("Q" if self.big else "H"), data, at)[0]
        begin, size = (at + 8, 20) if self.big else (at + 2, 12)
        return begin, count, begin + count * size


class _Directory:
    """The entries of one directory, read when asked for."""

    def __init__(self, data: memoryview, layout: _Layout, at: int) -> None:
        self._data, self._layout = data, layout
        begin, count, _ = layout.span(data, at)
        size = 20 if layout.big else 12
        self._entries: dict[int, tuple[int, int, int]] = {}
        for entry in range(begin, begin + min(count, 65536) * size, size):
            tag, kind = struct.unpack_from(layout.order + "HH", data, entry)
            values = struct.unpack_from(layout.offset, data, entry + 4)[0]
            self._entries[tag] = (kind, values, entry + (12 if layout.big else 8))

    def _place(self, tag: int) -> tuple[int, int, int] | None:
        """Type, number and position of the values of a tag."""
        if tag not in self._entries:
            return None
        kind, count, at = self._entries[tag]
        if count * _SIZES.get(kind, 1) > (8 if self._layout.big else 4):
            at = struct.unpack_from(self._layout.offset, self._data, at)[0]
        return kind, count, at

    def number(self, tag: int, default: int) -> int:
        """First value of a tag that holds unsigned integers."""
        place = self._place(tag)
        if place is None or place[0] not in _FORMATS or place[1] < 1:
            return default
        kind, _, at = place
        return int(struct.unpack_from(self._layout.order + _FORMATS[kind], self._data, at)[0])

    def count(self, tag: int) -> int:
        """Count the values of a tag."""
        return self._entries[tag][1] if tag in self._entries else 0

    def block(self, tag: int) -> bytes | None:
        place = self._place(tag)
        return None if place is None else bytes(self._data[place[2] : place[2] + place[1]])

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries


def _directories(data: memoryview, layout: _Layout) -> list[int]:
    """Positions of the pages; a chain that is cut off or runs in a circle ends there."""
    found: dict[int, None] = {}
    at = layout.first_directory(data)
    while at and at not in found and len(found) < _MAX_PAGES:
        try:
            following = struct.unpack_from(layout.offset, data, layout.span(data, at)[2])[0]
        except struct.error:
            break
        found[at] = None
        at = following
    return list(found)


def read_page(data: memoryview, page: int) -> Page:
    """Read the directory of one page.

    Parameters
    ----------
    data : memoryview
        The file.
    page : int
        Page number, from 0. If there is no such page, the first one is read.

    Returns
    -------
    Page
        Its contents; `Page.pages` tells whether the page exists.

    Raises
    ------
    ValueError, struct.error
        If the file has no readable directory.
    """
    layout = _Layout.of(data)
    places = _directories(data, layout)
    if not places:
        raise ValueError("no readable directory")
    directory = _Directory(data, layout, places[page] if page < len(places) else places[0])
    width, height = directory.number(_WIDTH, 0), directory.number(_HEIGHT, 0)
    _require_all_parts(directory, width, height)
    samples = directory.number(_SAMPLES, 1)
    return Page(
        width=width,
        height=height,
        bits=directory.number(_BITS, 1),
        samples=samples,
        sample_format=directory.number(_SAMPLE_FORMAT, UNSIGNED),
        photometric=directory.number(_PHOTOMETRIC, BLACK_IS_ZERO),
        extra=directory.number(_EXTRA_SAMPLES, 0) if _EXTRA_SAMPLES in directory else None,
        separate=samples > 1 and directory.number(_PLANAR, 1) == 2,
        tiled=_TILE_WIDTH in directory,
        upright=directory.number(_ORIENTATION, 1) == 1,
        profile=directory.block(_PROFILE),
        pages=len(places),
    )


def _require_all_parts(directory: _Directory, width: int, height: int) -> None:
    """Refuse a page with fewer strips or tiles than its size asks for.

    The decoders would fill up the rest with black, for minutes if the size is damaged.
    """
    if _TILE_WIDTH in directory:
        columns = -(-width // max(1, directory.number(_TILE_WIDTH, width)))
        rows = -(-height // max(1, directory.number(_TILE_HEIGHT, height)))
        parts, needed = directory.count(_TILES), columns * rows
    else:
        parts = directory.count(_STRIPS)
        needed = -(-height // max(1, directory.number(_ROWS_PER_STRIP, height)))
    if parts < needed:
        raise ValueError(f"{parts} strips or tiles where {needed} are needed")


def exif_orientation(block: memoryview) -> int:
    """Read the orientation from an EXIF block.

    Parameters
    ----------
    block : memoryview
        The block, from its byte-order mark on.

    Returns
    -------
    int
        1 to 8 as EXIF numbers them; 1 (upright) if there is none or the block is damaged.
    """
    try:
        layout = _Layout.of(block)
        directory = _Directory(block, layout, layout.first_directory(block))
        value = directory.number(_ORIENTATION, 1)
    except (struct.error, KeyError):
        return 1
    return value if 1 <= value <= 8 else 1
