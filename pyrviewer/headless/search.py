"""``pyrviewer search``: find a template in one scene or many."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pyrviewer.compute import search
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.search.report import report
from pyrviewer.headless.terminal import read, show_progress

if TYPE_CHECKING:
    import argparse

    from pyrviewer.compute.image import Array

DESCRIPTION = (
    "Find a template in one scene or many, coarse to fine. The exit code is 0 if it was found, 1 "
    "if not, and 2 for bad input."
)
OPTIONS = {"max_matches": "--matches", "min_score": "--min-score"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("scenes", nargs="+", metavar="SCENE", help="where to look")
    parser.add_argument("template", metavar="TEMPLATE", help="what to look for, or - for stdin")
    parser.add_argument("--matches", type=int, default=1, help="most matches in a scene")
    parser.add_argument("--min-score", type=float, default=0.5, help="-1 to 1")
    parser.add_argument(
        "--angles", type=float, nargs=2, metavar=("FROM", "TO"), help="degrees, -180 to 180"
    )
    parser.add_argument(
        "--scales", type=float, nargs=2, metavar=("FROM", "TO"), help="sizes, such as 0.8 1.2"
    )
    parser.add_argument("--exact", action="store_true", help="as sure as searching everywhere")
    parser.add_argument("--json", action="store_true", help="print matches and cost as JSON")


def run(options: argparse.Namespace) -> int:
    """Do it; one line for each match, or JSON."""
    template = read(options.template).pixels
    found: list[dict[str, Any]] = []
    failed = False
    for index, name in enumerate(options.scenes):
        try:
            found.append({"scene": name, **report(_search(options, name, template))})
        except UserError as error:
            failed = True
            print(f"pyrviewer: {error}", file=sys.stderr)
        if len(options.scenes) > 1:
            show_progress((index + 1) / len(options.scenes))
    _print(found, as_json=options.json)
    if failed:
        return 2
    return 0 if any(scene["matches"] for scene in found) else 1


def _print(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json and found:
        print(json.dumps(found if len(found) > 1 else found[0], indent=2))
        return
    for scene in found:
        for match in scene["matches"]:
            print(f"{scene['scene']}: x {match['x']:z.2f} y {match['y']:z.2f} "
                  f"angle {match['angle']:.2f} scale {match['scale']:.4f} "
                  f"score {match['score']:.4f}")  # fmt: skip
        if not scene["matches"]:
            best = scene["best"]
            score = f"; the best scores {best['score']:.4f}" if best else ""
            print(f"{scene['scene']}: no match{score}")


def _search(options: argparse.Namespace, name: str, template: Array) -> search.SearchTrace:
    scene = read(name).pixels
    try:
        return search.search(
            scene,
            template,
            max_matches=options.matches,
            min_score=options.min_score,
            angles=tuple(options.angles) if options.angles else None,
            scales=tuple(options.scales) if options.scales else None,
            exact=options.exact,
        )
    except ValueError as error:
        said = str(error).rstrip(".")
        for setting, option in OPTIONS.items():
            said = said.replace(setting, option)
        raise UserError(f"{name}: {said}.") from error
