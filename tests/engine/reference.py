"""Equations 2 and 3 once more, slowly and in float64, written from the method and nothing else."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gridsal_core.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Reference:
    """The loss of one request; `blank` is the uninformative image a."""

    module: nn.Module
    image: FloatArray
    blank: FloatArray
    region: BoolArray
    class_index: int
    lam: float
    method: str
    score: str
    upsampling: str

    def total(self, mask: Tensor) -> Tensor:
        return self.lam * mask.abs().sum() + self.preservation(mask)

    def preservation(self, mask: Tensor) -> Tensor:
        inside = torch.from_numpy(self.region).double()
        lost = (self.score_map(_planes(self.image)) - self.score_map(self.perturbed(mask))).clamp(0)
        return (inside * lost).sum() / inside.sum()

    def perturbed(self, mask: Tensor) -> Tensor:
        x, a = _planes(self.image), _planes(self.blank)
        inside = torch.from_numpy(self.region).double()
        full = self.upsampled(mask)
        if self.method == "context":
            a = x * inside + a * (1 - inside)
        return (x * full + a * (1 - full)).clamp(0, 1)

    def upsampled(self, mask: Tensor) -> Tensor:
        size = self.region.shape
        if self.upsampling == "nearest":
            return functional.interpolate(mask[None, None], size, mode="nearest-exact")[0, 0]
        return functional.interpolate(mask[None, None], size, mode="bilinear", align_corners=False)[
            0, 0
        ]

    def score_map(self, planes: Tensor) -> Tensor:
        z = copy.deepcopy(self.module).double().requires_grad_(False)(planes[None])[0]
        if len(z) == 1:
            z = z[0] if self.class_index == 1 else -z[0]
            return z if self.score == "logit" else 1 / (1 + torch.exp(-z))
        if self.score == "logit":
            chosen: Tensor = z[self.class_index]
            return chosen
        powers = torch.exp(z)
        share: Tensor = powers[self.class_index] / powers.sum(0)
        return share

    def finite_differences(self, mask: Tensor, step: float = 1e-6) -> Tensor:
        slope = torch.zeros_like(mask)
        for cell in np.ndindex(*mask.shape):
            ahead, behind = mask.clone(), mask.clone()
            ahead[cell] += step
            behind[cell] -= step
            slope[cell] = (self.total(ahead) - self.total(behind)) / (2 * step)
        return slope


def _planes(image: FloatArray) -> Tensor:
    return torch.from_numpy(image).double().permute(2, 0, 1)
