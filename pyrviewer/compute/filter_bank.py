"""Filters that were chosen by hand, to have maps where the network is not installed.

Nothing here is learned: oriented Gabors find edges and lines, colour opponents find colours, on the
octaves of the image.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import pixels
from pyrviewer.compute.features import FeatureSource, Layer, ReceptiveField, to_float
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyrviewer.compute.ticket import Ticket

Array = npt.NDArray[Any]

OCTAVES = 4
ORIENTATIONS = 8
_SIZE, _SIGMA, _WAVELENGTH = 13, 2.2, 5.0  # pixels of the octave; a bandwidth of about 1.4 octaves
_OPPONENTS = np.array([[0.5, -0.5, 0], [-0.25, -0.25, 0.5]], np.float32) / np.float32(255)


def gabors() -> Array:
    """Return the oriented filters: even and odd ones for each angle, ``2 ORIENTATIONS`` x k x k.

    Filter ``2 i`` is a cosine and ``2 i + 1`` a sine across lines that lie at
    ``90 + i 180 / ORIENTATIONS`` degrees, under a round Gaussian (Daugman 1985). Each sums to 0, so
    that flat areas give 0, and its squares sum to 1.
    """
    across = np.arange(_SIZE) - _SIZE // 2
    y, x = np.meshgrid(across, across, indexing="ij")
    window = np.exp(-(x**2 + y**2) / (2 * _SIGMA**2))
    found = []
    for angle in np.arange(ORIENTATIONS) * math.pi / ORIENTATIONS:
        phase = 2 * math.pi / _WAVELENGTH * (x * math.cos(angle) + y * math.sin(angle))
        for wave in (np.cos(phase), np.sin(phase)):
            kernel = window * wave
            kernel -= window * (kernel.sum() / window.sum())
            found.append(kernel / np.linalg.norm(kernel))
    return np.array(found, np.float32)


class FilterBank(FeatureSource):
    """Maps of an image from filters that are not learned; used as the network is.

    Layers are ``octave 0 edges`` (even and odd Gabors, see `gabors`) and ``octave 0 colours`` (red
    against green, blue against yellow) to those of octave 3. Values are those of an image of 0 to
    1.
    """

    name = "Filters that are not learned"
    learned = False

    def __init__(self) -> None:
        self._gabors = gabors()
        super().__init__(_describe())

    def features(
        self,
        image: Array,
        layers: Sequence[str],
        *,
        output_stride: int = 32,
        ticket: Ticket | None = None,
    ) -> dict[str, Array]:
        """Compute the maps of some layers; the output stride makes no difference."""
        pixels.check(image)
        wanted = [self.layer(name) for name in layers]
        octave = to_float(image)
        found: dict[str, Array] = {}
        for level in range(OCTAVES):
            if ticket is not None:
                ticket.check(level / OCTAVES)
            if level:
                octave = np.asarray(cv2.pyrDown(octave))
            for layer in wanted:
                if layer.stride == 1 << level:
                    make = self._edges if layer.kind == "edges" else _colours
                    found[layer.name] = make(octave, ticket)
        return {name: found[name] for name in layers}

    def _edges(self, octave: Array, ticket: Ticket | None) -> Array:
        gray = octave.mean(2) / np.float32(255)
        maps = np.empty((len(self._gabors), *gray.shape), np.float32)
        for kernel, result in zip(self._gabors, maps, strict=True):
            if ticket is not None:
                ticket.check()
            # OpenCV cannot mirror more than there is.
            border = cv2.BORDER_REFLECT_101 if min(gray.shape) > 1 else cv2.BORDER_REPLICATE
            cv2.filter2D(gray, -1, kernel, result, borderType=border)
        return maps


def _colours(octave: Array, _ticket: Ticket | None) -> Array:
    height, width = octave.shape[:2]
    return (_OPPONENTS @ octave.reshape(-1, 3).T).reshape(-1, height, width)


def _describe() -> Iterator[Layer]:
    """Name the layers; an octave's pixel sees ``4 (2^k - 1) + 1`` pixels of the image."""
    for level in range(OCTAVES):
        jump = 1 << level
        reach = 2 * (jump - 1)
        edges = ReceptiveField(
            (_SIZE - 1) * jump + 2 * reach + 1, jump, -(_SIZE // 2) * jump - reach
        )
        colours = ReceptiveField(2 * reach + 1, jump, -reach)
        yield Layer(f"octave {level} edges", "edges", 2 * ORIENTATIONS, jump, None, edges)
        yield Layer(f"octave {level} colours", "colours", len(_OPPONENTS), jump, None, colours)
