"""The network against PyTorch's saved values, finite differences and its own theory."""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pyrviewer.compute import network
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.network import weights
from pyrviewer.compute.network.weights import Weights, read_tensors
from pyrviewer.compute.ticket import Cancelled, Ticket

Array = npt.NDArray[Any]
Crop = Callable[[int, int], Array]

SAVED = Path(__file__).parent.parent / "reference_values" / "network.npz"
NAMES = tuple(np.load(SAVED).files)


def cases(kind: str) -> list[str]:
    return [name for name in NAMES if name.startswith(f"{kind}/")]


def saved(name: str) -> Array:
    return np.asarray(np.load(SAVED)[name], np.float64)


def relative(found: Array, wanted: Array) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture
def crop(cat: Array) -> Crop:
    """Cut the photo as the script did that saved PyTorch's values."""
    return lambda height, width: cat[60 : 60 + height, 120 : 120 + width]


# PyTorch's values


@pytest.mark.parametrize("case", cases("logits"))
def test_logits(net: network.Network, crop: Crop, case: str) -> None:
    height, width, stride = map(int, case.split("/")[1:])
    found = net.logits(crop(height, width), output_stride=stride)
    assert np.abs(found - saved(case)).max() < 1e-4


@pytest.mark.parametrize("case", cases("maps"))
def test_maps(net: network.Network, crop: Crop, case: str) -> None:
    _, layer, *sizes = case.split("/")
    height, width, stride = map(int, sizes)
    found = net.features(crop(height, width), [layer], output_stride=stride)[layer]
    wanted = saved(case)
    assert found.shape == wanted.shape == net.layer(layer).shape((height, width), stride)
    assert relative(found, wanted) < 5e-6


@pytest.mark.parametrize("case", cases("gradient"))
def test_gradients(net: network.Network, crop: Crop, case: str) -> None:
    _, layer, channel, objective, *sizes = case.split("/")
    height, width, stride = map(int, sizes)
    _, found = net.gradient(
        network.to_float(crop(height, width)),
        layer,
        None if channel == "None" else int(channel),
        "l2" if objective == "l2" else "mean",
        output_stride=stride,
    )
    assert relative(found, saved(case)) < 1e-5


# What must hold without PyTorch


def test_the_photo_shows_a_cat(net: network.Network, cat: Array) -> None:
    best = np.argsort(-net.logits(cat))[:3]
    assert "Egyptian Mau" in {network.class_names()[k] for k in best}


@pytest.mark.parametrize("layer", ["stem", "block 2 expand", "block 6 depthwise", "block 12"])
def test_gradient_is_the_slope(net: network.Network, crop: Crop, layer: str) -> None:
    image = network.to_float(crop(40, 33))
    _, gradient = net.gradient(image, layer, objective="l2")
    length = float(np.linalg.norm(gradient))
    way = gradient / length * np.float32(0.04)
    ahead, _ = net.gradient(image + way, layer, objective="l2")
    behind, _ = net.gradient(image - way, layer, objective="l2")
    assert (ahead - behind) / 0.08 == pytest.approx(length, rel=2e-3)


@pytest.mark.parametrize(
    "layer", ["stem", "block 2", "block 3 expand", "block 3 depthwise", "head", "classifier"]
)
def test_what_an_objective_returns_is_not_written_to(net: network.Network, layer: str) -> None:
    kept: list[Array] = []

    def constant(maps: Array) -> tuple[float, Array]:
        kept.append(np.ones_like(maps))
        return float(maps.sum()), kept[0]

    image = np.random.default_rng(4).uniform(0, 255, (64, 64, 3)).astype(np.float32)
    _, gradient = net.gradient(image, layer, objective=constant)
    assert gradient.any()
    assert (kept[0] == 1).all()


