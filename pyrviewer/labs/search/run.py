"""The work of the Search lab, for worker threads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import display, pyramid, search, signed
from pyrviewer.compute.mipmap import mipmap_of
from pyrviewer.compute.opencv import cv2
from pyrviewer.labs.search.state import opacity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.search import Candidate, LevelTrace, ScorePiece, SearchTrace
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.search.state import Octaves, SearchRequest

    Box = tuple[float, float, float, float]


HEAT_STOPS = (0.0, 0.3, 0.6, 1.0)  # scores
HEAT = ((110, 80, 20, 170), (20, 30, 120, 250), (60, 150, 245, 255), (40, 90, 170, 235))  # B G R A
HEAT_TABLE = np.stack(
    [np.interp(np.linspace(0, 1, 256), HEAT_STOPS, values).astype(np.uint8) for values in HEAT], 1
)[None]
EXCLUDED = (70, 50, 40)  # B G R
MOST_HEAT = 1_000_000  # scores drawn of one map
MOST_MOMENTS = 120  # steps of a playback


@dataclass(frozen=True, eq=False)
class ShownScene:
    """A scene for the screen."""

    pixels: Array
    mips: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class HeatPiece:
    """Scores as a translucent picture, which is made when it is asked for.

    Attributes
    ----------
    box : tuple of float
        Where it lies on the scene: each score over the template's centre.
    scores : (h, w) float32 array
        What is coloured.
    order : int
        When it was computed.
    peak : float
        The highest score.
    pile : int
        The same for maps of several angles or sizes that lie over one another.
    """

    box: Box
    scores: Array
    order: int
    peak: float
    pile: int

    @property
    def pixels(self) -> Array:
        """Scores from violet (0) over orange to pale yellow (1), the higher the more opaque.

        (h, w, 4) uint8: B, G, R, A.
        """
        share = np.rint(np.clip(self.scores, 0, 1) * 255).astype(np.uint8)
        return np.asarray(cv2.LUT(cv2.merge([share] * 4), HEAT_TABLE))


@dataclass(frozen=True, eq=False)
class Shade:
    """What the bound excluded, as a translucent picture.

    Attributes
    ----------
    box : tuple of float
        Where it lies on the scene.
    pixels : (h, w, 4) uint8 array
        B, G, R, A.
    """

    box: Box
    pixels: Array


@dataclass(frozen=True, eq=False)
class Stage:
    """One level of a trace for the screen, with its scores and what the bound excluded."""

    trace: LevelTrace
    heat: tuple[HeatPiece, ...]
    excluded: Shade | None = None

    def shown(self, moment: int) -> list[HeatPiece]:
        """Return the scores to show: of a pile the newest, and the best when the level is done."""
        done = bool(self.heat) and self.heat[-1].order <= moment
        piles: dict[int, HeatPiece] = {}
        for piece in self.heat:
            other = piles.get(piece.pile)
            if piece.order <= moment and (not other or not done or piece.peak > other.peak):
                piles[piece.pile] = piece
        return list(piles.values())

    def centre(self, candidate: Candidate) -> tuple[float, float]:
        """Return where on the scene the middle of the template lay."""
        pose = candidate.angle, candidate.scale
        height, width = self._shapes.get(pose, self.trace.template_shape)
        step = 2.0**self.trace.level
        return (candidate.x + width / 2) * step, (candidate.y + height / 2) * step

    @cached_property
    def _shapes(self) -> dict[tuple[float, float], tuple[int, int]]:
        """Height and width of the template's bounding box, by angle and scale."""
        return {(each.angle, each.scale): each.template_shape for each in self.trace.pieces}


@dataclass(frozen=True, eq=False)
class Found:
    """The answer of a search, ready to be played back.

    Attributes
    ----------
    moments : tuple of int
        Times on the search's clock to play back: after each window that was searched, thinned
        out where there are too many to watch.
    counts : (moments,) int64 array
        Translations tested up to each of them.
    template_octaves : list of (h, w, 4) uint8 arrays
        The template as each octave sees it.
    """

    request: SearchRequest
    trace: SearchTrace
    stages: tuple[Stage, ...]
    moments: tuple[int, ...]
    counts: Array
    template_octaves: list[Array]


def show_scene(ticket: Ticket, pixels: Array, octaves: Octaves) -> ShownScene:
    """Convert a scene for the screen."""
    return ShownScene(pixels, mipmap_of(octaves(ticket), display.auto_range(pixels), ticket))


def run(ticket: Ticket, request: SearchRequest) -> Found:
    """Search, and make what a view needs to play it back."""
    return prepare_playback(ticket, request, traced(ticket, request))


def traced(ticket: Ticket, request: SearchRequest) -> SearchTrace:
    """Search."""
    state = request.state
    return search.search(
        request.scene,
        request.template.pixels,
        mask=request.template.mask,
        max_matches=state.max_matches,
        min_score=state.min_score,
        coarsest=None if state.coarsest < 0 else state.coarsest,
        candidates=state.candidates or None,
        angles=state.angles,
        scales=state.scales,
        exact=state.exact,
        always_coarse=True,  # to be looked at
        ticket=ticket,
    )


