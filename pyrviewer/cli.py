"""The command line: opens the window, or does a lab's work without one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyrviewer
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import quiet_codecs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array

BAR = 24  # characters


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for bad input."""
    quiet_codecs()
    commands = {"octaves": octaves, "tour": tour}
    if arguments and arguments[0] in commands:
        parser = _command_parser(arguments[0])
        try:
            return commands[arguments[0]](parser.parse_args(arguments[1:]))
        except UserError as error:
            print(f"pyrviewer: {error}", file=sys.stderr)
            return 2
    parser = argparse.ArgumentParser(
        prog="pyrviewer",
        description="See, use and teach image pyramids.",
        epilog="Without a window: pyrviewer octaves --help, pyrviewer tour --help.",
    )
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="files, folders, or - for stdin")
    parser.add_argument("--version", action="version", version=f"%(prog)s {pyrviewer.__version__}")
    options = parser.parse_args(arguments)
    from pyrviewer import app  # Qt only where a window is wanted

    return app.run(options.images)


def _command_parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"pyrviewer {name}")
    if name == "tour":
        parser.description = "Run every lab on a sample and write a screenshot of each."
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--size", default="1280x720", metavar="WxH")
        parser.add_argument("--theme", choices=("light", "dark"), default="dark")
        return parser
    parser.description = "Write the octaves of an image."
    parser.add_argument("image", metavar="IMAGE", help="a file, or - for stdin")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where to write them")
    parser.add_argument("--kind", choices=("gaussian", "laplacian", "dog"), default="gaussian")
    parser.add_argument("--levels", type=int, help="number of reductions")
    parser.add_argument("--ratio", type=float, default=2.0, help="1.1 to 4")
    parser.add_argument(
        "--prefilter",
        choices=("binomial", "none", "box", "area", "lanczos", "max"),
        default="binomial",
    )
    parser.add_argument("--upsampled", action="store_true", help="enlarge each to full size")
    parser.add_argument("--json", action="store_true", help="print sizes and bytes as JSON")
    return parser


def _progress(fraction: float) -> None:
    """Draw a bar where a person is watching."""
    if sys.stderr.isatty():
        done = round(BAR * fraction)
        print(f"\r[{'#' * done}{'.' * (BAR - done)}]", end="", file=sys.stderr, flush=True)


def octaves(options: argparse.Namespace) -> int:
    """Write the octaves of an image, and what they cost."""
    from pyrviewer.compute import image, pyramid
    from pyrviewer.compute.ticket import Ticket

    if options.output is None and not options.json:
        raise UserError("octaves: say where to write with -o DIR, or ask for --json.")
    ticket = Ticket(_progress)
    opened = _read(options.image)
    found = _pyramid(options, opened.pixels, ticket)
    storage = pyramid.storage(found)
    rows: list[dict[str, Any]] = [
        {"level": k, "width": o.shape[1], "height": o.shape[0], "samples": n, "bytes": b}
        for k, (o, n, b) in enumerate(zip(found, storage.samples, storage.nbytes, strict=True))
    ]
    shown = [_enlarged(options, found, k) for k in range(len(found))]
    if options.output is not None:
        stem = Path(opened.origin.name).stem
        for row, pixels in zip(rows, shown, strict=True):
            suffix = ".tif" if pixels.dtype == "float32" else ".png"
            path = options.output / f"{stem}_{options.kind}_{row['level']}{suffix}"
            _folder(options.output)
            image.write(path, pixels)
            row["file"] = str(path)
            _progress((row["level"] + 1) / len(rows))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if options.json:
        print(
            json.dumps({"octaves": rows, "total": storage.total, "bound": storage.bound}, indent=2)
        )
    return 0


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path} cannot be a folder for the octaves: {error.strerror}.") from error


def _read(source: str) -> Any:
    from pyrviewer.compute import image

    if source == "-":
        return image.decode(sys.stdin.buffer.read(), "stdin")
    return image.read(source)


def _pyramid(options: argparse.Namespace, pixels: Array, ticket: Any) -> list[Array]:
    """Return octaves or signed bands; bad numbers become a sentence."""
    from pyrviewer.compute import pyramid

    name = options.image
    if options.kind == "laplacian" and (options.ratio != 2 or options.prefilter != "binomial"):
        raise UserError(f"{name}: Laplacian bands are made of binomial octaves at ratio 2.")
    try:
        levels = options.levels
        if levels is None:
            levels = pyramid.max_levels(pixels.shape[:2], options.ratio)
        octaves = pyramid.gaussian_pyramid(
            pixels, levels, prefilter=options.prefilter, ratio=options.ratio, ticket=ticket
        )
    except ValueError as error:
        raise UserError(f"{name}: {error}") from error
    if options.kind == "laplacian":
        bands = pyramid.laplacian_pyramid(pixels, levels, octaves=octaves, ticket=ticket)
        return [*(bands.signed_band(k) for k in range(levels)), bands.residual]
    if options.kind == "dog":
        return pyramid.difference_of_gaussians(octaves, ticket=ticket)
    return octaves


def _enlarged(options: argparse.Namespace, octaves: list[Array], level: int) -> Array:
    from pyrviewer.compute import pyramid
    from pyrviewer.compute.signed import savable

    octave = octaves[level]
    if options.upsampled:
        shape = octaves[0].shape[:2]
        octave = pyramid.upsample(
            octave, level, shape, ratio=options.ratio, prefilter=options.prefilter
        )
    return savable(octave)


def tour(options: argparse.Namespace) -> int:
    """Run every lab without a display and write one screenshot each."""
    from pyrviewer import tour as guide

    width, _, height = options.size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise UserError(f"--size {options.size}: write it as 1280x720.")
    _folder(options.folder)
    return guide.run(options.folder, int(width), int(height), options.theme)
