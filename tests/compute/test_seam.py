"""What blends are compared with, and whether the three numbers tell good seams from bad ones."""

from __future__ import annotations

from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import skimage
from pyramid_reference import expanded, reduced
from scipy import ndimage

from pyrviewer.compute import seam
from pyrviewer.compute.blend import blend
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.mask import Ellipse, Mask, Parametric, Seam, rasterise

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

SHAPE = (300, 400)
LINE = Seam((180.0, 300.0), (230.0, 0.0))
DISC = Ellipse((200.0, 150.0), (110.0, 80.0), 20.0)
# Pairs whose brightness differs where they meet: there is a seam to be seen.
PAIRS: list[tuple[str, str, Parametric]] = [
    ("astronaut.png", "camera.png", DISC),
    ("camera.png", "retina.jpg", LINE),
    ("camera.png", "retina.jpg", DISC),
    ("chelsea.png", "retina.jpg", DISC),
    ("coffee.png", "rocket.jpg", LINE),
    ("coffee.png", "rocket.jpg", DISC),
    ("ihc.png", "retina.jpg", LINE),
    ("moon.png", "rocket.jpg", DISC),
    ("retina.jpg", "rocket.jpg", LINE),
]


def photo(name: str) -> Array:
    stored = cv2.imread(str(Path(skimage.__file__).parent / "data" / name))
    assert stored is not None
    top, left = (stored.shape[0] - SHAPE[0]) // 2, (stored.shape[1] - SHAPE[1]) // 2
    part: Array = stored[top : top + SHAPE[0], left : left + SHAPE[1], ::-1]
    return np.array(part)


def pair(name: str = "coffee.png", other: str = "rocket.jpg") -> tuple[Array, Array, Mask]:
    return photo(name), photo(other), rasterise(DISC, SHAPE)


def textbook(a: Array, b: Array, mask: Mask, levels: int) -> Array:
    """Blend in float64: Burt and Adelson, A multiresolution spline, 1983."""
    firsts, seconds, masks = [a.astype(float)], [b.astype(float)], [mask[..., None] / 255]
    for _ in range(levels):
        for octaves in (firsts, seconds, masks):
            octaves.append(reduced(octaves[-1]))
    mixed = masks[-1] * firsts[-1] + (1 - masks[-1]) * seconds[-1]
    for k in reversed(range(levels)):
        bands = [o[k] - expanded(o[k + 1], o[k].shape) for o in (firsts, seconds)]
        mixed = expanded(mixed, firsts[k].shape) + masks[k] * bands[0] + (1 - masks[k]) * bands[1]
    rounded: Array = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return rounded


def measured(result: Array, a: Array, b: Array, mask: Mask) -> seam.SeamScore:
    found = seam.score(result, a, b, mask)
    assert found is not None
    return found


def written_out(result: Array, a: Array, b: Array, mask: Mask) -> tuple[float, float, float]:
    """Return the three numbers as the docstring of `score` gives them, with SciPy."""
    of_a = mask >= 128
    r, first, second = (i.astype(float) for i in (result, a, b))
    pasted = np.where(of_a[..., None], first, second)
    jumps, texture = [], []
    seen = np.zeros(of_a.shape, bool)
    for axis in (0, 1):
        apart = np.diff(of_a, axis=axis)
        jumps.append(np.abs(np.diff(r, axis=axis))[apart])
        texture += [np.abs(np.diff(i, axis=axis))[apart] for i in (first, second)]
        y, x = np.nonzero(apart)
        seen[y, x] = seen[y + (axis == 0), x + (axis == 1)] = True

    def apart_by(values: Array) -> Array:
        means = []
        for part in (of_a, ~of_a):
            weights = part.astype(float)
            sums = ndimage.uniform_filter(values * weights[..., None], (17, 17, 0), mode="mirror")
            shares = ndimage.uniform_filter(weights, 17, mode="mirror")
            means.append(sums / np.maximum(shares, 1e-9)[..., None])
        return np.asarray(np.abs(means[0] - means[1])[seen])

    def detail(values: Array) -> Array:
        taps = np.array([1, 4, 6, 4, 1]) / 16
        rows = ndimage.correlate1d(values, taps, 0, mode="mirror")
        return np.asarray(values - ndimage.correlate1d(rows, taps, 1, mode="mirror"))

    way = ndimage.distance_transform_edt(of_a) + ndimage.distance_transform_edt(~of_a)
    near = way <= 16
    expected = np.where(of_a[..., None], detail(first), detail(second))[near]
    return (
        float(np.concatenate(jumps).mean() / max(np.concatenate(texture).mean(), 1)),
        float(apart_by(r).mean() / apart_by(pasted).mean()),
        float((detail(r)[near] * expected).sum() / (expected**2).sum()),
    )


