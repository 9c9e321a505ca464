"""Start from the command line."""

from __future__ import annotations

import os
import sys

# numpy's BLAS reads it when it is loaded. For about 30 ms after each product its threads would wait
# busily for the next one, and so take a core from OpenCV's threads and from the window.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")

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
