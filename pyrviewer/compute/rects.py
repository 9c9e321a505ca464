"""Rectangles of pixels: x0, y0, x1, y1, half open; None is the empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrviewer.compute.resample import Rect

Region = tuple[slice, slice]
"""Rows and columns."""


def region(rect: Rect, origin: Sequence[int] = (0, 0)) -> Region:
    """Return the rows and columns of a rectangle in an array that begins at `origin`, (x, y)."""
    x0, y0, x1, y1 = rect
    left, top = origin[:2]
    return slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)


def union(a: Rect | None, b: Rect | None) -> Rect | None:
    """Return the smallest rectangle that holds both."""
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def intersection(a: Rect | None, b: Rect) -> Rect | None:
    """Return what both hold."""
    if a is None:
        return None
    both = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return both if both[0] < both[2] and both[1] < both[3] else None


def reduced(rect: Rect, shape: tuple[int, ...]) -> Rect:
    """Return which pixels of the next coarser level, of a shape, see a rectangle of the finer."""
    x0, y0, x1, y1 = rect
    return _clipped(((x0 - 1) // 2, (y0 - 1) // 2, (x1 + 1) // 2 + 1, (y1 + 1) // 2 + 1), shape)


def expanded(rect: Rect | None) -> Rect | None:
    """Return which pixels of the next finer level see a rectangle of the coarser; not clipped."""
    if rect is None:
        return None
    x0, y0, x1, y1 = rect
    return 2 * x0 - 2, 2 * y0 - 2, 2 * x1 + 2, 2 * y1 + 2


def support(rect: Rect, shape: tuple[int, ...]) -> Rect:
    """Return which pixels of the next coarser level, of a shape, a rectangle is expanded from."""
    x0, y0, x1, y1 = rect
    return _clipped((x0 // 2 - 1, y0 // 2 - 1, (x1 - 1) // 2 + 2, (y1 - 1) // 2 + 2), shape)


def bounding(rects: Iterable[Rect]) -> Rect | None:
    """Return the smallest rectangle that holds all."""
    found: Rect | None = None
    for rect in rects:
        found = union(found, rect)
    return found


def bands(rect: Rect, rows: int) -> list[Rect]:
    """Cut a rectangle into bands of so many rows."""
    x0, y0, x1, y1 = rect
    return [(x0, top, x1, min(top + rows, y1)) for top in range(y0, y1, rows)]


def _clipped(rect: Rect, shape: tuple[int, ...]) -> Rect:
    x0, y0, x1, y1 = rect
    return max(x0, 0), max(y0, 0), min(x1, shape[1]), min(y1, shape[0])
