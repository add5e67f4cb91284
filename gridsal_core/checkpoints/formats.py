"""The formats, in the order in which they are asked whether a source is theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridsal_core.checkpoints import (
    exported,
    hub,
    onnx_models,
    python_function,
    smp,
    torchscript,
    torchvision_models,
    transformers_models,
    weights,
)
from gridsal_core.checkpoints.source import Opened, Source


@dataclass(frozen=True)
class Format:
    """A kind of checkpoint: its name for the user, how to tell it, how to open it.

    `matches` looks at names and first bytes only and imports nothing heavy; what it claims is
    either opened by `load` or refused with a sentence of its own.
    """

    name: str
    matches: Callable[[Source], bool]
    load: Callable[[Source], Opened]


FORMATS: tuple[Format, ...] = (
    Format(
        "torchvision network by its name, as torchvision:fcn_resnet50",
        torchvision_models.matches,
        torchvision_models.load,
    ),
    Format(
        "transformers save_pretrained folder",
        transformers_models.matches,
        transformers_models.load,
    ),
    Format(
        "Python function that builds a network, as file.py:function",
        python_function.matches,
        python_function.load,
    ),
    Format("torch.export program (.pt2)", exported.matches, exported.load),
    Format("ONNX (.onnx)", onnx_models.matches, onnx_models.load),
    Format("TorchScript (.pt, .ts)", torchscript.matches, torchscript.load),
    Format("weights (.pt, .pth, .ckpt, .safetensors)", weights.matches, weights.load),
    Format("segmentation-models-pytorch save_pretrained folder", smp.matches, smp.load),
    Format("id of a repository on the Hugging Face hub, as owner/name", hub.matches, hub.load),
)
