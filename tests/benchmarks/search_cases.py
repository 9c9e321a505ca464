"""Search cases drawn by seed: scenes, templates and what was done to them.

The photos are scikit-image's; scenes of 12 MP are mosaics of them at different sizes.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import skimage

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

Gray = npt.NDArray[np.uint8]

_NAMES = (
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "clock_motion.png", "coffee.png"),
    *("coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png"),
    *("motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png"),
)

CLASSES = (
    *("self", "noise", "gain", "warp", "blur+jpeg", "low texture", "repetitive", "thin"),
    *("occluded", "tiny", "long", "absent", "flat"),
)


@dataclass(frozen=True, eq=False)
class Case:
    """A scene, a template, and where it was cut, if it was."""

    kind: str
    scene: Gray
    template: Gray
    truth: tuple[int, int] | None


@functools.cache
def photo(name: str) -> Gray:
    """Read one of scikit-image's photos in gray."""
    folder = Path(str(skimage.__file__)).parent / "data"
    pixels = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    return np.asarray(pixels, np.uint8)


def scene_of(rng: np.random.Generator, pixels: float, names: tuple[str, ...] = _NAMES) -> Gray:
    """Draw a photo, resized to at most 1.6 times its size; a mosaic where that is too small."""
    base = photo(str(rng.choice(names)))
    factor = math.sqrt(pixels / base.size)
    if factor <= 1.6:
        return _resized(base, factor)
    height = int(math.sqrt(pixels * 0.75))
    width = int(pixels / height)
    scene = np.empty((height, width), np.uint8)
    side = int(rng.integers(300, 700))
    for top in range(0, height, side):
        for left in range(0, width, side):
            tile = _crop(rng, photo(str(rng.choice(names))), side)
            part = scene[top : top + side, left : left + side]
            part[:] = tile[: part.shape[0], : part.shape[1]]
    return scene


def _crop(rng: np.random.Generator, source: Gray, side: int) -> Gray:
    """Cut a random square of a randomly resized and mirrored photo."""
    factor = max(float(rng.uniform(0.6, 1.8)), (side + 1) / min(source.shape))
    source = _resized(source, factor)
    top = int(rng.integers(0, source.shape[0] - side + 1))
    left = int(rng.integers(0, source.shape[1] - side + 1))
    tile = source[top : top + side, left : left + side]
    return tile[:, ::-1] if rng.random() < 0.5 else tile


