"""Segmentation by scribbles: a linear head on several branches of maps, fitted while one waits.

Ridge regression (Hoerl and Kennard 1970) in its dual form finds the kernels of a 1 x 1 and of
atrous 3 x 3 convolutions, and the weights of pooled and of fine maps, from a few painted strokes.
The branches are those of DeepLab v3+ (Chen et al. 2018); nothing else is trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.atrous import atrous_conv2d
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.guided import GuidedFilter
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.segment.features import LONGEST, Features, Kind, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.ticket import Ticket

__all__ = [
    "LONGEST",
    "MOST_CLASSES",
    "RATES",
    "Branch",
    "Features",
    "Head",
    "Labels",
    "Samples",
    "Stroke",
    "branches",
    "classify",
    "contributions",
    "fit",
    "iou",
    "prepare",
    "rasterise",
    "sample",
    "scores",
    "train",
]

RATES = (1, 2, 4)
"""Rates of the atrous branches, on maps of stride 8."""

MOST_CLASSES = 9

_SAMPLES = 900  # painted pixels that are learned from
_RIDGE = 1e-3
_WEIGHTS = {"fine": 1.0, "coarse": 1.0, "pooled": 0.3}  # of the branches, however many maps

Labels = npt.NDArray[np.uint8]


class Stroke(NamedTuple):
    """A painted line: a class from 1 on, or 0 to erase, and places in pixels of the image."""

    label: int
    radius: float
    points: tuple[tuple[float, float], ...]


def rasterise(strokes: Sequence[Stroke], shape: tuple[int, ...], *, scale: float = 1.0) -> Labels:
    """Paint strokes over each other.

    Parameters
    ----------
    strokes : sequence of Stroke
        Pixel i covers [i, i + 1).
    shape : tuple of int
        Height and width of the result.
    scale : float
        Pixels of the result for each of the image.

    Returns
    -------
    ndarray, shape (H, W), uint8
        The class of every pixel; 0 where nothing was painted.
    """
    labels = np.zeros(shape[:2], np.uint8)
    for stroke in strokes:
        ends = (*stroke.points, stroke.points[-1])  # a line even where there is only a point
        places = np.rint((np.array(ends) * scale - 0.5) * 16).astype(np.int32)
        width = max(1, round(2 * stroke.radius * scale))
        cv2.polylines(labels, [places], False, stroke.label, width, cv2.LINE_8, 4)
    return labels


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


@dataclass(frozen=True, eq=False)
class Samples:
    """Painted pixels, and what the branches see there.

    Attributes
    ----------
    classes : tuple of int
        What was painted.
    columns : mapping of Branch to ndarray, shape (n, C k k)
        What the taps of each branch see, scaled so that no branch counts for having more maps.
    products : mapping of Branch to ndarray, shape (n, n)
        ``columns @ columns.T`` of each branch: heads of any choice of branches need no more.
    targets : ndarray, shape (n, K)
        1 for a pixel's own class, -1 for the others.
    cost : ndarray, shape (n,)
        What an error may cost: more where its class was painted more.
    """

    classes: tuple[int, ...]
    columns: Mapping[Branch, Array]
    products: Mapping[Branch, Array]
    targets: Array
    cost: Array


def sample(
    features: Features,
    labels: Labels,
    chosen: Sequence[Branch],
    *,
    samples: int = _SAMPLES,
    ticket: Ticket | None = None,
) -> Samples:
    """Look at painted pixels through some branches.

    Parameters
    ----------
    features : Features
        Of the image.
    labels : ndarray, shape (H, W), uint8
        Classes as `rasterise` paints them, on the image at any size.
    chosen : sequence of Branch
        Which ones.
    samples : int
        Painted pixels that are taken, shared by the classes, chosen by a fixed seed.
    ticket : Ticket, optional
        Asked before every branch.

    Raises
    ------
    UserError
        For fewer than two classes.
    Cancelled
        If the ticket was cancelled.
    """
    classes = tuple(np.unique(labels[labels > 0]).tolist())
    if len(classes) < 2:
        raise UserError("A segmentation needs strokes of at least two classes.")
    places, targets, cost = _pick(labels, classes, samples)
    columns: dict[Branch, Array] = {}
    for branch in chosen:
        if ticket is not None:
            ticket.check()
        maps = features.maps[branch.kind]
        columns[branch] = _scale(branch, maps) * _gather(maps, branch, places)
    products = {branch: seen @ seen.T for branch, seen in columns.items()}
    return Samples(classes, columns, products, targets, cost)


def fit(
    features: Features, samples: Samples, chosen: Sequence[Branch], *, ridge: float = _RIDGE
) -> Head:
    """Learn classes from samples by ridge regression.

    Parameters
    ----------
    features : Features
        Of the image.
    samples : Samples
        What `sample` returns, for these branches at least.
    chosen : sequence of Branch
        What the head sees.
    ridge : float
        How much large weights cost; every class counts the same.

    Raises
    ------
    UserError
        For no branches.
    """
    if not chosen:
        raise UserError("A segmentation needs at least one branch.")
    kernel = 1 + ridge * np.diag(samples.cost)
    for branch in chosen:
        kernel += samples.products[branch]
    dual = np.linalg.solve(kernel, samples.targets).astype(np.float32)
    weights = {}
    for branch in chosen:
        maps, k = features.maps[branch.kind], branch.kernel
        found = _scale(branch, maps) * (dual.T @ samples.columns[branch])
        weights[branch] = found.reshape(len(samples.classes), len(maps), k, k)
    return Head(samples.classes, weights, dual.sum(axis=0))


def train(
    features: Features,
    labels: Labels,
    chosen: Sequence[Branch],
    *,
    ticket: Ticket | None = None,
) -> Head:
    """Learn classes from painted pixels: `sample`, then `fit`."""
    samples = sample(features, labels, chosen, ticket=ticket)
    return fit(features, samples, chosen)


def _scale(branch: Branch, maps: Array) -> np.float32:
    return np.float32(_WEIGHTS[branch.kind] / np.sqrt(len(maps) * branch.kernel**2))


def _pick(
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
    guide = GuidedFilter(image) if follow_edges else None
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


def classify(head: Head, found: Array) -> Labels:
    """Return the class of every pixel from its scores, H x W uint8."""
    return np.asarray(np.array(head.classes, np.uint8)[found.argmax(axis=0)])


def iou(found: Labels, truth: npt.NDArray[np.bool_], label: int) -> float:
    """Return the intersection over union of a class with the truth; 1 where both are empty."""
    own = found == label
    union = np.count_nonzero(own | truth)
    return float(np.count_nonzero(own & truth) / union) if union else 1.0
