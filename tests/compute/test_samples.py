"""The sample pictures: complete, as promised, reproducible, and fit for what the labs do."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESOURCES = Path(__file__).parents[2] / "resources"
SAMPLES = RESOURCES / "samples"
PROMISED = {
    "hippo.jpg": ((1600, 2400, 3), "uint8"),
    "apple.jpg": ((1024, 1024, 3), "uint8"),
    "orange.jpg": ((1024, 1024, 3), "uint8"),
    "zone_plate.png": ((1024, 1024), "uint8"),
    "chirp.png": ((512, 1024), "uint8"),
    "gradient16.png": ((512, 1024), "uint16"),
}


def stored(name: str, flags: int = cv2.IMREAD_UNCHANGED) -> NDArray[Any]:
    pixels = cv2.imread(str(SAMPLES / name), flags)
    assert pixels is not None
    return pixels


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(RESOURCES))
    return import_module("make_samples")


@pytest.mark.parametrize("name", PROMISED)
def test_file_has_the_promised_shape_and_type(name: str) -> None:
    pixels = stored(name)
    assert (pixels.shape, pixels.dtype.name) == PROMISED[name]


def test_script_draws_exactly_the_promised_files_in_less_than_4_mb(script: Any) -> None:
    assert set(script.PICTURES) == set(PROMISED)
    assert sum((SAMPLES / name).stat().st_size for name in PROMISED) < 4_000_000


@pytest.mark.parametrize("name", PROMISED)
def test_drawing_twice_gives_the_same_bytes(script: Any, name: str) -> None:
    scale = 0.08 if name == "hippo.jpg" else 0.125
    assert script.encoded(name, scale) == script.encoded(name, scale)


@pytest.mark.parametrize("name", ["hippo.jpg", "apple.jpg", "orange.jpg"])
def test_stored_photograph_is_what_the_script_draws(script: Any, name: str) -> None:
    drawn = script.PICTURES[name](0.125)[..., ::-1]
    small = cv2.resize(stored(name), drawn.shape[1::-1], interpolation=cv2.INTER_AREA)
    likeness = np.corrcoef(drawn.ravel().astype(float), small.ravel().astype(float))[0, 1]
    assert likeness > 0.95


def test_zone_plate_follows_its_formula() -> None:
    pixels = stored("zone_plate.png").astype(float)
    for y, x in ((512, 512), (512, 0), (3, 700), (1023, 1023)):
        radius2 = (y - 512) ** 2 + (x - 512) ** 2
        assert abs(pixels[y, x] / 255 - (0.5 + 0.5 * np.cos(np.pi * radius2 / 1024))) < 0.0021
    # The middle of the left side alternates every pixel: Nyquist's frequency.
    assert np.all(np.abs(np.diff(pixels[512, :12])) > 200)


def test_chirp_sweeps_to_nyquist_and_loses_contrast_upwards() -> None:
    pixels = stored("chirp.png").astype(float) - 127.5
    for x in (200, 500, 800):
        crossings = np.count_nonzero(np.diff(np.sign(pixels[-1, x - 64 : x + 65])))
        mean = np.mean(128.0 ** (np.arange(x - 64, x + 65) / 1023)) / 256  # cycles a pixel
        assert abs(crossings - 2 * 128 * mean) < 2
    # At the right edge it alternates from sample to sample: half a cycle a pixel.
    assert np.all(pixels[-1, -12:-1] * pixels[-1, -11:] < 0)
    spread = pixels[[511, 383, 255, 127], :].std(axis=1)
    assert np.allclose(spread[:-1] / spread[1:], 200 ** (128 / 511), rtol=0.1)


def test_gradient_bands_in_eight_bits_but_not_in_sixteen() -> None:
    pixels = stored("gradient16.png").astype(int)
    assert 5 <= len(np.unique(pixels >> 8)) <= 8
    assert len(np.unique(pixels)) > 1000
    background = np.delete(pixels, np.s_[128:384], axis=0)
    for axis in (0, 1):  # along a row and, on either side of the letters, down a column
        assert np.abs(np.diff(background[:128], axis=axis)).max() <= 4


def test_gradient_hides_letters_below_one_step_of_eight_bits() -> None:
    pixels = stored("gradient16.png").astype(float)
    y, x = np.mgrid[-1:1:512j, -1:1:1024j]
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y], axis=-1)
    outside = np.abs(y) > 0.5
    fit = np.linalg.lstsq(terms[outside], pixels[outside], rcond=None)[0]
    rest = pixels - terms @ fit
    assert 40 < rest.max() < 256 / 4
    assert rest.min() > -2
    assert 0.02 < np.mean(rest > 20) < 0.15


def test_fruits_share_place_size_and_table() -> None:
    apple, orange = (stored(name).astype(float) for name in ("apple.jpg", "orange.jpg"))
    frame = np.ones((1024, 1024), bool)
    frame[100:920, 100:980] = False
    assert np.abs(apple - orange)[frame].mean() < 4
    boxes = []
    for picture in (apple, orange):
        colourful = picture.max(axis=2) - picture.min(axis=2) > 70
        colourful[:200] = False  # the apple's stem
        x = np.flatnonzero(colourful.sum(axis=0) > 20)
        y = np.flatnonzero(colourful.sum(axis=1) > 20)
        boxes.append((x[0], x[-1], y[-1]))
    assert np.abs(np.subtract(boxes[0], boxes[1])).max() < 25
    assert abs((boxes[1][0] + boxes[1][1]) / 2 - 511.5) < 8


def test_hippo_eye_is_where_the_script_says_and_unique(script: Any) -> None:
    scene = stored("hippo.jpg", cv2.IMREAD_GRAYSCALE)
    x, y, w, h = script.HIPPO_EYE
    assert 60 <= w <= 110
    eye = scene[y : y + h, x : x + w]
    score = cv2.matchTemplate(scene, eye, cv2.TM_CCOEFF_NORMED)
    assert cv2.minMaxLoc(score)[3] == (x, y)
    score[max(0, y - h // 2) : y + h // 2, x - w // 2 : x + w // 2] = -1
    assert score.max() < 0.7
    # A dark pupil, a bright catch-light: the patch holds the scene's whole range.
    assert eye.min() < 25
    assert eye.max() > 230
