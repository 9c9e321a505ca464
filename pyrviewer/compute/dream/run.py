"""The run of a dream: octave after octave, step after step."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import pixels
from pyrviewer.compute.dream.gradient import Climber, towards
from pyrviewer.compute.dream.trace import KEPT_BYTES, DreamTrace, Octave, Step, to_picture
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.features import to_float
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips
from pyrviewer.compute.ticket import Ticket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.dream.trace import DreamSettings
    from pyrviewer.compute.network import Layer, Network, Objective

Array = npt.NDArray[Any]

_GUIDE_SIDE = 256  # pixels of the guide's longer side, as the network sees it


def octave_shapes(
    shape: tuple[int, int], octaves: int, ratio: float, layer: Layer
) -> list[tuple[int, int]]:
    """Return the height and width of the octaves, coarse to fine.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image.
    octaves : int
        How many are wanted.
    ratio : float
        Side of an octave over that of the next coarser.
    layer : Layer
        What dreams: octaves with a side below its stride are left out.

    Raises
    ------
    UserError
        If the image itself is too small for the layer.
    """
    if min(shape) < layer.stride:
        raise UserError(
            f"The image is {shape[1]} x {shape[0]} pixels, and {layer.name} looks at it in steps "
            f"of {layer.stride}: choose a layer that is less deep, or a larger image."
        )
    found = []
    for k in reversed(range(octaves)):
        height, width = (max(1, round(side / ratio**k)) for side in shape)
        if min(height, width) >= layer.stride:
            found.append((height, width))
    return found


class Run:
    """One dream with all that stays the same in it.

    Parameters are those of `dream.dream`; a dream that is resumed keeps the shapes of its octaves.
    """

    def __init__(
        self,
        image: Array,
        network: Network,
        settings: DreamSettings,
        shapes: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        pixels.check(image)
        layer = network.layer(settings.layer)
        if settings.channel is not None and not 0 <= settings.channel < layer.channels:
            raise ValueError(
                f"channel of {layer.name} is 0 to {layer.channels - 1}, not {settings.channel}"
            )
        self._image, self._network, self.settings = image, network, settings
        shape = image.shape[0], image.shape[1]
        fitting = octave_shapes(shape, settings.octaves, settings.ratio, layer)
        self._shapes = tuple(fitting if shapes is None else shapes)
        self._mask = _mask(image, settings.mask)

    @cached_property
    def _pixels(self) -> Array:
        return to_float(self._image)

    @cached_property
    def _range(self) -> tuple[float, float]:
        if self._image.dtype != np.float32:
            return 0.0, 255.0
        return min(0.0, float(self._pixels.min())), max(255.0, float(self._pixels.max()))

    @cached_property
    def climber(self) -> Climber:
        """What finds the slope."""
        settings = self.settings
        objective: Objective = settings.climbed
        if settings.guide is not None:
            objective = towards(_guide_maps(self._network, settings.guide, settings.layer))
        return Climber(self._network, settings, self._image.ndim == 2, objective)

    def go(
        self,
        steps: tuple[Step, ...] = (),
        octaves: tuple[Octave, ...] = (),
        current: Octave | None = None,
        ticket: Ticket | None = None,
    ) -> DreamTrace:
        """Dream on to the end.

        Parameters
        ----------
        steps, octaves : tuple
            Steps that are done, and octaves that are finished.
        current : Octave, optional
            The octave after those as far as it is, where it has begun.
        ticket : Ticket, optional
            As for `dream.dream`.
        """
        ticket = ticket or Ticket()
        for number in range(len(octaves), len(self._shapes)):
            first = sum(step.octave == number for step in steps)
            ticket.check(self._progress(number, first))
            octave, current = current or self._begun(number, octaves, ticket), None
            for index in range(first, self.settings.steps):
                step, state = self.step(octave.end, number, index, ticket)
                octave = dataclasses.replace(octave, end=state)
                ticket.offer(self._trace((*octaves, octave), (*steps, step)))
                ticket.check(self._progress(number, index + 1))
                steps += (self._thinned(step),)
            octaves += (octave,)
        return self._trace(octaves, steps)

    def _trace(self, octaves: tuple[Octave, ...], steps: tuple[Step, ...]) -> DreamTrace:
        settings, shapes = self.settings, self._shapes
        return DreamTrace(self._image, self._network, settings, shapes, octaves, steps)

    def step(
        self, state: Array, octave: int, index: int, ticket: Ticket | None
    ) -> tuple[Step, Array]:
        """Make one step from a state; return it and the state after it."""
        slope = self.climber.slope(state, octave, index, ticket)
        change = slope.normalised * np.float32(self.settings.rate)
        if self._mask is not None:
            change *= _resized(self._mask, state.shape[:2])[..., None]
        change += state
        after = np.clip(change, *self._range, out=change)
        picture = to_picture(after)
        for kept in (after, picture):
            kept.flags.writeable = False
        return Step(octave, index, slope.value, self.settings, picture, after), after

    def _begun(self, number: int, octaves: tuple[Octave, ...], ticket: Ticket) -> Octave:
        """Return the original at a size, with the detail of the octave before."""
        base = self._base(self._shapes[number], ticket)
        if not octaves:
            return Octave(base, base, base)
        ticket.check()
        start = _resized(octaves[-1].end - octaves[-1].base, base.shape[:2])
        if self._mask is not None:
            start[_resized(self._mask, base.shape[:2]) == 0] = 0
        start += base
        ticket.check()
        start = np.clip(start, *self._range, out=start)
        return Octave(base, start, start)

    def _base(self, shape: tuple[int, int], ticket: Ticket) -> Array:
        """Return the original at a size; its numbers are not all there as floats for a small one.

        The mean over rows follows that over columns, which is the same as both at once.
        """
        height, width = self._image.shape[:2]
        if shape == (height, width):
            return self._pixels
        narrow = np.empty((height, shape[1], 3), np.float32)
        for rows in strips(self._image.shape, ticket):
            part = to_float(self._image[rows])
            narrow[rows] = _resized(part, (len(part), shape[1]))
        return _resized(narrow, shape)

    def _progress(self, octave: int, steps: int) -> float:
        sizes = [height * width for height, width in self._shapes]
        done = sum(sizes[:octave]) + sizes[octave] * steps / max(1, self.settings.steps)
        return done / sum(sizes)

    def _thinned(self, step: Step) -> Step:
        """Leave out the picture or the state where all of them would take too much memory."""
        numbers = 3 * self.settings.steps * sum(h * w for h, w in self._shapes)
        last = step.index == self.settings.steps - 1
        keep_picture = last or step.index % -(-numbers // KEPT_BYTES) == 0
        keep_state = last or step.index % -(-4 * numbers // KEPT_BYTES) == 0
        return dataclasses.replace(
            step,
            picture=step.picture if keep_picture else None,
            state=step.state if keep_state else None,
        )


def state_after(trace: DreamTrace, count: int, ticket: Ticket | None) -> Array:
    """Return the exact state after so many steps; steps are repeated where it was left out."""
    done = trace.steps[:count]
    if not done:
        return trace.octaves[0].start
    octave = done[-1].octave
    state, missing = trace.octaves[octave].start, []
    for step in reversed(done):
        if step.octave != octave:
            break
        if step.state is not None:
            state = step.state
            break
        missing.append(step)
    run = None
    for step in reversed(missing):
        if run is None or run.settings is not step.settings:
            run = Run(trace.image, trace.network, step.settings)
        _, state = run.step(state, octave, step.index, ticket)
    return state


def _resized(pixels: Array, shape: tuple[int, ...]) -> Array:
    """Return pixels at another size: the mean of what is merged, or cubic between them."""
    height, width = shape[:2]
    if pixels.shape[:2] == (height, width):
        return pixels
    smaller = height <= pixels.shape[0] and width <= pixels.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method))


def _mask(image: Array, mask: Array | None) -> Array | None:
    """Return where it may dream, 0 to 1: the mask, less what is transparent."""
    shape = image.shape[:2]
    if mask is not None and (mask.shape != shape or mask.dtype != np.uint8):
        raise ValueError(
            f"the mask is uint8 of the image's shape {shape}, not {mask.dtype} of {mask.shape}"
        )
    share = None if mask is None else mask.astype(np.float32) / np.float32(255)
    if image.ndim == 3 and image.shape[2] == 4:
        alpha = pixels.convert_dtype(np.ascontiguousarray(image[..., 3]), np.float32)
        share = alpha if share is None else share * alpha
    return share


def _guide_maps(network: Network, guide: Array, layer: str) -> Array:
    pixels.check(guide)
    scale = min(1.0, _GUIDE_SIDE / max(guide.shape[:2]))
    shape = tuple(max(1, round(side * scale)) for side in guide.shape[:2])
    return network.features(_resized(guide, shape), [layer])[layer]
