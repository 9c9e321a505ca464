"""``pyrviewer pool``: vectors of fixed length from images of any size, and how alike they are."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pyrviewer.compute import pooling
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.pooling.report import SUFFIXES, write_vectors
from pyrviewer.headless.maps import add_layer, read_maps
from pyrviewer.headless.terminal import show_progress

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array

DESCRIPTION = "Pool images into vectors of one length, whatever their size, and compare them."

_MOST = 64  # bins along a side


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, or - for stdin")
    parser.add_argument(
        "--levels", type=_levels, default=(4, 2, 1), metavar="N,N,...", help="bins along a side"
    )
    parser.add_argument("--rule", choices=get_args(pooling.Rule), default="adaptive")
    parser.add_argument("--reduce", choices=get_args(pooling.Reduce), default="max")
    add_layer(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="vectors: .npy, .csv or .json"
    )
    parser.add_argument("--json", action="store_true", help="print vectors and cosines as JSON")


def run(options: argparse.Namespace) -> int:
    """Do it: one line for each image and their cosines, or JSON."""
    if options.output is not None and options.output.suffix.lower() not in SUFFIXES:
        raise UserError(f"{options.output}: vectors are written as {', '.join(SUFFIXES)}.")
    shapes: list[tuple[int, ...]] = []
    vectors: list[Array] = []
    for index, name in enumerate(options.images):
        maps = read_maps(name, options.layer)
        shapes.append(maps.shape)
        vectors.append(
            pooling.spatial_pyramid_pool(maps, options.levels, options.rule, reduce=options.reduce)
        )
        show_progress((index + 1) / len(options.images))
    cosines = [[pooling.cosine(u, v) for v in vectors] for u in vectors]
    if options.output is not None:
        write_vectors(options.output, options.images, vectors, options.levels)
    if options.json:
        print(json.dumps(_report(options, shapes, vectors, cosines), indent=2))
        return 0
    for name, (channels, height, width), row in zip(options.images, shapes, cosines, strict=True):
        table = "".join(f" {cosine:7.4f}" for cosine in row) if len(row) > 1 else ""
        length = len(vectors[0])
        print(f"{name}: {channels} maps of {width} x {height} in {length} numbers{table}")
    return 0


def _levels(text: str) -> tuple[int, ...]:
    levels = tuple(int(n) if n.strip().isdecimal() else 0 for n in text.split(","))
    if not all(1 <= n <= _MOST for n in levels):
        raise argparse.ArgumentTypeError(
            f"{text!r}: bins are whole numbers of 1 to {_MOST}, such as 4,2,1"
        )
    return levels


def _report(
    options: argparse.Namespace,
    shapes: list[tuple[int, ...]],
    vectors: list[Array],
    cosines: list[list[float]],
) -> dict[str, object]:
    return {
        "layer": options.layer,
        "levels": options.levels,
        "rule": options.rule,
        "reduce": options.reduce,
        "images": [
            {"image": name, "maps": shape, "vector": vector.tolist()}
            for name, shape, vector in zip(options.images, shapes, vectors, strict=True)
        ],
        "cosines": cosines,
    }
