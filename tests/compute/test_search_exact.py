"""Exact mode: never anything but the answer of an exhaustive search, and its bounds hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
from skimage.feature import match_template

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search import Scene, search
from pyrviewer.compute.search.blocks import BlockBound
from pyrviewer.compute.search.template import prepare

Array = npt.NDArray[Any]


def scene_of(rng: np.random.Generator, height: int, width: int) -> Array:
    """Photos side by side, resized."""
    parts = [skimage.data.camera(), skimage.data.brick(), skimage.data.moon(), skimage.data.coins()]
    scene = np.zeros((height, width), np.uint8)
    for left in range(0, width, 500):
        part = cv2.resize(parts[int(rng.integers(4))], (500, height), interpolation=cv2.INTER_CUBIC)
        scene[:, left : left + 500] = part[:, : width - left]
    return scene


def changed(rng: np.random.Generator, template: Array) -> Array:
    noise = rng.normal(0, float(rng.uniform(0, 20)), template.shape)
    changed = template * float(rng.uniform(0.5, 1.2)) + noise
    if rng.random() < 0.3:
        changed[: template.shape[0] // 2, : template.shape[1] // 3] = 40
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def full_scores(scene: Array, template: Array) -> Array:
    return np.asarray(match_template(scene.astype(np.float64), template.astype(np.float64)))


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_scikit_image(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = scene_of(rng, int(rng.integers(1780, 1850)), int(rng.integers(1780, 1850)))
    height, width = rng.integers(64, 220, 2)
    x, y = rng.integers(0, scene.shape[1] - width), rng.integers(0, scene.shape[0] - height)
    template = changed(rng, scene[y : y + height, x : x + width])
    trace = search(scene, template, exact=True)
    scores = full_scores(scene, template)
    assert trace.best is not None
    assert trace.best.score == pytest.approx(float(scores.max()), abs=1e-6)
    best = max(trace.levels[-1].candidates, key=lambda candidate: candidate.score)
    assert scores[best.y, best.x] == pytest.approx(float(scores.max()), abs=1e-9)
    assert trace.proof in ("bound", "perfect", "exhaustive")


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_bounds_are_bounds(level: int, colour: bool) -> None:
    """Every translation's score, by definition, lies below both of its bounds."""
    rng = np.random.default_rng(level)
    scene = np.asarray(skimage.data.astronaut())[40:143, 150:271]
    scene = scene if colour else np.ascontiguousarray(scene[..., 1])
    template = changed(rng, scene[20:73, 40:85])
    ready = prepare(Scene(scene), template, None)
    bound = BlockBound(ready, level)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.atleast_3d(scene).astype(np.float64), template.shape[:2], (0, 1)
    )
    windows = windows - windows.mean(axis=(3, 4), keepdims=True)
    pattern = np.moveaxis(np.atleast_3d(template).astype(np.float64), 2, 0)
    pattern = pattern - pattern.mean(axis=(1, 2), keepdims=True)
    products = np.einsum("yxchw,chw->yx", windows, pattern)
    scores = products / np.sqrt((windows**2).sum(axis=(2, 3, 4)) * (pattern**2).sum())
    side = 1 << level
    assert bound.cells == tuple((count - 1) // side + 1 for count in scores.shape)
    rows, columns = (part.ravel() for part in np.indices(bound.cells))
    cell, phase, bounds = bound.phase_bounds(rows, columns)
    assert np.array_equal(np.sort(cell * side**2 + phase), np.arange(rows.size * side**2))
    found = np.empty((rows.size, side**2))
    found[cell, phase] = bounds
    cell, phase, bounds = bound.phase_bounds(rows, columns, 0.8)
    assert np.array_equal(np.sort(cell * side**2 + phase), np.flatnonzero(found >= 0.8))
    assert bounds == pytest.approx(found[cell, phase], abs=1e-5)
    by_phase = found.reshape(*bound.cells, side, side)
    by_cell = bound.cell_bounds(2)
    in_groups = bound.cell_bounds(side)
    y, x = np.indices(scores.shape)
    assert np.all(scores <= by_phase[y // side, x // side, y % side, x % side] + 1e-5)
    assert np.all(by_phase.max(axis=(2, 3)) <= in_groups + 1e-4)
    assert np.all(in_groups <= by_cell + 1e-4)
    # A bound that excludes nothing would pass: this one is worth its name.
    assert np.mean(by_phase < 0.9) > 0.5


def test_bounds_prune_a_large_scene() -> None:
    rng = np.random.default_rng(3)
    scene = scene_of(rng, 1600, 2100)
    template = changed(np.random.default_rng(1), scene[400:592, 1100:1292])
    trace = search(scene, template, exact=True)
    scores = full_scores(scene, template)
    assert trace.proof == "bound"
    assert trace.best is not None
    assert trace.best.score == pytest.approx(float(scores.max()), abs=1e-6)
    assert trace.translations < trace.exhaustive_translations / 50
    bounding = [level for level in trace.levels if level.pruned is not None]
    assert bounding[0].bounded == trace.exhaustive_translations
    assert bounding[0].pruned is not None
    assert bounding[0].pruned > 0.99
    shares = bounding[0].excluded_map
    assert shares is not None
    row, column = np.unravel_index(scores.argmax(), scores.shape)
    step = 2 ** bounding[0].level
    assert shares[row // step, column // step] == 0
    remaining = [level.bounded - level.excluded for level in bounding]
    assert [level.bounded for level in bounding[1:]] == remaining[:-1]


def test_several_matches_are_those_of_an_exhaustive_search() -> None:
    rng = np.random.default_rng(9)
    scene = scene_of(rng, 1600, 2100)
    template = np.asarray(skimage.data.coins())[60:160, 100:220]
    places = [(30, 40), (500, 600), (900, 100), (1180, 1000)]
    for x, y in places:
        scene[y : y + 100, x : x + 120] = changed(np.random.default_rng(x), template)
    trace = search(scene, template, max_matches=6, min_score=0.7, exact=True)
    assert trace.proof == "bound"
    scores = full_scores(scene, template)
    expected = []
    for _ in range(6):
        y, x = divmod(int(scores.argmax()), scores.shape[1])
        if scores[y, x] < 0.7:
            break
        expected.append(pytest.approx(float(scores[y, x]), abs=1e-6))
        left, right = max(0, x - 119), x + 120
        for row in range(max(0, y - 99), min(scores.shape[0], y + 100)):
            for column in range(left, min(scores.shape[1], right)):
                if (120 - abs(column - x)) * (100 - abs(row - y)) > 6000:
                    scores[row, column] = -1
    assert [match.score for match in trace.matches] == expected


def test_a_copy_proves_itself() -> None:
    scene = scene_of(np.random.default_rng(0), 1800, 1800)
    assert search(scene, scene[200:300, 300:420].copy(), exact=True).proof == "perfect"


def test_hopeless_templates_are_searched_everywhere() -> None:
    scene = scene_of(np.random.default_rng(0), 1800, 1800)
    template = np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)
    trace = search(scene, template, exact=True)
    assert trace.proof == "exhaustive"
    assert trace.best is not None
    assert trace.best.score == pytest.approx(float(full_scores(scene, template).max()), abs=1e-6)


def test_orientations_are_refused() -> None:
    scene = np.asarray(skimage.data.camera())
    with pytest.raises(UserError, match="one orientation"):
        search(scene, scene[:50, :50], exact=True, angles=(0, 10))
