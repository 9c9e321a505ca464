"""Searching over orientations and sizes as well, coarse to fine."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.processors import on_all_processors
from pyrviewer.compute.search.peaks import peaks
from pyrviewer.compute.search.plan import trusted_level
from pyrviewer.compute.search.pose import Pose, linear, refine_pose, turned_kernel
from pyrviewer.compute.search.record import Answer, Record
from pyrviewer.compute.search.trace import Match
from pyrviewer.compute.search.zncc import score_map

if TYPE_CHECKING:
    from pyrviewer.compute.search.peaks import Peak
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import ScoreMap, SearchSettings
    from pyrviewer.compute.search.zncc import Kernel
    from pyrviewer.compute.ticket import Ticket

_STEP = 1.2
"""How far, in pixels of the octave, a step of angle or scale moves the template's corners."""

_PEAKS = 6
_KEPT = 32
_LEAST_KEPT = 4
_REACH = 2
_SHARED = 1 << 15  # so many scores, many times, are worth handing to another processor


@dataclass(frozen=True)
class _Place:
    """A candidate pose with its score, and its cell at the level where it was scored."""

    pose: Pose
    score: float
    cell: tuple[int, int]


def search_poses(
    template: Template, record: Record, settings: SearchSettings, ticket: Ticket | None = None
) -> Answer:
    """Score a grid of angles and sizes in a coarse octave, and follow the best places down.

    From octave to octave the steps of angle and scale are halved, and only the neighbours of what
    was found are tried; the last step fits the pose between the steps.
    """
    level = trusted_level(template) if settings.coarsest is None else settings.coarsest
    level = min(level, len(template.kernels) - 1)
    if level > 0:
        template.scene.octave(level, ticket)
    step = _step(template, level)
    angles = _angles(settings.angles, step)
    scales = _scales(settings.scales, step)
    for each in range(level, -1, -1):
        record.page(each, template.scene.level_shape(each), template.kernels[each].shape)
    width = settings.candidates or max(_KEPT, 4 * settings.max_matches)
    places = _top(template, record, level, angles, scales, ticket)
    places = _distinct(places, width, 2.0**level * 2, math.degrees(1.5 * step))
    top = level
    while level > 0:
        for place in places:
            record.keep(level, *place.cell, (place.pose.angle, place.pose.scale))
        step /= 2
        finer = [
            _finer(template, record, level - 1, place.pose, step, settings, ticket)
            for place in places
        ]
        if settings.candidates is None:
            width = max(_LEAST_KEPT, 2 * settings.max_matches, width // 2)
        places = _distinct(
            [place for place in finer if place is not None],
            width,
            2.0 ** (level - 1) * 2,
            math.degrees(3 * step),
        )
        level -= 1
    matches = _matches(template, record, places, settings, ticket)
    steps = _step(template, 0)
    poses = len(_angles(settings.angles, steps)) * len(_scales(settings.scales, steps))
    tried = " and ".join(
        f"{len(each)} {name}" for each, name in ((angles, "angles"), (scales, "sizes")) if each[1:]
    )
    plan = f"Scored {tried or 'one pose'} at octave {top}, and followed the best places from there."
    return Answer([], "estimate", plan, matches, poses)


def _step(template: Template, level: int) -> float:
    """Angle, in radians, or relative change of size that moves the corners by about a pixel."""
    return float(_STEP * 2**level / (math.hypot(*template.shape) / 2))


def _angles(limits: tuple[float, float] | None, step: float) -> list[float]:
    """Angles of a range, no more than a step apart; a full turn has no end."""
    if limits is None:
        return [0.0]
    low, high = limits
    if high - low >= 360:
        count = math.ceil(2 * math.pi / step)
        return [low + 360 * k / count for k in range(count)]
    count = math.ceil(math.radians(high - low) / step)
    return [low + (high - low) * k / max(count, 1) for k in range(count + 1)]


def _scales(limits: tuple[float, float] | None, step: float) -> list[float]:
    """Sizes of a range, each no more than a step larger than the one before."""
    if limits is None:
        return [1.0]
    low, high = limits
    count = math.ceil(math.log(high / low) / math.log1p(step))
    return [low * (high / low) ** (k / max(count, 1)) for k in range(count + 1)]


def _top(
    template: Template,
    record: Record,
    level: int,
    angles: list[float],
    scales: list[float],
    ticket: Ticket | None,
) -> list[_Place]:
    """Score all of an octave at every angle and size, on all processors."""
    height, width = template.scene.level_shape(level)
    turns = [(angle, scale) for scale in scales for angle in angles]
    begun = itertools.count(1)

    def score(turn: tuple[float, float]) -> _Scored | None:
        if ticket is not None:
            ticket.check(0.8 * next(begun) / len(turns))
        return _scored(template, level, turn, (0, 0, width, height), _PEAKS)

    with record.time(level):
        every = on_all_processors(score, turns, alone=height * width < _SHARED)
        return [place for scored in every for place in _noted(record, level, scored)]


@dataclass(frozen=True, eq=False)
class _Scored:
    """The scores of a turned template in part of an octave, from (x, y) on, and their peaks."""

    turn: tuple[float, float]
    kernel: Kernel
    corner: tuple[int, int]
    scores: ScoreMap
    peaks: list[Peak]


def _scored(
    template: Template,
    level: int,
    turn: tuple[float, float],
    rect: tuple[int, int, int, int],
    count: int,
) -> _Scored | None:
    """Score a turned template wherever it lies in a rectangle of an octave; None for nowhere."""
    kernel = turned_kernel(template, level, *turn)
    x0, y0, x1, y1 = rect
    if kernel is None or kernel.shape[0] > y1 - y0 or kernel.shape[1] > x1 - x0:
        return None
    scores = score_map(template.scene.patch(level, rect), kernel)
    return _Scored(turn, kernel, (x0, y0), scores, peaks(scores, count))


def _noted(record: Record, level: int, scored: _Scored | None) -> list[_Place]:
    """Write scores and peaks down; return these."""
    if scored is None:
        return []
    (x0, y0), turn, (rows, columns) = scored.corner, scored.turn, scored.kernel.shape
    record.scores(level, x0, y0, scored.scores, scored.kernel, turn)
    places = []
    for column, row, score in scored.peaks:
        cell = (x0 + column, y0 + row)
        record.candidate(level, *cell, score, pose=turn)
        x, y = (cell[0] + columns / 2) * 2**level, (cell[1] + rows / 2) * 2**level
        places.append(_Place(Pose(x, y, *turn), score, cell))
    return places


def _finer(
    template: Template,
    record: Record,
    level: int,
    pose: Pose,
    step: float,
    settings: SearchSettings,
    ticket: Ticket | None,
) -> _Place | None:
    """Look around a pose at the next finer octave; return the best place."""
    if ticket is not None:
        ticket.check()
    turns = [0.0] if settings.angles is None else [-math.degrees(step), 0.0, math.degrees(step)]
    sizes = [1.0] if settings.scales is None else [1 / (1 + step), 1.0, 1 + step]
    best: _Place | None = None
    height, width = template.scene.level_shape(level)
    with record.time(level):
        for turn in turns:
            for size in sizes:
                angle, scale = pose.angle + turn, pose.scale * size
                extent = np.abs(linear(angle, scale)) @ np.array(template.shape[::-1]) / 2**level
                columns, rows = (math.ceil(side - 1e-6) for side in extent)
                x, y = pose.x / 2**level - columns / 2, pose.y / 2**level - rows / 2
                rect = (
                    max(0, round(x) - _REACH),
                    max(0, round(y) - _REACH),
                    min(width, round(x) + columns + _REACH),
                    min(height, round(y) + rows + _REACH),
                )
                scored = _scored(template, level, (angle, scale), rect, 1)
                for place in _noted(record, level, scored):
                    if best is None or place.score > best.score:
                        best = place
    return best


def _distinct(places: list[_Place], count: int, distance: float, angle: float) -> list[_Place]:
    """Best first, one of those that lie together in position, angle and size."""
    chosen: list[_Place] = []
    for place in sorted(places, key=lambda place: -place.score):
        if not any(_same(place.pose, other.pose, distance, angle) for other in chosen):
            chosen.append(place)
            if len(chosen) == count:
                break
    return chosen


def _same(a: Pose, b: Pose, distance: float, angle: float) -> bool:
    apart = abs((a.angle - b.angle + 180) % 360 - 180)
    near = abs(a.x - b.x) <= distance and abs(a.y - b.y) <= distance
    return near and apart <= angle and abs(math.log(a.scale / b.scale)) <= math.radians(angle)


def _matches(
    template: Template,
    record: Record,
    places: list[_Place],
    settings: SearchSettings,
    ticket: Ticket | None,
) -> tuple[Match, ...]:
    """Fit the poses, and choose matches that do not crowd each other, best first."""
    fitted: list[tuple[float, Pose, _Place]] = []
    for place in places[: 2 * settings.max_matches]:
        if ticket is not None:
            ticket.check()
        pose, score = refine_pose(
            template,
            place.pose,
            turning=settings.angles is not None,
            scaling=settings.scales is not None,
        )
        fitted.append((score, pose, place))
    fitted.sort(key=lambda each: -each[0])
    least = settings.min_distance
    if least is None:
        least = min(template.shape) / 2
    chosen: list[tuple[float, Pose, _Place]] = []
    for score, pose, place in fitted:
        if all(math.hypot(pose.x - o.x, pose.y - o.y) >= least for _, o, _ in chosen):
            chosen.append((score, pose, place))
            record.keep(0, *place.cell, (place.pose.angle, place.pose.scale))
    return tuple(
        _match(template, settings, score, pose) for score, pose, _ in chosen[: settings.max_matches]
    )


def _match(template: Template, settings: SearchSettings, score: float, pose: Pose) -> Match:
    height, width = template.shape
    x, y = np.array([pose.x, pose.y]) - pose.matrix @ np.array([width, height]) / 2
    low = settings.angles[0] if settings.angles is not None else 0.0
    angle = pose.angle
    if settings.angles is not None and settings.angles[1] - low >= 360:
        angle = (angle - low) % 360 + low
    return Match(float(x), float(y), score, width, height, angle, pose.scale)
