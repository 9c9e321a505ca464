"""The wire format of protocol buffers, as much of it as ONNX files need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = int | memoryview

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED64: 8, _FIXED32: 4}


class WireError(ValueError):
    """The bytes are not a message; `cut` tells whether they end too early."""

    def __init__(self, cut: bool) -> None:
        super().__init__("the message is cut off" if cut else "not a message")
        self.cut = cut


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Yield number and value of each field of a message.

    Integers come as int (of 64 bits, signed), everything else as a view of its bytes.

    Raises
    ------
    WireError
        Where the bytes are not a message.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if number < 1 or kind not in (_VARINT, _BYTES, *_SIZES):
            raise WireError(cut=False)
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = _SIZES.get(kind, 0)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if not 0 <= size <= len(data) - at:
            raise WireError(cut=True)
        yield number, data[at : at + size]
        at += size


def integers(value: Value) -> list[int]:
    """Return the numbers of a repeated integer field: one, or several packed together."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(number)
    return found


def field(number: int, value: int | str | bytes | memoryview) -> bytes:
    """Return a field: an integer, or text, bytes or a message."""
    if isinstance(value, int):
        return _to_varint(number << 3 | _VARINT) + _to_varint(value % (1 << 64))
    data = value.encode() if isinstance(value, str) else value
    return b"".join((_to_varint(number << 3 | _BYTES), _to_varint(len(data)), data))


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return an integer, and where the next thing begins."""
    found = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise WireError(cut=True)
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            found &= (1 << 64) - 1
            return found - (found >> 63 << 64), at
    raise WireError(cut=False)


def _to_varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
