"""One step down and the steps up, against SciPy and formulas in float64."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from pyrviewer.compute.pyramid import (
    expand,
    gaussian_pyramid,
    level_shapes,
    max_levels,
    reduce,
    upsample,
    upsample_region,
)
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from pyrviewer.compute.prefilter import Prefilter

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

DTYPES = [np.uint8, np.uint16, np.float32]
SHAPES = [
    (1, 1),
    (1, 7),
    (6, 1),
    (2, 2),
    (2, 3),
    (9, 8),
    (16, 16),
    (33, 21),
    (40, 57, 3),
    (7, 5, 4),
]
# Largest deviation from float64 that rounding can cause, in units of the last place.
ROUNDING = {np.uint8: 0.5, np.uint16: 0.5, np.float32: 2e-7}


def picture(shape: tuple[int, ...], dtype: type[Any], seed: int = 0) -> Array:
    """White noise over the whole range of the dtype: the worst case for rounding and borders."""
    rng = np.random.default_rng([seed, *shape])
    if dtype is np.float32:
        return rng.random(shape, dtype=np.float32)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


def along(axis: int, values: Floats, side: int, taps: list[list[tuple[int, float]]]) -> Floats:
    """Apply one list of (index, weight) for each output sample."""
    matrix = np.zeros((len(taps), side))
    for row, pairs in enumerate(taps):
        for index, weight in pairs:
            matrix[row, index] += weight
    return np.asarray(np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis))


def reference_expand(octave: Array, shape: tuple[int, ...]) -> Floats:
    """Even samples (1, 6, 1) / 8, odd ones (1, 1) / 2; mirrored before, repeated after."""
    values = octave.astype(np.float64)
    for axis in (0, 1):
        side = values.shape[axis]

        def fold(i: int, side: int = side) -> int:
            return min(abs(i), side - 1)

        taps = [
            [(fold(j // 2 - 1), 1 / 8), (j // 2, 6 / 8), (fold(j // 2 + 1), 1 / 8)]
            if j % 2 == 0
            else [(j // 2, 1 / 2), (fold(j // 2 + 1), 1 / 2)]
            for j in range(shape[axis])
        ]
        values = along(axis, values, side, taps)
    return values


def reference_filter(octave: Array, weights: list[float]) -> Floats:
    """Both axes in float64; SciPy's "mirror" is reflect-101."""
    values = octave.astype(np.float64)
    for axis in (0, 1):
        values = ndimage.correlate1d(values, weights, axis=axis, mode="mirror")
    return np.asarray(values)


def sample_linearly(values: Floats, shape: tuple[int, int]) -> Floats:
    """Linear interpolation at the centres of cells that divide each side edge to edge."""
    for axis, count in enumerate(shape):
        side = values.shape[axis]
        taps = []
        for i in range(count):
            position = min(max((i + 0.5) * side / count - 0.5, 0.0), side - 1.0)
            left = math.floor(position)
            right = min(left + 1, side - 1)
            taps.append([(left, 1 - (position - left)), (right, position - left)])
        values = along(axis, values, side, taps)
    return values


def mean_of_cells(octave: Array, shape: tuple[int, int]) -> Floats:
    """Area of each pixel within the cells that divide each side edge to edge."""
    values = octave.astype(np.float64)
    for axis, count in enumerate(shape):
        side = values.shape[axis]
        cell = side / count
        taps = [
            [
                (p, max(min(p + 1, (i + 1) * cell) - max(p, i * cell), 0.0) / cell)
                for p in range(side)
            ]
            for i in range(count)
        ]
        values = along(axis, values, side, taps)
    return values


