"""The work of the Dream lab, for worker threads."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import display, dream, pyramid
from pyrviewer.compute.dream.trace import to_picture
from pyrviewer.compute.mipmap import mipmap, mipmap_of
from pyrviewer.compute.ticket import Quiet, Ticket
from pyrviewer.labs.dream.state import WHOLE, Branch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.dream import DreamSettings, DreamTrace, Octave
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.dream.state import DreamRequest, Octaves

FIXED = ("octaves", "ratio")  # cannot change half way
STRONG = 96.0  # 255ths: a difference of full colour


@dataclass(frozen=True, eq=False)
class Shown:
    """An array as it is shown.

    Attributes
    ----------
    source : ndarray
        Values in their own dtype.
    mips : tuple of ndarray
        Its display picture, finest first.
    limit : float
        Value at the end of the signed colour map; 0 for images.
    """

    source: Array
    mips: tuple[Array, ...]
    limit: float = 0.0


@dataclass(frozen=True, eq=False)
class Tile:
    """An octave that is finished: what came out, and the detail that it added.

    Attributes
    ----------
    strength : float
        Root mean square of that detail, in 255ths.
    """

    picture: Shown
    added: Shown
    strength: float


@dataclass(frozen=True, eq=False)
class Dreamt:
    """A dream: at its end, or as far as it is.

    Attributes
    ----------
    branches : tuple of Branch
        How it came about.
    tiles : tuple of Tile
        The octaves that are finished; at rest all that were begun.
    """

    branches: tuple[Branch, ...]
    trace: DreamTrace
    tiles: tuple[Tile, ...]

    @property
    def request(self) -> DreamRequest:
        """What was asked for last."""
        return self.branches[-1].request

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.trace.steps)

    @property
    def done(self) -> bool:
        """Whether it is at its end."""
        return self.trace.done


@dataclass(frozen=True, eq=False)
class Moment:
    """A dream while it goes on.

    Attributes
    ----------
    picture : Shown
        What its last step left.
    pace : float
        Seconds that this step took for each of its pixels.
    """

    dreamt: Dreamt
    picture: Shown
    pace: float


@dataclass(frozen=True, eq=False)
class Frame:
    """What is seen after a step.

    Attributes
    ----------
    step : int
        How many were made.
    octave : int
        Which one it belongs to.
    final : bool
        Whether it is the dream itself, in the dtype and size of the original.
    difference : Shown
        It minus the original at that size, in 255ths.
    """

    dreamt: Dreamt
    step: int
    octave: int
    final: bool
    picture: Shown
    difference: Shown


@dataclass(frozen=True, eq=False)
class Explained:
    """Why a step went where it went.

    Attributes
    ----------
    before, after : tuple of Shown
        The gradient and its bands, finest first, the residual last; and the sum of the evened
        bands, and these.
    steps : tuple of Shown
        The step that each of both asks for, in 255ths.
    strengths : tuple of float
        The root mean square of each, in this order.
    even : bool
        Whether the second step was taken.
    """

    dreamt: Dreamt
    step: int
    before: tuple[Shown, ...]
    after: tuple[Shown, ...]
    steps: tuple[Shown, ...]
    strengths: tuple[float, ...]
    even: bool


class _Enough(Exception):  # noqa: N818 - no failure
    """As many steps were made as were asked for."""


class _Relay(Quiet):
    """Stands between a dream and the ticket of its job: converts what is to be seen."""

    def __init__(
        self,
        outer: Ticket,
        branches: tuple[Branch, ...],
        tiles: tuple[Tile, ...],
        until: int | None,
    ) -> None:
        super().__init__(outer)
        self._branches, self.tiles, self._until = branches, tiles, until
        self._last = time.monotonic()

    def check(self, fraction: float | None = None) -> None:
        """Ask the job's ticket."""
        self.outer.check(fraction)

    def offer(self, partial: object) -> None:
        """Take a dream so far and offer a `Moment`."""
        trace: Any = partial
        quiet = Quiet(self.outer)
        for octave in trace.octaves[len(self.tiles) : -1]:
            self.tiles += (_tile(octave, quiet),)
        self.dreamt = Dreamt(self._branches, trace, self.tiles)
        picture = shown(trace.steps[-1].picture, quiet)
        now = time.monotonic()
        height, width = picture.source.shape[:2]
        self.outer.offer(Moment(self.dreamt, picture, (now - self._last) / (height * width)))
        self._last = now
        if len(trace.steps) == self._until:
            raise _Enough


def settings_of(settings: DreamSettings) -> dict[str, Any]:
    """Return settings by name; arrays are not copied."""
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


