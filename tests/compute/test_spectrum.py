"""Spectra and folding, against SciPy, Parseval and signals whose spectrum is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal

from pyrviewer.compute.charts import chirp, zone_plate
from pyrviewer.compute.pyramid import reduce
from pyrviewer.compute.spectrum import folding, radial_spectrum

if TYPE_CHECKING:
    from pyrviewer.compute.prefilter import Prefilter


def noise(*shape: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(8).standard_normal(shape, dtype=np.float32)


def wave(frequency: float, side: int = 256) -> npt.NDArray[np.float32]:
    """Draw a cosine along x that rises to 1 from 0, the same in all rows."""
    row = 0.5 + 0.5 * np.cos(2 * np.pi * frequency * np.arange(side))
    return np.tile(row, (side, 1)).astype(np.float32)


def test_one_row_is_the_periodogram() -> None:
    row = noise(1, 96)
    window = np.sin(np.pi * (np.arange(96) + 0.5) / 96) ** 2
    centred = row[0] - np.average(row[0], weights=window)
    frequency, power = signal.periodogram(
        centred, window=window, detrend=False, return_onesided=False
    )
    spectrum = radial_spectrum(row)
    np.testing.assert_allclose(spectrum.frequency, np.arange(49) / 96)
    for ring, density in zip(spectrum.frequency, spectrum.power, strict=True):
        expected = power[np.isclose(np.abs(frequency), ring)].mean()
        assert density == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_white_noise_is_flat_at_its_variance() -> None:
    spectrum = radial_spectrum(3 * noise(512, 512))
    assert np.average(spectrum.power, weights=spectrum.samples) == pytest.approx(9, rel=0.02)
    populous = spectrum.samples > 400
    assert populous.sum() > 200
    np.testing.assert_allclose(spectrum.power[populous], 9, rtol=0.3)
    assert spectrum.frequency[-1] == pytest.approx(np.sqrt(0.5), abs=2e-3)
    assert spectrum.samples.sum() == 512 * 512


@pytest.mark.parametrize("frequency", [0.125, 0.3125, 0.5])
def test_a_wave_peaks_at_its_frequency(frequency: float) -> None:
    spectrum = radial_spectrum(wave(frequency))
    assert spectrum.frequency[np.argmax(spectrum.power)] == frequency


def test_colours_count_by_their_luma_and_the_centre_by_its_size() -> None:
    gray = np.rint(255 * np.clip(noise(60, 75) / 6 + 0.5, 0, 1)).astype(np.uint8)
    plain = radial_spectrum(gray)
    np.testing.assert_allclose(
        radial_spectrum(np.repeat(gray[:, :, None], 3, axis=2)).power,
        plain.power,
        rtol=1e-4,
        atol=1e-9,
    )
    for channel, weight in enumerate((0.299, 0.587, 0.114)):
        colour = np.zeros((60, 75, 4), np.uint8)
        colour[:, :, channel], colour[:, :, 3] = gray, gray[::-1]
        power = radial_spectrum(colour).power
        np.testing.assert_allclose(power, weight**2 * plain.power, rtol=1e-4, atol=1e-9)
    np.testing.assert_array_equal(
        radial_spectrum(gray, 40).power, radial_spectrum(gray[10:50, 17:57]).power
    )
    wide = radial_spectrum(gray.astype(np.uint16) * 257)
    np.testing.assert_allclose(wide.power, 257**2 * plain.power, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 3), (3, 1), (5, 4, 3)])
def test_the_smallest_octaves_have_spectra(shape: tuple[int, ...]) -> None:
    octave = np.zeros(shape, np.uint8)
    octave[0, 0] = 200
    spectrum = radial_spectrum(octave)
    assert np.isfinite(spectrum.power).all()
    assert (spectrum.samples > 0).all()
    folded = folding(octave)
    assert 0 <= folded.share <= 1
    assert np.isfinite(folded.baseband).all()
    assert folding(np.full(shape, 7, np.uint8)).share == 0


def folded_share_of_noise(taps: list[float]) -> float:
    """Add up the response to white noise below a quarter of the sampling rate, and from it on."""
    frequency = np.fft.fftfreq(512)
    response = np.abs(np.exp(-2j * np.pi * np.outer(frequency, np.arange(len(taps)))) @ taps) ** 2
    return float(1 - (response[np.abs(frequency) < 0.25].sum() / response.sum()) ** 2)


def test_noise_folds_as_the_response_of_the_filter_says() -> None:
    x = np.arange(-5, 6)
    windowed = np.sinc(x / 2) * np.sinc(x / 6)
    expected: dict[Prefilter, float] = {
        "none": 0.75,
        "box": folded_share_of_noise([0.5, 0.5]),
        "area": folded_share_of_noise([0.5, 0.5]),
        "binomial": folded_share_of_noise([1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16]),
        "lanczos": folded_share_of_noise((windowed / windowed.sum()).tolist()),
    }
    shares = {prefilter: folding(noise(512, 512), prefilter).share for prefilter in expected}
    for prefilter, share in expected.items():
        assert shares[prefilter] == pytest.approx(share, rel=0.05), prefilter
    assert shares["binomial"] < shares["lanczos"] < shares["box"] < shares["none"]


def test_a_wave_above_the_new_nyquist_frequency_folds_to_its_mirror() -> None:
    # 0.375 cycles per pixel are 0.75 per reduced pixel, and 0.75 folds to 0.25.
    folded = folding(wave(0.375), "none")
    assert folded.share > 0.999
    assert folded.frequency[np.argmax(folded.alias)] == 0.25
    kept = folding(wave(0.1875), "none")
    assert kept.share < 0.001
    assert kept.frequency[np.argmax(kept.baseband)] == 0.375


@pytest.mark.parametrize("prefilter", ["none", "box", "area", "binomial", "lanczos"])
def test_baseband_and_alias_are_parts_of_the_reduced_octave(prefilter: Prefilter) -> None:
    window = np.outer(*(np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in (128, 96)))
    column, row = np.fft.fftfreq(128)[:, None], np.fft.fftfreq(96)
    inside = (np.abs(column) < 0.2) & (np.abs(row) < 0.2)
    outside = (np.abs(column) > 0.3) & (np.abs(row) > 0.3)
    for passes, is_alias in ((inside, False), (outside, True)):
        octave = np.fft.ifft2(np.fft.fft2(noise(128, 96)) * passes).real.astype(np.float32)
        reduced = reduce(octave, prefilter=prefilter).astype(np.float64)
        even = window[::2, ::2]
        mean = np.sum(reduced * even) / np.sum(even)
        energy = np.sum((even * (reduced - mean)) ** 2) / np.sum(even**2)
        folded = folding(octave, prefilter)
        part = folded.alias if is_alias else folded.baseband
        rings = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(48))
        counts = np.bincount(np.rint(rings * 64).astype(int).ravel())
        # Parseval: the mean of the densities is the energy of the windowed samples.
        assert np.average(part, weights=counts) == pytest.approx(energy, rel=1e-3)


def test_charts_follow_their_formulas() -> None:
    plate, bars = zone_plate(101), chirp(101)
    for y, x in [(50, 50), (0, 0), (100, 37), (64, 3)]:
        radius = np.hypot(x - 50, y - 50)
        assert abs(plate[y, x] - (127.5 + 127.5 * np.cos(np.pi * radius**2 / 101))) <= 0.5
        assert abs(bars[y, x] - (127.5 + 127.5 * np.cos(np.pi * x**2 / 202))) <= 0.5
    np.testing.assert_array_equal(plate, plate[::-1, ::-1])
    np.testing.assert_array_equal(plate, plate.T)
    # Nyquist: at the middle of an edge neighbours swing from one extreme to the other.
    assert np.abs(np.diff(zone_plate(400)[200, -4:].astype(int))).min() > 200
    assert np.abs(np.diff(chirp(400)[0, -4:].astype(int))).min() > 200
    # A quarter of the sampling rate: four samples a period.
    middle = chirp(400)[0, 150:250]
    peak = radial_spectrum(middle[None, :])
    assert peak.frequency[np.argmax(peak.power)] == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: folding(a, "max"), "not a linear filter"),
        (lambda a: folding(a, cast("Any", "soft")), "soft"),
        (lambda a: radial_spectrum(a, 0), "got 0"),
        (lambda a: radial_spectrum(a.astype(np.int32)), "int32"),
        (lambda _: zone_plate(0), "got 0"),
        (lambda _: chirp(4097), "got 4097"),
    ],
)
def test_refusals_name_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((8, 9), np.uint8))
