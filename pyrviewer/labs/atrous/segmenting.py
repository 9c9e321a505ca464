"""Learning from strokes, for worker threads."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import segment
from pyrviewer.compute.pooling.input import part
from pyrviewer.labs.atrous import run
from pyrviewer.labs.atrous.state import BRANCHES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.segment import Branch, Features, Head, Labels, Stroke
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.atrous.run import Tile

CLASS_COLOURS = (
    "#ff5d5d", "#4c8dff", "#3fb950", "#ffd34d", "#c58fff", "#39c5cf", "#ffa657", "#f778ba",
    "#9aa1ab",
)  # fmt: skip
LIVE = 1_200_000  # pixels of the mask while one paints
SMALL = 60_000  # pixels on which sets of branches are compared
COVER, BORDER = 95, 255  # of 255: inside a class, and along its border


@dataclass(frozen=True, eq=False)
class SegmentRequest:
    """Strokes, and what to learn them with."""

    pixels: Array
    features: Features
    strokes: tuple[Stroke, ...]
    branches: tuple[str, ...]
    rates: tuple[int, ...]
    edges: bool

    def same_as(self, other: SegmentRequest | None) -> bool:
        """Tell whether the mask would be the same."""
        mine, others = (
            (r.strokes, set(r.branches), r.rates, r.edges) if r is not None else None
            for r in (self, other)
        )
        return other is not None and self.features is other.features and mine == others


@dataclass(frozen=True, eq=False)
class Segmented:
    """What was learned and what it says of every pixel.

    Attributes
    ----------
    labels : (h, w) uint8 array
        The classes, at no more than `LIVE` pixels.
    shown : (h, w, 4) uint8 array
        The same in colours: B, G, R, A.
    shares : dict of int to float
        Of the pixels, by class.
    seconds : float
        From the strokes to the mask.
    """

    request: SegmentRequest
    head: Head
    added: dict[Branch, Array]
    labels: Array
    shown: Array
    shares: dict[int, float]
    seconds: float


def prepare(ticket: Ticket, source: FeatureSource, pixels: Array) -> Features:
    """Make the features of an image."""
    ticket.check()
    return segment.prepare(source, pixels, ticket=ticket)


def group_of(branch: Branch) -> str:
    """Return the switch that a branch belongs to."""
    return "atrous" if branch.kernel > 1 else branch.name


def chosen_branches(groups: Sequence[str], rates: Sequence[int]) -> list[Branch]:
    """Return the branches of the switches that are on."""
    return [branch for branch in segment.branches(rates) if group_of(branch) in groups]


def reduced(pixels: Array, most: int) -> Array:
    """Return an image of at most so many pixels."""
    height, width = pixels.shape[:2]
    ratio = min(1.0, math.sqrt(most / (height * width)))
    return part(pixels, None, max(1, round(max(height, width) * ratio)))


def _labels(request: SegmentRequest, image: Array) -> Labels:
    """Paint the strokes on the image at another size."""
    scale = image.shape[1] / request.pixels.shape[1]
    return segment.rasterise(request.strokes, image.shape, scale=scale)


def run_segment(ticket: Ticket, request: SegmentRequest) -> Segmented:
    """Learn the strokes and classify every pixel."""
    start = time.perf_counter()
    image = reduced(request.pixels, LIVE)
    labels = _labels(request, image)
    head = segment.train(
        request.features, labels, chosen_branches(request.branches, request.rates), ticket=ticket
    )
    added = segment.contributions(head, request.features, ticket=ticket)
    scores = segment.scores(head, added, image, follow_edges=request.edges, ticket=ticket)
    found = segment.classify(head, scores)
    seconds = time.perf_counter() - start
    shares = {label: float(np.mean(found == label)) for label in head.classes}
    return Segmented(request, head, added, found, paint(found), shares, seconds)


def paint(labels: Array) -> Array:
    """Return classes in their colours, with their borders: B, G, R, A."""
    table = np.zeros((len(CLASS_COLOURS) + 1, 4), np.uint8)
    for index, colour in enumerate(CLASS_COLOURS, 1):
        red, green, blue = bytes.fromhex(colour[1:])
        table[index] = blue, green, red, COVER
    shown = table[labels]
    border = np.zeros(labels.shape, bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    shown[border & (labels > 0), 3] = BORDER
    return shown


def without_each(ticket: Ticket, found: Segmented) -> dict[str, float]:
    """Return the share of pixels that change class when a branch is left out, by its switch."""
    request = found.request
    small = reduced(request.pixels, SMALL)
    labels = _labels(request, reduced(request.pixels, LIVE))
    features, every = request.features, chosen_branches(request.branches, request.rates)
    samples = segment.sample(features, labels, every, ticket=ticket)

    def classes(groups: Sequence[str]) -> Array:
        ticket.check()
        head = segment.fit(features, samples, chosen_branches(groups, request.rates))
        added = segment.contributions(head, features, ticket=ticket)
        scores = segment.scores(head, added, small, follow_edges=False, ticket=ticket)
        return segment.classify(head, scores)

    groups = [group for group in BRANCHES if group in request.branches]
    if len(groups) < 2:
        return {}
    whole = classes(groups)
    return {
        group: float(np.mean(classes([other for other in groups if other != group]) != whole))
        for group in groups
    }


def branch_tiles(
    found: Segmented, label: int, shape: tuple[int, ...], ticket: Ticket
) -> list[Tile]:
    """Return what each branch says for a class, against the best of the others."""
    classes = found.head.classes
    own = classes.index(label) if label in classes else 0
    tiles = []
    for branch, scores in found.added.items():
        others = np.delete(scores, own, axis=0).max(axis=0)
        margin = (scores[own] - others)[None]
        step = shape[1] / margin.shape[2], shape[0] / margin.shape[1]
        title = branch.name.capitalize().replace("x", "×")
        tiles.append(run.signed_tile(title, margin, ticket, step=step))
    return tiles


def full_mask(ticket: Ticket, found: Segmented) -> Array:
    """Return the classes of every pixel of the image itself."""
    request = found.request
    scores = segment.scores(
        found.head, found.added, request.pixels, follow_edges=request.edges, ticket=ticket
    )
    return segment.classify(found.head, scores)
