"""Coarse-to-fine search for a template in an image, with a trace of all that was done.

To find a small thing in a large image, look for it in a coarse octave of the image, where few
translations have to be scored, and then only near there in each finer one. `search` follows
whatever looks as if it could be the best; its `SearchTrace` holds everything it did, and why it
stopped.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pyrviewer.compute.search.bounds import search_by_bound
from pyrviewer.compute.search.checks import check_settings
from pyrviewer.compute.search.estimate import estimate
from pyrviewer.compute.search.exhaustive import exhaustive_matches
from pyrviewer.compute.search.poses import search_poses
from pyrviewer.compute.search.record import Answer, Record
from pyrviewer.compute.search.scene import Scene
from pyrviewer.compute.search.subpixel import refine_position
from pyrviewer.compute.search.template import Template, prepare
from pyrviewer.compute.search.trace import (
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
from pyrviewer.compute.search.why import why_missed

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
    "why_missed",
]


def search(
    scene: Scene | Array,
    template: Array,
    *,
    max_matches: int = 1,
    min_score: float = 0.5,
    min_distance: float | None = None,
    coarsest: int | None = None,
    candidates: int | None = None,
    angles: tuple[float, float] | None = None,
    scales: tuple[float, float] | None = None,
    mask: Array | None = None,
    exact: bool = False,
    always_coarse: bool = False,
    ticket: Ticket | None = None,
) -> SearchTrace:
    """Find the places of an image that look like a template.

    Places are judged by zero-mean normalised cross-correlation (ZNCC), joint over the channels:
    1 for a copy, whatever its brightness and contrast, 0 for no likeness. A window with less than
    2 % of the template's contrast is flat and scores 0. A gray template is looked for in the
    scene's luminance, a colour one in a gray scene by its own; integers and floats are compared so
    that white is white.

    Parameters
    ----------
    scene : Scene or (H, W), (H, W, 3) or (H, W, 4) array of uint8, uint16 or float32
        Where to look. A `Scene` keeps its octaves for the next search.
    template : (h, w), (h, w, 3) or (h, w, 4) array of uint8, uint16 or float32
        What to look for, not larger than the scene. Its transparent pixels do not count.
    max_matches : int
        How many places to find at most.
    min_score : float
        What a match must score, -1 to 1.
    min_distance : float, optional
        Least distance between two matches, in scene pixels. By default two may share half of the
        template's area.
    coarsest : int, optional
        The octave to start from; 0 scores every translation. By default the last one at which the
        template has enough pixels, if that pays.
    candidates : int, optional
        Follow that many places from every octave to the next and nothing else, as the textbooks
        do. By default the search follows all that is estimated to beat what it has found, and
        scores every translation when that becomes too much.
    angles : (float, float), optional
        Lowest and highest angle to look for, in degrees, counter-clockwise; (0, 360) for all.
    scales : (float, float), optional
        Smallest and largest size to look for, against the template's.
    mask : (h, w) array, optional
        Not 0 for the pixels of the template that count.
    exact : bool
        Guarantee the answer of an exhaustive search: exclude by bounds what cannot beat the best,
        and score the rest.
    always_coarse : bool
        Go from coarse to fine even where scoring every translation would be about as quick, to
        see how it goes.
    ticket : Ticket, optional
        Asked whether to go on about every 50 ms of work.

    Returns
    -------
    SearchTrace

    Raises
    ------
    ValueError
        For arrays that are not images, a mask of another shape, and settings without a meaning.
    UserError
        If the template is larger than the scene, has no contrast or is masked out; for samples
        that are not finite; for exact mode together with angles or scales.
    Cancelled
        If the ticket was cancelled.

    Notes
    -----
    G. J. VanderBrug and A. Rosenfeld, "Two-stage template matching", IEEE Trans. Computers 26,
    1977; A. Rosenfeld and G. J. VanderBrug, "Coarse-fine template matching", IEEE Trans. Systems,
    Man and Cybernetics 7, 1977. `search.bounds` describes the bounds of the exact mode.
    """
    start = time.perf_counter()
    settings = SearchSettings(
        max_matches,
        min_score,
        min_distance,
        coarsest,
        candidates,
        angles,
        scales,
        exact,
        always_coarse,
    )
    check_settings(settings)
    ready = prepare(scene if isinstance(scene, Scene) else Scene(scene), template, mask)
    record = Record()
    if angles is not None or scales is not None:
        answer = search_poses(ready, record, settings, ticket)
    elif exact:
        answer = search_by_bound(ready, record, settings, ticket)
    else:
        answer = estimate(ready, record, settings, ticket)
    return _trace(ready, record, settings, answer, start)


def exhaustive(
    scene: Scene | Array,
    template: Array,
    *,
    max_matches: int = 1,
    min_score: float = 0.5,
    min_distance: float | None = None,
    mask: Array | None = None,
    ticket: Ticket | None = None,
) -> SearchTrace:
    """Score every translation at full resolution, to compare `search` with.

    Parameters, errors and matches are those of `search`. The trace has one level, whose one piece
    is the whole score map.

    Returns
    -------
    SearchTrace
    """
    start = time.perf_counter()
    settings = SearchSettings(max_matches, min_score, min_distance, coarsest=0)
    check_settings(settings)
    ready = prepare(scene if isinstance(scene, Scene) else Scene(scene), template, mask)
    record = Record()
    found = exhaustive_matches(ready, record, max_matches, min_distance, ticket)
    answer = Answer(found, "exhaustive", "Every translation was scored, as asked for.")
    return _trace(ready, record, settings, answer, start)


def _trace(
    ready: Template, record: Record, settings: SearchSettings, answer: Answer, start: float
) -> SearchTrace:
    """Put the answer and what was recorded together."""
    # A score of exactly 0 is a flat window: nothing was found there.
    found = (place for place in answer.found if place[0] != 0)
    matches = answer.matches or tuple(
        _match(ready, *place, refined=place[0] >= settings.min_score) for place in found
    )
    good = tuple(match for match in matches if match.score >= settings.min_score)
    levels = record.levels()
    height, width = ready.shape
    rows, columns = ready.scene.shape[0] - height + 1, ready.scene.shape[1] - width + 1
    return SearchTrace(
        levels=levels,
        matches=good,
        best=matches[0] if matches else None,
        proof=answer.proof,
        plan=answer.plan,
        scene_shape=ready.scene.shape,
        template_shape=ready.shape,
        exhaustive_translations=rows * columns * answer.poses,
        warnings=ready.notes + ready.warnings(max((each.level for each in levels), default=0)),
        milliseconds=1e3 * (time.perf_counter() - start),
        settings=settings,
    )


def _match(ready: Template, score: float, x: float, y: float, *, refined: bool) -> Match:
    """Make a match of a place; refine it between the pixels."""
    if refined:
        x, y = refine_position(ready, int(x), int(y))
    return Match(x, y, score, ready.shape[1], ready.shape[0])
