"""The command line: opens the window, or does a lab's work without one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

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


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Leave with that line."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for bad input."""
    quiet_codecs()
    if arguments and arguments[0] in COMMANDS:
        return _run_command(arguments[0], arguments[1:])
    helps = ", ".join(f"pyrviewer {name} --help" for name in COMMANDS)
    parser = _Parser(
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
    parser = _Parser(prog=f"pyrviewer {name}", description=command.DESCRIPTION)
    command.add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        _spare_inputs(options)
        return command.run(options)
    except UserError as error:
        print(f"pyrviewer: {error}", file=sys.stderr)
        return 2


def _spare_inputs(options: argparse.Namespace) -> None:
    """Refuse to write over a file that the command reads."""
    given = dict(vars(options))
    output = given.pop("output", None)
    if output is None or not Path(output).is_file():
        return
    for value in given.values():
        for name in value if isinstance(value, list) else [value]:
            named = isinstance(name, str | Path) and Path(name).is_file()
            if named and Path(name).samefile(output):
                raise UserError(f"{output} is what is read: write to another file.")
