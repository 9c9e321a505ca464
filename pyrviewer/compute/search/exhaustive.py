"""Scoring every translation at full resolution."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search.peaks import apart, peaks
from pyrviewer.compute.search.zncc import exact_score, score_map

if TYPE_CHECKING:
    from pyrviewer.compute.search.record import Record
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

_BLOCK, _LEAST_SIDE, _MOST_SIDE = 4.5, 256, 2304
_TILE, _ONE_TILE = 1 << 19, 1 << 20
_JUDGED, _NEAR = 30, 5e-3


def exhaustive_map(template: Template, ticket: Ticket | None = None) -> ScoreMap:
    """Score every translation, tile by tile, on all processors.

    Returns
    -------
    (H - h + 1, W - w + 1) float32 array
    """
    scene, kernel = template.scene, template.kernels[0]
    height, width = template.shape
    shape = (scene.shape[0] - height + 1, scene.shape[1] - width + 1)
    if shape[0] * shape[1] <= _ONE_TILE:  # threads would cost more than they save
        if ticket is not None:
            ticket.check()
        return score_map(scene.patch(0, (0, 0, scene.shape[1], scene.shape[0])), kernel)
    scores = np.empty(shape, np.float32)
    down, across = _tile(template.shape)

    def score(corner: tuple[int, int]) -> None:
        if ticket is not None:
            ticket.check()
        top, left = corner
        part = scores[top : top + down, left : left + across]
        bottom, right = top + part.shape[0] + height - 1, left + part.shape[1] + width - 1
        part[:] = score_map(scene.patch(0, (left, top, right, bottom)), kernel)

    corners = [
        (top, left) for top in range(0, shape[0], down) for left in range(0, shape[1], across)
    ]
    with ThreadPoolExecutor(cv2.getNumThreads()) as pool:
        for done, _ in enumerate(pool.map(score, corners), 1):
            if ticket is not None:
                ticket.check(done / len(corners))
    return scores


def _tile(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a tile: a row of the blocks that cv2.matchTemplate cuts a scene into."""
    down, across = (
        min(max(_LEAST_SIDE - side + 1, round(_BLOCK * side)), _MOST_SIDE) for side in shape
    )
    return down, across * max(1, _TILE // (down * across))


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
        scores = exhaustive_map(template, ticket)
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
    columns, rows, _ = peaks(scores, max(_JUDGED, 4 * max_matches), least)
    found = []
    for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
        if ticket is not None:
            ticket.check()
        score = exact_score(template.scene.pixels, template.reference, x, y)
        found.append((score, float(x), float(y)))
    return apart(found, max_matches, template.shape, min_distance)
