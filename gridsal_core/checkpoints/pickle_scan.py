"""What a pickle would do, found without doing it.

`torch.load(weights_only=True)` calls nothing but its own few functions, yet it believes sizes: a
file of some bytes can ask it for any amount of memory. The opcodes are followed here on paper
first. Nothing is imported, called or allocated for them.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from math import prod
from typing import IO, Any

# Plain values of Python, which torch may make.
PLAIN = {
    ("collections", "OrderedDict"),
    ("collections", "Counter"),
    ("_codecs", "encode"),
    ("builtins", "set"),
    ("builtins", "complex"),
    ("__builtin__", "set"),
    ("__builtin__", "complex"),
    ("torch", "Size"),
    ("torch", "device"),
    ("torch.serialization", "_get_layout"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_parameter_with_state"),
    ("torch._tensor", "_rebuild_from_type_v2"),
}
REBUILT_TENSOR = {
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"),
}
# Python's hash of nested tuples recurses without a check, and torch uses what it reads as keys.
DEEPEST_TUPLE = 64
# Views that repeat the same numbers: harmless up to here, a way to inflate a file beyond.
SMALL_VIEW = 2**20
MOST_SKIPPED = 2**16


@dataclass(frozen=True)
class Global:
    """A name that a pickle imports."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Storage:
    """A run of numbers that a pickle points to; `numel` as the pickle claims it."""

    kind: str
    key: str
    numel: int


@dataclass
class Scan:
    """What a pickle names.

    Parameters
    ----------
    globals_
        What it imports, in order.
    storages
        By key; the largest claim where there are several.
    foreign
        The first thing it would call or make that is neither torch's nor plain.
    wrong
        What is impossible about it; empty if nothing is.
    """

    globals_: list[Global] = field(default_factory=list)
    storages: dict[str, Storage] = field(default_factory=dict)
    foreign: Global | None = None
    wrong: str = ""


class _Mark:
    pass


class _Unknown:
    pass


@dataclass
class _Tuple:
    items: tuple[Any, ...]
    depth: int


