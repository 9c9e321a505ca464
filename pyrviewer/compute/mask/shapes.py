"""Masks described by a few numbers: what a person drags, and what undo and sessions store."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2

Point = tuple[float, float]
"""x, y in pixels of the base image; pixel i covers [i, i + 1)."""

_Values = npt.NDArray[np.float32]

_TURN_AT = 1.5  # where the handle that turns an ellipse lies, in radii from the centre
_LEAST = 0.5  # smallest radius and length, in pixels


@dataclass(frozen=True)
class Seam:
    """An endless line through two points: A lies on the left of who walks from start to end."""

    start: Point
    end: Point


@dataclass(frozen=True)
class Gradient:
    """All of A at and before the first point, none at and beyond the second, linear between."""

    start: Point
    end: Point


@dataclass(frozen=True)
class Rectangle:
    """Two opposite corners, in any order; A is inside."""

    start: Point
    end: Point


@dataclass(frozen=True)
class Ellipse:
    """A is inside. The angle, in degrees, turns the first radius from right to down."""

    centre: Point
    radii: Point
    angle: float = 0.0


@dataclass(frozen=True)
class Polygon:
    """A closed outline of one point or more; A is what it winds around, however often."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a polygon has at least one point")


@dataclass(frozen=True)
class Lasso(Polygon):
    """The outline that a drag drew: too many points to have handles of their own."""


Parametric = Seam | Gradient | Rectangle | Ellipse | Polygon
_KINDS: dict[str, type[Parametric]] = {
    kind.__name__: kind for kind in (Seam, Gradient, Rectangle, Ellipse, Polygon, Lasso)
}


def to_dict(mask: Parametric) -> dict[str, Any]:
    """Return a mask as what JSON can store; `from_dict` reads it back."""
    return {"kind": type(mask).__name__, **asdict(mask)}


def from_dict(stored: dict[str, Any]) -> Parametric:
    """Make a mask of what `to_dict` returned, also after a way through JSON.

    Raises
    ------
    ValueError
        If anything is missing, unknown or not a finite number.
    """
    try:
        values = {name: _numbers(value) for name, value in stored.items() if name != "kind"}
        mask = _KINDS[stored["kind"]](**values)
        handles(mask)  # fails for points that are none
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a stored mask: {stored}") from error
    return mask


def to_json(mask: Parametric | None) -> str:
    """Return a mask as text; nothing for none."""
    return json.dumps(to_dict(mask)) if mask is not None else ""


def from_json(text: str) -> Parametric | None:
    """Make a mask of what `to_json` returned.

    Raises
    ------
    ValueError
        If the text is no mask.
    """
    return from_dict(json.loads(text)) if text else None


