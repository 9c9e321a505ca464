"""Comparisons and what files can hold of signed bands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from pyrviewer.compute import signed

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(37, 53), (64, 33, 3), (1, 1), (700, 900, 4)])
def test_psnr_and_error_are_scikit_images(dtype: type, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    top = np.iinfo(dtype).max
    original: Array = rng.integers(0, top + 1, shape).astype(dtype)
    result: Array = rng.integers(0, top + 1, shape).astype(dtype)
    found = signed.compare(result, original)
    exact = result.astype(np.int64) - original
    assert np.array_equal(found.difference, exact)
    assert found.max_error == np.abs(exact).max()
    expected = peak_signal_noise_ratio(original, result, data_range=int(top))
    assert found.psnr == pytest.approx(expected, rel=1e-6)
    assert not found.exact


def test_equal_images_are_exact() -> None:
    original = np.random.default_rng(4).random((20, 30, 3), np.float32)
    found = signed.compare(original.copy(), original)
    assert found.exact
    assert math.isinf(found.psnr)
    assert not found.difference.any()


def test_one_wrong_sample_is_not_exact() -> None:
    original = np.full((300, 300), 65535, np.uint16)
    result = original.copy()
    result[299, 299] = 0
    found = signed.compare(result, original)
    assert found.max_error == 65535
    assert found.difference[299, 299] == -65535
    assert not found.exact


def test_floats_above_one_raise_the_peak() -> None:
    original = np.full((10, 10), 4.0, np.float32)
    found = signed.compare(original - 1, original)
    assert found.psnr == pytest.approx(20 * math.log10(4.0))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        signed.compare(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))
    with pytest.raises(ValueError, match="uint16"):
        signed.compare(np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.uint16))


def test_savable_bands_come_back() -> None:
    band = np.array([[-255, 0, 255]], np.int16)
    saved = signed.savable(band)
    assert saved.dtype == np.uint16
    assert np.array_equal(saved.astype(np.int32) - 32768, band)
    wide = np.array([[-65535, 0, 65535]], np.int32)
    assert np.array_equal(signed.savable(wide).astype(np.int64), wide)
    photo = np.zeros((2, 2), np.uint8)
    assert signed.savable(photo) is photo
