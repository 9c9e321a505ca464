"""Exposure fusion and focus stacking, against formulas in float64 and OpenCV."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import skimage
from pyramid_reference import DTYPES, FULL, expanded, reduced
from reference import psnr
from scipy import ndimage

from pyrviewer.compute.align import Aligned
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.fusion import fuse, stack
from pyrviewer.compute.ticket import Cancelled, Ticket

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def photo(name: str) -> Array:
    stored = cv2.imread(str(Path(skimage.__file__).parent / "data" / name))
    assert stored is not None
    return np.ascontiguousarray(stored[..., ::-1])


def exposures(pixels: Array, lamp: float | Floats = 0.0) -> list[Array]:
    """Three exposures 2.5 stops apart, of a sensor that clips; the lamp is in stops too."""
    light = (pixels / 255.0) ** 2.2
    exposed = (np.clip(light * 2.0 ** (lamp + stops), 0, 1) for stops in (-2.5, 0, 2.5))
    return [np.rint(255 * values ** (1 / 2.2)).astype(np.uint8) for values in exposed]


def focused(pixels: Array) -> tuple[Array, Array]:
    """Two photos of one scene, each sharp in one half."""
    blurred = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 3))
    left = np.arange(pixels.shape[1]) < pixels.shape[1] // 2
    left = left.reshape(1, -1, *(1,) * (pixels.ndim - 2))
    return np.where(left, pixels, blurred), np.where(left, blurred, pixels)


def measure(values: Floats, exponents: tuple[float, float, float]) -> Floats:
    """Weigh as Mertens, Kautz and Van Reeth do."""
    channels = values.reshape(*values.shape[:2], -1)
    gray = channels @ ([1.0] if values.ndim == 2 else [0.299, 0.587, 0.114])
    cross = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    contrast = np.abs(ndimage.correlate(gray, cross, mode="mirror"))
    saturation = channels.std(axis=2) * np.sqrt(3) if values.ndim == 3 else np.ones_like(gray)
    exposedness = np.exp(-((channels - 0.5) ** 2) / 0.08).prod(axis=2)
    c, s, e = exponents
    return np.asarray(contrast**c * saturation**s * exposedness**e + 1e-12)


def fused(images: list[Array], weights: list[Floats], levels: int) -> Floats:
    """Blend the Laplacian bands by the octaves of the weights, in float64."""
    total = sum(weights)
    bands: list[Any] = [0.0] * (levels + 1)
    for image, weight in zip(images, weights, strict=True):
        octave, share = image.astype(float), weight / total
        for level in range(levels + 1):
            smaller = reduced(octave)
            band = octave - expanded(smaller, octave.shape) if level < levels else octave
            bands[level] = bands[level] + band * share.reshape(
                *share.shape, *(1,) * (image.ndim - 2)
            )
            octave, share = smaller, reduced(share)
    result = bands[-1]
    for band in bands[-2::-1]:
        result = expanded(result, band.shape) + band
    return np.asarray(result)


def noisy(shape: tuple[int, ...], dtype: type[Any], seed: int) -> Array:
    """Smooth noise around a brightness of its own: every weight is well above nothing."""
    rng = np.random.default_rng(seed)
    values = ndimage.gaussian_filter(rng.random(shape), (1, 1, *(0,) * (len(shape) - 2)))
    values = np.clip(values + rng.uniform(-0.2, 0.2), 0, 1) * FULL[dtype]
    return np.asarray(values if dtype is np.float32 else np.rint(values), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(61, 90), (64, 43, 3), (5, 33, 3), (1, 40), (2, 2, 3)])
@pytest.mark.parametrize("exponents", [(1.0, 1.0, 1.0), (0.0, 0.5, 2.0)])
def test_fuse_is_the_published_formula(
    dtype: type[Any], shape: tuple[int, ...], exponents: tuple[float, float, float]
) -> None:
    images = [noisy(shape, dtype, seed) for seed in range(3)]
    weights = [measure(image / FULL[dtype], exponents) for image in images]
    levels = int(np.log2(min(shape[:2])))
    contrast, saturation, exposedness = exponents
    found = fuse(images, contrast=contrast, saturation=saturation, exposedness=exposedness)
    expected = fused(images, weights, levels)
    assert found.pixels.dtype == dtype
    if dtype is np.float32:
        np.testing.assert_allclose(found.pixels, expected, atol=2e-4)
    else:
        expected = np.clip(expected, 0, FULL[dtype])
        # Octaves are rounded, half a step each; uint16 shows float32's rounding of weights too.
        np.testing.assert_allclose(found.pixels, expected, atol=1.5 if dtype is np.uint8 else 12)
    for weight, map_ in zip(weights, found.weights, strict=True):
        np.testing.assert_allclose(map_, weight / sum(weights), atol=2e-4)
    np.testing.assert_allclose(sum(found.weights), np.ones(shape[:2]), atol=1e-5)


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg"])
def test_fuse_agrees_with_opencv(name: str) -> None:
    images = exposures(photo(name)[:700, :900])
    # OpenCV takes the first channel for red, whatever its documentation says.
    theirs = 255 * cv2.createMergeMertens(1, 1, 1).process(images)
    difference = np.abs(fuse(images).pixels - np.clip(theirs, 0, 255))
    assert difference.mean() < 0.3  # 0.25 is the mean of rounding
    # Where all images are gray or flat, rounding errors are all that OpenCV's weights are made of.
    assert np.quantile(difference, 0.999) < 1.2


def test_fused_exposures_show_more_than_each() -> None:
    pixels = photo("chelsea.png")
    images = exposures(pixels, np.linspace(-2, 2, pixels.shape[1])[:, None])

    def shown(image: Array) -> float:
        """Return the share of pixels that are neither nearly black nor nearly white."""
        return float(np.mean((image > 20) & (image < 235)))

    assert shown(fuse(images).pixels) > max(map(shown, images)) + 0.02


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "gray"])
@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "retina.jpg", "rocket.jpg"])
def test_stack_is_as_sharp_as_the_scene(name: str, kind: str) -> None:
    sharp = photo(name)[:500, :700]
    if kind == "gray":
        sharp = np.asarray(cv2.cvtColor(sharp, cv2.COLOR_RGB2GRAY))
    scale = {"uint16": 257, "float32": 1 / 255}.get(kind, 1)
    dtype = np.uint8 if kind == "gray" else np.dtype(kind)
    images = [(image.astype(float) * scale).astype(dtype) for image in focused(sharp)]
    found = stack(images)
    assert found.pixels.dtype == dtype
    inputs = [psnr(np.asarray(image / scale), sharp) for image in images]
    assert psnr(found.pixels / scale, sharp) > max(50, max(inputs) + 15)
    # Each is taken where it is sharp.
    half = sharp.shape[1] // 2
    assert found.weights[0][:, : half - 20].mean() > 0.93
    assert found.weights[1][:, half + 20 :].mean() > 0.93
    assert set(np.unique(found.weights)) == {0, 1}


def test_stack_of_many() -> None:
    sharp = photo("coffee.png")
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4))
    images = []
    for k in range(5):
        image = blurred.copy()
        image[80 * k : 80 * k + 80] = sharp[80 * k : 80 * k + 80]
        images.append(image)
    assert psnr(stack(images).pixels, sharp) > max(psnr(image, sharp) for image in images) + 12


@pytest.mark.parametrize("merge", [fuse, stack])
def test_equal_images_give_themselves(merge: Any) -> None:
    pixels = photo("chelsea.png")
    found = merge([pixels, pixels, pixels])
    assert np.abs(found.pixels.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize("merge", [fuse, stack])
def test_strips_leave_no_trace(merge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    images = exposures(photo("chelsea.png"))
    whole = merge(images)
    monkeypatch.setattr("pyrviewer.compute.strips.STRIP_PIXELS", 451 * 37)
    parts = merge(images)
    np.testing.assert_array_equal(parts.pixels, whole.pixels)
    np.testing.assert_array_equal(parts.weights, whole.weights)


@pytest.mark.parametrize("merge", [fuse, stack])
def test_inputs_of_any_layout_are_left_alone(merge: Any) -> None:
    images = exposures(photo("chelsea.png"))
    kept = [image.copy() for image in images]
    odd = [images[0], np.asfortranarray(images[1]), images[2][::-1].copy()[::-1]]
    for image in odd:
        image.flags.writeable = False
    np.testing.assert_array_equal(merge(odd).pixels, merge(kept).pixels)
    np.testing.assert_array_equal(odd, kept)


class Counted:
    """Images that are made when they are asked for; counts how many are alive."""

    def __init__(self, count: int) -> None:
        self.asked: list[int] = []
        self.most = 0
        self._count = count
        self._alive: list[weakref.ref[Array]] = []

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Array:
        pixels = noisy((40, 50), np.uint8, index)
        self.asked.append(index)
        self._alive.append(weakref.ref(pixels))
        self.most = max(self.most, sum(alive() is not None for alive in self._alive))
        return pixels


@pytest.mark.parametrize("merge", [fuse, stack])
def test_few_of_many_images_are_in_memory(merge: Any) -> None:
    images, given = Counted(9), []
    found = merge(images, on_weights=lambda index, weights: given.append((index, weights.copy())))
    assert images.asked == [*range(9), *range(9)]
    assert images.most <= 2
    assert found.weights == []
    assert [index for index, _ in given] == list(range(9))
    np.testing.assert_allclose(sum(weights for _, weights in given), np.ones((40, 50)), atol=1e-5)


def test_moved_images_are_fused_once_aligned() -> None:
    pixels = photo("astronaut.png")
    moved = [pixels[y : y + 400, x : x + 380] for x, y in ((20, 30), (27, 12), (40, 25))]
    images = [exposures(part)[k] for k, part in enumerate(moved)]
    aligned = Aligned(images)
    found = fuse(aligned).pixels
    x0, y0, x1, y1 = aligned.rect
    expected = fuse([image[12 + y0 : 12 + y1, 27 + x0 : 27 + x1] for image in exposures(pixels)])
    assert found.shape == expected.pixels.shape
    assert psnr(found, expected.pixels) > 32
    as_they_are = fuse(images).pixels[y0:y1, x0:x1]
    assert psnr(as_they_are, expected.pixels) < 25


@pytest.mark.parametrize("merge", [fuse, stack])
def test_what_does_not_fit_is_named(merge: Any) -> None:
    image = noisy((20, 30, 3), np.uint8, 0)
    names = ["one.jpg", "two.jpg"]
    for other, words in (
        (image[1:], r"two\.jpg has 30 x 19 RGB pixels.*one\.jpg has 30 x 20"),
        (image[..., 0], r"two\.jpg has .* gray"),
        (image.astype(np.uint16), r"two\.jpg has .* uint16"),
        (np.dstack([image, image[..., 0]]), r"two\.jpg is transparent"),
    ):
        with pytest.raises(UserError, match=words):
            merge([image, other], names=names)
    with pytest.raises(UserError, match="image 2 has"):
        merge([image, image[1:]])
    with pytest.raises(UserError, match="Two or more"):
        merge([image])
    with pytest.raises(ValueError, match="levels must be 0 to 5"):
        merge([image, image], levels=6)
    with pytest.raises(ValueError, match="not finite"):
        merge([np.full((8, 8), np.nan, np.float32)] * 2)


def test_negative_exponents_are_refused() -> None:
    image = noisy((20, 30, 3), np.uint8, 0)
    with pytest.raises(ValueError, match="contrast"):
        fuse([image, image], contrast=-1)


@pytest.mark.parametrize("merge", [fuse, stack])
def test_progress_runs_up_and_cancel_stops(merge: Any) -> None:
    images = exposures(photo("chelsea.png"))
    told: list[float] = []
    merge(images, ticket=Ticket(on_progress=told.append))
    assert len(told) > 5
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        merge(images, ticket=ticket)
