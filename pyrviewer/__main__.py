"""Start from the command line."""

from __future__ import annotations

import os
import sys

from pyrviewer import cli


def main() -> None:
    """Run and leave with the command's exit code."""
    try:
        code = cli.main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, as `head` does, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
