"""Camera, light and ray marching of signed distance fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from draw_noise import F, f32, mix, smoothstep
from numpy.typing import NDArray

Field: TypeAlias = Callable[[F], F]
Shader: TypeAlias = Callable[[F, F, F, F], F]
Box: TypeAlias = tuple[int, int, int, int]
Indices: TypeAlias = NDArray[np.intp]

SUN = np.array([-0.50, 0.52, -0.69], np.float32) / np.float32(np.sqrt(0.25 + 0.2704 + 0.4761))
SUNLIGHT = np.array([3.2, 2.65, 2.0], np.float32)
CHUNK = 1 << 15
FAR = np.float32(9.0)
LIMIT = np.float32(5.0)  # of the light in one sample


@dataclass(frozen=True)
class Camera:
    """A shift-lens camera above the water (y = 0; x right, y up, z away), looking along +z.

    ``height`` is negative for the mirrored camera that sees the reflections.
    """

    focal: float
    centre: float
    horizon: float
    height: float

    @property
    def origin(self) -> F:
        """The camera's position."""
        return np.array([0.0, self.height, 0.0], np.float32)

    def rays(self, u: F, v: F) -> F:
        """Return unit directions (N x 3) through the pixel positions ``u``, ``v`` (N)."""
        x, y = (u - self.centre) / self.focal, (self.horizon - v) / self.focal
        d = np.stack([x, y, np.ones_like(x)], axis=-1)
        return f32(d / np.linalg.norm(d, axis=-1, keepdims=True))

    def project(self, points: F) -> tuple[F, F]:
        """Return pixel positions of world points (N x 3)."""
        scale = self.focal / points[:, 2]
        u = self.centre + points[:, 0] * scale
        v = self.horizon - (points[:, 1] - self.height) * scale
        return f32(u), f32(v)


def sky(direction: F) -> F:
    """Return the radiance (N x 3) of the hazy afternoon sky; below the horizon, of the river."""
    y = direction[:, 1]
    w = (1.0 - np.exp(-np.clip(y, 0.0, 1.0) * np.float32(9.0)))[:, None]
    low, middle, high = f32([[1.05, 0.76, 0.46], [0.80, 0.80, 0.74], [0.14, 0.36, 0.76]])
    c = low * (1 - w) ** 2 + middle * (2 * w * (1 - w)) + high * w * w
    return mix(f32(c), (0.075, 0.072, 0.045), smoothstep(0.02, -0.08, y))


def chunked(work: Callable[..., F], *arrays: F) -> F:
    """Apply ``work`` to slices of the arrays that fit the cache, and join the results."""
    starts = range(0, len(arrays[0]), CHUNK)
    parts = [work(*(a[i : i + CHUNK] for a in arrays)) for i in starts]
    return np.concatenate(parts) if parts else np.zeros((0, 3), np.float32)


def march(field: Field, origin: F, rays: F, start: F, hit: float) -> F:
    """Return the distance along each ray to the surface, ``FAR`` or more where it is missed."""

    def work(d: F, t0: F) -> F:
        t = t0.copy()
        active = np.flatnonzero(t < FAR)
        for step in range(120):
            near = field(origin + t[active, None] * d[active])
            t[active] += near * np.float32(0.9)
            # A ray that grazes the surface settles for a little less.
            going = (near > hit * (1 + step / 12) * t[active]) & (t[active] < FAR)
            active = active[going]
        t[active] = FAR
        return t

    return chunked(work, rays, start)


