"""Painting on a mask: what a stroke covers, once however often it crosses itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pyrviewer.compute.mask import Brush, Stroke

if TYPE_CHECKING:
    from pyrviewer.compute.mask import Mask


def empty() -> Mask:
    return np.zeros((120, 160), np.uint8)


def painted(before: Mask, stroke: Stroke, *points: tuple[float, float]) -> Mask:
    """Apply the patches of a stroke as a window would."""
    canvas = before.copy()
    for point in points:
        found = stroke.to(*point)
        if found is not None:
            (x0, y0, x1, y1), patch = found
            canvas[y0:y1, x0:x1] = patch
    return canvas


def test_segment_covers_what_is_near_it() -> None:
    drawn = painted(empty(), Stroke(empty(), Brush(10, 0.5)), (40, 50), (90, 50))
    y, x = np.mgrid[:120, :160] + 0.5
    distance = np.hypot(x - np.clip(x, 40, 90), y - 50)
    np.testing.assert_allclose(drawn, 255 * np.clip((10 - distance) / 5, 0, 1), atol=1)


def test_hard_brush_has_its_edge_on_the_radius() -> None:
    drawn = painted(empty(), Stroke(empty(), Brush(20, 1)), (80, 60))
    assert drawn.sum() / 255 == pytest.approx(math.pi * 400, rel=2e-3)


def test_stroke_over_itself_does_not_double() -> None:
    back_and_forth = [(30, 60), (120, 60), (30, 60), (120, 60)]
    stroke = Stroke(empty(), Brush(12, 0.3, opacity=0.4))
    drawn = painted(empty(), stroke, *back_and_forth)
    once = painted(empty(), Stroke(empty(), Brush(12, 0.3, opacity=0.4)), *back_and_forth[:2])
    np.testing.assert_array_equal(drawn, once)
    assert drawn.max() == round(0.4 * 255)
    second = painted(drawn, Stroke(drawn, Brush(12, 0.3, opacity=0.4)), *back_and_forth)
    assert second.max() == pytest.approx(255 * (1 - 0.6**2), abs=1)


def test_eraser_takes_away_what_the_brush_gave() -> None:
    full = np.full((120, 160), 255, np.uint8)
    way = [(30.0, 30.0), (130.0, 90.0)]
    brushed = painted(empty(), Stroke(empty(), Brush(15, 0.5, 0.7)), *way)
    erased = painted(full, Stroke(full, Brush(15, 0.5, 0.7, erase=True)), *way)
    np.testing.assert_array_equal(erased, 255 - brushed)


def test_patch_undoes_and_redoes_a_stroke() -> None:
    before = np.random.default_rng(0).integers(0, 256, (1200, 1600), np.uint8)
    stroke = Stroke(before, Brush(9))
    assert stroke.patches() == []
    after = painted(before, stroke, (20, 20), (600, 900), (1000, 30))
    patches = stroke.patches()
    redone = before.copy()
    for patch in patches:
        x0, y0, x1, y1 = patch.rect
        redone[y0:y1, x0:x1] = patch.after
    np.testing.assert_array_equal(redone, after)
    for patch in patches:
        x0, y0, x1, y1 = patch.rect
        redone[y0:y1, x0:x1] = patch.before
    np.testing.assert_array_equal(redone, before)
    assert sum(patch.after.size for patch in patches) < before.size / 2


def test_stroke_beside_the_mask_changes_nothing() -> None:
    stroke = Stroke(empty(), Brush(5))
    assert stroke.to(-20, 50) is None
    assert stroke.to(-20, 300) is None
    assert stroke.patches() == []
    rect, patch = stroke.to(10, 60) or ((0, 0, 0, 0), empty())
    assert rect[0] == 0
    assert patch.max() == 255


@pytest.mark.parametrize("wrong", [(0, 0.5, 1), (3, 1.1, 1), (3, 0.5, -0.1), (math.nan, 0.5, 1)])
def test_brush_that_cannot_paint_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="radius"):
        Brush(*wrong)
