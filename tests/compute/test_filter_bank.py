"""The filters that stand in for the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from reference import halved
from scipy import ndimage

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.filter_bank import ORIENTATIONS, FilterBank, gabors
from pyrviewer.compute.ticket import Cancelled, Ticket

Array = npt.NDArray[Any]


@pytest.fixture
def bank() -> FilterBank:
    return FilterBank()


@pytest.mark.parametrize("level", [0, 2])
def test_maps_are_those_of_scipy(bank: FilterBank, cat: Array, level: int) -> None:
    found = bank.features(cat, [f"octave {level} colours", f"octave {level} edges"])
    octave = cat.astype(np.float64) / 255
    for _ in range(level):
        octave = np.stack([halved(octave[..., c]) for c in range(3)], axis=2)
    red, green, blue = np.moveaxis(octave, 2, 0)
    opponents = [(red - green) / 2, (2 * blue - red - green) / 4]
    np.testing.assert_allclose(found[f"octave {level} colours"], opponents, atol=1e-6)
    gray = octave.mean(2)
    for kernel, edges in zip(gabors(), found[f"octave {level} edges"], strict=True):
        wanted = ndimage.correlate(gray, kernel.astype(np.float64), mode="mirror")
        np.testing.assert_allclose(edges, wanted, atol=2e-6)


@pytest.mark.parametrize("number", range(ORIENTATIONS))
def test_each_answers_most_to_its_own_lines(bank: FilterBank, number: int) -> None:
    angle = number * np.pi / ORIENTATIONS
    y, x = np.mgrid[:64, :64]
    lines = np.sin(2 * np.pi / 5 * (x * np.cos(angle) + y * np.sin(angle))) * 0.5 + 0.5
    edges = bank.features(lines.astype(np.float32), ["octave 0 edges"])["octave 0 edges"]
    energy = (edges[:, 16:48, 16:48] ** 2).sum((1, 2)).reshape(ORIENTATIONS, 2).sum(1)
    assert energy.argmax() == number


def test_flat_gray_gives_nothing(bank: FilterBank) -> None:
    names = [layer.name for layer in bank.layers]
    for maps in bank.features(np.full((50, 41), 200, np.uint8), names).values():
        assert np.abs(maps).max() < 1e-5


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 1), (2, 3), (65, 34, 4)])
def test_any_size(bank: FilterBank, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = bank.features(image, [layer.name for layer in bank.layers], output_stride=8)
    assert not bank.learned
    for layer in bank.layers:
        maps = found[layer.name]
        assert maps.shape == layer.shape((shape[0], shape[1]), 8)
        assert maps.dtype == np.float32
        assert np.isfinite(maps).all()


@pytest.mark.parametrize("level", [0, 1, 3])
def test_fields(bank: FilterBank, level: int) -> None:
    layer = bank.layer(f"octave {level} edges")
    field = layer.field
    assert field is not None
    side, place = 200, 100 >> level
    first, stop = field.span(place, side)
    flat = np.full((side, side, 3), 0.5, np.float32)
    middle = (slice(None), place, place)
    before = bank.features(flat, [layer.name])[layer.name][middle]
    outside = flat.copy()
    outside[:first] = outside[stop:] = outside[:, :first] = outside[:, stop:] = 1
    np.testing.assert_allclose(
        bank.features(outside, [layer.name])[layer.name][middle], before, atol=1e-7
    )
    inside = flat.copy()
    inside[first] = 1000
    assert (bank.features(inside, [layer.name])[layer.name][middle] != before).any()


def test_wrong_questions(bank: FilterBank) -> None:
    with pytest.raises(ValueError, match="no layer 'stem' but octave 0 edges"):
        bank.features(np.zeros((4, 4), np.uint8), ["stem"])
    with pytest.raises(UserError, match="NaN"):
        bank.features(np.full((4, 4), np.inf, np.float32), ["octave 0 edges"])
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        bank.features(np.zeros((4, 4), np.uint8), ["octave 0 edges"], ticket=ticket)
