"""Refusing what cannot be searched for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from pyrviewer.compute.search.trace import SearchSettings


def check_settings(settings: SearchSettings) -> None:
    """Raise for settings that have no meaning.

    Raises
    ------
    ValueError
        With the setting and its value.
    UserError
        If the exact mode is asked for several orientations or sizes.
    """
    for name in ("max_matches", "candidates"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if settings.coarsest is not None and settings.coarsest < 0:
        raise ValueError(f"coarsest must be an octave, 0 or more, got {settings.coarsest}")
    if not -1 <= settings.min_score <= 1:
        raise ValueError(f"min_score must be -1 to 1, got {settings.min_score}")
    if settings.min_distance is not None and not settings.min_distance >= 0:
        raise ValueError(f"min_distance must be 0 or more pixels, got {settings.min_distance}")
    _check_range("angles", settings.angles, -math.inf)
    _check_range("scales", settings.scales, 0.0)
    if settings.exact and (settings.angles or settings.scales):
        raise UserError("The exact search looks for one orientation and one size at a time.")


def _check_range(name: str, limits: tuple[float, float] | None, above: float) -> None:
    if limits is None:
        return
    low, high = limits
    if not (above < low <= high < math.inf):
        raise ValueError(f"{name} must be a range, lowest first, got {limits}")