@pytest.mark.parametrize("stride", [32, 16, 8])
@pytest.mark.parametrize("name", ["stem", "block 3", "block 7 expand", "block 9 depthwise"])
def test_nothing_is_seen_outside_the_field(net: network.Network, name: str, stride: int) -> None:
    layer = net.layer(name)
    height, width = 420, 460
    image = np.random.default_rng(1).uniform(0, 255, (height, width, 3)).astype(np.float32)
    _, rows, columns = layer.shape((height, width), stride)
    y, x = rows // 2, columns // 2

    def one(maps: Array) -> tuple[float, Array]:
        seed = np.zeros_like(maps)
        seed[:, y, x] = 1
        return float(maps[:, y, x].sum()), seed

    _, gradient = net.gradient(image, name, objective=one, output_stride=stride)
    field = layer.field_at(stride)
    assert field is not None
    (top, bottom), (left, right) = field.span(y, height), field.span(x, width)
    touched = np.argwhere(gradient.any(2))
    assert touched.min(0).tolist() >= [top, left]
    assert touched.max(0).tolist() < [bottom, right]
    if layer.block is None or layer.block < 8:  # deeper, the corners fade below what float32 holds
        assert touched.min(0).tolist() == [top, left]
        assert touched.max(0).tolist() == [bottom - 1, right - 1]


@pytest.mark.parametrize("shape", [(224, 224), (97, 131), (64, 33)])
def test_dilated_maps_hold_the_strided_ones(
    net: network.Network, crop: Crop, shape: tuple[int, int]
) -> None:
    layers = ["block 6", "block 12 depthwise", "head"]
    strided = net.features(crop(*shape), layers)
    for stride in (16, 8):
        dilated = net.features(crop(*shape), layers, output_stride=stride)
        for name in layers:
            step = net.layer(name).stride // min(stride, net.layer(name).stride)
            assert relative(dilated[name][:, ::step, ::step], strided[name]) <= 3e-6


def test_one_pass_gives_what_each_alone_does(net: network.Network, crop: Crop) -> None:
    layers = ["block 5 expand", "stem", "block 5 depthwise", "block 5", "block 2"]
    together = net.features(crop(50, 61), layers)
    assert list(together) == layers
    for name in layers:
        np.testing.assert_array_equal(together[name], net.features(crop(50, 61), [name])[name])


def test_mean_of_dense_logits(net: network.Network, crop: Crop) -> None:
    dense = net.dense_logits(crop(100, 76), 8)
    assert dense.shape == (1000, 13, 10)
    np.testing.assert_allclose(
        dense.mean((1, 2)), net.logits(crop(100, 76), output_stride=8), atol=1e-4
    )


def test_layers_are_in_order_and_of_the_size_they_say(net: network.Network) -> None:
    found = net.features(np.zeros((70, 45), np.uint8), [layer.name for layer in net.layers])
    for layer in net.layers:
        assert found[layer.name].shape == layer.shape((70, 45))
    strides = [layer.stride for layer in net.layers]
    assert strides == sorted(strides)
    assert len(net.layers) == 1 + 3 * 16 - 1 + 3
    # The deepest field by hand: 1 + sum of (k - 1) times the jump before it.
    kernels = [(3, 1), (3, 2), (3, 2), (3, 4), (5, 4), (5, 8), *[(3, 8)] + 2 * [(3, 16)]]
    kernels += 3 * [(5, 16)] + [(5, 16)] + 3 * [(5, 32)] + [(3, 32)]
    head = net.layer("head").field
    assert head is not None
    assert head.size == 1 + sum((k - 1) * jump for k, jump in kernels)


# What it takes


def test_other_kinds_of_images(crop: Crop) -> None:
    colour = crop(5, 6)
    eight = colour.astype(np.float32)
    np.testing.assert_array_equal(network.to_float(colour), eight)
    for other in (colour.astype(np.uint16) * 257, eight / 255):
        np.testing.assert_allclose(network.to_float(other), eight, rtol=1e-6)
    gray = network.to_float(colour[..., 1])
    np.testing.assert_array_equal(gray, np.stack([eight[..., 1]] * 3, axis=2))
    alpha = np.array([[0, 255, 51, 0, 0, 0]] * 5, np.uint8)[..., None]
    mixed = network.to_float(np.concatenate([colour, alpha], axis=2))
    share = alpha / 255
    np.testing.assert_allclose(mixed, colour * share + 127 * (1 - share), atol=1e-4)


