"""The parameters of the Search lab, and what they ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import mask as masks

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Parametric
    from pyrviewer.compute.search import Scene
    from pyrviewer.compute.ticket import Ticket

    Octaves = Callable[[Ticket], list[Array]]

END = -1
MOST_COARSE = 12  # octaves
MOST_CANDIDATES = 1000
INSIDE = 128  # of a mask: from here on a pixel counts
SMALLEST_SIDE = 2  # pixels: less has no pattern to find


@dataclass(frozen=True)
class SearchState:
    """What the user chose.

    Parameters
    ----------
    rect : tuple of int
        The template's place in the image, x0, y0, x1, y1 (half open), or nothing.
    outline : str
        The part of it that counts, by `mask.to_json`; nothing for all of it.
    kept : str
        A template that goes before the rectangle, by `kept.describe`, or nothing.
    angle, scale : float
        Searched range: plus and minus so many degrees, and so many per cent of the size.
    coarsest : int
        The octave to start from; END lets the search choose.
    candidates : int
        How many are followed from every octave to the next; 0 follows all that may be better.
    """

    rect: tuple[int, ...] = ()
    outline: str = ""
    kept: str = ""
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
        if len(self.rect) not in (0, 4) or not all(isinstance(side, int) for side in self.rect):
            raise ValueError(f"not a rectangle of pixels: {self.rect}")
        x0, y0, x1, y1 = self.rect or (0, 0, 1, 1)
        if not (
            0 <= x0 < x1
            and 0 <= y0 < y1
            and 1 <= self.max_matches <= 100
            and -1 <= self.min_score <= 1
            and 0 <= self.angle <= 180
            and 0 <= self.scale <= 50
            and END <= self.coarsest <= MOST_COARSE
            and 0 <= self.candidates <= MOST_CANDIDATES
            and all(math.isfinite(value) for value in (self.min_score, self.angle, self.scale))
        ):
            raise ValueError(f"not a state of the Search lab: {self}")
        masks.from_json(self.outline)


@dataclass(frozen=True, eq=False)
class Template:
    """What is looked for, and where it comes from.

    Attributes
    ----------
    path : str
        The file that holds it, or nothing. `page` is its page.
    rect : tuple of int
        The part of that file, x0, y0, x1, y1, or nothing for all of it.
    outline : Parametric, optional
        What counts of it, in pixels of the template.
    """

    pixels: Array
    path: str = ""
    page: int = 0
    rect: tuple[int, ...] = ()
    outline: Parametric | None = None

    @property
    def mask(self) -> Array | None:
        """What counts of it, or None for all."""
        if self.outline is None:
            return None
        return masks.rasterise(self.outline, self.pixels.shape, soft=0) >= INSIDE

    @property
    def counted(self) -> Array | None:
        """What counts of it, by its mask and its transparency, or None for all."""
        mask, pixels = self.mask, self.pixels
        if pixels.ndim == 2 or pixels.shape[2] < 4:
            return mask
        opaque: Array = pixels[..., 3] >= opacity(pixels.dtype) / 2
        return opaque if mask is None else opaque & mask


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """A template and what it is looked for in."""

    scene: Scene
    template: Template
    state: SearchState

    def same_as(self, other: SearchRequest | None) -> bool:
        """Tell whether the result would be the same."""
        return (
            other is not None
            and self.scene is other.scene
            and self.state == other.state
            and self.template.pixels.shape == other.template.pixels.shape
            and self.template.pixels.base is other.template.pixels.base
        )


def opacity(dtype: np.dtype[Any]) -> float:
    """Return what opaque pixels hold."""
    return 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)


def resolve(
    state: SearchState, source: Template, scene: Scene, kept: Template | None
) -> SearchRequest | None:
    """Turn choices into what can be searched; None while there is no template.

    A kept template, from another image or a file, goes before the rectangle in `source`, the
    whole image.
    """
    if state.kept:
        return SearchRequest(scene, kept, replace(state, rect=(), outline="")) if kept else None
    template = part(source, state.rect, state.outline)
    return SearchRequest(scene, template, state) if template is not None else None


def part(source: Template, rect: tuple[int, ...], outline: str = "") -> Template | None:
    """Return a part of an image, or None where it has no pixels to speak of there."""
    if not rect:
        return None
    height, width = source.pixels.shape[:2]
    x0, y0, x1, y1 = rect[0], rect[1], min(rect[2], width), min(rect[3], height)
    if x1 - x0 < SMALLEST_SIDE or y1 - y0 < SMALLEST_SIDE:
        return None
    drawn = masks.from_json(outline)
    inside = masks.translated(drawn, -x0, -y0) if drawn is not None else None
    pixels = source.pixels[y0:y1, x0:x1]
    return replace(source, pixels=pixels, rect=(x0, y0, x1, y1), outline=inside)


def around(outline: Parametric, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the rectangle of whole pixels around an outline, inside an image of a shape."""
    left, top, right, bottom = masks.bounds(outline)
    x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
    x1, y1 = min(shape[1], math.ceil(right)), min(shape[0], math.ceil(bottom))
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else ()
