"""What an ONNX file says about its network, and other networks made of its parts.

The numbers of fields are those of onnx.proto, https://github.com/onnx/onnx.
"""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.onnx.wire import Value, WireError, field, fields, integers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

Attribute = int | float | str | tuple[int, ...]

MAX_FILE = (2 << 30) - 1
"""Most bytes of a network, weights included: more does not fit in a protocol buffer."""

_FLOAT = 1  # a tensor's type
_MODEL_GRAPH, _MODEL_OPSET = 7, 8
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_ATTRIBUTE = 5
_FLOAT_VALUE, _INT_VALUE, _TEXT_VALUE, _INT_VALUES = 2, 3, 4, 8  # of an attribute
_INNER_GRAPHS = 6, 11  # of an attribute


@dataclass(frozen=True, eq=False)
class Node:
    """An operation.

    Attributes
    ----------
    name, op : str
        Its name, perhaps empty, and the kind of operation, such as ``Conv``.
    inputs, outputs : tuple of str
        Names of values; an input that is left out is empty.
    attributes : mapping
        Its numbers, texts and lists of integers.
    inner : tuple of str
        Values that graphs inside of it take, which may be those of the graph around.
    raw : memoryview
        The message.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    inner: tuple[str, ...]
    raw: memoryview

    @property
    def title(self) -> str:
        """The name, or that of what it makes."""
        return self.name or self.outputs[0]

    def number(self, name: str, other: int) -> int:
        """Return an integer, or the other one where it is not given."""
        found = self.attributes.get(name, other)
        return found if isinstance(found, int) else other

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of integers, empty where it is not given."""
        found = self.attributes.get(name, ())
        return found if isinstance(found, tuple) else ()


@dataclass(frozen=True, eq=False)
class Tensor:
    """Weights: their shape, their message, and the file that holds their numbers, if another."""

    shape: tuple[int, ...]
    raw: memoryview
    external: Mapping[str, str]


@dataclass(frozen=True)
class Input:
    """What a network takes; sizes that are left open are 0."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    """The network of a file.

    Attributes
    ----------
    path : Path
        The file.
    nodes : tuple of Node
        The operations, each after those that it needs.
    input : Input
        The image.
    weights : mapping of str to Tensor
        By name.
    """

    path: Path
    nodes: tuple[Node, ...]
    input: Input
    weights: Mapping[str, Tensor]
    _opsets: tuple[memoryview, ...] = ()
    _makers: dict[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, node in enumerate(self.nodes):
            self._makers.update(dict.fromkeys(node.outputs, index))

    def maker(self, value: str) -> Node | None:
        """Return the node that makes a value."""
        index = self._makers.get(value)
        return None if index is None else self.nodes[index]

    def needed(self, values: Collection[str]) -> list[Node]:
        """Return the nodes that have to run for some values, in order."""
        found: set[int] = set()
        open_values = list(values)
        while open_values:
            index = self._makers.get(open_values.pop())
            if index is not None and index not in found:
                found.add(index)
                open_values += [*self.nodes[index].inputs, *self.nodes[index].inner]
        return [self.nodes[index] for index in sorted(found)]

    def part(
        self, values: Sequence[str], shape: Sequence[int], nearest: Collection[str] = ()
    ) -> bytes:
        """Return a model that makes some values of an input of fixed shape.

        Its outputs are copies of them, ``out 0`` and so on. Everything that they do not need is
        left out, and weights from other files are put in.

        Parameters
        ----------
        values : sequence of str
            Names of values that nodes make.
        shape : sequence of int
            Of the input: 1, C, H, W.
        nearest : collection of str
            Values whose enlarging is to take the nearest pixel instead of a bilinear mean.

        Raises
        ------
        UserError
            If a file of weights is missing.
        """
        nodes = self.needed(values)
        takes = {name for node in nodes for name in (*node.inputs, *node.inner)}
        names = [f"out {k}" for k in range(len(values))]
        graph = [
            *(field(_NODE, _with_nearest(n) if n.inputs[:1] and n.inputs[0] in nearest else n.raw)
              for n in nodes),
            *(field(_NODE, encode_node("Identity", [value], [name], name=name))
              for value, name in zip(values, names, strict=True)),
            field(2, "part"),
            *(field(_INITIALIZER, self._tensor(name)) for name in self.weights if name in takes),
            field(_INPUT, encode_value(self.input.name, shape)),
            *(field(_OUTPUT, encode_value(name)) for name in names),
        ]  # fmt: skip
        opsets = [field(_MODEL_OPSET, opset) for opset in self._opsets]
        return b"".join((field(1, 8), *opsets, field(_MODEL_GRAPH, b"".join(graph))))

    def _tensor(self, name: str) -> bytes | memoryview:
        """Return weights with their numbers."""
        tensor = self.weights[name]
        return _with_numbers(self.path, tensor) if tensor.external else tensor.raw


def read(path: Path) -> Graph:
    """Read a file.

    Raises
    ------
    UserError
        If it cannot be read, is not an ONNX file, ends too early, or takes several inputs.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise UserError(f"{path.name} is larger than 2 GB.")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path.name} could not be read: {error.strerror}.") from error
    try:
        return _graph(path, memoryview(data))
    except WireError as error:
        if error.cut and data[:1] == field(1, 1)[:1]:
            raise UserError(f"{path.name} is cut off: it ends too early.") from error
        raise _not_onnx(path) from error
    except (UnicodeDecodeError, struct.error, RecursionError) as error:
        raise _not_onnx(path) from error


