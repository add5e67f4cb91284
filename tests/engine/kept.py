"""What a pass keeps for its gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def kept_by(run: Callable[[Tensor], Tensor], given: Tensor) -> int:
    """How many values are kept for the gradient of what `run` gives, and are not weights."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            kept[tensor.untyped_storage().data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        found = run(given.clone().requires_grad_(True))
    assert found.requires_grad
    return sum(kept.values())
