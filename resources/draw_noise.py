"""Seeded noise fields, smooth set operations and colour helpers for the sample pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

F: TypeAlias = NDArray[np.float32]
Colour: TypeAlias = tuple[float, float, float]


def fractal(shape: tuple[int, int], slope: float, seed: int, stretch: float = 1.0) -> F:
    """Return a tileable field of zero mean and unit variance whose amplitude falls as f**-slope.

    ``stretch`` above 1 draws the features out along x.
    """
    rng = np.random.default_rng(seed)
    fy = np.fft.fftfreq(shape[0])[:, None] * shape[0]
    fx = np.fft.rfftfreq(shape[1])[None, :] * shape[1] * stretch * shape[0] / shape[1]
    radius = np.hypot(fx, fy)
    radius[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * radius**-slope
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=shape)
    return f32(field / field.std())


def f32(x: ArrayLike) -> F:
    """Return ``x`` as a float32 array, without a copy if it is one."""
    return np.asarray(x, np.float32)


def smoothstep(low: float, high: float, x: ArrayLike) -> F:
    """Return the cubic step from 0 at ``low`` to 1 at ``high`` (which may be the smaller one)."""
    t = np.clip((f32(x) - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return f32(t * t * (3.0 - 2.0 * t))


def smooth_min(a: F, b: F, k: float) -> F:
    """Return the union of two distances, rounded over a width ``k`` (quadratic polynomial)."""
    h = np.maximum(np.float32(k) - np.abs(a - b), 0.0)
    return f32(np.minimum(a, b) - h * h * np.float32(0.25 / k))


def smooth_max(a: F, b: F, k: float) -> F:
    """Return the intersection of two distances, rounded over a width ``k``."""
    h = np.maximum(np.float32(k) - np.abs(a - b), 0.0)
    return f32(np.maximum(a, b) + h * h * np.float32(0.25 / k))


def plain(colour: Colour, shape: tuple[int, ...]) -> F:
    """Return one colour for every element of a shape (... x 3), read-only."""
    return np.broadcast_to(f32(colour), (*shape, 3))


def mix(a: F, b: F | Colour, weight: ArrayLike) -> F:
    """Return colours ``a`` (... x 3) moved towards ``b`` by ``weight`` (...)."""
    w = f32(weight)[..., None]
    return f32(a * (1.0 - w) + f32(b) * w)


def to_srgb(linear: F) -> F:
    """Return display values 0..1 of linear light, with a soft shoulder (Narkowicz's ACES fit)."""
    x = np.maximum(linear, 0.0)
    y = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)
    return np.asarray(
        np.where(y < 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055), np.float32
    )


@dataclass(frozen=True)
class Volume:
    """A tileable 3-D field and its gradient, stored slice by slice in one sheet for cv2.remap."""

    sheet: F
    side: int
    columns: int

    @staticmethod
    def of(field: F) -> Volume:
        """Pack a cubic tileable field (D x D x D)."""
        side = field.shape[0]
        gradients = [(np.roll(field, -1, a) - np.roll(field, 1, a)) * (side / 2) for a in (2, 1, 0)]
        cells = np.stack([field, *gradients], axis=-1).astype(np.float32)
        cells = np.pad(cells, ((0, 1), (0, 1), (0, 1), (0, 0)), mode="wrap")
        columns = int(np.ceil(np.sqrt(side + 1)))
        edge = side + 1
        sheet = np.zeros((columns * edge, columns * edge, 4), np.float32)
        for k in range(edge):
            row, column = divmod(k, columns)
            sheet[row * edge : (row + 1) * edge, column * edge : (column + 1) * edge] = cells[k]
        return Volume(sheet, side, columns)

    def sample(self, points: F, frequency: float) -> tuple[F, F]:
        """Return value (N) and gradient (N x 3) at points (N x 3); the period is 1/frequency."""
        q = points * np.float32(frequency)
        q = (q - np.floor(q)) * np.float32(self.side)
        low = np.minimum(np.floor(q[:, 2]), self.side - 1)
        weight = (q[:, 2] - low)[:, None]
        first, second = (self._slice(q, low + step) for step in (0, 1))
        both = first + (second - first) * weight
        return both[:, 0], f32(both[:, 1:] * np.float32(frequency))

    def _slice(self, q: F, index: F) -> F:
        row, column = np.floor(index / self.columns), np.mod(index, self.columns)
        u = (q[:, 0] + column * (self.side + 1)).astype(np.float32)
        v = (q[:, 1] + row * (self.side + 1)).astype(np.float32)
        width = 16384  # cv2.remap wants both sides of its maps below 32768
        rows = -(-u.size // width)
        u2, v2 = (np.resize(a, rows * width).reshape(rows, width) for a in (u, v))
        out = cv2.remap(self.sheet, u2, v2, cv2.INTER_LINEAR)
        return f32(out.reshape(-1, 4)[: u.size])


def cloud_volume(side: int, slope: float, low: float, seed: int) -> Volume:
    """Return fractal 3-D noise of unit variance, with ``low`` cycles a cube or more."""
    rng = np.random.default_rng(seed)
    f = np.fft.fftfreq(side) * side
    radius = np.sqrt(
        f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, : side // 2 + 1] ** 2
    )
    gain = np.where(radius < low, 0.0, np.maximum(radius, 1.0) ** -slope)
    gain *= np.exp(-((radius / (side * 0.3)) ** 4))
    field = np.fft.irfftn(np.fft.rfftn(rng.standard_normal((side,) * 3)) * gain)
    return Volume.of(f32(field / field.std()))


def cell_volume(side: int, cells: int, seed: int) -> Volume:
    """Return Worley's F2 - F1 (0 on the walls between cells), tileable, in units of a cell."""
    rng = np.random.default_rng(seed)
    seeds = rng.random((cells, cells, cells, 3)).astype(np.float32)
    axis = (np.arange(side, dtype=np.float32) / side) * cells
    base = np.floor(axis).astype(int)
    frac = axis - base
    first = np.full((side,) * 3, 9.0, np.float32)
    second = first.copy()
    for shift in np.ndindex(3, 3, 3):
        dz, dy, dx = (int(s) - 1 for s in shift)
        z, y, x = ((base + d) % cells for d in (dz, dy, dx))
        p = seeds[z[:, None, None], y[None, :, None], x[None, None, :]]
        distance = np.sqrt(
            (p[..., 0] + dx - frac[None, None, :]) ** 2
            + (p[..., 1] + dy - frac[None, :, None]) ** 2
            + (p[..., 2] + dz - frac[:, None, None]) ** 2
        )
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    return Volume.of(np.asarray(second - first, np.float32))
