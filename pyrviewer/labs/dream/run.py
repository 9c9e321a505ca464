"""The work of the Dream lab, for worker threads."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import display, dream, network, pyramid
from pyrviewer.compute.dream.trace import KEPT_BYTES, DreamTrace, to_picture
from pyrviewer.compute.mipmap import mipmap, mipmap_of
from pyrviewer.compute.ticket import Ticket

if TYPE_CHECKING:
    from pyrviewer.compute.dream import DreamSettings, Octave, Step
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.network import Network
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
class Moment:
    """A dream as far as it is while it goes on.

    Attributes
    ----------
    requests : tuple of DreamRequest
        What was asked for, branch after branch.
    steps : tuple of Step
        All so far; of large octaves only the last one with its state.
    octaves : tuple of Octave
        Those that are finished and the start of the present one; nothing in the first.
    count : int
        How many octaves there will be.
    picture : Shown
        What the last step left.
    tiles : tuple of Tile
        The finished octaves.
    """

    requests: tuple[DreamRequest, ...]
    steps: tuple[Step, ...]
    octaves: tuple[Octave, ...]
    count: int
    picture: Shown
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, eq=False)
class Dreamt:
    """A dream that can be played back: to its end, or to where it was stopped.

    Attributes
    ----------
    requests : tuple of DreamRequest
        What was asked for, branch after branch.
    done : bool
        Whether it is at its end.
    tiles : tuple of Tile
        The octaves that were begun.
    """

    requests: tuple[DreamRequest, ...]
    trace: DreamTrace
    done: bool
    tiles: tuple[Tile, ...]

    @property
    def request(self) -> DreamRequest:
        """What was asked for last."""
        return self.requests[-1]

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.trace.steps)


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
        The gradient and its bands, finest first, the residual last; and what became of them.
        Without evening out only the gradient itself.
    strengths : tuple of float
        The root mean square of each of both.
    """

    dreamt: Dreamt
    step: int
    before: tuple[Shown, ...]
    after: tuple[Shown, ...]
    strengths: tuple[float, ...]


class Quiet(Ticket):
    """Asks another ticket whether to go on, and says nothing of how far a part of the work is."""

    def __init__(self, outer: Ticket) -> None:
        super().__init__()
        self.outer = outer

    def check(self, fraction: float | None = None) -> None:
        """Ask."""
        self.outer.check()

    def offer(self, partial: object) -> None:
        """Keep it."""


class _Enough(Exception):  # noqa: N818 - no failure
    """As many steps were made as were asked for."""


class _Relay(Quiet):
    """Stands between a dream and the ticket of its job: keeps the steps, converts pictures."""

    def __init__(
        self,
        outer: Ticket,
        requests: tuple[DreamRequest, ...],
        base: DreamTrace | None,
        kept: int,
        most: int,
    ) -> None:
        super().__init__(outer)
        self._requests = requests
        self._steps: tuple[Step, ...] = base.steps[:kept] if base is not None else ()
        self._octaves: tuple[Octave, ...] = base.octaves if base is not None else ()
        self._last = kept + most if most else 0
        self._tiles: list[Tile] = []
        self._count = len(self._octaves) or _count(requests[-1])

    def check(self, fraction: float | None = None) -> None:
        """Ask the job's ticket."""
        self.outer.check(fraction)

    def offer(self, partial: object) -> None:
        """Take a step of the dream and offer a `Moment`."""
        step: Any = partial
        if self._steps and step.octave != self._steps[-1].octave:
            self._octaves = settle(self._requests[-1], self._steps, self._octaves).octaves
            for octave in self._octaves[len(self._tiles) : step.octave]:
                self._tiles.append(_tile(octave, Quiet(self.outer)))
        self._steps = (*map(_thinned, self._steps), step)
        picture = shown(step.picture, Quiet(self.outer))
        self.moment = Moment(
            self._requests, self._steps, self._octaves, self._count, picture, tuple(self._tiles)
        )
        self.outer.offer(self.moment)
        if len(self._steps) == self._last:
            raise _Enough


