"""Small networks whose behaviour is known, and requests to ask them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gridsal_core import Request
from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.network import SegmentationNetwork


def wrap(
    module: nn.Module,
    class_count: int = 2,
    *,
    inputs: dict[str, Any] | None = None,
    outputs: dict[str, Any] | None = None,
) -> SegmentationNetwork:
    """Put a module behind a card; by default RGB in [0, 1] that is not normalised, and logits."""
    card = {"name": "hand-made", "input": inputs or {}, "output": outputs or {}}
    return SegmentationNetwork(
        module, ModelCard.model_validate(card), class_count=class_count, source=Path("hand-made")
    )


class Convolutions(nn.Module):
    """Two random layers that look three pixels far; smooth, so that gradients can be checked."""

    def __init__(self, classes: int, channels: int = 3, seed: int = 0, stride: int = 1) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.first = nn.Conv2d(channels, 6, 3, stride=stride, padding=1)
        self.second = nn.Conv2d(6, classes, 3, padding=2, dilation=2)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=generator) * 0.5

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(torch.tanh(self.first(x)))
        return out


class OwnPixel(nn.Module):
    """The class of a pixel is told by its own colour: white is class 1, black is class 0."""

    def forward(self, x: Tensor) -> Tensor:
        z = 8 * (x.mean(1, keepdim=True) - 0.5)
        return torch.cat((-z, z), 1)


class FarColumns(nn.Module):
    """Every pixel is class 1 if the columns from `start` on are bright enough on average."""

    def __init__(self, start: int, gain: float = 8, threshold: float = 0.4) -> None:
        super().__init__()
        self.start, self.gain, self.threshold = start, gain, threshold

    def forward(self, x: Tensor) -> Tensor:
        far = x[..., self.start :].mean((1, 2, 3)) - self.threshold
        z = (self.gain * far).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[-2:])
        return torch.cat((-z / 2, z / 2), 1)


class Neighbourhood(nn.Module):
    """Class 1 where a window is bright on average; a torus, so translation changes nothing."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        width = 2 * reach + 1
        self.window = nn.Conv2d(3, 1, width, padding=reach, padding_mode="circular", bias=False)
        self.window.weight.data.fill_(1 / (3 * width * width))

    def forward(self, x: Tensor) -> Tensor:
        z = 10 * (self.window(x) - 0.3)
        return torch.cat((-z, z), 1)


class Normalised(nn.Module):
    """Batch norm with statistics of its own, which drift if it is run in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.norm.running_mean = torch.tensor([0.2, 0.5, 0.7])
        self.norm.running_var = torch.tensor([0.3, 0.1, 0.2])
        self.last = Convolutions(3, seed=3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.norm(x))
        return out


def random_image(height: int, width: int, channels: int = 3, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).random((height, width, channels), np.float32)


def box(size: tuple[int, int], top: int, left: int, bottom: int, right: int) -> BoolArray:
    """Return a region that is one upright rectangle."""
    region = np.zeros(size, bool)
    region[top:bottom, left:right] = True
    return region


def far_request(height: int = 12, width: int = 24) -> Request:
    """Ask for class 1 in the left part of a white image."""
    return Request(
        np.ones((height, width, 3), np.float32), box((height, width), 2, 0, 10, 6), class_index=1
    )
