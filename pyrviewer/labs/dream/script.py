"""A dream as a script."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pyrviewer.compute import mask
from pyrviewer.compute.dream import DreamSettings
from pyrviewer.labs.dream.run import FIXED, settings_of

if TYPE_CHECKING:
    from pyrviewer.labs.dream.run import Dreamt

DEFAULTS = {field.name: field.default for field in fields(DreamSettings)}
START = """\
from pyrviewer.compute import {modules}

photo = image.read({path!r}{page}).pixels
{arrays}trace = dream.dream(photo, network.load(), {arguments})
"""
BRANCH = "trace = dream.resume(trace, {step}, {arguments})\n"
END = 'image.write("dream.png", trace.result)\n'
MASK = """\
{name} = mask.rasterise(
    mask.from_dict({region!r}),
    photo.shape[:2],
    soft={soft},
)
"""
GUIDE = "{name} = image.read({guide!r}).pixels\n"


def python_script(dreamt: Dreamt, path: str, page: int = 0) -> str:
    """Return a script that dreams the same of an image at a path, with all its branches."""
    arrays, names = _arrays(dreamt)
    steps = dreamt.trace.steps
    before = settings_of(steps[0].settings if steps else dreamt.request.settings)
    modules = ("dream", "image", *(["mask"] if "mask." in arrays else []), "network")
    text = START.format(
        modules=", ".join(modules),
        path=path,
        page=f", page={page}" if page else "",
        arrays=arrays,
        arguments=_arguments(before, DEFAULTS, names),
    )
    for number, step in enumerate(steps):
        settings = settings_of(step.settings)
        if any(_differ(settings[name], before[name]) for name in settings if name not in FIXED):
            text += BRANCH.format(step=number, arguments=_arguments(settings, before, names))
            before = settings
    if not dreamt.done:
        text += BRANCH.format(step=len(steps), arguments="steps=0")
    return text + END


def _arrays(dreamt: Dreamt) -> tuple[str, dict[int, str]]:
    """Return the lines that make masks and guides, and the names of the arrays by identity."""
    text, names = "", {}
    for number, branch in enumerate(dreamt.branches, 1):
        request = branch.request
        state, settings = request.state, request.settings
        if state.region is not None:
            name = names[id(settings.mask)] = f"where_{number}"
            text += MASK.format(name=name, region=mask.to_dict(state.region), soft=state.soft)
        if request.guide is not None and id(request.guide) not in names:
            name = names[id(request.guide)] = f"guide_{number}"
            text += GUIDE.format(name=name, guide=state.guide)
    return text, names


def _differ(a: object, b: object) -> bool:
    simple = isinstance(a, str | int | float | None) and isinstance(b, str | int | float | None)
    return a != b if simple else a is not b


def _arguments(settings: dict[str, Any], before: dict[str, Any], names: dict[int, str]) -> str:
    """Return those settings that are different, as arguments."""
    return ", ".join(
        f"{name}={names.get(id(value)) or repr(value)}"
        for name, value in settings.items()
        if name == "layer" or _differ(value, before[name])
    )
