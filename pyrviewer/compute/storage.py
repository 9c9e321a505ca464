"""What a pyramid takes up, in samples and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array


@dataclass(frozen=True)
class Storage:
    """What a pyramid takes up.

    Attributes
    ----------
    samples : tuple of int
        Samples of each octave, channels counted, finest first.
    nbytes : tuple of int
        Bytes of each octave.
    cumulative : tuple of float
        Samples down to each octave, over those of the finest.
    bound : float or None
        What `total` cannot exceed when sides are halved and rounded up:
        ``4 / 3 + (h + w + N) / (h * w)`` for N reductions. None for other shapes. The 4/3 of the
        geometric series alone is not a bound: 3 x 3, 2 x 2 and 1 x 1 make 14 / 9.
    """

    samples: tuple[int, ...]
    nbytes: tuple[int, ...]
    cumulative: tuple[float, ...]
    bound: float | None

    @property
    def total(self) -> float:
        """Samples of all octaves over those of the finest."""
        return self.cumulative[-1]


def storage(octaves: Sequence[Array]) -> Storage:
    """Count the samples and bytes of a pyramid.

    Parameters
    ----------
    octaves : sequence of (h, w) or (h, w, channels) arrays
        Octaves, or bands and residual, finest first.

    Returns
    -------
    Storage

    Raises
    ------
    ValueError
        For no octaves, and for an empty one.

    Notes
    -----
    The bound follows from ``ceil(h / 2**k) <= h / 2**k + 1``, multiplied out and summed over the
    levels 1 to N.
    """
    if not octaves or any(octave.size == 0 for octave in octaves):
        msg = f"octaves must be arrays with samples, got {[octave.shape for octave in octaves]}"
        raise ValueError(msg)
    samples = tuple(octave.size for octave in octaves)
    height, width = octaves[0].shape[:2]
    reductions = len(octaves) - 1
    halved = [(-(-height >> k), -(-width >> k)) for k in range(len(octaves))]
    bound = None
    if [octave.shape[:2] for octave in octaves] == halved:
        bound = 4 / 3 + (height + width + reductions) / (height * width)
    return Storage(
        samples=samples,
        nbytes=tuple(octave.nbytes for octave in octaves),
        cumulative=tuple(float(count) / samples[0] for count in accumulate(samples)),
        bound=bound,
    )
