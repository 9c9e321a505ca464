"""The view as a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.labs.atrous.segmenting import chosen_branches
from pyrviewer.labs.atrous.state import ALL, MOST_PHASES
from pyrviewer.ui.networks import source_code

if TYPE_CHECKING:
    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.labs.atrous.run import Found
    from pyrviewer.labs.atrous.state import AtrousState

HEAD = """\
import numpy as np
{torch}from pyrviewer.compute import {modules}
from pyrviewer.compute.pooling.input import {helpers}

seen = part(image.read({path!r}{page}).pixels, None, {size})
maps = {maps}
"""
KERNEL = "kernel = np.array({kernel}, np.float32)\n"
CONVOLVE = """\
result = atrous.atrous_filter(maps, kernel, {rate})
share = atrous.padding_share(maps.shape[1:], kernel.shape, {rate})
print(result.shape, f"{{share:.1%}} of the taps fell on padding")
"""
PHASES = """\
phases = atrous.polyphase(maps, {rate})
result = np.empty_like(maps)
for i, row in enumerate(phases):
    for j, phase in enumerate(row):
        if phase.size:
            result[:, i::{rate}, j::{rate}] = atrous.atrous_filter(phase, kernel, 1)
print(np.abs(result - atrous.atrous_filter(maps, kernel, {rate})).max())
"""
STACKED = """\
from pyrviewer.compute import atrous

counts = atrous.coverage({rates})
print(f"{{(counts > 0).mean():.0%}} of a field of {{counts.shape}} pixels is touched")
"""
ASPP = """\
mean = np.broadcast_to(maps.mean(axis=(1, 2), keepdims=True), maps.shape)
branches = [maps, *(atrous.atrous_filter(maps, kernel, rate) for rate in {rates}), mean]
stack = np.concatenate(branches)
print(stack.shape)
"""
IMPORT_TORCH = """\
import torch
import torch.nn.functional as F
"""
TORCH = """\
x = torch.tensor(maps)[None]
w = torch.tensor(kernel).expand(len(maps), 1, -1, -1)
"""
TORCH_ONE = """\
result = F.conv2d(x, w, padding=({rate} * (w.shape[-1] - 1)) // 2, dilation={rate}, groups=len(w))
print(tuple(result.shape))
"""
TORCH_ASPP = """\
spread = [F.conv2d(x, w, padding=rate, dilation=rate, groups=len(w)) for rate in {rates}]
stack = torch.cat([x, *spread, x.mean((2, 3), keepdim=True).expand_as(x)], 1)
print(tuple(stack.shape))
"""
TORCH_STACKED = """\
import torch
import torch.nn.functional as F

x = torch.ones(1, 1, 1, 1)
for rate in {rates}:
    x = F.conv_transpose2d(x, torch.ones(1, 1, 3, 3), dilation=rate)
print(f"{{(x > 0).float().mean().item():.0%}} of a field of {{tuple(x.shape[2:])}} is touched")
"""
CLASSES = """\
from pyrviewer.compute import image, network
from pyrviewer.compute.pooling.input import part

seen = part(image.read({path!r}{page}).pixels, None, {side})
logits = network.load().dense_logits(seen, {stride})
names = network.class_names()
for row in logits.argmax(axis=0):
    print(*(names[index] for index in row), sep=", ")
"""
SEGMENT = """\
from pyrviewer.compute import {modules}
from pyrviewer.compute.segment import Branch, Stroke

pixels = image.read({path!r}{page}).pixels
strokes = [
{strokes}
]
branches = [
{branches}
]
features = segment.prepare({source}, pixels)
head = segment.train(features, segment.rasterise(strokes, pixels.shape), branches)
added = segment.contributions(head, features)
scores = segment.scores(head, added, pixels, follow_edges={edges})
image.write("classes.png", segment.classify(head, scores))
"""


def _page(page: int) -> str:
    return f", page={page}" if page else ""


def _maps(found: Found, path: str, page: int, *, torch: bool) -> str:
    """Return the lines that make the maps that are shown."""
    request = found.request.maps
    maps, modules, helper = "colour_maps(seen)", {"image"}, "colour_maps, part"
    if not torch:
        modules.add("atrous")
    if request.source is not None:
        module, made = source_code(request.source)
        modules.add(module)
        maps, helper = f"{made}.features(seen, [{request.layer!r}])[{request.layer!r}]", "part"
    if found.channel != ALL and found.request.state.layout != "aspp":
        maps += f"[{found.channel} : {found.channel + 1}]"
    text = HEAD.format(
        path=path, page=_page(page), size=request.size, maps=maps, helpers=helper,
        modules=", ".join(sorted(modules)), torch=IMPORT_TORCH if torch else "",
    )  # fmt: skip
    return text + KERNEL.format(kernel=np.asarray(found.kernel).tolist())


def python_script(found: Found, path: str, page: int = 0) -> str:
    """Return a script that convolves with `pyrviewer.compute` as the layout on the screen does."""
    state = found.request.state
    ends = {"rate": CONVOLVE, "phases": PHASES, "aspp": ASPP}
    if state.layout == "stacked":
        return STACKED.format(rates=state.rates)
    rate = min(state.rate, MOST_PHASES) if state.layout == "phases" else state.rate
    end = ends[state.layout].format(rate=rate, rates=state.aspp)
    return _maps(found, path, page, torch=False) + end


def torch_script(found: Found, path: str, page: int = 0) -> str:
    """Return a script that does so with PyTorch."""
    state = found.request.state
    if state.layout == "stacked":
        return TORCH_STACKED.format(rates=state.rates)
    end = TORCH_ASPP if state.layout == "aspp" else TORCH_ONE
    return (
        _maps(found, path, page, torch=True) + TORCH + end.format(rate=state.rate, rates=state.aspp)
    )


def classes_script(state: AtrousState, path: str, page: int = 0) -> str:
    """Return a script that classifies every position."""
    return CLASSES.format(path=path, page=_page(page), side=state.side, stride=state.stride)


def segment_script(state: AtrousState, source: FeatureSource, path: str, page: int = 0) -> str:
    """Return a script that learns the strokes."""
    strokes = "\n".join(f"    {stroke!r}," for stroke in state.strokes)
    chosen = chosen_branches(state.branches, state.segment_rates)
    branches = "\n".join(f"    {branch!r}," for branch in chosen)
    module, made = source_code(source)
    return SEGMENT.format(
        path=path, page=_page(page), strokes=strokes, branches=branches, edges=state.edges,
        modules=", ".join(sorted({"image", "segment", module})), source=made,
    )  # fmt: skip
