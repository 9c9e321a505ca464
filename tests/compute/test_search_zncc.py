"""Scores against the formula in float64 and against scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
from scipy.ndimage import maximum_filter, uniform_filter
from skimage.feature import match_template

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search import exhaustive
from pyrviewer.compute.search.peaks import apart, heights, peaks, peaks_of_each
from pyrviewer.compute.search.zncc import make_kernel, score_map, score_windows

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]


def formula(window: Array, template: Array, mask: Array | None = None) -> float:
    """Score as ZNCC is defined, in float64."""
    w, t = np.atleast_3d(window).astype(np.float64), np.atleast_3d(template).astype(np.float64)
    inside = np.ones(t.shape[:2], bool) if mask is None else mask != 0
    w, t = w[inside], t[inside]
    w, t = w - w.mean(axis=0), t - t.mean(axis=0)
    norm = np.sqrt((w * w).sum() * (t * t).sum())
    return float((w * t).sum() / norm) if norm > 0 else 0.0


def full_map(scene: Array, template: Array, mask: Array | None = None) -> Array:
    height, width = template.shape[:2]
    rows, columns = scene.shape[0] - height + 1, scene.shape[1] - width + 1
    return np.array(
        [
            [formula(scene[y : y + height, x : x + width], template, mask) for x in range(columns)]
            for y in range(rows)
        ]
    )


def camera() -> Array:
    return np.asarray(skimage.data.camera())


def astronaut() -> Array:
    return np.asarray(skimage.data.astronaut())


def scores_of(scene: Array, template: Array, mask: Array | None = None) -> Array:
    """Take the one map of an exhaustive search."""
    (level,) = exhaustive(scene, template, mask=mask).levels
    (piece,) = level.pieces
    return piece.scores


def match_deviations(scene: Array, side: tuple[int, int]) -> Array:
    """Take the standard deviation of every window."""
    values = scene.astype(np.float64)
    middle = [-(length // 2) for length in side]
    means, squares = (
        uniform_filter(part, side, origin=middle, mode="constant") for part in (values, values**2)
    )
    deviations = np.sqrt(np.maximum(squares - means**2, 0))
    return np.asarray(deviations[: scene.shape[0] - side[0] + 1, : scene.shape[1] - side[1] + 1])


def as_uint16(pixels: Array) -> Array:
    return pixels.astype(np.uint16) * 257


def as_float(pixels: Array) -> Array:
    return pixels.astype(np.float32) / 255


@pytest.mark.parametrize("convert", [np.asarray, as_uint16, as_float])
@pytest.mark.parametrize("side", [(9, 14), (40, 31), (200, 190)])
def test_map_agrees_with_scikit_image(
    convert: Callable[[Array], Array], side: tuple[int, int]
) -> None:
    scene = camera()[60:360, 100:420]
    template = scene[70 : 70 + side[0], 90 : 90 + side[1]]
    theirs = match_template(scene.astype(np.float64), template.astype(np.float64))
    ours = scores_of(convert(scene), convert(template))
    deviations = match_deviations(scene, side)
    flat = deviations < 0.03 * template.std()
    np.testing.assert_allclose(ours[~flat], theirs[~flat], atol=1e-3)
    np.testing.assert_allclose(ours[deviations > 3], theirs[deviations > 3], atol=1e-4)
    assert divmod(int(ours.argmax()), ours.shape[1]) == (70, 90)


@pytest.mark.parametrize("convert", [np.asarray, as_uint16, as_float])
def test_colour_is_joint_over_the_channels(convert: Callable[[Array], Array]) -> None:
    scene = astronaut()[40:100, 180:250]
    template = np.ascontiguousarray(scene[20:43, 30:47, ::-1])  # swapped channels: no trivial 1
    ours = scores_of(convert(scene), convert(template))
    np.testing.assert_allclose(ours, full_map(scene, template), atol=1e-4)


@pytest.mark.parametrize("colour", [False, True])
def test_masked_pixels_do_not_count(colour: bool) -> None:
    scene = astronaut()[40:110, 180:260]
    scene = scene if colour else np.ascontiguousarray(scene[..., 1])
    template = scene[15:41, 20:44].copy()
    y, x = np.mgrid[-1:1:26j, -1:1:24j]
    mask = (x * x + y * y < 0.9).astype(np.uint8)
    template[mask == 0] = 255
    ours = scores_of(scene, template, mask)
    np.testing.assert_allclose(ours, full_map(scene, template, mask), atol=1e-4)
    assert ours[15, 20] == pytest.approx(1, abs=1e-5)


def test_transparency_is_a_mask() -> None:
    scene = astronaut()[:120, 150:300]
    template = np.dstack([scene[30:70, 60:90], np.full((40, 30), 255, np.uint8)])
    template[:15, :, 3] = 0
    template[:15, :, :3] = 7
    (match,) = exhaustive(scene, template).matches
    assert (round(match.x), round(match.y)) == (60, 30)
    assert match.score == pytest.approx(1)


@pytest.mark.parametrize("kind", ["gray", "colour", "masked", "masked colour"])
def test_several_small_windows_are_scored_at_once(kind: str) -> None:
    scene = astronaut()[40:110, 180:260]
    scene = scene if "colour" in kind else np.ascontiguousarray(scene[..., 1])
    template = scene[15:41, 20:44]
    y, x = np.mgrid[-1:1:26j, -1:1:24j]
    mask = (x * x + y * y < 0.9).astype(np.float32) if "masked" in kind else None
    corners = [(0, 0), (17, 13), (50, 40)]
    patches = np.stack([scene[y : y + 30, x : x + 27] for x, y in corners]).astype(np.float32)
    ours = score_windows(patches - 128, make_kernel(template.astype(np.float32), mask))
    assert ours.shape == (3, 5, 4)
    for patch, scores in zip(patches, ours, strict=True):
        np.testing.assert_allclose(scores, full_map(patch, template, mask), atol=1e-4)
    assert ours[1, 2, 3] == pytest.approx(1, abs=1e-5)


def test_a_map_in_tiles_is_that_of_scikit_image() -> None:
    scene = np.asarray(cv2.resize(camera(), (1300, 1100), interpolation=cv2.INTER_CUBIC))
    template = scene[500:530, 700:745]
    theirs = match_template(scene.astype(np.float64), template.astype(np.float64))
    assert theirs.size > 1 << 20  # less is scored in one piece
    textured = match_deviations(scene, (30, 45)) > 3
    np.testing.assert_allclose(scores_of(scene, template)[textured], theirs[textured], atol=1e-4)


@pytest.mark.parametrize("shape", [(256, 256), (3, 3)])
def test_bright_windows_do_not_overflow(shape: tuple[int, int]) -> None:
    """cv2.sqrBoxFilter adds squares of uint8 up in int32: too little for 182 x 182 white pixels."""
    rng = np.random.default_rng(3)
    scene = rng.integers(225, 256, (shape[0] + 20, shape[1] + 21), dtype=np.uint8)
    template = scene[5 : 5 + shape[0], 4 : 4 + shape[1]]
    for part in (scene, scene[: shape[0] + 4, : shape[1] + 5]):
        ours = score_map(part, make_kernel(template.astype(np.float32)))
        theirs = match_template(part.astype(np.float64), template.astype(np.float64))
        np.testing.assert_allclose(ours, theirs, atol=5e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_flat_windows_score_nothing(dtype: type[Any]) -> None:
    """cv2.matchTemplate gives 1.0 in windows of zeros of a float32 scene."""
    scene = np.zeros((160, 200), np.float64)
    scene[:, :100] = camera()[100:260, 100:200] / 255
    scene[80, 150] = 1 / 255
    full = 1.0 if dtype is np.float32 else float(np.iinfo(dtype).max)
    scene = np.asarray(np.rint(scene * full) if full > 1 else scene).astype(dtype)
    template = scene[30:70, 20:60]
    trace = exhaustive(scene, template, max_matches=5, min_score=-1)
    assert (round(trace.matches[0].x), round(trace.matches[0].y)) == (20, 30)
    for place in trace.levels[0].kept:
        window = scene[place.y : place.y + 40, place.x : place.x + 40]
        expected = formula(window, template) if window.std() > template.std() / 50 else 0
        assert place.score == pytest.approx(expected, abs=1e-6)
    flat = trace.levels[0].pieces[0].scores[:, 100:]
    assert np.abs(flat).max() < 1e-6


def test_scores_of_matches_are_float64() -> None:
    rng = np.random.default_rng(0)
    scene = camera()
    for _ in range(20):
        x, y = rng.integers(0, 400, 2)
        noisy = scene[y : y + 50, x : x + 60] + rng.normal(0, 9, (50, 60))
        template = np.clip(noisy, 0, 255).astype(np.uint8)
        trace = exhaustive(scene, template)
        (place,) = trace.levels[0].kept
        window = scene[place.y : place.y + 50, place.x : place.x + 60]
        assert place.score == pytest.approx(formula(window, template), abs=1e-9)
        assert trace.best is not None
        assert trace.best.score == place.score


def test_brightness_and_contrast_do_not_matter() -> None:
    scene = camera().astype(np.float32)
    template = scene[100:140, 200:260]
    plain = scores_of(scene, template)
    np.testing.assert_allclose(scores_of(scene * 1000 + 5, template), plain, atol=2e-4)
    np.testing.assert_allclose(scores_of(scene, template * 0.01 - 3), plain, atol=2e-4)


def test_peaks_are_the_local_maxima() -> None:
    noise = np.random.default_rng(1).normal(size=(50, 70)).astype(np.float32)
    scores = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), np.float32)
    expected = {}
    for y in range(50):
        for x in range(70):
            around = scores[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
            if scores[y, x] == around.max():
                expected[x, y] = float(scores[y, x])
    found = peaks(scores, 10_000)
    assert {(x, y): value for x, y, value in found} == expected
    values = [value for _, _, value in found]
    assert values == sorted(values, reverse=True)
    assert peaks(scores, 7) == found[:7]


@pytest.mark.parametrize("least", [0.1, 0.6])
def test_peaks_of_a_large_map_are_those_of_scipy(least: float) -> None:
    """Where few scores are high enough, only those are looked around."""
    noise = np.random.default_rng(2).normal(size=(700, 900)).astype(np.float32)
    scores = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), np.float32)
    y, x = np.nonzero((scores == maximum_filter(scores, 3, mode="nearest")) & (scores > least))
    expected = dict(zip(zip(x.tolist(), y.tolist(), strict=True), scores[y, x], strict=True))
    assert len(expected) > 20
    found = peaks(scores, len(expected) + 9, least)
    assert {(x, y): value for x, y, value in found} == expected


def test_heights_are_narrowed_down_to_what_they_would_have_been() -> None:
    noise = np.random.default_rng(4).normal(size=(90, 80)).astype(np.float32)
    scores = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), np.float32)
    kept = heights(scores, 0.05, 0.03)
    for least, fall in ((0.05, 0.03), (0.05, 0.0), (0.2, 0.01)):
        anew = heights(scores, least, fall).peaks(10_000, fall)
        assert kept.peaks(10_000, fall, least) == anew
        assert 0 < len(anew) <= len(kept.at)
    for least, fall in ((0.0, 0.0), (0.2, 0.1)):
        with pytest.raises(ValueError, match="asked for"):
            kept.peaks(10, fall, least)


@pytest.mark.parametrize("least", [-2.0, 0.2])
def test_flat_windows_are_no_peaks(least: float) -> None:
    scores = np.zeros((90, 80), np.float32)
    scores[[0, 40, 89], [79, 30, 0]] = 0.25, 0.5, 0.75
    assert peaks(scores, 100, least) == [(0, 89, 0.75), (30, 40, 0.5), (79, 0, 0.25)]


def test_peaks_of_several_maps_are_those_of_each() -> None:
    maps = np.random.default_rng(3).normal(size=(6, 5, 4)).astype(np.float32).clip(-1, 1)
    for scores, found in zip(maps, peaks_of_each(maps, 2), strict=True):
        frame = np.pad(scores, 1, constant_values=-2)
        tops = [
            (float(scores[y, x]), x, y)
            for y in range(5)
            for x in range(4)
            if scores[y, x] == frame[y : y + 3, x : x + 3].max()
        ]
        assert found[0][2] == max(tops)[0]
        assert len(found) == min(2, len(tops))
        assert {(score, x, y) for x, y, score in found} <= set(tops)
        assert (
            sorted((score for _, _, score in found), reverse=True)
            == sorted((score for score, _, _ in tops), reverse=True)[:2]
        )


def test_matches_keep_their_distance() -> None:
    found = [(0.9, 10.0, 10.0), (0.8, 14.0, 10.0), (0.7, 30.0, 10.0), (0.6, 41.0, 10.0)]
    assert [x for _, x, _ in apart(found, 9, (20, 20))] == [10, 30, 41]
    assert [x for _, x, _ in apart(found, 2, (20, 20))] == [10, 30]
    assert [x for _, x, _ in apart(found, 9, (20, 20), 4)] == [10, 14, 30, 41]
    assert [x for _, x, _ in apart(found, 9, (20, 20), 15)] == [10, 30]
