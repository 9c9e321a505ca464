"""What the hippo and its company look like: hide, eye, feathers and stone under the sun."""

from __future__ import annotations

import numpy as np
from draw_body import AXES, EYE_RADIUS, almond, eye_frame, eyeball, hippo, nostril, to_head
from draw_extras import bird, bird_colour, prop_colour, props
from draw_march import SUN, SUNLIGHT, normals, sky
from draw_noise import F, Volume, cell_volume, cloud_volume, f32, mix, plain, smoothstep


def animals(points: F) -> F:
    """Return the distance (N) of world points (N x 3) to the hippo and its bird."""
    f, y, w = np.ascontiguousarray(to_head(points).T)
    return np.minimum(np.minimum(hippo(f, y, w), eyeball(f, y, w)), bird(points))


def everything(points: F) -> F:
    """Return the distance (N) of world points (N x 3) to whatever stands in the water."""
    return np.minimum(animals(points), props(points))


class Skin:
    """The hide's relief and colour, as functions of the position on the head."""

    def __init__(self) -> None:
        self.cloud: Volume = cloud_volume(96, 1.9, 1.0, seed=11)
        self.cells: Volume = cell_volume(96, 12, seed=12)

    def relief(self, q: F) -> tuple[F, F]:
        """Return height (N) and its gradient (N x 3) of wrinkles and cracks, in head units."""
        warp = self.cloud.sample(q, 2.3)[1] * np.float32(0.00006)
        muzzle = smoothstep(0.45, 0.75, q[:, 0])
        patch = np.clip(0.75 + 0.45 * self.cloud.sample(q, 0.9)[0], 0.15, 1.5)
        ones = np.ones(len(q), np.float32)
        layers = (
            (self.cells, 2.6, 0.0036, (1.0 - 0.55 * muzzle) * patch),
            (self.cells, 6.5, 0.0013, (0.45 + 0.55 * muzzle) * (1.3 - 0.6 * patch)),
            (self.cells, 14.0, 0.0003, ones),
            (self.cloud, 1.1, 0.0050, ones),
            (self.cloud, 7.0, 0.0003, ones),
        )
        height, gradient = self._folds(q)
        stretch = np.array([1.25, 0.8, 1.0], np.float32)  # wrinkles run around the body
        for volume, frequency, amplitude, where in layers:
            value, slope = volume.sample((q + warp) * stretch, frequency)
            if volume is self.cells:  # steep at the walls, flat inside a cell
                edge = np.exp(-value * np.float32(5.0))
                value, slope = -edge, slope * (5.0 * edge)[:, None]
            height = height + value * amplitude * where
            gradient = gradient + slope * stretch * (amplitude * where)[:, None]
        return f32(height), f32(gradient)

    def _folds(self, q: F) -> tuple[F, F]:
        """Return the large creases; the gradient by differences, as they are cheap."""
        wander = 0.010 * self.cloud.sample(q, 0.8)[0]
        base = _creases(q, wander)
        step = np.float32(0.0008)
        slopes = [
            (_creases(q + step * e, wander) - base) / step for e in np.eye(3, dtype=np.float32)
        ]
        return base, np.clip(np.stack(slopes, axis=-1), -1.0, 1.0).astype(np.float32)

    def colour(self, q: F, relief: F) -> F:
        """Return the albedo (N x 3): slate, brown and pink, darker on the back and in cracks."""
        f, y, m = q[:, 0], q[:, 1], np.abs(q[:, 2])
        cloud, fine = self.cloud.sample(q, 1.3)[0], self.cloud.sample(q, 5.0)[0]
        c = plain((0.118, 0.101, 0.096), f.shape)
        c = mix(c, (0.068, 0.060, 0.061), smoothstep(-0.06, 0.20, y + 0.05 * cloud))
        x, up, out = eye_frame(f, y, m)
        eye = np.sqrt(x * x + up * up + out * out)
        pink = smoothstep(-0.04, -0.24, y + 0.05 * cloud) * 0.40
        pink = np.maximum(pink, smoothstep(0.110, 0.060, eye + 0.010 * fine) * 0.60)
        pink = np.maximum(pink, smoothstep(0.30, 0.36, y) * smoothstep(0.14, 0.10, f) * 0.5)
        nose = np.hypot(f - 0.98, np.hypot(y - 0.15, m - 0.14))
        pink = np.maximum(pink, smoothstep(0.15, 0.05, nose + 0.02 * cloud) * 0.40)
        c = mix(c, (0.245, 0.158, 0.140), np.clip(pink + 0.04 * fine, 0.0, 1.0))
        c = mix(c, (0.045, 0.040, 0.042), 0.35 * smoothstep(1.3, 2.0, self.cloud.sample(q, 6.0)[0]))
        c = mix(c, (0.020, 0.012, 0.010), smoothstep(0.012, 0.002, nostril(f, y, m)) * 0.9)
        lash = smoothstep(0.0075, 0.0035, almond(x, up)) * smoothstep(0.0, 0.02, out)
        c = mix(c, (0.010, 0.008, 0.008), lash * 0.95)
        light = 1.0 + 0.07 * fine + 0.06 * cloud + 14.0 * np.clip(relief, -0.02, 0.01)
        return f32(c * light[:, None])

    def shade(self, points: F, view: F, open_sky: F, sun: F) -> F:
        """Return the light (N x 3) that leaves the surface points towards the viewer."""
        f, y, w = np.ascontiguousarray(to_head(points).T)
        parts = np.stack([hippo(f, y, w), eyeball(f, y, w), bird(points), props(points)])
        nearest = np.argmin(parts, axis=0)
        colour = np.zeros_like(points)
        for k, paint in enumerate((self._hide, shade_eye, self._feathers, self._props)):
            own = np.flatnonzero(nearest == k)
            if own.size:
                p = points[own]
                n = normals(props if k == 3 else animals, p)
                colour[own] = paint(p, n, view[own], open_sky[own], sun[own])
        return colour

    def _hide(self, points: F, smooth: F, view: F, open_sky: F, sun: F) -> F:
        q = to_head(points)
        relief, slope = self.relief(q)
        n = _tilted(smooth, slope @ AXES)
        albedo = self.colour(q, relief)
        damp = smoothstep(0.12, 0.03, points[:, 1] + 0.02 * self.cloud.sample(q, 2.0)[0])
        wet = np.clip(0.50 + 0.35 * self.cloud.sample(q, 1.7)[0], 0.1, 0.95)
        wet = np.maximum(wet, damp)
        albedo = albedo * (1.0 - 0.45 * damp[:, None])
        cavity = np.clip(1.0 + 75.0 * relief, 0.40, 1.1).astype(np.float32)
        film = smooth + n  # water fills the finest wrinkles
        film /= np.linalg.norm(film, axis=1, keepdims=True)
        # What a mirror direction meets: the sky, or the animal's own bulges.
        mirror = view - 2.0 * np.sum(view * smooth, axis=1, keepdims=True) * smooth
        free = animals(np.asarray(points + 0.12 * mirror + 0.004 * smooth, np.float32)) / 0.09
        wet = wet * np.clip(free, 0.12, 1.0)
        return lit(albedo, n, film, view, open_sky * cavity, sun * (0.6 + 0.4 * cavity), wet)

    def _feathers(self, points: F, n: F, view: F, open_sky: F, sun: F) -> F:
        albedo, gloss = bird_colour(points, self.cloud)
        barbs = np.float32(0.00018) * (1 - gloss)[:, None]
        n = _tilted(n, self.cloud.sample(points, 16.0)[1] * barbs)
        return lit(albedo, n, n, view, open_sky, sun, gloss)

    def _props(self, points: F, smooth: F, view: F, open_sky: F, sun: F) -> F:
        albedo, gloss = prop_colour(points, self.cloud)
        rough = np.float32(0.0012) * (gloss > 0.1)[:, None]  # petals are smooth
        n = _tilted(smooth, self.cloud.sample(points, 4.0)[1] * rough)
        return lit(albedo, n, n, view, open_sky, sun, gloss)


