"""Animations as GIF and MP4 files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pyramid import upsample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

SUFFIXES = (".gif", ".mp4")
FADE = 5  # frames between two octaves
MAX_SIDE = 960  # pixels


def coarse_to_fine(octaves: Sequence[Array], ticket: Ticket) -> Iterator[Array]:
    """Yield frames that fade from the coarsest octave to the finest one that fits.

    Parameters
    ----------
    octaves : sequence of ndarray, H x W or H x W x 3, uint8
        A binomial Gaussian pyramid, finest first.

    Yields
    ------
    ndarray, H x W x 3, uint8
        All of one size: that of the finest octave with sides of at most `MAX_SIDE` pixels.
    """
    first = next((k for k, o in enumerate(octaves) if max(o.shape[:2]) <= MAX_SIDE), 0)
    used = octaves[first:]
    shape = used[0].shape[:2]
    count = len(used) * FADE * 2
    before: Array | None = None
    done = 0
    for level in reversed(range(len(used))):
        frame = upsample(used[level], level, shape)
        if frame.ndim == 2:
            frame = cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB)
        start = frame if before is None else before
        for step in range(1, FADE + 1):
            done += 1
            ticket.check(done / count)
            share = step / FADE
            yield cv2.addWeighted(start, 1 - share, frame, share, 0)
        for _ in range(FADE):
            done += 1
            ticket.check(done / count)
            yield frame
        before = frame


def write(path: str | os.PathLike[str], frames: Iterable[Array], fps: float) -> None:
    """Write an animation, whole or not at all.

    Parameters
    ----------
    path : path-like
        Ends in ``.gif`` or ``.mp4``.
    frames : iterable of ndarray, H x W x 3, uint8
        RGB, all of one size. MP4 repeats the last row or column of odd sizes.
    fps : float
        Frames a second.

    Raises
    ------
    UserError
        If the suffix is another one or the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise UserError(f"{target.name}: animations are written as .gif or .mp4.")
    part = target.with_name(f".{target.stem}.part{target.suffix.lower()}")
    try:
        part.touch()
        if target.suffix.lower() == ".gif":
            _write_gif(part, frames, fps)
        else:
            _write_mp4(part, frames, fps)
        os.replace(part, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{target.name} could not be written: {reason}.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _write_gif(path: Path, frames: Iterable[Array], fps: float) -> None:
    """Write all frames in the 256 colours of the last: quicker, and colours do not flicker."""
    pictures = [PIL.Image.fromarray(np.ascontiguousarray(frame)) for frame in frames]
    palette = pictures[-1].quantize(256, PIL.Image.Quantize.MEDIANCUT)
    dither = PIL.Image.Dither.FLOYDSTEINBERG
    first, *rest = (picture.quantize(palette=palette, dither=dither) for picture in pictures)
    first.save(path, save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)


def _write_mp4(path: Path, frames: Iterable[Array], fps: float) -> None:
    writer: cv2.VideoWriter | None = None
    try:
        for frame in frames:
            height, width = frame.shape[:2]
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            height, width = even.shape[:2]
            if writer is None:
                code = cv2.VideoWriter.fourcc(*"mp4v")
                writer = cv2.VideoWriter(str(path), code, fps, (width, height))
                if not writer.isOpened():
                    raise OSError("this OpenCV cannot write MP4")
            writer.write(cv2.cvtColor(even, cv2.COLOR_RGB2BGR))
    finally:
        if writer is not None:
            writer.release()
