"""Vectors of spatial pyramid pooling as files."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.writing import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyrviewer.compute.pixels import Array

SUFFIXES = (".npy", ".csv", ".json")


def write_vectors(
    path: Path, names: Sequence[str], vectors: Sequence[Array], levels: Sequence[int]
) -> None:
    """Write vectors of one length.

    Parameters
    ----------
    path : Path
        ``.npy`` for an array of a row for each image, ``.csv`` for a row for each number with its
        place, or ``.json``.
    names : sequence of str
        What each vector is called.
    vectors : sequence of ndarray, shape (C * sum(n * n for n in levels),)
        At least one.
    levels : sequence of int
        Bins along each side of each grid.

    Raises
    ------
    UserError
        For another ending, and a file that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        replace_file(path, npy(np.stack(vectors)))
    elif suffix == ".csv":
        replace_file(path, _csv(names, vectors, levels).encode())
    elif suffix == ".json":
        rows = [
            {"image": name, "vector": vector.tolist()}
            for name, vector in zip(names, vectors, strict=True)
        ]
        text = json.dumps({"levels": list(levels), "images": rows}, indent=2)
        replace_file(path, text.encode())
    else:
        raise UserError(f"{path.name}: vectors are written as {', '.join(SUFFIXES)}.")


def npy(values: Array) -> bytes:
    """Return the bytes of an NPY file."""
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return file.getvalue()


def _csv(names: Sequence[str], vectors: Sequence[Array], levels: Sequence[int]) -> str:
    channels = len(vectors[0]) // sum(n * n for n in levels)
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["grid", "channel", "row", "column", *names])
    places = ((n, *place) for n in levels for place in np.ndindex(channels, n, n))
    for place, *values in zip(places, *(v.tolist() for v in vectors), strict=True):
        rows.writerow([*place, *values])
    return text.getvalue()
