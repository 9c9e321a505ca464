"""Choosing how to search by what it is predicted to cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrviewer.compute.search.template import Template


LEAST_SIDE = 16
"""The coarsest octave is the last at which a template's side is so many pixels."""

_LEAST_SHORT_SIDE = 8

# Nanoseconds, measured with OpenCV on one machine; only their ratios matter.
_MAP, _OCTAVE_MAP, _DIRECT, _CALL, _PLACE, _FIXED = 22.0, 12.0, 0.25, 70_000.0, 20_000.0, 1e6
_DIVES = 12
_GAIN = 0.3
_BUDGET, _FEWEST = 0.1, 12


@dataclass(frozen=True)
class Plan:
    """How to begin.

    Attributes
    ----------
    coarsest : int
        The octave to start from; 0 scores every translation of the scene.
    reason : str
        Why, as a clause that follows "because".
    """

    coarsest: int
    reason: str


@dataclass(frozen=True)
class Goal:
    """What a descent looks for: at most so many matches, of at least this score.

    Where one match is wanted, nothing is followed that looks as if it scored less than `least`.
    """

    max_matches: int = 1
    min_score: float = 0.5
    min_distance: float | None = None
    least: float = -2.0


def plan(template: Template, coarsest: int | None = None, *, always_coarse: bool = False) -> Plan:
    """Choose the octave to start from.

    Parameters
    ----------
    template : Template
        What to look for, and where.
    coarsest : int, optional
        What the user wants; it is reduced where the template has no pixels left.
    always_coarse : bool
        Start coarse even where that saves little.
    """
    if coarsest is not None:
        level = min(coarsest, len(template.kernels) - 1)
        if level < coarsest:
            reason = f"the template has no pixels left at octave {coarsest}, which was asked for"
        else:
            reason = f"octave {coarsest} was asked for"
        return Plan(level, reason)
    level = trusted_level(template)
    if level == 0:
        return Plan(0, f"a template of {template.shape[1]} x {template.shape[0]} pixels is small")
    saving = descent_cost(template, level) <= _GAIN * exhaustive_cost(template)
    if not (saving or always_coarse):
        return Plan(0, "coarse to fine would save little here")
    height, width = template.kernels[level].shape
    return Plan(level, f"the template is still {width} x {height} pixels there")


def trusted_level(template: Template) -> int:
    """Return the last octave at which the template has enough pixels to tell places apart."""
    short, long = sorted(template.shape)
    level = 0
    while level < len(template.kernels) - 1 and _trusted(short >> (level + 1), long >> (level + 1)):
        level += 1
    return level


def budget(template: Template) -> float:
    """Nanoseconds a descent may take before scoring everything is the better plan."""
    return max(_FEWEST * _CALL, _BUDGET * exhaustive_cost(template))


def expansion_cost(template: Template, level: int, places: int) -> float:
    """Predicted nanoseconds of looking around so many places at an octave, in one call."""
    return _CALL + places * (_PLACE + 25 * _DIRECT * template.kernels[level].weights.size)


def exhaustive_cost(template: Template) -> float:
    """Predicted nanoseconds of scoring every translation."""
    return map_cost(template, 0)


def descent_cost(template: Template, coarsest: int) -> float:
    """Predicted nanoseconds of a descent that meets no trouble."""
    size = template.values.size
    direct = sum(25 * _DIRECT * (size >> (2 * level)) for level in range(coarsest))
    return map_cost(template, coarsest) + _FIXED + _DIVES * _CALL + 4 * direct


def _trusted(short: int, long: int) -> bool:
    """Whether a template of such sides still tells places apart."""
    return short >= _LEAST_SHORT_SIDE and short * long >= LEAST_SIDE**2


def map_cost(template: Template, level: int) -> float:
    """Predicted nanoseconds of scoring every translation at an octave."""
    height, width = template.scene.level_shape(level)
    each = _MAP if level == 0 else _OCTAVE_MAP
    if template.mask is not None:
        each *= 3
    return each * height * width * template.scene.channels
