"""OpenCV, imported so that it leaves the environment of the process as it was.

The opencv-python wheel points Qt at its own plugins and fonts when it is imported, and a PyQt
program that starts afterwards finds the wrong ones. Import this module before any ``import cv2``.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import TYPE_CHECKING

import PIL.Image

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_PIXELS", "cv2", "quiet_codecs"]

MAX_PIXELS = 400_000_000
"""Largest image that is opened, in pixels: more is taken for a decompression bomb."""

_CHANGED_BY_OPENCV = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")
_QT_OF_OPENCV = os.path.join("cv2", "qt")


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _CHANGED_BY_OPENCV}
    try:
        yield
    finally:
        for name, value in before.items():
            # Someone else may have imported cv2 first: its own paths are not worth keeping.
            if value is None or _QT_OF_OPENCV in value:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# OpenCV reads this once. It guards the formats whose header we do not read ourselves.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))

with _environment_kept():
    import cv2


def quiet_codecs() -> None:
    """Settle what OpenCV and Pillow keep for the whole process; a program calls it once at boot.

    They stop reporting damaged files on stderr: every failure to read reaches the caller as a
    `UserError`. (libjpeg still prints a line of its own for damage that it could repair: OpenCV
    gives no access to it.) Pillow's limit for decompression bombs gives way to `MAX_PIXELS`.
    """
    # OpenCV 5 moved the function.
    getattr(cv2.utils, "logging", cv2).setLogLevel(0)
    warnings.filterwarnings("ignore", module=r"PIL\.")
    PIL.Image.MAX_IMAGE_PIXELS = MAX_PIXELS
