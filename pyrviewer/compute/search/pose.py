"""A template turned and scaled, and the exact pose at which it fits best."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search.zncc import Kernel, make_kernel

if TYPE_CHECKING:
    from pyrviewer.compute.search.template import Template

_Floats = npt.NDArray[np.float64]

_INSIDE = 0.98
_LEAST_PIXELS = 12
_ROUNDS = 12
_BORDER = 6
_FARTHEST = 3.0


@dataclass(frozen=True)
class Pose:
    """Where the middle of a template lies on the scene, in scene pixels, and how it is turned.

    Attributes
    ----------
    x, y : float
        Edge coordinates of the middle.
    angle : float
        Degrees, counter-clockwise as seen on the screen.
    scale : float
        Size in the scene over size of the template.
    """

    x: float
    y: float
    angle: float
    scale: float

    @property
    def matrix(self) -> _Floats:
        """Offsets from the template's middle to offsets on the scene."""
        return linear(self.angle, self.scale)


def linear(angle: float, scale: float) -> _Floats:
    """Return the (2, 2) matrix that turns counter-clockwise, y pointing down, and scales."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return scale * np.array([[cos, sin], [-sin, cos]])


def turned_kernel(template: Template, level: int, angle: float, scale: float) -> Kernel | None:
    """Make a kernel of the turned and scaled template at an octave, in its bounding box.

    The middle of the template lies on the middle of the box. None if too little is left of it.
    """
    # From the octave whose pixels are about as large as those that are made.
    source = round(level - math.log2(scale))
    source = min(max(source, 0), len(template.kernels) - 1)
    kernel = template.kernels[source]
    height, width = template.shape
    matrix = linear(angle, scale)
    extent = np.abs(matrix) @ np.array([width, height]) / 2**level
    columns, rows = max(1, math.ceil(extent[0] - 1e-6)), max(1, math.ceil(extent[1] - 1e-6))
    back = np.linalg.inv(matrix) * 2.0 ** (level - source)
    middle = np.array([width, height]) / 2 ** (source + 1)
    shift = back @ (0.5 - np.array([columns, rows]) / 2) + middle - 0.5
    affine = np.column_stack([back, shift])
    size, how = (columns, rows), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cover = np.ones(kernel.shape, np.float32) if kernel.mask is None else kernel.mask
    inside = np.asarray(cv2.warpAffine(cover, affine, size, flags=how, borderValue=0)) >= _INSIDE
    if np.count_nonzero(inside) < _LEAST_PIXELS:
        return None
    values = kernel.pixels.astype(np.float32)
    turned = cv2.warpAffine(values, affine, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    made = make_kernel(np.asarray(turned, np.float32), inside.astype(np.float32))
    return made if made.norm > 0 else None


def refine_pose(
    template: Template, pose: Pose, *, turning: bool, scaling: bool
) -> tuple[Pose, float]:
    """Find the pose at which a template fits best, and the score there.

    The scene, sampled on the template's pixels, is explained as a sum of the template, a constant
    and what small motions of the template add to it; see `subpixel`.

    Returns
    -------
    pose : Pose
        The given one if nothing near it fits better.
    score : float
    """
    height, width = template.shape
    values = np.atleast_3d(template.values).astype(np.float64)
    inside = np.ones((height, width, 1)) if template.mask is None else template.mask[:, :, None]
    edge = inside.astype(np.uint8).reshape(height, width)
    square = np.ones((3, 3), np.uint8)
    edge = np.asarray(cv2.erode(edge, square, borderType=cv2.BORDER_CONSTANT), np.uint8)
    edge[[0, -1]], edge[:, [0, -1]] = 0, 0
    motions = _motions(values, turning, scaling)
    basis = np.stack([_centred(part, edge) for part in (values, *motions)]).reshape(
        len(motions) + 1, -1
    )
    normal = np.einsum("ik,jk->ij", basis, basis)  # BLAS would wake threads, and wait for them
    best, best_score = pose, _score(template, pose, values, inside)
    current = pose
    for _ in range(_ROUNDS):
        sampled = _centred(_sampled(template, current), edge).ravel()
        shares = np.linalg.lstsq(normal, np.einsum("ik,k->i", basis, sampled), rcond=1e-9)[0]
        if shares[0] <= 0:
            break
        current = _moved(current, shares[1:] / shares[0], turning, scaling)
        if math.hypot(current.x - pose.x, current.y - pose.y) > _FARTHEST:
            break
        score = _score(template, current, values, inside)
        if score <= best_score + 1e-7:
            if score > best_score:
                best, best_score = current, score
            break
        best, best_score = current, score
    return best, best_score


def _motions(values: _Floats, turning: bool, scaling: bool) -> list[_Floats]:
    """Return what moving right and down, turning and growing a little add to a template."""
    height, width = values.shape[:2]
    across, down = np.gradient(values, axis=1), np.gradient(values, axis=0)
    x = (np.arange(width) + 0.5 - width / 2)[None, :, None]
    y = (np.arange(height) + 0.5 - height / 2)[:, None, None]
    motions = [across, down]
    if turning:
        motions.append(across * y - down * x)
    if scaling:
        motions.append(across * x + down * y)
    return motions


def _moved(pose: Pose, motion: _Floats, turning: bool, scaling: bool) -> Pose:
    """Undo a small motion, given in the template's frame."""
    x, y = pose.matrix @ motion[:2]
    moved = replace(pose, x=pose.x - float(x), y=pose.y - float(y))
    rest = [float(part) for part in motion[2:]]
    if turning:
        moved = replace(moved, angle=moved.angle - math.degrees(rest.pop(0)))
    if scaling:
        moved = replace(moved, scale=moved.scale * math.exp(-max(-0.1, min(0.1, rest.pop(0)))))
    return moved


def _centred(values: _Floats, inside: npt.NDArray[np.generic]) -> _Floats:
    """Values less each channel's mean inside a mask, 0 outside."""
    weights = inside.reshape(*inside.shape[:2], 1).astype(np.float64)
    means = (values * weights).sum(axis=(0, 1)) / max(float(weights.sum()), 1.0)
    return np.asarray((values - means) * weights)


def _sampled(template: Template, pose: Pose) -> _Floats:
    """Read the scene at the template's pixels."""
    height, width = template.shape
    matrix = pose.matrix
    reach = np.abs(matrix) @ np.array([width, height]) / 2 + _BORDER
    scene = template.scene
    x0, x1 = max(0, int(pose.x - reach[0])), min(scene.shape[1], int(pose.x + reach[0]) + 1)
    y0, y1 = max(0, int(pose.y - reach[1])), min(scene.shape[0], int(pose.y + reach[1]) + 1)
    part = scene.patch(0, (x0, y0, x1, y1)).astype(np.float32, copy=False)
    shift = np.array([pose.x - x0, pose.y - y0]) - matrix @ np.array([width - 1, height - 1]) / 2
    affine = np.column_stack([matrix, shift - 0.5])
    how = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(
        part, affine, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE
    )
    return np.atleast_3d(sampled).astype(np.float64)


def _score(
    template: Template, pose: Pose, values: _Floats, inside: npt.NDArray[np.generic]
) -> float:
    """ZNCC of the template with the scene sampled at a pose."""
    sampled, weights = _centred(_sampled(template, pose), inside), _centred(values, inside)
    norm = math.sqrt(float((sampled**2).sum()) * float((weights**2).sum()))
    return float((sampled * weights).sum()) / norm if norm > 0 else 0.0