def test_the_image_is_not_changed(net: network.Network, crop: Crop) -> None:
    image = network.to_float(crop(20, 20)).copy()
    before = image.copy()
    image.flags.writeable = False
    net.gradient(image, "head")
    np.testing.assert_array_equal(image, before)


def test_wrong_questions(net: network.Network, crop: Crop) -> None:
    image = network.to_float(crop(8, 8))
    for wrong in (
        lambda: net.features(crop(8, 8), ["block 17"]),
        lambda: net.features(crop(8, 8), ["stem"], output_stride=4),
        lambda: net.features(np.zeros((8, 8), np.float64), ["stem"]),
        lambda: net.gradient(image, "stem", 32),
        lambda: net.gradient(image, "stem", objective="sum"),  # type: ignore[arg-type] # bad
        lambda: net.gradient(crop(8, 8), "stem"),
    ):
        with pytest.raises(ValueError, match=r"block 17|8, not 4|float64|0 to 31|'sum'|uint8"):
            wrong()
    with pytest.raises(UserError, match="NaN"):
        net.features(np.full((4, 4), np.nan, np.float32), ["stem"])
    huge = np.broadcast_to(np.uint8(0), (12000, 12000))
    with pytest.raises(UserError, match=r"block 2 expand .* 12000 x 12000 would take"):
        net.features(huge, ["block 2 expand"])


def test_cancelled(net: network.Network, crop: Crop) -> None:
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        net.features(crop(30, 30), ["block 1"], ticket=ticket)
    with pytest.raises(Cancelled):
        net.gradient(network.to_float(crop(30, 30)), "block 1", ticket=ticket)


# The file


class Hostile:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("raise SystemExit",)


def installed() -> bytes:
    path = weights.weights_file()
    assert path is not None
    return path.read_bytes()


def pickled(*parts: object) -> bytes:
    return b"".join(pickle.dumps(part, 2) for part in parts)


def test_only_tensors_are_read() -> None:
    start = pickled(0x1950A86A20F9469CFC6C, 1001, {})
    assert read_tensors(start + pickled({}, []), "empty.pth") == {}
    hostile = [
        pickled(Hostile()),
        start + pickled({"weight": Hostile()}),
        start + pickled({"weight": 3}, []),
        start + pickled([1, 2], []),
        b"PK\3\4 not such a file",
        b"",
    ]
    for data in hostile:
        with pytest.raises(UserError, match=r"bad\.pth is not a file of PyTorch tensors"):
            read_tensors(data, "bad.pth")


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.002, 0.5, 0.999])
def test_cut_short(share: float) -> None:
    data = installed()
    with pytest.raises(UserError, match="damaged"):
        read_tensors(data[: int(share * len(data))], "cut.pth")


def test_damaged_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.pth"
    data = bytearray(installed())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    monkeypatch.setattr(weights, "weights_file", lambda: path)
    with pytest.raises(
        UserError, match=r"weights\.pth is damaged.*pip install \"pyrviewer\[deep\]"
    ):
        network.load()
    monkeypatch.setattr(weights, "weights_file", lambda: None)
    with pytest.raises(UserError, match=r"not installed: .* \"pyrviewer\[deep\]"):
        network.load()
    path.write_text("[1, 2]")
    monkeypatch.setattr(weights, "names_file", lambda: path)
    with pytest.raises(UserError, match="damaged"):
        network.class_names()


def test_other_tensors_are_refused() -> None:
    tensors = read_tensors(installed(), "weights")
    tensors["_fc.bias"] = tensors["_fc.bias"][:999]
    with pytest.raises(UserError, match=r"_fc\.bias"):
        network.Network(Weights(tensors))
    del tensors["_blocks.3._bn1.weight"]
    with pytest.raises(UserError, match=r"_blocks\.3\._bn1\.weight"):
        network.Network(Weights(tensors))


def test_available(monkeypatch: pytest.MonkeyPatch) -> None:
    assert network.available()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert not network.available()
