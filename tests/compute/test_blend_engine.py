"""The live preview of a blend: the partial collapse of the exact one, however it came about."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from blend_reference import NEAR, blob, clipped, pair, pyramid, textbook
from hypothesis import given, settings
from hypothesis import strategies as st
from pyramid_reference import DTYPES, Array, Floats, expanded

from pyrviewer.compute import blend, display
from pyrviewer.compute.blend import BlendEngine
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.pyramid import level_shapes, max_levels
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from pyrviewer.compute.resample import Rect

SHAPES = [(1, 1), (1, 9), (37, 26), (33, 47, 3), (64, 48, 3)]


def fresh(engine: BlendEngine, a: Array, b: Array, mask: Array, **options: Any) -> Array:
    """Return what an engine shows that never had another mask."""
    other = BlendEngine(a, b, engine.levels, engine.octave, **options)
    other.set_mask(mask)
    return other.render()


def assert_same(result: Array, expected: Array) -> None:
    """Compare floats: sums end differently in the last bit with the width of what is summed."""
    assert result.dtype == expected.dtype == np.float32
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= 3e-6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_octave_is_the_partial_collapse(shape: tuple[int, ...], dtype: type[Any]) -> None:
    a, b = pair(shape, dtype)
    mask = blob(shape)
    levels = min(4, max_levels(shape))
    partials = textbook(a, b, mask, levels)
    engine = BlendEngine(a, b, levels)
    np.testing.assert_array_equal(engine.render(), b)
    engine.set_mask(mask)
    for octave in range(levels + 1):
        engine.shown(octave)
        shown = engine.render()
        assert shown.dtype == dtype
        assert np.abs(shown - clipped(partials[octave], dtype)).max() <= NEAR[dtype]


def test_strips_and_threads_leave_no_seam() -> None:
    a, b = pair((150, 2100), np.uint16)
    mask = blob(a.shape)
    engine = BlendEngine(a, b, 4)
    engine.set_mask(mask)
    expected = clipped(textbook(a, b, mask, 4)[0], np.uint16)
    assert np.abs(engine.render() - expected).max() <= NEAR[np.uint16]


@given(
    shape=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    levels=st.integers(0, 5),
    octave=st.integers(0, 4),
    wrap=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_renewing_parts_is_the_same_as_all_at_once(
    shape: tuple[int, int], levels: int, octave: int, wrap: bool, seed: int
) -> None:
    a, b = pair((*shape, 3), np.float32)
    top = blend.auto_levels(shape) if wrap else max_levels(shape)
    engine = BlendEngine(a, b, min(levels, top), min(octave, top), wrap=wrap)
    rng = np.random.default_rng(seed)
    mask = blob(shape, seed)
    engine.set_mask(mask)
    for _ in range(6):
        x0, x1 = np.sort(rng.integers(0, shape[1] + 1, 2)).tolist()
        y0, y1 = np.sort(rng.integers(0, shape[0] + 1, 2)).tolist()
        patch = rng.integers(0, 256, (y1 - y0, x1 - x0)).astype(np.uint8)
        engine.update((x0, y0, x1, y1), patch)
        mask[y0:y1, x0:x1] = patch
        if rng.random() < 0.5:
            engine.render()
    assert_same(engine.render(), fresh(engine, a, b, mask, wrap=wrap))
    np.testing.assert_array_equal(
        engine.export(), blend.blend(a, b, mask, engine.levels, wrap=wrap)
    )


@pytest.mark.parametrize("octave", [0, 1, 3])
@pytest.mark.parametrize("wrap", [False, True])
def test_a_part_of_an_octave_is_the_same_as_in_the_whole(octave: int, wrap: bool) -> None:
    a, b = pair((301, 277, 3), np.float32)
    mask = blob(a.shape)
    engine = BlendEngine(a, b, 5, octave, wrap=wrap)
    engine.set_mask(mask)
    whole = engine.render()
    height, width = whole.shape[:2]
    corner = (width - 9, height - 12, width, height)
    rects: list[Rect] = [(0, 0, 5, 7), (3, 4, 30, 33), corner, (0, 10, width, 11)]
    for x0, y0, x1, y1 in rects:
        engine.shown(octave, (x0, y0, x1, y1))
        assert_same(engine.render(), whole[y0:y1, x0:x1])
        engine.update((20, 30, 90, 60), mask[30:60, 20:90] // 2)
        engine.shown(octave)
        changed = engine.render()
        engine.shown(octave, (x0, y0, x1, y1))
        engine.update((20, 30, 90, 60), mask[30:60, 20:90])
        engine.update((20, 30, 90, 60), mask[30:60, 20:90] // 2)
        assert_same(engine.render(), changed[y0:y1, x0:x1])
        engine.set_mask(mask)


@pytest.mark.parametrize(
    "options", [{"linear": True}, {"wrap": True}, {"gains": [0.5, 1, 2, 1, 0.9]}]
)
def test_options_show_what_they_export(options: dict[str, Any]) -> None:
    a, b = pair((80, 111, 4), np.uint8)
    mask = blob(a.shape)
    engine = BlendEngine(a, b, 4, **options)
    engine.set_mask(mask)
    exported = engine.export()
    np.testing.assert_array_equal(exported, blend.blend(a, b, mask, 4, **options))
    plain = BlendEngine(a, b, 4)
    plain.set_mask(mask)
    for level in blend.levels_of(a, b, mask, 4, **options):
        for one in (engine, plain):
            one.shown(level.level)
        visible = level.partial[..., 3] > 0
        off = np.abs(engine.render().astype(int) - level.partial)[visible]
        assert off.max() <= 1
        assert np.abs(plain.render().astype(int) - level.partial)[visible].max() > 5
    # What lies under transparent pixels is of no matter.
    engine.shown(0)
    visible = exported[..., 3] > 0
    assert np.abs(engine.render().astype(int) - exported)[visible].max() <= 1


def with_octave_mask(a: Array, b: Array, mask: Array, levels: int, octave: int) -> Floats:
    """Blend octave `octave` and the coarser ones by a mask given at that octave."""
    weights = pyramid(mask / 255.0, levels - octave)[0]
    bands_a, bands_b = pyramid(a, levels)[1], pyramid(b, levels)[1]
    total: Floats | None = None
    for k in reversed(range(octave, levels + 1)):
        weight = weights[k - octave][..., None]
        mixed = weight * bands_a[k] + (1 - weight) * bands_b[k]
        total = mixed if total is None else expanded(total, mixed.shape) + mixed
    assert total is not None
    return total


@pytest.mark.parametrize("octave", [0, 1, 2])
def test_a_mask_drawn_at_the_shown_octave_is_taken_back(octave: int) -> None:
    a, b = pair((270, 93, 3), np.float32)
    mask = blob(a.shape)
    engine = BlendEngine(a, b, 4, octave)
    engine.set_mask(mask)
    exact = engine.render()
    shape = level_shapes(a.shape, octave)[-1]
    for seed in (1, 2):
        drawn = np.roll(blob(shape, seed), 7 * seed, axis=0)
        engine.set_octave_mask(drawn)
        expected = with_octave_mask(a, b, drawn, 4, octave)
        # Where the octave of the mask is as near as 8 bits can tell, it stays.
        assert np.abs(engine.render() - expected).max() <= 2 / 255
    if octave:
        np.testing.assert_array_equal(engine.export(), blend.blend(a, b, mask, 4))
        engine.shown(3)
        assert_same(engine.render(), fresh(engine, a, b, mask))
        engine.shown(octave)
        engine.set_octave_mask(drawn)
        engine.render()
    engine.update((4, 5, 40, 60), mask[5:60, 4:40])
    engine.set_mask(mask)
    assert_same(engine.render(), exact)


def test_levels_and_gains_can_be_changed() -> None:
    a, b = pair((64, 80, 3), np.uint8)
    mask = blob(a.shape)
    engine = BlendEngine(a, b, 2)
    engine.set_mask(mask)
    for levels in (0, engine.coarsest, 3):
        engine.set_levels(levels)
        expected = clipped(textbook(a, b, mask, levels)[0], np.uint8)
        assert np.abs(engine.render() - expected).max() <= 0.501
        np.testing.assert_array_equal(engine.export(), blend.blend(a, b, mask, levels))
    gains = [1, 0, 1, 1.5]
    engine.set_levels(3, gains)
    expected = clipped(textbook(a, b, mask, 3, gains)[0], np.uint8)
    assert np.abs(engine.render() - expected).max() <= 0.501
    np.testing.assert_array_equal(engine.export(), blend.blend(a, b, mask, 3, gains=gains))


def test_an_octave_coarser_than_the_levels_is_mixed_itself() -> None:
    a, b = pair((64, 80, 3), np.uint8)
    mask = blob(a.shape)
    engine = BlendEngine(a, b, 1, 3)
    engine.set_mask(mask)
    weight = pyramid(mask / 255.0, 3)[0][3][..., None]
    expected = weight * pyramid(a, 3)[0][3] + (1 - weight) * pyramid(b, 3)[0][3]
    assert np.abs(engine.render() - expected).max() <= 0.501


def test_bytes_for_the_screen() -> None:
    a, b = pair((50, 60, 3), np.uint16)
    engine = BlendEngine(a, b)
    engine.set_mask(blob(a.shape))
    shown = engine.render_display()
    np.testing.assert_array_equal(shown, display.to_display(engine.render()))
    engine.set_mask(np.zeros((50, 60), np.uint8))
    assert not np.array_equal(engine.render_display(), shown)


def test_what_was_returned_stays_and_nothing_given_is_changed_or_kept() -> None:
    a, b = pair((40, 40, 3), np.uint8)
    mask = blob(a.shape)
    before = [image.copy() for image in (a, b, mask)]
    engine = BlendEngine(a, b)
    engine.set_mask(mask)
    first = engine.render()
    kept = first.copy()
    patch = np.full((20, 20), 255, np.uint8)
    engine.update((0, 0, 20, 20), patch)
    patch[:] = 0
    engine.render()
    np.testing.assert_array_equal(first, kept)
    for image, was in zip((a, b, mask), before, strict=True):
        np.testing.assert_array_equal(image, was)
    expected = mask.copy()
    expected[:20, :20] = 255
    np.testing.assert_array_equal(engine.export(), blend.blend(a, b, expected))


def test_an_export_is_of_one_moment_while_painting_goes_on() -> None:
    a, b = np.zeros((500, 700), np.uint8), np.full((500, 700), 255, np.uint8)
    engine = BlendEngine(a, b, 0, 2)
    inside, painted = threading.Event(), threading.Event()
    exported: list[Array] = []

    def hold(_fraction: float) -> None:
        inside.set()
        assert painted.wait(20)

    thread = threading.Thread(target=lambda: exported.append(engine.export(Ticket(hold))))
    thread.start()
    assert inside.wait(20)
    engine.update((0, 0, 700, 500), np.full((500, 700), 255, np.uint8))
    assert engine.render().max() == 0  # A, although the export is not done
    painted.set()
    thread.join(20)
    assert exported[0].min() == 255  # B, as it was when it began


def test_export_and_preparation_can_be_cancelled() -> None:
    a, b = pair((600, 800, 3), np.uint8)
    ticket = Ticket(lambda fraction: ticket.cancel() if fraction > 0.4 else None)
    with pytest.raises(Cancelled):
        BlendEngine(a, b, ticket=ticket)
    engine = BlendEngine(a, b)
    ticket = Ticket(lambda fraction: ticket.cancel() if fraction > 0.4 else None)
    with pytest.raises(Cancelled):
        engine.export(ticket)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda engine: engine.shown(7), "octave must be 0 to 6, got 7"),
        (lambda engine: engine.shown(1, (0, 0, 21, 5)), r"outside 32 x 20"),
        (lambda engine: engine.shown(0, (5, 5, 5, 9)), "empty"),
        (lambda engine: engine.set_levels(7), "levels must be 0 to 6, got 7"),
        (lambda engine: engine.set_levels(2, [1]), "gains must be 3"),
        (lambda engine: engine.set_mask(np.zeros((64, 41), np.uint8)), r"\(64, 41\)"),
        (lambda engine: engine.update((0, 0, 2, 2), np.zeros((2, 3), np.uint8)), r"\(2, 3\)"),
        (lambda engine: engine.update((0, 0, 2, 2), np.zeros((2, 2))), "float64"),
        (lambda engine: engine.update((39, 0, 41, 2), np.zeros((2, 2), np.uint8)), "64 x 40"),
        (lambda engine: engine.update((-1, 0, 1, 2), np.zeros((2, 2), np.uint8)), "64 x 40"),
    ],
)
def test_bad_calls_are_named_and_change_nothing(call: Any, words: str) -> None:
    a, b = pair((64, 40), np.uint8)
    engine = BlendEngine(a, b, 3)
    engine.set_mask(blob(a.shape))
    before = engine.render()
    with pytest.raises(ValueError, match=words):
        call(engine)
    np.testing.assert_array_equal(engine.render(), before)
    engine.shown(2)
    with pytest.raises(ValueError, match=r"\(16, 10\), not uint8 of shape \(64, 40\)"):
        engine.set_octave_mask(np.zeros((64, 40), np.uint8))


def test_pairs_that_cannot_be_blended_are_refused() -> None:
    a, b = pair((20, 20), np.float32)
    with pytest.raises(ValueError, match="harmonise"):
        BlendEngine(a, b.astype(np.uint8))
    b[2, 2] = np.inf
    with pytest.raises(UserError, match="Image B holds 1 value"):
        BlendEngine(a, b)
