"""Time of a dream against the same loop in PyTorch on the CPU, and what a large one takes.

Run ``python tests/benchmarks/bench_dream.py [ROUNDS] [--large]`` where PyTorch and the weights are
installed. Both take turns within each round, and ratios of medians are printed. The loop in PyTorch
is written as ours: rolls, gradients by autograd, the same bands, float between octaves; once in
PyTorch's own layout of memory and once in the one that its convolutions like better. ``--large``
prints the time and the peak memory of 4 MP.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import pyrviewer.__main__  # noqa: F401 - first: numpy's BLAS reads what it sets

# isort: split
import numpy as np

sys.path.append(str(Path(__file__).parent.parent / "reference_values"))
if "--large" not in sys.argv:  # PyTorch's libraries would take room too
    from torch_network import TorchNetwork, functional, torch

from pyrviewer.compute import dream, network
from pyrviewer.compute.opencv import cv2

LAYERS = ("block 5", "block 9", "block 11", "block 14")
OCTAVES, STEPS, RATIO, RATE, SPLITS, JITTER = 4, 10, 1.4, 1.5, 4, 32


def image(side: int) -> Any:
    """Draw smoothed noise, uint8."""
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def normalised(gradient: Any) -> Any:
    """Even out the bands of a 1 x 3 x H x W gradient."""
    total, rest = torch.zeros_like(gradient), gradient
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    for level in range(SPLITS):
        reach, smooth = 2 << level, rest
        for kernel in (taps.view(1, 1, 5, 1), taps.view(1, 1, 1, 5)):
            vertical = kernel.shape[2] == 5
            pad = (0, 0, reach, reach) if vertical else (reach, reach, 0, 0)
            mirrored = functional.pad(smooth, pad, mode="reflect")
            weight = kernel.expand(3, 1, *kernel.shape[2:])
            smooth = functional.conv2d(mirrored, weight, dilation=1 << level, groups=3)
        band = rest - smooth
        total += band / band.square().mean().sqrt().clamp(min=1e-10)
        rest = smooth
    return total + rest / rest.square().mean().sqrt().clamp(min=1e-10)


def torch_dream(net: TorchNetwork, pixels: Any, layer: str, layout: Any) -> Any:
    """Dream in PyTorch."""
    whole = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None]
    whole = whole.contiguous(memory_format=layout)
    chance = np.random.default_rng(0)
    detail = None
    for k in reversed(range(OCTAVES)):
        size = [round(side / RATIO**k) for side in whole.shape[2:]]
        base = functional.interpolate(whole, size, mode="area") if k else whole
        state = base.clone()
        if detail is not None:
            state += functional.interpolate(detail, size, mode="bicubic")
        for _ in range(STEPS):
            roll = [int(n) for n in chance.integers(-JITTER, JITTER + 1, 2)]
            rolled = torch.roll(state, roll, (2, 3)).contiguous(memory_format=layout)
            rolled.requires_grad_()
            (0.5 * net.run(rolled, layer)[layer].square().sum()).backward()
            slope = normalised(torch.roll(rolled.grad, [-n for n in roll], (2, 3)))
            state += slope * (RATE / (slope.abs().mean() + 1e-12))
            state.clamp_(0, 255)
        detail = state - base
    return state


def compare(rounds: int) -> None:
    """Print the times of both for some layers."""
    ours, theirs, pixels = network.load(), TorchNetwork(torch.float32), image(512)
    print(f"512 x 512, {OCTAVES} x {STEPS}, OpenCV {cv2.__version__}, PyTorch {torch.__version__}")
    for layer in LAYERS:
        times: dict[str, list[float]] = {"ours": [], "its own": [], "channels last": []}
        for _ in range(rounds):
            start = time.perf_counter()
            dream.dream(pixels, ours, layer=layer)
            times["ours"].append(time.perf_counter() - start)
            for name, layout in (
                ("its own", torch.contiguous_format),
                ("channels last", torch.channels_last),
            ):
                start = time.perf_counter()
                torch_dream(theirs, pixels, layer, layout)
                times[name].append(time.perf_counter() - start)
        own, *others = (statistics.median(values) for values in times.values())
        print(
            f"{layer}: {own:.2f} s; PyTorch {others[0]:.2f} s in its own layout, {others[1]:.2f} s "
            f"channels last: {own / others[0]:.2f} and {own / others[1]:.2f} x its time"
        )


def large() -> None:
    """Print what 4 MP take."""
    net, pixels = network.load(), image(2048)
    start = time.perf_counter()
    dream.dream(pixels, net, layer="block 11")
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"2048 x 2048: {seconds:.0f} s, {peak:.2f} GB at most")


def main() -> None:
    """Print all."""
    if "--large" in sys.argv:
        large()
    else:
        compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5)


if __name__ == "__main__":
    main()
