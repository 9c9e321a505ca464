"""The view as a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrviewer.ui.networks import source_code

if TYPE_CHECKING:
    from pyrviewer.labs.pooling.state import PoolingRequest

MAPS = """\
from pyrviewer.compute import image{imports}
from pyrviewer.compute.pooling.input import {helpers}

seen = part(image.read({path!r}{page}).pixels, {rect}, {size})
maps = {maps}
"""
POOLING = """\
vector = pooling.spatial_pyramid_pool(maps, {levels}, {rule!r}, reduce={reduce!r})
context = pooling.pyramid_pool(maps, {bins}, {corners}, reduce={mean!r})
"""
REDUCED = """\
context = [pooling.reduce_channels(m, max(1, len(maps) // {branches})) for m in context]
"""
TORCH = """\
import torch
import torch.nn.functional as F
{maps}
x = torch.tensor(maps)[None]


def pool(n):
{pool}


def enlarge(grid):
    return F.interpolate(grid, x.shape[2:], mode="bilinear", align_corners={corners})


vector = torch.cat([pool(n).flatten() for n in {levels}])
context = [enlarge(F.adaptive_{mean}_pool2d(x, n)) for n in {bins}]
"""
ADAPTIVE = """\
    return F.adaptive_{kind}_pool2d(x, n)"""
HE = """\
    window, stride = [-(-a // n) for a in x.shape[2:]], [a // n for a in x.shape[2:]]
    return F.{kind}_pool2d(x, window, stride)[:, :, :n, :n]"""
SHOW = """\
print(len(vector), "numbers from", maps.shape, "and", len(context), "maps of context")
"""


def python_script(request: PoolingRequest, path: str, page: int = 0) -> str:
    """Return a script that pools the same maps with `pyrviewer.compute`."""
    state = request.state
    pooling = POOLING.format(
        levels=state.levels,
        rule=state.rule,
        reduce=state.reduce,
        bins=state.bins,
        corners=state.corners,
        mean="average" if state.mean else "max",
    )
    if state.reduced:
        pooling += REDUCED.format(branches=len(state.bins))
    return _maps(request, path, page, ", pooling") + pooling + SHOW


def torch_script(request: PoolingRequest, path: str, page: int = 0) -> str:
    """Return a script that pools the same maps with PyTorch."""
    state = request.state
    template = ADAPTIVE if state.rule == "adaptive" else HE
    pooling = TORCH.format(
        maps=_maps(request, path, page, ""),
        pool=template.format(kind="max" if state.reduce == "max" else "avg"),
        levels=state.levels,
        bins=state.bins,
        corners=state.corners,
        mean="avg" if state.mean else "max",
    )
    return pooling + SHOW


def _maps(request: PoolingRequest, path: str, page: int, imports: str) -> str:
    """Return the lines that make the maps; `imports` is what is imported beside."""
    maps, source = request.maps, request.maps.source
    helpers, makes = "colour_maps, part", "colour_maps(seen)"
    if source is not None:
        module, made = source_code(source)
        imports, helpers = f", {module}{imports}", "part"
        makes = f"{made}.features(seen, [{maps.layer!r}])[{maps.layer!r}]"
    return MAPS.format(
        path=path,
        page=f", page={page}" if page else "",
        rect=maps.rect,
        size=maps.size,
        maps=makes,
        imports=imports,
        helpers=helpers,
    )
