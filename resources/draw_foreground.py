"""What is laid over the river scene last: lily pads, bubbles, whiskers, blurred reeds in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from draw_bank import blades
from draw_body import hippo, to_world
from draw_noise import F, f32, fractal, mix, plain, smoothstep
from draw_river import cover

if TYPE_CHECKING:
    from draw_march import Camera

# Position on the water (x, z), radius, direction of the notch, tint (0 green .. 1 red-brown).
PADS = (
    (-0.42, 4.30, 0.120, 0.6, 0.15),
    (-0.22, 4.02, 0.105, 2.4, 0.05),
    (-0.68, 4.62, 0.125, -1.0, 0.35),
    (-0.12, 4.42, 0.075, -2.2, 0.55),
    (-0.58, 4.12, 0.070, 1.7, 0.70),
    (0.40, 2.74, 0.115, 2.7, 0.10),
    (0.60, 2.98, 0.120, 0.4, 0.30),
    (0.55, 2.62, 0.080, -1.4, 0.50),
)


def lily_pads(picture: F, camera: Camera) -> None:
    """Lay the pads on the water of ``picture`` (H x W x 3, linear), in place, far ones first."""
    grain = fractal((512, 512), 1.1, 81)
    for x, z, radius, notch, tint in sorted(PADS, key=lambda p: -p[1]):
        near_z, far_z = z - 1.15 * radius, z + 1.15 * radius
        v0, v1 = (round(camera.horizon + camera.focal * camera.height / d) for d in (far_z, near_z))
        half = 1.15 * radius * camera.focal / near_z
        u0, u1 = (round(camera.centre + x * camera.focal / z + side * half) for side in (-1, 1))
        v, u = np.mgrid[v0 - 4 : v1 + 8, u0:u1].astype(np.float32)
        depth = camera.focal * camera.height / (v - camera.horizon)
        a = ((u - camera.centre) / camera.focal * depth - x) / radius
        b = (depth - z) / radius
        shadow = _pad_cover(a, b + 0.10, notch)[..., None] * np.float32(0.75)
        black = np.zeros((*a.shape, 3), np.float32)
        cover(picture, np.concatenate([black, shadow], axis=2), u0, v0 - 4)
        at_x, at_y = np.mod(40 * a + 0.25 * v, 511), np.mod(90 * b + 200 * x, 511)
        speck = f32(cv2.remap(grain, f32(at_x), f32(at_y), cv2.INTER_LINEAR))
        paint = _pad_colour(a, b, notch, tint, speck)
        alpha = _pad_cover(a, b, notch)[..., None]
        cover(picture, np.concatenate([paint * alpha, alpha], axis=2), u0, v0 - 4)


def _pad_cover(a: F, b: F, notch: float) -> F:
    """Return the coverage of a pad's disc with its notch; its edge is one pixel soft."""
    r, angle = np.hypot(a, b), np.arctan2(b, a) - np.float32(notch)
    angle = np.abs(np.mod(angle + np.pi, 2 * np.pi) - np.pi)
    edge = np.minimum(
        1.0 + 0.015 * np.sin(7 * angle) - r, r * np.sin(np.minimum(angle, 1.5)) - 0.07 * r
    )
    slope = np.hypot(np.gradient(r, axis=0), np.gradient(r, axis=1))
    return f32(np.clip(edge / np.maximum(slope, 1e-4) + 0.5, 0.0, 1.0))


def _pad_colour(a: F, b: F, notch: float, tint: float, speck: F) -> F:
    """Return the light from a pad: veins, a reddish rim turned up to the sun, a waxy sheen."""
    r, angle = np.hypot(a, b), np.arctan2(b, a) - np.float32(notch)
    c = plain((0.075, 0.125, 0.022), a.shape)
    c = mix(c, (0.17, 0.085, 0.035), np.clip(tint + 0.18 * speck, 0.0, 1.0))
    veins = np.exp(-((np.sin(angle * 8.5) * r / 0.07) ** 2)) * smoothstep(1.0, 0.5, r)
    c = mix(c, (0.20, 0.24, 0.07), veins * 0.6)
    c = mix(c, (0.20, 0.07, 0.045), smoothstep(0.86, 0.99, r) * 0.7)
    light = 1.25 + 0.12 * speck + 0.5 * smoothstep(0.80, 0.97, r) * b
    sheen = np.float32(0.035) + 0.16 * smoothstep(0.2, 1.9, speck + 0.5 * b)
    return f32(c * light[..., None] + sheen[..., None] * f32([0.60, 0.66, 0.78]))


