"""A small network with a skip, and what it is exported to."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

EXAMPLE = (1, 3, 32, 48)


class Skip(nn.Module):
    """Halves twice, comes back over a skip, and takes heights and widths divisible by 4."""

    def __init__(self, classes: int = 3, channels: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(channels, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.deeper = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.head = nn.Conv2d(14, classes, 3, padding=1)
        self.norm.running_mean = torch.rand(6) - 0.5
        self.norm.running_var = torch.rand(6) + 0.5

    def forward(self, x: Tensor) -> Tensor:
        skip = functional.hardswish(self.norm(self.down(x)))
        deep = functional.relu(self.deeper(skip))
        deep = functional.interpolate(deep, scale_factor=2.0, mode="nearest")
        out = self.head(torch.cat((deep, skip), 1))
        return functional.interpolate(out, scale_factor=2.0, mode="bilinear", align_corners=False)


class Named(nn.Module):
    """Hands out a dict, as torchvision's networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Skip()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        out = self.inner(x)
        return {"aux": out.mean(1, keepdim=True), "out": out}


def plain() -> nn.Module:
    return Skip().eval().requires_grad_(requires_grad=False)


def export_program(
    path: Path,
    module: nn.Module | None = None,
    dynamic: tuple[dict[int, Any], ...] | None = None,
    example: tuple[int, ...] = EXAMPLE,
) -> Path:
    """Write a `.pt2` as a user does."""
    program = torch.export.export(module or plain(), (torch.rand(example),), dynamic_shapes=dynamic)
    torch.export.save(program, path)
    return path


def export_onnx(
    path: Path,
    module: nn.Module | None = None,
    *,
    opset: int = 17,
    new: bool = False,
    dynamic: bool = True,
    example: tuple[int, ...] = EXAMPLE,
    outputs: list[str] | None = None,
    fold: bool = True,
) -> Path:
    """Write an `.onnx` with torch's new exporter or its old one."""
    options: dict[str, Any] = {
        "opset_version": opset,
        "input_names": ["x"],
        "output_names": outputs,
    }
    auto = torch.export.Dim.AUTO
    if new:
        sizes = ({0: auto, 2: auto, 3: auto},) if dynamic else None
        options |= {"dynamo": True, "dynamic_shapes": sizes, "external_data": False}
        example = (max(2, example[0]), *example[1:]) if dynamic else example
    else:
        axes = {"x": {0: "b", 2: "h", 3: "w"}} if dynamic else None
        options |= {"dynamo": False, "dynamic_axes": axes}
        if not fold:
            # Batch normalisation stays what it is, and is not worked into the weights before it.
            options |= {"training": torch.onnx.TrainingMode.PRESERVE}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module or plain(), (torch.rand(example),), str(path), verbose=False, **options
        )
    return path


def rewritten(source: Path, path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Copy an archive member by member; `change` gives the new content, None leaves it out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return path
