"""What the graph of the user's own network tells: receptive fields, and pyramids in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx_models import Model, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onnx_models import Load


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Return what writes a model and reads it as a network."""
    yield from reading(tmp_path)


# Receptive fields


def test_fields_are_what_a_pixel_of_the_map_sees(load: Load) -> None:
    model = Model()
    first = model.random_conv("image", 3, 4, 3, stride=2, pad=1)
    pooled = model.node(
        "AveragePool", first, kernel_shape=(3, 3), strides=(2, 2), pads=(0, 0, 1, 1)
    )
    wide = model.random_conv(pooled, 4, 4, 3, pad=2, rate=2)
    joined = model.node("Concat", wide, model.random_conv(pooled, 4, 2, 1), axis=1)
    weights = model.numbers(np.ones((2, 6, 4, 4), np.float32))
    model.node("Conv", joined, weights, strides=(2, 2), auto_pad="SAME_UPPER")
    net = load(model)
    width = 100
    gray = np.full((4, width, 3), 90, np.uint8)
    names = [layer.name for layer in net.layers]
    base = net.features(gray, names)
    acts = {name: np.zeros((maps.shape[2], width), bool) for name, maps in base.items()}
    for column in range(width):
        changed = gray.copy()
        changed[:, column] = 190
        for name, maps in net.features(changed, names).items():
            acts[name][:, column] = np.abs(maps - base[name]).max(axis=(0, 1)) > 1e-4
    for layer in net.layers:
        assert layer.field is not None
        inside = 0
        for place, seen in enumerate(acts[layer.name]):
            start, end = layer.field.span(place, width)
            columns = np.flatnonzero(seen).tolist()
            assert start <= columns[0]
            assert columns[-1] < end
            if end - start == layer.field.size:  # no tap lies on padding
                inside += 1
                assert (columns[0], columns[-1] + 1) == (start, end)
        assert inside >= 5


def test_fields_that_are_not_known(load: Load) -> None:
    model = Model()
    trunk = model.random_conv("image", 3, 4, 3, stride=2, pad=1)
    scaled = model.node("Mul", trunk, model.node("GlobalAveragePool", trunk))
    weights = np.ones((2, 4, 1, 7), np.float32)
    model.conv(trunk, weights, np.zeros(2, np.float32))
    model.node("Relu", scaled)
    known = {layer.name: layer.field is not None for layer in load(model).layers}
    assert known == {
        "Conv 0": True, "GlobalAveragePool 1": False, "Mul 2": False, "Conv 3": False,
        "Relu 4": False,
    }  # fmt: skip


# Blocks


def head(kind: str) -> Model:
    """Return a network with a pyramid of that kind on its third layer."""
    model = Model()
    trunk = model.random_conv("image", 3, 4, 3, stride=2, pad=1)
    if kind == "ASPP":
        branches = [
            model.random_conv(trunk, 4, 4, 3, pad=rate, rate=rate) for rate in (6, 12, 18)
        ] + [model.random_conv(trunk, 4, 4, 1)]
    elif kind == "PPM":
        branches = [trunk]
        for side in (128, 64, 32):
            pooled = model.node(
                "AveragePool", trunk, kernel_shape=(side, side), strides=(side, side)
            )
            branches.append(model.enlarge(model.random_conv(pooled, 4, 1, 1), side))
    else:
        branches = [trunk] + [
            model.node("MaxPool", trunk, kernel_shape=(k, k), strides=(1, 1), pads=(k // 2,) * 4)
            for k in (5, 9, 13)
        ]
    model.node("Concat", *branches, axis=1)
    return model


@pytest.mark.parametrize(
    ("kind", "scales"), [("ASPP", (6, 12, 18)), ("PPM", (1, 2, 4)), ("SPP", (5, 9, 13))]
)
def test_pyramids_are_found_in_the_graph(load: Load, kind: str, scales: tuple[int, ...]) -> None:
    (block,) = load(head(kind)).blocks
    assert (block.kind, block.scales) == (kind, scales)
    assert len(block.nodes) == 4
    assert block.nodes[-1].startswith("Concat")
    assert block.input == "Conv 0"


@pytest.mark.parametrize("flatten", ["Flatten", "Reshape"])
def test_grids_that_are_flattened_are_spatial_pyramid_pooling(load: Load, flatten: str) -> None:
    model = Model((1, 3, 96, 96))
    trunk = model.random_conv("image", 3, 4, 3, stride=2, pad=1)
    shape = (model.numbers(np.array([1, -1])),) if flatten == "Reshape" else ()
    grids = [
        model.node("MaxPool", trunk, kernel_shape=(side, side), strides=(side, side))
        for side in (12, 24)
    ] + [model.node("GlobalMaxPool", trunk)]
    model.node("Concat", *(model.node(flatten, grid, *shape) for grid in grids), axis=1)
    (block,) = load(model).blocks
    assert (block.kind, block.unit, block.scales) == ("SPP", "grids", (4, 2, 1))
    assert block.input == "Conv 0"


def test_a_mean_and_a_maximum_of_everything_are_no_pyramid(load: Load) -> None:
    model = Model()
    trunk = model.random_conv("image", 3, 4, 3, stride=2, pad=1)
    ends = [
        model.node("Flatten", model.node(f"Global{op}Pool", trunk)) for op in ("Max", "Average")
    ]
    model.node("Concat", *ends, axis=1)
    assert load(model).blocks == ()


def test_windows_one_after_another_add_up(load: Load) -> None:
    model = Model()
    values = [model.random_conv("image", 3, 4, 3, stride=2, pad=1)]
    for _ in range(3):
        pooled = model.node(
            "MaxPool", values[-1], kernel_shape=(5, 5), strides=(1, 1), pads=(2, 2, 2, 2)
        )
        values.append(pooled)
    model.node("Concat", *values, axis=1)
    (block,) = load(model).blocks
    assert (block.kind, block.scales) == ("SPP", (5, 9, 13))


def test_branches_of_one_scale_are_no_pyramid(load: Load) -> None:
    model = Model()
    first, second = (model.random_conv("image", 3, 4, 3, pad=2, rate=2) for _ in range(2))
    model.node("Concat", "image", first, axis=1)
    model.node("Concat", first, first, axis=1)
    model.node("MaxPool", second, kernel_shape=(2, 2), strides=(2, 2))
    assert load(model).blocks == ()
