"""Writing down what a search does while it does it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyrviewer.compute.search.trace import Candidate, LevelTrace, ScorePiece

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from pyrviewer.compute.search.trace import Match, Proof, ScoreMap
    from pyrviewer.compute.search.zncc import Kernel


@dataclass(frozen=True)
class Answer:
    """What a way of searching came to.

    Attributes
    ----------
    found : list of (score, x, y)
        Whole-pixel places, best first, judged in float64.
    proof : Proof
        Why it stopped.
    plan : str
        One sentence: what was done, and why.
    matches : tuple of Match
        Instead of `found`, where orientation and size are found too.
    poses : int
        How many orientations and sizes an exhaustive search would have scored.
    """

    found: list[tuple[float, float, float]]
    proof: Proof
    plan: str
    matches: tuple[Match, ...] = ()
    poses: int = 1


@dataclass
class _Page:
    shape: tuple[int, int]
    template_shape: tuple[int, int]
    pieces: list[ScorePiece] = field(default_factory=list)
    candidates: dict[tuple[int, int, float, float], tuple[float, int]] = field(default_factory=dict)
    kept: set[tuple[int, int, float, float]] = field(default_factory=set)
    multiply_adds: int = 0
    seconds: float = 0.0
    bounded: int = 0
    excluded: int = 0
    excluded_map: npt.NDArray[np.uint8] | None = None


class Record:
    """Collects pieces and candidates by attempt and level; `levels` makes the trace of them."""

    def __init__(self) -> None:
        self.attempt = 0
        self._clock = 0
        self._pages: dict[tuple[int, int], _Page] = {}

    def page(self, level: int, shape: tuple[int, int], template_shape: tuple[int, int]) -> None:
        """Begin with a level of the present attempt, unless it has been begun."""
        key = (self.attempt, level)
        if key not in self._pages:
            self._pages[key] = _Page(shape, template_shape)

    @contextmanager
    def time(self, level: int) -> Iterator[None]:
        """Count the wall time of a block towards a level."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._pages[self.attempt, level].seconds += time.perf_counter() - start

    def scores(
        self,
        level: int,
        x: int,
        y: int,
        scores: ScoreMap,
        kernel: Kernel,
        pose: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Write down a map whose first position is (x, y)."""
        page = self._pages[self.attempt, level]
        rect = (x, y, x + scores.shape[1], y + scores.shape[0])
        page.pieces.append(ScorePiece(rect, scores, kernel.shape, self._tick(), *pose))
        page.multiply_adds += scores.size * kernel.weights.size

    def candidate(
        self,
        level: int,
        x: int,
        y: int,
        score: float,
        *,
        kept: bool = False,
        pose: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Write down a place; `keep` it later if need be."""
        page, key = self._pages[self.attempt, level], (x, y, *pose)
        if key not in page.candidates:
            page.candidates[key] = score, self._tick()
        if kept:
            page.kept.add(key)

    def keep(self, level: int, x: int, y: int, pose: tuple[float, float] = (0.0, 1.0)) -> None:
        """Note that a place was carried on."""
        self._pages[self.attempt, level].kept.add((x, y, *pose))

    def bound(
        self, level: int, bounded: int, excluded: int, share: npt.NDArray[np.uint8] | None
    ) -> None:
        """Write down what the bound excluded at a level."""
        page = self._pages[self.attempt, level]
        page.bounded += bounded
        page.excluded += excluded
        if share is not None:
            share.setflags(write=False)
            page.excluded_map = share

    def levels(self) -> tuple[LevelTrace, ...]:
        """Make the trace: attempts in order, coarsest level first within each."""
        ordered = sorted(self._pages.items(), key=lambda item: (item[0][0], -item[0][1]))
        return tuple(_trace(key, page) for key, page in ordered)

    def _tick(self) -> int:
        self._clock += 1
        return self._clock - 1


def _trace(key: tuple[int, int], page: _Page) -> LevelTrace:
    attempt, level = key
    candidates = [
        Candidate(x, y, score, (x, y, *pose) in page.kept, order, *pose)
        for (x, y, *pose), (score, order) in page.candidates.items()
    ]
    candidates.sort(key=lambda candidate: (-candidate.score, candidate.order))
    return LevelTrace(
        level=level,
        shape=page.shape,
        template_shape=page.template_shape,
        pieces=tuple(page.pieces),
        candidates=tuple(candidates),
        multiply_adds=page.multiply_adds,
        milliseconds=1e3 * page.seconds,
        attempt=attempt,
        bounded=page.bounded,
        excluded=page.excluded,
        excluded_map=page.excluded_map,
    )
