"""Reading an ONNX file: what it must not do is looked for before any of its numbers are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from gridsal_core.checkpoints.archives import damaged
from gridsal_core.checkpoints.files import file_sha256, one_line
from gridsal_core.errors import CheckpointError

# What one protobuf message can hold.
LARGEST_FILE = 2**31 - 1
LARGEST_TENSOR = 2**31
DEEPEST_SUBGRAPH = 8
STANDARD_DOMAINS = ("", "ai.onnx")


def read_model(path: Path) -> tuple[Any, str]:
    """Read a model with all its tensors; return it and the hash of what it was read from.

    Raises
    ------
    CheckpointError
        If it is damaged, leads to files that are not beside it, or is larger than it can be.
    """
    import onnx
    import onnx.inliner
    from google.protobuf.message import DecodeError

    if path.stat().st_size > LARGEST_FILE:
        raise CheckpointError(
            f"{path} is larger than 2 GB, which the format does not allow; save the weights as "
            "external data beside it."
        )
    try:
        model = onnx.load_model(path, load_external_data=False)
    except (DecodeError, OSError, ValueError) as error:
        raise damaged(path, error) from error
    if not model.graph.node:
        raise damaged(path, "it holds no graph")
    beside = _check_tensors(path, model)
    try:
        if beside:
            onnx.load_external_data_for_model(model, str(path.parent))
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, DecodeError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} is not a valid ONNX model ({one_line(error)}); export it again."
        ) from error
    return model, _hash(path, beside)


def graphs(graph: Any, depth: int = 0) -> Iterator[Any]:  # noqa: ANN401 - onnx has no types
    """A graph and all graphs in its nodes.

    Raises
    ------
    CheckpointError
        If they are nested beyond all measure.
    """
    if depth > DEEPEST_SUBGRAPH:
        raise CheckpointError("The ONNX graph is nested too deep; export it again.")
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*((attribute.g,) if attribute.HasField("g") else ()), *attribute.graphs):
                yield from graphs(inner, depth + 1)


def _tensors(model: Any) -> Iterator[Any]:  # noqa: ANN401 - onnx has no types
    for graph in graphs(model.graph):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                yield from attribute.tensors
                if attribute.HasField("t"):
                    yield attribute.t


def _check_tensors(path: Path, model: Any) -> list[Path]:  # noqa: ANN401 - onnx has no types
    """Check sizes and places of all tensors; return the files beside that hold some of them."""
    from onnx import TensorProto

    beside: list[Path] = []
    for tensor in _tensors(model):
        size = math.prod(tensor.dims)
        if any(length < 0 for length in tensor.dims) or size > LARGEST_TENSOR:
            raise damaged(path, f"the tensor {tensor.name} has {size} values")
        if tensor.data_location == TensorProto.EXTERNAL:
            file = _external(path, tensor)
            beside += [file] if file not in beside else []
    return beside


def _external(path: Path, tensor: Any) -> Path:  # noqa: ANN401 - onnx has no types
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    named = PurePosixPath(location.replace("\\", "/"))
    outside = named.is_absolute() or PureWindowsPath(location).drive or ".." in named.parts
    if not location or outside:
        raise CheckpointError(
            f"{path} takes its weights from {one_line(repr(location))}, outside of its own folder; "
            "do not use this file."
        )
    file = path.parent / named
    # A link in the folder could lead out of it as well.
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise CheckpointError(
            f"{path} takes its weights from {one_line(repr(location))}, which leads out of its own "
            "folder; do not use this file."
        )
    if not file.is_file():
        raise CheckpointError(f"{path} needs {file.name} beside it; copy both files together.")
    offset, length = (_number(path, entries.get(key, "0")) for key in ("offset", "length"))
    if offset + length > file.stat().st_size:
        raise damaged(file, f"it ends before the tensor {tensor.name} does")
    return file


def _number(path: Path, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise damaged(path, f"the place {text} of a tensor")
    return int(text)


def _hash(path: Path, beside: list[Path]) -> str:
    """Hash the model; with weights beside it, the hash of all the hashes."""
    own = file_sha256(path)
    if not beside:
        return own
    every = "".join([own, *(file_sha256(file) for file in beside)])
    return hashlib.sha256(every.encode()).hexdigest()
