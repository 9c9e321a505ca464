"""The view as a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrviewer.labs.octaves.state import BuildRequest

OPENCV = """\
import cv2

image = cv2.imread({path!r}, {flags})  # B, G, R
octaves = [image]
for _ in range({levels}):
    octaves.append(cv2.pyrDown(octaves[-1]))
"""
LIBRARY = """\
from pyrviewer.compute import image, pyramid

octaves = pyramid.gaussian_pyramid(
    image.read({path!r}{page}).pixels, {levels}, prefilter={prefilter!r}, ratio={ratio}
)
"""
LAPLACIAN = """\
from pyrviewer.compute import image, pyramid

laplacian = pyramid.laplacian_pyramid(image.read({path!r}{page}).pixels, {levels})
bands = [laplacian.signed_band(k) for k in range({levels})]
octaves = [*bands, laplacian.residual]
"""
DOG = (
    LIBRARY
    + """\
octaves = pyramid.difference_of_gaussians(octaves)
"""
)
REBUILD = """\
from pyrviewer.compute import image, pyramid

photo = image.read({path!r}{page}).pixels
laplacian = pyramid.laplacian_pyramid(photo, {levels})
rebuilt = laplacian.collapse(gains={gains})
image.write("rebuilt.tif", rebuilt)
"""
SHOW = """\
for level, octave in enumerate(octaves):
    print(level, octave.shape, octave.dtype)
"""


def python_script(request: BuildRequest, path: str, page: int = 0, *, opencv: bool = True) -> str:
    """Return a script that computes the octaves of a request to the bit.

    Plain binomial octaves of integers need OpenCV alone, if it reads the file as we do; the
    others use `pyrviewer.compute`.
    """
    plain = opencv and request.prefilter == "binomial" and request.ratio == 2
    plain = plain and request.pixels.dtype.kind == "u"
    alpha = request.pixels.ndim == 3 and request.pixels.shape[2] == 4
    template = {
        "gaussian": OPENCV if plain else LIBRARY,
        "laplacian": LAPLACIAN,
        "dog": DOG,
    }[request.kind]
    head = template.format(
        path=path,
        page=_page(page),
        flags="cv2.IMREAD_UNCHANGED" if alpha else "cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH",
        levels=request.levels,
        prefilter=request.prefilter,
        ratio=request.ratio,
    )
    return head + SHOW


def rebuild_script(gains: tuple[float, ...], path: str, page: int = 0) -> str:
    """Return a script that rebuilds an image from its bands with these gains."""
    return REBUILD.format(path=path, page=_page(page), levels=len(gains) - 1, gains=list(gains))


def _page(page: int) -> str:
    return f", page={page}" if page else ""
