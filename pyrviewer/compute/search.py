"""Coarse-to-fine search for a template in an image, with a trace of all that was done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.search_descent import Descent, Goal
from pyrviewer.compute.search_exhaustive import exhaustive_matches
from pyrviewer.compute.search_plan import again, plan
from pyrviewer.compute.search_record import Record
from pyrviewer.compute.search_scene import Scene
from pyrviewer.compute.search_template import Template, prepare
from pyrviewer.compute.search_trace import (
    Candidate,
    LevelTrace,
    Match,
    Miss,
    Proof,
    Rect,
    ScorePiece,
    SearchSettings,
    SearchTrace,
)
from pyrviewer.compute.search_zncc import exact_score

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "Candidate",
    "LevelTrace",
    "Match",
    "Miss",
    "Proof",
    "Rect",
    "Scene",
    "ScorePiece",
    "SearchSettings",
    "SearchTrace",
    "exhaustive",
    "search",
]

_PERFECT = 1 - 1e-9
_DOUBTFUL = 0.6

_Found = list[tuple[float, float, float]]


def search(
    scene: Scene | Array,
    template: Array,
    *,
    max_matches: int = 1,
    min_score: float = 0.5,
    min_distance: float | None = None,
    coarsest: int | None = None,
    candidates: int | None = None,
    mask: Array | None = None,
    exact: bool = False,
    ticket: Ticket | None = None,
) -> SearchTrace:
    """Find a template."""
    start = time.perf_counter()
    if not isinstance(scene, Scene):
        scene = Scene(scene)
    settings = SearchSettings(max_matches, min_score, min_distance, coarsest, candidates)
    ready = prepare(scene, template, mask)
    record = Record()
    found, proof, how = _estimate(ready, record, settings, ticket)
    if found and found[0][0] >= _PERFECT and max_matches == 1:
        proof = "perfect"
    matches = [
        Match(x, y, score, ready.shape[1], ready.shape[0]) for score, x, y in found
    ]
    return SearchTrace(
        levels=record.levels(),
        matches=tuple(m for m in matches if m.score >= min_score),
        best=matches[0] if matches else None,
        proof=proof,
        plan=how,
        scene_shape=ready.scene.shape,
        template_shape=ready.shape,
        exhaustive_translations=(ready.scene.shape[0] - ready.shape[0] + 1)
        * (ready.scene.shape[1] - ready.shape[1] + 1),
        warnings=ready.notes,
        milliseconds=1e3 * (time.perf_counter() - start),
        settings=settings,
    )


def _estimate(
    ready: Template, record: Record, settings: SearchSettings, ticket: Ticket | None
) -> tuple[_Found, Proof, str]:
    chosen = plan(ready, settings.coarsest)
    goal = Goal(settings.max_matches, settings.min_score, settings.min_distance)
    level, how = chosen.coarsest, f"{chosen.reason}"
    if level > 0:
        descent = Descent(ready, record, goal, ticket)
        while True:
            settled = descent.best_first(level)
            found = _judge(ready, descent.found)
            if settled and found[0][0] >= _DOUBTFUL:
                return found, "estimate", how
            if found[0][0] >= _PERFECT and goal.max_matches == 1:
                return found, "estimate", how
            if not again(ready, level):
                break
            level -= 1
            record.attempt += 1
        record.attempt += 1
    found = exhaustive_matches(ready, record, goal.max_matches, goal.min_distance, ticket)
    return found, "exhaustive", how


def _judge(ready: Template, found: _Found) -> _Found:
    judged = [(exact_score(ready.scene.pixels, ready.reference, int(x), int(y)), x, y) for _, x, y in found]
    return sorted(judged, reverse=True)
