"""The command line: opens the window, or does a lab's work without one."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Protocol

import pyrviewer
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import quiet_codecs
from pyrviewer.headless import (
    atrous,
    blend,
    dream,
    fuse,
    octaves,
    pool,
    search,
    segment,
    stack,
    tour,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(Protocol):
    """A module of `pyrviewer.headless`."""

    DESCRIPTION: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the command takes."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it and return the exit code."""


COMMANDS: dict[str, Command] = {
    "octaves": octaves,
    "search": search,
    "segment": segment,
    "pool": pool,
    "atrous": atrous,
    "blend": blend,
    "fuse": fuse,
    "stack": stack,
    "dream": dream,
    "tour": tour,
}


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for bad input."""
    quiet_codecs()
    if arguments and arguments[0] in COMMANDS:
        return _run_command(arguments[0], arguments[1:])
    helps = ", ".join(f"pyrviewer {name} --help" for name in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="pyrviewer",
        description="See, use and teach image pyramids.",
        epilog=f"Without a window: {helps}.",
    )
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="files, folders, or - for stdin")
    parser.add_argument("--version", action="version", version=f"%(prog)s {pyrviewer.__version__}")
    options = parser.parse_args(arguments)
    from pyrviewer import app  # Qt only where a window is wanted

    return app.run(options.images)


def _run_command(name: str, arguments: Sequence[str]) -> int:
    command = COMMANDS[name]
    parser = argparse.ArgumentParser(prog=f"pyrviewer {name}", description=command.DESCRIPTION)
    command.add_arguments(parser)
    try:
        return command.run(parser.parse_args(arguments))
    except UserError as error:
        print(f"pyrviewer: {error}", file=sys.stderr)
        return 2