_MARK, _UNKNOWN = _Mark(), _Unknown()
_CALLS = {"REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def scan_pickle(data: bytes | IO[bytes]) -> Scan:
    """Follow one pickle to its end.

    Raises
    ------
    ValueError
        If it is no pickle or breaks off.
    """
    scan, stack, memo = Scan(), list[Any](), dict[object, Any]()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            _step(opcode, argument, scan, stack, memo)
            if scan.wrong:
                break
    except (ValueError, LookupError, TypeError, OverflowError, EOFError, AttributeError) as error:
        raise ValueError(f"not a whole pickle: {error}") from error
    return scan


def _step(
    opcode: pickletools.OpcodeInfo,
    argument: object,
    scan: Scan,
    stack: list[Any],
    memo: dict[object, Any],
) -> None:
    name = opcode.name
    if name == "MARK":
        stack.append(_MARK)
    elif name in _GETS:
        stack.append(memo[argument])
    elif name in _PUTS:
        place = len(memo) if argument is None else argument
        # Places are handed out in turn; readers make room for all below.
        if isinstance(place, int) and place > 2 * len(memo) + MOST_SKIPPED:
            scan.wrong = f"place {place} in a memo of {len(memo)}"
        memo[place] = stack[-1]
    elif name in _TUPLES:
        _push_tuple(scan, stack, [stack.pop() for _ in range(_TUPLES[name])][::-1])
    elif name == "TUPLE":
        _push_tuple(scan, stack, _pop_to_mark(stack))
    elif name in ("GLOBAL", "INST", "STACK_GLOBAL"):
        _push_global(name, argument, scan, stack)
    elif name in ("EXT1", "EXT2", "EXT4"):
        scan.foreign = scan.foreign or Global("copyreg", "extension")
        stack.append(_UNKNOWN)
    elif name in _CALLS:
        _call(name, scan, stack)
    elif name == "BINPERSID":
        stack.append(_storage(stack.pop(), scan))
    else:
        _by_the_book(opcode, argument, stack)


def _by_the_book(opcode: pickletools.OpcodeInfo, argument: object, stack: list[Any]) -> None:
    """Take and leave on the stack what the description of the opcode says."""
    before = list(opcode.stack_before)
    if pickletools.markobject in before:
        _pop_to_mark(stack)
        before = before[: before.index(pickletools.markobject)]
    taken = [stack.pop() for _ in before][::-1]
    if opcode.name == "DUP":
        stack += [taken[0], taken[0]]
    elif opcode.stack_after:
        # An opcode that takes a container leaves the same one.
        plain = argument if isinstance(argument, (int, str, bytes)) else _UNKNOWN
        stack.append(taken[0] if taken else plain)


def _pop_to_mark(stack: list[Any]) -> list[Any]:
    items = []
    while (item := stack.pop()) is not _MARK:
        items.append(item)
    return items[::-1]


def _push_tuple(scan: Scan, stack: list[Any], items: list[Any]) -> None:
    depth = 1 + max((item.depth for item in items if isinstance(item, _Tuple)), default=0)
    if depth > DEEPEST_TUPLE:
        scan.wrong = f"tuples nested {depth} deep"
    stack.append(_Tuple(tuple(items), depth))


def _push_global(opcode: str, argument: object, scan: Scan, stack: list[Any]) -> None:
    if opcode == "STACK_GLOBAL":
        name, module = stack.pop(), stack.pop()
    else:
        module, _, name = str(argument).partition(" ")
    found = Global(str(module), str(name))
    scan.globals_.append(found)
    key = (found.module, found.name)
    if key not in PLAIN and found.module.partition(".")[0] != "torch":
        scan.foreign = scan.foreign or found
    if opcode == "INST":
        _pop_to_mark(stack)
        scan.foreign = scan.foreign or found
        stack.append(_UNKNOWN)
    else:
        stack.append(found)


def _call(opcode: str, scan: Scan, stack: list[Any]) -> None:
    if opcode == "OBJ":
        function, *arguments = _pop_to_mark(stack)
    else:
        if opcode == "NEWOBJ_EX":
            stack.pop()
        packed = stack.pop()
        function = stack.pop()
        arguments = list(packed.items) if isinstance(packed, _Tuple) else []
    stack.append(_UNKNOWN)
    if not isinstance(function, Global):
        scan.wrong = "it calls what is not a name"
    elif (function.module, function.name) in REBUILT_TENSOR:
        scan.wrong = scan.wrong or _view_problem(arguments)
    elif (function.module, function.name) not in PLAIN:
        scan.foreign = scan.foreign or function


def _storage(claim: object, scan: Scan) -> Storage | _Unknown:
    match claim:
        case _Tuple(items=("storage" | b"storage", Global(name=kind), key, _, int(numel), *_)):
            found = Storage(kind, _text(key), numel)
        # How old versions pointed to a module's class and its source.
        case _Tuple(items=("module" | b"module", Global(), *_)):
            scan.foreign = scan.foreign or claim.items[1]
            return _UNKNOWN
        case _:
            scan.wrong = "it points to something that is not a tensor's storage"
            return _UNKNOWN
    known = scan.storages.get(found.key)
    if numel < 0:
        scan.wrong = "a storage of negative size"
    if known is None or known.numel < numel:
        scan.storages[found.key] = found
    return found


def _text(key: object) -> str:
    return key.decode("ascii", "replace") if isinstance(key, bytes) else str(key)


def _view_problem(arguments: list[Any]) -> str:
    """Say what is impossible about a tensor; empty if nothing is."""
    match arguments:
        case [Storage(numel=numel), int(offset), _Tuple(items=size), _Tuple(items=stride), *_]:
            pass
        case _:
            return "a tensor that is not described"
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or any(type(n) is not int or n < 0 for n in numbers):
        return "a tensor of impossible shape"
    count = prod(size)
    reach = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) + 1
    if count and (reach > numel or count > max(numel, SMALL_VIEW)):
        return f"a tensor of shape {size} in a storage of {numel} numbers"
    return ""
