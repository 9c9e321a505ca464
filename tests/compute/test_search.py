"""Coarse-to-fine search: what it finds, what it says about it, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from search_scenes import Array, camera, large, noisy
from skimage.feature import match_template

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search import Scene, exhaustive, search, why_missed
from pyrviewer.compute.search.template import prepare


def best_by_scikit_image(scene: Array, template: Array) -> tuple[float, int, int]:
    scores = match_template(scene.astype(np.float64), template.astype(np.float64))
    y, x = np.unravel_index(scores.argmax(), scores.shape)
    return float(scores.max()), int(x), int(y)


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_scikit_image(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = np.ascontiguousarray(camera()[:, :: rng.choice([1, -1])])
    height, width = rng.integers(24, 150, 2)
    x, y = rng.integers(0, 512 - width), rng.integers(0, 512 - height)
    template = noisy(scene[y : y + height, x : x + width], float(rng.uniform(0, 25)), seed)
    score, column, row = best_by_scikit_image(scene, template)
    best = search(scene, template).best
    assert best is not None
    assert best.score == pytest.approx(score, abs=1e-4)
    assert (round(best.x), round(best.y)) == (column, row)


def test_a_large_scene_is_searched_coarse_to_fine() -> None:
    scene = large()
    template = noisy(scene[700:828, 900:1028], 8)
    trace = search(scene, template)
    (match,) = trace.matches
    assert (round(match.x), round(match.y)) == (900, 700)
    assert trace.proof == "estimate"
    assert [level.level for level in trace.levels] == [3, 2, 1, 0]
    assert trace.exhaustive_translations == (2048 - 127) ** 2
    assert trace.translations < trace.exhaustive_translations / 50
    assert "octave 3" in trace.plan


def test_the_trace_accounts_for_everything() -> None:
    scene = large()
    trace = search(scene, noisy(scene[300:420, 500:700], 15))
    assert trace.translations == sum(
        piece.scores.size for level in trace.levels for piece in level.pieces
    )
    assert trace.multiply_adds == sum(
        level.translations * level.template_shape[0] * level.template_shape[1]
        for level in trace.levels
    )
    clock = [piece.order for level in trace.levels for piece in level.pieces]
    clock += [candidate.order for level in trace.levels for candidate in level.candidates]
    assert len(set(clock)) == len(clock)
    for level in trace.levels:
        height, width = level.shape
        assert (height, width) == (2048 >> level.level, 2048 >> level.level)
        for x0, y0, x1, y1 in level.windows:
            assert 0 <= x0 < x1 <= width - level.template_shape[1] + 1
            assert 0 <= y0 < y1 <= height - level.template_shape[0] + 1
        scores = [candidate.score for candidate in level.candidates]
        assert scores == sorted(scores, reverse=True)
        assert all(not piece.scores.flags.writeable for piece in level.pieces)
        assert set(level.kept) | set(level.dropped) == set(level.candidates)
    assert 0 < sum(level.milliseconds for level in trace.levels) <= trace.milliseconds


def test_coarse_scores_are_those_of_box_means() -> None:
    scene = large()
    template = scene[512:640, 1024:1152]
    top = search(scene, noisy(template, 3)).levels[0]
    step = 2**top.level
    small = scene.reshape(2048 // step, step, 2048 // step, step).mean(axis=(1, 3))
    part = noisy(template, 3).reshape(128 // step, step, 128 // step, step).mean(axis=(1, 3))
    expected = match_template(small, part)
    windows = np.lib.stride_tricks.sliding_window_view(small, part.shape)
    textured = windows.std(axis=(2, 3)) > 3
    np.testing.assert_allclose(top.pieces[0].scores[textured], expected[textured], atol=1e-4)


def test_the_result_does_not_move_with_the_number_of_levels() -> None:
    scene = large()
    template = noisy(scene[700:850, 900:1100], 10)
    found = {
        (match.x, match.y, match.score)
        for coarsest in (None, 0, 1, 2, 3, 9)
        for match in search(scene, template, coarsest=coarsest).matches
    }
    assert len(found) == 1


def test_a_copy_is_perfect() -> None:
    scene = large()
    trace = search(scene, scene[100:300, 200:420].copy())
    assert trace.proof == "perfect"
    assert trace.matches[0].score == pytest.approx(1, abs=1e-12)
    assert (trace.matches[0].x, trace.matches[0].y) == pytest.approx((200, 100), abs=1e-6)


def test_several_copies_are_all_found() -> None:
    rng = np.random.default_rng(5)
    scene = np.asarray(cv2.resize(camera(), (1200, 1200)))
    template = np.asarray(skimage.data.coins())[70:130, 110:170]
    places = [(100, 50), (170, 50), (600, 300), (900, 1000), (1139, 1139), (0, 700)]
    for x, y in places:
        scene[y : y + 60, x : x + 60] = noisy(template, 6, int(rng.integers(99)))
    trace = search(scene, template, max_matches=20, min_score=0.8)
    assert {(round(match.x), round(match.y)) for match in trace.matches} == set(places)
    assert len(trace.matches) == len(places)
    three = search(scene, template, max_matches=3, min_score=0.8)
    assert three.matches == trace.matches[:3]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_what_an_octave_promises_is_what_block_means_say(level: int) -> None:
    template = camera()[180:276, 200:312]
    side, half = 1 << level, 1 << (level - 1)

    def means(values: Array) -> Array:
        rows, columns = values.shape[0] // side, values.shape[1] // side
        cells = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
        return np.asarray(cells.mean(axis=(1, 3)))

    def likeness(values: Array, right: int, down: int) -> float:
        moved = means(values[down:, right:])
        still = means(values)[: moved.shape[0], : moved.shape[1]]
        return float((moved * still).sum() / np.sqrt((moved**2).sum() * (still**2).sum()))

    centred = template - template.mean()
    share, loss = prepare(Scene(camera()), template, None).promise(level)
    assert share == pytest.approx(side**2 * (means(centred) ** 2).sum() / (centred**2).sum(), 1e-4)
    worst = min(likeness(centred, half, 0), likeness(centred, 0, half))
    worst = min(worst, likeness(centred, half, half), likeness(centred[:, ::-1], half, half))
    assert loss == pytest.approx(1 - worst, abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_a_place_along_an_edge_is_found_though_no_peak_stands_for_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    across = np.arange(500) + 0.03 * np.arange(400)[:, None]
    texture = cv2.GaussianBlur(rng.normal(size=(400, 500)).astype(np.float32), (0, 0), 3)
    scene = 128 + 80 * np.tanh((across - 250) / 3) + 3 * texture / texture.std()
    scene = scene.round().astype(np.uint8)
    x, y = 219 + seed, int(rng.integers(50, 300))
    best = search(scene, scene[y : y + 40, x : x + 40].copy(), coarsest=1).best
    assert best is not None
    assert best.score == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("scene", [camera(), large()], ids=["photo", "noise"])
def test_nothing_is_followed_after_a_perfect_match(scene: Array) -> None:
    """Many places look as if they could be perfect; in float32 the match itself does not."""
    scene = np.asarray(cv2.resize(scene, (1600, 1600), interpolation=cv2.INTER_CUBIC))
    trace = search(scene, scene[701:801, 503:603].copy(), coarsest=4)
    assert trace.proof == "perfect"
    assert [len(level.kept) for level in trace.levels] == [1, 1, 1, 1, 0]


def test_too_coarse_a_start_is_mended_at_the_octave_that_is_trusted() -> None:
    scene = np.asarray(cv2.resize(camera(), (1600, 1600), interpolation=cv2.INTER_CUBIC))
    template = (scene[700:800, 500:600] * 0.5).astype(np.uint8)
    trace = search(scene, template, coarsest=5)
    assert [(level.attempt, level.level) for level in trace.levels] == [
        *((0, level) for level in (5, 4, 3, 2, 1, 0)),
        *((1, level) for level in (2, 1, 0)),
    ]
    assert trace.proof == "estimate"
    assert trace.plan.startswith("Started at octave 5, because octave 5 was asked for, then at oct")
    assert trace.best is not None
    assert (round(trace.best.x), round(trace.best.y)) == (500, 700)


def test_no_match_shows_the_best() -> None:
    scene = camera()
    template = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    trace = search(scene, template)
    assert trace.matches == ()
    assert trace.best is not None
    score, x, y = best_by_scikit_image(scene, template)
    assert trace.best.score == pytest.approx(score, abs=1e-4)
    assert (trace.best.x, trace.best.y) == (x, y)  # no match: not placed between the pixels


@pytest.mark.parametrize(("x", "y"), [(0, 0), (448, 0), (0, 452), (448, 452), (447, 200)])
def test_border_places_are_found(x: int, y: int) -> None:
    scene = np.ascontiguousarray(camera()[:511, :509])
    x, y = min(x, 509 - 61), min(y, 511 - 57)
    template = noisy(scene[y : y + 57, x : x + 61], 1)
    for coarsest in (None, 1, 2):
        best = search(scene, template, coarsest=coarsest).best
        assert best is not None
        assert (round(best.x), round(best.y)) == (x, y)


@pytest.mark.parametrize("scene_kind", ["gray", "rgb", "rgba"])
@pytest.mark.parametrize("template_kind", ["gray", "rgb", "rgba", "uint16", "float32"])
def test_kinds_of_pixels_mix(scene_kind: str, template_kind: str) -> None:
    colour = np.asarray(skimage.data.astronaut())
    gray = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY))
    opaque = np.dstack([colour, np.full(gray.shape, 255, np.uint8)])
    kinds = {
        "gray": gray,
        "rgb": colour,
        "rgba": opaque,
        "uint16": gray.astype(np.uint16) * 257,
        "float32": colour.astype(np.float32) / 255,
    }
    template = kinds[template_kind][150:230, 220:290]
    (match,) = search(kinds[scene_kind], template).matches
    assert (round(match.x), round(match.y)) == (220, 150)
    assert match.score > 0.999


def test_a_template_as_large_as_the_scene() -> None:
    trace = search(camera(), camera())
    assert trace.exhaustive_translations == 1
    assert trace.matches[0].score == pytest.approx(1)
    assert (trace.matches[0].x, trace.matches[0].y) == pytest.approx((0, 0), abs=1e-6)


def test_nothing_is_mutated() -> None:
    scene, template = camera(), camera()[10:80, 20:90].copy()
    before = scene.copy(), template.copy()
    search(scene, template)
    exhaustive(scene, template)
    np.testing.assert_array_equal(scene, before[0])
    np.testing.assert_array_equal(template, before[1])


def refusal(scene: Array, template: Array, mask: Array | None = None) -> str:
    with pytest.raises(UserError) as caught:
        search(scene, template, mask=mask)
    return str(caught.value)


def test_bad_input_is_refused_with_the_reason() -> None:
    scene = camera()
    assert "larger than the scene" in refusal(scene[:50], scene[:51])
    assert "no contrast" in refusal(scene, np.full((20, 20), 77, np.uint8))
    assert "no contrast" in refusal(scene, scene[:1, :1])
    assert "no contrast" in refusal(scene, np.full((20, 20), 0.1, np.float32))
    assert "masked out" in refusal(scene, scene[:20, :20], np.zeros((20, 20), np.uint8))
    one = np.zeros((20, 20), np.uint8)
    one[3, 4] = 1
    assert "no contrast" in refusal(scene, scene[:20, :20], one)
    bad = scene.astype(np.float32)
    bad[5, 5] = np.nan
    assert "not finite" in refusal(bad, scene[:20, :20])
    assert "not finite" in refusal(scene, bad[:20, :20])


def test_settings_without_meaning_are_errors() -> None:
    scene, template = camera(), camera()[:40, :40]
    with pytest.raises(ValueError, match="max_matches"):
        search(scene, template, max_matches=0)
    with pytest.raises(ValueError, match="candidates"):
        search(scene, template, candidates=0)
    with pytest.raises(ValueError, match="coarsest"):
        search(scene, template, coarsest=-1)
    with pytest.raises(ValueError, match="min_score"):
        search(scene, template, min_score=1.5)
    with pytest.raises(ValueError, match="mask"):
        search(scene, template, mask=np.ones((3, 3), np.uint8))
    with pytest.raises(ValueError, match="angles"):
        search(scene, template, angles=(20, 10))


def test_a_constant_scene_has_no_match() -> None:
    trace = search(np.full((300, 300), 9, np.uint8), camera()[:40, :40])
    assert trace.matches == ()
    assert trace.best is None


def test_few_and_flat_pixels_are_warned_about() -> None:
    scene = large()
    trace = search(scene, scene[200:260, 300:360], coarsest=4)
    assert any("only 3 x 3 pixels" in warning for warning in trace.warnings)
    stripes = np.tile(np.array([[0, 255]], np.uint8), (512, 256))
    stripes = noisy(stripes, 20)
    trace = search(stripes, stripes[100:164, 200:264], coarsest=1)
    assert any("% of its contrast" in warning for warning in trace.warnings)


def test_a_narrow_descent_tells_what_it_did() -> None:
    scene = large()
    template = noisy(scene[300:420, 500:700], 15)
    trace = search(scene, template, candidates=3)
    assert trace.proof == "none"
    assert all(len(level.kept) <= 3 for level in trace.levels)
    assert len(trace.levels[0].kept) == 3


def decoys() -> tuple[Array, Array, tuple[int, int]]:
    """Draw a place off the coarse grid, and blurred copies on it that look better from afar."""
    rng = np.random.default_rng(8)
    scene = np.asarray(rng.normal(128, 8, (700, 800)))
    texture = np.asarray(cv2.GaussianBlur(rng.normal(size=(96, 96)), (0, 0), 2.5))
    texture = texture * (50 / texture.std())
    blurred = np.asarray(cv2.GaussianBlur(texture, (0, 0), 4))
    x, y = 403, 245
    scene[y : y + 96, x : x + 96] += texture
    for left, top in ((80, 80), (240, 400), (640, 96), (600, 560), (80, 560)):
        scene[top : top + 96, left : left + 96] += blurred * 3
    template = np.clip(128 + texture, 0, 255).astype(np.uint8)
    return np.clip(scene, 0, 255).astype(np.uint8), template, (x, y)


def test_why_missed_names_the_setting_that_repairs_it() -> None:
    scene, template, (x, y) = decoys()
    trace = search(scene, template, candidates=1, coarsest=3)
    assert trace.best is not None
    assert (round(trace.best.x), round(trace.best.y)) != (x, y)
    miss = why_missed(trace, x, y)
    assert miss is not None
    assert miss.level > 0
    assert miss.rank > 1
    assert miss.gap >= 0
    settings: dict[str, int] = {"candidates": 1, "coarsest": 3}
    for _ in range(6):
        assert miss.setting in settings
        settings[miss.setting] = int(miss.value)
        trace = search(scene, template, **settings)  # type: ignore[arg-type] # mixed
        miss = why_missed(trace, x, y)
        if miss is None:
            break
    assert miss is None
    assert (round(trace.matches[0].x), round(trace.matches[0].y)) == (x, y)


def test_why_missed_knows_a_score_below_the_minimum() -> None:
    scene = camera()
    template = noisy(scene[100:160, 200:260], 60)
    trace = search(scene, template, min_score=0.99)
    assert trace.matches == ()
    miss = why_missed(trace, 200, 100)
    assert miss is not None
    assert miss.setting == "min_score"
    assert why_missed(search(scene, template, min_score=miss.value), 200, 100) is None


def test_why_missed_knows_a_crowded_place_and_a_short_list() -> None:
    scene = camera()
    template = scene[100:160, 200:260]
    short = search(scene, template, min_score=-1)
    miss = why_missed(short, 20, 400)
    assert miss is not None
    assert miss.setting in ("max_matches", "candidates", "coarsest")
    crowded = why_missed(exhaustive(scene, template, max_matches=50, min_score=-1), 205, 104)
    assert crowded is not None
    assert crowded.setting == "min_distance"


def test_a_small_scene_is_searched_from_coarse_to_fine_where_that_is_asked_for() -> None:
    scene = np.asarray(skimage.data.camera())
    template = scene[60:140, 190:270]
    quick = search(scene, template)
    shown = search(scene, template, always_coarse=True)
    assert [level.level for level in quick.levels] == [0]
    assert shown.levels[0].level > 1
    assert shown.translations < quick.translations / 10
    for trace in (quick, shown):
        assert (trace.matches[0].x, trace.matches[0].y) == pytest.approx((190, 60), abs=0.01)


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3), (4, 4)])
def test_a_template_of_a_few_pixels_is_found_where_it_is(shape: tuple[int, int]) -> None:
    """Too few pixels to tell positions between them: none is made up, nothing fails."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        scene = rng.integers(0, 256, (60, 70)).astype(np.uint8)
        y, x = rng.integers(0, 50, 2)
        best = search(scene, scene[y : y + shape[0], x : x + shape[1]]).best
        assert best is not None
        assert (best.x, best.y) == pytest.approx((x, y), abs=0.01)
