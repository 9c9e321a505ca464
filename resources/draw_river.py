"""Sky and water: backdrop, waves, the rings around the animal, reflections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from draw_march import Camera, Field, chunked, sky
from draw_noise import F, f32, fractal, mix, plain, smoothstep

if TYPE_CHECKING:
    from draw_bank import Layer

WATERLINE_DEPTH = 5.4  # where the hippo's muzzle meets the water


def remap(image: F, u: F, v: F) -> F:
    """Return the bilinear values of ``image`` at (u, v); outside, those of its border."""
    found = cv2.remap(image, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return f32(found)


def over(below: F, above: F) -> F:
    """Return the picture ``below`` covered by a premultiplied RGBA picture."""
    return f32(above[..., : below.shape[2]] + below * (1.0 - above[..., 3:]))


def cover(picture: F, above: F, left: int, top: int) -> None:
    """Lay a premultiplied RGBA picture over a part of ``picture``, in place, clipped to it."""
    y0, y1 = max(top, 0), min(top + above.shape[0], picture.shape[0])
    x0, x1 = max(left, 0), min(left + above.shape[1], picture.shape[1])
    part = above[y0 - top : y1 - top, x0 - left : x1 - left]
    picture[y0:y1, x0:x1] = over(picture[y0:y1, x0:x1], part)


def bank_row(camera: Camera, layer: Layer) -> float:
    """Return the row where a layer (for the mirrored camera, its image) meets the water."""
    return camera.horizon + camera.focal * camera.height / layer.depth


def backdrop(camera: Camera, width: int, rows: tuple[int, int], layers: list[Layer]) -> F:
    """Return sky and far layers in a range of rows (RGB, linear), through a (mirrored) camera."""
    v, u = np.mgrid[rows[0] : rows[1], 0:width].astype(np.float32)
    image = chunked(lambda a, b: sky(camera.rays(a, b)), u.ravel(), v.ravel()).reshape(*v.shape, 3)
    s = camera.focal / 5400.0
    cloud = cv2.resize(fractal((512, 1024), 1.8, 51, stretch=2.4), (width, round(width / 2)))
    level = np.clip(camera.horizon - v, 0, cloud.shape[0] - 1)
    thick = remap(f32(cloud), u, f32(level))
    veil = smoothstep(0.2, 2.4, thick) * smoothstep(40 * s, 260 * s, camera.horizon - v)
    image = mix(image, (1.10, 0.92, 0.74), veil * 0.9)
    for layer in layers:
        cover(image, layer.paint, 0, round(bank_row(camera, layer)) - layer.base - rows[0])
    return image


def _waves(x: F, z: F, camera: Camera) -> tuple[F, F, F]:
    """Return slopes along x and z (H x W) of a random sea, and the variance too fine to show.

    ``z`` is one depth a row (H x 1), so that the blur by a pixel's footprint is one factor a row.
    """
    rng = np.random.default_rng(61)
    fine_x, fine_z = z / camera.focal, z * z / (camera.focal * camera.height)
    slope_x, slope_z, lost = np.zeros_like(x), np.zeros_like(x), np.zeros_like(z)
    for k in range(52):
        length = 1.4 * (0.022 / 1.4) ** (k / 51)
        angle, phase = rng.normal(0.35, 0.60), np.float32(rng.uniform(0, 2 * np.pi))
        kx, kz = (np.float32(2 * np.pi / length * c) for c in (np.sin(angle), np.cos(angle)))
        steep = np.float32(0.0115 * (length / 0.25) ** -0.05)
        fade = steep * np.exp(np.float32(-0.18) * ((kx * fine_x) ** 2 + (kz * fine_z) ** 2))
        lost += np.float32(0.5 * np.cos(angle) ** 2) * (steep**2 - fade * fade)
        seen = int(np.argmax(fade > 1e-4))  # the rows above hold nothing of this wave
        wave = np.cos(kx * x[seen:] + (kz * z[seen:] + phase)) * fade[seen:]
        slope_x[seen:] += wave * np.float32(np.sin(angle))
        slope_z[seen:] += wave * np.float32(np.cos(angle))
    # Cat's-paws: patches of wind and calm; the far water lies still.
    gusts = fractal((1024, 1024), 1.4, 62)
    at_x, at_z = (f32(np.mod(np.float32(60) * v, 1023)) for v in (x, z + 0 * x))
    wind = np.clip(0.80 + 0.30 * remap(gusts, at_x, at_z), 0.25, 1.5)
    wind = f32(wind / (1.0 + (z / 14.0) ** 2))
    return slope_x * wind, slope_z * wind, lost * wind * wind


class Rings:
    """The distance to the waterline of whatever stands in the water, and the rings around it."""

    def __init__(self, field: Field) -> None:
        x, z = np.meshgrid(np.linspace(-3.0, 5.0, 400), np.linspace(1.8, 9.8, 400))
        flat = f32(np.stack([x.ravel(), np.zeros(x.size), z.ravel()], axis=-1))
        d = chunked(field, flat).reshape(400, 400)
        d = f32(cv2.GaussianBlur(d, (0, 0), 3.0))
        step = 8.0 / 399
        slopes = (np.gradient(d, step, axis=1), np.gradient(d, step, axis=0))
        self.table = np.stack([d, *slopes], axis=-1).astype(np.float32)

    def at(self, x: F, z: F) -> tuple[F, F, F]:
        """Return the slopes of the rings along x and z, and the distance to the waterline."""
        u, v = (x + 3.0) * np.float32(399 / 8), (z - 1.8) * np.float32(399 / 8)
        found = remap(self.table, u, v)
        d = np.maximum(found[..., 0], 0.0)
        phase = np.float32(2 * np.pi / 0.13) * d * (1.0 + 0.12 * np.sin(3.1 * x + 2.0 * z))
        swell = 0.050 * np.cos(phase) * np.exp(-d / 0.45)
        swell += 0.024 * np.cos(2.3 * phase + 1.0) * np.exp(-d / 0.15)
        swell *= (0.75 + 0.35 * np.sin(5.0 * x + 1.0)) * smoothstep(0.95, 0.35, d)
        return f32(swell * found[..., 1]), f32(swell * found[..., 2]), f32(found[..., 0])


class Mirror:
    """The far scene's image in flat water, and copies ever more blurred along columns."""

    def __init__(self, image: F, top: int, scale: float) -> None:
        self.top = top
        self.sigmas = [0.0, *(scale * v for v in (8.0, 24.0, 72.0, 200.0))]
        self.levels = [image]
        for sigma in self.sigmas[1:]:
            # Blurred this much, the picture needs few rows.
            rows = max(4, round(image.shape[0] / max(1.0, sigma / 3)))
            small = cv2.resize(image, (image.shape[1], rows), interpolation=cv2.INTER_AREA)
            kernel = cv2.getGaussianKernel(19, sigma * rows / image.shape[0])
            small = cv2.sepFilter2D(small, -1, np.ones(1), kernel, borderType=cv2.BORDER_REPLICATE)
            self.levels.append(np.asarray(small, np.float32))

    def at(self, u: F, v: F, sigma: F) -> F:
        """Return the light at picture positions (u, v), blurred by about ``sigma`` pixels."""
        v = v - np.float32(self.top)
        out = np.zeros((*u.shape, 3), np.float32)
        for k, level in enumerate(self.levels):
            low, here = self.sigmas[max(k - 1, 0)], self.sigmas[k]
            weight = np.clip((sigma - low) / (here - low), 0.0, 1.0) if k else np.ones_like(sigma)
            if k + 1 < len(self.levels):
                high = self.sigmas[k + 1]
                weight = np.minimum(weight, np.clip((high - sigma) / (high - here), 0.0, 1.0))
            if weight.any():
                ratio = level.shape[0] / self.levels[0].shape[0]
                out += weight[..., None] * remap(level, u, f32((v + 0.5) * ratio - 0.5))
        return out


