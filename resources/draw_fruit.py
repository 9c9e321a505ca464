"""An apple and an orange in the same place and light, for blending one into the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
from draw_march import Camera, Field, chunked, normals, occlusion, render
from draw_noise import (
    F,
    Volume,
    cell_volume,
    cloud_volume,
    f32,
    fractal,
    mix,
    plain,
    smooth_min,
    smoothstep,
    to_srgb,
)
from draw_river import cover

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 1024
CENTRE = f32([0.0, 0.88, 5.4])  # of a fruit of radius 1 on the table y = 0
KEY = f32([-0.56, 0.68, -0.48]) / np.float32(np.sqrt(0.56**2 + 0.68**2 + 0.48**2))
KEY_LIGHT = f32([2.30, 2.16, 1.95])

Paint = Callable[[F, F], tuple[F, F, F]]


def _polar(points: F) -> tuple[F, F, F]:
    """Return distance from the centre, angle from the (tilted) stem's axis, and azimuth."""
    p = points - CENTRE
    tilt = np.float32(0.20)  # towards the camera, to show the stem
    c, s = np.cos(tilt), np.sin(tilt)
    y, z = c * p[:, 1] - s * p[:, 2], c * p[:, 2] + s * p[:, 1]
    flat = np.hypot(p[:, 0], z)
    return f32(np.hypot(flat, y)), f32(np.arctan2(flat, y)), f32(np.arctan2(z, p[:, 0]))


def apple(points: F) -> F:
    """Return a bound of the distance (N) to the apple with its stem."""
    r, theta, phi = _polar(points)
    lobes = 1.0 + 0.012 * np.cos(5 * phi) * smoothstep(0.6, 2.4, theta)
    profile = 0.975 - 0.035 * np.cos(2 * theta)
    profile -= 0.36 * np.exp(-((theta / 0.30) ** 2)) + 0.12 * np.exp(
        -(((np.pi - theta) / 0.22) ** 2)
    )
    body = 0.62 * (r - f32(profile * lobes))
    x, y = r * np.sin(theta) * np.cos(phi), r * np.cos(theta)
    z = r * np.sin(theta) * np.sin(phi)
    along = np.clip((y - 0.60) / 0.52, 0.0, 1.0)
    bend = 0.13 * along**2
    radius = 0.026 + 0.016 * along**6
    stem = np.sqrt((x - bend) ** 2 + z**2 + (y - 0.60 - 0.52 * along) ** 2) - radius
    return smooth_min(body, f32(0.8 * stem), 0.03)


def orange(points: F) -> F:
    """Return a bound of the distance (N) to the orange with its button."""
    r, theta, phi = _polar(points)
    folds = 0.012 * np.cos(9 * phi) * np.exp(-(((theta - 0.16) / 0.14) ** 2))
    profile = 0.992 + 0.010 * np.cos(2 * theta) - 0.075 * np.exp(-((theta / 0.22) ** 2)) + folds
    star = 0.115 * (1.0 + 0.28 * np.cos(5 * phi))
    button = 0.035 * smoothstep(1.05, 0.80, theta / star) - 0.02 * smoothstep(0.035, 0.02, theta)
    return f32(0.85 * (r - profile - button))