def normals(field: Field, points: F) -> F:
    """Return unit normals (N x 3) of the distance field (tetrahedral differences)."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    n = sum(field(points + np.float32(0.0012) * k)[:, None] * k for k in corners)
    return f32(n / np.linalg.norm(n, axis=1, keepdims=True))


def occlusion(field: Field, p: F, n: F) -> F:
    """Return the open share of the sky, 0..1, from five probes along the normal."""
    shade = np.zeros(len(p), np.float32)
    for k, h in enumerate((0.012, 0.03, 0.065, 0.13, 0.25)):
        shade += np.maximum(h - field(p + np.float32(h) * n), 0.0) / np.float32(h) * 0.84**k
    return f32(np.clip(1.0 - 0.42 * shade, 0.05, 1.0))


def sunlit(field: Field, p: F, n: F) -> F:
    """Return the visible share of the sun, 0..1, with a penumbra."""
    p = p + np.float32(0.004) * n
    light, t = np.ones(len(p), np.float32), np.float32(0.012)
    for _ in range(15):
        light = np.minimum(light, np.clip(14.0 * field(p + t * SUN) / t, 0.0, 1.0))
        t *= np.float32(1.32)
    return light


def render(field: Field, shade: Shader, camera: Camera, box: Box, samples: int) -> F:
    """Return what stands out of the water in a pixel box (x, y, w, h), premultiplied RGBA, linear.

    ``shade`` takes points, view rays, open sky and sun. One ray a pixel; where neighbours differ,
    ``samples`` squared rays (adaptive supersampling, after Whitted 1980).
    """
    coarse, rays = _grid(camera, box, 4)
    t = march(field, camera.origin, rays, _entry(camera, rays), 1.2 / camera.focal)
    guess = _start(t.reshape(coarse), 0.03)
    shape, rays = _grid(camera, box, 1)
    start = f32(cv2.resize(guess, shape[::-1], interpolation=cv2.INTER_LINEAR)).ravel()
    start = np.maximum(start, _entry(camera, rays))
    t, hits, points = _hits(field, camera, rays, start)
    light = _soft_light(field, points, hits, shape).reshape(-1, 2)
    image = np.zeros((len(t), 4), np.float32)
    image[hits, :3] = np.minimum(chunked(shade, points, rays[hits], *light[hits].T), LIMIT)
    image[hits, 3] = 1.0
    if samples > 1:
        rough = _rough(image.reshape(*shape, 4))
        near = f32(cv2.erode(t.reshape(shape), np.ones((3, 3), np.uint8))).ravel()[rough]
        near = np.where(near < FAR, near - np.float32(0.01), FAR)
        v, u = (a.astype(np.float32) for a in np.divmod(rough, shape[1]))
        mean = np.zeros((len(rough), 4), np.float32)
        for k in range(samples * samples):
            du, dv = ((i + 0.5) / samples - 0.5 for i in divmod(k, samples))
            rays = camera.rays(u + np.float32(box[0] + du), v + np.float32(box[1] + dv))
            _, hits, points = _hits(field, camera, rays, near)
            colour = chunked(shade, points, rays[hits], *light[rough[hits]].T)
            mean[hits, :3] += np.minimum(colour, LIMIT)
            mean[hits, 3] += 1.0
        image[rough] = mean / np.float32(samples * samples)
    return image.reshape(*shape, 4)


def _rough(image: F) -> Indices:
    """Return the pixels that differ visibly from a neighbour."""
    tone = np.dstack([np.sqrt(np.minimum(image[..., :3].mean(axis=2), 1.0)), image[..., 3]])
    kernel = np.ones((3, 3), np.uint8)
    contrast = f32(cv2.dilate(tone, kernel)) - f32(cv2.erode(tone, kernel))
    return np.flatnonzero(contrast.max(axis=2) > 0.09)


def _hits(field: Field, camera: Camera, rays: F, start: F) -> tuple[F, Indices, F]:
    """Return the distances along the rays, who hits something above the water, and where."""
    t = march(field, camera.origin, rays, start, 0.3 / camera.focal)
    hits = np.flatnonzero(t < FAR)
    points = camera.origin + t[hits, None] * rays[hits]
    # The mirrored camera looks a little below the water, where waves may send a reflection.
    deep = (points[:, 2] > 4.5) & (camera.height < 0)
    above = points[:, 1] > np.where(deep, -0.2, 0.0)
    return t, hits[above], f32(points[above])


def _entry(camera: Camera, rays: F) -> F:
    """Return where marching starts: near the camera, or where a mirrored ray leaves the water."""
    near = np.full(len(rays), 2.2, np.float32)
    if camera.height > 0:
        return near
    below = (-camera.height - 0.2) / np.maximum(rays[:, 1], 1e-5)
    return f32(np.maximum(below, near))


def _start(t: F, margin: float) -> F:
    """Return where the finer march starts: at the surface, or ``margin`` before an edge of it."""
    kernel = np.ones((5, 5), np.uint8)
    near, last = f32(cv2.erode(t, kernel)), f32(cv2.dilate(t, kernel))
    start = np.where(last - near < 4 * margin, t, near - np.float32(margin))
    return f32(np.where(near < FAR, start, FAR))


def _grid(camera: Camera, box: Box, step: int) -> tuple[tuple[int, int], F]:
    """Return the shape and the rays of a grid with one sample every ``step`` pixels of the box."""
    x, y, width, height = box
    rows, columns = -(-height // step), -(-width // step)
    u = (x + (np.arange(columns) + 0.5) * width / columns - 0.5).astype(np.float32)
    v = (y + (np.arange(rows) + 0.5) * height / rows - 0.5).astype(np.float32)
    uu, vv = np.meshgrid(u, v)
    return (rows, columns), camera.rays(uu.ravel(), vv.ravel())


def _soft_light(field: Field, points: F, hits: Indices, shape: tuple[int, int]) -> F:
    """Return open sky and sun (H x W x 2), worked out at every second pixel and interpolated."""
    row, column = np.divmod(hits, shape[1])
    some = np.flatnonzero((row % 2 == 0) & (column % 2 == 0))

    def work(p: F) -> F:
        n = normals(field, p)
        light = [occlusion(field, p, n), sunlit(field, p, n), np.ones(len(p), np.float32)]
        return np.stack(light, axis=-1)

    grid = np.zeros((-(-shape[0] // 2), -(-shape[1] // 2), 3), np.float32)
    if some.size:
        grid[row[some] // 2, column[some] // 2] = chunked(work, points[some])
    # Neighbours without a hit take the mean of those that have one.
    spread = f32(cv2.GaussianBlur(grid, (5, 5), 1.2))
    spread /= np.maximum(spread[..., 2:], np.float32(1e-3))
    grid = np.where(grid[..., 2:] > 0, grid, spread)
    return f32(cv2.resize(grid, shape[::-1])[..., :2])
