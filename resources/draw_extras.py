"""Company for the hippo, as distance fields: an oxpecker on its neck, wet stones, a water lily."""

from __future__ import annotations

import numpy as np
from draw_body import AXES, ORIGIN, Vec, ball, ellipsoid, turn
from draw_noise import F, Volume, f32, mix, plain, smooth_min, smoothstep

# The bird's feet, in the world: on the hippo's neck.
PERCH = np.array([-0.40, 0.262, 0.06], np.float32) @ AXES + ORIGIN
BIRD_EYE: Vec = (0.083, 0.1545, 0.0255)
LILY: Vec = (-0.30, 0.008, 4.25)
# Petals of each whorl, their length, tilt (degrees) and turn (radians).
WHORLS = ((9, 0.074, 16.0, 0.0), (9, 0.066, 40.0, 0.35), (7, 0.050, 66.0, 0.1))
# Centre, radii and turn (degrees) of each stone.
STONES: tuple[tuple[Vec, Vec, float], ...] = (
    ((-0.66, -0.02, 3.60), (0.150, 0.085, 0.11), 20.0),
    ((-0.43, -0.02, 3.42), (0.085, 0.055, 0.07), -30.0),
    ((-0.56, -0.015, 3.28), (0.070, 0.038, 0.06), 10.0),
    ((-0.33, -0.012, 3.66), (0.058, 0.032, 0.05), 40.0),
    ((-0.30, -0.010, 3.36), (0.032, 0.022, 0.03), 0.0),
    ((-0.47, -0.012, 3.75), (0.045, 0.030, 0.04), 15.0),
    ((-0.225, -0.010, 3.50), (0.026, 0.018, 0.022), 0.0),
)


def bird(points: F) -> F:
    """Return the distance (N) of world points to the oxpecker, which looks to the left."""
    x, y, z = points.T
    out = ball(x, y - np.float32(0.07), z, (PERCH[0], PERCH[1], PERCH[2]), 0.22)
    near = np.flatnonzero(out < 0.02)
    if not near.size:
        return out
    x, y, w = np.ascontiguousarray(_bird_frame(points[near]).T)
    m = np.abs(w)
    a, b = turn(x, y, 38.0, (0.0, 0.075))
    d = ellipsoid(a, b, w, (0.0, 0.0, 0.0), (0.082, 0.043, 0.042))
    d = smooth_min(d, ellipsoid(a, b, w, (0.055, 0.014, 0.0), (0.040, 0.038, 0.036)), 0.03)
    d = smooth_min(d, ellipsoid(x, y, w, (0.070, 0.150, 0.0), (0.036, 0.032, 0.030)), 0.035)
    d = smooth_min(d, ellipsoid(a, b, m, (-0.045, 0.012, 0.030), (0.080, 0.026, 0.014)), 0.012)
    d = smooth_min(d, ellipsoid(a, b, w, (-0.135, 0.004, 0.0), (0.075, 0.008, 0.022)), 0.02)
    beak = ellipsoid(x, y, w, (0.108, 0.143, 0.0), (0.027, 0.0090, 0.010))
    eye = ellipsoid(x, y, m, BIRD_EYE, (0.0075, 0.0075, 0.0062))
    leg = ellipsoid(x, y, m, (0.012, 0.018, 0.014), (0.0045, 0.034, 0.0045))
    foot = ellipsoid(x, y, m, (0.022, 0.0, 0.014), (0.020, 0.0045, 0.006))
    d = np.minimum(np.minimum(smooth_min(d, beak, 0.006), eye), np.minimum(leg, foot))
    out[near] = d
    return out


def _bird_frame(points: F) -> F:
    """Return world points in the bird's frame: forward (left, a little to us), up, sideways."""
    turned = np.array([[-0.94, 0.0, -0.34], [0.0, 1.0, 0.0], [0.34, 0.0, -0.94]], np.float32)
    return f32((points - PERCH) @ turned.T)


