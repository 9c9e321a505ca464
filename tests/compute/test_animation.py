"""Animations are read back by Pillow and OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from skimage import data

from pyrviewer.compute import animation, pyramid
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from pathlib import Path

    from pyrviewer.compute.image import Array


def frames() -> list[Array]:
    octaves = pyramid.gaussian_pyramid(data.astronaut()[:255, :301], 3)
    return list(animation.coarse_to_fine(octaves, Ticket()))


def test_the_last_frame_is_the_image_and_the_first_the_coarsest_octave() -> None:
    photo = data.astronaut()[:255, :301]
    octaves = pyramid.gaussian_pyramid(photo, 3)
    shown = list(animation.coarse_to_fine(octaves, Ticket()))
    assert np.array_equal(shown[-1], photo)
    assert np.array_equal(shown[0], pyramid.upsample(octaves[3], 3, photo.shape[:2]))
    assert {frame.shape for frame in shown} == {photo.shape}


def test_progress_reaches_the_end_and_cancel_stops() -> None:
    octaves = pyramid.gaussian_pyramid(data.camera()[:64, :64], 3)
    fractions: list[float] = []
    list(animation.coarse_to_fine(octaves, Ticket(fractions.append)))
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    ticket = Ticket()
    running = animation.coarse_to_fine(octaves, ticket)
    next(running)
    ticket.cancel()
    with pytest.raises(Cancelled):
        list(running)


def test_gif(tmp_path: Path) -> None:
    path = tmp_path / "zoom ünïcode.gif"
    animation.write(path, frames(), 10)
    with PIL.Image.open(path) as found:
        assert found.size == (301, 255)
        total = 0
        for index in range(getattr(found, "n_frames", 1)):
            found.seek(index)
            total += int(found.info["duration"])
    assert total == 100 * len(frames())  # equal frames are held longer instead of repeated
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_mp4(tmp_path: Path) -> None:
    path = tmp_path / "zoom.mp4"
    animation.write(path, frames(), 12)
    video = cv2.VideoCapture(str(path))
    size = video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)
    read = 0
    last = None
    while True:
        done, frame = video.read()
        if not done:
            break
        read, last = read + 1, frame
    video.release()
    assert size == (302, 256)  # even, the last row and column twice
    assert read == len(frames())
    assert last is not None
    expected = data.astronaut()[:255, :301, ::-1].astype(float)
    assert np.abs(last[:255, :301].astype(float) - expected).mean() < 8  # lossy


def test_bad_targets_are_one_sentence_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"zoom\.avi.*\.gif or \.mp4"):
        animation.write(tmp_path / "zoom.avi", frames(), 10)
    with pytest.raises(UserError, match=r"zoom\.gif could not be written"):
        animation.write(tmp_path / "missing" / "zoom.gif", frames(), 10)
    assert not list(tmp_path.iterdir())
