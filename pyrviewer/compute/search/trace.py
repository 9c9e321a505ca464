"""What a template search really did, level by level: the record that a view plays back.

Positions of levels are integers: the top-left corner of the template in pixels of that level, whose
pixel (x, y) is the mean of the ``2**level`` by ``2**level`` scene pixels from
``(x * 2**level, y * 2**level)`` on. Positions of matches are edge coordinates of the scene: pixel i
covers the interval [i, i + 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Rect = tuple[int, int, int, int]
"""x0, y0, x1, y1: half open."""

ScoreMap = npt.NDArray[np.float32]

Proof = Literal["bound", "perfect", "exhaustive", "estimate", "none"]
"""Why the search stopped.

"exhaustive": every translation was scored. "bound": the others were shown to score less. "perfect":
a score of 1, which nothing beats. "estimate": all that looked as if it could be better was
followed. "none": the search was told to follow a fixed number of candidates, and did.
"""


@dataclass(frozen=True)
class Match:
    """One place where the template was found.

    Attributes
    ----------
    x, y : float
        Where the top-left corner of the template lies, in scene pixels.
    angle : float
        Degrees, counter-clockwise as seen on the screen, about the template's centre.
    scale : float
        Size in the scene over size of the template.
    score : float
        Zero-mean normalised cross-correlation, -1 to 1, in float64, at the best whole-pixel
        position; for a turned or scaled template at the refined position.
    width, height : int
        The template's own size in pixels.
    """

    x: float
    y: float
    score: float
    width: int
    height: int
    angle: float = 0.0
    scale: float = 1.0

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Top-left, top-right, bottom-right and bottom-left corner, in scene pixels."""
        cos = self.scale * math.cos(math.radians(self.angle))
        sin = self.scale * math.sin(math.radians(self.angle))
        offsets = ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
        return tuple(
            (self.x + cos * right + sin * down, self.y - sin * right + cos * down)
            for right, down in offsets
        )

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the template, in scene pixels."""
        first, _, third, _ = self.corners
        return (first[0] + third[0]) / 2, (first[1] + third[1]) / 2


@dataclass(frozen=True)
class Candidate:
    """A place that one level looked at more closely.

    Attributes
    ----------
    x, y : int
        Top-left corner of the (turned, scaled) template's bounding box, in pixels of the level.
    score : float
        Its score at this level.
    kept : bool
        Whether it was carried to the next finer level (at level 0: whether it became a match).
    order : int
        When the search came to it, counted over the whole search from 0: the animation's clock.
    angle, scale : float
        The pose that was tried.
    """

    x: int
    y: int
    score: float
    kept: bool
    order: int = 0
    angle: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class ScorePiece:
    """Scores of a rectangle of translations, as they were computed.

    Attributes
    ----------
    rect : (int, int, int, int)
        x0, y0, x1, y1: top-left positions of the template, in pixels of the level.
    scores : (y1 - y0, x1 - x0) float32 array
        Read-only.
    template_shape : (int, int)
        Height and width of the (turned, scaled) template's bounding box, in pixels of the level.
    order : int
        When it was computed, on the same clock as `Candidate.order`.
    angle, scale : float
        The pose that was tried.
    """

    rect: Rect
    scores: ScoreMap
    template_shape: tuple[int, int]
    order: int = 0
    angle: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.rect
        if self.scores.shape != (y1 - y0, x1 - x0):
            msg = f"scores of shape {self.scores.shape} do not fill the rectangle {self.rect}"
            raise ValueError(msg)
        self.scores.setflags(write=False)


@dataclass(frozen=True, eq=False)
class LevelTrace:
    """What was done at one level; one pass over the levels may follow another.

    Attributes
    ----------
    level : int
        Octave: 0 is the scene itself.
    shape : (int, int)
        Height and width of the scene at this level.
    template_shape : (int, int)
        Height and width of the template at this level.
    pieces : tuple of ScorePiece
        The scores that were computed, in the order in which they were.
    candidates : tuple of Candidate
        Best score first.
    multiply_adds : int
        Products summed for the scores, counted as if each was computed directly.
    milliseconds : float
        Wall time spent at this level.
    attempt : int
        0 for the first descent, 1 for a second one that started finer, and so on.
    bounded : int
        Full-resolution translations that the bound looked at here; 0 without exact mode.
    excluded : int
        How many of them it showed to score less than the best that was known.
    excluded_map : (h, w) uint8 array or None
        Where they lie, for the eye: the share excluded, 0 to 255, in cells of this level.
    """

    level: int
    shape: tuple[int, int]
    template_shape: tuple[int, int]
    pieces: tuple[ScorePiece, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    multiply_adds: int = 0
    milliseconds: float = 0.0
    attempt: int = 0
    bounded: int = 0
    excluded: int = 0
    excluded_map: npt.NDArray[np.uint8] | None = None

    @property
    def windows(self) -> tuple[Rect, ...]:
        """Rectangles of top-left positions that were searched, in pixels of the level."""
        return tuple(piece.rect for piece in self.pieces)

    @property
    def translations(self) -> int:
        """Translations scored: the sum of the sizes of the score maps."""
        return sum(piece.scores.size for piece in self.pieces)

    @property
    def pruned(self) -> float | None:
        """Share of the translations looked at that the bound excluded, or None without it."""
        return self.excluded / self.bounded if self.bounded else None

    @property
    def kept(self) -> tuple[Candidate, ...]:
        """The candidates that were carried on, best first."""
        return tuple(candidate for candidate in self.candidates if candidate.kept)

    @property
    def dropped(self) -> tuple[Candidate, ...]:
        """The candidates that were not carried on, best first."""
        return tuple(candidate for candidate in self.candidates if not candidate.kept)


@dataclass(frozen=True)
class SearchSettings:
    """What was asked for, as `search` took it; None stands for the search's own choice."""

    max_matches: int = 1
    min_score: float = 0.5
    min_distance: float | None = None
    coarsest: int | None = None
    candidates: int | None = None
    angles: tuple[float, float] | None = None
    scales: tuple[float, float] | None = None
    exact: bool = False
    always_coarse: bool = False