def run_exhaustive(ticket: Ticket, request: SearchRequest) -> Found:
    """Search everywhere, to compare with."""
    trace = search.exhaustive(
        request.scene,
        request.template.pixels,
        mask=request.template.mask,
        max_matches=request.state.max_matches,
        min_score=request.state.min_score,
        ticket=ticket,
    )
    return prepare_playback(ticket, request, trace)


def prepare_playback(ticket: Ticket, request: SearchRequest, trace: SearchTrace) -> Found:
    """Turn a trace into stages; nothing is searched again."""
    stages = []
    end = 0
    for level in trace.levels:
        ticket.check()
        clocks = [piece.order for piece in level.pieces]
        clocks += [candidate.order for candidate in level.candidates]
        heat = tuple(map(partial(_heat, level.level), level.pieces, _piles(level.pieces)))
        stages.append(Stage(level, heat, _excluded(level)))
        end = max(end, *clocks) if clocks else end
    tested = np.zeros(end + 1, np.int64)
    for level in trace.levels:
        for piece in level.pieces:
            tested[piece.order] += piece.scores.size
    moments = _moments(np.flatnonzero(tested), end)
    top = max((level.level for level in trace.levels), default=0)
    template, counted = request.template.pixels, request.template.counted
    if counted is not None:
        template = _cut_out(template, counted)
    levels = min(top, pyramid.max_levels(template.shape[:2]))
    height, width = template.shape[:2]
    # As in the search, pixels that do not fill a cell are left out.
    octaves = (
        octave[: height >> level, : width >> level]
        for level, octave in enumerate(pyramid.gaussian_pyramid(template, levels, prefilter="box"))
    )
    limits = display.auto_range(template)
    shown = [display.to_display(octave, *limits) for octave in octaves]
    counts = np.cumsum(tested)[list(moments)]
    return Found(request, trace, tuple(stages), moments, counts, shown)


def _cut_out(pixels: Array, counted: Array) -> Array:
    """Make what does not count transparent, and gray: it does not colour coarser octaves."""
    colours = pixels[..., :3] if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2)
    alpha = counted[..., None] * np.array(opacity(pixels.dtype), pixels.dtype)
    colours = np.where(counted[..., None], colours, signed.middle(pixels.dtype))
    return np.concatenate([colours.astype(pixels.dtype), alpha], axis=2)


def _moments(searched: Array, end: int) -> tuple[int, ...]:
    """Return the times just before each next window is searched, and the end."""
    before = [int(order) - 1 for order in searched[1:]]
    step = -(-len(before) // MOST_MOMENTS) or 1
    return (*before[::step], end)


def _piles(pieces: Sequence[ScorePiece]) -> list[int]:
    """Tell which maps of several angles or sizes lie over one another: the number of each pile."""
    if len({(piece.angle, piece.scale) for piece in pieces}) <= 1:
        return list(range(len(pieces)))
    middles: list[tuple[float, float]] = []
    piles = []
    for piece in pieces:
        height, width = piece.template_shape
        x0, y0, x1, y1 = piece.rect
        x, y = (x0 + x1 + width) / 2, (y0 + y1 + height) / 2
        reach = (x1 - x0) / 2, (y1 - y0) / 2
        near = (
            k
            for k, (left, top) in enumerate(middles)
            if abs(left - x) <= reach[0] and abs(top - y) <= reach[1]
        )
        piles.append(next(near, len(middles)))
        if piles[-1] == len(middles):
            middles.append((x, y))
    return piles


def _heat(level: int, piece: ScorePiece, pile: int) -> HeatPiece:
    scores = piece.scores
    size = math.ceil(math.sqrt(scores.size / MOST_HEAT))
    if size > 1:  # more than a screen shows: the best score of every square
        scores = np.maximum.reduceat(scores, np.arange(0, scores.shape[0], size), axis=0)
        scores = np.maximum.reduceat(scores, np.arange(0, scores.shape[1], size), axis=1)
    box = _centred(level, piece.rect, piece.template_shape)
    return HeatPiece(box, scores, piece.order, float(scores.max(initial=-1)), pile)


def _centred(level: int, rect: tuple[int, int, int, int], template: tuple[int, int]) -> Box:
    """Return where the template's centre lies on the scene for top-left positions at a level."""
    step = 2.0**level
    height, width = template
    dx, dy = (width / 2 - 0.5) * step, (height / 2 - 0.5) * step
    x0, y0, x1, y1 = rect
    return (x0 * step + dx, y0 * step + dy, x1 * step + dx, y1 * step + dy)


def _excluded(level: LevelTrace) -> Shade | None:
    """Shade where the bound showed that nothing better can be."""
    shares = level.excluded_map
    if shares is None:
        return None
    height, width = shares.shape
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = EXCLUDED
    pixels[..., 3] = shares // 3 * 2
    return Shade(_centred(level.level, (0, 0, width, height), level.template_shape), pixels)
