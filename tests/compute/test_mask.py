"""Masks: drawn where they are described, at every octave, grown, and taken from images."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pyramid_reference import reduced
from scipy import ndimage
from skimage.draw import polygon2mask

from pyrviewer.compute import mask
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.geometry import level_shapes
from pyrviewer.compute.mask import (
    Ellipse,
    Gradient,
    Lasso,
    Parametric,
    Polygon,
    Rectangle,
    Seam,
)

Floats = npt.NDArray[np.float64]

SHAPE = (181, 243)
STAR = tuple(
    (120 + r * math.cos(k * math.pi / 5), 90 + r * math.sin(k * math.pi / 5))
    for k, r in enumerate((80, 35) * 5)
)
MASKS: dict[str, Parametric] = {
    "seam": Seam((100.0, 181.0), (140.0, 0.0)),
    "gradient": Gradient((40.3, 20.0), (200.0, 150.7)),
    "rectangle": Rectangle((180.25, 30.4), (40.0, 150.75)),
    "ellipse": Ellipse((120.0, 90.5), (80.0, 40.0), 30.0),
    "circle": Ellipse((110.0, 85.0), (60.0, 60.0)),
    "polygon": Polygon(STAR),
    "lasso": Lasso(STAR[::2]),
}
every_mask = pytest.mark.parametrize("name", MASKS)


def centres() -> tuple[Floats, Floats]:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return x, y


def ramp(distance: Floats, width: float) -> Floats:
    return np.asarray(255 * np.clip(0.5 + distance / width, 0, 1))


def inside(name: str) -> npt.NDArray[np.bool_]:
    """Return what a mask covers, written out."""
    x, y = centres()
    if name == "seam":  # walking up, left is left
        return np.asarray((x - 100) * 181 - (181 - y) * 40 < 0)
    if name == "rectangle":
        return np.asarray((x > 40) & (x < 180.25) & (y > 30.4) & (y < 150.75))
    if name in ("ellipse", "circle"):
        found = MASKS[name]
        assert isinstance(found, Ellipse)
        c, s = math.cos(math.radians(found.angle)), math.sin(math.radians(found.angle))
        dx, dy = x - found.centre[0], y - found.centre[1]
        u, v = (c * dx + s * dy) / found.radii[0], (c * dy - s * dx) / found.radii[1]
        return np.asarray(u**2 + v**2 < 1)
    points = np.array(STAR if name == "polygon" else STAR[::2])
    return np.asarray(polygon2mask(SHAPE, points[:, ::-1] - 0.5))


@pytest.mark.parametrize("name", [name for name in MASKS if name != "gradient"])
def test_outline_is_where_it_is_described(name: str) -> None:
    drawn = mask.rasterise(MASKS[name], SHAPE)
    expected = inside(name)
    # The pixel that the outline runs through may fall on either side.
    edge = ndimage.binary_dilation(expected) & ~ndimage.binary_erosion(expected)
    np.testing.assert_array_equal((drawn >= 128)[~edge], expected[~edge])
    assert np.mean((drawn >= 128) != expected) < 5e-4
    assert set(np.unique(drawn[~ndimage.binary_dilation(edge, iterations=2)])) == {0, 255}
    assert mask.coverage(drawn) == pytest.approx(expected.mean(), abs=2e-3)


def test_soft_edges_are_ramps_of_the_exact_distance() -> None:
    x, y = centres()
    ways = {
        "seam": ((y - 181) * 40 + (x - 100) * 181) / -math.hypot(40, 181),
        "circle": 60 - np.hypot(x - 110, y - 85),
        "rectangle": -np.hypot(np.maximum(abs(x - 110.125) - 70.125, 0),
                               np.maximum(abs(y - 90.575) - 60.175, 0))
        + np.maximum(np.minimum(70.125 - abs(x - 110.125), 60.175 - abs(y - 90.575)), 0),
    }  # fmt: skip
    for name, distance in ways.items():
        for soft in (1, 2, 30):
            drawn = mask.rasterise(MASKS[name], SHAPE, soft=soft)
            np.testing.assert_allclose(drawn, ramp(distance, soft), atol=0.51)


def test_gradient_is_linear_between_its_points() -> None:
    x, y = centres()
    along = ((x - 40.3) * 159.7 + (y - 20) * 130.7) / (159.7**2 + 130.7**2)
    expected = 255 * (1 - np.clip(along, 0, 1))
    np.testing.assert_allclose(mask.rasterise(MASKS["gradient"], SHAPE), expected, atol=0.51)


def test_polygon_covers_pixels_by_their_share() -> None:
    drawn = mask.rasterise(MASKS["polygon"], SHAPE, soft=1)
    fine = polygon2mask((8 * SHAPE[0], 8 * SHAPE[1]), 8 * np.array(STAR)[:, ::-1] - 0.5)
    share = fine.reshape(SHAPE[0], 8, SHAPE[1], 8).mean(axis=(1, 3))
    np.testing.assert_allclose(drawn / 255, share, atol=0.06)
    assert mask.coverage(drawn) == pytest.approx(share.mean(), abs=1e-4)


def test_outline_that_winds_twice_covers_once() -> None:
    square = ((50.0, 40.0), (150.0, 40.0), (150.0, 120.0), (50.0, 120.0))
    twice = mask.rasterise(Lasso(square * 2), SHAPE)
    np.testing.assert_array_equal(twice, mask.rasterise(Lasso(square), SHAPE))
    assert mask.contains(Lasso(square * 2), 100, 80)


@every_mask
@pytest.mark.parametrize("soft", [2.0, 40.0])
def test_octave_of_a_mask_is_nearly_the_mask_of_the_octave(name: str, soft: float) -> None:
    octave: Floats = mask.rasterise(MASKS[name], SHAPE, soft=soft).astype(float)
    for level, shape in enumerate(level_shapes(SHAPE, 4)[1:], 1):
        octave = reduced(octave)
        drawn = mask.rasterise(MASKS[name], SHAPE, octave=level, soft=soft)
        assert drawn.shape == shape
        # Most at the very corner of a rectangle; half of that along straight edges.
        difference = np.abs(drawn - octave)
        assert difference.max() < 64
        assert difference.mean() < 0.5 * 2**level


@every_mask
def test_inverted_is_the_complement(name: str) -> None:
    drawn = mask.rasterise(MASKS[name], SHAPE)
    np.testing.assert_array_equal(mask.rasterise(MASKS[name], SHAPE, inverted=True), 255 - drawn)
    np.testing.assert_array_equal(mask.invert(drawn), 255 - drawn)


@every_mask
@pytest.mark.parametrize(("dx", "dy"), [(7, 5), (90, 71)])
def test_mask_that_reaches_beyond_the_image_is_cut(name: str, dx: int, dy: int) -> None:
    drawn = mask.rasterise(MASKS[name], SHAPE).astype(int)
    moved = mask.rasterise(mask.translated(MASKS[name], dx, dy), SHAPE)
    np.testing.assert_allclose(moved[dy:, dx:], drawn[:-dy, :-dx], atol=1)
    moved = mask.rasterise(mask.translated(MASKS[name], -dx, -dy), SHAPE)
    np.testing.assert_allclose(moved[:-dy, :-dx], drawn[dy:, dx:], atol=1)


@every_mask
def test_scaled_and_moved_as_a_picture_would_be(name: str) -> None:
    drawn = mask.rasterise(MASKS[name], SHAPE).astype(float)
    tall, wide = SHAPE[0] // 2, SHAPE[1] // 2
    expected = drawn[: 2 * tall, : 2 * wide].reshape(tall, 2, wide, 2).mean(axis=(1, 3))
    half = mask.rasterise(mask.scaled(MASKS[name], 0.5), (tall, wide), soft=1)
    assert np.abs(half - expected).mean() < 1


@every_mask
def test_contains_agrees_with_the_drawing(name: str) -> None:
    drawn = mask.rasterise(MASKS[name], SHAPE)
    rng = np.random.default_rng(5)
    for x, y in zip(rng.integers(0, SHAPE[1], 60), rng.integers(0, SHAPE[0], 60), strict=True):
        if not 96 < drawn[y, x] < 160:
            assert mask.contains(MASKS[name], x + 0.5, y + 0.5) == (drawn[y, x] >= 128)


@every_mask
def test_a_handle_goes_where_it_is_dragged(name: str) -> None:
    found = MASKS[name]
    handles = mask.handles(found)
    assert handles[0][0] == "centre"
    assert len({handle for handle, _, _ in handles}) == len(handles)
    for handle, x, y in handles:
        # The handles of an ellipse keep to its axes: outwards is a way that all can go.
        (_, left, top), grow = handles[0], 1.25
        x, y = left + grow * (x - left), top + grow * (y - top)
        if handle == "centre":
            x, y = x + 11, y - 6
        after = {n: (u, v) for n, u, v in mask.handles(mask.moved(found, handle, x, y))}
        if handle in ("n", "s") and isinstance(found, Rectangle):
            assert after[handle][1] == pytest.approx(y)
        elif handle in ("e", "w") and isinstance(found, Rectangle):
            assert after[handle][0] == pytest.approx(x)
        elif handle != "turn":
            assert after[handle] == pytest.approx((x, y))
    assert (len(handles) > 2) == (name != "lasso")
    with pytest.raises(ValueError, match="no handle"):
        mask.moved(found, "nowhere", 0, 0)


def test_turning_an_ellipse_points_its_handle_at_the_mouse() -> None:
    turned = mask.moved(MASKS["ellipse"], "turn", 120 + 30, 90.5 + 52)
    assert isinstance(turned, Ellipse)
    assert turned.angle == pytest.approx(math.degrees(math.atan2(52, 30)))
    assert turned.radii == (80, 40)


@every_mask
def test_json_keeps_a_mask(name: str) -> None:
    stored = json.dumps(mask.to_dict(MASKS[name]))
    restored = mask.from_dict(json.loads(stored))
    assert restored == MASKS[name]
    assert type(restored) is type(MASKS[name])


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"kind": "Blob"},
        {"kind": "Seam", "start": [0, 1]},
        {"kind": "Seam", "start": [0, 1], "end": [math.nan, 1]},
        {"kind": "Seam", "start": [0, 1], "end": 3},
        {"kind": "Seam", "start": [0, 1], "end": [1, 2, 3]},
        {"kind": "Ellipse", "centre": [0, 1], "radii": [1, 2], "angle": "x"},
        {"kind": "Polygon", "points": []},
    ],
)
def test_what_is_no_mask_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a stored mask"):
        mask.from_dict(stored)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (2, 3)])
@every_mask
def test_tiny_images(name: str, shape: tuple[int, int]) -> None:
    for octave in (0, 1) if max(shape) > 1 else (0,):
        drawn = mask.rasterise(MASKS[name], shape, octave=octave)
        assert drawn.shape == level_shapes(shape, octave)[octave]


def test_degenerate_masks_are_drawn() -> None:
    for found in (
        Seam((50.0, 50.0), (50.0, 50.0)),
        Gradient((50.0, 50.0), (50.0, 50.0)),
        Rectangle((50.0, 50.0), (50.0, 50.0)),
        Ellipse((50.5, 50.5), (0.0, 0.0)),
        Lasso(((50.0, 50.0),)),
    ):
        share = mask.coverage(mask.rasterise(found, SHAPE))
        assert 0 <= share < 1


def test_negative_softness_is_refused() -> None:
    with pytest.raises(ValueError, match="soft"):
        mask.rasterise(MASKS["seam"], SHAPE, soft=-1)


# Growing, shrinking, feathering


@pytest.mark.parametrize("radius", [1, 3, 5, 8, 12, 33])
def test_growing_follows_the_distance(radius: int) -> None:
    drawn = mask.rasterise(MASKS["polygon"], SHAPE, soft=0)
    hard = np.where(drawn >= 128, 255, 0).astype(np.uint8)
    for grown, part in (
        (mask.grow(hard, radius), hard == 0),
        (mask.shrink(hard, radius), hard > 0),
    ):
        way = ndimage.distance_transform_edt(part)
        changed = grown != hard
        slack = 0.75 + 0.06 * radius
        assert changed[part & (way <= radius - slack)].all()
        assert not changed[(way > radius + slack) | ~part].any()


def test_growing_keeps_a_soft_edge_soft() -> None:
    soft = mask.rasterise(MASKS["seam"], SHAPE, soft=20)
    expected = mask.rasterise(mask.translated(MASKS["seam"], 6 * math.hypot(40, 181) / 181, 0),
                              SHAPE, soft=20)  # fmt: skip
    inner = np.s_[10:-10, 10:-10]
    np.testing.assert_allclose(mask.grow(soft, 6)[inner], expected[inner].astype(int), atol=8)
    back = mask.shrink(mask.grow(soft, 6), 6)
    np.testing.assert_allclose(back[inner], soft[inner].astype(int), atol=8)


def test_growing_by_nothing_is_a_copy_and_by_less_is_refused() -> None:
    drawn = mask.rasterise(MASKS["circle"], SHAPE)
    grown = mask.grow(drawn, 0)
    np.testing.assert_array_equal(grown, drawn)
    assert not np.shares_memory(grown, drawn)
    with pytest.raises(ValueError, match="radius"):
        mask.shrink(drawn, -1)


@pytest.mark.parametrize("width", [0.0, 2.0, 6.0, 8.0, 20.0, 50.0])
def test_feather_smooths_as_much_as_a_ramp(width: float) -> None:
    step = np.zeros((40, 401), np.uint8)
    step[:, 200:] = 255
    profile = mask.feather(step, width)[20].astype(float) / 255
    spread = np.diff(profile)
    centre = (spread * np.arange(400)).sum()
    assert centre == pytest.approx(199, abs=0.05)
    variance = (spread * (np.arange(400) - centre) ** 2).sum()
    assert variance == pytest.approx(width**2 / 12, rel=0.06, abs=0.02)


# Taken from images


def test_mask_of_an_image() -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(mask.from_image(gray), gray)
    np.testing.assert_array_equal(mask.from_image(gray.astype(np.uint16) * 257), gray)
    np.testing.assert_array_equal(mask.from_image(gray > 99), np.where(gray > 99, 255, 0))
    np.testing.assert_array_equal(mask.from_image(np.dstack([gray] * 3)), gray)
    clear = np.dstack([gray, gray, gray, np.where(gray > 99, 255, 0).astype(np.uint8)])
    np.testing.assert_array_equal(mask.from_image(clear), np.where(gray > 99, gray, 0))
    np.testing.assert_array_equal(mask.from_alpha(clear), clear[..., 3])
    assert not np.shares_memory(mask.from_image(gray), gray)


def test_what_cannot_be_a_mask_is_refused_with_a_sentence() -> None:
    colour = np.zeros((4, 5, 3), np.uint8)
    colour[2, 2, 1] = 1
    with pytest.raises(UserError, match=r"holiday\.jpg is in colour"):
        mask.from_image(colour, "holiday.jpg")
    with pytest.raises(UserError, match="no transparency"):
        mask.from_alpha(colour)
    with pytest.raises(UserError, match="NaN"):
        mask.from_image(np.full((3, 3), np.nan, np.float32))
