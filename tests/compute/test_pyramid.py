"""Gaussian and Laplacian pyramids, against formulas in float64, SciPy and counting."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

DTYPES = [np.uint8, np.uint16, np.float32]
SIGNED = {np.uint8: np.int16, np.uint16: np.int32, np.float32: np.float32}
FULL = {np.uint8: 255.0, np.uint16: 65535.0, np.float32: 1.0}
# Largest rounding of one step: half a unit for integers, an ulp or two of 1 for float32.
ROUNDING = {np.uint8: 0.5, np.uint16: 0.5, np.float32: 2e-7}


def picture(shape: tuple[int, ...], dtype: type[Any], seed: int = 0) -> Array:
    """Half noise, half nothing but darkest and brightest, which wraps in every band."""
    rng = np.random.default_rng([seed, *shape])
    values = rng.random(shape)
    if seed % 2:
        values = np.rint(values)
    values *= FULL[dtype]
    return (values if dtype is np.float32 else np.rint(values)).astype(dtype)


def mirrored(i: int, side: int) -> int:
    """Fold an index about the outermost samples (reflect-101)."""
    while not 0 <= i < side:
        i = -i if i < 0 else 2 * (side - 1) - i
        if side == 1:
            return 0
    return i


def reduction(side: int) -> Floats:
    """Build the matrix of one REDUCE step of Burt and Adelson."""
    matrix = np.zeros((math.ceil(side / 2), side))
    for i in range(len(matrix)):
        for offset, weight in zip(range(-2, 3), (1, 4, 6, 4, 1), strict=True):
            matrix[i, mirrored(2 * i + offset, side)] += weight / 16
    return matrix


def expansion(side: int, finer: int) -> Floats:
    """Build the matrix of one EXPAND step: mirrored before, repeated after."""
    matrix = np.zeros((finer, side))
    for j in range(finer):
        for offset, weight in (
            ((-1, 1 / 8), (0, 6 / 8), (1, 1 / 8)) if j % 2 == 0 else ((0, 0.5), (1, 0.5))
        ):
            matrix[j, min(abs(j // 2 + offset), side - 1)] += weight
    return matrix


def both_axes(rows: Floats, columns: Floats, values: Array) -> Floats:
    """Apply one matrix to the rows and one to the columns."""
    return np.asarray(np.einsum("ih,jw,hw...->ij...", rows, columns, values, optimize=True))


def reduced(values: Array) -> Floats:
    return both_axes(reduction(values.shape[0]), reduction(values.shape[1]), values.astype(float))


def expanded(values: Array, shape: tuple[int, ...]) -> Floats:
    rows, columns = (expansion(values.shape[axis], shape[axis]) for axis in (0, 1))
    return both_axes(rows, columns, values.astype(float))


def random_shapes(count: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(2)
    channels: list[tuple[int, ...]] = [(), (3,), (4,)]
    return [(*map(int, rng.integers(1, 70, 2)), *channels[i % 3]) for i in range(count)]


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