def _not_onnx(path: Path) -> UserError:
    return UserError(f"{path.name} is not an ONNX file.")


def _graph(path: Path, data: memoryview) -> Graph:
    """Read a model."""
    model = list(fields(data))
    graphs = [_bytes(value) for number, value in model if number == _MODEL_GRAPH]
    if len(graphs) != 1:
        raise _not_onnx(path)
    parts = list(fields(graphs[0]))
    nodes = tuple(_node(_bytes(value)) for number, value in parts if number == _NODE)
    if not nodes or not all(node.op and node.outputs for node in nodes):
        raise _not_onnx(path)
    weights = dict(_tensor(_bytes(value)) for number, value in parts if number == _INITIALIZER)
    inputs = [_input(_bytes(value)) for number, value in parts if number == _INPUT]
    inputs = [each for each in inputs if each.name not in weights]
    if len(inputs) != 1:
        raise UserError(f"{path.name} takes {len(inputs)} inputs, not one image.")
    opsets = tuple(_bytes(value) for number, value in model if number == _MODEL_OPSET)
    return Graph(path, nodes, inputs[0], weights, opsets)


def _bytes(value: Value) -> memoryview:
    if isinstance(value, int):
        raise WireError(cut=False)
    return value


def _text(value: Value) -> str:
    return str(_bytes(value), "utf-8")


def _texts(parts: Sequence[tuple[int, Value]], number: int) -> tuple[str, ...]:
    return tuple(_text(value) for each, value in parts if each == number)


def _node(raw: memoryview) -> Node:
    parts = list(fields(raw))
    attributes: dict[str, Attribute] = {}
    inner: list[str] = []
    for number, value in parts:
        if number == _NODE_ATTRIBUTE:
            attributes.update(_attribute(_bytes(value)))
            inner += _taken_inside(_bytes(value))
    name, op = ("".join(_texts(parts, number)[-1:]) for number in (3, 4))
    return Node(name, op, _texts(parts, 1), _texts(parts, 2), attributes, tuple(inner), raw)


def _attribute(raw: memoryview) -> dict[str, Attribute]:
    """Return name and value of an attribute, if the value is of a kind that is needed."""
    name, numbers = "", []
    found: Attribute | None = None
    for number, value in fields(raw):
        if number == 1:
            name = _text(value)
        elif number == _FLOAT_VALUE:
            (found,) = struct.unpack("<f", _bytes(value))
        elif number == _INT_VALUE and isinstance(value, int):
            found = value
        elif number == _TEXT_VALUE:
            found = str(_bytes(value), "utf-8", "replace")
        elif number == _INT_VALUES:
            numbers += integers(value)
    if numbers:
        found = tuple(numbers)
    return {} if found is None else {name: found}


def _taken_inside(raw: memoryview) -> Iterator[str]:
    """Yield what the nodes of an attribute's graphs take."""
    for number, value in fields(raw):
        if number in _INNER_GRAPHS:
            for kind, part in fields(_bytes(value)):
                if kind == _NODE:
                    node = _node(_bytes(part))
                    yield from (*node.inputs, *node.inner)
                elif kind == _OUTPUT:
                    yield from _texts(list(fields(_bytes(part))), 1)


