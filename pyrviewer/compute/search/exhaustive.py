"""Scoring every translation at full resolution."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.processors import on_all_processors
from pyrviewer.compute.search.peaks import apart, peaks
from pyrviewer.compute.search.zncc import exact_score, score_map

if TYPE_CHECKING:
    from pyrviewer.compute.search.record import Record
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

_BLOCK, _LEAST_SIDE, _MOST_SIDE = 4.5, 256, 2304
_TILE = 1 << 19
_SHARED = 1 << 17  # so many scores are worth handing to another processor
_JUDGED, _NEAR = 30, 5e-3


def octave_map(template: Template, level: int, ticket: Ticket | None = None) -> ScoreMap:
    """Score every translation at an octave, tile by tile, on all processors.

    Returns
    -------
    (H - h + 1, W - w + 1) float32 array
    """
    scene, kernel = template.scene, template.kernels[level]
    (height, width), (rows, columns) = scene.level_shape(level), kernel.shape
    scores = np.empty((height - rows + 1, width - columns + 1), np.float32)
    down, across = _tile(kernel.shape, scores.shape)
    corners = list(
        itertools.product(range(0, len(scores), down), range(0, scores.shape[1], across))
    )
    begun = itertools.count(1)

    def score(corner: tuple[int, int]) -> None:
        if ticket is not None:
            # A coarse octave is no more than the beginning of a search.
            ticket.check(next(begun) / (len(corners) + 1) if level == 0 else None)
        top, left = corner
        part = scores[top : top + down, left : left + across]
        bottom, right = top + part.shape[0] + rows - 1, left + part.shape[1] + columns - 1
        patch = scene.patch(level, (left, top, right, bottom))
        part[:] = score_map(patch, kernel, precise=level == 0)

    on_all_processors(score, corners)
    return scores


def _tile(template: tuple[int, int], scores: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of a tile: a row of the blocks that cv2.matchTemplate cuts a scene into.

    Lower or narrower, but no smaller than the template, if else a processor would have nothing
    to do.
    """
    if scores[0] * scores[1] < _SHARED:
        return scores[0], scores[1]
    down, across = (
        min(max(_LEAST_SIDE - side + 1, round(_BLOCK * side)), _MOST_SIDE) for side in template
    )
    across *= max(1, _TILE // (down * across))
    rows, columns = (
        max(-(-length // cv2.getNumThreads()), side)
        for length, side in zip(scores, template, strict=True)
    )
    return (min(down, rows), across) if rows < scores[0] else (down, min(across, columns))


def exhaustive_matches(
    template: Template,
    record: Record,
    max_matches: int,
    min_distance: float | None,
    ticket: Ticket | None = None,
) -> list[tuple[float, float, float]]:
    """Find the best places by scoring all, judged in float64.

    Returns
    -------
    list of (score, x, y)
        At most `max_matches`, best first, whatever their score.
    """
    record.page(0, template.scene.shape, template.shape)
    with record.time(0):
        scores = octave_map(template, 0, ticket)
        found = judged(template, scores, max_matches, min_distance, ticket)
        record.scores(0, 0, 0, scores, template.kernels[0])
    for score, x, y in found:
        record.candidate(0, int(x), int(y), score, kept=True)
    return found


def judged(
    template: Template,
    scores: ScoreMap,
    max_matches: int,
    min_distance: float | None,
    ticket: Ticket | None = None,
) -> list[tuple[float, float, float]]:
    """Score the peaks of a map again in float64 and choose the best that do not crowd."""
    least = float(scores.max()) - _NEAR if max_matches == 1 else -2.0
    found = []
    for x, y, _ in peaks(scores, max(_JUDGED, 4 * max_matches), least):
        if ticket is not None:
            ticket.check()
        score = exact_score(template.scene.pixels, template.reference, x, y)
        found.append((score, float(x), float(y)))
    return apart(found, max_matches, template.shape, min_distance)
