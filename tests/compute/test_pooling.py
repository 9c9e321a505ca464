"""Pooling against values of PyTorch in float64, and against bins gone through one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrviewer.compute import pooling

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = npt.NDArray[Any]

with np.load(Path(__file__).parents[1] / "reference_values" / "pooling.npz") as _file:
    SAVED: dict[str, Array] = dict(_file)
SHAPES = [name.split("/")[1] for name in SAVED if name.startswith("pool/") and "/levels" in name]
RULES: tuple[pooling.Rule, ...] = ("adaptive", "he")


def saved(shape: str, what: str) -> Array:
    return SAVED[f"pool/{shape}/{what}"]


def maps(shape: str) -> Array:
    return saved(shape, "features").astype(np.float32) / 64


def noise(*shape: int) -> Array:
    return np.random.default_rng(3).standard_normal(shape, dtype=np.float32)


def levels_of(shape: str) -> Sequence[int]:
    found: list[int] = saved(shape, "levels").tolist()
    return found


# PyTorch


@pytest.mark.parametrize("shape", SHAPES)
def test_spatial_pyramid_pooling_of_pytorch(shape: str) -> None:
    features, levels = maps(shape), levels_of(shape)
    vector = pooling.spatial_pyramid_pool(features, levels)
    assert vector.dtype == np.float32
    np.testing.assert_array_equal(vector, saved(shape, "max"))
    average = pooling.spatial_pyramid_pool(features, levels, reduce="average")
    np.testing.assert_allclose(average, saved(shape, "average"), atol=2e-5, rtol=0)


@pytest.mark.parametrize("shape", [s for s in SHAPES if f"pool/{s}/he" in SAVED])
def test_windows_and_strides_of_he(shape: str) -> None:
    vector = pooling.spatial_pyramid_pool(maps(shape), levels_of(shape), "he")
    np.testing.assert_array_equal(vector, saved(shape, "he"))


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_pyramid_pooling_module_of_pytorch(shape: str, corners: bool) -> None:
    features = maps(shape)
    found = pooling.pyramid_pool(features, SAVED["bins"].tolist(), corners)
    assert [each.shape for each in found] == [features.shape] * 4
    first = np.stack([each[0] for each in found])
    np.testing.assert_allclose(first, saved(shape, f"corners {corners}"), atol=2e-5, rtol=0)


# Bins


def test_the_two_rules_differ_where_the_side_is_not_divisible() -> None:
    for n in (4, 3, 2):  # as in the paper, where both rules agree
        assert pooling.bins(13, n) == pooling.bins(13, n, "he")
    assert pooling.bins(10, 4) == [(0, 3), (2, 5), (5, 8), (7, 10)]
    assert pooling.bins(10, 4, "he") == [(0, 3), (2, 5), (4, 7), (6, 9)]
    assert pooling.bins(2, 4) == [(0, 1), (0, 1), (1, 2), (1, 2)]


@given(size=st.integers(1, 200), n=st.integers(1, 40))
def test_what_the_rules_promise(size: int, n: int) -> None:
    adaptive, he = (pooling.bins(size, n, rule) for rule in RULES)
    assert len(adaptive) == len(he) == n
    assert all(0 <= start < stop <= size for start, stop in adaptive + he)
    assert {i for a, b in adaptive for i in range(a, b)} == set(range(size))
    assert pooling.left_out(size, n) == 0
    beyond = set(range(size)) - {i for a, b in he for i in range(a, b)}
    assert pooling.left_out(size, n, "he") == len(beyond) == max(0, size % n - 1)


# What an entry was made from


@pytest.mark.parametrize("rule", RULES)
def test_entries_winners_and_pixels_tell_the_same(rule: pooling.Rule) -> None:
    features = np.random.default_rng(4).permutation(3 * 11 * 10).reshape(3, 11, 10)
    levels = (4, 2, 1)
    vector = pooling.spatial_pyramid_pool(features, levels, rule)
    assert vector.dtype == features.dtype
    winners = pooling.winners(features, levels, rule)
    reached: dict[tuple[int, int], list[int]] = {}
    for index, value in enumerate(vector):
        e = pooling.entry(index, features.shape, levels, rule)
        assert value == features[e.channel, e.y0 : e.y1, e.x0 : e.x1].max()
        x, y = winners[index]
        assert features[e.channel, y, x] == value
        assert pooling.pool(features, e.level, rule)[e.channel, e.row, e.column] == value
        for pixel in np.ndindex(11, 10):
            if e.y0 <= pixel[0] < e.y1 and e.x0 <= pixel[1] < e.x1:
                reached.setdefault((pixel[1], pixel[0]), []).append(index)
    for y, x in np.ndindex(11, 10):
        found = pooling.entries_reached(x, y, features.shape, levels, rule)
        assert len(found) == len(vector)
        assert np.flatnonzero(found).tolist() == reached.get((x, y), [])


def test_blocks_lead_to_entries_and_back() -> None:
    shape, levels = (3, 7, 9), (4, 1, 2)
    blocks = pooling.Blocks(3, levels)
    assert blocks.starts == [0, 48, 51, 63]
    for index in range(63):
        e = pooling.entry(index, shape, levels)
        level = blocks.level_of(index)
        assert levels[level] == e.level
        assert index in blocks.of_channel(e.channel)[level]
        assert index == blocks.of_bin(level, e.row, e.column, range(3))[e.channel]


def test_the_first_of_equal_values_wins() -> None:
    assert pooling.winners(np.ones((1, 4, 5)), (1, 2)).tolist() == [
        [0, 0], [0, 0], [2, 0], [0, 2], [2, 2]
    ]  # fmt: skip


def test_the_length_does_not_depend_on_the_size() -> None:
    for height, width in [(1, 1), (3, 200), (57, 31)]:
        for rule in RULES:
            vector = pooling.spatial_pyramid_pool(noise(5, height, width), rule=rule)
            assert vector.shape == (21 * 5,)


# The rest


def test_cosine() -> None:
    u = np.array([1, 2, 2], np.uint8)
    assert pooling.cosine(u, 7.0 * u) == pytest.approx(1)
    assert pooling.cosine(u, np.array([-2, 1, 0])) == 0
    assert pooling.cosine(u, np.array([0, 0, -1])) == pytest.approx(-2 / 3)
    assert pooling.cosine(u, np.zeros(3)) == 0


def test_reduced_channels_are_means_of_groups() -> None:
    features = noise(5, 3, 4)
    expected = [features[:3].mean(axis=0), features[2:].mean(axis=0)]
    np.testing.assert_allclose(pooling.reduce_channels(features, 2), expected, atol=1e-6)


def test_integers_average_to_floats_and_float64_stays() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(1, 4, 6)
    assert pooling.pool(pixels, 1, reduce="average").tolist() == [[[11.5]]]
    assert pooling.pool(pixels.astype(np.float64), 2, reduce="average").dtype == np.float64


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (np.zeros((4, 5)), r"\(4, 5\)"),
        (np.zeros((0, 4, 5)), r"\(0, 4, 5\)"),
        (np.zeros((1, 4, 5), bool), "bool"),
        (np.full((1, 4, 5), np.nan, np.float32), "not finite"),
    ],
)
def test_other_maps_are_refused(features: Array, words: str) -> None:
    for refuse in (pooling.spatial_pyramid_pool, pooling.pyramid_pool):
        with pytest.raises(ValueError, match=words):
            refuse(features)


def test_other_arguments_are_refused() -> None:
    features = noise(2, 4, 4)
    for levels in ((), (0,), (2, -1)):
        with pytest.raises(ValueError, match="at least"):
            pooling.spatial_pyramid_pool(features, levels)
    for index in (-1, 42):
        with pytest.raises(ValueError, match="vector of 42 entries"):
            pooling.entry(index, features.shape)
    for count in (0, 3):
        with pytest.raises(ValueError, match="1 to 2"):
            pooling.reduce_channels(features, count)
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        pooling.cosine(np.ones(2), np.ones(3))
