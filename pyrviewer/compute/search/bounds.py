"""The exact mode: excluding by bounds whatever cannot beat a good first match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.processors import on_all_processors
from pyrviewer.compute.search.blocks import BlockBound
from pyrviewer.compute.search.descent import PERFECT, Descent, Found
from pyrviewer.compute.search.estimate import everything, goal_of
from pyrviewer.compute.search.peaks import apart, peaks
from pyrviewer.compute.search.plan import budget, exhaustive_cost, trusted_level
from pyrviewer.compute.search.record import Answer, Record
from pyrviewer.compute.search.zncc import exact_score, score_map

if TYPE_CHECKING:
    from pyrviewer.compute.search.peaks import Peak
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import Rect, ScoreMap, SearchSettings
    from pyrviewer.compute.ticket import Ticket

_LEAST_BLOCKS = 16
_LEAST_SCORE = 0.5
_LEAST_SCENE = 3 << 20
_MARGIN = 1e-4
_MAPS, _SHARE, _FINER = 0.25, 0.2, 0.1
_MAPPED, _SCORED = 5.0, 30.0  # nanoseconds
_NEAR = 1e-3
_TILE = 16
_SHARED = 8  # so many tiles are worth handing to another processor


@dataclass(frozen=True, eq=False)
class _Left:
    """Cells of an octave that may hold something better, and how many translations they have."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    translations: int


def search_by_bound(
    template: Template, record: Record, settings: SearchSettings, ticket: Ticket | None = None
) -> Answer:
    """Give the answer of an exhaustive search, with as little of it as the bounds allow.

    A descent gives a first answer. Every translation whose bound, in a coarse octave, is below it
    is excluded; the others are bounded again in finer octaves, and what is left is scored. Where
    the bounds exclude too little, everything is scored.
    """
    level = _first_level(template)
    if level == 0:
        why = "because bounds would exclude little here"
        return everything(template, record, settings, why, ticket)
    descent = Descent(template, record, goal_of(settings, _LEAST_SCORE), budget(template), ticket)
    descent.best_first(max(trusted_level(template), 1))
    first = descent.judged
    record.attempt += 1
    if settings.max_matches == 1 and first and first[0][0] >= PERFECT:
        return Answer(first, "perfect", "The first descent found a perfect match.")
    least = _least(first, settings)
    if least < _LEAST_SCORE:
        why = "because no match is good enough for bounds to exclude the rest"
        return everything(template, record, settings, why, ticket)
    left = _narrow(template, record, level, least, ticket)
    if left is None:
        record.attempt += 1
        why = "because the bounds excluded too little"
        return everything(template, record, settings, why, ticket)
    found = _score_rest(template, record, left, first, settings, ticket)
    if len(found) == settings.max_matches and found[-1][0] < least - _MARGIN:
        record.attempt += 1
        return everything(template, record, settings, "because matches crowd each other", ticket)
    plan = f"Bounds from octave {level} on excluded whatever cannot score {least:.3f}."
    return Answer(found, "bound", plan)


def _first_level(template: Template) -> int:
    """Return the coarsest octave at which bounds are likely to exclude enough; 0 for none."""
    rows, columns = template.scene.shape
    if template.mask is not None or rows * columns < _LEAST_SCENE:
        return 0
    level = 0
    while min(template.shape) >> (level + 1) >= _LEAST_BLOCKS:
        level += 1
    return min(level, len(template.kernels) - 1)


def _least(first: Found, settings: SearchSettings) -> float:
    """Return what a place must score to be part of the answer."""
    if settings.max_matches == 1:
        return first[0][0] if first else -1.0
    if len(first) < settings.max_matches:
        return settings.min_score
    return max(settings.min_score, first[-1][0])


def _narrow(
    template: Template, record: Record, level: int, least: float, ticket: Ticket | None
) -> _Left | None:
    """Bound from octave to octave what may still score `least`; None if that is too much."""
    left: _Left | None = None
    most = _SHARE * exhaustive_cost(template)
    while level > 0:
        if ticket is not None:
            ticket.check()
        kernel = template.kernels[level]
        record.page(level, template.scene.level_shape(level), kernel.shape)
        with record.time(level):
            bound = BlockBound(template, level, ticket)
            whole = left is None
            if left is None:
                left = _whole_map(template, record, bound, least - _MARGIN)
            if bound.phase_cost(left.rows.size) > most:
                return None
            entered = 0 if whole else left.translations
            left = _by_phase(template, record, bound, left, least - _MARGIN, entered)
        level -= 1
        if _rest_cost(template, left, level) < _FINER * most:
            break
    assert left is not None
    return _translations(template, left, level)


def _rest_cost(template: Template, left: _Left, level: int) -> float:
    """Predicted nanoseconds of scoring what is left."""
    tiles = len(_rectangles(left, max(_TILE >> level, 1)))
    return tiles * (template.shape[0] + _TILE) * (template.shape[1] + _TILE) * _SCORED


