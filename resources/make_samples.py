"""Draw the sample pictures: ``python resources/make_samples.py [DIR]``.

Everything is computed from seeded noise and distance fields; nothing is copied from a photograph.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from draw_charts import chirp, gradient16, zone_plate
from draw_fruit import fruit_picture
from draw_scene import eye_box, hippo_picture
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Picture = NDArray[np.uint8] | NDArray[np.uint16]

HIPPO_EYE = eye_box()  # x, y, width and height in hippo.jpg, in pixels

PICTURES: dict[str, Callable[[float], Picture]] = {
    "hippo.jpg": hippo_picture,
    "apple.jpg": lambda scale: fruit_picture("apple", round(1024 * scale)),
    "orange.jpg": lambda scale: fruit_picture("orange", round(1024 * scale)),
    "zone_plate.png": lambda scale: zone_plate(round(1024 * scale)),
    "chirp.png": lambda scale: chirp(round(1024 * scale), round(512 * scale)),
    "gradient16.png": lambda scale: gradient16(round(1024 * scale), round(512 * scale)),
}


def encoded(name: str, scale: float = 1.0) -> bytes:
    """Return one sample as the bytes of its file, drawn at a fraction of its full size."""
    picture = PICTURES[name](scale)
    if picture.ndim == 3:
        picture = picture[..., ::-1]  # OpenCV writes BGR
    options = (
        [cv2.IMWRITE_JPEG_QUALITY, 92]
        if name.endswith(".jpg")
        else [cv2.IMWRITE_PNG_COMPRESSION, 9]
    )
    done, data = cv2.imencode(Path(name).suffix, np.ascontiguousarray(picture), options)
    if not done:
        raise RuntimeError(f"{name} could not be encoded")
    return bytes(data)


def main() -> None:
    """Write all samples into the directory named on the command line."""
    parser = argparse.ArgumentParser(description="Draw the sample pictures of pyrviewer.")
    default = Path(__file__).parent / "samples"
    parser.add_argument("directory", nargs="?", type=Path, default=default, metavar="DIR")
    directory: Path = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        data = encoded(name)
        (directory / name).write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