def _thinned(step: Step) -> Step:
    """Leave out what would take too much memory, but for the end of an octave."""
    total = 2 * step.settings.steps
    if step.state is None or step.index == step.settings.steps - 1:
        return step
    if step.state.nbytes * total <= KEPT_BYTES:
        return step
    large = step.picture is None or step.picture.nbytes * total > KEPT_BYTES
    return replace(step, state=None, picture=None if large else step.picture)


def settle(
    request: DreamRequest, steps: tuple[Step, ...], octaves: tuple[Octave, ...]
) -> DreamTrace:
    """Return steps as a trace to play back and to go on from; the octaves to come add nothing.

    `octaves` are those of a trace that has begun the last octave of the steps, or none at all.
    """
    image, who = request.pixels, request.network
    settings = replace(request.settings, steps=0)
    if not octaves:
        octaves = dream.dream(image, who, **settings_of(settings)).octaves
    begun = DreamTrace(image, who, settings, octaves, steps)
    return dream.resume(begun, len(steps))


def settings_of(settings: DreamSettings) -> dict[str, Any]:
    """Return settings by name; arrays are not copied."""
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


def dream_on(
    ticket: Ticket,
    request: DreamRequest,
    base: Dreamt | None = None,
    kept: int = 0,
    most: int = 0,
) -> Dreamt:
    """Dream, or dream on from a step of another dream; `most` steps, or to the end for 0.

    Every step is offered as a `Moment`.
    """
    requests = (*(base.requests if base is not None else ()), request)
    relay = _Relay(ticket, requests, base.trace if base is not None else None, kept, most)
    settings = settings_of(request.settings)
    try:
        if base is None:
            trace = dream.dream(request.pixels, request.network, ticket=relay, **settings)
        else:
            changes = {name: value for name, value in settings.items() if name not in FIXED}
            trace = dream.resume(base.trace, kept, ticket=relay, **changes)
    except _Enough:
        return rest(ticket, relay.moment)
    return Dreamt(requests, trace, True, tuple(_tile(octave, ticket) for octave in trace.octaves))


def rest(ticket: Ticket, moment: Moment) -> Dreamt:
    """Make a dream that was stopped one that can be played back."""
    request, steps = moment.requests[-1], moment.steps
    trace = settle(request, steps, moment.octaves)
    begun = steps[-1].octave + 1
    done = begun == len(trace.octaves) and steps[-1].index == request.settings.steps - 1
    added = [_tile(octave, ticket) for octave in trace.octaves[len(moment.tiles) : begun]]
    return Dreamt(moment.requests, trace, done, (*moment.tiles, *added))


def _count(request: DreamRequest) -> int:
    height, width = request.pixels.shape[:2]
    state = request.state
    layer = request.network.layer(state.layer)
    return len(dream.octave_shapes((height, width), state.octaves, state.ratio, layer))


# For the screen


@dataclass(frozen=True, eq=False)
class Loaded:
    """The network, or None where it is not installed, and the names of its classes."""

    network: Network | None
    classes: tuple[str, ...] = ()


def load_network(ticket: Ticket) -> Loaded:
    """Read the trained network, if it is installed."""
    ticket.check()
    return Loaded(network.load(), network.class_names()) if network.available() else Loaded(None)


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
    raw, normalised = found.slope.gradient, found.slope.normalised
    limit = display.signed_limit(raw)
    even = max(map(display.signed_limit, found.evened), default=0.0)
    before = tuple(_signed(band, ticket, limit) for band in (raw, *found.bands))
    evened = (_signed(band, ticket, even) for band in found.evened)
    after = (_signed(normalised, ticket), *evened)
    strengths = tuple(_rms(shown.source) for shown in (*before, *after))
    return Explained(dreamt, step, before, after, strengths)


def result_at(ticket: Ticket, dreamt: Dreamt, step: int) -> Array:
    """Return the picture after so many steps, in the size and dtype of the original."""
    if step == dreamt.length:
        return dreamt.trace.result
    return dream.resume(dreamt.trace, step, ticket=ticket, steps=0).result
