"""Scenes and templates for the tests of the search."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import skimage.data

from pyrviewer.compute.opencv import cv2

Array = npt.NDArray[Any]


def camera() -> Array:
    return np.asarray(skimage.data.camera())


def large() -> Array:
    """Enlarge a photo to 4 MP."""
    photo = np.asarray(skimage.data.camera())
    return np.asarray(cv2.resize(photo, (2048, 2048), interpolation=cv2.INTER_CUBIC))


def noisy(template: Array, deviation: float, seed: int = 0) -> Array:
    noise = np.random.default_rng(seed).normal(0, deviation, template.shape)
    return np.clip(np.rint(template + noise), 0, 255).astype(np.uint8)
