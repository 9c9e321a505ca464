"""Save what PyTorch computes in float64 for `test_pooling.py` and `test_atrous.py`.

Run ``python tests/reference_values/make_pooling.py`` where torch is installed. Inputs are
multiples of 1/64, saved as int8; results are rounded to float32.
"""

from __future__ import annotations

import importlib
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")

Array = npt.NDArray[Any]

# Height, width and grids: sides that nothing divides, smaller than the grids, single pixels, lines.
POOLING = [
    (13, 13, (4, 2, 1)),
    (10, 11, (4, 2, 1)),
    (11, 7, (4, 3, 2, 1)),
    (16, 12, (4, 2, 1)),
    (5, 9, (3, 2, 1)),
    (9, 14, (6, 3, 1)),
    (3, 3, (4, 2, 1)),
    (2, 5, (6, 3, 2, 1)),
    (1, 1, (4, 2, 1)),
    (1, 7, (4, 2, 1)),
    (8, 1, (3, 1)),
    (7, 7, (7, 5, 3)),
    (12, 15, (5, 4)),
    (6, 6, (6, 3, 2, 1)),
    (17, 4, (2,)),
    (4, 17, (1, 2, 4)),
    (19, 18, (8, 5, 2)),
    (2, 2, (3, 2)),
]
BINS = (1, 2, 3, 6)

# Channels in and out, height, width, kernel rows and columns, rate, stride.
ATROUS = [
    *((2, 3, 9, 8, 3, 3, rate, 1) for rate in (1, 2, 3, 4, 6, 8, 9, 12, 18)),
    *((3, 2, 7, 11, 3, 3, rate, 2) for rate in (1, 2, 5, 7, 12)),
    *((2, 2, 8, 9, rows, columns, 2, 1) for rows, columns in product((1, 2, 4), (2, 3))),
    *((1, 2, 6, 7, 2, 2, rate, 1) for rate in (1, 2, 3, 5, 20)),
    *((2, 1, 10, 9, 5, 3, rate, 3) for rate in (1, 2, 4)),
    *((2, 2, 1, 1, 3, 3, rate, 1) for rate in (1, 6)),
    *((2, 2, 1, 9, 3, 3, rate, stride) for rate, stride in product((1, 4), (1, 2))),
    *((2, 2, 8, 1, 4, 3, rate, 1) for rate in (1, 3)),
    (4, 5, 6, 5, 1, 1, 1, 1),
    (4, 5, 6, 5, 1, 1, 7, 2),
    (3, 2, 5, 5, 4, 4, 3, 4),
    (1, 1, 3, 4, 7, 7, 1, 1),
]


def multiples(rng: np.random.Generator, *shape: int) -> npt.NDArray[np.int8]:
    """Draw numbers that are exact in every float."""
    return rng.integers(-128, 128, shape, dtype=np.int8)


def tensor(values: Array) -> Any:
    """One image in a batch, float64; a vector stays one."""
    made = torch.from_numpy(values.astype(np.float64) / 64)
    return made[None] if values.ndim == 3 else made


def pooled(height: int, width: int, levels: tuple[int, ...], features: Array) -> dict[str, Array]:
    """Every kind of pooling of one shape."""
    image = tensor(features)
    results = {
        "max": [functional.adaptive_max_pool2d(image, n).flatten() for n in levels],
        "average": [functional.adaptive_avg_pool2d(image, n).flatten() for n in levels],
    }
    if max(levels) <= min(height, width):
        strides = [((-(-height // n), -(-width // n)), (height // n, width // n)) for n in levels]
        results["he"] = [
            functional.max_pool2d(image, window, stride)[:, :, :n, :n].flatten()
            for n, (window, stride) in zip(levels, strides, strict=True)
        ]
    found = {name: torch.cat(parts).numpy() for name, parts in results.items()}
    grids = [functional.adaptive_avg_pool2d(image[:, :1], n) for n in BINS]
    for corners in (True, False):
        maps = [
            functional.interpolate(grid, (height, width), mode="bilinear", align_corners=corners)
            for grid in grids
        ]
        found[f"corners {corners}"] = torch.cat(maps, dim=1)[0].numpy()
    return found


def convolved(features: Array, weights: Array, bias: Array, rate: int, stride: int) -> Array:
    """Atrous convolution: 'same' at stride 1, then every stride-th row and column."""
    result = functional.conv2d(
        tensor(features), tensor(weights), tensor(bias), padding="same", dilation=rate
    )
    return np.asarray(result[0, :, ::stride, ::stride].numpy())


def main() -> None:
    """Write the file beside this one."""
    rng = np.random.default_rng(5)
    saved: dict[str, Array] = {"bins": np.array(BINS)}
    for height, width, levels in POOLING:
        name = f"pool/{height} x {width}"
        features = multiples(rng, 2, height, width)
        saved |= {f"{name}/features": features, f"{name}/levels": np.array(levels)}
        for key, values in pooled(height, width, levels, features).items():
            saved[f"{name}/{key}"] = values.astype(np.float32)
    for inputs, outputs, height, width, rows, columns, rate, stride in ATROUS:
        name = f"atrous/{height} x {width} by {rows} x {columns} rate {rate} stride {stride}"
        features = multiples(rng, inputs, height, width)
        weights = multiples(rng, outputs, inputs, rows, columns)
        bias = multiples(rng, outputs)
        result = convolved(features, weights, bias, rate, stride)
        saved |= {f"{name}/features": features, f"{name}/weights": weights, f"{name}/bias": bias}
        saved |= {f"{name}/steps": np.array([rate, stride])}
        saved[f"{name}/result"] = result.astype(np.float32)
    np.savez_compressed(Path(__file__).with_name("pooling.npz"), allow_pickle=False, **saved)


if __name__ == "__main__":
    main()
