"""Colour profiles: conversion to sRGB against the formulas of the ICC standard in float64."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PilImage
from PIL import ImageCms

from pyrviewer.compute import image

GAMMA = 563 / 256
# Columns: red, green, blue primary of Adobe RGB (1998) in XYZ under D50, from its specification.
ADOBE = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
# The same of sRGB, IEC 61966-2-1 adapted to D50.
SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


def profile(space: bytes, **tags: bytes) -> bytes:
    """Make an ICC profile of version 2.4 for a display with a gamma curve."""

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    text = b"a test profile\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {
        "desc": description,
        "cprt": b"text" + bytes(4) + b"none\0",
        "wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249),
        **tags,
    }
    if space == b"RGB ":
        for column, name in enumerate("rgb"):
            tags[f"{name}XYZ"] = b"XYZ " + bytes(4) + fixed(*ADOBE[:, column])
            tags[f"{name}TRC"] = b"curv" + bytes(4) + struct.pack(">IH", 1, 563)
    else:
        tags["kTRC"] = b"curv" + bytes(4) + struct.pack(">IH", 1, 256)  # linear
    at = 128 + 4 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name.encode() + struct.pack(">II", at + len(contents), len(tag))
        contents += tag + bytes(-len(tag) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s12s",
        at + len(contents),
        b"",
        0x02400000,
        b"mntr",
        space,
        b"XYZ ",
        bytes(12),
        b"acsp",
        bytes(28),
        fixed(0.9642, 1.0, 0.8249),
    ).ljust(128, b"\0")
    return header + table + contents


def encode_srgb(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = np.clip(linear, 0.0, 1.0)
    return 255.0 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )


def colours(channels: int = 3) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (60, 50, channels), np.uint8)


def read(pixels: npt.NDArray[Any], kind: str, icc: bytes) -> image.Image:
    file = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    PilImage.fromarray(pixels).save(file, kind, icc_profile=icc, **options)
    return image.decode(file.getvalue(), "test")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("channels", [3, 4])
def test_adobe_rgb_is_converted(kind: str, channels: int) -> None:
    pixels = colours(channels)
    pixels[..., 3:] |= 1  # WebP does not keep colours that cannot be seen
    got = read(pixels, kind, profile(b"RGB "))
    linear = (pixels[..., :3] / 255.0) ** GAMMA
    expected = encode_srgb(linear @ ADOBE.T @ np.linalg.inv(SRGB).T)
    difference = np.abs(got.pixels[..., :3] - expected)
    assert difference.max() <= 1.5  # curves are tables in Little CMS
    assert difference.mean() < 0.4
    np.testing.assert_array_equal(got.pixels[..., 3:], pixels[..., 3:])
    assert got.notes == ("The colour profile a test profile was converted to sRGB.",)
    assert not got.pixels.flags.writeable


def test_a_jpeg_with_a_long_profile_in_parts() -> None:
    pixels = np.full((64, 64, 3), (200, 100, 50), np.uint8)
    long = profile(b"RGB ", priv=b"data" + bytes(150_000))
    got = read(pixels, "JPEG", long)
    expected = encode_srgb((pixels / 255.0) ** GAMMA @ ADOBE.T @ np.linalg.inv(SRGB).T)
    assert np.abs(got.pixels - expected).max() <= 4
    assert len(got.notes) == 1


def test_a_gray_profile_is_converted() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    got = read(pixels, "PNG", profile(b"GRAY"))
    assert got.pixels.shape == (16, 16)
    assert np.abs(got.pixels - encode_srgb(pixels / 255.0)).max() <= 0.51


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_srgb_is_left_alone(kind: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    got = read(colours(), kind, srgb)
    np.testing.assert_array_equal(got.pixels, colours())
    assert got.notes == ()


@pytest.mark.parametrize("icc", [b"rubbish", bytes(200), profile(b"GRAY"), profile(b"RGB ")[:300]])
def test_a_profile_that_does_not_fit_is_ignored_with_a_note(icc: bytes) -> None:
    got = read(colours(), "PNG", icc)
    np.testing.assert_array_equal(got.pixels, colours())
    assert len(got.notes) == 1
    assert "not applied" in got.notes[0]


def test_16_bit_colours_are_not_converted_but_mentioned() -> None:
    pixels = np.random.default_rng(3).integers(0, 65536, (20, 30), np.uint16)
    got = read(pixels, "PNG", profile(b"GRAY"))
    np.testing.assert_array_equal(got.pixels, pixels)
    assert "was not applied" in got.notes[0]
