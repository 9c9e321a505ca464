"""What a dream is asked for, and the record of what it did, which a view plays back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import pixels
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from pyrviewer.compute.network import Network

Array = npt.NDArray[Any]

KEPT_BYTES = 256 << 20
"""Most memory of the pictures of a trace, and again of its states; beyond, some are left out."""

_RANGES = (
    *(("octaves", 1, 12), ("ratio", 1.1, 4), ("steps", 0, 10_000), ("rate", 0, 255)),
    *(("jitter", 0, 10_000), ("splits", 1, 8), ("tile", 64, 8192), ("seed", 0, math.inf)),
)


@dataclass(frozen=True, eq=False)
class DreamSettings:
    """What a dream is asked for.

    Attributes
    ----------
    layer : str
        The layer that is to say more.
    channel : int or None
        The only channel that counts.
    objective : {"mean", "l2"} or None
        What is climbed: the mean of the maps or half their squared norm. None is "mean" for a
        channel and "l2" for a whole layer.
    octaves : int
        Sizes that are dreamt at, 1 to 12. Coarse ones that are too small for the layer are left
        out.
    ratio : float
        Side of an octave over that of the next coarser, 1.1 to 4.
    steps : int
        Steps of gradient ascent in each octave, from 0 on.
    rate : float
        Mean change that a step makes to a value, where 255 is white.
    jitter : int
        Most pixels that the image is rolled by, at random, before each step.
    normalise : {"laplacian", "plain"}
        Whether the bands of the gradient are brought to the same strength.
    splits : int
        Bands that are split off for that, 1 to 8.
    tile : int
        Largest side, in pixels, that the network sees at once; 64 or more. Larger octaves are cut
        at random places, others in each step.
    seed : int
        Chooses what is random. The same seed gives the same bytes.
    guide : ndarray or None
        An image: the dream climbs towards those of its features that are most like what is there
        (the dot product of each position with the best of its positions).
    mask : uint8 ndarray, shape (H, W), or None
        Where it may dream: 0 nowhere, 255 fully.
    """

    layer: str
    channel: int | None = None
    objective: Literal["mean", "l2"] | None = None
    octaves: int = 4
    ratio: float = 1.4
    steps: int = 10
    rate: float = 1.5
    jitter: int = 32
    normalise: Literal["laplacian", "plain"] = "laplacian"
    splits: int = 4
    tile: int = 512
    seed: int = 0
    guide: Array | None = None
    mask: Array | None = None

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                most = "or more" if high == math.inf else f"to {high}"
                raise ValueError(f"{name} is {low} {most}, not {value}")
        if self.objective not in (None, "mean", "l2"):
            raise ValueError(f"the objective is mean or l2, not {self.objective!r}")
        if self.normalise not in ("laplacian", "plain"):
            raise ValueError(f"normalise is laplacian or plain, not {self.normalise!r}")
        if self.guide is not None and self.channel is not None:
            raise ValueError("a guide speaks of all channels: choose it or one channel")

    @property
    def climbed(self) -> Literal["mean", "l2"]:
        """The objective, chosen by the channel where it was left open."""
        return self.objective or ("l2" if self.channel is None else "mean")


@dataclass(frozen=True, eq=False)
class Step:
    """One step of gradient ascent.

    Attributes
    ----------
    octave : int
        0 is the coarsest.
    index : int
        Which step in that octave, from 0.
    value : float
        The objective before the step, summed over the tiles.
    settings : DreamSettings
        What was asked for at that time: a dream that was resumed may change them half way.
    picture : uint8 ndarray, shape (h, w, 3), or None
        The octave after the step. None where a trace leaves it out to save memory.
    state : float32 ndarray, shape (h, w, 3), or None
        The same, exactly.
    """

    octave: int
    index: int
    value: float
    settings: DreamSettings
    picture: Array | None
    state: Array | None


@dataclass(frozen=True, eq=False)
class Octave:
    """One size.

    Attributes
    ----------
    base : float32 ndarray, shape (h, w, 3)
        The original at that size, 0 to 255.
    start : float32 ndarray, shape (h, w, 3)
        What was begun with: the original and the enlarged detail of coarser octaves.
    end : float32 ndarray, shape (h, w, 3)
        What came out.
    """

    base: Array
    start: Array
    end: Array

    @property
    def added(self) -> Array:
        """The detail that this octave added, signed, in 255ths."""
        return np.asarray(self.end - self.start)


@dataclass(frozen=True, eq=False)
class DreamTrace:
    """The record of a dream, whole or as far as it went. Nothing in it changes.

    Attributes
    ----------
    image : ndarray
        The original, as it was given.
    network : Network
        Who dreamt.
    settings : DreamSettings
        What was asked for.
    shapes : tuple of (int, int)
        Height and width of all octaves, coarse to fine, perhaps fewer than asked for.
    octaves : tuple of Octave
        Those that were begun; the last of them ends where the dream stands.
    steps : tuple of Step
        All steps in their order. A picture takes 3 bytes a pixel of its octave and a state 12. All
        are kept up to `KEPT_BYTES` of each kind; of longer dreams every second, third ... step has
        them, and always the last one of an octave.
    """

    image: Array
    network: Network
    settings: DreamSettings
    shapes: tuple[tuple[int, int], ...]
    octaves: tuple[Octave, ...]
    steps: tuple[Step, ...]

    @property
    def planned(self) -> int:
        """How many steps there are at the end."""
        octave, index = (self.steps[-1].octave, self.steps[-1].index) if self.steps else (0, -1)
        wanted = self.settings.steps
        here = max(0, wanted - 1 - index)
        return len(self.steps) + here + (len(self.shapes) - 1 - octave) * wanted

    @property
    def done(self) -> bool:
        """Whether it is at its end."""
        return len(self.steps) == self.planned

    @property
    def result(self) -> Array:
        """The dream in the shape and dtype of the original; where nothing changed, the same bits.

        New memory.

        Raises
        ------
        ValueError
            Before the last octave is begun; ``resume(trace, step, steps=0)`` carries it there.
        """
        if len(self.octaves) < len(self.shapes):
            raise ValueError(f"{len(self.octaves)} of {len(self.shapes)} octaves were begun")
        finest = self.octaves[-1]
        return with_detail(self.image, finest.end - finest.base)

    def picture(self, step: int) -> Array:
        """Return what was seen after so many steps, at the size of the octave: uint8, h x w x 3.

        After none, the first octave's start. Where the picture was left out, the last one before.
        """
        for record in reversed(self.steps[:step]):
            if record.picture is not None:
                return record.picture
        return to_picture(self.octaves[0].start)


def to_picture(state: Array) -> Array:
    """Return values of 0 to 255 rounded to uint8."""
    return cv2.convertScaleAbs(np.maximum(state, 0))


def with_detail(image: Array, detail: Array) -> Array:
    """Add detail, in 255ths, to an image of any kind; gray ones take the mean of its channels.

    Integers are rounded and clipped; floats stay within what the image spans, or 0 to 1. Alpha
    stays as it is.
    """
    pixels.check(image)
    if image.ndim == 2:
        detail = detail.mean(2)
    colours = image if image.ndim == 2 else image[..., :3]
    if image.dtype == np.float32:
        low, high = min(0.0, float(colours.min())), max(1.0, float(colours.max()))
        changed = np.clip(colours + detail / np.float32(255), low, high)
    else:
        full = np.iinfo(image.dtype).max
        changed = np.rint(colours + detail * np.float32(full / 255))
        np.clip(changed, 0, full, out=changed)
    result = image.copy()
    (result if image.ndim == 2 else result[..., :3])[:] = changed
    return result
