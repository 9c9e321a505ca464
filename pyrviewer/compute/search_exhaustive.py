"""Scoring every translation at full resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.search_peaks import apart, peaks
from pyrviewer.compute.search_zncc import exact_score, score_map

if TYPE_CHECKING:
    from pyrviewer.compute.search_record import Record
    from pyrviewer.compute.search_template import Template
    from pyrviewer.compute.search_trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

_STRIP = 1 << 21
_JUDGED = 30


def exhaustive_map(template: Template, ticket: Ticket | None = None) -> ScoreMap:
    """Score every translation, strip by strip.

    Returns
    -------
    (H - h + 1, W - w + 1) float32 array
    """
    scene, kernel = template.scene, template.kernels[0]
    height, width = template.shape
    rows, columns = scene.shape[0] - height + 1, scene.shape[1] - width + 1
    scores = np.empty((rows, columns), np.float32)
    step = max(2 * height, _STRIP // scene.shape[1], 1)
    for top in range(0, rows, step):
        if ticket is not None:
            ticket.check(top / rows)
        bottom = min(top + step, rows)
        patch = scene.patch(0, (0, top, scene.shape[1], bottom + height - 1))
        scores[top:bottom] = score_map(patch, kernel)
    return scores


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
        record.scores(0, 0, 0, scores, template.kernels[0])
        found = judged(template, scores, max_matches, min_distance, ticket)
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
    least = float(scores.max()) - 0.1 if max_matches == 1 else -2.0
    x, y, _ = peaks(scores, max(_JUDGED, 4 * max_matches), least)
    found = []
    for column, row in zip(x.tolist(), y.tolist(), strict=True):
        if ticket is not None:
            ticket.check()
        score = exact_score(template.scene.pixels, template.reference, column, row)
        found.append((score, float(column), float(row)))
    return apart(found, max_matches, template.shape, min_distance)