@pytest.mark.parametrize("method", ["cut", "feathered", "blend"])
def test_score_is_what_its_docstring_says(method: str) -> None:
    a, b, mask = pair()
    result = {
        "cut": seam.cut(a, b, mask),
        "feathered": seam.feathered(a, b, mask, 20),
        "blend": blend(a, b, mask),
    }[method]
    found = measured(result, a, b, mask)
    expected = written_out(result, a, b, mask)
    # OpenCV's distance to the seam is a hundredth off.
    assert (found.jump, found.step, found.detail) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("own", [True, False], ids=["own", "textbook"])
@pytest.mark.parametrize(("first", "second", "shape"), PAIRS)
def test_multiresolution_blends_reach_all_three_goals(
    first: str, second: str, shape: Parametric, own: bool
) -> None:
    a, b = photo(first), photo(second)
    mask = rasterise(shape, SHAPE)
    result = blend(a, b, mask) if own else textbook(a, b, mask, 6)
    found, cut = measured(result, a, b, mask), measured(seam.cut(a, b, mask), a, b, mask)
    assert found.jump <= 2.2
    assert found.jump <= cut.jump / 7
    assert found.step <= 0.45
    assert 0.95 <= found.detail <= 1.08


def test_what_is_good_at_one_number_fails_another() -> None:
    a, b, mask = pair()
    pasted = seam.cut(a, b, mask)
    blended = blend(a, b, mask)
    sharp = 2.0 * blended - cv2.GaussianBlur(blended, (0, 0), 2)
    fails: dict[str, tuple[Array, set[str]]] = {
        "cut": (pasted, {"jump", "step"}),
        "soft edge": (seam.feathered(a, b, mask, 3), {"jump", "step"}),
        "narrow cross-fade": (seam.feathered(a, b, mask, 10), {"step"}),
        "wide cross-fade": (seam.feathered(a, b, mask, 64), {"detail"}),
        "blurred": (np.asarray(cv2.GaussianBlur(pasted, (0, 0), 12)), {"detail"}),
        "only A": (a, {"detail"}),
        "only B": (b, {"detail"}),
        "sharpened": (np.clip(sharp, 0, 255).astype(np.uint8), {"detail"}),
    }
    for name, (result, expected) in fails.items():
        found = measured(result, a, b, mask)
        failed = {"jump"} if found.jump > 2.2 else set()
        failed |= {"step"} if found.step > 0.45 else set()
        failed |= set() if 0.95 <= found.detail <= 1.08 else {"detail"}
        assert expected <= failed, (name, found)


def test_score_is_of_the_seam_whatever_the_size_and_dtype() -> None:
    a, b, mask = pair()
    result = blend(a, b, mask)
    found = astuple(measured(result, a, b, mask))

    def again(change: Callable[[Array], Array], mask: Mask = mask) -> tuple[float, ...]:
        return astuple(measured(change(result), change(a), change(b), mask))

    margins = ((500, 300), (700, 200))
    wide = again(lambda i: np.pad(i, (*margins, (0, 0)), "edge"), np.pad(mask, margins))
    assert wide == pytest.approx(found, rel=1e-9)
    assert again(lambda i: i.astype(np.uint16) * 257) == pytest.approx(found, rel=1e-9)
    assert again(lambda i: i.astype(np.float32) / 255) == pytest.approx(found, rel=1e-5)
    gray = again(lambda i: i[..., 1])
    assert again(lambda i: i[..., [1, 1, 1]]) == pytest.approx(gray, rel=1e-9)


def test_no_seam_no_score() -> None:
    a, b, mask = pair()
    assert seam.score(a, a, b, np.full_like(mask, 255)) is None
    assert seam.score(b, a, b, np.zeros_like(mask)) is None


def test_flat_images_have_a_finite_score() -> None:
    flat = np.full((40, 50), 90, np.uint8)
    mask = rasterise(Seam((25.0, 40.0), (25.0, 0.0)), flat.shape)
    assert seam.score(flat, flat, flat, mask) == seam.SeamScore(0.0, 1.0, 1.0)


# What is compared


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_cut_takes_one_or_the_other(dtype: type[Any]) -> None:
    a, b, mask = pair()
    a, b = a.astype(dtype), b.astype(dtype)
    pasted = seam.cut(a, b, mask)
    assert pasted.dtype == dtype
    np.testing.assert_array_equal(pasted[mask >= 128], a[mask >= 128])
    np.testing.assert_array_equal(pasted[mask < 128], b[mask < 128])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_feathered_is_the_weighted_mean(dtype: type[Any]) -> None:
    a, b = (photo(name).astype(dtype) for name in ("coffee.png", "rocket.jpg"))
    mask = rasterise(LINE, SHAPE)
    mixed = seam.feathered(a, b, mask, 30)
    assert mixed.dtype == dtype
    # A straight seam smoothed by a Gaussian of a variance of 30**2 / 12.
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    distance = -((x - 180) * 300 + (y - 300) * 50) / np.hypot(300, 50)
    hard = 255 * np.clip(0.5 + distance / 2, 0, 1)
    share = ndimage.gaussian_filter(hard, np.sqrt(75), mode="nearest")[..., None] / 255
    expected = b + share * (a.astype(float) - b)
    assert np.abs(mixed - expected).max() < 0.02 * 255
    assert np.abs(mixed - expected).mean() < 0.002 * 255