def _creases(q: F, wander: F) -> F:
    """Return the height of rings around the neck, bags under the eyes, folds of cheek and chin."""
    f, y, m = q[:, 0], q[:, 1], np.abs(q[:, 2])
    wobble = 0.035 * np.sin(7.0 * y + 3.0) + 0.02 * np.sin(17.0 * y + 9.0 * f) + wander
    rings = _groove((f + wobble) * 33.0, 0.30) * smoothstep(0.12, -0.12, f)
    x, up, out = eye_frame(f, y, m)
    r = np.sqrt(x * x + up * up + out * out)
    bags = _groove((r + 0.5 * wander + 0.2 * x) * 170.0, 0.35) * smoothstep(0.056, 0.066, r)
    bags = bags * smoothstep(0.125, 0.075, r) * smoothstep(0.045, -0.02, up)
    cheek = _groove((f - 0.45 * y + 0.02 * np.sin(14.0 * y) + 2.0 * wander) * 44.0, 0.25)
    cheek = cheek * smoothstep(0.40, 0.50, f) * smoothstep(0.68, 0.58, f) * smoothstep(0.1, 0.0, y)
    chin = _groove((y + 0.3 * f * f + 0.01 * np.sin(20.0 * f) + wander) * 75.0, 0.30)
    chin = chin * smoothstep(-0.14, -0.22, y) * smoothstep(0.25, 0.4, f)
    depth = 0.009 * rings + 0.0032 * bags + 0.0050 * cheek + 0.0026 * chin
    return f32(-depth)