class Peel:
    """The noise that both fruits' skins are made of."""

    def __init__(self) -> None:
        self.cloud: Volume = cloud_volume(64, 1.8, 1.0, seed=121)
        self.waves: Volume = cloud_volume(64, 3.2, 1.0, seed=124)
        self.cells: Volume = cell_volume(96, 12, seed=122)
        seeds = np.random.default_rng(123).normal(0, 1, (700, 3))
        self.dots = f32(seeds / np.linalg.norm(seeds, axis=1, keepdims=True))

    def apple(self, points: F, n: F) -> tuple[F, F, F]:
        """Return albedo, bumped normals (N x 3) and gloss (N): red streaks on yellow, lenticels."""
        r, theta, phi = _polar(points)
        ring = np.stack([np.cos(phi), 0.22 * theta, np.sin(phi)], axis=-1)
        streak = self.cloud.sample(f32(ring), 1.7)[0] + 0.6 * self.cloud.sample(f32(ring), 4.0)[0]
        patch = self.cloud.sample(points, 0.35)[0]
        c = mix(
            plain((0.62, 0.42, 0.070), r.shape), (0.42, 0.43, 0.075), smoothstep(-0.5, 1.5, patch)
        )
        side = 0.75 * np.cos(phi - 2.6) * np.sin(theta)
        red = smoothstep(-1.5, 0.9, 0.55 * streak + 0.5 * patch + side + 0.35)
        c = mix(c, (0.36, 0.022, 0.018), red * smoothstep(0.18, 0.55, theta) * np.float32(0.95))
        c = mix(c, (0.16, 0.006, 0.010), smoothstep(0.5, 2.2, streak + side) * np.float32(0.6))
        c = mix(c, (0.36, 0.29, 0.07), smoothstep(0.52, 0.16, theta) * np.float32(0.85))
        c = mix(
            c, (0.20, 0.13, 0.05), smoothstep(0.26, 0.10, theta + 0.04 * streak) * np.float32(0.7)
        )
        unit = (points - CENTRE) / np.linalg.norm(points - CENTRE, axis=1, keepdims=True)
        near = chunked(lambda u: np.max(u @ self.dots.T, axis=1), f32(unit))
        dots = smoothstep(0.0115, 0.0065, np.sqrt(np.maximum(2 - 2 * near, 0.0)))
        c = mix(c, (0.62, 0.44, 0.22), dots * np.float32(0.65) * smoothstep(0.3, 0.5, theta))
        stem = smoothstep(0.0, 0.06, r * np.cos(theta) - 0.72 - 1.1 * smoothstep(0.1, 0.28, theta))
        c = mix(c, (0.095, 0.058, 0.030), stem)
        slope = self.waves.sample(points, 0.30)[1] * np.float32(0.016)
        slope += self.cloud.sample(points, 6.0)[1] * np.float32(0.00005) * (1 + 20 * stem[:, None])
        return f32(c * (1 + 0.05 * streak)[:, None]), _bumped(n, slope), f32(1.0 - 0.9 * stem)

    def orange(self, points: F, n: F) -> tuple[F, F, F]:
        """Return albedo, bumped normals (N x 3) and gloss (N): pores, a green-brown button."""
        r, theta, phi = _polar(points)
        warp = self.cloud.sample(points, 0.8)[1] * np.float32(0.0005)
        wide, wide_slope = self.cells.sample(points + warp, 1.9)
        fine, fine_slope = self.cells.sample(points + warp, 3.3)
        patch = self.cloud.sample(points, 0.4)[0]
        pits = smoothstep(0.20, 0.65, wide) + 0.4 * smoothstep(0.2, 0.7, fine)
        c = mix(
            plain((0.66, 0.165, 0.003), r.shape), (0.70, 0.215, 0.006), smoothstep(-1.5, 1.8, patch)
        )
        c = f32(c * (1.04 - 0.10 * pits)[:, None])
        c = mix(
            c, (0.55, 0.33, 0.03), smoothstep(0.34, 0.12, theta + 0.03 * patch) * np.float32(0.6)
        )
        star = theta / (0.115 * (1.0 + 0.28 * np.cos(5 * phi)))
        button = smoothstep(1.08, 0.95, star)
        c = mix(c, (0.155, 0.150, 0.055), button)
        c = mix(c, (0.33, 0.24, 0.12), smoothstep(0.045, 0.03, theta))
        steep = [smoothstep(0.15, 0.4, v) * smoothstep(0.85, 0.5, v) for v in (wide, fine)]
        slope = -0.0052 * wide_slope * steep[0][:, None] - 0.0016 * fine_slope * steep[1][:, None]
        slope += self.waves.sample(points, 0.45)[1] * np.float32(0.014)
        slope += self.cloud.sample(points, 5.0)[1] * np.float32(0.0012) * button[:, None]
        gloss = 0.62 * (1 - button) * (1 - 0.35 * pits)
        return c, _bumped(n, f32(slope)), f32(gloss)


def _bumped(n: F, slope: F) -> F:
    """Return normals tilted by the gradient of a relief."""
    tilted = n - slope + n * np.sum(slope * n, axis=1, keepdims=True)
    return f32(tilted / np.linalg.norm(tilted, axis=1, keepdims=True))


def _window(mirror: F, blur: float) -> F:
    """Return how much of the bright window, with its cross of bars, a mirror direction sees (N)."""
    right = f32(np.cross([0.0, 1.0, 0.0], KEY))
    right /= np.linalg.norm(right)
    up = f32(np.cross(KEY, right))
    a, b = mirror @ right, mirror @ up
    panes = smoothstep(0.27 + blur, 0.27 - blur, np.abs(a))
    panes = panes * smoothstep(0.27 + blur, 0.27 - blur, np.abs(b))
    bars = smoothstep(0.012 - blur, 0.012 + blur, np.abs(a))
    bars = bars * smoothstep(0.012 - blur, 0.012 + blur, np.abs(b))
    return panes * (0.35 + 0.65 * bars) * (mirror @ KEY > 0)


