"""``pyrviewer octaves``: write the octaves of an image, and what they cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pyrviewer.compute import image, pyramid
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.signed import savable
from pyrviewer.headless.terminal import make_folder, read, show_progress

if TYPE_CHECKING:
    import argparse

    from pyrviewer.compute.image import Array

DESCRIPTION = "Write the octaves of an image, and what they cost."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("image", metavar="IMAGE", help="a file, or - for stdin")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where to write them")
    parser.add_argument("--kind", choices=("gaussian", "laplacian", "dog"), default="gaussian")
    parser.add_argument("--levels", type=int, help="number of reductions")
    parser.add_argument("--ratio", type=float, default=2.0, help="1.1 to 4")
    parser.add_argument("--prefilter", choices=get_args(pyramid.Prefilter), default="binomial")
    parser.add_argument("--upsampled", action="store_true", help="enlarge each to full size")
    parser.add_argument("--json", action="store_true", help="print sizes and bytes as JSON")


def run(options: argparse.Namespace) -> int:
    """Do it."""
    if options.output is None and not options.json:
        raise UserError("octaves: say where to write with -o DIR, or ask for --json.")
    opened = read(options.image)
    found = _pyramid(options, opened.pixels)
    storage = pyramid.storage(found)
    rows: list[dict[str, Any]] = [
        {"level": k, "width": o.shape[1], "height": o.shape[0], "samples": n, "bytes": b}
        for k, (o, n, b) in enumerate(zip(found, storage.samples, storage.nbytes, strict=True))
    ]
    if options.output is not None:
        make_folder(options.output)
        stem = f"{Path(opened.origin.name).stem}_{options.kind}"
        for row in rows:
            level = row["level"]
            pixels = _shown(options, found, level)
            suffix = ".tif" if pixels.dtype == "float32" else ".png"
            path = options.output / f"{stem}_{level}{suffix}"
            image.write(path, pixels)
            row["file"] = str(path)
            show_progress((level + 1) / len(rows))
    if options.json:
        report = {"octaves": rows, "total": storage.total, "bound": storage.bound}
        print(json.dumps(report, indent=2))
    return 0


def _pyramid(options: argparse.Namespace, pixels: Array) -> list[Array]:
    """Return octaves or signed bands; bad numbers become a sentence."""
    name = options.image
    if options.kind == "laplacian" and (options.ratio != 2 or options.prefilter != "binomial"):
        raise UserError(f"{name}: Laplacian bands are made of binomial octaves at ratio 2.")
    try:
        octaves = pyramid.gaussian_pyramid(
            pixels, options.levels, prefilter=options.prefilter, ratio=options.ratio
        )
    except ValueError as error:
        raise UserError(f"{name}: {error}.") from error
    if options.kind == "laplacian":
        bands = pyramid.laplacian_pyramid(pixels, len(octaves) - 1, octaves=octaves)
        return [*(bands.signed_band(k) for k in range(bands.levels)), bands.residual]
    return pyramid.difference_of_gaussians(octaves) if options.kind == "dog" else octaves


def _shown(options: argparse.Namespace, octaves: list[Array], level: int) -> Array:
    octave = octaves[level]
    if options.upsampled:
        shape = octaves[0].shape[:2]
        octave = pyramid.upsample(
            octave, level, shape, ratio=options.ratio, prefilter=options.prefilter
        )
    return savable(octave)
