"""The hippo as a signed distance field.

The model lives in its own frame: ``f`` runs forward along the head, ``y`` up, ``w`` sideways
(positive towards the camera); the head is about 1.1 long. Ellipsoids are joined by smooth unions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from draw_noise import F, f32, smooth_max, smooth_min

Vec = tuple[float, float, float]
Part = Callable[[F, F, F, F], F]

ORIGIN = np.array([0.80, 0.27, 5.85], np.float32)  # the back of the skull, in the world
YAW, PITCH = 36.0, 3.0  # degrees: turned towards the camera, nose up
EYE: Vec = (0.315, 0.262, 0.205)
EYE_RADIUS = 0.050
GAZE = np.array([0.30, 0.12, 0.95], np.float32) / np.float32(np.sqrt(0.30**2 + 0.12**2 + 0.95**2))


def _axes() -> F:
    """Return the rows f, y, w of the head's frame in the world (x right, y up, z away)."""
    a, t = np.radians(YAW), np.radians(PITCH)
    forward = np.array([-np.cos(a), 0.0, -np.sin(a)])
    sideways = np.array([np.sin(a), 0.0, -np.cos(a)])
    up = np.array([0.0, 1.0, 0.0])
    forward, up = forward * np.cos(t) + up * np.sin(t), up * np.cos(t) - forward * np.sin(t)
    return np.stack([forward, up, sideways]).astype(np.float32)


AXES = _axes()


def to_head(points: F) -> F:
    """Return world points (N x 3) in the head's frame."""
    return f32((points - ORIGIN) @ AXES.T)


def to_world(points: F) -> F:
    """Return points of the head's frame (N x 3) in the world."""
    return f32(points @ AXES + ORIGIN)


def ellipsoid(f: F, y: F, w: F, centre: Vec, radii: Vec) -> F:
    """Return the first-order distance to an ellipsoid (Quilez's bound)."""
    a, b, c = (
        (v - np.float32(o)) * np.float32(1 / r)
        for v, o, r in zip((f, y, w), centre, radii, strict=True)
    )
    k0 = np.sqrt(a * a + b * b + c * c) + np.float32(1e-6)
    a, b, c = (v * np.float32(1 / r) for v, r in zip((a, b, c), radii, strict=True))
    k1 = np.sqrt(a * a + b * b + c * c) + np.float32(1e-6)
    return f32(k0 * (k0 - 1) / k1)


def turn(a: F, b: F, degrees: float, at: tuple[float, float]) -> tuple[F, F]:
    """Rotate the plane (a, b) about ``at``; the result is relative to ``at``."""
    c, s = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    a, b = a - np.float32(at[0]), b - np.float32(at[1])
    return c * a + s * b, c * b - s * a


def _with_muzzle(rest: F, f: F, y: F, m: F) -> F:
    d = ellipsoid(f, y, m, (0.86, 0.0, 0.0), (0.24, 0.18, 0.25))
    d = smooth_min(d, ellipsoid(f, y, m, (0.88, -0.085, 0.165), (0.19, 0.165, 0.14)), 0.08)
    # The roots of the tusks lift the lip on either side.
    d = smooth_min(d, ellipsoid(f, y, m, (0.80, 0.05, 0.20), (0.12, 0.10, 0.075)), 0.08)
    a, b = turn(f, m, 24.0, (0.955, 0.125))
    d = smooth_min(d, ellipsoid(a, y, b, (0.0, 0.150, 0.0), (0.100, 0.070, 0.075)), 0.08)
    return smooth_min(rest, smooth_max(d, -nostril(f, y, m), 0.035), 0.12)


def nostril(f: F, y: F, m: F) -> F:
    """Return the distance to the hollow of a nostril."""
    a, b = turn(f, m, 24.0, (0.955, 0.125))
    return ellipsoid(a, y, b, (0.020, 0.195, 0.030), (0.074, 0.055, 0.020))


def eye_frame(f: F, y: F, m: F) -> tuple[F, F, F]:
    """Return coordinates about the eye: along the lids (towards the muzzle), up, and outwards."""
    side = np.array([GAZE[2], 0.0, -GAZE[0]], np.float32)
    side /= np.linalg.norm(side)
    up = np.cross(side, GAZE).astype(np.float32)
    up *= np.sign(up[1])
    p = [v - np.float32(o) for v, o in zip((f, y, m), EYE, strict=True)]
    x, u, out = (p[0] * v[0] + p[1] * v[1] + p[2] * v[2] for v in (side, up, GAZE))
    return x, u, out


