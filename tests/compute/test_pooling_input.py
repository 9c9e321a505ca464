"""What is pooled, and vectors as files."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
import skimage.transform

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.pooling import spatial_pyramid_pool
from pyrviewer.compute.pooling.input import colour_maps, part
from pyrviewer.compute.pooling.report import write_vectors

if TYPE_CHECKING:
    from pathlib import Path

Array = npt.NDArray[Any]


def picture(*shape: int, dtype: npt.DTypeLike = np.uint8) -> Array:
    return np.random.default_rng(6).integers(0, 256, shape).astype(dtype)


def test_a_part_is_cut_out_and_resized() -> None:
    image = picture(40, 60, 3)
    np.testing.assert_array_equal(part(image), image)
    np.testing.assert_array_equal(part(image, (5, 10, 25, 22), 20), image[10:22, 5:25])
    # Half the size: each pixel is the mean of four.
    blocks = image[10:22, 5:25].reshape(6, 2, 10, 2, 3).mean(axis=(1, 3))
    assert np.abs(part(image, (5, 10, 25, 22), 10) - blocks).max() <= 0.5
    assert part(image, (0, 0, 60, 1), 16).shape == (1, 16, 3)
    flat = image[10:22, 5:25].reshape(12, 10, 2, 3).mean(axis=2)
    assert np.abs(part(image, (5, 10, 25, 22), (12, 10)) - flat).max() <= 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_small_part_is_interpolated(dtype: npt.DTypeLike) -> None:
    image = picture(8, 12, dtype=dtype)
    grown = part(image, size=36)
    assert grown.dtype == dtype
    expected = skimage.transform.resize(
        image.astype(np.float64), (24, 36), order=1, mode="edge", anti_aliasing=False
    )
    assert np.abs(grown - expected).max() <= 1


@pytest.mark.parametrize("rect", [(0, 0, 0, 4), (-1, 0, 4, 4), (0, 0, 13, 4), (2, 6, 4, 5)])
def test_parts_outside_are_refused(rect: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="from 12 x 8 pixels"):
        part(picture(8, 12), rect)


@pytest.mark.parametrize("size", [0, (0, 4), (4, -1)])
def test_a_side_below_one_is_refused(size: int | tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"to .* pixels from 12 x 8"):
        part(picture(8, 12), size=size)


def test_colours_are_as_they_are() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    gray = colour_maps(image)
    assert gray.dtype == np.float32
    np.testing.assert_array_equal(gray, np.stack([image] * 3))
    rgb = picture(5, 7, 3)
    np.testing.assert_array_equal(colour_maps(rgb), np.moveaxis(rgb, 2, 0))
    deep = colour_maps(rgb.astype(np.uint16) * 257)
    np.testing.assert_allclose(deep, np.moveaxis(rgb, 2, 0), atol=1e-4)
    np.testing.assert_allclose(colour_maps(rgb.astype(np.float32) / 255), deep, atol=1e-4)


def test_vectors_read_back(tmp_path: Path) -> None:
    maps = [picture(2, 9, 11), picture(2, 4, 3)]
    vectors = [spatial_pyramid_pool(one, (2, 1)) for one in maps]
    for suffix in (".npy", ".csv", ".json"):
        write_vectors(tmp_path / f"v{suffix}", ["a", "b"], vectors, (2, 1))
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), vectors)
    report = json.loads((tmp_path / "v.json").read_text())
    assert report["levels"] == [2, 1]
    assert [one["vector"] for one in report["images"]] == [v.tolist() for v in vectors]
    with (tmp_path / "v.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert rows[6] == {
        "grid": "2", "channel": "1", "row": "1", "column": "0",
        "a": str(maps[0][1, 4:, :6].max()), "b": str(maps[1][1, 2:, :2].max()),
    }  # fmt: skip
    with pytest.raises(UserError, match=r"v\.txt"):
        write_vectors(tmp_path / "v.txt", ["a"], vectors[:1], (2, 1))