AREAS: dict[str, list[Any]] = {
    "left": [np.s_[:, :201]],
    "corner": [np.s_[:80, :101]],
    "frame": [np.s_[:50], np.s_[-60:], np.s_[:, :40], np.s_[:, -70:]],
    "two": [np.s_[30:80, 20:90], np.s_[200:281, 301:390]],
    "thin": [np.s_[100:103, 50:300]],
}


@pytest.mark.parametrize("name", ["disc", *AREAS])
@pytest.mark.parametrize("gray", [False, True])
def test_poisson_lays_a_where_the_mask_is(name: str, gray: bool) -> None:
    a, b, mask = pair("chelsea.png", "coffee.png")
    if name in AREAS:
        mask = np.zeros(SHAPE, np.uint8)
        for area in AREAS[name]:
            mask[area] = 255
    if gray:
        a, b = a[..., 1].copy(), b[..., 1].copy()
    kept = [i.copy() for i in (a, b, mask)]
    cloned = seam.poisson(a, b, mask)
    for before, now in zip(kept, (a, b, mask), strict=True):
        np.testing.assert_array_equal(now, before)
    assert (cloned.shape, cloned.dtype) == (a.shape, a.dtype)
    # An image cloned into itself is itself: nothing was moved.
    assert np.abs(seam.poisson(a, a, mask).astype(int) - a).max() <= 1
    # Away from the seam and from clipped values, the result less A has no detail: A fits exactly.
    inside = ndimage.binary_erosion(mask > 0, iterations=2)
    unclipped = ((cloned > 2) & (cloned < 253)).reshape(*SHAPE, -1).all(axis=2)
    inside &= ndimage.binary_erosion(unclipped)

    def misfit(across: int, down: int) -> float:
        rest = cloned - np.roll(a, (down, across), (0, 1)).astype(float)
        curved = rest - ndimage.uniform_filter(rest, (3, 3, *(0,) * (a.ndim - 2)))
        return float(np.abs(curved[inside]).mean())

    if name != "thin":
        moved = [misfit(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
        assert misfit(0, 0) < 0.5 * min(moved)
    # Outside the rectangle around the mask, B is untouched.
    y, x = np.nonzero(mask)
    outside = np.ones(SHAPE, bool)
    outside[max(0, y.min() - 4) : y.max() + 5, max(0, x.min() - 4) : x.max() + 5] = False
    np.testing.assert_array_equal(cloned[outside], b[outside])


def test_poisson_takes_away_a_difference_of_brightness() -> None:
    base = np.minimum(photo("coffee.png"), 200)
    mask = rasterise(DISC, SHAPE)
    cloned = seam.poisson(base + 40, base, mask)
    assert np.abs(cloned.astype(int) - base).max() <= 1


@pytest.mark.parametrize("octave", [1, 2])
def test_poisson_solved_at_an_octave_is_nearly_that_of_the_whole(octave: int) -> None:
    a, b, mask = pair("chelsea.png", "coffee.png")
    mask = rasterise(DISC, SHAPE)
    whole = seam.poisson(a, b, mask).astype(float)
    quick = seam.poisson(a, b, mask, octave=octave)
    inside = ndimage.binary_erosion(mask >= 128, iterations=4 << octave)
    assert np.abs(quick - whole)[inside].mean() < 0.2 * np.abs(whole - a)[inside].mean()
    np.testing.assert_array_equal(quick[mask < 128], b[mask < 128])
    scores = [measured(np.asarray(np.rint(i), np.uint8), a, b, mask) for i in (quick, whole)]
    assert scores[0].jump < scores[1].jump + 0.25
    assert scores[0].step < scores[1].step + 0.05
    assert scores[0].detail == pytest.approx(scores[1].detail, abs=0.05)


def test_poisson_of_all_or_nothing() -> None:
    a, b, mask = pair()
    np.testing.assert_array_equal(seam.poisson(a, b, np.full_like(mask, 255)), a)
    np.testing.assert_array_equal(seam.poisson(a, b, np.zeros_like(mask)), b)


def test_poisson_says_what_it_does_not_take() -> None:
    a, b, mask = pair()
    with pytest.raises(UserError, match="uint16"):
        seam.poisson(a.astype(np.uint16), b.astype(np.uint16), mask)
    clear = np.dstack([a, mask])
    with pytest.raises(UserError, match="transparent"):
        seam.poisson(clear, clear, mask)


def test_arrays_that_do_not_fit_are_refused() -> None:
    a, b, mask = pair()
    wrong: list[tuple[Any, Any, Any]] = [
        (a, b[1:], mask),
        (a, b.astype(np.uint16), mask),
        (a, b, mask[1:]),
        (a, b, mask > 0),
        (a, b[..., 0], mask),
    ]
    for first, second, third in wrong:
        for run in (seam.cut, seam.poisson, partial(seam.feathered, width=4)):
            with pytest.raises(ValueError, match="shape"):
                run(first, second, third)
        with pytest.raises(ValueError, match="shape"):
            seam.score(first, first, second, third)
