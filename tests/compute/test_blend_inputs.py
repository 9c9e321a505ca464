"""Two images made to fit each other before they are blended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from blend_reference import blob, pair
from pyramid_reference import DTYPES, FULL, Array, picture
from scipy import ndimage

from pyrviewer.compute import blend
from pyrviewer.compute.errors import UserError

KINDS: list[tuple[int, ...]] = [(), (3,), (4,)]


@pytest.mark.parametrize("channels_a", KINDS)
@pytest.mark.parametrize("channels_b", KINDS)
@pytest.mark.parametrize("dtype_a", DTYPES)
@pytest.mark.parametrize("dtype_b", DTYPES)
def test_both_become_the_richer_kind(
    channels_a: tuple[int, ...], channels_b: tuple[int, ...], dtype_a: type[Any], dtype_b: type[Any]
) -> None:
    given = picture((9, 8, *channels_a), dtype_a), picture((7, 5, *channels_b), dtype_b)
    dtype = DTYPES[max(DTYPES.index(dtype_a), DTYPES.index(dtype_b))]
    channels = max(channels_a, channels_b)
    for before, after in zip(given, blend.harmonise(*given), strict=True):
        assert after.dtype == dtype
        assert after.shape == (*before.shape[:2], *channels)
        unit = before / FULL[before.dtype.type]
        if unit.ndim == 2 and channels:
            unit = np.dstack([unit] * 3)
        if unit.shape[2:] != channels:
            unit = np.dstack([unit, np.ones(unit.shape[:2])])
        assert np.abs(after / FULL[dtype] - unit).max() < 1e-7


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [(0, 0), (5, 3), (-4, 2), (-7, -9), (20, 10)])
def test_whole_offsets_copy_pixels(offset: tuple[int, int], dtype: type[Any]) -> None:
    b = picture((20, 30, 3), dtype)
    x, y = offset
    placed = blend.place(b, (24, 28), offset)
    x0, y0, x1, y1 = placed.rect
    assert placed.rect == (max(x, 0), max(y, 0), min(x + 30, 28), min(y + 20, 24))
    np.testing.assert_array_equal(placed.pixels[y0:y1, x0:x1], b[y0 - y : y1 - y, x0 - x : x1 - x])
    mask = blob((24, 28))
    confined = placed.confine(mask)
    inside = np.zeros((24, 28), np.bool_)
    inside[y0:y1, x0:x1] = True
    np.testing.assert_array_equal(confined[inside], mask[inside])
    assert (confined[~inside] == 255).all()


def smooth(shape: tuple[int, int], x: float, y: float, scale: float = 1.0) -> Array:
    """Sample a smooth function at the pixel centres of an image moved by (x, y)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    u, v = (columns - x) / scale, (rows - y) / scale
    return np.asarray(0.5 + 0.25 * np.sin(u / 5) + 0.2 * np.cos(v / 6 + u / 9), np.float32)


@pytest.mark.parametrize("offset", [(0.25, 0), (3.5, -2.75), (-1.1, 4.49), (2.9999, 0.5001)])
def test_parts_of_a_pixel_move_by_as_much(offset: tuple[float, float]) -> None:
    placed = blend.place(smooth((60, 70), 0, 0), (60, 70), offset)
    x0, y0, x1, y1 = placed.rect
    expected = smooth((60, 70), *offset)
    inner = slice(y0 + 3, y1 - 3), slice(x0 + 3, x1 - 3)
    assert np.abs(placed.pixels - expected)[inner].max() < 1e-3
    # What is covered are the pixels whose centres lie on it.
    centres = np.arange(70) + 0.5
    covered = np.flatnonzero((centres >= offset[0]) & (centres < offset[0] + 70))
    assert (x0, x1) == (covered[0], covered[-1] + 1)


@pytest.mark.parametrize("scale", [0.5, 0.637, 1.0371, 1.5, 2.0])
def test_scaled_about_its_corner(scale: float) -> None:
    placed = blend.place(smooth((60, 70), 0, 0), (150, 160), (10, 20.5), scale)
    assert placed.rect[:2] == (10, 20)
    expected = smooth((150, 160), 10, 20.5, scale)
    x0, y0, x1, y1 = placed.rect
    inner = slice(y0 + 4, y1 - 4), slice(x0 + 4, x1 - 4)
    assert np.abs(placed.pixels - expected)[inner].max() < 6e-3


