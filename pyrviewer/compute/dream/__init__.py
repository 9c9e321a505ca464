"""DeepDream: an image is changed so that a layer of a network says more, from coarse to fine.

Mordvintsev, Olah and Tyka, "Inceptionism: Going deeper into neural networks", 2015. The detail that
is dreamt at one size is enlarged and carried to the next. Everything stays in float until the end.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.dream.gradient import (
    Slope,
    even_out,
    normalise_gradient,
    of_mean_one,
    split_gradient,
)
from pyrviewer.compute.dream.run import Run, octave_shapes, state_after
from pyrviewer.compute.dream.trace import DreamSettings, DreamTrace, Octave, Step, to_picture
from pyrviewer.compute.features import to_float
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.compute.network import Network
    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "DreamSettings",
    "DreamTrace",
    "Explanation",
    "Octave",
    "Slope",
    "Step",
    "dream",
    "explain",
    "film",
    "normalise_gradient",
    "octave_shapes",
    "of_mean_one",
    "resume",
    "split_gradient",
]

Array = npt.NDArray[Any]


def dream(
    image: Array, network: Network, *, ticket: Ticket | None = None, **settings: Any
) -> DreamTrace:
    """Dream of an image.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image; it is not changed. A gray one stays gray, and what is transparent does not dream.
    network : Network
        Who dreams.
    ticket : Ticket, optional
        Asked many times in a step, and offered the `DreamTrace` so far after each.
    **settings
        ``layer`` and all else that `DreamSettings` explains.

    Returns
    -------
    DreamTrace
        With the picture as ``result``. Without steps it is the original, bit for bit.

    Raises
    ------
    ValueError
        For settings out of their range, an unknown layer or channel, a mask of another size, or an
        array that is no image.
    UserError
        If the layer is too deep for an image so small.
    Cancelled
        If the ticket was cancelled.
    """
    return Run(image, network, DreamSettings(**settings)).go(ticket=ticket)


def resume(
    trace: DreamTrace, step: int, *, ticket: Ticket | None = None, **changes: Any
) -> DreamTrace:
    """Go back to a step of a dream and dream on from there, perhaps otherwise.

    Parameters
    ----------
    trace : DreamTrace
        The dream; it is not changed.
    step : int
        How many of its steps to keep, 0 to ``len(trace.steps)``.
    ticket : Ticket, optional
        As for `dream`.
    **changes
        Settings that are different from there on; all but ``octaves`` and ``ratio``.

    Returns
    -------
    DreamTrace
        A new one. Without changes it is the same as the old one, to the bit.

    Raises
    ------
    ValueError
        For a step that the trace does not have, and as for `dream`.
    Cancelled
        If the ticket was cancelled.
    """
    if not 0 <= step <= len(trace.steps):
        raise ValueError(f"step is 0 to {len(trace.steps)}, not {step}")
    if fixed := {"octaves", "ratio"} & changes.keys():
        raise ValueError(f"{', '.join(sorted(fixed))} cannot change half way")
    kept = trace.steps[:step]
    reached = kept[-1].octave if kept else 0
    current = dataclasses.replace(trace.octaves[reached], end=state_after(trace, step, ticket))
    settings = dataclasses.replace(trace.settings, **changes)
    run = Run(trace.image, trace.network, settings, trace.shapes)
    return run.go(kept, trace.octaves[:reached], current, ticket)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a step went where it went.

    Attributes
    ----------
    slope : Slope
        The gradient, and what became of it.
    bands, evened : tuple of ndarray, shape (h, w, 3), float32
        The parts of the gradient, finest first and the residual last, before and after each was
        divided by its root mean square, whichever the step took.
    total : ndarray, shape (h, w, 3), float32
        The sum of the evened parts.
    """

    slope: Slope
    bands: tuple[Array, ...]
    evened: tuple[Array, ...]
    total: Array


def explain(trace: DreamTrace, step: int, *, ticket: Ticket | None = None) -> Explanation:
    """Compute again what a step of a dream climbed: ``trace.steps[step]``.

    Raises
    ------
    ValueError
        For a step that the trace does not have.
    Cancelled
        If the ticket was cancelled.
    """
    if not 0 <= step < len(trace.steps):
        raise ValueError(f"step is 0 to {len(trace.steps) - 1}, not {step}")
    record = trace.steps[step]
    settings = record.settings
    first = record.index == 0
    state = trace.octaves[record.octave].start if first else state_after(trace, step, ticket)
    climber = Run(trace.image, trace.network, settings).climber
    slope = climber.slope(state, record.octave, record.index, ticket)
    bands = split_gradient(slope.gradient, settings.splits, ticket=ticket)
    evened = even_out(bands)
    return Explanation(slope, tuple(bands), tuple(evened), sum(evened[1:], start=evened[0]))


def film(
    image: Array,
    network: Network,
    frames: int,
    zoom: float = 1.04,
    *,
    ticket: Ticket | None = None,
    **settings: Any,
) -> Iterator[Array]:
    """Dream, zoom in, dream again.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image; it is not changed.
    network : Network
        Who dreams.
    frames : int
        Number of frames, 1 or more.
    zoom : float
        How much larger things are in the next frame, 1 to 2; about the middle of the image.
    ticket : Ticket, optional
        Asked many times in a frame.
    **settings
        As for `dream`.

    Yields
    ------
    ndarray, shape (H, W, 3), uint8
        The frames.

    Raises
    ------
    ValueError
        For numbers out of their range, and as for `dream`.
    UserError
        If the layer is too deep for an image so small.
    Cancelled
        If the ticket was cancelled.
    """
    if frames < 1 or not 1 <= zoom <= 2:
        raise ValueError(f"a film has 1 frame or more and zooms 1 to 2, not {frames} and {zoom}")
    state = to_float(image) / np.float32(255)
    if image.ndim == 2:
        state = np.ascontiguousarray(state[..., 0])
    for frame in range(frames):
        if frame:
            state = _zoomed(state, zoom)
        chosen = {**settings, "seed": settings.get("seed", 0) + frame}
        state = dream(state, network, ticket=ticket, **chosen).result
        yield to_picture(to_float(state))


def _zoomed(state: Array, zoom: float) -> Array:
    height, width = state.shape[:2]
    larger = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0, zoom)
    return np.asarray(
        cv2.warpAffine(
            *(state, larger, (width, height)),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )
    )
