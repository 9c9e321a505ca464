"""The user's own network: its maps, and everything that can be wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx_models import Model, own_network, reading, small
from scipy.signal import correlate2d

from pyrviewer.compute import network, onnx
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.onnx.graph import read
from pyrviewer.compute.onnx.process import ModelError
from pyrviewer.compute.onnx.wire import field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from onnx_models import Load

Array = npt.NDArray[Any]

needs_network = pytest.mark.skipif(not network.available(), reason="needs the extra deep")


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Return what writes a model and reads it as a network."""
    yield from reading(tmp_path)


def image(height: int = 64, width: int = 96) -> Array:
    return np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)


# Maps


@needs_network
def test_the_maps_are_those_of_the_same_network_in_numpy(load: Load) -> None:
    own = network.load()
    same = load(own_network(own, 5))
    seen = image(96, 128)
    shown = [layer.name for layer in same.layers if layer.kind in ("clip", "add", "conv")]
    maps = same.features(seen, shown)
    wanted = own.features(seen, ["stem", "block 2 expand", "block 3", "block 5 depthwise"])
    for name, values in wanted.items():
        nearest = min(
            np.abs(found - values).max() for found in maps.values() if found.shape == values.shape
        )
        assert nearest < 1e-4 * np.abs(values).max(), name
    strides = {layer.channels: layer.stride for layer in same.layers if layer.kind == "add"}
    assert strides == {24: 4, 40: 8}


def test_every_layer_comes_back_before_and_after_what_could_be_fused(load: Load) -> None:
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(4, 3, 3, 3)).astype(np.float32)
    bias = rng.normal(size=4).astype(np.float32)
    model = Model()
    first = model.conv("image", weights, bias, pad=1)
    model.node("Relu", first)
    net = load(model)
    seen = image(9, 14)
    maps = net.features(seen, ["Relu 1", "Conv 0"])
    assert list(maps) == ["Relu 1", "Conv 0"]
    planes = seen.astype(np.float64).transpose(2, 0, 1)
    for k, found in enumerate(maps["Conv 0"]):
        exact = bias[k] + sum(
            correlate2d(plane, kernel, "same")
            for plane, kernel in zip(planes, weights[k], strict=True)
        )
        np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(maps["Relu 1"], np.maximum(maps["Conv 0"], 0))


@pytest.mark.parametrize(
    ("scale", "formula"),
    [
        ("bytes", lambda x: x),
        ("unit", lambda x: x / 255),
        ("signed", lambda x: x / 127.5 - 1),
        ("imagenet", lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]),
    ],
)
def test_pixels_are_scaled_as_chosen(
    load: Load, scale: str, formula: Callable[[Array], Array]
) -> None:
    model = Model()
    model.node("Identity", "image")
    net = load(model, scale)
    seen = image(5, 7)
    (maps,) = net.features(seen, [net.layers[0].name]).values()
    exact = formula(seen.astype(np.float64)).transpose(2, 0, 1)
    np.testing.assert_allclose(maps, exact, atol=1e-4)


def test_one_channel_takes_the_luma(load: Load) -> None:
    model = Model((1, 1, "h", "w"))
    model.node("Identity", "image")
    net = load(model)
    seen = image(5, 7)
    (maps,) = net.features(seen, ["Identity 0"]).values()
    np.testing.assert_allclose(maps[0], seen @ np.array([0.299, 0.587, 0.114]), atol=1e-3)


def test_a_single_pixel_is_enlarged_to_itself(load: Load) -> None:
    model = Model()
    small = model.random_conv(model.node("GlobalAveragePool", "image"), 3, 4, 1)
    model.enlarge(small, 8)
    net = load(model)
    maps = net.features(image(), ["Conv 1", "Resize 2"])
    np.testing.assert_allclose(maps["Resize 2"], np.broadcast_to(maps["Conv 1"], (4, 8, 8)))


def test_a_fixed_size_is_what_the_image_is_resized_to(load: Load) -> None:
    model = Model((1, 3, 32, 48))
    model.random_conv("image", 3, 5, 3, stride=2, pad=1)
    net = load(model)
    assert net.size == (32, 48)
    for height, width in ((32, 48), (100, 30), (1, 1)):
        (maps,) = net.features(image(height, width), ["Conv 0"]).values()
        assert maps.shape == (5, 16, 24)
    wide = Model((1, 3, 32, "w"))
    wide.node("Relu", "image")
    assert load(wide).features(image(64, 96), ["Relu 0"])["Relu 0"].shape == (3, 32, 48)


