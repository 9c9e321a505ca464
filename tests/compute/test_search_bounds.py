"""The bounds of the exact mode where they are tight: nothing that fits is ever excluded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from pyrviewer.compute.search import Scene
from pyrviewer.compute.search.blocks import BlockBound
from pyrviewer.compute.search.bounds import _Left, _score_rest, _translations
from pyrviewer.compute.search.correlation import correlate
from pyrviewer.compute.search.exhaustive import exhaustive_matches
from pyrviewer.compute.search.record import Record
from pyrviewer.compute.search.template import prepare
from pyrviewer.compute.search.trace import SearchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = npt.NDArray[Any]

SIDE, LEVEL = 8, 3
STEPS = [(0, 0), (0, 3), (5, 7), (7, 1), (4, 4)]  # where a copy lies within the grid
FIT = 0.9999
RANGES = {"uint8": (128, 1), "uint16": (32896, 257), "float32": (100, 0.05)}


@pytest.mark.parametrize("kernel", [(3, 8), (17, 17), (41, 300)])
@pytest.mark.parametrize("planes", [1, 4])
def test_correlations_add_up_the_products_of_all_planes(
    kernel: tuple[int, int], planes: int
) -> None:
    rng = np.random.default_rng(planes)
    image = rng.normal(20, 40, (planes, 97, 300)).astype(np.float32)
    kernels = rng.normal(1, 1, (4, planes, *kernel)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), kernel, (1, 2))
    wanted = np.einsum("pyxhw,kphw->kyx", windows, kernels)
    found = np.full(wanted.shape, np.nan)

    def use(where: tuple[slice, slice], sums: Iterator[Array]) -> None:
        for k, each in enumerate(sums):
            found[k][where] = each

    correlate(image, kernels, use)
    assert np.abs(wanted - found).max() < 1e-5 * np.abs(wanted).max()


def pattern(kind: str, rng: np.random.Generator) -> Array:
    """Draw a pattern, -1 to 1, whose bound is tight: all of it block means, or a rest."""
    values = np.zeros((6 * SIDE, 7 * SIDE))
    if kind == "blocks":  # and a flat frame
        values[SIDE:-SIDE, SIDE:-SIDE] = rng.choice([-1, 1], (4, 5)).repeat(8, 0).repeat(8, 1)
    else:
        values[20:22, 26:28] = [[1, -1], [-1, 1]]
    return values


@pytest.mark.parametrize("kind", ["blocks", "dipole"])
@pytest.mark.parametrize("ground", [0, 127])
@pytest.mark.parametrize("dtype", list(RANGES))
def test_a_copy_is_never_excluded(dtype: str, ground: int, kind: str) -> None:
    """Not even one of little contrast, be it on flat ground or among what has very much."""
    rng = np.random.default_rng(1)
    middle, unit = RANGES[dtype]
    values = pattern(kind, rng)
    height, width = values.shape
    scene = ground * rng.choice([-1.0, 1.0], (8 * SIDE * len(STEPS), 10 * SIDE))
    corners = [(8 * SIDE * k + SIDE + y, SIDE + x) for k, (y, x) in enumerate(STEPS)]
    for top, left in corners:
        scene[top : top + height, left : left + width] = 5 * values
    ready = prepare(
        Scene((middle + unit * scene).astype(dtype)),
        (middle + unit * 20 * values).astype(dtype), None,
    )  # fmt: skip
    bound = BlockBound(ready, LEVEL)
    rows, columns = np.divmod(np.arange(np.prod(bound.cells)), bound.cells[1])

    def left_over() -> set[tuple[int, int]]:
        cell, phase, _ = bound.phase_bounds(rows, columns, FIT)
        y, x = np.divmod(phase, SIDE)
        y, x = rows[cell] * SIDE + y, columns[cell] * SIDE + x
        return set(zip(y.tolist(), x.tolist(), strict=True))

    gathered = left_over()
    assert gathered.issuperset(corners)
    assert len(gathered) < rows.size * SIDE**2 / 2
    for parts in (2, 4, SIDE):
        kept = bound.cell_bounds(parts) >= FIT
        assert all(kept[top // SIDE, left // SIDE] for top, left in corners)
    assert left_over() == gathered


def test_all_matches_of_a_tile_are_scored() -> None:
    """A pattern that repeats every 6 pixels, and matches that may lie 2 pixels apart."""
    y, x = np.indices((120, 130))
    scene = (128 + 50 * np.sin(2 * np.pi * x / 6) + 50 * np.sin(2 * np.pi * y / 6)).astype(np.uint8)
    ready = prepare(Scene(scene), scene[30:66, 30:66], None)
    settings = SearchSettings(100, 0.9, 2.0)
    rows, columns = (part.ravel() for part in np.indices((85, 95)))
    left = _Left(rows, columns, rows.size)
    found = _score_rest(ready, Record(), left, [], settings, None)
    everywhere = exhaustive_matches(ready, Record(), 100, 2.0)
    assert len(found) == len(everywhere) == 100
    assert [score for score, *_ in found] == pytest.approx([s for s, *_ in everywhere], abs=1e-6)


def test_cells_that_reach_over_the_edge_hold_what_lies_inside() -> None:
    """The last cell begins so late that a whole tile of it lies outside the scene."""
    scene = np.random.default_rng(3).integers(0, 255, (164, 90)).astype(np.uint8)
    ready = prepare(Scene(scene), scene[100:, 56:], None)  # the last translation of all
    last = _Left(np.array([100 // 32]), np.array([56 // 32]), 5 * 25)
    left = _translations(ready, last, 5)
    assert set(zip(left.rows, left.columns, strict=True)) == {
        (y, x) for y in range(96, 101) for x in range(32, 57)
    }
    (found,) = _score_rest(ready, Record(), left, [], SearchSettings(1, 0.5), None)
    assert found == pytest.approx((1, 56, 100))
