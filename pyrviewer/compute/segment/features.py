"""What a segmentation sees of an image: maps of three kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pyrviewer.compute.features import to_float
from pyrviewer.compute.network import Network
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pooling import pyramid_pool
from pyrviewer.compute.pooling.input import part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.ticket import Ticket

LONGEST = 640
"""Pixels of the longer side of what the features are made of."""

Kind = Literal["fine", "coarse", "pooled"]

_COARSE, _FINE = 8, 4  # strides
_BINS = (2, 3, 6)
_SMOOTHINGS = (2.0, 6.0)  # pixels of the fine maps
_FLAT = 1e-2  # deviation of maps that say nothing: rounding must not be made large


@dataclass(frozen=True, eq=False)
class Features:
    """Maps of an image, each of mean 0 and deviation 1, made once for any number of heads.

    Attributes
    ----------
    maps : mapping of str to ndarray, shape (C, h, w)
        ``coarse``: of the source, at stride 8. ``pooled``: the same, pooled to grids of 2, 3 and 6
        bins. ``fine``: colours, smoothed colours and their products, and what the source knows of
        edges, at stride 4.
    """

    maps: Mapping[str, Array]


def prepare(
    source: FeatureSource, image: Array, *, longest: int = LONGEST, ticket: Ticket | None = None
) -> Features:
    """Make the features of an image.

    Parameters
    ----------
    source : FeatureSource
        The network, or the filters that stand in for it.
    image : ndarray
        An image; larger ones are reduced to `longest` pixels along their longer side.
    longest : int
        At least 1.
    ticket : Ticket, optional
        Asked between the steps.

    Raises
    ------
    Cancelled
        If the ticket was cancelled.
    """
    seen = part(image, None, min(longest, max(image.shape[:2])))
    sides = seen.shape[:2]
    if source.learned:
        names = used_layers(source)
        asked = list(dict.fromkeys(names))
        found = source.features(seen, asked, output_stride=_COARSE, ticket=ticket)
        edges, deep = (found[name] for name in names)
    else:
        deep = _energy(source, seen, ticket)
        edges = deep[:16]
    coarse = _standard(_resized(deep, _ceil(sides, _COARSE)))
    fine = _ceil(sides, _FINE)
    colours = _colours(seen, fine)
    products = [colours[i] * colours[j] for i in range(6) for j in range(i, 6)]
    stack = np.concatenate([2 * colours, _standard(np.stack(products)), _resized(edges, fine)])
    stack[len(colours) :] = _standard(stack[len(colours) :])
    pooled = np.concatenate(pyramid_pool(coarse, _BINS))
    return Features({"fine": stack, "coarse": coarse, "pooled": _standard(pooled)})


def used_layers(source: FeatureSource) -> tuple[str, str]:
    """Return the layers of a learned network that features are made of, fine and coarse.

    Of a file's network they are the deepest ones that still know places.
    """
    if isinstance(source, Network):
        return "block 3", "block 11"
    fine = [layer.name for layer in source.layers if layer.stride <= _FINE]
    coarse = [layer.name for layer in source.layers if _FINE < layer.stride <= 2 * _COARSE]
    names = fine or [source.layers[0].name]
    return names[-1], (coarse or names)[-1]


def _energy(source: FeatureSource, seen: Array, ticket: Ticket | None) -> Array:
    """Return how strong the answers of filters are around each place: a sign alone says little."""
    names = [layer.name for layer in source.layers]
    shape = _ceil(seen.shape[:2], _COARSE)
    found = source.features(seen, names, ticket=ticket)
    maps = []
    for name, values in found.items():
        strong = np.abs(values) if name.endswith("edges") else values
        maps += [cv2.GaussianBlur(each, (0, 0), 2.0) for each in strong]
    return np.stack([_resized(each[None], shape)[0] for each in maps])


def _colours(seen: Array, shape: tuple[int, int]) -> Array:
    """Return CIELAB colours and their surroundings: 9 maps."""
    rgb = to_float(seen) / np.float32(255)
    small = cv2.resize(rgb, shape[::-1], interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2Lab)
    wider = [cv2.GaussianBlur(lab, (0, 0), sigma) for sigma in _SMOOTHINGS]
    return _standard(np.concatenate([np.moveaxis(each, 2, 0) for each in (lab, *wider)]))


def _ceil(sides: Sequence[int], stride: int) -> tuple[int, int]:
    return -(-sides[0] // stride), -(-sides[1] // stride)


def _resized(maps: Array, shape: tuple[int, ...]) -> Array:
    """Return maps at another size, edges on edges."""
    if maps.shape[1:] == shape:
        return maps
    shrinks = shape[0] < maps.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.stack([cv2.resize(each, shape[::-1], interpolation=method) for each in maps])


def _standard(maps: Array) -> Array:
    centred = maps - maps.mean(axis=(1, 2), keepdims=True)
    return np.asarray(centred / (centred.std(axis=(1, 2), keepdims=True) + _FLAT), np.float32)
