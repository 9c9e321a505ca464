"""Laplacian pyramids: bit exact, and against formulas in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyramid_reference import (
    DTYPES,
    FULL,
    ROUNDING,
    SIGNED,
    Array,
    expanded,
    picture,
    random_shapes,
)

from pyrviewer.compute.pyramid import (
    gaussian_pyramid,
    laplacian_pyramid,
    max_levels,
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", [0, 1])
def test_two_hundred_random_sizes_come_back(dtype: type[Any], seed: int) -> None:
    for shape in random_shapes(200):
        image = picture(shape, dtype, seed)
        collapsed = laplacian_pyramid(image).collapse()
        assert collapsed.dtype == dtype
        if dtype is np.float32:
            assert collapsed.shape == shape
            assert np.abs(collapsed - image).max() <= 1e-6
        else:
            np.testing.assert_array_equal(collapsed, image)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([(), (3,), (4,)]),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    levels=st.integers(0, 6),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=150)
def test_any_integers_come_back_from_any_level(
    height: int,
    width: int,
    channels: tuple[int, ...],
    dtype: type[Any],
    levels: int,
    seed: int,
) -> None:
    image = picture((height, width, *channels), dtype, seed)
    pyramid = laplacian_pyramid(image, min(levels, max_levels(image.shape)))
    octaves = gaussian_pyramid(image, pyramid.levels)
    for level, octave in enumerate(octaves):
        np.testing.assert_array_equal(pyramid.collapse(down_to=level), octave)


def test_every_small_size_comes_back() -> None:
    for height in range(1, 13):
        for width in range(1, 13):
            image = picture((height, width), np.uint8, 1)
            np.testing.assert_array_equal(laplacian_pyramid(image).collapse(), image)


def test_strips_leave_no_seam() -> None:
    # Wide enough for several strips at the two finest levels, with an odd number of rows.
    image = picture((771, 2051), np.uint16, 1)
    pyramid = laplacian_pyramid(image)
    np.testing.assert_array_equal(pyramid.collapse(), image)
    octaves = gaussian_pyramid(image, 1)
    truth = image - expanded(octaves[1], image.shape)
    assert np.abs(pyramid.signed_band(0) - truth).max() <= 0.5
    assert (
        np.abs(
            pyramid.collapse([2.0] + [1.0] * pyramid.levels) - np.clip(image + truth, 0, 65535)
        ).max()
        <= 1.01
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 5), (37, 26), (20, 33, 3)])
def test_signed_bands_are_the_differences(shape: tuple[int, ...], dtype: type[Any]) -> None:
    image = picture(shape, dtype, 1)
    octaves = gaussian_pyramid(image)
    pyramid = laplacian_pyramid(image)
    assert pyramid.levels == len(octaves) - 1
    assert pyramid.dtype == dtype
    for k, band in enumerate(pyramid.bands):
        signed = pyramid.signed_band(k)
        truth = octaves[k] - expanded(octaves[k + 1], octaves[k].shape)
        assert band.dtype == dtype
        assert signed.dtype == SIGNED[dtype]
        assert np.abs(signed - truth).max() <= ROUNDING[dtype]
        # Wrapped: the same difference in the dtype of the image.
        np.testing.assert_array_equal(signed.astype(dtype), band)
    np.testing.assert_array_equal(pyramid.residual, octaves[-1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "gains", [[0, 0, 1, 1, 1], [3, 1, 1, 1, 1], [1, -1, 0.5, 2, 1], [0, 0, 0, 0, 0.3], [9] * 5]
)
def test_gains_weigh_the_signed_bands(gains: list[float], dtype: type[Any]) -> None:
    image = picture((53, 38, 3), dtype)
    octaves = gaussian_pyramid(image, 4)
    pyramid = laplacian_pyramid(image, octaves=octaves)
    for down_to in range(5):
        expected: Array = octaves[4] * float(gains[4])
        for k in reversed(range(down_to, 4)):
            detail = octaves[k] - expanded(octaves[k + 1], octaves[k].shape)
            expected = expanded(expected, octaves[k].shape) + gains[k] * detail
        if dtype is not np.float32:
            expected = np.clip(expected, 0, FULL[dtype])
        mixed = pyramid.collapse(gains, down_to=down_to)
        assert mixed.dtype == dtype
        # The bands carry the rounding of the expanded octaves, the sum is rounded once.
        loudest = sum(abs(gain) for gain in gains)
        bound = loudest * 1e-6 if dtype is np.float32 else 0.5 * loudest + 0.5
        assert np.abs(mixed - expected).max() <= bound


def test_gains_of_one_are_exact_and_do_not_stop_at_the_first_band() -> None:
    image = picture((33, 47, 3), np.uint8, 1)
    pyramid = laplacian_pyramid(image)
    np.testing.assert_array_equal(pyramid.collapse([1] * (pyramid.levels + 1)), image)
    # Bands finer than the octave asked for do not matter.
    gains = [0.0, 0.0] + [1.0] * (pyramid.levels - 1)
    octave = gaussian_pyramid(image, 2)[2]
    np.testing.assert_array_equal(pyramid.collapse(gains, down_to=2), octave)


def test_gains_clip_and_never_wrap() -> None:
    image = np.zeros((16, 16), np.uint8)
    image[:, 8:] = 255
    loud = laplacian_pyramid(image, 1).collapse([4, 1])
    assert set(np.unique(loud[:, :8])) == {0}
    assert set(np.unique(loud[:, 8:])) == {255}


def test_existing_octaves_are_used_and_the_image_still_comes_back() -> None:
    image = picture((40, 31, 3), np.uint8)
    octaves = gaussian_pyramid(image, 5)
    octaves[0] = np.zeros_like(octaves[0])
    octaves[2] = np.zeros_like(octaves[2])
    octaves[3] = np.zeros_like(octaves[3])
    pyramid = laplacian_pyramid(image, 3, octaves=octaves)
    assert pyramid.levels == 3
    np.testing.assert_array_equal(pyramid.signed_band(2), 0)
    np.testing.assert_array_equal(pyramid.collapse(), image)
