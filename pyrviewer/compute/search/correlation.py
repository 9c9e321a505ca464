"""Correlation of a few planes with several kernels of one size, by Fourier transforms.

`cv2.matchTemplate` transforms the image anew for every kernel, and takes one plane at a time. Here
a tile of all planes is transformed once, the planes' products are added up before the one transform
back, and two real kernels travel as the real and the imaginary part of one.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.processors import on_all_processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Floats = npt.NDArray[np.float32]
_Complex = npt.NDArray[np.complex64]

_TILES = (1, 2, 3, 4, 5, 6, 8, 11, 16, 23, 32, 45, 64)  # along each side
_BACK = 2.5  # a tile's products and its transform back, against one transform


def correlate(
    planes: _Floats,
    kernels: _Floats,
    use: Callable[[tuple[slice, slice], Iterator[_Floats]], None],
    *,
    alone: bool = False,
) -> None:
    """Correlate planes with kernels, tile by tile, on all processors.

    Parameters
    ----------
    planes : (c, H, W) float32 array
        What the kernels slide over.
    kernels : (g, c, h, w) float32 array
        An even number of kernels, not larger than the planes.
    use : callable
        Called for each tile, from several threads, with its rows and columns of the
        (H - h + 1, W - w + 1) translations, and an iterator that gives for each kernel the
        products of all planes, added up, at these translations.
    alone : bool
        Stay in the calling thread.
    """
    shape = kernels.shape[2:]
    valid = planes.shape[1] - shape[0] + 1, planes.shape[2] - shape[1] + 1
    (down, across), size = _tiles(valid, shape, len(planes), 1 if alone else cv2.getNumThreads())
    spectra = [_pair(kernels[k], kernels[k + 1], size) for k in range(0, len(kernels), 2)]

    def work(corner: tuple[int, int]) -> None:
        top, left = corner
        where = (
            slice(top, min(top + down, valid[0])),
            slice(left, min(left + across, valid[1])),
        )
        part = planes[:, top : top + size[0], left : left + size[1]]
        tile = np.zeros((len(planes), *size), np.complex64)
        tile[:, : part.shape[1], : part.shape[2]] = part
        use(where, _sums(np.stack([_transformed(each) for each in tile]), spectra, where))

    corners = itertools.product(range(0, valid[0], down), range(0, valid[1], across))
    on_all_processors(work, corners, alone=alone)


def _sums(tile: _Complex, spectra: list[_Complex], where: tuple[slice, slice]) -> Iterator[_Floats]:
    """Multiply a tile's spectra with those of pairs of kernels, and transform back."""
    rows, columns = (each.stop - each.start for each in where)
    for pair in spectra:
        total = tile[0] * pair[0]
        for plane, kernel in zip(tile[1:], pair[1:], strict=True):
            total += plane * kernel
        sums = _transformed(total, cv2.DFT_INVERSE)[:rows, :columns]
        yield np.ascontiguousarray(sums.real)
        yield np.ascontiguousarray(sums.imag)


def _pair(first: _Floats, second: _Floats, size: tuple[int, int]) -> _Complex:
    """Transform two kernels as one: (c, height, width).

    Backwards, so that they are not turned round: products, no convolution.
    """
    joint = np.zeros((len(first), *size), np.complex64)
    joint[:, : first.shape[1], : first.shape[2]] = (first + 1j * second) / np.float32(joint[0].size)
    return np.stack([_transformed(each, cv2.DFT_INVERSE) for each in joint])


def _tiles(
    valid: tuple[int, int], kernel: tuple[int, ...], planes: int, least: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Choose the step from tile to tile and the size of a transform that cost least.

    Fewer tiles than `least` cost as much as so many.
    """
    sides: list[list[tuple[float, int, int]]] = []
    for length, margin in zip(valid, (kernel[0] - 1, kernel[1] - 1), strict=True):
        steps = {-(-length // count) for count in _TILES}
        sides.append(
            [(length / step, step, cv2.getOptimalDFTSize(step + margin)) for step in steps]
        )
    _, best_steps, best_sizes = min(
        (
            (planes + _BACK * max(tiles_down * tiles_across, least)) * height * width,
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
