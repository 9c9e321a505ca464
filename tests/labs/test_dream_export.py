"""What the Dream lab computes and writes, without a window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pyrviewer.compute import dream, image, mask, network
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.dream import export, filming, run
from pyrviewer.labs.dream.script import python_script
from pyrviewer.labs.dream.state import DreamState, auto_octaves, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from support import Array

    from pyrviewer.labs.dream.run import Dreamt
    from pyrviewer.labs.dream.state import DreamRequest

LAYER, OCTAVES, STEPS = "block 2", 2, 3
ALL_STEPS = OCTAVES * STEPS
ELLIPSE = json.dumps(mask.to_dict(mask.Ellipse((60.0, 50.0), (30.0, 20.0))))


def asked(small: Array, net: network.Network, **settings: Any) -> DreamRequest:
    chosen = {"layer": LAYER, "octaves": OCTAVES, "steps": STEPS, **settings}
    return resolve(DreamState(**chosen), small, net, None)


def made(small: Array, net: network.Network, **settings: Any) -> Dreamt:
    return run.dream_on(Ticket(), asked(small, net, **settings))


def test_the_script_dreams_the_same(small: Array, net: network.Network, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    image.write(path, small)
    found = made(small, net, outline=ELLIPSE, seed=4)
    again = run.dream_on(Ticket(), asked(small, net, rate=4.0, seed=4), found, 2)
    for kind in (found, again):
        text = python_script(kind, str(path)).replace('"dream.png"', repr(str(tmp_path / "d.png")))
        exec(compile(text, "script", "exec"), {})
        assert np.array_equal(image.read(tmp_path / "d.png").pixels, kind.trace.result)


def test_growth_film_and_numbers(small: Array, net: network.Network, tmp_path: Path) -> None:
    found = made(small, net)
    frames = list(export.growth(Ticket(), found))
    assert {frame.shape for frame in frames} == {small.shape}
    assert np.array_equal(frames[-1], found.trace.picture(ALL_STEPS))
    export.write_numbers(Ticket(), found, tmp_path / "steps.json")
    report = json.loads((tmp_path / "steps.json").read_text())
    assert [row["objective"] for row in report["steps"]] == [s.value for s in found.trace.steps]
    export.write_numbers(Ticket(), found, tmp_path / "steps.csv")
    assert len((tmp_path / "steps.csv").read_text().splitlines()) == 1 + ALL_STEPS
    filming.write_film(Ticket(), found.request, 2, 1.1, tmp_path / "film.gif")
    assert (tmp_path / "film.gif").stat().st_size > 1000
    export.write_picture(Ticket(), found, 2, tmp_path / "two.png")
    wanted = dream.resume(found.trace, 2, steps=0).result
    assert np.array_equal(image.read(tmp_path / "two.png").pixels, wanted)


@pytest.mark.parametrize(("side", "count"), [(100, 4), (512, 4), (2400, 7), (40_000, 12)])
def test_automatic_octaves_begin_small(side: int, count: int) -> None:
    assert auto_octaves((side // 2, side), 1.4) == count


@pytest.mark.parametrize("kept", [0, 2, STEPS, 4])
@pytest.mark.parametrize("changes", [{"outline": ELLIPSE}, {"steps": 2}], ids=["region", "steps"])
def test_a_branch_that_was_paused_goes_on_the_same(
    small: Array, net: network.Network, kept: int, changes: dict[str, Any]
) -> None:
    base, request = made(small, net), asked(small, net, **changes)
    seen: list[Any] = []
    run.dream_on(Ticket(on_partial=seen.append), request, base, kept)
    settings = request.settings
    wanted = dream.resume(base.trace, kept, mask=settings.mask, steps=settings.steps).result
    assert seen
    for moment in seen:
        paused = run.rest(Ticket(), moment.dreamt)
        gone_on = run.dream_on(Ticket(), request, paused, paused.length)
        assert np.array_equal(gone_on.trace.result, wanted)