def water(
    camera: Camera,
    width: int,
    rows: tuple[int, int],
    mirror: Mirror,
    animal: F,
    corner: tuple[int, int],
    rings: Rings,
) -> F:
    """Return the water in a range of rows below the horizon (RGB, linear).

    ``animal`` is the image in flat water of what stands in it (RGBA, upper left corner at
    ``corner``); ``mirror`` that of the far scene.
    """
    v, u = np.arange(*rows, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    z = f32(camera.focal * camera.height / (v - camera.horizon))
    x = f32((u - camera.centre) / camera.focal * z)
    slope_x, slope_z, lost = _waves(x, z, camera)
    ring_x, ring_z, near = rings.at(x, z + 0 * x)
    seen = np.exp(-((z * z / (camera.focal * camera.height) / np.float32(0.030)) ** 2))
    slopes = (slope_x + ring_x * seen, slope_z + ring_z * seen)
    mirror_u, mirror_v, cosine = _reflection(camera, x, z, *slopes)
    image = mirror.at(mirror_u, mirror_v, f32(2.0 * camera.focal * np.sqrt(lost)))
    # The animal is near: a wave shifts its image less than the sky's.
    share = np.clip((WATERLINE_DEPTH - z) / WATERLINE_DEPTH, 0.03, 1.0)
    straight = 2 * camera.horizon - v
    at_u = f32(u + (mirror_u - u) * share - corner[0])
    at_v = f32(straight + (mirror_v - straight) * share - corner[1])
    image = over(image, remap(animal, at_u, at_v))
    fresnel = 0.02 + 0.98 * (1.0 - cosine)[..., None] ** 5
    mud = mix(
        plain((0.085, 0.074, 0.038), x.shape),
        (0.030, 0.028, 0.018),
        0.8 * np.exp(-np.maximum(near, 0.0) / 0.25),
    )
    return f32(mud * (1 - fresnel) + image * fresnel)


def _reflection(camera: Camera, x: F, z: F, slope_x: F, slope_z: F) -> tuple[F, F, F]:
    """Return which picture position (u, v) is mirrored at (x, 0, z), and the incidence's cosine."""
    # The view ray (x, y, 1) is thrown back by the normal (-slope_x, 1, -slope_z).
    ray_x, ray_y = x / z, -camera.height / z
    facing = ray_y - ray_x * slope_x - slope_z
    square = slope_x * slope_x + 1.0 + slope_z * slope_z
    out_x = ray_x + 2 * facing * slope_x / square
    out_y = ray_y - 2 * facing / square
    out_z = 1.0 + 2 * facing * slope_z / square
    u = camera.centre + camera.focal * out_x / out_z
    v = camera.horizon - camera.focal * np.maximum(out_y / out_z, 0.004)
    cosine = -facing / np.sqrt(square * (1.0 + ray_x**2 + ray_y**2))
    return f32(u), f32(v), f32(np.clip(cosine, 0.0, 1.0))


def defocus(picture: F, sigma: F, steps: tuple[float, ...]) -> F:
    """Return the picture blurred by ``sigma`` (one value a row), mixed from a few fixed widths."""
    out, last = picture, 0.0
    for step in steps:
        soft = cv2.GaussianBlur(picture, (0, 0), step)
        share = np.clip((sigma - last) / (step - last), 0.0, 1.0)[:, None, None]
        out, last = out * (1 - share) + soft * share, step
    return f32(out)
