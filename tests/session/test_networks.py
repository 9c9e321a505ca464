"""Networks are read once for everyone, and files in the order in which they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx_models import Model

from pyrviewer.compute import network
from pyrviewer.compute.filter_bank import FilterBank
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.session.jobs import JobService
from pyrviewer.session.networks import KEPT, Networks
from pyrviewer.session.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def networks(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Networks]:
    monkeypatch.setattr(network, "available", lambda: False)
    jobs = JobService()
    made = Networks(jobs, Notices(jobs), jobs)
    yield made
    made.close()
    jobs.shutdown()
    jobs.deleteLater()


def small(path: Path) -> str:
    """Write a network of one convolution."""
    model = Model((1, 3, "h", "w"))
    model.random_conv("image", 3, 4, 3, pad=1)
    path.write_bytes(model.encode())
    return str(path)


def wait(qtbot: QtBot, networks: Networks) -> None:
    qtbot.waitUntil(lambda: not any(lane.busy for lane in networks.lanes), timeout=20_000)


def test_whoever_asks_gets_the_same(qtbot: QtBot, networks: Networks, tmp_path: Path) -> None:
    path = small(tmp_path / "one.onnx")
    assert networks.source() is networks.source(path, "unit") is None
    for _ in range(3):
        networks.want(path, "unit")
    wait(qtbot, networks)
    own, file = networks.source(), networks.source(path, "unit")
    assert isinstance(own, FilterBank)
    assert isinstance(file, OnnxNetwork)
    networks.want(path, "unit")
    assert not any(lane.busy for lane in networks.lanes)
    assert networks.source(path, "unit") is file
    assert networks.source(path, "bytes") is None


def test_few_files_are_kept_and_the_oldest_goes(
    qtbot: QtBot, networks: Networks, tmp_path: Path
) -> None:
    opened: list[str] = []
    paths = [small(tmp_path / f"{k}.onnx") for k in range(KEPT + 1)]
    for path in paths:
        networks.open(path, "unit", opened.append)
        wait(qtbot, networks)
    assert opened == paths
    assert networks.source(paths[0], "unit") is None
    last = networks.source(paths[-1], "unit")
    assert last is not None
    assert last.features(np.zeros((8, 8, 3), np.uint8), [last.layers[0].name])
    networks.open(paths[-1], "unit", opened.append)  # it may be another one by now
    wait(qtbot, networks)
    assert networks.source(paths[-1], "unit") not in (None, last)


def test_who_opens_a_file_hears_only_of_good_ones(
    qtbot: QtBot, networks: Networks, tmp_path: Path
) -> None:
    opened: list[str] = []
    lost: list[str] = []
    networks.failed.connect(lost.append)
    networks.open(str(tmp_path / "gone.onnx"), "unit", opened.append)
    wait(qtbot, networks)
    assert (opened, lost) == ([], [])
    networks.want(str(tmp_path / "gone.onnx"), "unit")
    wait(qtbot, networks)
    assert (opened, lost) == ([], [str(tmp_path / "gone.onnx")])