def _shade(points: F, view: F, open_sky: F, sun: F, field: Field, paint: Paint) -> F:
    """Return the light (N x 3) from a fruit: window light, a bright room, bounce from the table."""
    smooth = normals(field, points)
    albedo, n, gloss = paint(points, smooth)
    nl = n @ KEY
    wrap = np.stack(
        [np.clip((nl + s) / (1 + s), 0, 1) ** 1.15 for s in (0.30, 0.20, 0.14)], axis=-1
    )
    shadow = (0.25 + 0.75 * sun)[:, None]
    room = mix(plain((0.20, 0.19, 0.18), nl.shape), (0.46, 0.48, 0.52), 0.5 + 0.5 * n[:, 1])
    bounce = 0.24 * np.clip(-n[:, 1], 0, 1) * smoothstep(0.05, 0.9, points[:, 1])
    direct = KEY_LIGHT * wrap * shadow * np.float32(0.50)
    light = direct + (room + bounce[:, None]) * open_sky[:, None]
    mirror = view - 2.0 * np.sum(view * n, axis=1, keepdims=True) * n
    glance = 1.0 - np.clip(-np.sum(view * n, axis=1), 0.0, 1.0)
    fresnel = 0.045 + 0.40 * glance**5
    room_light = 0.25 + 0.45 * smoothstep(-0.2, 0.9, mirror[:, 1])
    blur = 0.03 + 0.22 * (1.0 - float(gloss.max()))
    shine = fresnel * gloss * (room_light * open_sky + 7.0 * _window(f32(mirror), blur) * sun)
    half = KEY - view
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    haze = 0.10 * np.clip(np.sum(half * n, axis=1), 0, 1) ** 24 * gloss * sun
    return f32(albedo * light + (shine + haze)[:, None] * f32([1.0, 0.98, 0.95]))


def _table(camera: Camera, size: int, field: Field) -> F:
    """Return the pale table (H x W x 3, linear) with the fruit's soft shadow."""
    step = max(1, size // 256)
    v, u = (a * step + (step - 1) / 2 for a in np.mgrid[0 : size // step, 0 : size // step])
    rays = camera.rays(f32(u.ravel()), f32(v.ravel()))
    t = camera.height / np.maximum(-rays[:, 1], 0.02)
    points = f32(camera.origin + t[:, None] * rays)

    def light(p: F) -> F:
        n = np.broadcast_to(f32([0.0, 1.0, 0.0]), p.shape)
        sun, d = np.ones(len(p), np.float32), np.float32(0.03)
        for _ in range(18):  # a wide window: the shadow soon grows soft
            sun = np.minimum(sun, np.clip(0.5 + 2.2 * field(p + d * KEY) / d, 0.0, 1.0))
            d *= np.float32(1.28)
        return np.stack([sun, occlusion(field, p, n), field(p)], axis=-1)

    maps = f32(cv2.resize(chunked(light, points).reshape(*v.shape, 3), (size, size)))
    maps = f32(cv2.GaussianBlur(maps, (0, 0), 0.004 * size))
    y, x = np.mgrid[0 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    pool = np.exp(-((x + 0.25) ** 2 * 0.55 + (y - 0.55) ** 2 * 0.9))
    contact = smoothstep(-0.05, 0.55, maps[..., 2]) * 0.55 + 0.45
    tone = (0.13 + 0.33 * maps[..., 0] ** 1.3) * maps[..., 1] * contact * (0.55 + 0.60 * pool)
    weave = fractal((size, size), 0.55, 131, stretch=2.0)
    tone = tone * (1.0 + 0.020 * f32(cv2.GaussianBlur(weave, (0, 0), 0.8)))
    return f32(tone[..., None] * f32([1.0, 0.965, 0.915]))


def fruit_picture(name: str, size: int = SIZE, samples: int = 3) -> NDArray[np.uint8]:
    """Return ``"apple"`` or ``"orange"``, RGB uint8, ``size`` x ``size``."""
    peel = Peel()
    field, paint, glow = {
        "apple": (apple, peel.apple, (0.030, 0.012, 0.006)),
        "orange": (orange, peel.orange, (0.050, 0.022, 0.004)),
    }[name]
    camera = Camera(1690 * size / SIZE, (size - 1) / 2, -28 * size / SIZE, 2.6)
    picture = _table(camera, size, field)
    shade = partial(_shade, field=field, paint=paint)
    image = render(field, shade, camera, (0, 0, size, size), samples)
    v, u = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    near = np.exp(-(((u - 0.5) / 0.24) ** 2 + ((v - 0.78) / 0.07) ** 2))
    picture += f32(near[..., None] * f32(glow))  # light that the fruit throws on the table
    cover(picture, image, 0, 0)
    grain = f32(cv2.GaussianBlur(fractal((size, size), 0.0, 132), (0, 0), 0.6))
    return np.asarray(
        np.clip((to_srgb(picture) + 0.007 * grain[..., None]) * 255 + 0.5, 0, 255), np.uint8
    )