@dataclass(frozen=True, eq=False)
class SearchTrace:
    """The answer of a search, and everything that led to it.

    Attributes
    ----------
    levels : tuple of LevelTrace
        In the order in which the search went through them: coarsest first within each attempt.
    matches : tuple of Match
        Best first; those that reach the minimum score.
    best : Match or None
        The best place found, whatever its score, to the whole pixel if that is below the minimum;
        None if no window of the scene has any contrast.
    proof : Proof
        Why the search stopped there.
    plan : str
        One sentence: what was done, and why.
    scene_shape, template_shape : (int, int)
        Height and width.
    exhaustive_translations : int
        What an exhaustive search over the same poses, at full resolution, would have scored.
    warnings : tuple of str
        One sentence each: a template with too few or too flat pixels, what was converted.
    milliseconds : float
        Wall time of the whole search.
    settings : SearchSettings
        What was asked for.
    """

    levels: tuple[LevelTrace, ...]
    matches: tuple[Match, ...]
    best: Match | None
    proof: Proof
    plan: str
    scene_shape: tuple[int, int]
    template_shape: tuple[int, int]
    exhaustive_translations: int
    warnings: tuple[str, ...] = ()
    milliseconds: float = 0.0
    settings: SearchSettings = field(default_factory=SearchSettings)

    @property
    def translations(self) -> int:
        """Translations scored, summed over the levels: the sum of the sizes of all score maps."""
        return sum(level.translations for level in self.levels)

    @property
    def multiply_adds(self) -> int:
        """Products summed for the scores, over all levels."""
        return sum(level.multiply_adds for level in self.levels)


@dataclass(frozen=True)
class Miss:
    """Where a search lost the true place.

    Attributes
    ----------
    level : int
        The level at which it was dropped.
    attempt : int
        Of which descent.
    score : float
        Score of the true place there; NaN if it was not scored at all.
    rank : int
        Its rank among the places of that level, from 1.
    gap : float
        By how much it fell short of the last place that was kept.
    setting : str
        Which setting of `search` would have kept it: "candidates", "coarsest", "min_score",
        "max_matches" or "min_distance".
    value : float
        To what it must be set.
    reason : str
        One sentence.
    """

    level: int
    attempt: int
    score: float
    rank: int
    gap: float
    setting: Literal["candidates", "coarsest", "min_score", "max_matches", "min_distance"]
    value: float
    reason: str
