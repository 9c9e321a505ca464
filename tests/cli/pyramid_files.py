"""Reading files back and a reduction written out, apart from the code under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

if TYPE_CHECKING:
    from pathlib import Path

Array = npt.NDArray[Any]


def read_back(path: Path | str) -> Array:
    """Read a file as it is, in R, G, B order."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return np.asarray(found if found.ndim == 2 else found[..., ::-1])


def halved(octave: Array) -> Array:
    """Smooth with 1 4 6 4 1, mirrored about the border pixels, and keep even samples."""
    real = octave.dtype.kind == "f"
    wide: Array = octave.astype(np.float64 if real else np.int64)
    for axis in (0, 1):
        mode = "mirror" if octave.shape[axis] > 1 else "nearest"
        wide = ndimage.correlate1d(wide, np.array([1, 4, 6, 4, 1]), axis=axis, mode=mode)
    kept = wide[::2, ::2]
    return np.asarray(kept / 256 if real else (kept + 128) >> 8, octave.dtype)
