"""What an octave holds at each frequency, and what folds when it is reduced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.image import Array, check
from pyrviewer.compute.prefilter import Prefilter, low_pass

if TYPE_CHECKING:
    _Floats = npt.NDArray[np.float64]
    _Complex = npt.NDArray[np.complex128]

_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, eq=False)
class RadialSpectrum:
    """Power of an octave over frequency, averaged over all directions.

    Attributes
    ----------
    frequency : (n,) float64 array
        Cycles per pixel of the octave, rising from 0. 0.5 is the Nyquist frequency of rows and
        columns; only diagonal waves reach further, up to 0.707.
    power : (n,) float64 array
        Mean power density of each ring: squared values per squared cycle per pixel. White noise
        of variance v has the density v everywhere.
    samples : (n,) int64 array
        Frequencies averaged in each ring, at least 1.
    """

    frequency: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    samples: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Folding:
    """What a reduced octave holds, told apart by where it came from.

    Attributes
    ----------
    frequency : (n,) float64 array
        Cycles per pixel of the reduced octave, as in `RadialSpectrum`.
    baseband : (n,) float64 array
        Power density of what lay below the new Nyquist frequency, and stayed where it was.
    alias : (n,) float64 array
        Power density of what lay above, and folded down to a frequency where it does not belong.
    share : float
        Energy of the alias over that of alias and baseband together, 0 to 1; 0 for a flat octave.
    """

    frequency: npt.NDArray[np.float64]
    baseband: npt.NDArray[np.float64]
    alias: npt.NDArray[np.float64]
    share: float


def radial_spectrum(octave: Array, size: int = 1024) -> RadialSpectrum:
    """Measure the radial power spectrum of an octave.

    The central part, its mean removed, under a Hann window, through an FFT; the squares averaged
    over rings as wide as one frequency of the longer side.

    Parameters
    ----------
    octave : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Of colours the luma is taken (0.299 R + 0.587 G + 0.114 B); alpha is ignored.
    size : int
        Largest side of the central part, in pixels.

    Returns
    -------
    RadialSpectrum

    Raises
    ------
    ValueError
        For an array or dtype that is not an image, and a size below 1.

    Notes
    -----
    P. D. Welch, IEEE Transactions on Audio and Electroacoustics 15, 1967, for window and scale.
    """
    centre = _centre(octave, size, even=False)
    window = _hann(centre.shape)
    return _radial(np.fft.fft2(_windowed(centre, window)), window)


def folding(octave: Array, prefilter: Prefilter = "binomial", size: int = 1024) -> Folding:
    """Measure what folds when an octave is reduced by 2.

    The octave is filtered at full resolution, as the reduction does before it drops samples, and
    split by an FFT: frequencies below 0.25 cycles per pixel in both directions are the baseband,
    the rest folds. Both parts lose their odd samples, and their spectra are taken as in
    `radial_spectrum`. Everything is linear, so that the two parts add up to the reduced octave.

    Parameters
    ----------
    octave : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Luma and central part as in `radial_spectrum`; an odd side loses its last pixel.
    prefilter : Prefilter
        "box" and "area", the same thing at ratio 2 and even sides, are the filter that puts the
        mean of a cell at its first sample. "max" is not linear: a split of its output would not
        be the output of a split, so it has no folding.
    size : int
        Largest side of the central part, in pixels of `octave`.

    Returns
    -------
    Folding

    Raises
    ------
    ValueError
        For "max", an unknown prefilter, an array or dtype that is not an image, a size below 1.
    """
    if prefilter == "max":
        msg = "folding is not defined for prefilter 'max': it is not a linear filter"
        raise ValueError(msg)
    smooth = low_pass(_centre(octave, size, even=True), prefilter)
    window = _hann(smooth.shape)
    spectrum = np.fft.fft2(_windowed(smooth, window))
    fy, fx = _frequencies(smooth.shape)
    low = (np.abs(fx) < 0.25) & (np.abs(fy) < 0.25)
    baseband = _radial(_decimated(spectrum * low), window[::2, ::2])
    alias = _radial(_decimated(spectrum * ~low), window[::2, ::2])
    energy, folded = (float(part.power @ part.samples) for part in (baseband, alias))
    share = folded / (energy + folded) if energy + folded > 0 else 0.0
    return Folding(baseband.frequency, baseband.power, alias.power, share)


def _centre(octave: Array, size: int, *, even: bool) -> npt.NDArray[np.float32]:
    """Luma of the central part; with `even`, sides above 1 are cut to even numbers."""
    check(octave)
    if size < 1:
        msg = f"size must be at least 1 pixel, got {size}"
        raise ValueError(msg)
    height, width = (min(side, size) for side in octave.shape[:2])
    if even:
        height, width = height - (height > 1) * (height % 2), width - (width > 1) * (width % 2)
    top, left = (octave.shape[0] - height) // 2, (octave.shape[1] - width) // 2
    part = octave[top : top + height, left : left + width]
    luma = part if part.ndim == 2 else part[:, :, :3] @ _LUMA
    return np.asarray(luma, np.float32)


def _hann(shape: tuple[int, ...]) -> _Floats:
    """Hann window with its zeros half a pixel outside, so that no sample of a small octave is 0."""
    rows, columns = (np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in shape)
    return np.outer(rows, columns)


def _windowed(part: npt.NDArray[np.float32], window: _Floats) -> _Floats:
    """Part under the window, with the mean removed that leaves nothing at frequency 0."""
    values = part.astype(np.float64)
    mean = np.sum(values * window) / np.sum(window)
    return np.asarray((values - mean) * window)


def _frequencies(shape: tuple[int, ...]) -> tuple[_Floats, _Floats]:
    """Vertical (column) and horizontal (row) frequencies of an FFT, in cycles per pixel."""
    fy, fx = (np.asarray(np.fft.fftfreq(n), np.float64) for n in shape)
    return fy[:, None], fx[None, :]


def _decimated(spectrum: _Complex) -> _Complex:
    """Spectrum of the even samples: the mean of the bands that fall upon each other."""
    height, width = spectrum.shape
    rows, columns = min(height, 2), min(width, 2)
    bands = spectrum.reshape(rows, height // rows, columns, width // columns)
    return np.asarray(bands.mean(axis=(0, 2)), np.complex128)


def _radial(spectrum: _Complex, window: _Floats) -> RadialSpectrum:
    """Power density of what was windowed before its FFT, averaged over rings."""
    density = np.abs(spectrum) ** 2 / np.sum(window**2)
    fy, fx = _frequencies(spectrum.shape)
    side = max(spectrum.shape)
    ring = np.rint(np.hypot(fx, fy) * side).astype(np.int64).ravel()
    samples = np.bincount(ring)
    found = np.flatnonzero(samples)
    power = np.bincount(ring, density.ravel())[found] / samples[found]
    return RadialSpectrum(found / side, power, samples[found])
