"""A template made ready for a scene: one kernel per octave, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.image import Array, check
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search.scene import Scene, halve_template, to_gray
from pyrviewer.compute.search.zncc import Kernel, Reference, make_kernel, make_reference

_Mask = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.float32]

_FULL = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}

_LEAST_SIDE = 8
_LEAST_SHARE = 0.25
_FEWEST = 3  # pixels of the shorter side: less has no pattern


@dataclass(frozen=True, eq=False)
class Template:
    """A template in the units of a scene.

    Attributes
    ----------
    scene : Scene
        What to search in: in gray if the template is.
    values : (h, w) or (h, w, 3) array
        The template's pixels in the scene's units: uint8 if both are, else float32 or as given.
    mask : (h, w) bool array or None
        The pixels that count.
    kernels : tuple of Kernel
        By octave, as long as the template has a pixel there and some contrast.
    reference : Reference
        For the last word, in float64.
    notes : tuple of str
        One sentence for each thing that was converted.
    """

    scene: Scene
    values: Array
    mask: _Mask | None
    kernels: tuple[Kernel, ...]
    reference: Reference
    notes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.values.shape[0], self.values.shape[1]

    def promise(self, level: int) -> tuple[float, float]:
        """Return what an octave can tell of the score at full resolution.

        Returns
        -------
        share : float
            The share of the template's energy that the octave shows, 0 to 1.
        loss : float
            What a copy half way between the octave's pixels loses: to the side, below or across,
            whichever is worst.
        """
        octave = self.kernels[level].weights
        rows, columns = octave.shape[:2]
        finer = self.kernels[level - 1].weights[: 2 * rows, : 2 * columns]
        across = halve_template(finer[:, 1:])
        below = halve_template(finer[1:])
        both = halve_template(finer[1:, 1:])
        left, upper = octave[:, :-1], octave[:-1]
        scores = [_likeness(across, left), _likeness(below, upper)]
        scores += [_likeness(both, upper[:, :-1]), _likeness(both, upper[:, 1:])]
        share = (self.kernels[level].norm * 2**level / self.kernels[0].norm) ** 2
        return min(share, 1.0), 1 - min(scores)

    def warnings(self, coarsest: int) -> tuple[str, ...]:
        """Return one sentence for each octave up to `coarsest` that is too small or too flat."""
        found = []
        for level, kernel in enumerate(self.kernels[: coarsest + 1]):
            height, width = kernel.shape
            if min(height, width) < _LEAST_SIDE and level > 0:
                found.append(
                    f"At octave {level} the template is only {width} x {height} pixels: too few "
                    "to be trusted."
                )
            elif kernel.deviation < _LEAST_SHARE * self.kernels[0].deviation:
                share = 100 * kernel.deviation / self.kernels[0].deviation
                found.append(
                    f"At octave {level} the template keeps only {share:.0f} % of its contrast: "
                    "too flat to be trusted."
                )
        return tuple(found)


def prepare(scene: Scene, template: Array, mask: Array | None) -> Template:
    """Bring a template to the channels and units of a scene.

    Parameters
    ----------
    scene : Scene
        Where to look.
    template : (h, w), (h, w, 3) or (h, w, 4) array of uint8, uint16 or float32
        Transparent pixels (alpha under one half) do not count.
    mask : (h, w) array, optional
        Not 0 for the pixels that count.

    Returns
    -------
    Template

    Raises
    ------
    ValueError
        If the template is not an image, or the mask is of another shape.
    UserError
        If it is larger than the scene, all masked out, not finite or without any contrast.
    """
    check(template)
    if template.dtype == np.float32 and not cv2.checkRange(template)[0]:
        raise UserError("The template holds samples that are not finite (NaN or infinity).")
    inside = _mask(template, mask)
    pixels = template[:, :, :3] if template.ndim == 3 else template
    scene, pixels, notes = _same_channels(scene, pixels)
    height, width = pixels.shape[:2]
    if height > scene.shape[0] or width > scene.shape[1]:
        raise UserError(
            f"The template, {width} x {height} pixels, is larger than the scene, "
            f"{scene.shape[1]} x {scene.shape[0]}."
        )
    values = _same_dtype(scene, pixels)
    reference = make_reference(values, inside)
    extent = max(float(values.max()), -float(values.min()))
    if reference.norm <= 1e-6 * max(extent, 1e-30) * np.sqrt(height * width):
        what = "inside its mask " if inside is not None else ""
        raise UserError(
            f"The template has no contrast {what}to be found by: its pixels are all the same."
        )
    kernels = _kernels(scene, values, inside, reference)
    return Template(scene, values, inside, kernels, reference, notes)


def _mask(template: Array, mask: Array | None) -> _Mask | None:
    """Join the mask and the transparency; None if every pixel counts."""
    transparent = template.ndim == 3 and template.shape[2] == 4
    if mask is None and not transparent:
        return None
    inside: _Mask = np.ones(template.shape[:2], np.bool_)
    if mask is not None:
        if mask.shape != template.shape[:2]:
            msg = f"a mask of shape {mask.shape} does not fit a template of {template.shape}"
            raise ValueError(msg)
        inside &= mask != 0
    if transparent:
        inside &= template[:, :, 3] >= _FULL[template.dtype.name] / 2
    if not inside.any():
        raise UserError("The template is masked out entirely: no pixel of it counts.")
    return None if inside.all() else inside


def _same_channels(scene: Scene, pixels: Array) -> tuple[Scene, Array, tuple[str, ...]]:
    """Gray against gray or colour against colour."""
    if pixels.ndim == 2 and scene.channels == 3:
        note = "The template is gray: it was looked for in the scene's luminance."
        return scene.gray(), pixels, (note,)
    if pixels.ndim == 3 and scene.channels == 1:
        note = "The scene is gray: the template's luminance was looked for."
        return scene, to_gray(np.ascontiguousarray(pixels)), (note,)
    return scene, pixels, ()


def _same_dtype(scene: Scene, pixels: Array) -> Array:
    """Template in the scene's dtype, or in float32 of its range; nothing is rounded."""
    if pixels.dtype == scene.pixels.dtype:
        return np.ascontiguousarray(pixels)
    share = _FULL[scene.pixels.dtype.name] / _FULL[pixels.dtype.name]
    return pixels.astype(np.float32) * np.float32(share)