def _tensor(raw: memoryview) -> tuple[str, Tensor]:
    parts = list(fields(raw))
    shape = [size for number, value in parts if number == 1 for size in integers(value)]
    external = {}
    if (14, 1) in [(number, value) for number, value in parts if isinstance(value, int)]:
        for number, value in parts:
            if number == 13:
                pair = list(fields(_bytes(value)))
                external["".join(_texts(pair, 1))] = "".join(_texts(pair, 2))
    return "".join(_texts(parts, 8)), Tensor(tuple(shape), raw, external)


def _input(raw: memoryview) -> Input:
    """Read name and shape of an input."""
    parts = list(fields(raw))
    shape: list[int] = []
    for kind in _within(raw, 2, 1, 2):
        for number, value in fields(kind):
            if number == 1:
                sizes = [size for each, size in fields(_bytes(value)) if each == 1]
                shape += [size if isinstance(size, int) and size > 0 else 0 for size in sizes[:1]]
                shape += [0] * (not sizes)
    return Input("".join(_texts(parts, 1)), tuple(shape))


def _within(raw: memoryview, *way: int) -> Iterator[memoryview]:
    """Yield the messages at the end of a way of field numbers."""
    if not way:
        yield raw
        return
    for number, value in fields(raw):
        if number == way[0]:
            yield from _within(_bytes(value), *way[1:])


def _with_numbers(path: Path, tensor: Tensor) -> bytes:
    """Return a tensor that holds its numbers itself."""
    name = tensor.external.get("location", "")
    place = path.parent / name
    if not name or not place.resolve().is_relative_to(path.parent.resolve()):
        raise UserError(f"{path.name} keeps its weights outside its own folder.")
    try:
        offset = int(tensor.external.get("offset", "0"))
        size = int(tensor.external.get("length", "-1"))
        with place.open("rb") as file:
            file.seek(offset)
            numbers = file.read(size)
    except OSError as error:
        raise UserError(f"{path.name} needs {name} beside it, which is missing.") from error
    except ValueError as error:
        raise _not_onnx(path) from error
    if len(numbers) < size:
        raise UserError(f"{name}, which {path.name} needs, is cut off: it ends too early.")
    kept = [(number, value) for number, value in fields(tensor.raw) if number not in (9, 13, 14)]
    return b"".join([*(field(number, value) for number, value in kept), field(9, numbers)])


def _with_nearest(node: Node) -> bytes | memoryview:
    """Return a node that enlarges by the nearest pixel."""
    if node.op not in ("Resize", "Upsample"):
        return node.raw
    ours = {"mode": "nearest"}
    if node.op == "Resize":
        ours |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    kept = [
        field(number, value)
        for number, value in fields(node.raw)
        if number != _NODE_ATTRIBUTE or not ours.keys() & _attribute(_bytes(value)).keys()
    ]
    added = [field(_NODE_ATTRIBUTE, encode_attribute(*pair)) for pair in ours.items()]
    return b"".join([*kept, *added])


def encode_attribute(name: str, value: Attribute) -> bytes:
    """Return the message of an attribute."""
    if isinstance(value, float):
        # The only fixed-size field that is written: number 2, four bytes.
        return b"".join((field(1, name), b"\x15", struct.pack("<f", value), field(20, 1)))
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return b"".join((field(1, name), *(field(8, each) for each in value), field(20, 7)))


def encode_node(
    op: str, inputs: Sequence[str], outputs: Sequence[str], name: str = "", **values: Attribute
) -> bytes:
    """Return the message of a node."""
    parts = [field(1, each) for each in inputs] + [field(2, each) for each in outputs]
    attributes = [field(_NODE_ATTRIBUTE, encode_attribute(*pair)) for pair in values.items()]
    return b"".join((*parts, field(3, name), field(4, op), *attributes))


def encode_value(name: str, shape: Sequence[int | str] = ()) -> bytes:
    """Return the message of an input or output: numbers of 32 bits; open sizes have a name."""
    sizes = [field(1, field(2 if isinstance(size, str) else 1, size)) for size in shape]
    kind = field(1, _FLOAT) + field(2, b"".join(sizes))
    return field(1, name) + field(2, field(1, kind))
