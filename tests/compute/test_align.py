"""Alignment: known offsets are found, and what does not belong together is not sure."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import skimage

from pyrviewer.compute.align import SURE, Aligned, align
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Cancelled, Ticket

Array = npt.NDArray[Any]

NAMES = [
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png"),
    *("grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png"),
    *("motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg"),
]


def photo(name: str) -> Array:
    stored = cv2.imread(str(Path(skimage.__file__).parent / "data" / name))
    assert stored is not None
    return np.ascontiguousarray(stored[..., ::-1])


def exposed(pixels: Array, seed: int) -> Array:
    """Another exposure of a photo, with noise of its own."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.7, 1.3) * (pixels / 255) ** rng.uniform(0.6, 1.7)
    values = 255 * values + rng.normal(0, 3, pixels.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("share", [0.8, 0.5, 0.3])
@pytest.mark.parametrize("name", NAMES)
def test_crops_of_a_photo_are_laid_where_they_were(name: str, share: float) -> None:
    pixels = photo(name)
    height, width = pixels.shape[:2]
    side = int(width / (2 - share))
    left, down = width - side, height // 15
    found = align(pixels[down:, :side], exposed(pixels[:-down, left:], 7))
    assert found.sure
    assert found.scale == 1
    # A repeating texture with noise is the worst of them.
    assert (found.dx, found.dy) == pytest.approx((left, -down), abs=1)
    if name in ("astronaut.png", "coffee.png", "retina.jpg", "moon.png"):
        assert (found.dx, found.dy) == pytest.approx((left, -down), abs=0.1)


def test_unrelated_photos_are_never_sure() -> None:
    photos = {name: photo(name) for name in NAMES}
    pairs = list(itertools.combinations(NAMES, 2))[::3]
    confidences = [align(photos[a], photos[b]).confidence for a, b in pairs]
    # Two halves of one photo look alike, but have nothing in common.
    for pixels in photos.values():
        half = pixels.shape[1] // 2
        confidences.append(align(pixels[:, :half], pixels[:, half:]).confidence)
    assert max(confidences) < 0.8 * SURE


def test_fractions_of_a_pixel() -> None:
    pixels = photo("astronaut.png").astype(np.float32) / 255
    for dx, dy in ((10.25, 20.5), (-7.6, 3.4)):
        matrix = np.array([[1, 0, -dx], [0, 1, -dy]])
        moved = cv2.warpAffine(pixels, matrix, (400, 380), flags=cv2.INTER_CUBIC)
        found = align(pixels, moved)
        assert (found.dx, found.dy) == pytest.approx((dx, dy), abs=0.1)


def test_large_images_are_refined_to_the_pixel() -> None:
    pixels = cv2.resize(photo("retina.jpg"), (3200, 3000), interpolation=cv2.INTER_CUBIC)
    found = align(pixels[37:, 411:], pixels[:-100, :-200])
    assert (found.dx, found.dy) == pytest.approx((-411, -37), abs=0.05)


@pytest.mark.parametrize(("name", "scale"), [("coffee.png", 0.77), ("ihc.png", 1.31)])
def test_scale(name: str, scale: float) -> None:
    pixels = photo(name)
    dx, dy, side = 31.0, 18.0, int(330 / scale)
    shift = 0.5 * (scale - 1)  # edges of pixels, not centres
    matrix = np.array([[scale, 0, dx + shift], [0, scale, dy + shift]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(pixels, matrix, (side, side), flags=flags)
    found = align(pixels, part, scales=(0.6, 1.6))
    assert found.sure
    assert found.scale == pytest.approx(scale, rel=2e-3)
    assert (found.dx, found.dy) == pytest.approx((dx, dy), abs=0.3)
    assert not align(pixels, part).sure


def test_kinds_of_images_may_differ() -> None:
    pixels = photo("chelsea.png")
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[20:, 33:].astype(np.uint16) * 257
    clear = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    found = align(clear, gray)
    assert found.sure
    assert (found.dx, found.dy) == pytest.approx((33, 20), abs=0.05)


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (3, 2000), (40, 40, 3)])
def test_nothing_to_go_by_is_not_sure(shape: tuple[int, ...]) -> None:
    flat = np.full(shape, 90, np.uint8)
    found = align(photo("camera.png"), flat, scales=(0.9, 1.1))
    assert not found.sure
    assert found.confidence >= 0
    assert not align(flat, flat).sure


def test_bad_scales_and_cancelling() -> None:
    pixels = photo("coins.png")
    with pytest.raises(ValueError, match="scales"):
        align(pixels, pixels, scales=(1.2, 0.8))
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        align(pixels, pixels, ticket=ticket)


def test_aligned_images_show_the_same() -> None:
    pixels = photo("astronaut.png")
    corners = [(20, 30), (27, 12), (40, 25)]
    images = [exposed(pixels[y : y + 400, x : x + 380], k) for k, (x, y) in enumerate(corners)]
    aligned = Aligned(images)
    assert [(a.dx, a.dy) for a in aligned.alignments] == [
        pytest.approx((x - 27, y - 12), abs=0.1) for x, y in corners
    ]
    x0, y0, x1, y1 = aligned.rect
    assert 0 <= x0 - 13 <= 1
    assert 0 <= y0 - 18 <= 1
    original = pixels[12 + y0 : 12 + y1, 27 + x0 : 27 + x1]
    for k in range(len(aligned)):
        assert aligned[k].shape == original.shape
        likeness = np.corrcoef(aligned[k].ravel(), original.ravel())[0, 1]
        assert likeness > 0.97


def test_aligning_strangers_names_the_stranger() -> None:
    images = [photo("coffee.png"), photo("coffee.png"), photo("rocket.jpg")]
    with pytest.raises(UserError, match=r"c\.jpg cannot be aligned with b\.jpg"):
        Aligned(images, names=["a.jpg", "b.jpg", "c.jpg"])