def dream_on(
    ticket: Ticket,
    request: DreamRequest,
    base: Dreamt | None = None,
    kept: int = 0,
    until: int | None = None,
) -> Dreamt:
    """Dream, or dream on from a step of another dream, `until` so many steps or to the end.

    Every step is offered as a `Moment`.
    """
    branches = branched(request, base, kept)
    settings = settings_of(request.settings)
    if base is None:
        relay = _Relay(ticket, branches, (), until)
        work = partial(dream.dream, request.pixels, request.network, **settings)
    else:
        finished = base.trace.steps[kept - 1].octave if kept else 0
        relay = _Relay(ticket, branches, base.tiles[:finished], until)
        changes = {name: value for name, value in settings.items() if name not in FIXED}
        work = partial(dream.resume, base.trace, kept, **changes)
    try:
        return rest(ticket, Dreamt(branches, work(ticket=relay), relay.tiles))
    except _Enough:
        return rest(ticket, relay.dreamt)


def branched(request: DreamRequest, base: Dreamt | None, kept: int) -> tuple[Branch, ...]:
    """Return how a dream comes about that goes on from a step of another."""
    if base is None:
        return (Branch(0, request),)
    first, *others = base.branches  # the first one stays: the octaves are its
    before = (first, *(branch for branch in others if branch.start < kept))
    if request.same_as(before[-1].request):
        return before
    return (*before, Branch(kept, request))


def dream_again(ticket: Ticket, branches: Sequence[Branch], length: int = WHOLE) -> Dreamt:
    """Dream what was dreamt before, branch after branch, until so many steps or to the end."""
    made = None
    ends = [*(max(branch.start, 1) for branch in branches[1:]), length or None]
    for branch, end in zip(branches, ends, strict=True):
        made = dream_on(ticket, branch.request, made, branch.start, end)
    if made is None:
        raise ValueError("a dream has a branch at least")
    return made


def rest(ticket: Ticket, dreamt: Dreamt) -> Dreamt:
    """Return a dream with tiles of all the octaves that were begun."""
    missing = dreamt.trace.octaves[len(dreamt.tiles) :]
    added = tuple(_tile(octave, Quiet(ticket)) for octave in missing)
    return replace(dreamt, tiles=dreamt.tiles + added)


# For the screen


def show_image(ticket: Ticket, pixels: Array, octaves: Octaves) -> Shown:
    """Convert an image for the screen."""
    return Shown(pixels, mipmap_of(octaves(ticket), display.auto_range(pixels), ticket))


def shown(pixels: Array, ticket: Ticket) -> Shown:
    """Convert a picture of 8 bits for the screen."""
    return _shown(pixels, (0.0, 255.0), ticket)


def _shown(pixels: Array, limits: tuple[float, float], ticket: Ticket) -> Shown:
    octaves = pyramid.gaussian_pyramid(pixels, ticket=ticket)
    return Shown(pixels, mipmap_of(octaves, limits, ticket))


def _signed(band: Array, ticket: Ticket, limit: float = 0.0) -> Shown:
    limit = limit or display.signed_limit(band)
    shown = display.signed_to_display(band, limit, ticket=ticket)
    return Shown(band, mipmap(shown, ticket), limit)


def _tile(octave: Octave, ticket: Ticket) -> Tile:
    picture = shown(to_picture(octave.end), ticket)
    added = octave.added
    return Tile(picture, _signed(added, ticket), _rms(added))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.square(values).mean(dtype=np.float64)))


def draw(ticket: Ticket, dreamt: Dreamt, step: int) -> Frame:
    """Convert what was seen after so many steps."""
    trace = dreamt.trace
    final = dreamt.done and step == dreamt.length
    seen = trace.picture(step)
    octave = next(k for k, o in enumerate(trace.octaves) if o.base.shape == seen.shape)
    base = trace.octaves[octave].base
    if final:
        picture = _shown(trace.result, display.auto_range(trace.image), ticket)
    else:
        picture = shown(seen, ticket)
    return Frame(dreamt, step, octave, final, picture, _signed(seen - base, ticket, STRONG))


def explain(ticket: Ticket, dreamt: Dreamt, step: int) -> Explained:
    """Compute again what the step that led here climbed, and its bands: 1 to the last."""
    found = dream.explain(dreamt.trace, step - 1, ticket=ticket)
    settings = dreamt.trace.steps[step - 1].settings
    raw, rate = found.slope.gradient, np.float32(settings.rate)
    limit = display.signed_limit(raw)
    even_limit = max(map(display.signed_limit, found.evened))
    both = [dream.of_mean_one(values) * rate for values in (raw, found.total)]
    reach = max(map(display.signed_limit, both))
    before = tuple(_signed(band, ticket, limit) for band in (raw, *found.bands))
    evened = (_signed(band, ticket, even_limit) for band in found.evened)
    after = (_signed(found.total, ticket), *evened)
    steps = tuple(_signed(values, ticket, reach) for values in both)
    strengths = tuple(_rms(shown.source) for shown in (*before, *after, *steps))
    even = settings.normalise == "laplacian"
    return Explained(dreamt, step, before, after, steps, strengths, even)


def result_at(ticket: Ticket, dreamt: Dreamt, step: int) -> Array:
    """Return the picture after so many steps, in the size and dtype of the original."""
    if step == dreamt.length and dreamt.done:
        return dreamt.trace.result
    return dream.resume(dreamt.trace, step, ticket=ticket, steps=0).result
