"""Main components of maps, against a full singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from pyrviewer.compute.principal import principal_maps


@pytest.mark.parametrize("shape", [(40, 20, 31), (200, 6, 7)], ids=str)
def test_they_are_those_of_the_decomposition(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(1)
    strong = rng.standard_normal((shape[0], 3)) * (30, 12, 5)
    maps = np.tensordot(strong, rng.standard_normal((3, *shape[1:])), 1)
    maps += 0.1 * rng.standard_normal(shape) + 7
    flat = maps.reshape(shape[0], -1)
    _, sizes, rows = np.linalg.svd(flat - flat.mean(axis=1, keepdims=True), full_matrices=False)
    found = principal_maps(maps.astype(np.float32))
    for k in range(3):
        expected = (sizes[k] * rows[k]).reshape(shape[1:])
        expected *= np.sign(expected.ravel()[np.abs(expected).argmax()])
        np.testing.assert_allclose(found[k], expected, atol=1e-3 * sizes[0])
        assert found[k].max() == np.abs(found[k]).max()


@pytest.mark.parametrize("shape", [(1, 5, 4), (2, 1, 1), (5, 1, 2)], ids=str)
def test_where_there_are_fewer_the_rest_is_zero(shape: tuple[int, int, int]) -> None:
    maps = np.random.default_rng(2).standard_normal(shape).astype(np.float32)
    found = principal_maps(maps)
    rank = np.linalg.matrix_rank(maps.reshape(shape[0], -1) - maps.mean((1, 2))[:, None])
    assert found.shape == (3, *shape[1:])
    assert np.abs(found[rank:]).max(initial=0) < 1e-5