def _kernels(
    scene: Scene, values: Array, inside: _Mask | None, reference: Reference
) -> tuple[Kernel, ...]:
    """Make the kernels of all octaves that the template reaches."""
    octave = values.astype(np.float32)
    octave -= np.float32(scene.offset)
    if scene.gain != 1:
        octave *= np.float32(1 / scene.gain)
    mask = None if inside is None else inside.astype(np.float32)
    weights = reference.weights.reshape(values.shape).astype(np.float32)
    finest = Kernel(weights, mask, reference.count, reference.norm / scene.gain, octave)
    kernels, cover = [finest], mask
    while min(octave.shape[:2]) >= 2 * _FEWEST:
        octave = halve_template(octave)
        if cover is not None:
            cover = halve_template(cover)
            mask = _covered(cover)
        kernel = make_kernel(octave, mask)
        if kernel.count < 2 or kernel.norm <= 1e-6 * kernels[0].norm:
            break
        kernels.append(kernel)
    return tuple(kernels)


def _likeness(between: _Floats, octave: _Floats) -> float:
    """Score part of an octave against what is made half a pixel aside."""
    norm = cv2.norm(between) * cv2.norm(octave) if between.size else 0.0
    return float(np.vdot(between, octave)) / norm if norm > 0 else 0.0


def _covered(cover: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Cells that lie inside the mask; if these are few, those that lie inside by half."""
    full = cover > 0.99
    if full.sum() < 0.5 * cover.sum():
        full = cover >= 0.5
    return full.astype(np.float32)
