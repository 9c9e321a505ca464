"""A search in numbers that JSON and CSV can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyrviewer.compute.search.trace import Match, SearchTrace

COLUMNS = ("x", "y", "angle", "scale", "score", "width", "height", "centre_x", "centre_y")


def report(trace: SearchTrace) -> dict[str, Any]:
    """Return matches, proof and cost of a search.

    Parameters
    ----------
    trace : SearchTrace
        What `search.search` gave.

    Returns
    -------
    dict
        ``matches`` and ``levels`` are lists of flat dictionaries; positions are in scene pixels
        (x, y: the template's top-left corner, which turns with it; and its centre), angles in
        degrees, times in milliseconds.
    """
    return {
        "matches": [_match(match) for match in trace.matches],
        "best": _match(trace.best) if trace.best is not None else None,
        "proof": trace.proof,
        "plan": trace.plan,
        "warnings": list(trace.warnings),
        "translations": trace.translations,
        "exhaustive_translations": trace.exhaustive_translations,
        "multiply_adds": trace.multiply_adds,
        "milliseconds": trace.milliseconds,
        "levels": [
            {
                "level": level.level,
                "attempt": level.attempt,
                "translations": level.translations,
                "multiply_adds": level.multiply_adds,
                "kept": len(level.kept),
                "dropped": len(level.dropped),
                "pruned": level.pruned,
                "milliseconds": level.milliseconds,
            }
            for level in trace.levels
        ],
    }


def _match(match: Match) -> dict[str, Any]:
    own = {name: getattr(match, name) for name in COLUMNS[:-2]}
    return {**own, **dict(zip(COLUMNS[-2:], match.centre, strict=True))}