def _translations(template: Template, left: _Left, level: int) -> _Left:
    """Turn cells into their translations; the last ones reach over the edge."""
    side = 1 << level
    y, x = np.mgrid[:side, :side].reshape(2, 1, -1)
    rows = (left.rows[:, None] * side + y).ravel()
    columns = (left.columns[:, None] * side + x).ravel()
    (length, across), (height, width) = template.scene.shape, template.shape
    inside = (rows <= length - height) & (columns <= across - width)
    return _Left(rows[inside], columns[inside], left.translations)


def _whole_map(template: Template, record: Record, bound: BlockBound, least: float) -> _Left:
    """Bound every cell of an octave, in more and more groups of phases while too many are left."""
    rows, columns = template.scene.shape
    total = (rows - template.shape[0] + 1) * (columns - template.shape[1] + 1)
    side = 1 << bound.level
    parts, keep = 2, np.ones(bound.cells, np.bool_)
    most = _MAPS * exhaustive_cost(template)
    while parts <= min(side, 4) and 2 * parts**2 * keep.size * _MAPPED < most:
        keep &= bound.cell_bounds(parts) >= least
        parts *= 2
        if bound.phase_cost(int(np.count_nonzero(keep))) < 2 * parts**2 * keep.size * _MAPPED:
            break  # bounding each translation of what is left costs less than the next map
    y, x = np.nonzero(keep)
    heights = np.minimum(rows - template.shape[0] + 1 - y * side, side)
    widths = np.minimum(columns - template.shape[1] + 1 - x * side, side)
    left = int((heights * widths).sum())
    record.bound(bound.level, total, total - left, np.where(keep, 0, 255).astype(np.uint8))
    return _Left(y, x, left)


def _by_phase(
    template: Template,
    record: Record,
    bound: BlockBound,
    left: _Left,
    least: float,
    entered: int,
) -> _Left:
    """Bound each translation of some cells; return the cells, half the size, that are left."""
    side = 1 << bound.level
    cell, phase, _ = bound.phase_bounds(left.rows, left.columns, least)
    row, column = np.divmod(phase, side)
    row += left.rows[cell] * side
    column += left.columns[cell] * side
    inside = (row <= template.scene.shape[0] - template.shape[0]) & (
        column <= template.scene.shape[1] - template.shape[1]
    )
    row, column = row[inside], column[inside]
    record.bound(bound.level, entered, left.translations - row.size, None)
    half = side // 2
    width = template.scene.shape[1] // half + 1
    at = np.unique(row // half * width + column // half)
    y, x = np.divmod(at, width)
    return _Left(y, x, row.size)


def _score_rest(
    template: Template,
    record: Record,
    left: _Left,
    first: Found,
    settings: SearchSettings,
    ticket: Ticket | None,
) -> Found:
    """Score the translations that are left, and choose the matches."""
    record.page(0, template.scene.shape, template.shape)
    height, width = template.shape
    with record.time(0):

        def scored(rect: Rect) -> tuple[Rect, ScoreMap, list[Peak]]:
            if ticket is not None:
                ticket.check()
            x0, y0, x1, y1 = rect
            patch = template.scene.patch(0, (x0, y0, x1 + width - 1, y1 + height - 1))
            scores = score_map(patch, template.kernels[0])
            return rect, scores, peaks(scores, scores.size)

        rects = _rectangles(left, _TILE)
        hills: list[tuple[float, int, int]] = []
        for rect, scores, tops in on_all_processors(scored, rects, alone=len(rects) < _SHARED):
            record.scores(0, *rect[:2], scores, template.kernels[0])
            hills += [(score, rect[0] + x, rect[1] + y) for x, y, score in tops]
        found = list(first)
        least = _least(first, settings) - _NEAR
        for value, x, y in hills:
            if value >= least:
                score = exact_score(template.scene.pixels, template.reference, x, y)
                found.append((score, float(x), float(y)))
        found = apart(found, settings.max_matches, template.shape, settings.min_distance)
    for score, fx, fy in found:
        record.candidate(0, int(fx), int(fy), score, kept=True)
    return found


def _rectangles(left: _Left, tile: int) -> list[Rect]:
    """Gather cells, tile by tile, in rectangles that cover little else."""
    tiles = np.stack([left.rows // tile, left.columns // tile])
    _, at = np.unique(tiles, axis=1, return_inverse=True)
    at = at.reshape(-1)
    low = np.full((2, int(at.max(initial=-1)) + 1), np.iinfo(np.intp).max)
    high = np.full(low.shape, -1)
    for axis, places in enumerate((left.columns, left.rows)):
        np.minimum.at(low[axis], at, places)
        np.maximum.at(high[axis], at, places + 1)
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in np.concatenate([low, high]).T.tolist()]
