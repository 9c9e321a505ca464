"""Rebuilding from bands, and differences, against arrays added up by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from reference import rebuilt as reference_rebuilt
from skimage import data

from pyrviewer.compute import pyramid
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.octaves import rebuild, run
from pyrviewer.labs.octaves.state import OctavesState, resolve

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array

PHOTO = data.coffee()[:301, :402]
LEVELS = 4


def octaves(ticket: Ticket) -> list[Array]:
    return pyramid.gaussian_pyramid(PHOTO, LEVELS, ticket=ticket)


def ask(gains: tuple[float, ...], preview: int = 0) -> tuple[rebuild.Rebuilt, list[object]]:
    offered: list[object] = []
    request = rebuild.RebuildRequest(octaves, gains, (0, 255), preview)
    return rebuild.rebuild(Ticket(on_partial=offered.append), request), offered


def test_all_gains_at_one_are_exact() -> None:
    found, offered = ask((1.0,) * (LEVELS + 1))
    assert found.comparison.exact
    assert np.array_equal(found.rebuilt.source, PHOTO)
    assert not found.on_grey
    assert offered == []


def test_gains_weigh_bands() -> None:
    gains = (0.0, 1.5, 1.0, 0.5, 1.0)
    found, _ = ask(gains)
    expected = reference_rebuilt(PHOTO, gains)
    assert np.abs(found.rebuilt.source.astype(int) - expected).max() <= 1
    assert not found.comparison.exact


def test_without_the_residual_bands_stand_on_mid_grey() -> None:
    found, _ = ask((1.0, 0.0, 0.0, 0.0, 0.0))
    assert found.on_grey
    band = PHOTO.astype(int) - pyramid.expand(octaves(Ticket())[1], PHOTO.shape)
    assert np.abs(found.rebuilt.source.astype(int) - np.clip(band + 128, 0, 255)).max() <= 1


def test_the_preview_is_the_rebuilding_of_a_coarser_octave() -> None:
    gains = (1.0, 1.0, 0.0, 1.0, 1.0)
    _, offered = ask(gains, preview=1)
    (preview,) = offered
    assert isinstance(preview, rebuild.Rebuilt)
    assert preview.level == 1
    expected = reference_rebuilt(octaves(Ticket())[1], gains[1:])
    assert np.abs(preview.rebuilt.source.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    "state", [OctavesState(), OctavesState(ratio=1.4), OctavesState(prefilter="box")]
)
def test_the_difference_is_the_enlarged_octave_minus_the_original(state: OctavesState) -> None:
    build = run.build(Ticket(), resolve(state, PHOTO, octaves))
    found = rebuild.difference(Ticket(), build, 2)
    enlarged = pyramid.upsample(
        build.gaussian[2], 2, PHOTO.shape, ratio=state.ratio, prefilter=state.prefilter
    )
    assert np.array_equal(found.source, enlarged.astype(int) - PHOTO)
    assert found.geometry.shape == PHOTO.shape[:2]