def bounds(mask: Parametric) -> tuple[float, float, float, float]:
    """Return the least and greatest x and y of a closed outline: x0, y0, x1, y1.

    Of a seam and a gradient, those of its two points.
    """
    match mask:
        case Ellipse((x, y), (across, down), angle):
            c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            width, height = math.hypot(across * c, down * s), math.hypot(across * s, down * c)
            return x - width, y - height, x + width, y + height
        case Polygon(points):
            xs, ys = zip(*points, strict=True)
        case _:
            xs, ys = zip(mask.start, mask.end, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _numbers(value: Any) -> Any:
    """Turn lists into tuples and numbers into floats."""
    if isinstance(value, list | tuple):
        return tuple(map(_numbers, value))
    if not math.isfinite(value):
        raise ValueError(f"a mask is made of finite numbers, not {value}")
    return float(value)


def handles(mask: Parametric) -> list[tuple[str, float, float]]:
    """Return what a person can take hold of: name, x, y of each.

    Every mask has "centre", which moves the whole. A seam and a gradient have "start" and "end"; a
    rectangle "nw", "n", "ne", "e", "se", "s", "sw" and "w" of the corners as they are stored; an
    ellipse "e", "s", "w", "n" along its own axes and "turn"; a polygon "0", "1", ...
    """
    x, y = _centre(mask)
    found = [("centre", x, y)]
    match mask:
        case Rectangle((x0, y0), (x1, y1)):
            found += [("nw", x0, y0), ("n", x, y0), ("ne", x1, y0), ("e", x1, y)]
            found += [("se", x1, y1), ("s", x, y1), ("sw", x0, y1), ("w", x0, y)]
        case Ellipse(_, (across, down), angle):
            c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            for name, u, v in (
                *(("e", across, 0.0), ("s", 0.0, down), ("w", -across, 0.0), ("n", 0.0, -down)),
                ("turn", _TURN_AT * across, 0.0),
            ):
                found.append((name, x + c * u - s * v, y + s * u + c * v))
        case Polygon(points) if not isinstance(mask, Lasso):
            found += [(str(k), *point) for k, point in enumerate(points)]
        case Seam(start, end) | Gradient(start, end):
            found += [("start", *start), ("end", *end)]
    return found


def moved(mask: Parametric, handle: str, x: float, y: float) -> Parametric:
    """Return the mask with one handle dragged to (x, y).

    Raises
    ------
    ValueError
        For a handle that the mask does not have.
    """
    if handle == "centre":
        centre = _centre(mask)
        return translated(mask, x - centre[0], y - centre[1])
    if handle not in {name for name, _, _ in handles(mask)}:
        raise ValueError(f"{type(mask).__name__} has no handle {handle!r}")
    match mask:
        case Rectangle((x0, y0), (x1, y1)):
            x0, x1 = x if "w" in handle else x0, x if "e" in handle else x1
            y0, y1 = y if "n" in handle else y0, y if "s" in handle else y1
            return Rectangle((x0, y0), (x1, y1))
        case Ellipse():
            return _reshaped(mask, handle, x, y)
        case Polygon(points):
            k = int(handle)
            return Polygon((*points[:k], (x, y), *points[k + 1 :]))
    return replace(mask, **{handle: (x, y)})


def _reshaped(mask: Ellipse, handle: str, x: float, y: float) -> Ellipse:
    dx, dy = x - mask.centre[0], y - mask.centre[1]
    if handle == "turn":
        return replace(mask, angle=math.degrees(math.atan2(dy, dx)))
    turn = math.radians(mask.angle)
    across, down = mask.radii
    if handle in "ew":
        across = max(_LEAST, abs(dx * math.cos(turn) + dy * math.sin(turn)))
    else:
        down = max(_LEAST, abs(dy * math.cos(turn) - dx * math.sin(turn)))
    return replace(mask, radii=(across, down))


def scaled(mask: Parametric, factor: float) -> Parametric:
    """Return the mask with every length from the origin times a factor."""

    def grown(point: Point) -> Point:
        return (point[0] * factor, point[1] * factor)

    match mask:
        case Ellipse(centre, radii):
            return replace(mask, centre=grown(centre), radii=grown(radii))
        case Polygon(points):
            return replace(mask, points=tuple(map(grown, points)))
        case _:
            return replace(mask, start=grown(mask.start), end=grown(mask.end))


def translated(mask: Parametric, dx: float, dy: float) -> Parametric:
    """Return the mask moved by (dx, dy) pixels."""
    match mask:
        case Ellipse((x, y)):
            return replace(mask, centre=(x + dx, y + dy))
        case Polygon(points):
            return replace(mask, points=tuple((x + dx, y + dy) for x, y in points))
        case _:
            (x0, y0), (x1, y1) = mask.start, mask.end
            return replace(mask, start=(x0 + dx, y0 + dy), end=(x1 + dx, y1 + dy))


def contains(mask: Parametric, x: float, y: float) -> bool:
    """Tell whether a point lies in A: where `rasterise` gives 128 and more."""
    return distance(mask, x, y).item() >= 0


def distance(mask: Parametric, x: float | _Values, y: float | _Values) -> _Values:
    """Return how far points lie inside the outline of a mask.

    Parameters
    ----------
    mask : Parametric
        Of a gradient, the middle is the outline.
    x, y : float or (1, W) and (H, 1) arrays of float32
        Points of the base image.

    Returns
    -------
    (H, W) float32 array
        Pixels, negative outside. Exact for all but the ellipse, for which it is
        ``r (1 - r) / |grad r|`` with r = 1 on the outline: exact there, for circles and on the
        axes outside; elsewhere its error grows with the square of the distance.
    """
    x, y = np.atleast_2d(np.float32(x)), np.atleast_2d(np.float32(y))
    match mask:
        case Rectangle():
            return _to_rectangle(mask, x, y)
        case Ellipse():
            return _to_ellipse(mask, x, y)
        case Polygon(points):
            return _to_polygon(np.array(points), x, y)
        case Gradient():
            length = math.dist(mask.start, mask.end)
            return length / 2 - _along(mask, x, y)
        case Seam():
            (x0, y0), (x1, y1) = mask.start, mask.end
            return _along(Seam((x0, y0), (x0 + y1 - y0, y0 + x0 - x1)), x, y)


def _centre(mask: Parametric) -> Point:
    """Return the middle of the points that a mask is made of."""
    if isinstance(mask, Ellipse):
        return mask.centre
    points = mask.points if isinstance(mask, Polygon) else (mask.start, mask.end)
    xs, ys = zip(*points, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _along(line: Seam | Gradient, x: _Values, y: _Values) -> _Values:
    """Return how far from the start towards the end; equal points make a line to the left."""
    (x0, y0), (x1, y1) = line.start, line.end
    length = math.dist(line.start, line.end)
    across, down = ((x1 - x0) / length, (y1 - y0) / length) if length else (-1.0, 0.0)
    return (x - x0) * across + (y - y0) * down


def _to_rectangle(mask: Rectangle, x: _Values, y: _Values) -> _Values:
    (x0, y0), (x1, y1) = mask.start, mask.end
    beyond_x = abs(x - (x0 + x1) / 2) - abs(x1 - x0) / 2
    beyond_y = abs(y - (y0 + y1) / 2) - abs(y1 - y0) / 2
    outside = np.maximum(beyond_x, 0) ** 2 + np.maximum(beyond_y, 0) ** 2
    inside = np.minimum(np.maximum(beyond_x, beyond_y), 0)
    return np.asarray(-inside - np.sqrt(outside))


def _to_ellipse(mask: Ellipse, x: _Values, y: _Values) -> _Values:
    turn = math.radians(mask.angle)
    across, down = (max(radius, _LEAST) for radius in mask.radii)
    dx, dy = x - mask.centre[0], y - mask.centre[1]
    u = dx * (math.cos(turn) / across) + dy * (math.sin(turn) / across)
    v = dy * (math.cos(turn) / down) - dx * (math.sin(turn) / down)
    r = np.asarray(cv2.magnitude(u, v), np.float32)
    u *= 1 / across
    v *= 1 / down
    slope = np.asarray(cv2.magnitude(u, v), np.float32)
    # The centre has no direction: there the smaller radius counts.
    slope += np.float32(1e-9)
    r += np.float32(1e-9 * min(across, down))
    np.divide(r, slope, out=slope)
    slope *= np.subtract(1, r, out=r)
    return slope


def _to_polygon(points: npt.NDArray[np.float64], x: _Values, y: _Values) -> _Values:
    """Distance to the nearest side, inside where the winding number is not 0."""
    x0, y0 = points.T[..., None, None]
    x1, y1 = np.roll(points, -1, axis=0).T[..., None, None]
    across, down = x1 - x0, y1 - y0
    share = ((x - x0) * across + (y - y0) * down) / np.maximum(across**2 + down**2, 1e-12)
    share = np.clip(share, 0, 1)
    nearest = np.hypot(x - x0 - share * across, y - y0 - share * down).min(axis=0)
    left = across * (y - y0) - (x - x0) * down
    turns = ((y0 <= y) & (y < y1) & (left < 0)).sum(axis=0)
    turns -= ((y1 <= y) & (y < y0) & (left > 0)).sum(axis=0)
    return np.asarray(np.where(turns != 0, nearest, -nearest), np.float32)
