"""Scoring every translation at full resolution."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search_peaks import apart, peaks
from pyrviewer.compute.search_zncc import exact_score, score_map, takes_bytes, without_flat

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.search_record import Record
    from pyrviewer.compute.search_template import Template
    from pyrviewer.compute.search_trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

_TILE, _LEAST_ROWS = 1 << 21, 256
_JUDGED = 30
_SOUND, _NEAR = 1e-3, 0.02


def exhaustive_map(template: Template, ticket: Ticket | None = None) -> ScoreMap:
    """Score every translation, tile by tile.

    Returns
    -------
    (H - h + 1, W - w + 1) float32 array
    """
    scene, kernel = template.scene, template.kernels[0]
    rows, columns = scene.shape[0] - template.shape[0] + 1, scene.shape[1] - template.shape[1] + 1
    scores = np.empty((rows, columns), np.float32)

    def work(patch: Array, part: ScoreMap) -> None:
        part[:] = score_map(patch, kernel)

    _by_tiles(template, scores, work, ticket)
    return scores


def _by_tiles(
    template: Template,
    scores: ScoreMap,
    work: Callable[[Array, ScoreMap], None],
    ticket: Ticket | None,
) -> None:
    """Give each tile of the scene, and of the map, to `work`, on all processors."""
    (height, width), (rows, columns) = template.shape, scores.shape
    down = max(2 * height, _LEAST_ROWS)
    across = max(2 * width, _TILE // (down + height))

    def tile(corner: tuple[int, int]) -> None:
        if ticket is not None:
            ticket.check()
        top, left = corner
        bottom, right = min(top + down, rows), min(left + across, columns)
        patch = template.scene.patch(0, (left, top, right + width - 1, bottom + height - 1))
        work(patch, scores[top:bottom, left:right])

    corners = [(top, left) for top in range(0, rows, down) for left in range(0, columns, across)]
    with ThreadPoolExecutor(cv2.getNumThreads()) as pool:
        for done, _ in enumerate(pool.map(tile, corners), 1):
            if ticket is not None:
                ticket.check(done / len(corners))


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
    """Score the peaks of a map again in float64 and choose the best that do not crowd.

    If a peak turns out to be a flat window, flat windows are first taken out of the map, in place.
    """
    found, sound = _judged_peaks(template, scores, max_matches, ticket)
    if not sound and takes_bytes(template.kernels[0]):
        kernel = template.kernels[0]
        _by_tiles(template, scores, lambda patch, part: without_flat(part, patch, kernel), ticket)
        found, _ = _judged_peaks(template, scores, max_matches, ticket)
    return apart(found, max_matches, template.shape, min_distance)


def _judged_peaks(
    template: Template, scores: ScoreMap, max_matches: int, ticket: Ticket | None
) -> tuple[list[tuple[float, float, float]], bool]:
    """Highest peaks with their scores in float64; and whether the map told the truth."""
    least = float(scores.max()) - _NEAR if max_matches == 1 else -2.0
    found, sound = [], True
    columns, rows, values = peaks(scores, max(_JUDGED, 4 * max_matches), least)
    for x, y, value in zip(columns.tolist(), rows.tolist(), values.tolist(), strict=True):
        if ticket is not None:
            ticket.check()
        score = exact_score(template.scene.pixels, template.reference, x, y)
        sound = sound and abs(score - value) < _SOUND
        found.append((score, float(x), float(y)))
    return found, sound
