"""From the JSON of an exported program to the steps that run it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.exported_archive import dtype_of
from gridsal_core.checkpoints.exported_operators import function_of, is_check
from gridsal_core.checkpoints.sizes import Extent, InputShape
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    import torch

# Both spellings of what the exporter calls a size: a symbol, or so many of it.
_SYMBOL = r"(?:Symbol\('(\w+)'[^()]*\)|([A-Za-z]\w*))"
_SIZE = re.compile(rf"(?:(?:Mul\(Integer\((\d+)\), |(\d+)\*)?{_SYMBOL}\)?)\Z")
# Beyond this a limit only says that there is none.
NO_LIMIT = 2**31
TRAINING = ("training", "train")


@dataclass(frozen=True)
class Ref:
    """A value that an earlier step made, or that came in."""

    name: str


@dataclass(frozen=True)
class OwnDevice:
    """Stands for the device on which the network is, wherever the exporter wrote its own."""


@dataclass(frozen=True, eq=False)
class Step:
    """One call: `outputs` name its results, None for one that nobody reads.

    `single` tells a call with one result from one with a list of them; `last_used` are the values
    that no later step needs.
    """

    target: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[str | None, ...]
    single: bool
    last_used: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Program:
    """What runs: `tensors` maps a value's name to the tensor it starts as."""

    input: str
    dtype: torch.dtype
    shape: InputShape
    tensors: dict[str, str]
    constants: dict[str, Any]
    steps: tuple[Step, ...]
    outputs: Any
    notes: tuple[str, ...]


def parse_program(values: dict[str, Any]) -> Program:
    """Read a program.

    Raises
    ------
    CheckpointError
        If it calls what it may not, or does not take one image.
    LookupError, TypeError, ValueError, AttributeError
        If it is not a program at all.
    """
    version = values["schema_version"]["major"]
    if version != 8:
        raise CheckpointError(
            f"The program was written by another version of torch (schema {version}, not 8); "
            "export it again with the installed torch."
        )
    module = values["graph_module"]
    graph, signature = module["graph"], module["signature"]
    tensors, constants, images = _inputs(signature["input_specs"])
    if len(images) != 1:
        raise CheckpointError(
            f"The program takes {len(images)} tensors; export a network that takes one image."
        )
    dtype, shape = _image(graph["tensor_values"][images[0]], values.get("range_constraints", {}))
    steps, notes = _steps(graph["nodes"])
    outputs = _outputs(graph["outputs"], signature["output_specs"], module)
    ready = _with_last_use(steps, set(_names(outputs)))
    return Program(images[0], dtype, shape, tensors, constants, ready, outputs, notes)


