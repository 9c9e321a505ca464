"""Finding out where a search lost a place that a person knows to be right."""

from __future__ import annotations

import numpy as np

from pyrviewer.compute.search.trace import LevelTrace, Miss, SearchTrace

_NEAR = 1.5
_REACH = 2
_MANY = 64


def why_missed(trace: SearchTrace, x: float, y: float) -> Miss | None:
    """Find the level at which a search dropped the true place.

    Parameters
    ----------
    trace : SearchTrace
        What `search` gave, for one orientation and size.
    x, y : float
        Where the template's top-left corner truly lies, in scene pixels.

    Returns
    -------
    Miss or None
        None if a match lies there, within two pixels.
    """
    if any(_close(match.x, match.y, x, y) for match in trace.matches):
        return None
    if trace.best is not None and _close(trace.best.x, trace.best.y, x, y):
        return _below_minimum(trace)
    last = trace.levels[-1].attempt if trace.levels else 0
    for level in (level for level in trace.levels if level.attempt == last):
        miss = _lost_at(level, trace, x / 2**level.level, y / 2**level.level)
        if miss is not None:
            return miss
    return _outdone(trace, x, y)


def _close(x: float, y: float, true_x: float, true_y: float) -> bool:
    return max(abs(x - true_x), abs(y - true_y)) <= 2


def _below_minimum(trace: SearchTrace) -> Miss:
    assert trace.best is not None
    score = trace.best.score
    wanted = trace.settings.min_score
    value = max(-1.0, np.floor(100 * score) / 100)
    reason = (
        f"It was found, but its score {score:.3f} is below the least that was asked for, "
        f"{wanted:g}: ask for {value:g}."
    )
    return Miss(0, 0, score, 1, wanted - score, "min_score", float(value), reason)


def _lost_at(level: LevelTrace, trace: SearchTrace, x: float, y: float) -> Miss | None:
    """Tell whether no place near (x, y) of a level was carried on, and by how much it fell short.

    At full resolution places are judged by their scores alone: nothing is lost there unseen.
    """
    scored, score = _best_near(level, x, y)
    if level.level == 0:
        return None
    if any(_within(kept.x, kept.y, x, y, _REACH) for kept in level.kept):
        return None
    better = [c for c in level.candidates if not c.score < score]
    rank = len(better) + 1 if scored else len(level.candidates) + 1
    least = min((c.score for c in level.kept), default=score)
    gap = least - score if scored else float("nan")
    if scored and rank <= _MANY:
        reason = (
            f"At octave {level.level} it came {_ordinal(rank)}, {abs(gap):.3f} "
            f"{'below' if gap > 0 else 'above'} the last that was followed: follow {rank}."
        )
        return Miss(level.level, level.attempt, score, rank, gap, "candidates", float(rank), reason)
    start = max(trace.levels[0].level, level.level) - 1
    how = f"scored only {score:.3f}, rank {rank}" if scored else "was not looked at"
    reason = f"At octave {level.level} it {how}: start at octave {start}, where more is to be seen."
    return Miss(level.level, level.attempt, score, rank, gap, "coarsest", float(start), reason)


def _outdone(trace: SearchTrace, x: float, y: float) -> Miss:
    """Tell which setting hides a place that was scored at full resolution."""
    level = trace.levels[-1]
    _, score = _best_near(level, x, y)
    better = [match for match in trace.matches if match.score > score]
    if any(_crowded(trace, match.x - x, match.y - y) for match in better):
        reason = (
            "A better match lies so near that the two would crowd each other: allow less space."
        )
        distance = min(max(abs(match.x - x), abs(match.y - y)) for match in better)
        return Miss(0, level.attempt, score, len(better) + 1, 0.0, "min_distance", distance, reason)
    rank = len(better) + 1
    gap = (trace.matches[-1].score if trace.matches else trace.settings.min_score) - score
    if trace.matches and score < trace.settings.min_score:
        value = float(max(-1.0, np.floor(100 * score) / 100))
        reason = (
            f"Its score there is {score:.3f}, below the least that was asked for: ask for less."
        )
        return Miss(0, level.attempt, score, rank, gap, "min_score", value, reason)
    wanted = max(rank, trace.settings.max_matches + 1)
    reason = f"It scores {score:.3f}, and {rank - 1} other places score more: ask for {wanted}."
    return Miss(0, level.attempt, score, rank, gap, "max_matches", float(wanted), reason)


def _crowded(trace: SearchTrace, dx: float, dy: float) -> bool:
    distance = trace.settings.min_distance
    if distance is not None:
        return dx * dx + dy * dy < distance * distance
    height, width = trace.template_shape
    return max(width - abs(dx), 0) * max(height - abs(dy), 0) > height * width / 2


def _best_near(level: LevelTrace, x: float, y: float) -> tuple[bool, float]:
    """Find the best score within a pixel and a half, in whatever map holds it."""
    best = float("nan")
    for piece in level.pieces:
        x0, y0, x1, y1 = piece.rect
        left, right = max(x0, int(np.ceil(x - _NEAR))), min(x1, int(np.floor(x + _NEAR)) + 1)
        top, bottom = max(y0, int(np.ceil(y - _NEAR))), min(y1, int(np.floor(y + _NEAR)) + 1)
        if left < right and top < bottom:
            part = piece.scores[top - y0 : bottom - y0, left - x0 : right - x0]
            best = float(np.fmax(best, part.max()))
    return not np.isnan(best), best


def _within(x: float, y: float, true_x: float, true_y: float, reach: float) -> bool:
    return max(abs(x - true_x), abs(y - true_y)) <= reach


def _ordinal(rank: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(rank % 10 if rank % 100 not in (11, 12, 13) else 0)
    return f"{rank}{ending or 'th'}"
