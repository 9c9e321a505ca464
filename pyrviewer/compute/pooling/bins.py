"""The bins of spatial pyramid pooling: where each begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = npt.NDArray[Any]

Rule = Literal["adaptive", "he"]


def bins(size: int, n: int, rule: Rule = "adaptive") -> list[tuple[int, int]]:
    """Return where each of n bins begins and ends along a side.

    Parameters
    ----------
    size : int
        Length of the side, at least 1.
    n : int
        Number of bins, at least 1.
    rule : {"adaptive", "he"}
        "adaptive": bin i is ``[floor(i * size / n), ceil((i + 1) * size / n))``. The bins cover
        the side, and neighbours overlap by a pixel where n does not divide it. "he": windows of
        ``ceil(size / n)`` at strides of ``floor(size / n)``. These can leave pixels out at the end
        (see `left_out`); on a side shorter than n the stride is 0.

    Returns
    -------
    list of (int, int)
        n half-open intervals, none of them empty.

    Raises
    ------
    ValueError
        For a side or a number below 1, and an unknown rule.

    Notes
    -----
    K. He, X. Zhang, S. Ren and J. Sun, "Spatial pyramid pooling in deep convolutional networks for
    visual recognition", ECCV 2014. The adaptive rule is that of PyTorch's adaptive pooling.
    """
    if size < 1 or n < 1:
        raise ValueError(f"bins need a side and a number of at least 1, got {size} and {n}")
    if rule == "adaptive":
        return [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]
    if rule == "he":
        stride, window = size // n, -(-size // n)
        return [(i * stride, i * stride + window) for i in range(n)]
    raise ValueError(f"rule must be 'adaptive' or 'he', got {rule!r}")


def holding(pixel: int, size: int, n: int, rule: Rule = "adaptive") -> range:
    """Return which of the n bins of a side hold a pixel: neighbours, or none in He's rule."""
    found = [i for i, (start, stop) in enumerate(bins(size, n, rule)) if start <= pixel < stop]
    return range(found[0], found[-1] + 1) if found else range(0)


def left_out(size: int, n: int, rule: Rule = "adaptive") -> int:
    """Return how many pixels at the end of a side are in none of its n bins.

    0 for the adaptive rule; ``max(0, size % n - 1)`` for He's.
    """
    return size - bins(size, n, rule)[-1][1]


def check_maps(features: Array) -> None:
    """Raise unless an array is C x H x W real numbers."""
    if features.ndim != 3 or features.size == 0 or features.dtype.kind not in "iuf":
        raise ValueError(
            "feature maps have shape (C, H, W), none of them 0, and real numbers, "
            f"not shape {features.shape} and dtype {features.dtype}"
        )


def check_levels(levels: Sequence[int]) -> None:
    """Raise unless there is a grid."""
    if not levels:
        raise ValueError("there must be at least one grid of bins, got none")
