"""Start from the command line."""

from __future__ import annotations

import sys

from pyrviewer import cli


def main() -> None:
    """Run and leave with the command's exit code."""
    sys.exit(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