def _resized(source: Gray, factor: float) -> Gray:
    size = (max(8, int(source.shape[1] * factor)), max(8, int(source.shape[0] * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(source, size, interpolation=how), np.uint8)


def draw(kind: str, seed: int, pixels: float | None = None, side: int | None = None) -> Case:
    """Draw one case of a class; up to 2 MP unless told otherwise."""
    rng = np.random.default_rng([CLASSES.index(kind), seed])
    area = float(np.exp(rng.uniform(np.log(1e5), np.log(2e6)))) if pixels is None else pixels
    names = ("brick.png", "grass.png", "gravel.png", "page.png", "text.png")
    scene = scene_of(rng, area, names if kind == "repetitive" else _NAMES)
    if kind == "repetitive" and rng.random() < 0.4:
        scene = _grating(rng, scene.shape)
    height, width = _size(rng, kind, scene.shape, side)
    if kind == "flat":
        scene = _flat_surroundings(rng, scene, height, width)
    x, y = _place(rng, scene, height, width, low=kind == "low texture")
    template = scene[y : y + height, x : x + width].copy()
    if kind == "absent":
        other = scene_of(rng, max(area, 4.0 * height * width))
        other = _resized(other, 1.3) if min(other.shape) < 700 else other
        height, width = min(height, other.shape[0]), min(width, other.shape[1])
        x, y = _place(rng, other, height, width, low=False)
        return Case(kind, scene, other[y : y + height, x : x + width].copy(), None)
    return Case(kind, scene, _CHANGES.get(kind, _noisy)(rng, template), (x, y))


def _size(
    rng: np.random.Generator, kind: str, shape: tuple[int, ...], side: int | None
) -> tuple[int, int]:
    """Draw height and width of a template."""
    limit = min(shape[:2]) // 2
    if kind == "tiny":
        low, high = 6, 24
    else:
        low, high = 24, max(32, min(400, limit))
    if side is not None:
        return side, side
    short = int(np.exp(rng.uniform(np.log(low), np.log(high))))
    ratio = float(rng.uniform(0.7, 1.4))
    if kind == "thin":
        short, ratio = int(rng.integers(5, 13)), float(rng.uniform(6, 20))
    if kind == "long":
        short, ratio = int(rng.integers(16, 40)), float(rng.uniform(4, 10))
    other = int(np.clip(short * ratio, 5, limit))
    return (short, other) if rng.random() < 0.5 else (other, short)


def _place(
    rng: np.random.Generator, scene: Gray, height: int, width: int, *, low: bool
) -> tuple[int, int]:
    """Choose where to cut: a place with contrast, or one with little."""
    best, chosen = -1.0, (0, 0)
    for _ in range(12):
        x = int(rng.integers(0, scene.shape[1] - width + 1))
        y = int(rng.integers(0, scene.shape[0] - height + 1))
        deviation = float(scene[y : y + height, x : x + width].std())
        if low:
            deviation = 1000 - deviation if deviation > 1.5 else 0
        if low and deviation > best:
            best, chosen = deviation, (x, y)
        if not low and deviation > 4:
            return x, y
        if not low and deviation > best:
            best, chosen = deviation, (x, y)
    return chosen


def _grating(rng: np.random.Generator, shape: tuple[int, ...]) -> Gray:
    """Draw a lattice with slowly varying contrast: every period looks like the others, almost."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    period, angle = rng.uniform(7, 40, 2), rng.uniform(0, np.pi)
    u = x * np.cos(angle) + y * np.sin(angle)
    v = y * np.cos(angle) - x * np.sin(angle)
    wave = np.sin(2 * np.pi * u / period[0]) + np.sin(2 * np.pi * v / period[1])
    drift = cv2.GaussianBlur(rng.normal(size=shape).astype(np.float32), (0, 0), 25)
    wave *= 40 * (1 + drift / drift.std() * 0.2)
    return np.asarray(np.clip(128 + wave + rng.normal(0, 4, shape), 0, 255), np.uint8)


def _flat_surroundings(rng: np.random.Generator, scene: Gray, height: int, width: int) -> Gray:
    """Put objects on a plain ground."""
    ground = np.full(scene.shape, int(rng.integers(0, 256)), np.uint8)
    for _ in range(6):
        x = int(rng.integers(0, scene.shape[1] - width + 1))
        y = int(rng.integers(0, scene.shape[0] - height + 1))
        middle = ((x + width // 2), (y + height // 2))
        inside = np.zeros(scene.shape, np.uint8)
        axes = (max(2, width // 3), max(2, height // 3))
        cv2.ellipse(inside, middle, axes, 0, 0, 360, 1, -1)
        ground[inside > 0] = scene[inside > 0]
    return ground


def _noisy(rng: np.random.Generator, template: Gray) -> Gray:
    deviation = float(rng.uniform(2, 20))
    return _byte(template + rng.normal(0, deviation, template.shape))


def _gain(rng: np.random.Generator, template: Gray) -> Gray:
    return _byte(template * rng.uniform(0.3, 1.5) + rng.uniform(-40, 40))


def _warp(rng: np.random.Generator, template: Gray) -> Gray:
    height, width = template.shape
    matrix = cv2.getRotationMatrix2D(
        (width / 2, height / 2), float(rng.uniform(-3, 3)), float(rng.uniform(0.97, 1.03))
    )
    return np.asarray(
        cv2.warpAffine(template, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def _blur_jpeg(rng: np.random.Generator, template: Gray) -> Gray:
    blurred = cv2.GaussianBlur(template, (0, 0), float(rng.uniform(0.6, 2.0)))
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 80))]
    data = cv2.imencode(".jpg", blurred, quality)[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def _occluded(rng: np.random.Generator, template: Gray) -> Gray:
    height, width = template.shape
    template = template.copy()
    share = math.sqrt(float(rng.uniform(0.1, 0.4)))
    rows, columns = int(height * share), int(width * share)
    y, x = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
    template[y : y + rows, x : x + columns] = int(rng.integers(0, 256))
    return template


def _byte(values: npt.NDArray[Any]) -> Gray:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


_CHANGES: dict[str, Callable[[np.random.Generator, Gray], Gray]] = {
    "self": lambda rng, template: template,
    "gain": _gain,
    "warp": _warp,
    "blur+jpeg": _blur_jpeg,
    "low texture": lambda rng, template: template,
    "repetitive": _noisy,
    "occluded": _occluded,
    "flat": _noisy,
}
