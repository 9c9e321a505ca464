"""Pyramids written out in float64, to compare with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

DTYPES = [np.uint8, np.uint16, np.float32]
SIGNED = {np.uint8: np.int16, np.uint16: np.int32, np.float32: np.float32}
FULL = {np.uint8: 255.0, np.uint16: 65535.0, np.float32: 1.0}
# Largest rounding of one step: half a unit for integers, an ulp or two of 1 for float32.
ROUNDING = {np.uint8: 0.5, np.uint16: 0.5, np.float32: 2e-7}


def picture(shape: tuple[int, ...], dtype: type[Any], seed: int = 0) -> Array:
    """Half noise, half nothing but darkest and brightest, which wraps in every band."""
    rng = np.random.default_rng([seed, *shape])
    values = rng.random(shape)
    if seed % 2:
        values = np.rint(values)
    values *= FULL[dtype]
    return (values if dtype is np.float32 else np.rint(values)).astype(dtype)


def mirrored(i: int, side: int) -> int:
    """Fold an index about the outermost samples (reflect-101)."""
    while not 0 <= i < side:
        i = -i if i < 0 else 2 * (side - 1) - i
        if side == 1:
            return 0
    return i


def reduction(side: int) -> Floats:
    """Build the matrix of one REDUCE step of Burt and Adelson."""
    matrix = np.zeros((math.ceil(side / 2), side))
    for i in range(len(matrix)):
        for offset, weight in zip(range(-2, 3), (1, 4, 6, 4, 1), strict=True):
            matrix[i, mirrored(2 * i + offset, side)] += weight / 16
    return matrix


def expansion(side: int, finer: int) -> Floats:
    """Build the matrix of one EXPAND step: mirrored before, repeated after."""
    matrix = np.zeros((finer, side))
    for j in range(finer):
        for offset, weight in (
            ((-1, 1 / 8), (0, 6 / 8), (1, 1 / 8)) if j % 2 == 0 else ((0, 0.5), (1, 0.5))
        ):
            matrix[j, min(abs(j // 2 + offset), side - 1)] += weight
    return matrix


def both_axes(rows: Floats, columns: Floats, values: Array) -> Floats:
    """Apply one matrix to the rows and one to the columns."""
    return np.asarray(np.einsum("ih,jw,hw...->ij...", rows, columns, values, optimize=True))


def reduced(values: Array) -> Floats:
    return both_axes(reduction(values.shape[0]), reduction(values.shape[1]), values.astype(float))


def expanded(values: Array, shape: tuple[int, ...]) -> Floats:
    rows, columns = (expansion(values.shape[axis], shape[axis]) for axis in (0, 1))
    return both_axes(rows, columns, values.astype(float))


def random_shapes(count: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(2)
    channels: list[tuple[int, ...]] = [(), (3,), (4,)]
    return [(*map(int, rng.integers(1, 70, 2)), *channels[i % 3]) for i in range(count)]