def test_channels_may_come_last(load: Load) -> None:
    weights = np.random.default_rng(7).normal(size=(2, 3, 1, 1)).astype(np.float32)
    model = Model(("n", "h", "w", 3))
    first = model.node("Transpose", model.node("Relu", "image"), perm=(0, 3, 1, 2))
    convolved = model.conv(first, weights, np.zeros(2, np.float32), stride=2)
    model.node("Transpose", convolved, perm=(0, 2, 3, 1))
    net = load(model)
    assert [layer.name for layer in net.layers] == ["Transpose 1", "Conv 2"]
    seen = image(9, 14)
    maps = net.features(seen, ["Transpose 1", "Conv 2"])
    np.testing.assert_allclose(maps["Transpose 1"], seen.transpose(2, 0, 1))
    exact = np.einsum("oc,hwc->ohw", weights[..., 0, 0], seen[::2, ::2].astype(np.float64))
    np.testing.assert_allclose(maps["Conv 2"], exact, rtol=1e-4, atol=1e-3)


# What can be wrong


def fails(load: Load, model: Model | bytes, *words: str) -> None:
    with pytest.raises(UserError) as caught:
        load(model)
    text = str(caught.value)
    assert text.startswith("small.onnx")
    assert text.endswith(".")
    assert [word for word in words if word not in text] == []


def test_files_that_are_none(load: Load, tmp_path: Path, photo: Path) -> None:
    for data in (b"", b"hello, world", photo.read_bytes(), bytes(100), field(7, b"")):
        fails(load, data, "not an ONNX file")
    with pytest.raises(UserError, match=r"gone\.onnx could not be read: No such file"):
        onnx.OnnxNetwork(tmp_path / "gone.onnx")
    with pytest.raises(ValueError, match="the scale is one of"):
        onnx.OnnxNetwork(tmp_path / "gone.onnx", "half")


def test_a_file_that_is_cut_off_anywhere(tmp_path: Path) -> None:
    data = small().encode()
    path = tmp_path / "small.onnx"
    for end in range(2, len(data), 7):
        path.write_bytes(data[:end])
        with pytest.raises(UserError, match=r"cut off|not an ONNX file"):
            read(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match="cut off: it ends too early"):
        read(path)


def test_damaged_bytes_are_refused_or_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    data = np.frombuffer(small().encode(), np.uint8)
    path, refused = tmp_path / "small.onnx", 0
    for _ in range(300):
        changed = data.copy()
        changed[rng.integers(0, len(data), 4)] = rng.integers(0, 256, 4)
        path.write_bytes(changed.tobytes())
        try:
            graph = read(path)
        except UserError:
            refused += 1
        else:
            assert graph.nodes
    assert 30 < refused < 300


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 4, 32, 32), "takes 1 x 4 x 32 x 32, not one image of 1 or 3 channels"),
        ((2, 3, 32, 32), "takes 2 x 3 x 32 x 32"),
        ((1, 32, 32, 5), "takes 1 x 32 x 32 x 5"),
        ((1, 3), "takes 1 x 3"),
        (("n", 2, "h", "w"), "takes any x 2 x any x any"),
    ],
)
def test_inputs_that_are_no_image(load: Load, shape: tuple[int | str, ...], words: str) -> None:
    model = Model(shape)
    model.node("Relu", "image")
    fails(load, model, words)


def test_declared_and_real_channels_must_agree(load: Load) -> None:
    model = Model()
    model.random_conv("image", 5, 4, 3)
    fails(load, model, "takes 5 channels")
    open_channels = Model((1, "c", "h", "w"))
    open_channels.random_conv("image", 1, 4, 3)
    net = load(open_channels)
    assert net.features(image(), ["Conv 0"])["Conv 0"].shape == (4, 62, 94)


def test_what_opencv_cannot_run_is_named(load: Load) -> None:
    first = Model()
    first.node("Relu", first.node("Frobnicate", "image"))
    fails(load, first, "OpenCV cannot run Frobnicate")
    late = small()
    late.node("Relu", late.node("Frobnicate", late.last))
    net = load(late)
    assert [layer.name for layer in net.layers] == ["Conv 0", "Relu 1"]
    assert net.note == "OpenCV cannot run Frobnicate: only the layers before it are there."
    assert net.features(image(), ["Relu 1"])["Relu 1"].shape == (4, 32, 48)


def test_sizes_that_no_image_has(load: Load) -> None:
    model = Model((1, 3, 50_000, 40_000))
    model.node("Relu", "image")
    fails(load, model, "takes only 40000 x 50000 pixels, which is too many")


def test_no_maps(load: Load) -> None:
    for shape in ((1, 3, "h", "w"), (1, "h", "w", 3)):
        model = Model(shape)
        model.node("Flatten" if shape[1] == 3 else "Relu", "image")
        fails(load, model, "makes no maps")


