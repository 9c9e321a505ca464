"""Atrous convolution against values of PyTorch and SciPy, and against formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage, signal

from pyrviewer.compute import atrous
from pyrviewer.compute.receptive_field import (
    Convolution,
    Weighted,
    effective_receptive_field,
    reached,
    receptive_field,
)
from pyrviewer.compute.ticket import Cancelled, Ticket

Array = npt.NDArray[Any]

with np.load(Path(__file__).parents[1] / "reference_values" / "pooling.npz") as _file:
    SAVED: dict[str, Array] = dict(_file)
CASES = sorted({name.split("/")[1] for name in SAVED if name.startswith("atrous/")})


def noise(*shape: int) -> Array:
    return np.random.default_rng(7).standard_normal(shape)


def dilated(kernel: Array, rate: int) -> Array:
    """Put zeros between the taps."""
    wide = np.zeros([(k - 1) * rate + 1 for k in kernel.shape])
    wide[::rate, ::rate] = kernel
    return wide


# Convolution


@pytest.mark.parametrize("case", CASES)
def test_values_of_pytorch(case: str) -> None:
    features, weights, bias = (
        SAVED[f"atrous/{case}/{key}"].astype(np.float32) / 64
        for key in ("features", "weights", "bias")
    )
    rate, stride = (int(step) for step in SAVED[f"atrous/{case}/steps"])
    result = atrous.atrous_conv2d(features, weights, rate, bias, stride)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, SAVED[f"atrous/{case}/result"], atol=2e-5, rtol=0)


def test_more_than_fifty_shapes_are_saved() -> None:
    assert len(CASES) + len([name for name in SAVED if name.endswith("/levels")]) >= 50


@pytest.mark.parametrize("rate", [1, 3, 7])
def test_strips_leave_no_seam(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    features, weights = noise(3, 23, 17), noise(2, 3, 3, 3)
    expected = [
        sum(
            ndimage.correlate(f, dilated(k, rate), mode="constant")
            for f, k in zip(features, kernels, strict=True)
        )
        for kernels in weights
    ]
    for size in (1, 20_000, 1 << 23):
        monkeypatch.setattr(atrous, "_COLUMN_BYTES", size)
        result = atrous.atrous_conv2d(features, weights, rate)
        assert result.dtype == np.float64
        np.testing.assert_allclose(result, expected, atol=1e-12)


def test_large_rates_leave_the_middle_tap() -> None:
    features, weights = noise(3, 8, 11), noise(4, 3, 3, 3)
    point = np.einsum("oc,chw->ohw", weights[:, :, 1, 1], features)
    np.testing.assert_allclose(atrous.atrous_conv2d(features, weights, 11), point, atol=1e-12)


def test_no_tap_of_an_even_kernel_is_left_but_the_bias() -> None:
    result = atrous.atrous_conv2d(noise(2, 4, 4), noise(2, 2, 2, 2), 9, np.array([3, -1]))
    np.testing.assert_array_equal(result, np.broadcast_to([[[3]], [[-1]]], (2, 4, 4)))


@pytest.mark.parametrize("name", atrous.KERNELS)
def test_each_map_is_filtered_by_itself(name: str) -> None:
    features, rate = noise(3, 9, 12), 2
    kernel = np.array(atrous.KERNELS[name])
    expected = [ndimage.correlate(f, dilated(kernel, rate), mode="constant") for f in features]
    np.testing.assert_allclose(atrous.atrous_filter(features, kernel, rate), expected, atol=1e-12)
    assert kernel.sum() == pytest.approx(1.0 if name == "mean" else 0.0)


def test_integer_maps_become_floats() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    result = atrous.atrous_conv2d(pixels, np.full((1, 1, 1, 1), 0.5, np.float32), 1)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, pixels / 2)


def test_cancelling() -> None:
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        atrous.atrous_conv2d(noise(1, 4, 4), noise(1, 1, 3, 3), 1, ticket=ticket)


@pytest.mark.parametrize(
    ("features", "weights", "rate", "stride"),
    [
        ((2, 4, 4), (1, 3, 3, 3), 1, 1),
        ((4, 4), (1, 1, 3, 3), 1, 1),
        ((2, 0, 4), (1, 2, 3, 3), 1, 1),
        ((2, 4, 4), (1, 2, 0, 3), 1, 1),
        ((2, 4, 4), (1, 2, 3, 3), 0, 1),
        ((2, 4, 4), (1, 2, 3, 3), 1, 0),
    ],
)
def test_what_does_not_fit_is_refused(
    features: tuple[int, ...], weights: tuple[int, ...], rate: int, stride: int
) -> None:
    with pytest.raises(ValueError, match=str(weights[-1])):
        atrous.atrous_conv2d(np.zeros(features), np.zeros(weights), rate, stride=stride)


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4)])
@pytest.mark.parametrize(("rate", "stride"), [(1, 1), (2, 3), (5, 2), (40, 1)])
def test_the_gradient_is_the_adjoint(kernel: tuple[int, int], rate: int, stride: int) -> None:
    features, weights = noise(3, 9, 14), noise(2, 3, *kernel)
    result = atrous.atrous_conv2d(features, weights, rate, stride=stride)
    other = np.random.default_rng(9).standard_normal(result.shape)
    back = atrous.atrous_gradient(other, weights, rate, features.shape, stride)
    assert np.vdot(result, other) == pytest.approx(np.vdot(features, back), rel=1e-12)
    with pytest.raises(ValueError, match="gradient must have shape"):
        atrous.atrous_gradient(other[:, 1:], weights, rate, features.shape, stride)


# Where taps lie


@pytest.mark.parametrize("kernel", [(3, 3), (2, 3), (4, 1)])
@pytest.mark.parametrize("rate", [1, 2, 5, 13])
def test_taps_are_what_an_impulse_reaches(kernel: tuple[int, int], rate: int) -> None:
    shape, weights = (9, 12), np.arange(1.0, 1 + np.prod(kernel)).reshape(1, 1, *kernel)
    kept = 0
    for y, x in np.ndindex(shape):
        one = np.zeros((1, *shape))
        one[0, y, x] = 1
        reached = atrous.atrous_gradient(one, weights, rate, (1, *shape))[0]
        taps = atrous.taps(x, y, kernel, rate, shape)
        expected = np.zeros(shape)
        expected[taps.y[taps.inside], taps.x[taps.inside]] = weights[0, 0][taps.inside]
        np.testing.assert_array_equal(reached, expected)
        kept += int(np.count_nonzero(taps.inside))
    share = 1 - kept / (9 * 12 * kernel[0] * kernel[1])
    assert atrous.padding_share(shape, kernel, rate) == pytest.approx(share)


def test_the_share_of_padding_when_three_by_three_collapses() -> None:
    assert atrous.padding_share((33, 65), (3, 3), 65) == pytest.approx(8 / 9)
    assert atrous.padding_share((33, 65), (1, 1), 6) == 0


@pytest.mark.parametrize(
    ("rates", "share"), [((2, 2, 2), 49 / 169), ((1, 2, 5), 1), ((1, 2, 9), 441 / 625)]
)
def test_gridding(rates: tuple[int, ...], share: float) -> None:
    counts = atrous.coverage(rates)
    stacked = np.ones((1, 1))
    for rate in rates:
        stacked = signal.convolve2d(stacked, dilated(np.ones((3, 3)), rate))
    np.testing.assert_array_equal(counts, stacked)
    assert np.mean(counts > 0) == pytest.approx(share)
    with pytest.raises(ValueError, match="at least 1"):
        atrous.coverage((*rates, 0))


@pytest.mark.parametrize("rate", [1, 2, 3, 12])
def test_phases_are_convolved_by_themselves(rate: int) -> None:
    features, weights = noise(2, 10, 11), noise(3, 2, 3, 3)
    result = atrous.atrous_conv2d(features, weights, rate)
    phases, made = atrous.polyphase(features, rate), atrous.polyphase(result, rate)
    assert sum(phase.size for row in phases for phase in row) == features.size
    for i, row in enumerate(phases):
        for j, phase in enumerate(row):
            assert np.shares_memory(phase, features) or phase.size == 0
            if phase.size:
                ordinary = atrous.atrous_conv2d(phase, weights, 1)
                np.testing.assert_allclose(made[i][j], ordinary, atol=1e-12)


# ASPP


def test_branches_of_aspp() -> None:
    features, rates = noise(3, 12, 9), (2, 4)
    point, image = noise(2, 3, 1, 1), 2 * noise(2, 3, 1, 1)
    weights = [noise(2, 3, 3, 3), 3 * noise(2, 3, 3, 3)]
    branches = atrous.aspp(features, point, weights, image, rates)
    assert list(branches) == ["1 x 1", "rate 2", "rate 4", "image pooling"]
    expected = np.einsum("oc,chw->ohw", point[..., 0, 0], features)
    np.testing.assert_allclose(branches["1 x 1"], expected, atol=1e-12)
    mean = image[..., 0, 0] @ features.mean(axis=(1, 2))
    spread = np.broadcast_to(mean[:, None, None], (2, 12, 9))
    np.testing.assert_allclose(branches["image pooling"], spread, atol=1e-12)
    for rate, kernels in zip(rates, weights, strict=True):
        first = [ndimage.correlate(f, dilated(k, rate), mode="constant")
                 for f, k in zip(features, kernels[1], strict=True)]  # fmt: skip
        np.testing.assert_allclose(branches[f"rate {rate}"][1], sum(first), atol=1e-12)
    with pytest.raises(ValueError, match="3 rates"):
        atrous.aspp(features, point, weights, image)


# Receptive fields


STACKS = [
    [(3, 1, 6)],
    [(3, 2, 1), (3, 1, 2), (2, 1, 3)],
    [(4, 2, 1), (1, 1, 1), (5, 3, 2)],
    [(3, 1, 2), (3, 1, 2), (3, 1, 2)],
]


@pytest.mark.parametrize("stack", STACKS)
def test_the_box_of_the_gradient_is_the_theory(stack: list[tuple[int, int, int]]) -> None:
    rng, shape = np.random.default_rng(2), (83, 90)
    layers = [Weighted(rng.uniform(0.5, 1, (2, 2, k, k)), s, r) for k, s, r in stack]
    theory = receptive_field([Convolution(*each) for each in stack])
    for x, y in [(7, 6), (0, 0), (2, 1)]:
        field = effective_receptive_field(layers, shape, x, y)
        assert field.shape == shape
        for axis, place, side in ((0, x, shape[1]), (1, y, shape[0])):
            start = theory.start + place * theory.jump
            stop = start + theory.size
            reached = np.flatnonzero(field.any(axis=axis))
            if start >= 0 and stop <= side:
                assert (reached[0], reached[-1] + 1) == (start, stop)
            assert reached[0] >= max(start, 0)
            assert reached[-1] < min(stop, side)


@pytest.mark.parametrize("rate", [1, 3, 7, 40])
def test_at_the_border_the_taps_on_the_map_say_what_is_seen(rate: int) -> None:
    rng, length, count = np.random.default_rng(4), 37, 19
    dense = receptive_field([Convolution(5), Convolution(3, 2)])
    layers = [
        Weighted(rng.uniform(0.5, 1, (2, 2, k, k)), s, r)
        for k, s, r in ((5, 1, 1), (3, 2, 1), (3, 1, rate))
    ]
    for place in range(count):
        field = effective_receptive_field(layers, (length, length), place, count - 1 - place)
        for axis, position in ((0, place), (1, count - 1 - place)):
            seen = np.flatnonzero(field.any(axis=axis))
            assert (seen[0], seen[-1] + 1) == reached(dense, position, rate, count, length)


def test_the_effective_field_of_one_layer_is_the_length_of_its_taps() -> None:
    weights = noise(2, 3, 3, 3)
    field = effective_receptive_field([Weighted(weights, rate=2)], (9, 9), 4, 4)
    expected = np.zeros((9, 9))
    expected[2:7:2, 2:7:2] = np.sqrt(((weights[0] + weights[1]) ** 2).sum(axis=0))
    np.testing.assert_allclose(field, expected, atol=1e-12)


def test_fields_that_do_not_exist_are_refused() -> None:
    layer = Weighted(noise(1, 1, 3, 3), stride=2)
    with pytest.raises(ValueError, match="outside the output of 3 x 4"):
        effective_receptive_field([layer], (6, 8), 4, 0)
    with pytest.raises(ValueError, match="at least one layer"):
        effective_receptive_field([], (6, 8), 0, 0)
