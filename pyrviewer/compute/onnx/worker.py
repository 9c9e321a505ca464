"""Runs ONNX models with OpenCV, in a process of its own that may crash or be killed.

A request is a line of JSON, ``{"model": bytes, "shape": [1, C, H, W], "seconds": limit, "shapes":
only those are wanted}``, and then the model, unless it is that of the last request (0 bytes), and
the input in float32. The answer is a line too, ``{"shapes": [...]}`` or ``{"error": text}``, and
then the outputs in float32. The process ends where a request takes too long, and with its input.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from typing import BinaryIO

MAX_MEMORY = 7 << 30
"""Most address space of the process: the largest maps, and as much again but for 1 GB."""


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    _limit_memory()
    with open(os.devnull, "w") as nowhere:
        net: Any = None
        while line := sys.stdin.buffer.readline():
            request = json.loads(line)
            faulthandler.dump_traceback_later(request["seconds"], exit=True, file=nowhere)
            model = _read(sys.stdin.buffer, request["model"])
            blob = np.frombuffer(
                _read(sys.stdin.buffer, 4 * math.prod(request["shape"])), np.float32
            )
            try:
                net = _load(model) if model else net
                outputs = _run(net, blob.reshape(request["shape"]))
                _answer(answers, outputs, only_shapes=request["shapes"])
            except (cv2.error, MemoryError, ValueError) as error:
                net = None
                answers.write(json.dumps({"error": str(error)}).encode() + b"\n")
            answers.flush()
            faulthandler.cancel_dump_traceback_later()


def _limit_memory() -> None:
    """Make what would take too much memory fail, where the system can."""
    if importlib.util.find_spec("resource") is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise SystemExit
    return data


def _load(model: bytes) -> Any:
    """Return a model as OpenCV runs it."""
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
    if not hasattr(cv2.dnn, "ENGINE_AUTO"):
        # Fused layers no longer make what is asked for. Since OpenCV 5 they do, and this call
        # would empty the network.
        net.enableFusion(False)
    if net.empty():
        raise ValueError("OpenCV found no network.")
    return net


def _run(net: Any, blob: Any) -> list[Any]:
    net.setInput(blob)
    names = net.getUnconnectedOutLayersNames()
    outputs = dict(zip(names, net.forward(names), strict=True))
    # OpenCV 4 puts "onnx_node!" before a name, and sorts by its own order.
    ends = {name.rpartition(" ")[2]: output for name, output in outputs.items()}
    return [np.asarray(ends[str(k)], np.float32) for k in range(len(outputs))]


def _answer(file: BinaryIO, outputs: list[Any], *, only_shapes: bool) -> None:
    shapes = [output.shape for output in outputs]
    file.write(json.dumps({"shapes": shapes}).encode() + b"\n")
    for output in () if only_shapes else outputs:
        file.write(np.ascontiguousarray(output).data)


if __name__ == "__main__":
    main()