def test_images_that_are_too_small_or_too_large(load: Load) -> None:
    model = Model()
    model.random_conv("image", 3, 64, 9)
    net = load(model)
    with pytest.raises(
        UserError, match=r"Conv 0 of .* no maps on an image of 5 x 4: take a larger"
    ):
        net.features(image(4, 5), ["Conv 0"])
    huge = np.broadcast_to(np.zeros(3, np.uint8), (6000, 4000, 3))
    with pytest.raises(UserError, match=r"4000 x 6000 would take 5\.\d GB, more than 4"):
        net.features(huge, ["Conv 0"])
    assert net.features(image(), ["Conv 0"])["Conv 0"].shape == (64, 56, 88)


def test_windows_that_are_wider_than_a_small_image(load: Load) -> None:
    model = Model()
    model.random_conv(model.random_conv("image", 3, 4, 3, stride=4, pad=1), 4, 2, 101)
    net = load(model)
    assert [(layer.name, layer.stride) for layer in net.layers] == [("Conv 0", 4), ("Conv 1", 4)]
    assert net.features(image(404, 404), ["Conv 1"])["Conv 1"].shape == (2, 1, 1)
    with pytest.raises(
        UserError, match=r"Conv 1 of small\.onnx makes no maps on an image of 400 x 40"
    ):
        net.features(image(404, 400), ["Conv 1"])
    assert net.features(image(64, 64), ["Conv 0"])["Conv 0"].shape == (4, 16, 16)


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (1, 3, "h", "w")])
def test_windows_that_are_wider_than_any_image(load: Load, shape: tuple[int | str, ...]) -> None:
    model = Model(shape)
    model.node("MaxPool", model.node("Relu", "image"), kernel_shape=(3000, 3), strides=(1, 1))
    net = load(model)
    assert [layer.name for layer in net.layers] == ["Relu 0"]
    assert net.note == "MaxPool 1 makes empty maps: only the layers before it are there."


def test_sides_are_rounded_where_halves_have_to_meet_again(load: Load) -> None:
    model = Model()
    half = model.node("MaxPool", "image", kernel_shape=(2, 2), strides=(2, 2))
    model.node("Concat", "image", model.enlarge(half, 2), axis=1)
    net = load(model)
    found = net.features(image(67, 99), ["Concat 2"])["Concat 2"]
    assert found.shape == (6, 64, 96)


def test_maps_that_are_not_numbers(load: Load) -> None:
    model = Model()
    model.node("Log", "image")
    net = load(model)
    with pytest.raises(UserError, match=r"Log 0 of small\.onnx makes NaN or infinity"):
        net.features(np.zeros((8, 8, 3), np.uint8), ["Log 0"])


# Weights in other files


def with_outer_weights(location: str, length: int = 432) -> Model:
    model = Model()
    weights = np.zeros((4, 3, 3, 3), np.float32)
    entries = [("location", location), ("offset", "8"), ("length", str(length))]
    outer = [field(13, field(1, key) + field(2, value)) for key, value in entries]
    name = model.numbers(weights, *outer, field(14, 1))
    model.node("Conv", "image", name, kernel_shape=(3, 3))
    return model


def test_weights_beside_the_file(load: Load, tmp_path: Path) -> None:
    weights = np.random.default_rng(4).normal(size=(4, 3, 3, 3)).astype(np.float32)
    (tmp_path / "small.bin").write_bytes(bytes(8) + weights.tobytes())
    net = load(with_outer_weights("small.bin"))
    seen = image(3, 3)
    exact = (weights * seen.astype(np.float64).transpose(2, 0, 1)).sum((1, 2, 3))
    found = net.features(seen, ["Conv 0"])["Conv 0"].reshape(-1)
    np.testing.assert_allclose(found, exact, rtol=1e-4)
    (tmp_path / "small.bin").write_bytes(bytes(100))
    with pytest.raises(UserError, match=r"small\.bin, which small\.onnx needs, is cut off"):
        load(with_outer_weights("small.bin"))


def test_weights_that_are_missing_or_elsewhere(load: Load) -> None:
    fails(load, with_outer_weights("gone.bin"), "needs gone.bin beside it, which is missing")
    for place in ("../small.bin", "/etc/passwd"):
        fails(load, with_outer_weights(place), "outside its own folder")


def test_a_negative_size_is_no_lack_of_memory() -> None:
    said = "Failed to allocate {} bytes in function 'OutOfMemoryError'"
    assert ModelError(said.format(5_000_000_000)).memory
    assert not ModelError(said.format(2**64 - 73728)).memory


def test_too_much_memory_is_said(load: Load) -> None:
    model = Model((1, 3, 64, 64))
    scales = model.numbers(np.array([1, 1, 410, 410], np.float32))
    model.node("Resize", "image", "", scales, mode="nearest")
    fails(load, model, "memory")
