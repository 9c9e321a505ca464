"""Makes network.npz with PyTorch: logits, maps and gradients that ours must agree with.

Run ``python tests/reference_values/make_network.py`` where PyTorch, scikit-image and the weights
are installed. The test reads the cases from the names of the arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import skimage
from torch_network import TorchNetwork, torch

PHOTO = np.asarray(skimage.data.chelsea())

# Height, width and output stride: odd, tiny and thin ones too.
LOGITS = (
    *((224, 224, 32), (224, 224, 16), (224, 224, 8)),
    *((97, 130, 32), (97, 130, 8), (31, 33, 16), (1, 1, 32), (1, 40, 32), (37, 1, 8)),
)
# Layer, height, width, output stride.
MAPS = (
    *(("stem", 9, 12, 32), ("block 3", 21, 18, 32), ("block 4 expand", 9, 11, 32)),
    *(("block 9 depthwise", 17, 30, 32), ("block 13", 63, 50, 8), ("head", 40, 33, 16)),
)
# Layer, channel, objective, height, width, output stride.
GRADIENTS = (
    ("stem", 5, "mean", 21, 30, 32),
    ("block 1", None, "l2", 24, 17, 32),
    ("block 3 expand", 40, "mean", 33, 26, 32),
    ("block 5 depthwise", 100, "l2", 31, 40, 32),
    ("block 9", 20, "mean", 47, 52, 32),
    ("block 13", None, "l2", 40, 51, 16),
    ("head", 700, "mean", 41, 40, 8),
    ("classifier", 282, "mean", 50, 43, 32),
)


def crop(height: int, width: int) -> Any:
    """Cut the photo around the cat's eyes."""
    pixels = PHOTO[60 : 60 + height, 120 : 120 + width].transpose(2, 0, 1)
    return torch.tensor(pixels.copy(), dtype=torch.float64)[None]


def gradient(network: TorchNetwork, case: tuple[Any, ...]) -> Any:
    """Differentiate one of `GRADIENTS` by PyTorch."""
    layer, channel, objective, height, width, stride = case
    image = crop(height, width).requires_grad_()
    maps = network.run(image, layer, stride)[layer]
    part = maps if channel is None else maps[:, channel]
    value = part.mean() if objective == "mean" else 0.5 * (part**2).sum()
    value.backward()
    return image.grad[0].permute(1, 2, 0).numpy()


def main() -> None:
    """Write the file."""
    network = TorchNetwork(torch.float64)
    found: dict[str, Any] = {}
    with torch.no_grad():
        for height, width, stride in LOGITS:
            maps = network.run(crop(height, width), "classifier", stride)["classifier"]
            found[f"logits/{height}/{width}/{stride}"] = maps.reshape(-1).numpy()
        for layer, height, width, stride in MAPS:
            maps = network.run(crop(height, width), layer, stride)[layer]
            found[f"maps/{layer}/{height}/{width}/{stride}"] = maps[0].numpy()
    for case in GRADIENTS:
        found["/".join(map(str, ("gradient", *case)))] = gradient(network, case)
    path = Path(__file__).with_name("network.npz")
    values: dict[str, Any] = {name: np.float32(value) for name, value in found.items()}
    np.savez_compressed(path, **values)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
