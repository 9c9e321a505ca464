"""Gaussian and Laplacian pyramids, against formulas in float64, SciPy and counting."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from pyramid_reference import (
    DTYPES,
    ROUNDING,
    SIGNED,
    Array,
    picture,
    reduced,
)
from scipy import ndimage

from pyrviewer.compute.pyramid import (
    difference_of_gaussians,
    gaussian_pyramid,
    laplacian_pyramid,
    level_shapes,
    max_levels,
)
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.prefilter import Prefilter


@pytest.mark.parametrize("dtype", DTYPES)
def test_gaussian_octaves_follow_float64(dtype: type[Any]) -> None:
    for shape in [(1, 1), (1, 9), (8, 1), (5, 6, 3), (64, 64), (61, 47, 4), (90, 33)]:
        octaves = gaussian_pyramid(picture(shape, dtype))
        assert len(octaves) == 1 + math.ceil(math.log2(max(shape[:2])))
        chain: Array = octaves[0]
        for level, (finer, octave) in enumerate(pairwise(octaves), 1):
            chain = reduced(chain)
            assert octave.dtype == dtype
            assert octave.shape == chain.shape
            assert np.abs(octave - reduced(finer)).max() <= ROUNDING[dtype]
            # Every level rounds once more; the weights sum to 1, so errors only add up.
            assert np.abs(octave - chain).max() <= level * ROUNDING[dtype]
        assert octaves[-1].shape[:2] == (1, 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ratio", [1.5, 2.0])
def test_difference_of_gaussians(dtype: type[Any], ratio: float) -> None:
    octaves = gaussian_pyramid(picture((530, 601), dtype), 3, ratio=ratio)
    differences = difference_of_gaussians(octaves)
    assert len(differences) == 4
    for k in range(3):
        smooth = octaves[k].astype(float)
        for axis in (0, 1):
            smooth = ndimage.correlate1d(
                smooth, np.array([1, 4, 6, 4, 1]) / 16, axis, mode="mirror"
            )
        assert differences[k].dtype == SIGNED[dtype]
        assert np.abs(differences[k] - (octaves[k] - smooth)).max() <= ROUNDING[dtype]
        if ratio == 2 and dtype is not np.float32:
            # Filter, subtract, decimate: the even samples of what was taken are the next octave.
            taken = octaves[k] - differences[k].astype(np.int64)
            np.testing.assert_array_equal(taken[::2, ::2], octaves[k + 1])
    np.testing.assert_array_equal(differences[3], octaves[3])
    assert differences[3].dtype == dtype


@pytest.mark.parametrize(
    ("prefilter", "ratio"),
    [
        ("binomial", 2.0),
        ("none", 2.0),
        ("box", 2.0),
        ("area", 2.0),
        ("lanczos", 2.0),
        ("max", 2.0),
        ("binomial", 1.1),
        ("none", 1.4),
        ("box", 3.3),
        ("area", 1.1),
        ("lanczos", 4.0),
    ],
)
def test_octaves_are_new_memory_of_the_right_shape(prefilter: Prefilter, ratio: float) -> None:
    flat = np.full((47, 30, 3), 200, np.uint8)
    flat.flags.writeable = False
    octaves = gaussian_pyramid(flat, prefilter=prefilter, ratio=ratio)
    assert octaves[0] is flat
    assert octaves[-1].shape == (1, 1, 3)
    assert octaves[-2].shape != (1, 1, 3)
    for k, octave in enumerate(octaves[1:], 1):
        if ratio == 2:
            shape = (math.ceil(47 / 2**k), math.ceil(30 / 2**k), 3)
        else:
            height, width = (max(1, math.floor(n / ratio**k + 0.5)) for n in (47, 30))
            shape = (height, width, 3)
        assert octave.shape == shape
        assert octave.flags.c_contiguous
        assert octave.flags.writeable
        assert not np.shares_memory(octave, octaves[k - 1])
        assert octave.min() == octave.max() == 200


@pytest.mark.parametrize("prefilter", ["binomial", "none", "box", "area", "lanczos", "max"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_memory_layout_gives_the_same(prefilter: Prefilter, dtype: type[Any]) -> None:
    plain = picture((24, 35, 3), dtype)
    layouts: list[Callable[[Array], Array]] = [
        np.asfortranarray,
        lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
        lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
        lambda a: np.repeat(np.repeat(a, 2, axis=0), 3, axis=1)[::2, ::3],
    ]
    expected = gaussian_pyramid(plain, prefilter=prefilter)
    bands = laplacian_pyramid(plain).bands
    for layout in layouts:
        image = layout(plain)
        image.flags.writeable = False
        for octave, other in zip(
            gaussian_pyramid(image, prefilter=prefilter), expected, strict=True
        ):
            np.testing.assert_array_equal(octave, other)
        pyramid = laplacian_pyramid(image)
        for band, other in zip(pyramid.bands, bands, strict=True):
            np.testing.assert_array_equal(band, other)
            assert band.flags.c_contiguous
        assert pyramid.collapse().flags.c_contiguous
        np.testing.assert_array_equal(image, plain)


def test_results_do_not_alias_their_input() -> None:
    image = picture((1, 1, 3), np.uint8)
    pyramid = laplacian_pyramid(image, 0)
    collapsed = pyramid.collapse()
    collapsed[:] = 7
    np.testing.assert_array_equal(pyramid.residual, image)
    image[:] = 9
    assert not np.array_equal(pyramid.residual, image)
    with pytest.raises(ValueError, match="read-only"):
        pyramid.residual[:] = 0


def with_nan() -> Array:
    image = np.zeros((4, 5), np.float32)
    image[1, 2], image[3, 3] = np.nan, np.inf
    return image


@pytest.mark.parametrize("ratio", [1.1, 1.4, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("prefilter", ["binomial", "none", "box", "area", "lanczos", "max"])
def test_a_single_sample_that_is_not_finite_is_refused(prefilter: Prefilter, ratio: float) -> None:
    if prefilter == "max" and ratio != 2:
        return
    for y, x in np.ndindex(9, 14):
        for value in (np.nan, np.inf, -np.inf):
            image = np.ones((9, 14), np.float32)
            image[y, x] = value
            for levels in (0, 1, None):
                with pytest.raises(ValueError, match="1 of 126 samples are not finite"):
                    gaussian_pyramid(image, levels, prefilter=prefilter, ratio=ratio)


def test_samples_that_overflow_are_refused() -> None:
    with pytest.raises(ValueError, match=r"3e\+38 are too large"):
        gaussian_pyramid(np.full((8, 8), 3e38, np.float32))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: gaussian_pyramid(a, -1), "0 to 5 for 20 x 31 pixels, got -1"),
        (lambda a: gaussian_pyramid(a, 6), "0 to 5 for 20 x 31 pixels, got 6"),
        (lambda a: gaussian_pyramid(a, ratio=1.0), "got 1"),
        (lambda a: gaussian_pyramid(a, ratio=math.inf), "got inf"),
        (lambda a: gaussian_pyramid(a, prefilter=cast("Any", "gauss")), "gauss"),
        (lambda a: gaussian_pyramid(a[:0]), r"\(0, 31\)"),
        (lambda a: gaussian_pyramid(a.astype(np.int32)), "int32"),
        (lambda _: gaussian_pyramid(with_nan()), "2 of 20 samples are not finite"),
        (lambda _: laplacian_pyramid(with_nan()), "2 of 20 samples are not finite"),
        (lambda _: laplacian_pyramid(with_nan(), octaves=[with_nan()]), "2 of 20"),
        (lambda a: laplacian_pyramid(a, 6), "got 6"),
        (lambda a: laplacian_pyramid(a, octaves=[a, a]), r"\(10, 16\)"),
        (lambda a: laplacian_pyramid(a, 2, octaves=gaussian_pyramid(a, 1)), r"\(5, 8\)"),
        (lambda a: laplacian_pyramid(a, octaves=[]), "got -1"),
        (lambda a: laplacian_pyramid(a).signed_band(5), "0 to 4, got 5"),
        (lambda a: laplacian_pyramid(a).collapse(down_to=6), "0 to 5, got 6"),
        (lambda a: laplacian_pyramid(a).collapse([1, 1]), "6 finite numbers"),
        (lambda a: laplacian_pyramid(a).collapse([1, 1, 1, 1, 1, math.nan]), "6 finite numbers"),
        (lambda _: difference_of_gaussians([]), "at least one"),
        (lambda _: max_levels((0, 4)), r"\(0, 4\)"),
        (lambda _: level_shapes((3, 4), 3), "0 to 2 for 3 x 4 pixels, got 3"),
    ],
)
def test_refusals_name_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((20, 31), np.uint8))


def test_progress_rises_to_one_and_cancel_stops() -> None:
    image = picture((600, 700, 3), np.uint8)
    octaves = gaussian_pyramid(image)
    pyramid = laplacian_pyramid(image)
    work: list[Callable[[Ticket], object]] = [
        lambda ticket: gaussian_pyramid(image, ticket=ticket),
        lambda ticket: laplacian_pyramid(image, ticket=ticket),
        lambda ticket: laplacian_pyramid(image, octaves=octaves, ticket=ticket),
        lambda ticket: difference_of_gaussians(octaves, ticket),
        lambda ticket: pyramid.collapse(ticket=ticket),
        lambda ticket: pyramid.collapse([2.0] * (pyramid.levels + 1), ticket=ticket),
    ]
    for start in work:
        fractions: list[float] = []
        start(Ticket(fractions.append))
        assert fractions == sorted(fractions)
        assert fractions[-1] == pytest.approx(1)
        stopped = Ticket()
        stopped.cancel()
        with pytest.raises(Cancelled):
            start(stopped)
