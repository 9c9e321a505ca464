"""The parameters of the Search lab, and what they ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.search import Scene
    from pyrviewer.compute.ticket import Ticket

    Octaves = Callable[[Ticket], list[Array]]

END = -1
SMALLEST_SIDE = 2  # pixels: less has no pattern to find


@dataclass(frozen=True)
class SearchState:
    """What the user chose.

    Parameters
    ----------
    rect : tuple of int
        The template's place in the image, x0, y0, x1, y1 (half open), or nothing.
    angle, scale : float
        Searched range: plus and minus so many degrees, and so many per cent of the size.
    """

    rect: tuple[int, ...] = ()
    exact: bool = False
    max_matches: int = 1
    min_score: float = 0.6
    angle: float = 0.0
    scale: float = 0.0
    coarsest: int = END
    candidates: int = 0

    @property
    def angles(self) -> tuple[float, float] | None:
        """The range of angles in degrees, or None for upright."""
        return (-self.angle, self.angle) if self.angle else None

    @property
    def scales(self) -> tuple[float, float] | None:
        """The range of sizes, or None for the template's own."""
        return (1 - self.scale / 100, 1 + self.scale / 100) if self.scale else None

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.rect or (0, 0, 1, 1)
        if not (
            0 <= x0 < x1
            and 0 <= y0 < y1
            and 1 <= self.max_matches <= 100
            and -1 <= self.min_score <= 1
            and 0 <= self.angle <= 180
            and 0 <= self.scale <= 50
            and all(math.isfinite(value) for value in (self.min_score, self.angle, self.scale))
        ):
            raise ValueError(f"not a state of the Search lab: {self}")


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """A template and what it is looked for in."""

    scene: Scene
    template: Array
    state: SearchState

    def same_as(self, other: SearchRequest | None) -> bool:
        """Tell whether the result would be the same."""
        return (
            other is not None
            and self.scene is other.scene
            and self.state == other.state
            and self.template.shape == other.template.shape
            and self.template.base is other.template.base
        )


def resolve(
    state: SearchState, pixels: Array, scene: Scene, pinned: Array | None
) -> SearchRequest | None:
    """Turn choices into what can be searched; None while there is no template.

    A pinned template, from another image, a file or the clipboard, goes before the rectangle.
    """
    if pinned is not None:
        return SearchRequest(scene, pinned, replace(state, rect=()))
    if not state.rect:
        return None
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = state.rect
    x1, y1 = min(x1, width), min(y1, height)
    if x1 - x0 < SMALLEST_SIDE or y1 - y0 < SMALLEST_SIDE:
        return None
    return SearchRequest(scene, pixels[y0:y1, x0:x1], state)
