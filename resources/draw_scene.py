"""The savanna river with the hippo, composed and developed like a photograph."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np
from draw_bank import Layer, far_plain, near_bank
from draw_body import EYE, EYE_RADIUS, GAZE, to_world
from draw_extras import props
from draw_foreground import bubbles, lily_pads, reeds, whiskers
from draw_march import Box, Camera, render
from draw_noise import F, f32, fractal, smoothstep, to_srgb
from draw_river import Mirror, Rings, backdrop, bank_row, cover, defocus, water
from draw_skin import Skin, animals, everything

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (2400, 1600)
HEIGHT = 0.45  # of the camera above the water, in lengths of the head


def camera_at(scale: float, mirrored: bool = False) -> Camera:
    """Return the camera of the picture at a fraction of its full size."""
    return Camera(5400 * scale, 1200 * scale, 560 * scale, -HEIGHT if mirrored else HEIGHT)


def eye_box(scale: float = 1.0) -> Box:
    """Return the rectangle (x, y, w, h) that holds the near eye with its lids, in pixels."""
    centre = to_world(f32([EYE]) + 0.8 * EYE_RADIUS * GAZE)
    u, v = camera_at(scale).project(centre)
    half = EYE_RADIUS * 5400 * scale / float(centre[0, 2])
    w, h = half * 0.95, half * 0.64
    return round(float(u[0]) - w), round(float(v[0]) - h), round(2 * w), round(2 * h)


def _scaled(box: Box, scale: float) -> Box:
    x, y, w, h = (round(v * scale) for v in box)
    return x, y, w, h


def hippo_picture(scale: float = 1.0, samples: int = 3) -> NDArray[np.uint8]:
    """Return the scene, RGB uint8, 1600 x 2400 times ``scale``; an edge gets ``samples``^2 rays."""
    width, height = (round(v * scale) for v in SIZE)
    camera, skin = camera_at(scale), Skin()
    box, front = _scaled((940, 280, 1460, 860), scale), _scaled((0, 1020, 1000, 400), scale)
    animal = render(animals, skin.shade, camera, box, samples)
    stones = render(props, skin.shade, camera, front, samples)
    below = _scaled((0, -460, 2400, 640), scale / 2)
    image = render(everything, skin.shade, camera_at(scale / 2, mirrored=True), below, 1)
    image = f32(cv2.resize(image, (2 * below[2], 2 * below[3])))
    layers = [far_plain(width, scale), near_bank(width, scale)]
    picture = backdrop(camera, width, (0, height), layers[:1])
    first = int(camera.horizon + 40 * scale)
    corner = (2 * below[0], 2 * below[1])
    picture[first:] = _river(camera, layers, picture.shape, first, image, corner)
    cover(picture, layers[1].paint, 0, round(bank_row(camera, layers[1])) - layers[1].base)
    lily_pads(picture, camera)
    bubbles(picture, camera)
    depth = camera.focal * HEIGHT / np.maximum(np.arange(height) - camera.horizon, 1.0)
    blur = 13.0 * scale * np.clip(1 / np.maximum(depth, 0.1) - 1 / 4.0, 0.0, 0.2)
    picture = defocus(picture, blur, (1.0 * scale, 2.5 * scale))
    cover(picture, f32(cv2.GaussianBlur(stones, (0, 0), 0.7 * scale)), front[0], front[1])
    cover(picture, animal, box[0], box[1])
    whiskers(picture, camera)
    reeds(picture, camera)
    return _developed(picture)


def _river(
    camera: Camera,
    layers: list[Layer],
    shape: tuple[int, ...],
    first: int,
    image: F,
    corner: tuple[int, int],
) -> F:
    """Return the water from row ``first`` down, reflecting layers and the animal's ``image``."""
    height, width = shape[:2]
    below = Camera(camera.focal, camera.centre, camera.horizon, -camera.height)
    top = round(-760 * camera.focal / 5400)
    far = backdrop(below, width, (top, round(camera.horizon)), layers)
    mirror = Mirror(far, top, camera.focal / 5400)
    rings = Rings(everything)
    cuts = np.linspace(first, height, 9).astype(int)

    def stripe(k: int) -> F:
        rows = (int(cuts[k]), int(cuts[k + 1]))
        return water(camera, width, rows, mirror, image, corner, rings)

    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(stripe, range(8))))


def _developed(linear: F) -> NDArray[np.uint8]:
    """Return the picture as a camera would write it: bloom, vignette, tone curve and grain."""
    height, width = linear.shape[:2]
    s = width / SIZE[0]
    glow = cv2.GaussianBlur(np.maximum(linear - 0.9, 0.0), (0, 0), 14 * s)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    vignette = 1.0 - 0.26 * smoothstep(0.35, 1.9, x * x + 0.8 * y * y)
    exposed = (linear + 0.20 * glow) * (1.08 * vignette[..., None])
    gray = exposed @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    graded = to_srgb(gray[..., None] + np.float32(1.12) * (exposed - gray[..., None]))
    grain = cv2.GaussianBlur(fractal((height, width), 0.0, 71), (0, 0), 0.6)
    graded += (grain * 0.014 * (1.0 - 0.5 * graded.mean(axis=2)))[..., None]
    return np.asarray(np.clip(graded * 255.0 + 0.5, 0, 255), np.uint8)
