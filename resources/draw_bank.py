"""The far side of the river: hazy plain, acacias, grass and reeds, painted stroke by stroke."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from draw_noise import Colour, F, f32, fractal, mix, plain, smoothstep

HAZE = np.array([0.80, 0.68, 0.52], np.float32)


@dataclass(frozen=True)
class Layer:
    """A backdrop at one depth: premultiplied RGBA, linear, whose row ``base`` meets the water."""

    paint: F
    base: int
    depth: float


def _level(width: int, slope: float, seed: int) -> F:
    """Return one random line (width) of zero mean and unit variance."""
    return f32(fractal((16, width), slope, seed)[8])


def _crown(
    canvas: F, rng: np.random.Generator, at: tuple[float, float], w: float, h: float
) -> None:
    """Paint the flat crown of an umbrella thorn: tufts lit from above, with sky between them."""
    dark, bright = np.array([0.030, 0.042, 0.014]), np.array([0.22, 0.22, 0.065])
    for _ in range(int(25 + 5.0 * min(w, 200.0))):
        a, r = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform())
        dx, dy = r * np.cos(a), r * np.sin(a)
        x, y = at[0] + dx * w, at[1] + h * (0.9 * dy * (1 - dx * dx) + 0.9 * dx * dx)
        light = np.clip(0.50 - 0.5 * dy - 0.12 * dx + rng.normal(0, 0.2), 0.0, 1.1)
        colour = (*(dark + (bright - dark) * light), 1.0)
        axes = tuple(
            max(1, int(v)) for v in rng.uniform((0.012 * w, 0.04 * h), (0.05 * w, 0.11 * h))
        )
        centre = (int(x), int(y))
        cv2.ellipse(canvas, centre, (axes[0], axes[1]), rng.uniform(-20, 20), 0, 360, colour, -1)
        twig = (int(x + rng.normal(0, w * 0.05)), int(y - abs(rng.normal(0, h * 0.18))))
        cv2.line(canvas, centre, twig, colour, 1)


def _acacia(canvas: F, rng: np.random.Generator, x: float, base: float, height: float) -> None:
    """Paint one umbrella thorn standing at (x, base)."""
    top = base - height
    t = np.linspace(0, 1, 24)[:, None]
    for k in range(6):
        reach = (k - 2.5 + rng.normal(0, 0.25)) / 2.5 * height * 0.62
        fork = base - height * rng.uniform(0.34, 0.52)
        knots = np.array(
            [
                [x, base],
                [x + 0.05 * reach, fork],
                [x + 0.55 * reach, top + height * 0.26],
                [x + reach, top + height * 0.06],
            ]
        )
        weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3])
        path = np.round(weights @ knots).astype(int)
        for i in range(23):
            tone = np.array([0.085, 0.065, 0.045]) * rng.uniform(0.7, 1.4)
            thick = max(1, int(height * 0.034 * (1.12 - i / 23)))
            a, b = ((int(p[0]), int(p[1])) for p in path[i : i + 2])
            cv2.line(canvas, a, b, (*tone, 1.0), thick)
    for dx, dy, w in (
        (0.0, 0.0, 0.62),
        (-0.42, 0.10, 0.38),
        (0.45, 0.07, 0.40),
        (0.08, -0.07, 0.34),
    ):
        _crown(canvas, rng, (x + dx * height, top + dy * height), w * height, 0.13 * height)


def blades(
    canvas: F,
    rng: np.random.Generator,
    count: int,
    rows: tuple[float, float],
    tall: float,
    colours: tuple[Colour, Colour],
    clump: F,
) -> None:
    """Paint leaning blades whose feet lie between two rows, thick where ``clump`` is high."""
    low, high = (np.array(c) for c in colours)
    thick = max(1, round(tall * 0.022))
    for y in np.sort(rng.uniform(*rows, count)):
        x = rng.uniform(0, canvas.shape[1])
        density = float(clump[int(x)])
        if rng.uniform() > density:
            continue
        reach = tall * rng.uniform(0.35, 1.0) * (0.25 + 0.75 * density)
        lean = rng.normal(0.05, 0.16) * reach
        tone = low + (high - low) * rng.uniform()
        path = ((x, y), (x + 0.35 * lean, y - 0.55 * reach), (x + lean, y - reach))
        for k in range(2):
            a, b = ((int(p[0]), int(p[1])) for p in path[k : k + 2])
            cv2.line(canvas, a, b, (*(tone * (0.55 + 0.45 * k)), 1.0), max(1, thick - k))


def _ground(canvas: F, edge: F, colour: F) -> None:
    """Cover everything below the line ``edge`` (one row a column) with a colour or a picture."""
    rows = np.arange(canvas.shape[0], dtype=np.float32)[:, None]
    cover = smoothstep(-1.5, 1.5, rows - edge[None, :])[..., None]
    canvas[..., :3] = canvas[..., :3] * (1 - cover) + colour * cover
    canvas[..., 3:] = canvas[..., 3:] * (1 - cover) + cover


def _hazy(canvas: F, share: float, blur: float) -> F:
    """Return the painting behind a share of haze, out of focus."""
    canvas[..., :3] = canvas[..., :3] * (1 - share) + canvas[..., 3:] * HAZE * share
    return f32(cv2.GaussianBlur(canvas, (0, 0), blur))


def far_plain(width: int, s: float) -> Layer:
    """Return the hazy plain, ``width`` pixels wide at scale ``s``: hills, scrub, small trees."""
    rng = np.random.default_rng(31)
    base, canvas = int(260 * s), np.zeros((int(300 * s), width, 4), np.float32)
    hills = base - 50 * s - 20 * s * _level(width, 1.7, 32)
    _ground(canvas, hills, np.array([0.30, 0.33, 0.36], np.float32))
    plain = base - 24 * s - 5 * s * _level(width, 1.3, 33)
    _ground(canvas, plain, np.array([0.40, 0.32, 0.17], np.float32))
    for _ in range(40):
        x, h = rng.uniform(0, width), rng.uniform(26, 80) * s
        _acacia(canvas, rng, x, base - rng.uniform(2, 24) * s, h)
    everywhere = np.full(width, 1.0, np.float32)
    tones = ((0.10, 0.11, 0.04), (0.40, 0.32, 0.13))
    blades(canvas, rng, 900, (base - 22 * s, base), 26 * s, tones, everywhere)
    return Layer(_hazy(canvas, 0.45, 4.5 * s), base, 90.0)


def near_bank(width: int, s: float) -> Layer:
    """Return the far bank at scale ``s``: earth, dry grass, reeds and two big acacias."""
    rng = np.random.default_rng(41)
    base, canvas = int(560 * s), np.zeros((int(600 * s), width, 4), np.float32)
    for x, h in ((0.165, 350.0), (0.47, 150.0), (0.93, 230.0)):
        _acacia(canvas, rng, x * width, base - 42 * s, h * s)
    grain = fractal((canvas.shape[0], width), 0.9, 44, stretch=3.0)
    earth = plain((0.26, 0.19, 0.095), grain.shape)
    earth = mix(earth, (0.46, 0.36, 0.16), 0.5 + 0.2 * grain)
    rows = np.arange(canvas.shape[0], dtype=np.float32)[:, None]
    shore = base - 3 * s + 2.5 * s * _level(width, 0.9, 43)
    earth = mix(earth, (0.075, 0.055, 0.035), 0.85 * smoothstep(-16 * s, -2 * s, rows - shore))
    _ground(canvas, base - 46 * s - 14 * s * _level(width, 1.5, 42), earth)
    canvas *= smoothstep(1.0, -1.0, rows - shore)[..., None]
    grass = np.maximum(smoothstep(-0.6, 1.0, _level(width, 1.0, 45)), np.float32(0.4))
    tones = ((0.20, 0.14, 0.05), (0.68, 0.50, 0.21))
    blades(canvas, rng, round(7000 * s), (base - 54 * s, base - 14 * s), 46 * s, tones, grass)
    reeds = smoothstep(-0.5, 1.6, _level(width, 1.2, 46))
    tones = ((0.030, 0.050, 0.014), (0.21, 0.24, 0.065))
    blades(canvas, rng, round(9000 * s), (base - 12 * s, base - s), 100 * s, tones, reeds)
    return Layer(_hazy(canvas, 0.07, 5.0 * s), base, 26.0)
