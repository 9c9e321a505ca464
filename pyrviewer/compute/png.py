"""The chunks of PNG files.

Source: Portable Network Graphics (PNG) Specification, Third Edition (W3C, 2025).
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

Buffer = npt.NDArray[np.uint8]

SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Chunk(NamedTuple):
    """One chunk of a PNG file: its type, and where it and its contents lie."""

    kind: bytes
    begin: int
    end: int

    @property
    def contents(self) -> slice:
        """The chunk without length, type and checksum."""
        return slice(self.begin + 8, self.end - 4)


def chunks(data: memoryview) -> Iterator[Chunk]:
    """Yield the chunks of a PNG file up to its end chunk.

    Parameters
    ----------
    data : memoryview
        The file.

    Yields
    ------
    Chunk
        The next chunk; it lies within the file.

    Raises
    ------
    ValueError, struct.error
        If the file ends before its end chunk.
    """
    begin, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, begin)
        end = begin + 12 + length
        if end > len(data):
            raise ValueError("the file is cut off")
        yield Chunk(kind, begin, end)
        begin = end


def essential(data: Buffer) -> Buffer:
    """Leave out the chunks that pixels do not need: libpng prints its opinion of them on stderr.

    Parameters
    ----------
    data : ndarray, shape (n,), uint8
        The file, whose chunks lie within it. If it is writable, it is changed to spare a copy.

    Returns
    -------
    ndarray, shape (m,), uint8
        A file with the same pixels, or `data` itself if nothing is to be left out.
    """
    found = list(chunks(data.data))
    image = [chunk for chunk in found if chunk.kind == b"IDAT"]
    if not image:
        return data
    before = itertools.takewhile(lambda chunk: chunk.kind != b"IDAT", found)
    kept = [chunk for chunk in before if chunk.kind in (b"IHDR", b"PLTE", b"tRNS")]
    if len(kept) + len(image) + 1 == len(found):
        return data
    if not data.flags.writeable:
        data = data.copy()
    head = np.frombuffer(
        SIGNATURE + b"".join(data[c.begin : c.end].tobytes() for c in kept), np.uint8
    )
    tail = data[found[-1].begin : found[-1].end].copy()
    begin, end = image[0].begin - len(head), image[-1].end
    # What is kept is no longer than what it replaces, so it fits around the image's chunks.
    data[begin : image[0].begin] = head
    data[end : end + len(tail)] = tail
    return data[begin : end + len(tail)]
