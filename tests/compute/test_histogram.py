"""Counts of values, against numpy's own over the whole array."""

from __future__ import annotations

import numpy as np
import pytest

from pyrviewer.compute.histogram import histogram


@pytest.mark.parametrize("shape", [(41, 67), (300, 500, 3), (1, 1)])
def test_uint8_counts_are_exact(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    found = histogram(pixels)
    for channel, counts in enumerate(found.counts):
        flat = pixels.reshape(*shape[:2], -1)[..., channel].ravel()
        assert np.array_equal(counts, np.bincount(flat, minlength=256))
    assert np.array_equal(found.edges, np.arange(257))
    assert found.low == pytest.approx((pixels == 0).mean())
    assert found.high == pytest.approx((pixels == 255).mean())


def test_uint16_bins_hold_256_values_each() -> None:
    pixels = np.random.default_rng(2).integers(0, 65536, (200, 300)).astype(np.uint16)
    found = histogram(pixels)
    assert np.array_equal(found.counts[0], np.bincount(pixels.ravel() >> 8, minlength=256))


def test_signed_bands_span_what_occurs() -> None:
    band = np.array([[-7, -1, 0, 3, 9]], np.int16)
    found = histogram(band)
    assert (found.edges[0], found.edges[-1]) == (-7, 9)
    assert found.counts.sum() == 5


def test_alpha_is_ignored() -> None:
    pixels = np.zeros((4, 5, 4), np.uint8)
    pixels[..., 3] = 255
    found = histogram(pixels)
    assert found.counts.shape[0] == 3
    assert found.high == 0


def test_a_flat_float_image_has_one_bin_filled() -> None:
    found = histogram(np.full((6, 7), 0.25, np.float32))
    assert np.count_nonzero(found.counts) == 1
    assert found.counts.sum() == 42