def bubbles(picture: F, camera: Camera) -> None:
    """Scatter foam bubbles at the muzzle's waterline and down the current, in place."""
    rng = np.random.default_rng(91)
    s = camera.focal / 5400
    homes = (
        (0.02, 5.12, 0.10, 26),
        (-0.16, 4.90, 0.14, 16),
        (0.25, 4.70, 0.16, 14),
        (-0.1, 3.2, 0.3, 9),
    )
    for x0, z0, spread, count in homes:
        for _ in range(count):
            x, z = x0 + rng.normal(0, spread), z0 + rng.normal(0, spread * 0.5)
            radius = rng.uniform(0.0025, 0.0085) * camera.focal / z
            u = camera.centre + x * camera.focal / z
            v = camera.horizon + camera.focal * camera.height / z
            _bubble(picture, u, v, max(radius, 1.2 * s))


def _bubble(picture: F, u: float, v: float, radius: float) -> None:
    """Draw one half-sunk bubble: a bright rim, a dark waist, two glints."""
    left, top, size = int(u - 1.6 * radius) - 1, int(v - 1.6 * radius) - 1, int(3.2 * radius) + 4
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    x, y = (x + left - u) / radius, (y + top - v) / radius
    y = f32(np.where(y > 0, y * 2.6, y))  # the waterline, seen at a slant, cuts it short
    r = np.hypot(x, y)
    inside = np.clip((1.0 - r) * radius + 0.5, 0.0, 1.0)
    rim = inside * smoothstep(0.55, 0.98, r)
    glint = np.exp(-(((x + 0.35) / 0.16) ** 2 + ((y + 0.45) / 0.14) ** 2)) * inside
    low = np.exp(-(((x - 0.35) / 0.25) ** 2 + ((y - 0.25) / 0.2) ** 2)) * inside
    alpha = np.clip(0.28 * inside + 0.45 * rim, 0.0, 1.0)
    tone = 0.10 * inside + 0.40 * rim * smoothstep(0.6, -0.8, y) + 3.0 * glint + 0.35 * low
    colour = tone[..., None] * np.array([1.0, 0.95, 0.88], np.float32)
    cover(picture, np.concatenate([colour, alpha[..., None]], axis=2).astype(np.float32), left, top)


def whiskers(picture: F, camera: Camera) -> None:
    """Draw the short bristles of the muzzle's near lip and the pits they grow from, in place."""
    rng = np.random.default_rng(101)
    n, s = 130, camera.focal / 5400
    centre = np.array([0.87, -0.045, 0.13], np.float32)
    aim = f32(rng.normal(0, 1, (n, 3)) * (0.55, 0.45, 0.3) + (0.35, 0.0, 1.0))
    aim = f32(aim / np.linalg.norm(aim, axis=1, keepdims=True))
    t = np.full(n, 0.45, np.float32)
    for _ in range(40):  # towards the skin from outside
        t -= 0.9 * hippo(*np.ascontiguousarray((centre + t[:, None] * aim).T))
    root = centre + t[:, None] * aim
    length = rng.uniform(0.005, 0.020, n)[:, None] * smoothstep(0.06, -0.10, root[:, 1:2])
    droop = np.stack([rng.normal(0.1, 0.3, n), rng.normal(-0.9, 0.3, n), np.zeros(n)], axis=1)
    bend, tip = root + 0.5 * length * aim, root + length * (0.7 * aim + droop)
    paths = [camera.project(to_world(np.asarray(p, np.float32))) for p in (root, bend, tip)]
    lines = np.stack([np.stack(p, axis=1) for p in paths], axis=1)
    for tone, strength, offset in ((0.012, 0.75, 0.0), (0.17, 0.5, -0.9 * s)):
        mask = np.zeros(picture.shape[:2], np.uint8)
        for line in np.round((lines + offset) * 16).astype(np.int32):
            cv2.polylines(mask, [line], False, 255, max(1, round(1.0 * s)), cv2.LINE_AA, 4)
            if offset == 0.0:
                spot = (int(line[0, 0]), int(line[0, 1]))
                cv2.circle(mask, spot, round(2.3 * s * 16), 150, -1, cv2.LINE_AA, 4)
        alpha = mask[..., None].astype(np.float32) * np.float32(strength / 255)
        picture[:] = picture * (1 - alpha) + np.float32(tone) * alpha


def reeds(picture: F, camera: Camera) -> None:
    """Frame the lower left corner with blades so near that they are a blur, in place."""
    rng = np.random.default_rng(111)
    height, width = picture.shape[:2]
    s = camera.focal / 5400
    canvas = np.zeros((height, round(0.12 * width), 4), np.float32)
    clump = smoothstep(canvas.shape[1], 0.0, np.arange(canvas.shape[1], dtype=np.float32)) * 0.9
    tones = ((0.012, 0.020, 0.006), (0.14, 0.15, 0.04))
    blades(canvas, rng, 60, (height, height + 60 * s), 780 * s, tones, clump)
    canvas = np.pad(canvas, ((0, 0), (0, round(80 * s)), (0, 0)))
    cover(picture, f32(cv2.GaussianBlur(canvas, (0, 0), 9 * s)), 0, 0)
