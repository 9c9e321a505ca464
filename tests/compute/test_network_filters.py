"""Filters of every channel, on small planes and large ones, against the sum written out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pyrviewer.compute.network.filters import SMALL, Filters
from pyrviewer.compute.network.layers import Depthwise

Array = npt.NDArray[Any]

CHANNELS = 7
SHAPES = [(1, 1), (1, 9), (2, 3), (13, 8), (48, 48), (49, 48), (70, 35)]


def drawn(*shape: int) -> Array:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def correlated(maps: Array, weight: Array, bias: Array, anchor: int) -> Array:
    """Sum up in float64 what lies under the kernel, whose anchor is on the pixel."""
    size = weight.shape[-1]
    pad = (anchor, size - 1 - anchor)
    padded = np.pad(maps.astype(np.float64), ((0, 0), pad, pad))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))
    made = np.einsum("cyxij,cij->cyx", windows, weight.astype(np.float64))
    return np.asarray(made + bias[:, None, None])


def filtered(filters: Filters, maps: Array) -> Array:
    """Filter into every second plane of a larger array, whose others stay."""
    sizes = [-(-side // filters.stride) for side in maps.shape[1:]]
    out = np.full((len(maps), 2, *sizes), 7, np.float32)
    filters(maps, out[:, 0])
    assert (out[:, 1] == 7).all()
    return out[:, 0]


def test_both_ways_are_tried() -> None:
    assert {height * width <= SMALL for height, width in SHAPES} == {True, False}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "anchor"), [(3, 0), (3, 1), (3, 2), (5, 1), (5, 2), (5, 3)])
def test_it_is_the_sum(shape: tuple[int, int], size: int, anchor: int) -> None:
    weight, bias, planes = drawn(CHANNELS, size, size), drawn(CHANNELS), drawn(CHANNELS, 2, *shape)
    before = planes.copy()
    wanted = correlated(planes[:, 1], weight, bias, anchor)
    for stride in (1, 2):
        found = filtered(Filters(weight, bias, anchor, stride), planes[:, 1])
        np.testing.assert_allclose(found, wanted[:, ::stride, ::stride], atol=2e-5)
    np.testing.assert_array_equal(planes, before)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(("rate", "stride"), [(1, 1), (1, 2), (2, 1), (3, 1)])
@pytest.mark.parametrize("shape", [(5, 4), (31, 22), (120, 131)])
def test_the_way_back_is_the_transpose(
    shape: tuple[int, int], rate: int, stride: int, size: int
) -> None:
    layer = Depthwise(drawn(CHANNELS, size, size), np.zeros(CHANNELS, np.float32), stride)
    maps = drawn(CHANNELS, *shape)
    made = np.empty((CHANNELS, *(-(-side // stride) for side in shape)), np.float32)
    layer.forward(maps, rate, stride, made)
    gradient, back = drawn(*made.shape), np.empty_like(maps)
    layer.backward(gradient, rate, stride, back)
    there = np.vdot(made.astype(np.float64), gradient)
    np.testing.assert_allclose(np.vdot(maps.astype(np.float64), back), there, rtol=1e-4)


def test_nothing_under_a_kernel_makes_exactly_nothing() -> None:
    maps = np.zeros((CHANNELS, 20, 20), np.float32)
    maps[:, 9, 11] = 1
    found = filtered(Filters(drawn(CHANNELS, 5, 5), np.zeros(CHANNELS, np.float32), 2), maps)
    found[:, 7:12, 9:14] = 0
    assert not found.any()


def test_threads_and_other_sizes_change_no_bit() -> None:
    weight, bias = drawn(CHANNELS, 5, 5), drawn(CHANNELS)
    planes = [drawn(CHANNELS, side, 40 - side) for side in range(5, 30)]
    alone = [filtered(Filters(weight, bias, 2), each) for each in planes]
    shared = Filters(weight, bias, 2)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: filtered(shared, each), planes * 4))
    for found, wanted in zip(together, alone * 4, strict=True):
        np.testing.assert_array_equal(found, wanted)
