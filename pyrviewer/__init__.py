"""See, use and teach image pyramids."""

import os

__version__ = "0.1.0"

# numpy's BLAS reads it when it is loaded. For about 30 ms after each product its threads would wait
# busily for the next one, and so take a core from OpenCV's threads and from the window.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")
