"""The Laplacian pyramid: bands, and the way back to the image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute.progress import Progress
from pyrviewer.compute.resample import expanded_strips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

_SIGNED: dict[np.dtype[Any], type[np.generic]] = {
    np.dtype(np.uint8): np.int16,
    np.dtype(np.uint16): np.int32,
    np.dtype(np.float32): np.float32,
}


def signed_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that holds differences: int16 for uint8, int32 for uint16, else float32."""
    return np.dtype(_SIGNED[dtype])


@dataclass(frozen=True, eq=False)
class LaplacianPyramid:
    """Bands that, added up from the coarsest, give the image back.

    Attributes
    ----------
    bands : tuple of array
        ``G_k - expand(G_(k + 1))``, finest first, in the dtype of the image. Integers wrap around:
        a difference is stored modulo 2**8 or 2**16, and the sum wraps back, so that nothing is
        lost. `signed_band` gives the differences themselves. Read-only.
    residual : array
        The coarsest octave. Read-only.
    """

    bands: tuple[Array, ...]
    residual: Array

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the image, the bands and the residual."""
        dtype: np.dtype[Any] = self.residual.dtype
        return dtype

    @property
    def levels(self) -> int:
        """Number of bands."""
        return len(self.bands)

    def signed_band(self, k: int) -> Array:
        """Return band k as signed differences, ``G_k - expand(G_(k + 1))``.

        Parameters
        ----------
        k : int
            0, the finest, to ``levels - 1``.

        Returns
        -------
        array
            int16 for uint8, int32 for uint16, float32 for float32 (there the band itself).

        Raises
        ------
        ValueError
            For a band that the pyramid does not have.
        """
        if not 0 <= k < self.levels:
            msg = f"band must be 0 to {self.levels - 1}, got {k}"
            raise ValueError(msg)
        band = self.bands[k]
        if self.dtype.kind == "f":
            return band
        signed = np.empty(band.shape, signed_dtype(self.dtype))
        coarser = self.collapse(down_to=k + 1)
        for rows, expanded in expanded_strips(coarser, band.shape):
            octave = expanded + band[rows]
            np.subtract(octave, expanded, out=signed[rows], dtype=signed.dtype)
        return signed

    def collapse(
        self,
        gains: Sequence[float] | None = None,
        *,
        down_to: int = 0,
        ticket: Ticket | None = None,
    ) -> Array:
        """Add the bands up again.

        Parameters
        ----------
        gains : sequence of float, optional
            One factor for each band, finest first, and one for the residual: ``levels + 1``
            numbers. Without them, or with all that matter at 1, integers come back to the bit and
            float32 to 1e-6 of the largest magnitude. Otherwise the sum is made in float32 from
            the signed bands and, for integers, rounded and clipped once at the end.
        down_to : int
            The octave to stop at, 0 to `levels`.
        ticket : Ticket, optional
            Asked whether to go on before every strip of rows.

        Returns
        -------
        array
            Octave `down_to` in the dtype of the image; new memory.

        Raises
        ------
        ValueError
            For `down_to` outside the pyramid, and gains that are not ``levels + 1`` finite
            numbers.
        """
        if not 0 <= down_to <= self.levels:
            msg = f"down_to must be 0 to {self.levels}, got {down_to}"
            raise ValueError(msg)
        if gains is not None:
            gains = self._check_gains(gains)
            if any(gain != 1 for gain in gains[down_to:]):
                return self._mix(gains, down_to, ticket)
        progress = self._progress(down_to, ticket)
        octave = self.residual.copy()
        for band in reversed(self.bands[down_to:]):
            finer = np.empty_like(band)
            for rows, expanded in expanded_strips(octave, band.shape, ticket):
                np.add(expanded, band[rows], out=finer[rows])
                progress.add(expanded.size)
            octave = finer
        return octave

    def _mix(self, gains: Sequence[float], down_to: int, ticket: Ticket | None) -> Array:
        """Sum of the bands times their gains, in float32, rounded and clipped."""
        progress = self._progress(down_to, ticket)
        octave: Array = self.residual
        mixed = octave.astype(np.float32) * np.float32(gains[-1])
        for k in reversed(range(down_to, self.levels)):
            band, gain = self.bands[k], np.float32(gains[k])
            louder = np.empty(band.shape, self.dtype if k == down_to else np.float32)
            # The octave itself is followed too: only it tells how a band wrapped.
            finer = np.empty_like(band)
            for (rows, expanded), (_, smooth) in zip(
                expanded_strips(octave, band.shape, ticket),
                expanded_strips(mixed, band.shape),
                strict=True,
            ):
                np.add(expanded, band[rows], out=finer[rows])
                smooth += gain * np.subtract(finer[rows], expanded, dtype=np.float32)
                louder[rows] = _settled(smooth, louder.dtype)
                progress.add(expanded.size)
            octave, mixed = finer, louder
        return _settled(mixed, self.dtype).astype(self.dtype, copy=False)

    def _progress(self, down_to: int, ticket: Ticket | None) -> Progress:
        return Progress(ticket, sum(band.size for band in self.bands[down_to:]))

    def _check_gains(self, gains: Sequence[float]) -> list[float]:
        """Gains as floats; refuses a wrong number of them and what is not finite."""
        factors = [float(gain) for gain in gains]
        if len(factors) != self.levels + 1 or not all(map(math.isfinite, factors)):
            msg = f"gains must be {self.levels + 1} finite numbers, got {factors}"
            raise ValueError(msg)
        return factors


def _settled(values: Array, dtype: np.dtype[Any]) -> Array:
    """Values rounded and clipped, in place, to what `dtype` can hold."""
    if dtype.kind != "f" and values.dtype.kind == "f":
        np.rint(values, out=values)
        np.clip(values, 0, np.iinfo(dtype).max, out=values)
    return values
