"""The contract of arrays: what is accepted, converted with a note, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pyrviewer.compute import image
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.image import Array, Origin

ORIGIN = Origin("computed", "result")


# --- the contract of arrays


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (5, 7, 3), (5, 7, 4)])
def test_arrays_that_keep_the_contract_stay_as_they_are(
    dtype: type[np.generic], shape: tuple[int, ...]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    got = image.from_array(pixels, ORIGIN)
    assert got.pixels.dtype == got.dtype == dtype
    assert got.notes == ()
    np.testing.assert_array_equal(got.pixels, pixels)
    image.check(got.pixels)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (np.array([[True, False]]), np.uint8, [[255, 0]]),
        (np.array([[0, 255]], np.int64), np.uint8, [[0, 255]]),
        (np.array([[0, 256]], np.int32), np.uint16, [[0, 256]]),
        (np.array([[0, 65535]], np.uint32), np.uint16, [[0, 65535]]),
        (np.array([[0, 65536]], np.uint64), np.float32, [[0, 65536]]),
        (np.array([[-1, 5]], np.int16), np.float32, [[-1, 5]]),
        (np.array([[-1, 5]], np.int8), np.float32, [[-1, 5]]),
        (np.array([[0.5, -2.0]], np.float16), np.float32, [[0.5, -2.0]]),
        (np.array([[0.1, 1e30]], np.float64), np.float32, np.array([[0.1, 1e30]], np.float32)),
    ],
)
def test_other_dtypes_are_converted_with_a_note(
    values: npt.NDArray[Any], dtype: type[np.generic], expected: npt.ArrayLike
) -> None:
    got = image.from_array(values, ORIGIN)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.pixels, expected)
    assert len(got.notes) == 1
    assert str(values.dtype) in got.notes[0]
    assert np.dtype(dtype).name in got.notes[0]


def test_values_that_float32_rounds_are_mentioned() -> None:
    got = image.from_array(np.array([[0, (1 << 24) + 1]]), ORIGIN)
    assert "rounded" in got.notes[0]
    assert "rounded" not in image.from_array(np.array([[0, 1 << 24]]), ORIGIN).notes[0]


@pytest.mark.parametrize("stored", ["<u2", ">u2"])
def test_byte_order_is_made_native(stored: str) -> None:
    got = image.from_array(np.array([[1, 515]], stored), ORIGIN)
    assert got.dtype.isnative
    np.testing.assert_array_equal(got.pixels, [[1, 515]])


def test_one_and_two_channels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 2), np.uint8)
    one = image.from_array(pixels[..., :1], ORIGIN)
    np.testing.assert_array_equal(one.pixels, pixels[..., 0])
    two = image.from_array(pixels, ORIGIN)
    for channel, source in enumerate((0, 0, 0, 1)):
        np.testing.assert_array_equal(two.pixels[..., channel], pixels[..., source])
    assert "transparency" in two.notes[0]


@pytest.mark.parametrize("shape", [(), (4,), (4, 5, 5), (2, 4, 5, 3), (4, 5, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"^result is not an image: its shape is "):
        image.from_array(np.zeros(shape, np.uint8), ORIGIN)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0, 3)])
def test_no_pixels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"^result has no pixels: its shape is "):
        image.from_array(np.zeros(shape, np.uint8), ORIGIN)


@pytest.mark.parametrize(
    "values", [[["a", "b"]], [[1j]], [[None]], [[np.datetime64("2026-01-01")]]]
)
def test_other_kinds_of_values_are_refused(values: npt.ArrayLike) -> None:
    with pytest.raises(UserError, match=r"^result is not an image: its values are of the kind "):
        image.from_array(np.array(values), ORIGIN)


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(UserError, match=r"^result is not an image: its rows differ"):
        image.from_array([[1, 2], [3]], ORIGIN)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_that_are_not_finite_are_counted(dtype: type[np.generic]) -> None:
    pixels = np.zeros((50, 60, 3), dtype)
    pixels[3, 4, 1], pixels[40, 50], pixels[49, 59, 2] = np.nan, np.inf, -np.inf
    with pytest.raises(UserError, match=r"^result holds 5 values that are not a finite"):
        image.from_array(pixels, ORIGIN)


def test_a_number_too_large_for_float32_is_not_finite() -> None:
    with pytest.raises(UserError, match=r"^result holds 1 value that is not a finite"):
        image.from_array(np.array([[1.0, 1e39]]), ORIGIN)


def test_images_cannot_be_changed_from_either_side() -> None:
    pixels = np.zeros((4, 5), np.uint8)
    got = image.from_array(pixels, ORIGIN)
    pixels[0, 0] = 9
    assert got.pixels[0, 0] == 0
    assert pixels.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        got.pixels[0, 0] = 1


def test_read_only_arrays_are_shared_and_views_made_contiguous() -> None:
    pixels = np.arange(20, dtype=np.uint8).reshape(4, 5)
    pixels.setflags(write=False)
    assert image.from_array(pixels, ORIGIN).pixels is pixels
    turned = image.from_array(pixels.T, ORIGIN).pixels
    assert turned.flags.c_contiguous
    np.testing.assert_array_equal(turned, pixels.T)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 5), np.int32),
        np.zeros((4, 5), ">u2"),
        np.zeros((4, 5, 1), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.zeros(5, np.uint8),
    ],
)
def test_check_names_shape_and_dtype(pixels: Array) -> None:
    with pytest.raises(ValueError, match="uint8, uint16 or float32, not shape ") as caught:
        image.check(pixels)
    assert str(pixels.shape) in str(caught.value)
    assert str(pixels.dtype) in str(caught.value)


def test_check_refuses_what_is_no_array() -> None:
    with pytest.raises(ValueError, match="not list"):
        image.check([[1]])  # type: ignore[arg-type] # on purpose


# --- conversion between the dtypes, against the formula in float64

FULL = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


@pytest.mark.parametrize("source", FULL)
@pytest.mark.parametrize("target", FULL)
def test_convert_dtype_maps_full_range_to_full_range(source: str, target: str) -> None:
    steps = 65536 if source != "uint8" else 256
    pixels = np.linspace(0, FULL[source], steps).astype(source).reshape(-1, 64)
    got = image.convert_dtype(pixels, target)
    assert got.dtype == target
    exact = pixels.astype(np.float64) * FULL[target] / FULL[source]
    if target == "float32":
        np.testing.assert_allclose(got, exact, rtol=2e-7)
    else:
        # A float32 product may fall on the other side of a half.
        assert np.abs(got - exact).max() <= (0.5 if source != "float32" else 0.504)


def test_convert_dtype_clips_and_returns_what_fits_already() -> None:
    pixels = np.array([[-1.0, 0.0, 1.0, 7.0]], np.float32)
    np.testing.assert_array_equal(image.convert_dtype(pixels, np.uint8), [[0, 0, 255, 255]])
    np.testing.assert_array_equal(image.convert_dtype(pixels, np.uint16), [[0, 0, 65535, 65535]])
    assert image.convert_dtype(pixels, np.float32) is pixels
    with pytest.raises(ValueError, match="not int32"):
        image.convert_dtype(pixels, np.int32)