def _groove(phase: F, width: float) -> F:
    """Return 1 along the lines where ``phase`` is a multiple of pi, falling off over ``width``."""
    return f32(np.exp(-((np.sin(phase) / np.float32(width)) ** 2)))


def _tilted(n: F, slope: F) -> F:
    """Return the normals of a surface whose relief has this gradient (N x 3), both in the world."""
    along = slope - n * np.sum(slope * n, axis=1, keepdims=True)
    size = np.linalg.norm(along, axis=1, keepdims=True)
    n = n - along / (1.0 + 0.55 * size)
    return f32(n / np.linalg.norm(n, axis=1, keepdims=True))


def lit(albedo: F, n: F, film: F, view: F, open_sky: F, sun: F, wet: F) -> F:
    """Return a matt surface under a glossy film (normals ``film``), in sun and sky (N x 3)."""
    nl = n @ SUN
    # Light bleeds a little past the terminator, redder than it came.
    wrap = [np.clip((nl + s) / (1 + s), 0.0, 1.0) for s in (0.16, 0.09, 0.06)]
    direct = SUNLIGHT * np.stack(wrap, axis=-1) * (sun * np.float32(0.64))[:, None]
    ground = plain((0.30, 0.25, 0.17), nl.shape)
    ambient = mix(ground, (0.60, 0.70, 0.86), 0.5 + 0.5 * n[:, 1])
    colour = albedo * (direct + ambient * open_sky[:, None])
    highlight, fresnel = _speculars(film, view, 0.50 - 0.27 * wet)
    mirror = view - 2.0 * np.sum(view * film, axis=1, keepdims=True) * film
    colour += SUNLIGHT * (highlight * sun * wet * 1.7)[:, None]
    colour += sky(mirror) * (fresnel * wet * open_sky * 0.8)[:, None]
    return f32(colour)


def _speculars(n: F, view: F, rough: F) -> tuple[F, F]:
    """Return the sun's GGX highlight and a tamed Schlick Fresnel term of water (N each)."""
    half = SUN - view
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    nh = np.clip(np.sum(n * half, axis=1), 0.0, 1.0)
    nl = np.clip(n @ SUN, 0.0, 1.0)
    nv = np.clip(-np.sum(n * view, axis=1), 0.02, 1.0)
    a2 = rough**4
    lobe = a2 / (np.pi * (nh * nh * (a2 - 1.0) + 1.0) ** 2)
    k = rough / 2
    shadowing = 0.25 / ((nl * (1 - k) + k) * (nv * (1 - k) + k))
    fresnel = 0.03 + 0.55 * (1.0 - nv) ** 5
    return f32(lobe * shadowing * nl * 0.04), f32(fresnel)


def shade_eye(points: F, n: F, view: F, open_sky: F, sun: F) -> F:
    """Return the light from the eyeball: brown iris, oval pupil, pink corners, wet reflections."""
    q = to_head(points)
    x, up, _ = eye_frame(q[:, 0], q[:, 1], np.abs(q[:, 2]))
    x, up = x / np.float32(EYE_RADIUS), up / np.float32(EYE_RADIUS)
    r, angle = np.hypot(x, up), np.arctan2(up, x)
    fibres = 0.5 + 0.25 * np.sin(angle * 37.0 + 4.0 * np.sin(angle * 5.0))
    fibres = fibres + 0.25 * np.sin(angle * 61.0 + r * 9.0)
    iris = plain((0.19, 0.078, 0.021), r.shape)
    iris = mix(iris, (0.48, 0.225, 0.050), fibres * smoothstep(0.66, 0.36, r))
    c = plain((0.40, 0.27, 0.22), r.shape)
    c = mix(c, (0.006, 0.004, 0.004), smoothstep(0.76, 0.68, r))
    c = mix(c, iris, smoothstep(0.66, 0.61, r))
    c = mix(c, (0.004, 0.004, 0.005), smoothstep(0.25, 0.21, np.hypot(x / 1.45, up)))
    lid = smoothstep(0.60, 0.10, up)  # the upper lid shades the ball
    light = SUNLIGHT * (np.clip(n @ SUN, 0.0, 1.0) * sun)[:, None] * 0.7
    light = (light + 0.55 * (open_sky * lid)[:, None]) * (0.25 + 0.75 * lid)[:, None]
    mirror = view - 2.0 * np.sum(view * n, axis=1, keepdims=True) * n
    fresnel = 0.022 + 0.6 * (1.0 + np.sum(view * n, axis=1)) ** 5
    glint = smoothstep(0.945, 0.958, mirror @ SUN)
    shine = sky(mirror) * (fresnel * lid)[:, None] + glint[:, None] * np.float32(3.8)
    return f32(c * light + shine)
