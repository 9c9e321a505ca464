"""Learning from strokes, against ridge regression, correlation and filters written out here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage
from support import PHOTOS, Array

from pyrviewer.compute import image, network, segment
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.filter_bank import FilterBank
from pyrviewer.compute.segment import Branch, Features, Head, Stroke
from pyrviewer.compute.ticket import Cancelled, Ticket

LOW, POINT, RATE_1, RATE_2, _, POOLING = segment.branches()


def random_features(shape: tuple[int, int], channels: int = 5) -> Features:
    rng = np.random.default_rng(4)
    kinds = ("fine", "coarse", "pooled")
    return Features({k: rng.standard_normal((channels, *shape), np.float32) for k in kinds})


def some_labels(shape: tuple[int, int], count: int = 40) -> Array:
    """Label some pixels with classes 2, 3 and 7."""
    rng = np.random.default_rng(5)
    labels = np.zeros(shape, np.uint8)
    places = rng.permutation(labels.size)[:count]
    labels.ravel()[places] = rng.choice((2, 3, 7), count)
    return labels


# Strokes


def test_a_stroke_covers_what_is_within_its_radius() -> None:
    stroke = Stroke(4, 6.0, ((12.5, 10.5), (40.5, 30.5), (20.5, 44.5)))
    painted = segment.rasterise([stroke], (60, 70))
    y, x = np.indices(painted.shape) + 0.5
    gap = np.full(painted.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(stroke.points, stroke.points[1:], strict=False):
        square = (x1 - x0) ** 2 + (y1 - y0) ** 2
        share = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / square, 0, 1)
        far = np.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0))
        gap = np.minimum(gap, far)
    assert (painted[gap < 4.8] == 4).all()
    assert (painted[gap > 7.2] == 0).all()


def test_later_strokes_lie_above_and_zero_erases() -> None:
    across = ((0.0, 10.0), (40.0, 10.0))
    strokes = [Stroke(1, 4, across), Stroke(2, 4, ((20.0, 10.0),)), Stroke(0, 2, ((35.0, 10.0),))]
    painted = segment.rasterise(strokes, (20, 40, 3))
    assert painted[10, 5] == 1
    assert painted[10, 20] == 2
    assert painted[10, 35] == 0


# Learning


@pytest.mark.parametrize("branches", [(LOW,), (POINT, POOLING), (LOW, POINT, POOLING)], ids=len)
def test_the_head_is_that_of_ridge_regression(branches: tuple[Branch, ...]) -> None:
    shape, ridge = (9, 11), 0.05
    features, labels = random_features(shape), some_labels(shape)
    samples = segment.sample(features, labels, branches)
    head = segment.fit(features, samples, branches, ridge=ridge)
    assert head.classes == (2, 3, 7)
    weight = {"fine": 1.0, "coarse": 1.0, "pooled": 0.3}
    where = np.nonzero(labels)
    seen = [features.maps[b.kind] * weight[b.kind] / np.sqrt(5) for b in branches]
    everywhere = np.concatenate(seen).astype(float)
    columns = everywhere[:, where[0], where[1]].T
    design = np.hstack([columns, np.ones((len(columns), 1))])
    own = labels[where][:, None] == (2, 3, 7)
    targets = np.where(own, 1.0, -1.0)
    cost = 3 * own.sum(axis=0)[own.argmax(axis=1)]
    # The sum of (error^2 / cost) + ridge |weights|^2 is least where its gradient is zero.
    scaled = design / cost[:, None]
    solved = np.linalg.solve(
        scaled.T @ design + ridge * np.eye(design.shape[1]), scaled.T @ targets
    )
    expected = np.tensordot(solved[:-1].T, everywhere, 1) + solved[-1][:, None, None]
    added = segment.contributions(head, features)
    pixels = np.zeros((*shape, 3), np.uint8)
    found = segment.scores(head, added, pixels, follow_edges=False)
    np.testing.assert_allclose(found, expected, atol=2e-4)
    best = np.array([2, 3, 7])[expected.argmax(axis=0)]
    assert np.array_equal(segment.classify(head, found), best)


def test_atrous_branches_learn_what_their_taps_see() -> None:
    """Solve for 9 taps of 2 maps in float64, from shifted copies."""
    shape, rate, ridge = (12, 13), 2, 0.01
    features, labels = random_features(shape, 2), some_labels(shape, 60)
    samples = segment.sample(features, labels, [RATE_2])
    head = segment.fit(features, samples, [RATE_2], ridge=ridge)
    maps = np.pad(features.maps["coarse"].astype(float), ((0, 0), (rate, rate), (rate, rate)))
    shifted = [
        maps[c, i * rate : i * rate + 12, j * rate : j * rate + 13]
        for c in range(2)
        for i in range(3)
        for j in range(3)
    ]
    stack = np.stack([*(each / np.sqrt(18) for each in shifted), np.ones(shape)])
    where = np.nonzero(labels)
    design = stack[:, where[0], where[1]].T
    own = labels[where][:, None] == (2, 3, 7)
    scaled = design / (3 * own.sum(axis=0)[own.argmax(axis=1)])[:, None]
    solved = np.linalg.solve(
        scaled.T @ design + ridge * np.eye(19), scaled.T @ np.where(own, 1.0, -1.0)
    )
    expected = np.tensordot(solved.T, stack, 1)
    found = segment.contributions(head, features)[RATE_2] + head.bias[:, None, None]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_few_samples_are_shared_by_the_classes_and_always_the_same() -> None:
    features = random_features((40, 40))
    labels = np.ones((40, 40), np.uint8)
    labels[:3] = 2
    first, again = (segment.sample(features, labels, [LOW], samples=20) for _ in range(2))
    assert (first.targets > 0).sum(axis=0).tolist() == [10, 10]
    assert np.array_equal(first.columns[LOW], again.columns[LOW])


def test_labels_may_be_larger_than_the_maps() -> None:
    features = random_features((10, 10))
    small = some_labels((10, 10))
    large = np.kron(small, np.eye(3, dtype=np.uint8)[1][:, None] * np.eye(3, dtype=np.uint8)[1])
    first = segment.train(features, small, [LOW])
    other = segment.train(features, large, [LOW])  # the middles of the same pixels
    np.testing.assert_allclose(first.weights[LOW], other.weights[LOW], atol=1e-4)


@pytest.mark.parametrize(
    ("labels", "branches"),
    [(np.ones((8, 8), np.uint8), [LOW]), (np.zeros((8, 8), np.uint8), [LOW]),
     (some_labels((8, 8)), [])],
    ids=["one class", "nothing painted", "no branch"],
)  # fmt: skip
def test_what_cannot_be_learned_is_said(labels: Array, branches: list[Branch]) -> None:
    with pytest.raises(UserError, match="at least"):
        segment.train(random_features((8, 8)), labels, branches)


def test_cancelled_work_stops() -> None:
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        segment.train(random_features((8, 8)), some_labels((8, 8)), [LOW], ticket=ticket)


# Borders


def test_scores_follow_edges_as_a_guided_filter_does() -> None:
    rng = np.random.default_rng(6)
    gray = rng.integers(0, 256, (50, 60), np.uint8)
    added = {LOW: rng.standard_normal((2, 50, 60), np.float32)}
    head = Head((1, 2), {}, np.array([0.25, -0.5], np.float32))
    found = segment.scores(head, added, gray)
    guide = gray.astype(float) / 255

    def box(values: Array) -> Array:
        return np.asarray(ndimage.uniform_filter(values, 5, mode="nearest"))

    for k, bias in enumerate((0.25, -0.5)):
        scores = added[LOW][k].astype(float) + bias
        cross = box(guide * scores) - box(guide) * box(scores)
        slope = cross / (box(guide**2) - box(guide) ** 2 + 1e-3)
        offset = box(scores) - slope * box(guide)
        np.testing.assert_allclose(found[k], box(slope) * guide + box(offset), atol=1e-4)


def test_intersection_over_union() -> None:
    found = np.array([[1, 1, 2], [2, 1, 2]], np.uint8)
    truth = np.array([[1, 0, 0], [0, 1, 1]], bool)
    assert segment.iou(found, truth, 1) == pytest.approx(2 / 4)
    assert segment.iou(found, np.zeros((2, 3), bool), 9) == 1


# Whole


def scene() -> tuple[Array, Array]:
    """Return a cat before gravel, and where the gravel shows."""
    cat = image.read(PHOTOS / "chelsea.png").pixels.copy()
    gravel = image.read(PHOTOS / "gravel.png").pixels[:300, :451]
    disc = np.zeros((300, 451), np.uint8)
    cv2.circle(disc, (225, 150), 90, 1, -1)
    cat[disc > 0] = gravel[disc > 0][:, None]
    return cat, disc > 0


STROKES = (
    Stroke(1, 4.0, ((180.0, 130.0), (270.0, 170.0))),
    Stroke(2, 4.0, ((20.0, 40.0), (100.0, 270.0), (400.0, 280.0), (430.0, 30.0), (200.0, 20.0))),
)


def segmented(source: network.FeatureSource, pixels: Array) -> Array:
    features = segment.prepare(source, pixels)
    head = segment.train(features, segment.rasterise(STROKES, pixels.shape), segment.branches())
    added = segment.contributions(head, features)
    return segment.classify(head, segment.scores(head, added, pixels))


def test_a_disc_is_found_by_fixed_filters() -> None:
    pixels, truth = scene()
    assert segment.iou(segmented(FilterBank(), pixels), truth, 1) > 0.85


@pytest.mark.skipif(not network.available(), reason="the network is not installed")
def test_a_disc_is_found_by_the_network() -> None:
    pixels, truth = scene()
    before = pixels.copy()
    assert segment.iou(segmented(network.load(), pixels), truth, 1) > 0.85
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 5, 3), (70, 33, 4)], ids=str)
def test_images_of_any_size_have_features(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    features = segment.prepare(FilterBank(), pixels)
    height, width = shape[:2]
    assert features.maps["coarse"].shape[1:] == (-(-height // 8), -(-width // 8))
    assert features.maps["fine"].shape[1:] == (-(-height // 4), -(-width // 4))
    for maps in features.maps.values():
        assert np.isfinite(maps).all()
        assert np.abs(maps[:9].mean(axis=(1, 2))).max() < 1e-3


def test_large_images_are_reduced() -> None:
    pixels = np.random.default_rng(8).integers(0, 256, (300, 800), np.uint8)
    features = segment.prepare(FilterBank(), pixels, longest=160)
    assert features.maps["coarse"].shape[1:] == (8, 20)
