"""What the screen shows, against the formulas in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage.color import rgb2lab

from pyrviewer.compute import display
from pyrviewer.compute.strips import STRIP_PIXELS
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array

FULL = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def noise(*shape: int, dtype: str = "uint8") -> Array:
    values = np.random.default_rng(2).random(shape)
    return (
        values.astype(dtype) if dtype == "float32" else (values * (FULL[dtype] + 1)).astype(dtype)
    )


def all_values(dtype: str) -> Array:
    steps = 256 if dtype == "uint8" else 65536
    return np.linspace(0, FULL[dtype], steps).astype(dtype).reshape(-1, 64)


def swapped(bgra: Array) -> Array:
    """Return R, G, B as integers that can be subtracted; the fourth byte must be 255."""
    assert bgra.dtype == np.uint8
    assert bgra.flags.c_contiguous
    assert (bgra[..., 3] == 255).all()
    return bgra[..., 2::-1].astype(int)


@pytest.mark.parametrize("dtype", FULL)
@pytest.mark.parametrize("ends", [None, (0.2, 0.7), (-0.5, 3.0), (0.9, 0.9 + 1e-4)])
def test_every_value_is_shown_as_the_nearest_byte(
    dtype: str, ends: tuple[float, float] | None
) -> None:
    pixels = all_values(dtype)
    lo, hi = (FULL[dtype] * end for end in ends or (0.0, 1.0))
    exact = np.clip((pixels.astype(np.float64) - lo) / (hi - lo), 0, 1) * 255
    got = display.to_display(pixels) if ends is None else display.to_display(pixels, lo, hi)
    # OpenCV computes in float32: a value next to a half may go either way.
    slack = 1e-3 + 255 / (hi - lo) * FULL[dtype] * 2e-7
    for channel in np.moveaxis(swapped(got), -1, 0):
        assert np.abs(channel - exact).max() <= 0.5 + slack


@pytest.mark.parametrize("dtype", FULL)
def test_channels_go_where_qt_has_them(dtype: str) -> None:
    pixels = noise(40, 30, 3, dtype=dtype)
    got = swapped(display.to_display(pixels))
    assert np.abs(got - pixels * (255 / FULL[dtype])).max() <= 0.502


@pytest.mark.parametrize("dtype", FULL)
def test_images_larger_than_a_strip(dtype: str) -> None:
    pixels = noise(3, STRIP_PIXELS // 2 + 5, 3, dtype=dtype)
    assert np.abs(swapped(display.to_display(pixels)) - pixels * (255 / FULL[dtype])).max() <= 0.502


@pytest.mark.parametrize("dtype", FULL)
def test_transparent_images_lie_on_a_checkerboard(dtype: str) -> None:
    shape = (STRIP_PIXELS // 512 + 40, 512)  # the squares must not break at the border of strips
    pixels = noise(*shape, 4, dtype=dtype)
    pixels[:50, :, 3], pixels[50:90, :, 3] = 0, FULL[dtype]
    rows, columns = np.indices(shape) // 16
    board = np.where((rows + columns) % 2 == 0, 204.0, 153.0)[..., None]
    colours = np.rint(pixels[..., :3] * (255 / FULL[dtype]))
    alpha = np.rint(pixels[..., 3:] * (255 / FULL[dtype])) / 255
    exact = colours * alpha + board * (1 - alpha)
    # An alpha next to a half may be rounded either way, and moves the result by up to 1.
    allowed = 0.502 if dtype == "uint8" else 1.502
    got = swapped(display.to_display(pixels))
    assert np.abs(got - exact).max() <= allowed
    np.testing.assert_array_equal(got[:50], np.broadcast_to(board, (*shape, 3))[:50])


def test_alpha_does_not_depend_on_the_range() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[..., 3] = [[0, 255], [255, 255]]
    got = swapped(display.to_display(pixels, 100, 200))
    assert got[0, 0].tolist() == [204] * 3
    assert got[0, 1].tolist() == [0] * 3


def test_inputs_are_left_alone_and_views_accepted() -> None:
    pixels = noise(40, 60, 4)
    view = pixels[::2, ::3]
    before = pixels.copy()
    np.testing.assert_array_equal(display.to_display(view), display.to_display(view.copy()))
    np.testing.assert_array_equal(pixels, before)


def test_mistakes_are_refused() -> None:
    with pytest.raises(ValueError, match="not below"):
        display.to_display(noise(4, 5), 10, 10)
    with pytest.raises(ValueError, match="dtype int64"):
        display.to_display(np.zeros((4, 5), int))
    with pytest.raises(ValueError, match="dtype uint8"):
        display.signed_to_display(noise(4, 5))
    with pytest.raises(ValueError, match=r"shape \(4, 5, 2\)"):
        display.signed_to_display(np.zeros((4, 5, 2), np.int16))
    with pytest.raises(ValueError, match="not above 0"):
        display.signed_to_display(np.zeros((4, 5), np.int16), 0)
    with pytest.raises(ValueError, match="not in order"):
        display.stretch_range(noise(4, 5), 60, 40)


def test_both_conversions_can_be_cancelled() -> None:
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        display.to_display(noise(4, 5), ticket=ticket)
    with pytest.raises(Cancelled):
        display.signed_to_display(np.zeros((4, 5), np.int16), ticket=ticket)


# --- ranges


def test_auto_range_hides_nothing() -> None:
    assert display.auto_range(noise(9, 9) // 4) == (0, 255)
    assert display.auto_range(noise(9, 9, dtype="uint16") // 4) == (0, 65535)
    assert display.auto_range(noise(9, 9, dtype="float32") / 4) == (0, 1)
    assert display.auto_range(np.array([[-2.0, 0.5]], np.float32)) == (-2, 0.5)
    assert display.auto_range(np.array([[0.0, 1.5]], np.float32)) == (0, 1.5)
    assert display.auto_range(np.full((3, 3), 7, np.float32)) == (6.5, 7.5)
    transparent = np.full((3, 3, 4), 0.5, np.float32)
    transparent[..., 3] = 40
    assert display.auto_range(transparent) == (0, 1)


def test_stretch_range_uses_percentiles() -> None:
    pixels = noise(300, 400, 3, dtype="uint16")
    expected = np.percentile(pixels, (0.1, 99.9))
    np.testing.assert_allclose(display.stretch_range(pixels), expected)
    large = noise(1500, 1100, dtype="uint16")
    low, high = display.stretch_range(large, 10, 80)
    assert abs(low - 6553.5) < 300
    assert abs(high - 52428) < 300
    assert display.stretch_range(np.full((5, 5, 4), 9, np.uint8)) == (8.5, 9.5)


@pytest.mark.parametrize("shape", [(1, 600_000), (600_000, 1), (3, 200_000)])
def test_long_and_thin_images_are_sampled_along_their_length(shape: tuple[int, int]) -> None:
    pixels = np.linspace(0, 65535, 600_000).astype(np.uint16).reshape(shape)
    low, high = display.stretch_range(pixels, 25, 75)
    assert abs(low - 16384) < 700
    assert abs(high - 49151) < 700


# --- signed bands


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
@pytest.mark.parametrize("limit", [1.0, 20.0, 127.0, 300.5])
def test_gray_bands_look_up_the_diverging_map(dtype: str, limit: float) -> None:
    band = np.arange(-600, 601).reshape(1, -1).astype(dtype)
    got = swapped(display.signed_to_display(band, limit))[0]
    level = np.clip(band[0].astype(np.float64) / limit * 127 + 128, 0, 255)
    below = display.DIVERGING[np.floor(level - 1e-3 + 0.5).astype(int)]
    above = display.DIVERGING[np.floor(level + 1e-3 + 0.5).astype(int)]
    assert ((got == below).all(axis=-1) | (got == above).all(axis=-1)).all()


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colour_bands_lie_around_mid_gray(dtype: str, channels: int) -> None:
    rng = np.random.default_rng(4)
    band = rng.integers(-300, 301, (50, 60, channels)).astype(dtype)
    got = swapped(display.signed_to_display(band, 150))
    exact = np.clip(band[..., :3] / 150 * 127 + 128, 0, 255)
    assert np.abs(got - exact).max() <= 0.501


def test_the_default_limit_is_robust() -> None:
    band = np.zeros((100, 100), np.int16)
    assert display.signed_limit(band) == 1
    band[:50] = -40
    band[0, :20] = 9000
    assert display.signed_limit(band) == 40
    np.testing.assert_array_equal(
        display.signed_to_display(band), display.signed_to_display(band, 40)
    )
    floats = np.zeros((100, 100), np.float32)
    assert display.signed_limit(floats) == 1
    floats[3, 3] = -0.25  # too rare for the percentile, but there is nothing else
    assert display.signed_limit(floats) == 0.25
    floats[:50] = 1e-4
    assert display.signed_limit(floats) == pytest.approx(1e-4)


def test_zero_is_neutral_and_both_signs_weigh_the_same() -> None:
    table = display.DIVERGING
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert not table.flags.writeable
    np.testing.assert_array_equal(table[0], table[1])
    lab = rgb2lab(table[None] / 255.0)[0]
    assert np.hypot(*lab[128, 1:]) < 1
    assert lab[128, 0] > 90
    for distance in range(1, 128):
        blue, orange = lab[128 - distance], lab[128 + distance]
        assert abs(blue[0] - orange[0]) < 1.0
        assert abs(np.hypot(*blue[1:]) - np.hypot(*orange[1:])) < 2.0
        if distance > 5:
            assert blue[2] < 0 < orange[2]


def test_the_map_is_even() -> None:
    lab = rgb2lab(display.DIVERGING[None] / 255.0)[0]
    for half in (lab[1:129], lab[128:]):
        steps = np.linalg.norm(half[16:] - half[:-16], axis=1)
        assert steps.max() / steps.min() < 1.2  # bytes are coarse
        assert (np.diff(half[::4, 0]) < 0).all() or (np.diff(half[::4, 0]) > 0).all()


# Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE TVCG 15 (2009), severity 1: what people without one kind of cone see.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_colour_blind_people_tell_the_signs_apart(kind: str) -> None:
    encoded = display.DIVERGING / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(BLINDNESS[kind]).T, 0, 1)
    seen = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    lab = rgb2lab(seen[None])[0]
    for distance in (40, 80, 127):
        apart = np.linalg.norm(lab[128 - distance] - lab[128 + distance])
        assert apart > distance / 4  # from 10, plain to see, to 32


def test_an_old_picture_is_written_over() -> None:
    image = np.random.default_rng(7).integers(0, 256, (40, 50, 3), np.uint8)
    old = np.zeros((40, 50, 4), np.uint8)
    assert display.to_display(image, out=old) is old
    assert np.array_equal(old[..., 2::-1], image)
    other = np.zeros((41, 50, 4), np.uint8)
    assert display.to_display(image, out=other) is not other
    assert not other.any()
