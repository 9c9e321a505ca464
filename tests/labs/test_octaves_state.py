"""The parameters of the Octaves lab: what is allowed, what comes back, what is asked for."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrviewer.compute import pyramid
from pyrviewer.compute.image import Origin, from_array
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.octaves import run
from pyrviewer.labs.octaves.state import (
    CHARTS,
    COMPARES,
    KINDS,
    LAYOUTS,
    PREFILTERS,
    OctavesState,
    resolve,
)
from pyrviewer.session.document import Document

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

UNUSUAL = OctavesState(
    kind="dog", prefilter="area", ratio=1.4, levels=3, layout="aliasing", selected=2,
    compare="slider", true_geometry=False, smooth=False, auto_range=True, gains=(0.5, 2.0),
    muted=(1, 3), solo=2, detail=1, chart="chirp", bench_level=4, bench_first="area",
    bench_second="lanczos",
)  # fmt: skip


def test_every_parameter_comes_back_from_a_session(qapp: QApplication) -> None:
    default = OctavesState()
    for field in fields(default):
        assert getattr(UNUSUAL, field.name) != getattr(default, field.name), field.name
    stored = json.loads(json.dumps(asdict(UNUSUAL)))
    opened = from_array(np.zeros((9, 9), np.uint8), Origin("clipboard", "x"))
    assert Document(opened, {"octaves": stored}).state("octaves", default) == UNUSUAL


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "wavelet"}, {"layout": ""}, {"compare": "third"}, {"chart": "x"},
        {"prefilter": "gauss"}, {"ratio": 1.0}, {"ratio": 4.1}, {"ratio": float("nan")},
        {"gains": (float("inf"),)}, {"gains": (-1.0,)}, {"levels": -2}, {"selected": -1},
        {"bench_level": 0}, {"bench_first": "max"}, {"solo": -5}, {"detail": -2},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a state"):
        OctavesState(**wrong)


def test_gains_in_effect() -> None:
    state = OctavesState(gains=(0.5, 2.0), muted=(1,))
    assert state.band_gains(3) == (0.5, 0, 1, 1)
    assert OctavesState(solo=2).band_gains(3) == (0, 0, 1, 0)
    # The slider lets through the residual and the coarsest bands.
    assert OctavesState(detail=0).band_gains(3) == (0, 0, 0, 1)
    assert OctavesState(detail=2).band_gains(3) == (0, 1, 1, 1)
    assert OctavesState(detail=9).band_gains(3) == (1, 1, 1, 1)
    assert OctavesState(gains=(3.0,) * 9).band_gains(2) == (3, 3, 3)


@given(
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.sampled_from(KINDS),
    st.sampled_from(PREFILTERS),
    st.sampled_from([2.0, 1.1, 1.4, 3.0, 4.0]),
    st.integers(-1, 60),
    st.sampled_from(LAYOUTS),
    st.sampled_from(COMPARES),
    st.sampled_from(CHARTS),
)
def test_every_choice_can_be_computed_on_every_size(
    shape: tuple[int, int],
    kind: str,
    prefilter: pyramid.Prefilter,
    ratio: float,
    levels: int,
    layout: str,
    compare: str,
    chart: str,
) -> None:
    state = OctavesState(
        kind=kind, prefilter=prefilter, ratio=ratio, levels=levels, layout=layout,
        compare=compare, chart=chart,
    )  # fmt: skip
    pixels = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape)
    request = resolve(state, pixels, lambda ticket: pyramid.gaussian_pyramid(pixels, ticket=ticket))
    built = run.build(Ticket(), request)
    assert built.complete
    assert len(built.octaves) == request.levels + 1
    used = 2.0 if kind == "laplacian" or prefilter == "max" else ratio
    for octave in built.octaves:
        height, width = octave.source.shape
        if used == 2:
            assert (height, width) == tuple(-(-side >> octave.level) for side in shape)
        else:
            assert height == pytest.approx(max(1, shape[0] / used**octave.level), abs=0.51)
            assert width == pytest.approx(max(1, shape[1] / used**octave.level), abs=0.51)