def bird_colour(points: F, noise: Volume) -> tuple[F, F]:
    """Return the oxpecker's albedo (N x 3) and its gloss (N): brown, buff, red bill, ringed eye."""
    q = _bird_frame(points)
    x, y, m = q[:, 0], q[:, 1], np.abs(q[:, 2])
    a, b = turn(x, y, 38.0, (0.0, 0.075))
    feather = noise.sample(np.stack([a * 0.35, b, m], axis=-1).astype(np.float32), 9.0)[0]
    c = plain((0.135, 0.092, 0.060), x.shape)
    belly = smoothstep(0.002, -0.022, b + 0.006 * feather) * smoothstep(0.075, 0.045, a)
    c = mix(c, (0.27, 0.205, 0.125), belly * 0.85)
    wing = smoothstep(0.020, 0.026, m) * smoothstep(0.03, 0.01, a) * smoothstep(-0.012, -0.004, b)
    quills = 0.5 + 0.5 * np.sin((b + 0.18 * a) * 700.0 + 2.0 * feather)
    c = mix(c, (0.060, 0.042, 0.032), wing * (0.45 + 0.5 * quills))
    c = c * (1.0 + 0.22 * feather)[:, None]
    c = mix(c, (0.30, 0.030, 0.018), smoothstep(0.097, 0.101, x) * smoothstep(0.11, 0.12, y))
    c = mix(c, (0.05, 0.04, 0.035), smoothstep(0.040, 0.034, y) * smoothstep(-0.02, -0.01, x))
    eye = np.sqrt(sum((v - o) ** 2 for v, o in zip((x, y, m), BIRD_EYE, strict=True)))
    c = mix(c, (0.50, 0.36, 0.05), smoothstep(0.0120, 0.0105, eye))
    c = mix(c, (0.30, 0.02, 0.01), smoothstep(0.0090, 0.0078, eye))
    flat = np.hypot(x - BIRD_EYE[0], y - BIRD_EYE[1])
    pupil = smoothstep(0.0055, 0.0042, flat) * smoothstep(0.012, 0.009, eye)
    c = mix(c, (0.004, 0.004, 0.004), pupil)
    return c, f32(np.where(eye < 0.0105, 1.0, 0.12))


def stones(points: F) -> F:
    """Return the distance (N) of world points to the stones."""
    out = ball(points[:, 0], points[:, 1], points[:, 2], (-0.45, 0.0, 3.5), 0.50)
    near = np.flatnonzero(out < 0.02)
    if not near.size:
        return out
    x, y, z = np.ascontiguousarray(points[near].T)
    d = np.full(near.size, 9.0, np.float32)
    for centre, radii, degrees in STONES:
        a, b = turn(x, z, degrees, (centre[0], centre[2]))
        d = np.minimum(d, ellipsoid(a, y, b, (0.0, centre[1], 0.0), radii))
    lumps = 0.006 * np.sin(x * 37.0 + 2.0 * np.sin(z * 23.0)) * np.sin(y * 31.0 + z * 29.0)
    out[near] = d + lumps
    return out


def lily(points: F) -> F:
    """Return the distance (N) of world points to the flower."""
    x, y, z = (points - np.asarray(LILY, np.float32)).T
    out = ball(x, y, z, (0.0, 0.03, 0.0), 0.10)
    near = np.flatnonzero(out < 0.02)
    if not near.size:
        return out
    x, y, z = x[near], y[near], z[near]
    r, angle = np.hypot(x, z), np.arctan2(z, x)
    d = ellipsoid(x, y, z, (0.0, 0.012, 0.0), (0.018, 0.016, 0.018))
    for count, length, tilt, turned in WHORLS:
        sector = np.float32(2 * np.pi / count)
        own = angle - np.float32(turned)
        own = own - sector * np.round(own / sector)
        along, up = turn(r * np.cos(own), y, tilt, (0.0, 0.0))
        up = up - np.float32(0.16) * np.clip(along / length, 0, 1) ** 2 * np.float32(length)
        radii = (length / 2, 0.0038, length * 0.21)
        d = np.minimum(d, ellipsoid(along, up, r * np.sin(own), (length / 2, 0.0, 0.0), radii))
    out[near] = 0.7 * d
    return out


def props(points: F) -> F:
    """Return the distance (N) of world points to stones and lily."""
    return np.minimum(stones(points), lily(points))


def prop_colour(points: F, noise: Volume) -> tuple[F, F]:
    """Return albedo (N x 3) and gloss (N) of stones and lily."""
    stone, gloss = _stone_colour(points, noise)
    x, y, z = (points - np.asarray(LILY, np.float32)).T
    rose = smoothstep(0.020, 0.085, np.sqrt(x * x + y * y + z * z)) * np.float32(0.75)
    heart = smoothstep(0.034, 0.022, np.sqrt(x * x + (y - 0.014) ** 2 + z * z))
    petal = mix(plain((0.78, 0.66, 0.62), x.shape), (0.62, 0.16, 0.30), rose)
    petal = mix(petal, (0.80, 0.46, 0.04), heart)
    flower = (lily(points) < stones(points)).astype(np.float32)
    return mix(stone, petal, flower), f32(gloss * (1 - flower) + 0.05 * flower)


def _stone_colour(points: F, noise: Volume) -> tuple[F, F]:
    """Slate and ochre, algae at the waterline."""
    grain, cloud = noise.sample(points, 7.0)[0], noise.sample(points, 1.6)[0]
    c = plain((0.150, 0.135, 0.120), grain.shape)
    c = mix(c, (0.24, 0.17, 0.095), smoothstep(-0.4, 1.2, cloud))
    c = c * (1.0 + 0.30 * grain)[:, None]
    wet = smoothstep(0.050, 0.028, points[:, 1] + 0.008 * cloud)
    c = mix(c, (0.050, 0.055, 0.022), smoothstep(0.018, 0.004, points[:, 1] + 0.004 * grain) * 0.8)
    return f32(c * (1.0 - 0.5 * wet)[:, None]), f32(0.15 + 0.85 * wet)