def _with_eyelids(rest: F, f: F, y: F, m: F) -> F:
    d = smooth_min(rest, ellipsoid(f, y, m, (0.285, 0.205, 0.150), (0.155, 0.105, 0.100)), 0.08)
    x, up, out = eye_frame(f, y, m)
    ball = np.sqrt(x * x + up * up + out * out)
    d = smooth_min(d, ball - np.float32(EYE_RADIUS * 1.20), 0.035)
    slit = np.maximum(almond(x, up), np.float32(0.02) - out)
    return smooth_max(d, -slit, 0.012)


def almond(x: F, up: F) -> F:
    """Return the distance to the slit between the lids; the heavy upper lid is the flatter one."""
    lower = np.hypot(x, up - np.float32(0.024)) - np.float32(0.050)
    upper = np.hypot(x, up + np.float32(0.030)) - np.float32(0.052)
    return f32(np.maximum(lower, upper))


def _with_ear(rest: F, f: F, y: F, m: F) -> F:
    a, b = turn(y, m, 34.0, (0.245, 0.150))
    f, b = turn(f, b, 40.0, (0.03, 0.0))
    stem = ellipsoid(f, a, b, (0.0, 0.02, 0.0), (0.045, 0.06, 0.045))
    shell = ellipsoid(f, a, b, (0.0, 0.085, 0.0), (0.066, 0.070, 0.046))
    shell = smooth_min(shell, stem, 0.05)
    cup = ellipsoid(f, a, b, (0.048, 0.094, 0.0), (0.052, 0.058, 0.050))
    return smooth_min(rest, smooth_max(shell, -cup, 0.018), 0.03)


def _with_jaw(rest: F, f: F, y: F, m: F) -> F:
    jaw = ellipsoid(f, y, m, (0.60, -0.26, 0.0), (0.42, 0.15, 0.25))
    return smooth_min(rest, jaw, 0.035)


def _with_trunk(rest: F, f: F, y: F, w: F) -> F:
    neck = ellipsoid(f, y, w, (-0.22, -0.09, 0.0), (0.36, 0.32, 0.33))
    d = smooth_min(neck, ellipsoid(f, y, w, (-0.40, -0.10, 0.0), (0.17, 0.35, 0.37)), 0.05)
    d = smooth_min(d, ellipsoid(f, y, w, (-0.62, -0.14, 0.0), (0.19, 0.36, 0.40)), 0.05)
    d = smooth_min(d, ellipsoid(f, y, w, (-1.60, -0.40, 0.0), (1.10, 0.58, 0.62)), 0.12)
    return smooth_min(rest, d, 0.08)


def _add(d: F, part: Part, bound: F, k: float, f: F, y: F, w: F) -> F:
    """Join a part to ``d`` where its distance's lower bound says that it may matter."""
    near = np.flatnonzero(bound < k)
    out = np.minimum(d, np.maximum(bound, np.float32(k)))
    if near.size:
        out[near] = part(d[near], f[near], y[near], w[near])
    return out


def ball(f: F, y: F, w: F, centre: Vec, radius: float) -> F:
    """Return the distance to a ball."""
    a, b, c = f - np.float32(centre[0]), y - np.float32(centre[1]), w - np.float32(centre[2])
    return f32(np.sqrt(a * a + b * b + c * c) - np.float32(radius))


def hippo(f: F, y: F, w: F) -> F:
    """Return the distance to the skin, without the eyeballs."""
    m = np.abs(w)
    d = ellipsoid(f, y, m, (0.16, 0.04, 0.0), (0.34, 0.24, 0.245))
    d = smooth_min(d, ellipsoid(f, y, m, (0.52, 0.035, 0.0), (0.40, 0.155, 0.165)), 0.10)
    d = smooth_min(d, ellipsoid(f, y, m, (0.18, -0.13, 0.16), (0.25, 0.24, 0.13)), 0.10)
    d = _add(d, _with_muzzle, ball(f, y, m, (0.86, 0.0, 0.0), 0.37), 0.12, f, y, m)
    d = _add(d, _with_eyelids, ball(f, y, m, (0.29, 0.22, 0.16), 0.17), 0.08, f, y, m)
    d = _add(d, _with_trunk, f - np.float32(0.15), 0.08, f, y, w)
    d = _add(d, _with_jaw, np.float32(0.17) - f, 0.035, f, y, m)
    return _add(d, _with_ear, ball(f, y, m, (0.03, 0.32, 0.205), 0.14), 0.03, f, y, m)


def eyeball(f: F, y: F, w: F) -> F:
    """Return the distance to the nearer eyeball."""
    return ball(f, y, np.abs(w), EYE, EYE_RADIUS)
