"""Samples and bytes of a pyramid, counted by hand and against the bound."""

from __future__ import annotations

import numpy as np
import pytest

from pyrviewer.compute.pyramid import gaussian_pyramid, storage


def test_storage_counts_samples_and_bytes() -> None:
    octaves = gaussian_pyramid(np.zeros((5, 9, 3), np.uint16))
    counted = storage(octaves)
    assert counted.samples == (135, 45, 18, 6, 3)
    assert counted.nbytes == (270, 90, 36, 12, 6)
    assert counted.cumulative == pytest.approx((1, 180 / 135, 198 / 135, 204 / 135, 207 / 135))
    assert counted.total == pytest.approx(207 / 135)
    assert counted.bound == pytest.approx(4 / 3 + (5 + 9 + 4) / 45)
    assert storage(gaussian_pyramid(np.zeros((20, 20), np.uint8), ratio=1.5)).bound is None


def test_storage_bound_holds_where_four_thirds_does_not() -> None:
    unused = []
    for height in range(1, 65):
        for width in range(1, 65):
            octaves = gaussian_pyramid(np.zeros((height, width), np.uint8))
            for levels in range(len(octaves)):
                counted = storage(octaves[: levels + 1])
                bound = 4 / 3 + (height + width + levels) / (height * width)
                assert counted.bound == pytest.approx(bound)
                assert counted.total <= bound
            unused.append((bound - counted.total) / (bound - 4 / 3))
    # Sides of 2**k + 1 need two thirds of what the bound grants beyond 4 / 3.
    assert 0.33 < min(unused) < 0.36
    odd = storage(gaussian_pyramid(np.zeros((3, 3), np.uint8)))
    assert odd.total == pytest.approx(14 / 9)
    assert odd.total > 4 / 3


def test_nothing_to_count_is_refused() -> None:
    with pytest.raises(ValueError, match="arrays with samples"):
        storage([])
    with pytest.raises(ValueError, match=r"\(0, 4\)"):
        storage([np.zeros((0, 4), np.uint8)])