def _inputs(specs: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Sort the inputs: tensors from the file, plain values, and the images."""
    tensors: dict[str, str] = {}
    constants: dict[str, Any] = {}
    images: list[str] = []
    for spec in specs:
        ((kind, entry),) = spec.items()
        if kind in ("parameter", "buffer", "tensor_constant"):
            tensors[entry["arg"]["name"]] = entry[
                {"tensor_constant": "tensor_constant_name"}.get(kind, f"{kind}_name")
            ]
        elif kind == "user_input" and "as_tensor" in entry["arg"]:
            images.append(entry["arg"]["as_tensor"]["name"])
        elif kind == "constant_input":
            constants[entry["name"]] = _value(entry["value"])
        elif kind not in ("user_input", "token"):
            raise CheckpointError(
                "The program holds a Python object, which GridSal does not load since that can "
                "run code; export the network without it."
            )
    return tensors, constants, images


def _image(meta: dict[str, Any], limits: dict[str, Any]) -> tuple[torch.dtype, InputShape]:
    dtype = dtype_of(meta["dtype"])
    sizes = meta["sizes"]
    if len(sizes) != 4 or not dtype.is_floating_point:
        raise CheckpointError(
            f"The program takes a tensor of {len(sizes)} dimensions and type "
            f"{str(dtype).removeprefix('torch.')}; export a network that takes (batch, channels, "
            "height, width) images of floating-point numbers."
        )
    (batch, _), (channels, _), (height, by), (width, across) = (
        _extent(size, limits) for size in sizes
    )
    if by is not None and by == across:
        # Always square: one size stands for all.
        height, width = Extent.exactly(height.trial()), Extent.exactly(height.trial())
    return dtype, InputShape(batch, channels.fixed, height, width)


def _extent(size: dict[str, Any], limits: dict[str, Any]) -> tuple[Extent, str | None]:
    """Read what a dimension may be, and the symbol that stands for it."""
    if "as_int" in size:
        return Extent.exactly(int(size["as_int"])), None
    expression = size["as_expr"]
    example = (expression.get("hint") or {}).get("as_int")
    found = _SIZE.match(expression["expr_str"])
    if found is None:
        return Extent(example=example), None
    step = int(found[1] or found[2] or 1)
    symbol = found[3] or found[4]
    limit = limits.get(symbol) or {}
    least, most = limit.get("min_val") or 1, limit.get("max_val")
    # The exporter says 2 where 1 would do as well.
    least = 1 if least <= 2 else least
    top = None if most is None or most * step >= NO_LIMIT else most * step
    return Extent(step, step * least, top, example), symbol


def _steps(nodes: list[dict[str, Any]]) -> tuple[list[Step], tuple[str, ...]]:
    steps: list[Step] = []
    unknown: set[str] = set()
    trains = False
    for node in nodes:
        target = str(node["target"])
        if is_check(target):
            continue
        function = function_of(target)
        if function is None:
            unknown.add(target.removeprefix("torch.ops."))
            continue
        step, was_training = _step(target, function, node)
        trains |= was_training
        steps.append(step)
    if unknown:
        raise CheckpointError(
            f"The program calls what GridSal does not run: {_listed(unknown)}; export the network "
            "without it, or use another format."
        )
    told = (
        "The program was exported in training mode; its normalisation and dropout run as after "
        "training.",
    )
    return steps, told if trains else ()


def _listed(names: set[str]) -> str:
    shown = [name[:60] for name in sorted(names)[:20]]
    return ", ".join(shown) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _step(target: str, function: Callable[..., Any], node: dict[str, Any]) -> tuple[Step, bool]:
    given = [(entry["name"], _value(entry["arg"])) for entry in node["inputs"]]
    trains = any(name in TRAINING and value is True for name, value in given)
    given = [(name, False if name in TRAINING else value) for name, value in given]
    args, kwargs = _arranged(function, given)
    results = node["outputs"]
    single = len(results) == 1 and "as_tensors" not in results[0]
    if len(results) == 1 and not single:
        outputs = tuple(entry["name"] for entry in results[0]["as_tensors"])
    else:
        outputs = tuple(_result_name(entry) for entry in results)
    return Step(target, function, args, kwargs, outputs, single), trains


def _arranged(
    function: Callable[..., Any], given: list[tuple[str, Any]]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    schema = getattr(function, "_schema", None)
    if schema is None:
        return tuple(value for _, value in given), {}
    by_name = dict(given)
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for place, argument in enumerate(schema.arguments):
        if argument.name not in by_name:
            continue
        if place == len(args) and not argument.kwarg_only:
            args.append(by_name[argument.name])
        else:
            kwargs[argument.name] = by_name[argument.name]
    return tuple(args), kwargs


def _result_name(entry: dict[str, Any]) -> str | None:
    value = _value(entry)
    return value.name if isinstance(value, Ref) else None


def _value(argument: dict[str, Any]) -> Any:  # noqa: ANN401 - an argument of any kind
    ((kind, content),) = argument.items()
    if kind == "as_none":
        return None
    if kind == "as_tensor":
        return Ref(str(content["name"]))
    if kind in ("as_tensors", "as_nested_tensors"):
        return [
            [Ref(str(part["name"])) for part in entry]
            if isinstance(entry, list)
            else Ref(str(entry["name"]))
            for entry in content
        ]
    if kind in ("as_optional_tensor", "as_sym_int", "as_sym_float", "as_sym_bool", "as_name"):
        return Ref(str(content)) if kind == "as_name" else _value(content)
    if kind in ("as_optional_tensors", "as_sym_ints", "as_sym_floats", "as_sym_bools"):
        return [_value(entry) for entry in content]
    if kind == "as_device":
        return OwnDevice()
    return _plain_value(kind, content)


def _plain_value(kind: str, content: Any) -> Any:  # noqa: ANN401 - a plain value of any kind
    import torch

    if kind == "as_scalar_type":
        return dtype_of(content)
    if kind == "as_memory_format":
        formats = (torch.contiguous_format, torch.channels_last, torch.channels_last_3d)
        return {4: torch.preserve_format, **dict(enumerate(formats, 1))}[content]
    if kind == "as_layout":
        return {7: torch.strided}[content]
    if kind == "as_float":
        return float(content)
    if kind == "as_floats":
        return [float(value) for value in content]
    types = {"as_int": int, "as_bool": bool, "as_string": str}
    lists = {"as_ints": int, "as_bools": bool, "as_strings": str}
    if kind in types and isinstance(content, types[kind]):
        return content
    if kind in lists and all(isinstance(value, lists[kind]) for value in content):
        return list(content)
    raise ValueError(f"an argument of the kind {kind[:40]}")


def _outputs(
    results: list[dict[str, Any]], specs: list[dict[str, Any]], module: dict[str, Any]
) -> Any:  # noqa: ANN401 - a value, or nested lists and dicts of them
    """Return what comes out, in the shape in which the network handed it out."""
    if any("as_tensor" not in result and "as_none" not in result for result in results):
        results = [r for r in results if "as_tensor" in r or "as_none" in r]
    flat = [
        _value(result)
        for result, spec in zip(results, specs, strict=False)
        if "user_output" in spec
    ]
    if not flat:
        raise CheckpointError("The program hands out no tensor; export a network that does.")
    try:
        _, tree = json.loads(module["module_call_graph"][0]["signature"]["out_spec"])
        rest = iter(flat)
        nested = _nested(tree, rest)
        whole = next(rest, None) is None
    # The structure is a courtesy; without it the outputs are a tuple.
    except (LookupError, TypeError, ValueError, StopIteration, RecursionError):
        whole = False
    if whole:
        return nested
    return flat[0] if len(flat) == 1 else tuple(flat)


def _nested(tree: dict[str, Any], rest: Iterator[Any]) -> Any:  # noqa: ANN401 - as _outputs
    kind, children = tree["type"], tree["children_spec"]
    if kind is None:
        return next(rest)
    parts = [_nested(child, rest) for child in children]
    if kind in ("builtins.dict", "collections.OrderedDict"):
        return dict(zip(json.loads(tree["context"]), parts, strict=True))
    return tuple(parts)


def _names(value: Any) -> Iterable[str]:  # noqa: ANN401 - an argument of any kind
    if isinstance(value, Ref):
        yield value.name
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _names(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _names(part)


def _with_last_use(steps: list[Step], kept: set[str]) -> tuple[Step, ...]:
    """Note after which step a value can go, from the end backwards."""
    needed = set(kept)
    done: list[Step] = []
    for step in reversed(steps):
        used = {*_names(step.args), *_names(step.kwargs), *(n for n in step.outputs if n)}
        last = tuple(used - needed)
        needed |= used
        done.append(Step(**{**vars(step), "last_used": last}))
    return tuple(reversed(done))
