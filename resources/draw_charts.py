"""Test charts: zone plate, contrast chirp, and a ramp that eight bits cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LETTERS = {  # five by seven dots
    "1": ("..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."),
    "6": ("..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."),
    "B": ("####.", "#...#", "#...#", "####.", "#...#", "#...#", "####."),
    "I": (".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."),
    "T": ("#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."),
    " ": (".....",) * 7,
}


def zone_plate(size: int = 1024) -> NDArray[np.uint8]:
    """Return cos(pi r^2 / size) in grey (size x size, uint8): r / size cycles a pixel at radius r.

    The middle of each side reaches Nyquist's half cycle a pixel; the corners lie beyond it.
    """
    x = np.arange(size) - size // 2
    wave = np.cos(np.pi * (x[:, None] ** 2 + x[None, :] ** 2) / size)
    return np.asarray(np.round(127.5 + 127.5 * wave), np.uint8)


def chirp(width: int = 1024, height: int = 512) -> NDArray[np.uint8]:
    """Return a Campbell-Robson chart (height x width, uint8).

    The frequency grows exponentially from 1/256 cycle a pixel at the left to 1/2 at the right; the
    contrast falls exponentially from 1 in the bottom row to 1/200 in the top row.
    """
    low, ratio = 1 / 256, 128.0
    x, y = np.arange(width) / (width - 1), np.arange(height) / (height - 1)
    phase = 2 * np.pi * low * (width - 1) * (ratio**x - 1) / np.log(ratio)
    contrast = 200.0 ** (y - 1)
    return np.asarray(np.round(127.5 + 127.5 * contrast[:, None] * np.sin(phase)), np.uint8)


def gradient16(width: int = 1024, height: int = 512) -> NDArray[np.uint16]:
    """Return a shallow ramp with a vignette (height x width, uint16) that hides the words 16 BIT.

    It spans about six steps of an 8-bit picture, so eight bits break it into bands; the letters
    stand out by a fifth of such a step (48 of 65535), which only a stretched range shows.
    """
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    ramp = 22600 + 560 * x - 320 * (x * x + y * y) + 40 * y
    rows = ["".join(LETTERS[c][k] + "." for c in "16 BIT") for k in range(7)]
    dots = np.array([[255 if dot == "#" else 0 for dot in row] for row in rows], np.uint8)
    cell = width // 64
    text = np.kron(dots, np.ones((cell, cell), np.uint8))
    top, left = (height - text.shape[0]) // 2, (width - text.shape[1]) // 2 + cell // 2
    mask = np.zeros((height, width), np.uint8)
    mask[top : top + text.shape[0], left : left + text.shape[1]] = text
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), cell / 8), np.float64)
    return np.asarray(np.round(ramp + 48 * soft / 255), np.uint16)
