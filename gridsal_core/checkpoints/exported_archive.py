"""Reading a `.pt2` file into plain values, without torch's own loader.

`torch.export.load` unpickles weights, constants and example inputs without limits, evaluates the
shape expressions as Python and writes names from the file into generated code. None of that is
needed to run a network, so the parts are read here: a graph from JSON, tensors from their bytes.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.archives import check_archive, damaged, member_names, read_member
from gridsal_core.checkpoints.files import one_line
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

GRAPH_OF_OLD = "serialized_exported_program.json"
# The graph of a network with a thousand layers takes about 10 MB.
LARGEST_GRAPH = 48 * 2**20
LARGEST_REPEATED = 2**24
EXPORT_AGAIN = "export it again with torch.export.save"
_COMPILED = (".so", ".o", ".cubin", ".dll", ".dylib", ".pyd", ".spv", ".metallib")


@dataclass(frozen=True, eq=False)
class Contents:
    """What is in a `.pt2` file: the graph as JSON values, and the tensors it names."""

    program: dict[str, Any]
    tensors: Mapping[str, Tensor]


def is_program(path: Path) -> bool:
    """Whether the names in a file are those of an exported program, of any age."""
    names = member_names(path)
    inner = {name.partition("/")[2] for name in names}
    return GRAPH_OF_OLD in names or "archive_format" in inner


def read_contents(path: Path) -> Contents:
    """Read a program and its tensors.

    Raises
    ------
    CheckpointError
        If the file is damaged, holds compiled code or Python objects, or is of another age.
    """
    names = [member.filename for member in check_archive(path)]
    compiled = [name for name in names if "/data/aotinductor/" in name or name.endswith(_COMPILED)]
    if compiled:
        raise CheckpointError(
            f"{path} holds compiled code ({one_line(compiled[0])}), which GridSal does not run; "
            f"{EXPORT_AGAIN}."
        )
    try:
        return _read_old(path, names) if GRAPH_OF_OLD in names else _read_new(path, names)
    # Whatever a file can raise that is not what it should be; the reasons are all the same.
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RuntimeError,
        zipfile.BadZipFile,
    ) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def _read_new(path: Path, names: list[str]) -> Contents:
    root = names[0].partition("/")[0]
    models = [
        name for name in names if name.startswith(f"{root}/models/") and name.endswith(".json")
    ]
    if len(models) != 1:
        raise CheckpointError(
            f"{path} holds {len(models)} programs, and GridSal opens files with one; "
            f"{EXPORT_AGAIN}."
        )
    order = f"{root}/byteorder"
    if order in names and read_member(path, order) != b"little":
        raise CheckpointError(
            f"{path} was written on a computer with another byte order; {EXPORT_AGAIN} here."
        )
    model = models[0].removeprefix(f"{root}/models/").removesuffix(".json")
    tensors: dict[str, Tensor] = {}
    for kind in ("weights", "constants"):
        folder = f"{root}/data/{kind}/"
        if f"{folder}{model}.pt" in names:
            tensors |= _unpickled(path, f"{folder}{model}.pt")
        else:
            tensors |= _payloads(path, folder, f"{folder}{model}_{kind}_config.json")
    return Contents(_json(path, models[0]), tensors)


def _read_old(path: Path, names: list[str]) -> Contents:
    tensors: dict[str, Tensor] = {}
    for name in ("serialized_state_dict.pt", "serialized_constants.pt"):
        if name in names:
            tensors |= _unpickled(path, name)
    if not tensors and any(name.endswith("state_dict.json") for name in names):
        raise CheckpointError(f"{path} was written by torch older than 2.2; {EXPORT_AGAIN}.")
    return Contents(_json(path, GRAPH_OF_OLD), tensors)


def _json(path: Path, name: str) -> dict[str, Any]:
    text = read_member(path, name)
    if len(text) > LARGEST_GRAPH:
        raise CheckpointError(
            f"{path} describes a graph of {len(text):,} bytes, which is too much."
        )
    values = json.loads(text)
    if not isinstance(values, dict):
        raise TypeError(f"{name} holds no object")
    return values


def _unpickled(path: Path, name: str) -> dict[str, Tensor]:
    """Return the tensors of a pickled dict; pickles with anything else in them are refused."""
    from pickle import UnpicklingError

    import torch

    content = read_member(path, name)
    if not content:
        return {}
    _check_inner(path, name, content)
    try:
        values = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds Python objects beside tensors ({name}), which GridSal does not load "
            f"since that can run code; {EXPORT_AGAIN}, with plain tensors only."
        ) from error
    if not isinstance(values, dict):
        raise TypeError(f"{name} holds no dict")
    return {str(key): value for key, value in values.items() if isinstance(value, torch.Tensor)}


def _check_inner(path: Path, name: str, content: bytes) -> None:
    """Refuse an archive in the archive that would inflate; torch packs nothing."""
    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        if any(member.file_size > len(content) for member in inner.infolist()):
            raise damaged(path, f"{name} inflates")


def _payloads(path: Path, folder: str, config: str) -> dict[str, Tensor]:
    """Read the tensors that a config file lists, each from a member of its own bytes."""
    import torch

    stored: dict[str, Tensor] = {}
    tensors: dict[str, Tensor] = {}
    for name, entry in _json(path, config)["config"].items():
        member = folder + entry["path_name"]
        if entry["use_pickle"]:
            raise CheckpointError(
                f"{path} holds the Python object {one_line(name)}, which GridSal does not load "
                f"since that can run code; {EXPORT_AGAIN}, with plain tensors only."
            )
        meta = entry["tensor_meta"]
        dtype = dtype_of(meta["dtype"])
        if member not in stored:
            content = bytearray(read_member(path, member))
            empty = not content
            stored[member] = (
                torch.empty(0, dtype=dtype) if empty else torch.frombuffer(content, dtype=dtype)
            )
        sizes, strides, offset = (
            [_whole(size) for size in meta["sizes"]],
            [_whole(stride) for stride in meta["strides"]],
            _whole(meta["storage_offset"]),
        )
        # A stride of zero can make much of little.
        if math.prod(sizes) > max(len(stored[member]), LARGEST_REPEATED):
            raise ValueError(f"{name} repeats its bytes")
        # Refuses what lies outside the bytes.
        tensors[name] = torch.as_strided(stored[member], sizes, strides, offset)
    return tensors


def _whole(value: dict[str, Any]) -> int:
    number = value["as_int"]
    if not isinstance(number, int):
        raise TypeError("a size is no number")
    return number


def dtype_of(code: int) -> torch.dtype:
    """Return the type that torch's schema numbers so."""
    import torch

    known = {
        1: torch.uint8,
        2: torch.int8,
        3: torch.int16,
        4: torch.int32,
        5: torch.int64,
        6: torch.float16,
        7: torch.float32,
        8: torch.float64,
        12: torch.bool,
        13: torch.bfloat16,
    }
    if code not in known:
        raise ValueError(f"tensors of type {code} are not known")
    return known[code]