def test_where_the_placed_image_ends_is_no_seam() -> None:
    rng = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(rng.random((128, 128)), 3)
    a = np.asarray(100 + 400 * (noise - 0.5), np.uint8)
    b = np.asarray(np.clip(a[20:100, 30:110] + 60, 0, 255), np.uint8)
    placed = blend.place(b, a.shape, (30, 20))
    mask = placed.confine(np.zeros_like(a))
    result = blend.blend(a, placed.pixels, mask, 4).astype(float)
    cut = np.where(mask == 255, a, placed.pixels).astype(float)
    jumps = [np.abs(np.diff(image[40:80, 29:31], axis=1)).mean() for image in (result, cut)]
    assert jumps[0] < jumps[1] / 7


@pytest.mark.parametrize("offset", [(30, 0), (-30, 0), (0, 24), (0, -20), (0, -1e9), (29.6, 0)])
def test_no_overlap_is_said(offset: tuple[float, float]) -> None:
    with pytest.raises(UserError, match="do not overlap"):
        blend.place(np.zeros((20, 30), np.uint8), (24, 30), offset)


@pytest.mark.parametrize(("offset", "scale"), [((0, np.nan), 1), ((0, 0), 0), ((0, 0), np.inf)])
def test_bad_places_are_named(offset: tuple[float, float], scale: float) -> None:
    with pytest.raises(ValueError, match="finite offsets and a scale above 0"):
        blend.place(np.zeros((20, 30), np.uint8), (24, 30), offset, scale)


@pytest.mark.parametrize("dtype", DTYPES)
def test_transparent_pixels_take_the_colours_around_them(dtype: type[Any]) -> None:
    rows, columns = np.mgrid[:90, :120]
    image = np.zeros((90, 120, 4), dtype)
    for k in range(3):  # a ramp
        values = (0.2 + 0.3 * columns / 120 + 0.1 * k + 0.2 * rows / 90) * FULL[dtype]
        image[..., k] = values
    image[..., 3] = FULL[dtype]
    hole = (rows - 40) ** 2 + (columns - 50) ** 2 < 25**2
    damaged = image.copy()
    damaged[hole] = np.array([FULL[dtype], 0, FULL[dtype], 0]).astype(dtype)
    before = damaged.copy()
    filled = blend.fill_transparent(damaged)
    np.testing.assert_array_equal(damaged, before)
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    np.testing.assert_array_equal(filled[..., 3], damaged[..., 3])
    error = np.abs(filled[..., :3].astype(float) - image[..., :3])
    assert error.max() < 0.12 * FULL[dtype]
    rim = hole & ~ndimage.binary_erosion(hole)
    assert error[rim].max() < 0.04 * FULL[dtype]


def test_images_without_transparency_are_not_copied() -> None:
    for image in (picture((5, 5), np.uint8), picture((5, 5, 3), np.uint8)):
        assert blend.fill_transparent(image) is image
    opaque = picture((5, 5, 4), np.uint8)
    opaque[..., 3] = 7
    assert blend.fill_transparent(opaque) is opaque
    nothing = 0 * opaque
    assert blend.fill_transparent(nothing) is nothing


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("linear", [False, True])
def test_what_lies_under_transparent_pixels_never_bleeds(dtype: type[Any], linear: bool) -> None:
    a, b = pair((60, 70, 4), dtype)
    mask = blob(a.shape)
    results = []
    for garbage in (0, FULL[dtype]):
        given = [image.copy() for image in (a, b)]
        for image in given:
            image[image[..., 3] == 0, :3] = garbage
        results.append(blend.blend(given[0], given[1], mask, linear=linear))
    visible = results[0][..., 3] != 0
    np.testing.assert_array_equal(results[0][visible], results[1][visible])
    np.testing.assert_array_equal(results[0][..., 3], results[1][..., 3])
    assert (results[0][~visible] != results[1][~visible]).any()  # there the images' own are kept


def test_opaque_beside_transparent_stays_opaque() -> None:
    a, b = pair((64, 96, 4), np.uint8)
    a[..., 3], b[..., 3] = 0, 255
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :40] = 255
    mask[:, 40] = 51
    alpha = blend.blend(a, b, mask, gains=[2, 1, 1, 1, 0.5])[..., 3]
    expected = np.where(np.arange(96) < 40, 0, 255)
    expected[40] = 204  # 51 of 255 are of what is transparent
    np.testing.assert_array_equal(alpha, np.broadcast_to(expected, alpha.shape))
