"""The process that runs ONNX models, as seen from the program."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from pyrviewer.compute.ticket import Ticket

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

SECONDS = 60
"""Longest time that a model may run."""

MAX_BYTES = 4 << 30
"""Most memory that the outputs may take."""

_LOOK = 0.02  # seconds between two looks at what the process does
_GRACE = 0.06  # seconds that a process has to end its work after that was cancelled
_SPARE = 5  # seconds after the limit when the process, should nobody kill it, ends by itself
_ROOT = Path(__file__).parents[3]  # where pyrviewer can be imported


class ModelError(Exception):
    """The model was refused, or the process died of it."""

    @property
    def memory(self) -> bool:
        """Whether there was too little memory; sizes beyond 2^63 are negative ones."""
        text = str(self)
        return ("memory" in text or "alloc" in text) and re.search(r"\d{19}", text) is None


class TooSlowError(Exception):
    """The model did not come to an end in time."""


class Worker:
    """A process that runs models, started when it is needed and killed when it must be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._model: bytes | None = None
        self._stop: Any = None

    def run(
        self, model: bytes, blob: Array, ticket: Ticket | None, seconds: float = SECONDS
    ) -> list[Array]:
        """Return the outputs of a model, float32.

        Parameters
        ----------
        model : bytes
            Its outputs are called ``out 0`` and so on. The last model is kept loaded.
        blob : ndarray, shape (1, C, H, W), float32
            Its input.
        ticket : Ticket, optional
            Asked all the time; the process is killed when it was cancelled.
        seconds : float
            The process is killed after this time.

        Raises
        ------
        ModelError
            If OpenCV refused the model, or crashed.
        TooSlowError
            If it did not come to an end in time.
        Cancelled
            If the ticket was cancelled.
        """
        return self._ask(model, blob, ticket, seconds, only_shapes=False)[1]

    def shapes(self, model: bytes, blob: Array, ticket: Ticket | None) -> list[Shape]:
        """Return the shapes of the outputs only; otherwise as `run`."""
        return self._ask(model, blob, ticket, SECONDS, only_shapes=True)[0]

    def close(self) -> None:
        """Kill the process."""
        if self._stop is not None:
            self._stop()
        self._process = self._model = self._stop = None

    def _ask(
        self,
        model: bytes,
        blob: Array,
        ticket: Ticket | None,
        seconds: float,
        *,
        only_shapes: bool,
    ) -> tuple[list[Shape], list[Array]]:
        while not self._lock.acquire(timeout=_LOOK):
            if ticket is not None:
                ticket.check()
        try:
            process = self._started()
            sent = b"" if model is self._model else model
            request = {
                "model": len(sent), "shape": blob.shape, "seconds": seconds + _SPARE,
                "shapes": only_shapes,
            }  # fmt: skip
            parts = [json.dumps(request).encode() + b"\n", sent, np.ascontiguousarray(blob).data]
            talk = _Talk(process, parts, only_shapes)
            self._model = None
            try:
                self._wait(talk, ticket, seconds)
            finally:
                if process.poll() is not None:
                    self.close()
                elif not talk.error:
                    self._model = model
            if talk.error:
                raise ModelError(talk.error)
            return talk.shapes, talk.outputs
        finally:
            self._lock.release()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pyrviewer.compute.onnx.worker"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._stop = weakref.finalize(self, _kill, self._process)
        return self._process

    def _wait(self, talk: _Talk, ticket: Ticket | None, seconds: float) -> None:
        """Wait for an answer; kill the process where it does not come."""
        end = time.monotonic() + seconds
        talk.start()
        try:
            while True:
                talk.join(_LOOK)
                if ticket is not None:
                    ticket.check()
                if not talk.is_alive():
                    return
                if time.monotonic() > end:
                    raise TooSlowError
        except BaseException:
            talk.join(_GRACE)  # to start another process takes longer than what is almost done
            if talk.is_alive():
                self.close()
                talk.join()
            raise


class _Talk(threading.Thread):
    """Sends a request and reads the answer, so that whoever waits can stop waiting."""

    def __init__(
        self, process: subprocess.Popen[bytes], parts: Sequence[Any], only_shapes: bool
    ) -> None:
        super().__init__(daemon=True)
        self._process, self._parts, self._only_shapes = process, parts, only_shapes
        self.shapes: list[Shape] = []
        self.outputs: list[Array] = []
        self.error = ""

    def run(self) -> None:
        """Talk to the process."""
        try:
            self._exchange()
        except (OSError, ValueError, KeyError, TypeError):  # it died, or does not make sense
            self._process.kill()
            self._process.wait()
            self.error = "It crashed."

    def _exchange(self) -> None:
        sink, source = self._process.stdin, self._process.stdout
        assert sink is not None
        assert source is not None
        for part in self._parts:
            sink.write(part)
        sink.flush()
        answer = json.loads(source.readline())
        self.error = str(answer.get("error", ""))
        self.shapes = [tuple(map(int, shape)) for shape in answer.get("shapes", ())]
        if self._only_shapes:
            return
        if 4 * sum(map(math.prod, self.shapes)) > MAX_BYTES:
            raise ValueError("more than was asked for")
        self.outputs = [_read(source, shape) for shape in self.shapes]


def _read(source: IO[bytes], shape: Shape) -> Array:
    data = source.read(4 * math.prod(shape))
    return np.frombuffer(data, np.float32).reshape(shape)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was to be sent has nowhere to go
                continue
