"""Models that crash or do not end: the process that runs them, and the program that goes on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx_models import Model, small

from pyrviewer.compute import onnx
from pyrviewer.compute.onnx.graph import read
from pyrviewer.compute.onnx.process import ModelError, TooSlowError, Worker
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from pathlib import Path

Array = npt.NDArray[Any]


def slow() -> tuple[bytes, Array]:
    """Return a model that takes minutes, and its input."""
    model = Model((1, 3, 1024, 1024))
    value = model.random_conv("image", 3, 64, 3, pad=1)
    for _ in range(200):
        value = model.random_conv(value, 64, 64, 3, pad=1)
    return model.encode(), np.zeros((1, 3, 1024, 1024), np.float32)


def test_cancelling_ends_the_process_at_once() -> None:
    worker, ticket = Worker(), Ticket()
    model, blob = slow()
    threading.Timer(1.0, ticket.cancel).start()
    with pytest.raises(Cancelled):
        worker.run(model, blob, ticket)
    assert worker._process is None


def test_what_is_almost_done_when_it_is_cancelled_keeps_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyrviewer.compute.onnx.process._GRACE", 20)
    (tmp_path / "small.onnx").write_bytes(small().encode())
    net = onnx.OnnxNetwork(tmp_path / "small.onnx")
    process = net._worker._process
    assert process is not None
    ticket = Ticket()
    ticket.cancel()
    image = np.zeros((64, 64, 3), np.uint8)
    for size in (64, 32, 64):
        with pytest.raises(Cancelled):
            net.features(image[:size, :size], ["Relu 1"], ticket=ticket)
        found = net.features(image[:size, :size], ["Relu 1"])["Relu 1"]
        assert found.shape == (4, size // 2, size // 2)
    assert net._worker._process is process
    net.close()


def test_a_model_that_does_not_end() -> None:
    worker = Worker()
    model, blob = slow()
    before = time.monotonic()
    with pytest.raises(TooSlowError):
        worker.run(model, blob, None, seconds=0.5)
    assert time.monotonic() - before < 20


def test_after_a_crash_there_is_another_process(tmp_path: Path) -> None:
    worker = Worker()
    model, blob = slow()

    def kill() -> None:
        assert worker._process is not None
        worker._process.kill()

    threading.Timer(1.0, kill).start()
    with pytest.raises(ModelError, match="crashed"):
        worker.run(model, blob, None)
    with pytest.raises(ModelError):
        worker.run(b"nonsense", blob, None)
    (tmp_path / "small.onnx").write_bytes(small().encode())
    part = read(tmp_path / "small.onnx").part(["Relu 1 out"], (1, 3, 64, 64))
    (found,) = worker.run(part, blob[..., :64, :64], None)
    worker.close()
    assert found.shape == (1, 4, 32, 32)
