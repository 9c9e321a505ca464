"""Correlation of a few planes with many kernels of one size, by Fourier transforms.

`cv2.matchTemplate` transforms the image anew for every kernel, and takes one plane at a time. Here
its planes are transformed once, their products are added up before the one transform back, and two
real kernels travel as the real and the imaginary part of one.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Sequence

_Floats = npt.NDArray[np.float32]
_Complex = npt.NDArray[np.complex64]

_MOST_TILES = 16  # along each side
_BACK = 2.5  # a tile's products and its transform back, against one transform


class Correlation:
    """Planes made ready to be correlated with kernels.

    Parameters
    ----------
    planes : sequence of (H, W) float32 array
        What the kernels slide over; transformed tile by tile.
    shape : (int, int)
        Height and width of the kernels, not larger than the planes.
    """

    def __init__(self, planes: Sequence[_Floats], shape: tuple[int, int]) -> None:
        self._shape = shape
        height, width = planes[0].shape
        self._valid = height - shape[0] + 1, width - shape[1] + 1
        self._step, size = _tiles(self._valid, shape, len(planes))
        self._kernels = np.zeros((len(planes), *size), np.complex64)
        self._spectra: dict[tuple[int, int], list[_Complex]] = {}
        for top, left in itertools.product(
            range(0, self._valid[0], self._step[0]), range(0, self._valid[1], self._step[1])
        ):
            spectra = []
            for plane in planes:
                part = plane[top : top + size[0], left : left + size[1]]
                tile = np.zeros(size, np.complex64)
                tile[: part.shape[0], : part.shape[1]] = part
                spectra.append(_transformed(tile))
            self._spectra[top, left] = spectra

    def pair(self, first: Sequence[_Floats], second: Sequence[_Floats]) -> tuple[_Floats, _Floats]:
        """Correlate the planes with two kernels and add up the planes' products.

        Parameters
        ----------
        first, second : sequence of (h, w) float32 array
            Two kernels, plane by plane.

        Returns
        -------
        (H - h + 1, W - w + 1) float32 array, twice
        """
        rows, columns = self._shape
        area = np.float32(self._kernels[0].size)
        for spread, real, imaginary in zip(self._kernels, first, second, strict=True):
            spread[:rows, :columns].real = real / area
            spread[:rows, :columns].imag = imaginary / area
        # Transformed backwards, a kernel is not turned round: products, no convolution.
        kernels = [_transformed(kernel, cv2.DFT_INVERSE) for kernel in self._kernels]
        found = np.empty(self._valid, np.float32), np.empty(self._valid, np.float32)
        for (top, left), spectra in self._spectra.items():
            total = spectra[0] * kernels[0]
            for spectrum, kernel in zip(spectra[1:], kernels[1:], strict=True):
                total += spectrum * kernel
            sums = _transformed(total, cv2.DFT_INVERSE)
            for out, part in zip(found, (sums.real, sums.imag), strict=True):
                inside = out[top : top + self._step[0], left : left + self._step[1]]
                inside[:] = part[: inside.shape[0], : inside.shape[1]]
        return found


def _tiles(
    valid: tuple[int, int], kernel: tuple[int, int], planes: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Choose the step from tile to tile and the size of a transform that cost least."""
    sides: list[list[tuple[float, int, int]]] = []
    for length, margin in zip(valid, (kernel[0] - 1, kernel[1] - 1), strict=True):
        steps = {-(-length // count) for count in range(1, _MOST_TILES + 1)}
        sides.append(
            [(length / step, step, cv2.getOptimalDFTSize(step + margin)) for step in steps]
        )
    _, best_steps, best_sizes = min(
        (
            (planes + _BACK * tiles_down * tiles_across) * height * width,
            (down, across),
            (height, width),
        )
        for (tiles_down, down, height), (tiles_across, across, width) in itertools.product(*sides)
    )
    return best_steps, best_sizes


def _transformed(values: _Complex, flags: int = 0) -> _Complex:
    """Fourier transform of a tile; unscaled in both directions."""
    pairs = cv2.dft(values.view(np.float32).reshape(*values.shape, 2), flags=flags)
    return np.asarray(pairs).view(np.complex64)[..., 0]
