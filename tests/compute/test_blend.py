"""Blends: against Burt and Adelson in float64, and what must hold to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from blend_reference import (
    NEAR,
    blob,
    clipped,
    decoded,
    encoded,
    pair,
    pyramid,
    textbook,
)
from pyramid_reference import DTYPES, FULL, Array

from pyrviewer.compute import blend
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.pyramid import max_levels
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES = [(1, 1), (1, 9), (13, 1, 3), (2, 2), (37, 26), (33, 47, 3), (20, 31, 4), (64, 48, 3)]
OPTIONS: list[dict[str, Any]] = [{}, {"linear": True}, {"wrap": True}]


def opaque_pair(shape: tuple[int, ...], dtype: type[Any]) -> tuple[Array, Array]:
    """Return two pictures without a pixel that is wholly transparent."""
    a, b = pair(shape, dtype)
    if len(shape) == 3:
        for image in (a, b):
            image[..., 3:] = np.maximum(image[..., 3:], FULL[dtype] // 5 or 0.2)
    return a, b


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_number_of_levels_is_the_textbook(shape: tuple[int, ...], dtype: type[Any]) -> None:
    a, b = opaque_pair(shape, dtype)
    mask = blob(shape)
    for levels in range(max_levels(shape) + 1):
        result = blend.blend(a, b, mask, levels)
        expected = clipped(textbook(a, b, mask, levels)[0], dtype)
        assert result.dtype == dtype
        assert result.shape == shape
        assert np.abs(result - expected).max() <= NEAR[dtype]


def test_strips_leave_no_seam() -> None:
    a, b = pair((521, 2051), np.uint16)  # several strips at the two finest levels
    mask = blob(a.shape)
    expected = clipped(textbook(a, b, mask, 4)[0], np.uint16)
    assert np.abs(blend.blend(a, b, mask, 4) - expected).max() <= NEAR[np.uint16]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", OPTIONS)
def test_full_and_empty_masks_and_equal_images_to_the_bit(
    shape: tuple[int, ...], dtype: type[Any], options: dict[str, Any]
) -> None:
    a, b = pair(shape, dtype)
    full = np.full(shape[:2], 255, np.uint8)
    np.testing.assert_array_equal(blend.blend(a, b, full, **options), a)
    np.testing.assert_array_equal(blend.blend(a, b, 0 * full, **options), b)
    np.testing.assert_array_equal(blend.blend(a, a.copy(), blob(shape), **options), a)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_value_comes_back_from_linear_light(dtype: type[Any]) -> None:
    values = np.arange(FULL[dtype] + 1).astype(dtype).reshape(-1, 16)
    full = np.full(values.shape, 255, np.uint8)
    np.testing.assert_array_equal(blend.blend(values, values[::-1], full, linear=True), values)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("levels", [0, 1, 3])
def test_beyond_reach_nothing_changes_and_within_it_something_does(
    levels: int, options: dict[str, Any], dtype: type[Any]
) -> None:
    a, b = pair((96, 160, 3), dtype)
    mask = np.zeros((96, 160), np.uint8)
    mask[:, :80] = 255
    result = blend.blend(a, b, mask, levels, **options)
    reach = blend.reach(levels)
    assert reach <= 4 * 2**levels
    edge = reach if "wrap" in options else 0  # there is a seam at the border too
    np.testing.assert_array_equal(result[:, edge : 80 - reach], a[:, edge : 80 - reach])
    np.testing.assert_array_equal(result[:, 80 + reach : 160 - edge], b[:, 80 + reach : 160 - edge])
    changed = np.flatnonzero((result[:, :80] != a[:, :80]).any(axis=(0, 2)))
    assert (changed.size > 0) == (levels > 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_swapping_images_and_mask_changes_nothing(dtype: type[Any]) -> None:
    a, b = pair((45, 70, 3), dtype)
    mask = blob(a.shape)
    one = blend.blend(a, b, mask).astype(np.float64)
    assert np.abs(one - blend.blend(b, a, 255 - mask)).max() <= 1 / 255 * FULL[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_light_is_the_textbook_on_decoded_values(dtype: type[Any]) -> None:
    a, b = opaque_pair((40, 53, 4), dtype)
    mask = blob(a.shape)
    units = a / FULL[dtype], b / FULL[dtype]
    light = [np.dstack([decoded(unit[..., :3]), unit[..., 3]]) for unit in units]
    expected = textbook(light[0], light[1], mask, 3)[0]
    expected = np.dstack([encoded(expected[..., :3]), np.clip(expected[..., 3], 0, 1)])
    result = blend.blend(a, b, mask, 3, linear=True)
    if dtype is np.float32:  # is not clipped
        result = np.clip(result, 0, 1)
    bound = {np.uint8: 0.6, np.uint16: 1, np.float32: 1e-5}[dtype]
    assert np.abs(result - expected * FULL[dtype]).max() <= bound
    assert np.abs(result - blend.blend(a, b, mask, 3)).max() > 0.05 * FULL[dtype]


def test_the_edges_of_a_panorama_meet() -> None:
    a, b = pair((40, 96, 3), np.uint8)
    mask = blob(a.shape)
    turned = [np.roll(image, 40, axis=1) for image in (a, b, mask)]
    plain, round_ = (blend.blend(a, b, mask, 3, wrap=wrap) for wrap in (False, True))
    np.testing.assert_array_equal(
        blend.blend(turned[0], turned[1], turned[2], 3, wrap=True), np.roll(round_, 40, axis=1)
    )
    # Three copies side by side: the one in the middle knows nothing of borders.
    thrice = [np.concatenate([image] * 3, axis=1) for image in (a, b, mask)]
    middle = clipped(textbook(thrice[0], thrice[1], thrice[2], 3)[0][:, 96:192], np.uint8)
    assert np.abs(round_ - middle).max() <= 0.501
    assert np.abs(plain - middle).max() > 5


@pytest.mark.parametrize("dtype", DTYPES)
def test_gains_weigh_the_mixed_bands(dtype: type[Any]) -> None:
    a, b = pair((37, 50, 3), dtype)
    mask = blob(a.shape)
    for gains in ([2.0, 0, 1, 1], [1, 1, 1, 0.5], [0.3, 1.5, -1, 1]):
        expected = clipped(textbook(a, b, mask, 3, gains)[0], dtype)
        result = blend.blend(a, b, mask, 3, gains=gains)
        assert np.abs(result - expected).max() <= 2 * NEAR[dtype]
    expected = clipped(textbook(a, b, mask, 0, [0.5])[0], dtype)
    assert np.abs(blend.blend(a, b, mask, 0, gains=[0.5]) - expected).max() <= NEAR[dtype]
    ones = blend.blend(a, b, mask, 3, gains=[1] * 4)
    np.testing.assert_array_equal(ones, blend.blend(a, b, mask, 3))


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_clipped_is_told(options: dict[str, Any]) -> None:
    a, b = pair((48, 64, 3), np.uint8)
    mask = blob(a.shape)
    report = blend.blend_report(a, b, mask, 4, **options)
    np.testing.assert_array_equal(report.pixels, blend.blend(a, b, mask, 4, **options))
    assert report.clipped == report.overflow.mean()
    # Whatever was clipped is black or white in a channel.
    assert ((report.pixels == 0) | (report.pixels == 255)).any(axis=2)[report.overflow].all()
    if not options:
        exact = textbook(a, b, mask, 4)[0]
        np.testing.assert_array_equal(
            report.overflow, ((exact < -0.5) | (exact > 255.5)).any(axis=2)
        )
        assert 0.01 < report.clipped < 0.9


def test_floats_are_not_clipped() -> None:
    a, b = pair((48, 64), np.float32)
    report = blend.blend_report(a, b, blob(a.shape), 4)
    assert report.clipped == 0
    assert not report.overflow.any()
    assert report.pixels.max() > 1


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("octave", [0, 2])
def test_a_blend_taken_apart(octave: int, wrap: bool) -> None:
    a, b = pair((37, 64, 3), np.uint8)
    mask = blob(a.shape)
    gains = [1, 0.5, 2, 1]
    levels = blend.levels_of(a, b, mask, 3, octave=octave, wrap=wrap, gains=gains)
    assert [level.level for level in levels] == list(range(octave, 4))
    times = 3 if wrap else 1
    wide = [np.concatenate([image] * times, axis=1) for image in (a, b, mask)]
    partials = textbook(wide[0], wide[1], wide[2], 3, gains)
    bands_a, bands_b = pyramid(wide[0], 3)[1], pyramid(wide[1], 3)[1]
    weights = pyramid(wide[2] / 255.0, 3)[0]
    for level in levels:
        k = level.level
        width = 64 >> k
        middle = slice(width, 2 * width) if wrap else slice(None)
        weight = weights[k][:, middle]
        assert np.abs(level.mask - weight).max() < 1e-6
        assert np.abs(level.band_a - bands_a[k][:, middle]).max() < 1e-3
        assert np.abs(level.band_b - bands_b[k][:, middle]).max() < 1e-3
        mixed = weight[..., None] * level.band_a + (1 - weight[..., None]) * level.band_b
        assert np.abs(level.band_mixed - gains[k] * mixed).max() < 1e-3
        assert level.partial.dtype == np.uint8
        expected = clipped(partials[k][:, middle], np.uint8)
        assert np.abs(level.partial - expected).max() <= 0.501


def _read_only(image: Array) -> Array:
    image = image.copy()
    image.setflags(write=False)
    return image


@pytest.mark.parametrize(
    "layout",
    [
        _read_only,
        np.asfortranarray,
        lambda image: image[::-1, ::-1].copy()[::-1, ::-1],
        lambda image: np.repeat(image, 2, axis=1)[:, ::2],
    ],
    ids=["read-only", "Fortran", "negative strides", "steps"],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_layout_and_nothing_is_written_to(
    layout: Callable[[Array], Array], dtype: type[Any]
) -> None:
    a, b = pair((29, 42, 4), dtype)
    mask = blob(a.shape)
    for options in OPTIONS:
        expected = blend.blend(a, b, mask, **options)
        given = [layout(image) for image in (a, b, mask)]
        result = blend.blend_report(given[0], given[1], given[2], **options).pixels
        np.testing.assert_array_equal(result, expected)
        for before, after in zip((a, b, mask), given, strict=True):
            np.testing.assert_array_equal(after, before)
        assert result.flags.writeable
        assert not any(np.shares_memory(result, image) for image in given)


def test_automatic_levels_leave_at_least_four_pixels() -> None:
    assert blend.auto_levels((3000, 4000, 3)) == 9
    assert blend.auto_levels((4, 4000)) == 0
    assert [blend.auto_levels((side, 99)) for side in (1, 7, 8, 15, 16, 31, 32)] == [
        *(0, 0, 1, 1, 2, 2, 3)
    ]
    a, b = pair((40, 37), np.uint8)
    mask = blob(a.shape)
    np.testing.assert_array_equal(blend.blend(a, b, mask), blend.blend(a, b, mask, 3))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"b": np.zeros((8, 9, 3), np.uint8)}, r"\(8, 8, 3\).*\(8, 9, 3\).*place"),
        ({"b": np.zeros((8, 8), np.uint8)}, r"\(8, 8\).*harmonise"),
        ({"b": np.zeros((8, 8, 3), np.uint16)}, "uint16.*harmonise"),
        ({"a": np.zeros((8, 8, 2), np.uint8)}, "an image has shape"),
        ({"a": [[1]]}, "not list"),
        ({"mask": np.zeros((8, 9), np.uint8)}, r"\(8, 8\), not uint8 of shape \(8, 9\)"),
        ({"mask": np.zeros((8, 8, 3), np.uint8)}, "mask"),
        ({"mask": np.zeros((8, 8), np.bool_)}, "uint8.*bool"),
        ({"mask": None}, "NoneType"),
        ({"levels": 4}, "levels must be 0 to 3 for 8 x 8 pixels, got 4"),
        ({"levels": -1}, "levels must be 0 to 3"),
        ({"gains": [1, 1]}, "gains must be 4 finite numbers"),
        ({"gains": [1, 1, 1, np.nan]}, "gains must be 4 finite numbers"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], words: str) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    arguments: dict[str, Any] = {"a": image, "b": image, "mask": image[..., 0], "levels": 3}
    for work in (blend.blend, blend.blend_report, blend.levels_of):
        with pytest.raises(ValueError, match=words):
            work(**{**arguments, **change})


def test_one_value_that_is_not_finite_is_refused_with_a_count() -> None:
    a, b = pair((20, 20, 3), np.float32)
    b[3, 4, 1], b[5, 5] = np.nan, np.inf
    mask = blob(a.shape)
    with pytest.raises(UserError, match="Image B holds 4 values that are not finite"):
        blend.blend(a, b, mask)
    b[5, 5] = 0
    with pytest.raises(UserError, match="Image A holds 1 value that is not finite"):
        blend.blend(b, a, mask)


def test_progress_and_cancel() -> None:
    a, b = pair((600, 900, 3), np.uint8)
    told: list[float] = []
    blend.blend(a, b, blob(a.shape), ticket=Ticket(told.append))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    assert len(told) > 4
    ticket = Ticket(lambda fraction: ticket.cancel() if fraction > 0.5 else None)
    with pytest.raises(Cancelled):
        blend.blend(a, b, blob(a.shape), ticket=ticket)
