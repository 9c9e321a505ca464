"""Segmentation by scribbles: a linear head on several branches of maps, fitted while one waits.

Ridge regression (Hoerl and Kennard 1970) in its dual form finds the kernels of a 1 x 1 and of
atrous 3 x 3 convolutions, and the weights of pooled and of fine maps, from a few painted strokes.
The branches are those of DeepLab v3+ (Chen et al. 2018); nothing else is trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.atrous import atrous_conv2d
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.features import to_float
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pooling import pyramid_pool
from pyrviewer.compute.pooling_input import part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.ticket import Ticket

LONGEST = 640
"""Pixels of the longer side of what the features are made of."""

RATES = (1, 2, 4)
"""Rates of the atrous branches, on maps of stride 8."""

MOST_CLASSES = 9

_COARSE, _FINE = 8, 4  # strides
_BINS = (2, 3, 6)
_SAMPLES = 900  # painted pixels that are learned from
_RIDGE = 1e-3
_WEIGHTS = {"fine": 2.0, "coarse": 1.0, "pooled": 0.3}  # of the branches, however many maps
_SMOOTHINGS = (2.0, 6.0)  # pixels of the fine maps
_EDGE = 1e-3  # variance of a guide of 0 to 1 below which it has no edges

Labels = npt.NDArray[np.uint8]
Kind = Literal["fine", "coarse", "pooled"]


class Stroke(NamedTuple):
    """A painted line: a class from 1 on, or 0 to erase, and places in pixels of the image."""

    label: int
    radius: float
    points: tuple[tuple[float, float], ...]


def rasterise(strokes: Sequence[Stroke], shape: tuple[int, ...]) -> Labels:
    """Paint strokes over each other.

    Parameters
    ----------
    strokes : sequence of Stroke
        Pixel i covers [i, i + 1).
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    ndarray, shape (H, W), uint8
        The class of every pixel; 0 where nothing was painted.
    """
    labels = np.zeros(shape[:2], np.uint8)
    for stroke in strokes:
        places = np.rint((np.array(stroke.points) - 0.5) * 16).astype(np.int32)
        width = max(1, round(2 * stroke.radius))
        cv2.polylines(labels, [places], False, stroke.label, width, cv2.LINE_8, 4)
    return labels


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


@dataclass(frozen=True)
class Branch:
    """A convolution over some of the features."""

    name: str
    kind: Kind
    kernel: int = 1
    rate: int = 1


def branches(rates: Sequence[int] = RATES) -> tuple[Branch, ...]:
    """Return all branches: fine maps, 1 x 1, one for each rate, pooled maps."""
    return (
        Branch("low level", "fine"),
        Branch("1 x 1", "coarse"),
        *(Branch(f"rate {rate}", "coarse", 3, rate) for rate in rates),
        Branch("pooling", "pooled"),
    )


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
        found = source.features(seen, ["block 3", "block 11"], output_stride=8, ticket=ticket)
        deep, edges = found["block 11"], found["block 3"]
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
    return np.asarray(centred / (centred.std(axis=(1, 2), keepdims=True) + 1e-6), np.float32)


@dataclass(frozen=True, eq=False)
class Head:
    """What was learned: kernels for each branch, a bias for each class.

    Attributes
    ----------
    classes : tuple of int
        What the scores stand for.
    weights : mapping of Branch to ndarray, shape (K, C, k, k)
        The kernels, K classes long.
    bias : ndarray, shape (K,)
        Added to the scores.
    """

    classes: tuple[int, ...]
    weights: Mapping[Branch, Array]
    bias: Array


def train(
    features: Features,
    labels: Labels,
    chosen: Sequence[Branch],
    *,
    samples: int = _SAMPLES,
    ridge: float = _RIDGE,
    ticket: Ticket | None = None,
) -> Head:
    """Learn classes from painted pixels.

    Parameters
    ----------
    features : Features
        Of the image.
    labels : ndarray, shape (H, W), uint8
        Classes as `rasterise` paints them, on the image at any size.
    chosen : sequence of Branch
        What the head sees.
    samples : int
        Painted pixels that are learned from, shared by the classes, chosen by a fixed seed.
    ridge : float
        How much large weights cost; every class counts the same.
    ticket : Ticket, optional
        Asked before every branch.

    Raises
    ------
    UserError
        For no branches, and fewer than two classes.
    Cancelled
        If the ticket was cancelled.
    """
    classes = tuple(int(label) for label in np.unique(labels) if label)
    if len(classes) < 2:
        raise UserError("A segmentation needs strokes of at least two classes.")
    if not chosen:
        raise UserError("A segmentation needs at least one branch.")
    places, targets, cost = _sample(labels, classes, samples)
    seen: dict[Branch, Array] = {}
    kernel = np.ones((len(places), len(places)))
    for branch in chosen:
        if ticket is not None:
            ticket.check()
        maps = features.maps[branch.kind]
        seen[branch] = _scale(branch, maps) * _gather(maps, branch, places)
        kernel += seen[branch] @ seen[branch].T
    dual = np.linalg.solve(kernel + ridge * np.diag(cost), targets).astype(np.float32)
    weights = {}
    for branch, columns in seen.items():
        maps, k = features.maps[branch.kind], branch.kernel
        found = _scale(branch, maps) * (dual.T @ columns)
        weights[branch] = found.reshape(len(classes), len(maps), k, k)
    return Head(classes, weights, dual.sum(axis=0))


def _scale(branch: Branch, maps: Array) -> np.float32:
    return np.float32(_WEIGHTS[branch.kind] / np.sqrt(len(maps) * branch.kernel**2))


def _sample(
    labels: Labels, classes: Sequence[int], samples: int
) -> tuple[npt.NDArray[np.float64], Array, Array]:
    """Return places as shares of the sides, targets of 1 and -1, and what an error may cost."""
    rng = np.random.default_rng(0)
    each = max(1, samples // len(classes))
    flat = labels.ravel()
    picked = [rng.permutation(np.flatnonzero(flat == label))[:each] for label in classes]
    rows, columns = np.divmod(np.concatenate(picked), labels.shape[1])
    places = np.stack([(columns + 0.5) / labels.shape[1], (rows + 0.5) / labels.shape[0]], axis=1)
    own = np.repeat(np.arange(len(classes)), [len(each) for each in picked])
    targets = np.where(own[:, None] == np.arange(len(classes)), 1.0, -1.0)
    cost = len(classes) * np.array([len(each) for each in picked])[own]
    return places, targets, cost


def _gather(maps: Array, branch: Branch, places: npt.NDArray[np.float64]) -> Array:
    """Return what the taps of a branch see at places between pixels: n x (C k k)."""
    channels, height, width = maps.shape
    k, reach = branch.kernel, branch.rate * (branch.kernel // 2)
    sides = (width, height)
    x, y = (np.clip(places[:, i] * n - 0.5, 0, n - 1) for i, n in enumerate(sides))
    left, top = x.astype(int), y.astype(int)
    dx, dy = (x - left).astype(np.float32), (y - top).astype(np.float32)
    padded = np.pad(maps, ((0, 0), (reach, reach + 1), (reach, reach + 1)))
    found = np.empty((len(places), channels, k, k), np.float32)
    for i, j in np.ndindex(k, k):
        rows, columns = top + i * branch.rate, left + j * branch.rate
        upper = padded[:, rows, columns] * (1 - dx) + padded[:, rows, columns + 1] * dx
        lower = padded[:, rows + 1, columns] * (1 - dx) + padded[:, rows + 1, columns + 1] * dx
        found[:, :, i, j] = (upper * (1 - dy) + lower * dy).T
    return found.reshape(len(places), -1)


def contributions(
    head: Head, features: Features, *, ticket: Ticket | None = None
) -> dict[Branch, Array]:
    """Return what each branch adds to the scores, K x h x w at the stride of its maps."""
    return {
        branch: atrous_conv2d(features.maps[branch.kind], weights, branch.rate, ticket=ticket)
        for branch, weights in head.weights.items()
    }


def scores(
    head: Head,
    added: Mapping[Branch, Array],
    image: Array,
    *,
    follow_edges: bool = True,
    ticket: Ticket | None = None,
) -> Array:
    """Return the scores of the classes, K x H x W.

    Parameters
    ----------
    head : Head
        What was learned.
    added : mapping of Branch to ndarray
        What `contributions` returns.
    image : ndarray
        The image, at the size that is asked for.
    follow_edges : bool
        Let the borders of the classes follow those of the image: a guided filter over a
        hundredth of the longer side (He, Sun and Tang 2013).
    ticket : Ticket, optional
        Asked before every class.

    Raises
    ------
    Cancelled
        If the ticket was cancelled.
    """
    height, width = image.shape[:2]
    by_shape: dict[tuple[int, ...], Array] = {}
    for maps in added.values():
        shape = maps.shape[1:]
        by_shape[shape] = by_shape[shape] + maps if shape in by_shape else maps
    guide = _Guide(image) if follow_edges else None
    result = np.empty((len(head.classes), height, width), np.float32)
    for k, whole in enumerate(result):
        if ticket is not None:
            ticket.check()
        whole[:] = head.bias[k]
        for maps in by_shape.values():
            whole += cv2.resize(maps[k], (width, height), interpolation=cv2.INTER_LINEAR)
        if guide is not None:
            whole[:] = guide.filter(whole)
    return result


class _Guide:
    """A filter whose result is, around each pixel, a linear function of the image's gray."""

    def __init__(self, image: Array) -> None:
        self._gray = to_float(image).mean(axis=2) / np.float32(255)
        side = 2 * max(2, round(max(image.shape[:2]) / 100)) + 1
        self._side = (side, side)
        self._mean = self._box(self._gray)
        self._variance = self._box(self._gray**2) - self._mean**2 + np.float32(_EDGE)

    def _box(self, values: Array) -> Array:
        return np.asarray(cv2.blur(values, self._side, borderType=cv2.BORDER_REPLICATE))

    def filter(self, values: Array) -> Array:
        mean = self._box(values)
        slope = (self._box(self._gray * values) - self._mean * mean) / self._variance
        return np.asarray(self._box(slope) * self._gray + self._box(mean - slope * self._mean))


def classify(head: Head, found: Array) -> Labels:
    """Return the class of every pixel from its scores, H x W uint8."""
    return np.take(np.array(head.classes, np.uint8), found.argmax(axis=0))


def iou(found: Labels, truth: npt.NDArray[np.bool_], label: int) -> float:
    """Return the intersection over union of a class with the truth; 1 where both are empty."""
    own = found == label
    union = np.count_nonzero(own | truth)
    return float(np.count_nonzero(own & truth) / union) if union else 1.0
