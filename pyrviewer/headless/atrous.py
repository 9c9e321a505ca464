"""``pyrviewer atrous``: convolve an image, or maps of the network, with spread kernels."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pyrviewer.compute import atrous, image
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.pooling.report import npy
from pyrviewer.compute.signed import savable
from pyrviewer.compute.writing import replace_file
from pyrviewer.headless.maps import add_layer, read_maps

DESCRIPTION = "Convolve an image with a kernel whose taps lie some pixels apart."

_Kernel = tuple[tuple[float, ...], ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("image", metavar="IMAGE", help="a file, or - for stdin")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help=".npy, .tif (float) or .png (16 bit, zero at 32768)",
    )
    parser.add_argument("--rate", type=_rate, required=True, help="pixels between taps, from 1 on")
    parser.add_argument(
        "--kernel",
        type=_kernel,
        default=atrous.KERNELS["laplacian"],
        help=f"{', '.join(atrous.KERNELS)}, or rows of numbers as in '1,0;0,-1'",
    )
    add_layer(parser)


def run(options: argparse.Namespace) -> int:
    """Do it, and say how much of the kernel fell on padding."""
    suffix = options.output.suffix.lower()
    if options.layer is not None and suffix != ".npy":
        raise UserError(f"{options.output}: maps of a layer are written as .npy.")
    if suffix not in (".npy", ".tif", ".tiff", ".png"):
        raise UserError(f"{options.output}: choose a name that ends in .npy, .tif or .png.")
    maps = read_maps(options.image, options.layer)
    result = atrous.atrous_filter(maps, options.kernel, options.rate)
    if suffix == ".npy":
        replace_file(options.output, npy(result))
    else:
        pixels = np.ascontiguousarray(np.moveaxis(result, 0, 2))
        if suffix == ".png":
            pixels = savable(np.rint(np.clip(pixels, -32768, 32767)).astype(np.int16))
        image.write(options.output, pixels)
    kernel = (len(options.kernel), len(options.kernel[0]))
    share = atrous.padding_share(maps.shape[1:], kernel, options.rate)
    print(f"{options.output}: {share:.1%} of the taps fell on padding")
    return 0


def _rate(text: str) -> int:
    rate = int(text) if text.isdecimal() else 0
    if rate < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: the rate is a whole number from 1 on")
    return rate


def _kernel(text: str) -> _Kernel:
    if text in atrous.KERNELS:
        return atrous.KERNELS[text]
    try:
        rows = tuple(tuple(float(tap) for tap in row.split(",")) for row in text.split(";"))
    except ValueError as error:
        names = ", ".join(atrous.KERNELS)
        raise argparse.ArgumentTypeError(
            f"{text!r}: the kernel is {names}, or rows of numbers as in '1,0;0,-1'"
        ) from error
    if len({len(row) for row in rows}) != 1:
        raise argparse.ArgumentTypeError(f"{text!r}: all rows must be of one length")
    return rows
