"""Dreams: the record is what happened, the numbers are those of the formulas."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from pyrviewer.compute import dream, network
from pyrviewer.compute.dream import run
from pyrviewer.compute.dream.gradient import towards
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Cancelled, Ticket

Array = npt.NDArray[Any]


@pytest.fixture
def eyes(cat: Array) -> Array:
    return cat[80:150, 140:221]


def quick(image: Array, net: network.Network, **settings: Any) -> dream.DreamTrace:
    chosen: dict[str, Any] = {"layer": "block 3", "octaves": 2, "steps": 2, **settings}
    return dream.dream(image, net, **chosen)


# The gradient


def smoothed(values: Array, level: int) -> Array:
    taps = np.zeros(4 * 2**level + 1)
    taps[:: 2**level] = np.array([1, 4, 6, 4, 1]) / 16
    for axis in (0, 1):
        # A side of one pixel mirrors into itself.
        mode = "mirror" if values.shape[axis] > 1 else "nearest"
        values = ndimage.correlate1d(values, taps, axis=axis, mode=mode)
    return values


@pytest.mark.parametrize(
    ("shape", "splits"),
    [
        *product([(37, 51, 3), (64, 33, 3), (5, 4, 3), (1, 19, 3), (1, 1, 3)], [1, 4]),
        ((150, 203, 3), 8),
    ],
)
def test_normalised_gradient_is_that_of_float64(shape: tuple[int, ...], splits: int) -> None:
    gradient = np.random.default_rng(2).standard_normal(shape) * 1e-3
    total, rest = np.zeros(shape), gradient
    for level in range(splits):
        band = rest - smoothed(rest, level)
        rest = rest - band
        total += band / max(np.sqrt(np.mean(band**2)), 1e-10)
    total += rest / max(np.sqrt(np.mean(rest**2)), 1e-10)
    found = dream.normalise_gradient(gradient.astype(np.float32), splits)
    if max(shape[:2]) > 1:  # a single pixel has bands of nothing but rounding errors
        np.testing.assert_allclose(found, total, atol=2e-4)
    parts = dream.split_gradient(gradient.astype(np.float32), splits)
    assert len(parts) == splits + 1
    np.testing.assert_allclose(np.sum(parts, axis=0), gradient, atol=1e-9)


def test_no_gradient_stays_none() -> None:
    assert not dream.normalise_gradient(np.zeros((20, 30, 3), np.float32)).any()


def test_guide_is_the_best_dot_product() -> None:
    chance = np.random.default_rng(4)
    maps, guide = chance.standard_normal((5, 6, 7)), chance.standard_normal((5, 3, 4))
    value, gradient = towards(guide.astype(np.float32))(maps.astype(np.float32))
    vectors = guide.reshape(5, -1)
    total = 0.0
    for y, x in np.ndindex(6, 7):
        products = [maps[:, y, x] @ vector for vector in vectors.T]
        total += float(np.max(products))
        np.testing.assert_allclose(
            gradient[:, y, x], vectors[:, int(np.argmax(products))], rtol=1e-6
        )
    assert value == pytest.approx(total, rel=1e-5)


# The dream


@pytest.mark.parametrize("normalise", ["laplacian", "plain"])
def test_a_step_written_out(net: network.Network, eyes: Array, normalise: str) -> None:
    trace = quick(eyes, net, octaves=1, steps=1, jitter=0, rate=2.0, normalise=normalise)
    value, gradient = net.gradient(network.to_float(eyes), "block 3", objective="l2")
    if normalise == "laplacian":
        gradient = dream.normalise_gradient(gradient)
    wanted = eyes + 2.0 * gradient / np.abs(gradient).mean()
    np.testing.assert_allclose(trace.octaves[0].end, np.clip(wanted, 0, 255), atol=1e-3)
    assert trace.steps[0].value == pytest.approx(value)
    assert np.abs(trace.result - np.clip(wanted, 0, 255)).max() <= 0.51


def test_the_layer_says_more(net: network.Network, eyes: Array) -> None:
    trace = quick(eyes, net, layer="block 5", octaves=1, steps=6)
    before, _ = net.gradient(network.to_float(eyes), "block 5", objective="l2")
    after, _ = net.gradient(network.to_float(trace.result), "block 5", objective="l2")
    assert after > 1.3 * before


def test_a_channel_says_more(net: network.Network, eyes: Array) -> None:
    trace = quick(eyes, net, layer="block 4", channel=7, steps=5)
    maps = [net.features(image, ["block 4"])["block 4"][7] for image in (eyes, trace.result)]
    assert maps[1].mean() > maps[0].mean() + maps[0].std()


def test_a_guide_pulls(net: network.Network, eyes: Array, cat: Array) -> None:
    guide = cat[200:280, 60:160]
    trace = quick(eyes, net, layer="block 5", guide=guide, steps=4, octaves=1)
    alike = towards(net.features(guide, ["block 5"])["block 5"])
    first, last = (alike(net.features(i, ["block 5"])["block 5"])[0] for i in (eyes, trace.result))
    assert last > 1.1 * first


def test_detail_is_carried_in_float(net: network.Network, eyes: Array) -> None:
    trace = quick(eyes, net, octaves=3)
    assert [octave.base.shape[:2] for octave in trace.octaves] == [(36, 41), (50, 58), (70, 81)]
    for coarse, fine in zip(trace.octaves, trace.octaves[1:], strict=False):
        carried = fine.start - fine.base
        assert (carried != np.rint(carried)).any()
        detail = coarse.end - coarse.base
        zoom = np.array(fine.base.shape) / detail.shape
        wanted = ndimage.zoom(detail, zoom, order=1, grid_mode=True, mode="nearest")
        assert np.corrcoef(carried.ravel(), wanted.ravel())[0, 1] > 0.98
        assert np.array_equal(fine.added, fine.end - fine.start)


def mean_over(length: int, count: int) -> Array:
    """Return the matrix that takes the mean of what falls into each of fewer, larger pixels."""
    edges = np.linspace(0, length, count + 1)
    first, last = edges[:-1, None], edges[1:, None]
    inside = np.minimum(last, np.arange(1, length + 1)) - np.maximum(first, np.arange(length))
    return np.asarray(np.maximum(inside, 0) * (count / length))


@pytest.mark.parametrize("shape", [(700, 801), (260, 1531)])  # several strips
def test_octaves_begin_with_means_that_are_not_rounded(
    net: network.Network, shape: tuple[int, int]
) -> None:
    image = np.random.default_rng(5).integers(0, 256, (*shape, 3), np.uint8)
    for octave in quick(image, net, octaves=3, steps=0).octaves:
        rows, columns = map(mean_over, shape, octave.base.shape[:2])
        wanted = np.einsum("yi,ijc,xj->yxc", rows, image.astype(np.float64), columns, optimize=True)
        # OpenCV leaves out shares of less than a thousandth of a pixel.
        np.testing.assert_allclose(octave.base, wanted, atol=0.2)


def test_small_rates_are_not_lost_between_octaves(net: network.Network, eyes: Array) -> None:
    trace = quick(eyes, net, octaves=3, steps=1, rate=0.1)
    finest = trace.octaves[-1]
    assert 0.02 < np.abs(finest.start - finest.base).mean() < 0.5
    assert np.abs(finest.start - finest.base).max() < 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("kind", ["gray", "colour", "alpha"])
def test_no_steps_no_change(net: network.Network, noise: Array, dtype: Any, kind: str) -> None:
    pixels = {"gray": noise[:70, :81, 0], "colour": noise[:70, :81]}.get(kind)
    if pixels is None:
        pixels = np.dstack([noise[:70, :81], noise[80:150, :81, 0]])
    scale = {np.uint8: 1.0, np.uint16: 257.0, np.float32: 1 / 201}[dtype]  # the last beyond 1
    image = (pixels * scale).astype(dtype)
    trace = quick(image, net, steps=0)
    assert trace.result.dtype == image.dtype
    assert trace.result.tobytes() == image.tobytes()
    assert trace.steps == ()


def test_same_seed_same_bytes(net: network.Network, eyes: Array) -> None:
    first, second, other = (quick(eyes, net, seed=seed).result for seed in (3, 3, 4))
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != other.tobytes()


def test_what_is_offered_is_what_is_kept(net: network.Network, eyes: Array) -> None:
    offered: list[Any] = []
    fractions: list[float] = []
    trace = quick(eyes, net, ticket=Ticket(fractions.append, offered.append))
    assert [(step.octave, step.index) for step in trace.steps] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for count, (seen, kept) in enumerate(zip(offered, trace.steps, strict=True), 1):
        assert kept.picture is not None
        assert len(seen.steps) == count
        assert (seen.planned, seen.done) == (4, count == 4)
        assert np.array_equal(seen.picture(count), kept.picture)
        assert np.array_equal(trace.picture(count), kept.picture)
    assert np.array_equal(trace.result, offered[-1].picture(4))
    assert len(offered[1].octaves) == 1
    with pytest.raises(ValueError, match="1 of 2 octaves were begun"):
        _ = offered[1].result
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    fractions.clear()
    dream.resume(trace, 3, ticket=Ticket(fractions.append))
    assert 0.5 < fractions[0] < 1


def _offered(whole: dream.DreamTrace, step: int) -> dream.DreamTrace:
    """Return what was offered after a step of the same dream, or the whole for none."""
    seen: list[Any] = [whole]
    dream.resume(whole, 0, ticket=Ticket(on_partial=seen.append))
    found: dream.DreamTrace = seen[step]
    return found


@pytest.mark.parametrize("step", [0, 2, 3, 5])
@pytest.mark.parametrize("kept", [1 << 30, 1])
def test_resuming_changes_nothing(
    net: network.Network, eyes: Array, monkeypatch: pytest.MonkeyPatch, step: int, kept: int
) -> None:
    monkeypatch.setattr(run, "KEPT_BYTES", kept)
    whole = quick(eyes[:40, :44], net, steps=3)
    again = dream.resume(whole, step)
    part = _offered(whole, step)
    assert dream.resume(part, step).result.tobytes() == whole.result.tobytes()
    assert again.result.tobytes() == whole.result.tobytes()
    assert len(again.steps) == len(whole.steps)
    assert again.steps[:step] == whole.steps[:step]
    if kept == 1:
        assert [s.state is not None for s in whole.steps] == [True, False, True] * 2


def test_a_branch(net: network.Network, eyes: Array) -> None:
    whole = quick(eyes, net, steps=3)
    branch = dream.resume(whole, 4, layer="block 5", steps=5)
    assert [(s.octave, s.index) for s in branch.steps[4:]] == [(1, k) for k in range(1, 5)]
    assert branch.octaves[0] is whole.octaves[0]
    assert branch.result.tobytes() != whole.result.tobytes()
    deeper = dream.resume(whole, 0, layer="block 12 depthwise", steps=1)
    assert [octave.base.shape for octave in deeper.octaves] == [(50, 58, 3), (70, 81, 3)]
    deepest = dream.resume(quick(eyes[:40, :40], net, octaves=3), 0, layer="block 14", steps=1)
    assert len(deepest.octaves) == 3
    for wrong in ({"octaves": 3}, {"ratio": 2.0}):
        with pytest.raises(ValueError, match="cannot change half way"):
            dream.resume(whole, 4, **wrong)
    with pytest.raises(ValueError, match="step is 0 to 6, not 7"):
        dream.resume(whole, 7)


def test_a_step_is_explained(net: network.Network, eyes: Array) -> None:
    trace = quick(eyes, net, rate=1.0)
    for k in (0, 1, 2, 3):
        found = dream.explain(trace, k)
        before = trace.octaves[1].start if k == 2 else trace.octaves[0].start
        if k % 2:
            state = trace.steps[k - 1].state
            assert state is not None
            before = state
        after = np.clip(before + found.slope.normalised, 0, 255)
        reached = trace.steps[k].state
        assert reached is not None
        assert np.array_equal(after, reached)
        np.testing.assert_allclose(np.sum(found.bands, axis=0), found.slope.gradient, atol=1e-3)
        rms = [np.sqrt(np.mean(part.astype(np.float64) ** 2)) for part in found.evened]
        np.testing.assert_allclose(rms, 1, rtol=1e-4)
        np.testing.assert_allclose(np.sum(found.evened, axis=0), found.total, atol=1e-4)
    plain = dream.explain(quick(eyes, net, normalise="plain", octaves=1, steps=1), 0)
    wanted = plain.slope.gradient / np.abs(plain.slope.gradient).mean()
    np.testing.assert_allclose(plain.slope.normalised, wanted, rtol=1e-4)
    np.testing.assert_allclose(np.sum(plain.bands, axis=0), plain.slope.gradient, atol=1e-3)


def test_only_the_mask_dreams(net: network.Network, eyes: Array) -> None:
    mask = np.zeros(eyes.shape[:2], np.uint8)
    mask[20:50, 30:60] = 255
    result = quick(eyes, net, mask=mask).result
    assert np.array_equal(result[mask == 0], eyes[mask == 0])
    assert (result[mask == 255] != eyes[mask == 255]).mean() > 0.5
    with pytest.raises(ValueError, match=r"\(70, 81\), not uint8 of \(70, 80\)"):
        quick(eyes, net, mask=mask[:, 1:])


def test_gray_stays_gray_and_clear_stays_clear(net: network.Network, eyes: Array) -> None:
    gray = quick(eyes[..., 1].copy(), net)
    assert gray.result.shape == eyes.shape[:2]
    picture = gray.picture(4)
    assert np.array_equal(picture[..., 0], picture[..., 2])
    assert (gray.result != eyes[..., 1]).mean() > 0.5
    alpha = np.full(eyes.shape[:2], 255, np.uint8)
    alpha[:, 40:] = 0
    result = quick(np.dstack([eyes, alpha]), net).result
    assert np.array_equal(result[..., 3], alpha)
    assert np.array_equal(result[:, 40:, :3], eyes[:, 40:])
    assert (result[:, :40, :3] != eyes[:, :40]).mean() > 0.5


def test_16_bits_dream_between_8_bit_steps(net: network.Network, eyes: Array) -> None:
    deep = quick(eyes.astype(np.uint16) * 257, net).result
    assert deep.dtype == np.uint16
    assert len(np.unique(deep % 257)) > 200
    assert np.abs(deep / 257 - quick(eyes, net).result).max() < 1


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_images_give_numbers(net: network.Network, value: int) -> None:
    trace = quick(np.full((50, 61, 3), value, np.uint8), net, layer="block 9")
    assert all(np.isfinite(octave.end).all() for octave in trace.octaves)
    assert np.isfinite([step.value for step in trace.steps]).all()


def test_tiny_images(net: network.Network, noise: Array) -> None:
    with pytest.raises(UserError, match=r"20 x 15 pixels, and block 9 looks at it in steps of 16"):
        quick(noise[:15, :20], net, layer="block 9")
    trace = quick(noise[:16, :40], net, layer="block 9", octaves=4)
    assert len(trace.octaves) == 1
    assert len(quick(noise[:2, :2], net, layer="stem").steps) == 2


def test_tiles(net: network.Network, noise: Array) -> None:
    trace = quick(noise[:150, :100], net, tile=64, octaves=1)
    assert (trace.result != noise[:150, :100]).mean() > 0.5
    found = dream.explain(trace, 0).slope
    # Every tile has its part of the gradient.
    assert np.abs(found.gradient).reshape(10, 15, 100, 3).sum((1, 2, 3)).min() > 0


def test_cancelled_within_a_step(net: network.Network, eyes: Array) -> None:
    offered = 0

    def count(_step: object) -> None:
        nonlocal offered
        offered += 1
        ticket.cancel()

    ticket = Ticket(on_partial=count)
    with pytest.raises(Cancelled):
        quick(eyes, net, ticket=ticket)
    assert offered == 1


def test_wrong_settings(net: network.Network, eyes: Array) -> None:
    for wrong in (
        *({"octaves": 0}, {"ratio": 1.0}, {"steps": -1}, {"rate": float("nan")}, {"splits": 0}),
        *({"tile": 10}, {"channel": 24}, {"objective": "sum"}, {"normalise": "none"}),
        *({"channel": 3, "guide": eyes}, {"layer": "block 40"}),
    ):
        with pytest.raises(ValueError, match=r" is |there is no layer|channel"):
            quick(eyes, net, **wrong)


def test_film(net: network.Network, eyes: Array) -> None:
    frames = list(dream.film(eyes, net, 3, 1.2, layer="block 3", octaves=1, steps=1))
    assert [(f.shape, f.dtype.name) for f in frames] == [(eyes.shape, "uint8")] * 3
    still = list(dream.film(eyes, net, 2, 1.2, layer="block 3", octaves=1, steps=0))
    assert np.array_equal(still[0], eyes)
    # What was 10 pixels right of the middle is 12 pixels right of it.
    line = eyes.astype(np.float64)[35, 40:62, 1]
    zoomed = still[1].astype(np.float64)[35, 40:62, 1]
    expected = np.interp(np.arange(22) / 1.2, np.arange(22), line)
    assert np.corrcoef(zoomed, expected)[0, 1] > 0.9
    (gray,) = dream.film(eyes[..., 0].copy(), net, 1, layer="block 3", octaves=1, steps=1)
    assert gray.shape == eyes.shape
    with pytest.raises(ValueError, match="1 frame or more"):
        next(dream.film(eyes, net, 0, layer="block 3"))
