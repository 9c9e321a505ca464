"""Where between the pixels a match lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from pyrviewer.compute.search.scene import Scene
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import Rect

_LOBES = 4
_BLOCK = 72
_ROUNDS = 6
_CLOSE = 1e-2  # the step after it would be about a tenth of it
_FARTHEST = 1.0
_LEAST_GRADIENT = 1e-3
_LEAST_SHARE = 1e-6


def refine_position(template: Template, x: int, y: int) -> tuple[float, float]:
    """Find the position between the pixels at which a template fits best.

    The window of the scene, moved by a fraction of a pixel, is explained as a sum of the template,
    a constant and the template's two gradients; their shares tell how far it is still off. Lucas
    and Kanade, IJCAI 1981, with the gradients of the template (inverse compositional: Baker and
    Matthews, IJCV 56, 2004), which noise in the scene does not bias.

    Parameters
    ----------
    template : Template
        What was found.
    x, y : int
        The best whole-pixel position.

    Returns
    -------
    x, y : float
        Within one pixel of the given ones; these themselves if the template has too little
        structure, along one direction, to tell.
    """
    if min(template.shape) < 3:
        return float(x), float(y)
    left, top, right, bottom = _structured_block(template)
    values = np.atleast_3d(template.values[top:bottom, left:right]).astype(np.float64)
    mask = None if template.mask is None else template.mask[top:bottom, left:right]
    basis = _centred(np.stack([values[1:-1, 1:-1], *_slopes(values)]), mask).reshape(3, -1)
    normal = np.einsum("ik,jk->ij", basis, basis)  # BLAS would wake threads, and wait for them
    along = np.linalg.eigvalsh(normal[1:, 1:])
    norms = np.sqrt(np.diag(normal))
    if along[0] <= _LEAST_GRADIENT * along[1] or norms[0] <= 0:
        return float(x), float(y)
    if np.linalg.eigvalsh(normal / np.outer(norms, norms))[0] <= _LEAST_SHARE:
        return float(x), float(y)  # the template looks like its own gradients
    window = _window(template.scene, (x + left, y + top, x + right, y + bottom))
    inverse, offset = np.linalg.inv(normal), np.zeros(2)
    for _ in range(_ROUNDS):
        moved = _moved(window, offset).reshape(-1)  # the basis has mean 0: no need to centre it
        share, *slopes = inverse @ np.einsum("ik,k->i", basis, moved)
        if share <= 0:
            return float(x), float(y)
        step = -np.array(slopes) / share
        offset += step
        if np.abs(offset).max() > _FARTHEST:
            return float(x), float(y)
        if np.abs(step).max() < _CLOSE:
            break
    return x + float(offset[0]), y + float(offset[1])


def _structured_block(template: Template) -> Rect:
    """Choose the part of a large template whose gradients, in both directions, say most."""
    height, width = template.shape
    if height * width <= _BLOCK**2:
        return 0, 0, width, height
    level = min(2, len(template.kernels) - 1)
    weights = template.kernels[level].weights
    rows, columns = min(height, _BLOCK), min(width, _BLOCK)
    size = max(1, (columns >> level) - 2), max(1, (rows >> level) - 2)  # without its border
    energies = [
        cv2.boxFilter(np.atleast_3d(slope * slope).sum(axis=2), cv2.CV_32F, size, anchor=(0, 0))
        for slope in _slopes(weights)
    ]
    reach = energies[0].shape[0] - size[1] + 1, energies[0].shape[1] - size[0] + 1
    weaker = np.minimum(*energies)[: reach[0], : reach[1]]
    y, x = np.unravel_index(int(weaker.argmax()), weaker.shape)
    top, left = min(int(y) << level, height - rows), min(int(x) << level, width - columns)
    return left, top, left + columns, top + rows


def _slopes(values: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Central differences along rows and along columns, without the border."""
    across = values[1:-1, 2:] - values[1:-1, :-2]
    down = values[2:, 1:-1] - values[:-2, 1:-1]
    return [across / 2, down / 2]


def _centred(
    values: npt.NDArray[np.float64], mask: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.float64]:
    """Take each channel's mean off.

    Under a mask, which still has the border, that goes for what is inside and off its edge; the
    rest becomes 0.
    """
    if mask is None:
        return np.asarray(values - values.mean(axis=(1, 2), keepdims=True))
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    inside = np.asarray(eroded, np.float64)[1:-1, 1:-1, None]
    means = (values * inside).sum(axis=(1, 2), keepdims=True) / max(float(inside.sum()), 1.0)
    return np.asarray((values - means) * inside)


def _window(scene: Scene, rect: Rect) -> npt.NDArray[np.float32]:
    """Cut a part of the scene, with a border for interpolation; its edges are repeated."""
    x0, y0, x1, y1 = rect
    height, width = scene.shape
    over = np.array([_LOBES - y0, y1 + _LOBES - height, _LOBES - x0, x1 + _LOBES - width])
    top, bottom, left, right = np.maximum(over, 0).tolist()
    size = y1 - y0 + 2 * _LOBES - top - bottom, x1 - x0 + 2 * _LOBES - left - right
    (part,) = scene.windows(0, [(x0 - _LOBES + left, y0 - _LOBES + top)], size)
    return np.asarray(
        cv2.copyMakeBorder(part, top, bottom, left, right, cv2.BORDER_REPLICATE), np.float32
    )


def _moved(
    window: npt.NDArray[np.float32], offset: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Interpolate a window `offset` further right and down, where the basis is."""
    moved = cv2.sepFilter2D(window, cv2.CV_32F, *_lanczos(offset)) if offset.any() else window
    inside = slice(_LOBES + 1, -_LOBES - 1)
    return np.asarray(moved[inside, inside], np.float64)


def _lanczos(shifts: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Taps that read a signal so far ahead of the middle one: a windowed sinc of four lobes."""
    at = np.arange(-_LOBES, _LOBES + 1) - shifts[:, None]
    taps = np.where(np.abs(at) < _LOBES, np.sinc(at) * np.sinc(at / _LOBES), 0.0)
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)