def limits(values: Floats, dtype: type[Any]) -> Floats:
    """Clip to what the dtype can hold: ringing filters overshoot."""
    if dtype is np.float32:
        return values
    return np.clip(values, 0, np.iinfo(dtype).max)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_binomial_is_five_taps_at_the_even_samples(
    shape: tuple[int, ...], dtype: type[Any]
) -> None:
    octave = picture(shape, dtype)
    expected = reference_filter(octave, [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16])[::2, ::2]
    reduced = reduce(octave)
    assert reduced.dtype == octave.dtype
    assert reduced.shape == expected.shape
    assert np.abs(reduced - expected).max() <= ROUNDING[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_other_prefilters_at_ratio_two(shape: tuple[int, ...], dtype: type[Any]) -> None:
    octave = picture(shape, dtype)
    height, width = shape[:2]
    half = (math.ceil(height / 2), math.ceil(width / 2))
    x = np.arange(-5, 6)
    windowed = np.sinc(x / 2) * np.sinc(x / 6)
    even = [(0, 2 * n - side) for n, side in zip(half, shape[:2], strict=True)]
    padded = np.pad(octave, even + [(0, 0)] * (octave.ndim - 2), mode="edge")
    footprint = (3, 3) + (1,) * (octave.ndim - 2)
    expected: dict[Prefilter, Array] = {
        "none": octave[::2, ::2],
        "max": ndimage.maximum_filter(octave, footprint, mode="mirror")[::2, ::2],
        "box": mean_of_cells(padded, half),
        "area": mean_of_cells(octave, half),
        "lanczos": limits(
            reference_filter(octave, (windowed / windowed.sum()).tolist())[::2, ::2], dtype
        ),
    }
    for prefilter, values in expected.items():
        reduced = reduce(octave, prefilter=prefilter)
        assert reduced.dtype == octave.dtype
        assert reduced.shape == values.shape, prefilter
        # Lanczos sums its eleven taps in float32: of 65535 a hundredth may go astray.
        bound = 5e-7 if dtype is np.float32 else 0.51
        assert np.abs(reduced.astype(np.float64) - values).max() <= bound, prefilter


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ratio", [1.1, 1.4, 2.5, 3.0, 4.0])
def test_other_ratios(ratio: float, dtype: type[Any]) -> None:
    octave = picture((41, 56, 3), dtype)
    shape = (math.floor(41 / ratio + 0.5), math.floor(56 / ratio + 0.5))
    sigma = math.sqrt((ratio**2 - 1) / 3)
    radius = math.ceil(3 * sigma)
    smooth = octave.astype(np.float64)
    for axis in (0, 1):
        smooth = ndimage.gaussian_filter1d(smooth, sigma, axis, mode="mirror", radius=radius)
    x = np.arange(-math.ceil(3 * ratio) + 1, math.ceil(3 * ratio))
    windowed = np.sinc(x / ratio) * np.sinc(x / (3 * ratio))
    lanczos = limits(reference_filter(octave, (windowed / windowed.sum()).tolist()), dtype)
    expected: dict[Prefilter, Floats] = {
        "none": sample_linearly(octave.astype(np.float64), shape),
        "binomial": sample_linearly(smooth, shape),
        "lanczos": sample_linearly(lanczos, shape),
        "area": mean_of_cells(octave, shape),
        "box": mean_of_cells(octave, shape),
    }
    # Filtered and sampled octaves are rounded twice, and the integer weights of OpenCV once more.
    bound = {np.uint8: 1.5, np.uint16: 1.5, np.float32: 2e-6}[dtype]
    for prefilter, values in expected.items():
        reduced = reduce(octave, prefilter=prefilter, ratio=ratio)
        assert reduced.shape == values.shape, prefilter
        deviation = reduced - values
        assert np.abs(deviation).max() <= bound, prefilter
        assert abs(deviation.mean()) <= 0.1 * bound, prefilter


@pytest.mark.parametrize("dtype", [*DTYPES, np.int16])
def test_expand_inserts_and_smooths(dtype: type[Any]) -> None:
    for height in range(1, 10):
        for width in range(1, 10):
            shape = (height, width, 3)
            octave = picture((-(-height // 2), -(-width // 2), 3), dtype)
            finer = expand(octave, shape)
            assert finer.dtype == octave.dtype
            deviation = np.abs(finer - reference_expand(octave, shape))
            assert deviation.max() <= ROUNDING.get(dtype, 0.5)


def test_expand_rounds_int32_as_int16() -> None:
    octave = picture((20, 31), np.int16)
    np.testing.assert_array_equal(
        expand(octave.astype(np.int32), (39, 62)), expand(octave, (39, 62)).astype(np.int32)
    )
    wide = np.random.default_rng(3).integers(-65535, 65536, (20, 31), dtype=np.int32)
    deviation = np.abs(expand(wide, (39, 62)) - reference_expand(wide, (39, 62)))
    assert 0.4 < deviation.max() <= 0.5


@pytest.mark.parametrize("dtype", DTYPES)
def test_upsample_repeats_expand(dtype: type[Any]) -> None:
    image = picture((45, 70, 3), dtype)
    octaves = gaussian_pyramid(image)
    for level, octave in enumerate(octaves):
        expected: Array = octave
        for shape in reversed(level_shapes(image.shape, level)[:-1]):
            expected = reference_expand(expected, shape)
        whole = upsample(octave, level, image.shape)
        assert whole.dtype == image.dtype
        assert whole.shape == image.shape
        # Each step rounds once, and interpolation never magnifies an error.
        assert np.abs(whole - expected).max() <= max(level, 1) * ROUNDING[dtype]


@pytest.mark.parametrize(
    ("prefilter", "ratio"),
    [
        ("binomial", 2.0),
        ("none", 2.0),
        ("lanczos", 2.0),
        ("box", 2.0),
        ("area", 2.0),
        ("binomial", 1.4),
        ("none", 3.0),
        ("area", 1.4),
        ("lanczos", 2.5),
    ],
)
def test_upsample_leaves_a_ramp_in_place(prefilter: Prefilter, ratio: float) -> None:
    y, x = np.mgrid[0:301, 0:402].astype(np.float32)
    for ramp in (x, y):
        octaves = gaussian_pyramid(ramp, 2, prefilter=prefilter, ratio=ratio)
        whole = upsample(octaves[2], 2, ramp.shape, prefilter=prefilter, ratio=ratio)
        # A slip of half a pixel of level 2 would show as 0.48 or more. Borders bend the ramp, and
        # cells of "area" that cut through pixels see its steps.
        inside = np.s_[100:200, 130:270]
        assert np.abs(whole[inside] - ramp[inside]).max() < 0.15


@pytest.mark.parametrize("dtype", [*DTYPES, np.int16, np.int32])
def test_upsample_region_is_a_crop_of_the_whole(dtype: type[Any]) -> None:
    rng = np.random.default_rng(11)
    settings: list[tuple[Prefilter, float]] = [
        ("binomial", 2.0),
        ("max", 2.0),
        ("box", 2.0),
        ("area", 2.0),
        ("binomial", 1.4),
        ("none", 3.7),
    ]
    for trial in range(240):
        prefilter, ratio = settings[trial % len(settings)]
        shape = (int(rng.integers(1, 150)), int(rng.integers(1, 150)))
        level = int(rng.integers(0, max_levels(shape, ratio) + 1))
        target = int(rng.integers(0, level + 1))
        shapes = level_shapes(shape, level, ratio)
        channels = ((), (3,), (4,))[trial % 3]
        octave = picture((*shapes[level], *channels), np.float32, trial) * 65535
        octave = octave.astype(dtype)
        (y0, y1), (x0, x1) = (
            sorted(rng.choice(side + 1, 2, replace=False).tolist()) for side in shapes[target]
        )
        part = upsample_region(
            octave, level, shape, (x0, y0, x1, y1), target, prefilter=prefilter, ratio=ratio
        )
        if target == 0:
            whole = upsample(octave, level, shape, prefilter=prefilter, ratio=ratio)
        else:
            height, width = shapes[target]
            everything = (0, 0, width, height)
            whole = upsample_region(
                octave, level, shape, everything, target, prefilter=prefilter, ratio=ratio
            )
        assert part.dtype == octave.dtype
        assert part.flags.c_contiguous
        np.testing.assert_array_equal(part, whole[y0:y1, x0:x1])


def test_upsample_region_stops_at_an_intermediate_level() -> None:
    image = picture((83, 60), np.uint8)
    octaves = gaussian_pyramid(image)
    expected = expand(expand(octaves[4], octaves[3].shape), octaves[2].shape)
    height, width = expected.shape
    np.testing.assert_array_equal(
        upsample_region(octaves[4], 4, image.shape, (0, 0, width, height), 2), expected
    )


def test_upsample_region_touches_only_what_it_needs() -> None:
    octave = np.full((50, 50), np.nan, np.float32)
    octave[19:23, 29:33] = 1
    part = upsample_region(octave, 1, (100, 100), (60, 40, 64, 44))
    np.testing.assert_array_equal(part, np.ones((4, 4), np.float32))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: reduce(a, ratio=1.05), "1.05"),
        (lambda a: reduce(a, ratio=math.nan), "nan"),
        (lambda a: reduce(a, ratio=4.5), "4.5"),
        (lambda a: reduce(a, prefilter="max", ratio=1.4), r"'max' .* ratio 1\.4"),
        (lambda a: reduce(a, prefilter=cast("Any", "sharp")), "sharp"),
        (lambda a: reduce(a, (3, 3)), r"\(8, 9\).*\(3, 3\)"),
        (lambda a: reduce(a, (9, 6), ratio=1.4), r"\(8, 9\).*\(9, 6\)"),
        (lambda a: expand(a, (17, 18)), r"\(8, 9\).*17 x 18"),
        (lambda a: upsample(a, 1, (30, 30)), r"\(15, 15\).*\(8, 9\)"),
        (lambda a: upsample(a, 9, (16, 18)), "0 to 5 .* got 9"),
        (lambda a: upsample_region(a, 1, (16, 18), (4, 4, 4, 8)), r"\(4, 4, 4, 8\)"),
        (lambda a: upsample_region(a, 1, (16, 18), (0, 0, 19, 8)), "16 x 18"),
        (lambda a: upsample_region(a, 1, (16, 18), (0, 0, 1, 1), 2), "0 to 1, got 2"),
    ],
)
def test_refusals_name_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((8, 9), np.uint8))


@pytest.mark.parametrize("ratio", [1.4, 2.0])
def test_a_cancelled_ticket_stops_an_upsampling(ratio: float) -> None:
    prefilter: Prefilter = "lanczos"
    octave = reduce(np.zeros((64, 64), np.uint8), prefilter=prefilter, ratio=ratio)
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        upsample(octave, 1, (64, 64), prefilter=prefilter, ratio=ratio, ticket=ticket)
    with pytest.raises(Cancelled):
        reduce(octave, prefilter=prefilter, ratio=ratio, ticket=ticket)
