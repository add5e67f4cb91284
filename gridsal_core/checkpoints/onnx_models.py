"""ONNX files (`.onnx`), converted to a torch module with onnx2pytorch.

Compared on ten exports of smp networks (torch's new exporter at opset 18 and 20, the old one at 11
to 17): onnx2torch 1.5.15 and its two forks, the last of 2025, convert none of them (no ReduceMean
18, no shared weights); onnx2fx 0.0.1 converts all, and is the first try of a young project that
writes names from the file into generated code; onnx2pytorch 0.6.0 is kept up (August 2026), tests
each operator against onnxruntime at each version, runs the graph without generating code, and
converts all once the weights are where it looks for them.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from gridsal_core.checkpoints.files import one_line
from gridsal_core.checkpoints.sizes import completed
from gridsal_core.checkpoints.source import Opened, Source, without_card
from gridsal_core.errors import CheckpointError

ENDING = ".onnx"


def matches(source: Source) -> bool:
    """Whether the source is meant as such a file, damaged or not."""
    path = source.path
    return path is not None and path.is_file() and path.suffix.lower() == ENDING


def load(source: Source) -> Opened:
    """Open the file.

    Raises
    ------
    CheckpointError
        If it is damaged, uses what cannot be converted, or does not fit its card.
    """
    import torch

    from gridsal_core.checkpoints.onnx_check import runtime_check
    from gridsal_core.checkpoints.onnx_file import read_model
    from gridsal_core.checkpoints.onnx_graph import check_operators, interface, respelled
    from gridsal_core.checkpoints.onnx_module import OnnxModule
    from gridsal_core.checkpoints.traced import TracedNetwork

    path = source.path or Path()
    model, sha256 = read_model(path)
    check_operators(model)
    face = interface(model)
    content = model.SerializeToString()
    module = OnnxModule(_converted(path, respelled(model)), face.outputs)
    network = TracedNetwork(
        module,
        face.shape,
        dtype=getattr(torch, face.dtype),
        channels_last=face.channels_last,
    )
    card = completed(source.card, face.shape, source.card_path)
    return Opened(
        network,
        card,
        path,
        sha256=sha256,
        notes=(*without_card(source.card), *face.shape.notes()),
        check=runtime_check(content, face),
        trial_size=face.shape.trial_size(),
    )


def _converted(path: Path, model: Any) -> Any:  # noqa: ANN401 - neither library has types
    from onnx2pytorch import ConvertModel

    try:
        with warnings.catch_warnings():
            # What it converts only roughly shows in the comparison with onnxruntime.
            warnings.simplefilter("ignore")
            return ConvertModel(model)
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be converted to a network with gradients "
            f"({type(error).__name__}: {one_line(error)}); export it with torch.export.save."
        ) from error
