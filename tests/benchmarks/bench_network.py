"""Time of the network, forward and backward, against PyTorch on the CPU.

Run ``python tests/benchmarks/bench_network.py [ROUNDS]`` where PyTorch and the weights are
installed. Both take turns within each round, and ratios of medians are printed. PyTorch runs the
same folded convolutions, in the layout of memory that suits it better.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.append(str(Path(__file__).parent.parent / "reference_values"))
from torch_network import TorchNetwork, torch

from pyrviewer.compute import network
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 512
LAYERS = ("block 3", "block 5", "block 9", "block 16", "head")


def image() -> Any:
    """Draw smoothed noise, H x W x 3 float32."""
    noise = np.random.default_rng(0).uniform(0, 255, (SIZE, SIZE, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def medians(rounds: int, work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median time of each, in milliseconds, taking turns, after a round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            if turn:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def torch_gradient(theirs: TorchNetwork, pixels: Any, layer: str, layout: Any) -> Any:
    """Differentiate the squared norm by PyTorch."""
    maps = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
    maps = maps.contiguous(memory_format=layout).requires_grad_()
    (0.5 * theirs.run(maps, layer)[layer] ** 2).sum().backward()
    return maps.grad


def main() -> None:
    """Print all comparisons."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    ours, theirs, pixels = network.load(), TorchNetwork(torch.float32), image()
    eight = pixels.astype(np.uint8)
    tensor = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
    print(f"{SIZE} x {SIZE}, OpenCV {cv2.__version__}, PyTorch {torch.__version__}")
    layouts = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}
    for layer in LAYERS:
        forward: dict[str, Any] = {"ours": lambda: ours.features(eight, [layer])}  # noqa: B023 - used at once
        backward: dict[str, Any] = {"ours": lambda: ours.gradient(pixels, layer, None, "l2")}  # noqa: B023 - used at once
        for name, layout in layouts.items():
            given = tensor.contiguous(memory_format=layout)

            def run(given: Any = given) -> None:
                with torch.inference_mode():
                    theirs.run(given, layer)  # noqa: B023 - used at once

            forward[name] = run
            backward[name] = lambda chosen=layout: torch_gradient(theirs, pixels, layer, chosen)  # noqa: B023 - used at once
        for what, work in (("maps", forward), ("gradient", backward)):
            times = medians(rounds, work)
            best = min(times["contiguous"], times["channels last"])
            print(
                f"{layer} {what}: {times['ours']:.0f} ms, PyTorch {best:.0f} ms "
                f"({times['contiguous']:.0f} contiguous, {times['channels last']:.0f} channels "
                f"last): {times['ours'] / best:.2f} x its time"
            )


if __name__ == "__main__":
    main()
