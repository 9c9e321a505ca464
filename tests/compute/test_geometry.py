"""Where levels lie and what pixels are made of, against impulses sent through the filters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from pyrviewer.compute.geometry import (
    container,
    footprint,
    level_geometry,
    level_shapes,
    max_levels,
)
from pyrviewer.compute.pyramid import gaussian_pyramid

if TYPE_CHECKING:
    from pyrviewer.compute.prefilter import Prefilter

Floats = npt.NDArray[np.float64]

SETTINGS: list[tuple[Prefilter, float]] = [
    ("binomial", 2.0),
    ("none", 2.0),
    ("box", 2.0),
    ("area", 2.0),
    ("lanczos", 2.0),
    ("binomial", 1.4),
    ("binomial", 3.3),
    ("none", 1.4),
    ("none", 4.0),
    ("box", 1.4),
    ("area", 3.0),
    ("lanczos", 1.7),
]


def smooth_and_halve(values: Floats) -> Floats:
    """Reduce both axes once: five taps, reflect-101, even samples."""
    for axis in (0, 1):
        margins = [(0, 0)] * values.ndim
        margins[axis] = (2, 2)
        padded = np.pad(values, margins, mode="reflect")
        centres = np.arange(0, values.shape[axis], 2)
        values = np.asarray(
            sum(
                weight / 16 * padded.take(centres + tap, axis)
                for tap, weight in enumerate((1, 4, 6, 4, 1))
            )
        )
    return values


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (2, 3), (9, 7), (16, 5), (13, 21)])
def test_binomial_footprint_is_what_impulses_leave(shape: tuple[int, int]) -> None:
    shapes = level_shapes(shape, max_levels(shape))
    for finer, (height, width) in enumerate(shapes):
        # One impulse for each pixel of the finer level, along the third axis.
        response = np.eye(height * width).reshape(height, width, -1)
        for level in range(finer, len(shapes)):
            for y, x in np.ndindex(shapes[level]):
                weights = response[y, x].reshape(height, width)
                rows, columns = np.nonzero(weights)
                seen = footprint(x, y, level, finer, shape)
                assert (seen.x0, seen.x1) == (columns.min(), columns.max() + 1)
                assert (seen.y0, seen.y1) == (rows.min(), rows.max() + 1)
                np.testing.assert_allclose(
                    np.outer(seen.weights_y, seen.weights_x),
                    weights[seen.y0 : seen.y1, seen.x0 : seen.x1],
                    rtol=1e-12,
                )
            response = smooth_and_halve(response)


@pytest.mark.parametrize(("prefilter", "ratio"), SETTINGS)
@pytest.mark.parametrize("shape", [(15, 22), (3, 17), (26, 9)])
def test_footprints_weigh_pixels_as_the_octaves_do(
    shape: tuple[int, int], prefilter: Prefilter, ratio: float
) -> None:
    image = np.random.default_rng(5).random(shape, dtype=np.float32)
    octaves = gaussian_pyramid(image, prefilter=prefilter, ratio=ratio)
    levels = min(4, len(octaves) - 1)
    for level in range(levels + 1):
        for finer in {0, level // 2, level}:
            for y, x in np.ndindex(octaves[level].shape):
                seen = footprint(x, y, level, finer, shape, ratio=ratio, prefilter=prefilter)
                part = octaves[finer][seen.y0 : seen.y1, seen.x0 : seen.x1]
                assert part.shape == (seen.weights_y.size, seen.weights_x.size)
                assert seen.weights_x.sum() == pytest.approx(1)
                assert seen.weights_y.sum() == pytest.approx(1)
                value = seen.weights_y @ part @ seen.weights_x
                assert value == pytest.approx(octaves[level][y, x], abs=3e-6)


def test_the_footprint_of_a_maximum_is_what_it_was_taken_over() -> None:
    image = np.random.default_rng(5).random((22, 35), dtype=np.float32)
    octaves = gaussian_pyramid(image, prefilter="max")
    for level in range(len(octaves)):
        for y, x in np.ndindex(octaves[level].shape):
            seen = footprint(x, y, level, 0, image.shape, prefilter="max")
            assert octaves[level][y, x] == image[seen.y0 : seen.y1, seen.x0 : seen.x1].max()
            assert set(seen.weights_x) == {1 / (seen.x1 - seen.x0)}
    inside = footprint(2, 2, 2, 0, (64, 64), prefilter="max")
    assert (inside.x0, inside.y0, inside.x1, inside.y1) == (5, 5, 12, 12)


@pytest.mark.parametrize(("prefilter", "ratio"), [*SETTINGS, ("max", 2.0)])
def test_geometry_is_the_centre_of_mass_of_the_footprint(
    prefilter: Prefilter, ratio: float
) -> None:
    shape = (403, 510)
    for level in (1, 2, 3):
        geometry = level_geometry(shape, level, ratio=ratio, prefilter=prefilter)
        height, width = geometry.shape
        x, y = width // 2, height // 2 - 1
        seen = footprint(x, y, level, 0, shape, ratio=ratio, prefilter=prefilter)
        centre_x = seen.weights_x @ (np.arange(seen.x0, seen.x1) + 0.5)
        centre_y = seen.weights_y @ (np.arange(seen.y0, seen.y1) + 0.5)
        # Cells that cut through pixels weigh whole pixels: off by a fraction of a base pixel.
        slack = 0.3 if ratio != 2 or prefilter == "area" else 1e-9
        assert geometry.to_base(x + 0.5, y + 0.5) == pytest.approx((centre_x, centre_y), abs=slack)


def test_level_geometry_at_known_values() -> None:
    even = level_geometry((100, 201), 3)
    assert (even.shape, even.scale_x, even.scale_y) == ((13, 26), 8, 8)
    assert (even.offset_x, even.offset_y) == (-3.5, -3.5)
    cells = level_geometry((100, 201), 3, prefilter="box")
    assert (cells.scale_x, cells.scale_y, cells.offset_x, cells.offset_y) == (8, 8, 0, 0)
    edges = level_geometry((100, 201), 3, prefilter="area")
    assert (edges.scale_x, edges.scale_y, edges.offset_x) == (201 / 26, 100 / 13, 0)
    other = level_geometry((100, 201), 2, ratio=1.5)
    assert (other.shape, other.scale_x, other.scale_y) == ((44, 89), 201 / 89, 100 / 44)
    naive = level_geometry((100, 201), 3, naive=True)
    assert (naive.scale_x, naive.scale_y, naive.offset_x, naive.offset_y) == (8, 8, 0, 0)
    assert level_geometry((100, 201), 0) == level_geometry((100, 201), 0, naive=True)
    assert even.from_base(*even.to_base(4.25, 7.5)) == (4.25, 7.5)


def test_level_shapes_at_known_values() -> None:
    assert level_shapes((5, 9), 4) == [(5, 9), (3, 5), (2, 3), (1, 2), (1, 1)]
    assert level_shapes((10, 7), 3, 1.4) == [(10, 7), (7, 5), (5, 4), (4, 3)]
    assert [max_levels((1, side)) for side in (1, 2, 3, 4, 5, 1024, 1025)] == [
        *(0, 1, 2, 2, 3),
        *(10, 11),
    ]
    assert max_levels((2, 9, 3), 4.0) == 2
    # At 1.1 small sides stay the same for several levels; the last is 1 x 1, the one before not.
    slow = level_shapes((3, 12), max_levels((3, 12), 1.1), 1.1)
    assert slow[-1] == (1, 1)
    assert slow[-2] != (1, 1)


@pytest.mark.parametrize(("shape", "level", "coarser"), [((20, 33), 0, 2), ((7, 64), 1, 4)])
def test_container_is_the_nearest_kept_sample(
    shape: tuple[int, int], level: int, coarser: int
) -> None:
    shapes = level_shapes(shape, coarser)
    height, width = shapes[coarser]
    for y, x in np.ndindex(shapes[level]):
        found = container(x, y, level, coarser, shape)
        # Sample i of level k stands on base pixel i * 2**k; of two equally near the later one.
        for pixel, position, side in zip(found, (x, y), (width, height), strict=True):
            distances = np.abs(np.arange(side) * 2**coarser - position * 2**level)
            assert pixel == np.flatnonzero(distances == distances.min())[-1]


def test_container_of_cells() -> None:
    for y, x in np.ndindex(9, 14):
        assert container(x, y, 0, 2, (9, 14), prefilter="box") == (x // 4, y // 4)
        wide, high = container(x, y, 0, 1, (9, 14), ratio=1.5)
        assert (wide, high) == (math.floor((x + 0.5) * 9 / 14), math.floor((y + 0.5) * 6 / 9))


def test_a_pixel_is_its_own_footprint_and_container() -> None:
    seen = footprint(3, 4, 2, 2, (40, 41))
    assert (seen.x0, seen.y0, seen.x1, seen.y1) == (3, 4, 4, 5)
    assert seen.weights_x.tolist() == seen.weights_y.tolist() == [1]
    assert container(3, 4, 2, 2, (40, 41)) == (3, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: level_geometry((8, 8), 4), "0 to 3 .* got 4"),
        (lambda: level_geometry((8, 8), -1), "got -1"),
        (lambda: level_geometry((8, 8), 1, ratio=5), "got 5"),
        (lambda: footprint(4, 0, 1, 0, (8, 8)), r"\(4, 0\) is outside level 1 of 4 x 4"),
        (lambda: footprint(0, 0, 1, 2, (8, 8)), "0 to 1, got 2"),
        (lambda: container(0, -1, 1, 2, (8, 8)), r"\(0, -1\)"),
        (lambda: container(0, 0, 2, 1, (8, 8)), "at least 2, got 1"),
        (lambda: container(0, 0, 0, 9, (8, 8)), "0 to 3 .* got 9"),
    ],
)
def test_refusals_name_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
