"""Between the pixels, turned and scaled: truth known, on photos warped and area-averaged."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search import Match, search

Array = npt.NDArray[Any]

_FINE = 4


def noisy(values: Array, deviation: float, rng: np.random.Generator) -> Array:
    values = values + rng.normal(0, deviation, values.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def averaged(values: Array) -> Array:
    height, width = values.shape[0] // _FINE, values.shape[1] // _FINE
    return np.asarray(values.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3)))


def photo(name: str) -> Array:
    pixels = np.asarray(getattr(skimage.data, name)())
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_positions_between_the_pixels(dtype: type[Any]) -> None:
    rng = np.random.default_rng(21)
    errors = []
    for name in ("camera", "astronaut", "coffee", "rocket", "brick", "gravel") * 3:
        fine = photo(name)
        side = 64 * _FINE
        for _ in range(50):
            x, y = (int(rng.integers(40, length - side - 80)) for length in fine.shape[::-1])
            if fine[y : y + side, x : x + side].std() > 15:
                break
        template = averaged(fine[y : y + side, x : x + side])
        right, down = rng.integers(0, _FINE, 2)
        left, top = x - right - 6 * _FINE, y - down - 5 * _FINE
        scene = averaged(fine[top : top + 80 * _FINE, left : left + 80 * _FINE])
        pair = [noisy(values, 2, rng) for values in (scene, template)]
        if dtype is not np.uint8:
            scale = 257.0 if dtype is np.uint16 else 1 / 255
            pair = [(values * scale).astype(dtype) for values in pair]
        (match,) = search(*pair).matches
        errors.append(math.hypot(match.x - 6 - right / _FINE, match.y - 5 - down / _FINE))
    assert np.median(errors) <= 0.03
    assert np.quantile(errors, 0.9) <= 0.1


def test_what_a_mask_leaves_out_does_not_move_the_position() -> None:
    """Other things lie around what counts, in a template that is refined in part."""
    rng = np.random.default_rng(22)
    side, errors = 110, []
    y, x = np.indices((side, side)) - side / 2
    mask = (x**2 + (1.4 * y) ** 2 < (0.4 * side) ** 2).astype(np.uint8)
    for k in range(12):
        fine = photo(("astronaut", "coffee", "camera")[k % 3])
        left, top = 100 + 20 * k, 60 + 16 * k
        template = averaged(fine[top : top + side * _FINE, left : left + side * _FINE])
        right, down = rng.integers(0, _FINE, 2)
        left, top = left - right - 6 * _FINE, top - down - 5 * _FINE
        scene = averaged(fine[top : top + 130 * _FINE, left : left + 130 * _FINE])
        template[mask == 0] = rng.uniform(0, 255, np.count_nonzero(mask == 0))
        trace = search(noisy(scene, 2, rng), noisy(template, 2, rng), mask=mask, min_score=0.3)
        (match,) = trace.matches
        errors.append(math.hypot(match.x - 6 - right / _FINE, match.y - 5 - down / _FINE))
    assert np.median(errors) <= 0.03
    assert max(errors) <= 0.1


def test_a_structureless_direction_keeps_whole_pixels() -> None:
    """Stripes say nothing about the position along them."""
    scene = np.tile(np.asarray(128 + 100 * np.sin(np.arange(90) / 7) ** 3), (90, 1))
    (match,) = search(scene.astype(np.float32), scene[20:60, 30:70].astype(np.float32)).matches
    assert match.y == round(match.y)


def turned(
    fine: Array, middle: tuple[int, int], side: int, angle: float, scale: float, size: int
) -> Array:
    """Turn and scale a fine photo about a point, onto a scene whose middle it becomes."""
    matrix = cv2.getRotationMatrix2D((middle[0] - 0.5, middle[1] - 0.5), angle, scale)
    matrix[:, 2] += np.array([size, size]) * _FINE / 2 - np.array(middle)
    warped = cv2.warpAffine(
        fine, matrix, (size * _FINE, size * _FINE), flags=cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    return averaged(np.asarray(warped))


def found_and_truth(
    rng: np.random.Generator, name: str, angle: float, scale: float, **ranges: tuple[float, float]
) -> tuple[Match, float]:
    """Search a turned scene of a photo; the template's middle is the scene's."""
    fine, side, size = photo(name), 80 * _FINE, 200
    for _ in range(100):
        x, y = (int(rng.integers(0, length - side)) for length in fine.shape[::-1])
        if fine[y : y + side, x : x + side].std() > 25:
            break
    middle = (x + side // 2, y + side // 2)
    scene = noisy(turned(fine, middle, side, angle, scale, size), 5, rng)
    template = noisy(averaged(fine[y : y + side, x : x + side]), 5, rng)
    best = search(scene, template, **ranges).best  # type: ignore[arg-type] # mixed
    assert best is not None
    centre = best.centre
    return best, math.hypot(centre[0] - size / 2, centre[1] - size / 2)


def test_all_orientations() -> None:
    rng = np.random.default_rng(4)
    apart, off = [], []
    for name in ("camera", "astronaut", "coffee", "rocket", "chelsea") * 2:
        angle = float(rng.uniform(0, 360))
        match, error = found_and_truth(rng, name, angle, 1.0, angles=(0, 360))
        assert 0 <= match.angle < 360
        apart.append(error)
        off.append(abs((match.angle - angle + 180) % 360 - 180))
    assert np.quantile(apart, 0.8) <= 0.1
    assert np.median(apart) <= 0.03
    assert np.median(off) <= 0.03


def test_sizes_and_orientations_together() -> None:
    rng = np.random.default_rng(6)
    for name, angle, scale in (("astronaut", 20.0, 0.9), ("coffee", -35.0, 1.15)):
        match, error = found_and_truth(
            rng, name, angle, scale, angles=(-45, 45), scales=(0.8, 1.25)
        )
        assert error <= 0.15
        assert match.angle == pytest.approx(angle, abs=0.15)
        assert match.scale == pytest.approx(scale, rel=2e-3)


def test_corners_say_where_the_template_lies() -> None:
    match = Match(10.0, 20.0, 1.0, 30, 40, angle=90.0, scale=2.0)
    expected = [(10, 20), (10, -40), (90, -40), (90, 20)]
    np.testing.assert_allclose(match.corners, expected, atol=1e-9)
    assert match.centre == pytest.approx((50, -10))


def test_several_turned_copies() -> None:
    rng = np.random.default_rng(12)
    fine = photo("coffee")[100:900, 100:1100]
    fine = cv2.GaussianBlur(fine, (0, 0), 6)
    template = photo("gravel")[100:180, 380:460]
    scene = fine.copy()
    places = {(150, 150): 30.0, (500, 300): 140.0, (800, 600): 250.0}
    for (x, y), angle in places.items():
        matrix = cv2.getRotationMatrix2D((39.5, 39.5), angle, 1.0)
        matrix[:, 2] += (x, y)
        size = (scene.shape[1], scene.shape[0])
        copy = cv2.warpAffine(template, matrix, size, flags=cv2.INTER_CUBIC)
        cover = cv2.warpAffine(np.ones_like(template), matrix, size, flags=cv2.INTER_CUBIC)
        scene = np.where(cover > 0.99, copy, scene)
    trace = search(
        noisy(scene, 3, rng), noisy(template, 0, rng), angles=(0, 360), max_matches=5, min_score=0.8
    )
    found = {
        (round(match.centre[0] - 40), round(match.centre[1] - 40)): match.angle
        for match in trace.matches
    }
    assert found == {place: pytest.approx(angle, abs=0.3) for place, angle in places.items()}
    assert trace.translations == sum(
        piece.scores.size for level in trace.levels for piece in level.pieces
    )
