"""The search by estimates: descents of growing care, and scoring everything in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrviewer.compute.search.descent import PERFECT, Descent
from pyrviewer.compute.search.exhaustive import exhaustive_matches
from pyrviewer.compute.search.plan import Goal, budget, plan, trusted_level
from pyrviewer.compute.search.record import Answer, Record

if TYPE_CHECKING:
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import SearchSettings
    from pyrviewer.compute.ticket import Ticket

_DOUBTFUL = 0.65
"""A best match that scores less is not trusted to be the best."""


def goal_of(settings: SearchSettings, least: float = -2.0) -> Goal:
    """Return what a descent needs to know of the settings."""
    return Goal(settings.max_matches, settings.min_score, settings.min_distance, least)


def estimate(
    template: Template, record: Record, settings: SearchSettings, ticket: Ticket | None = None
) -> Answer:
    """Search coarse to fine, as far as that can be trusted, and everywhere otherwise."""
    chosen = plan(template, settings.coarsest, always_coarse=settings.always_coarse)
    if settings.candidates is not None:
        level = chosen.coarsest or (trusted_level(template) if settings.coarsest is None else 0)
        if level > 0:
            return _beam(template, record, settings, level, ticket)
    if chosen.coarsest == 0:
        return everything(template, record, settings, f"because {chosen.reason}", ticket)
    return descend(template, record, settings, chosen.coarsest, chosen.reason, ticket)


def descend(
    template: Template,
    record: Record,
    settings: SearchSettings,
    level: int,
    reason: str,
    ticket: Ticket | None = None,
) -> Answer:
    """Descend from an octave; from the trusted one, if that is finer; then score everything."""
    goal = goal_of(settings, _DOUBTFUL)
    descent = Descent(template, record, goal, budget(template), ticket)
    began = f"Started at octave {level}, because {reason}"
    trusted, settled = max(trusted_level(template), 1), False
    for start in (level, trusted) if level > trusted else (level,):
        settled = descent.best_first(start)
        found = descent.judged
        if settings.max_matches == 1 and found and found[0][0] >= PERFECT:
            return Answer(found, "perfect", f"{began}; the match is perfect.")
        if settled and found and found[0][0] >= _DOUBTFUL:
            again_from = f", then at octave {start}" if record.attempt else ""
            return Answer(
                found, "estimate", f"{began}{again_from}; nothing else looked as if it could win."
            )
        record.attempt += 1
        if settled:
            break
    why = "nothing looked much like it" if settled else "too many places looked alike"
    return everything(template, record, settings, f"because {why} in coarser octaves", ticket)


def everything(
    template: Template,
    record: Record,
    settings: SearchSettings,
    reason: str,
    ticket: Ticket | None = None,
) -> Answer:
    """Score every translation."""
    found = exhaustive_matches(
        template, record, settings.max_matches, settings.min_distance, ticket
    )
    return Answer(found, "exhaustive", f"Every translation was scored, {reason}.")


def _beam(
    template: Template,
    record: Record,
    settings: SearchSettings,
    level: int,
    ticket: Ticket | None,
) -> Answer:
    """Follow a fixed number of places."""
    assert settings.candidates is not None
    descent = Descent(template, record, goal_of(settings), budget(template), ticket)
    descent.beam(level, settings.candidates)
    best = "the best place" if settings.candidates == 1 else f"the best {settings.candidates}"
    plan_taken = f"Followed {best} from octave to octave, beginning at octave {level}."
    found = descent.judged
    perfect = settings.max_matches == 1 and bool(found) and found[0][0] >= PERFECT
    return Answer(found, "perfect" if perfect else "none", plan_taken)
