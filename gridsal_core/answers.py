"""What a network answers on a probe: its output, and its gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def answer(run: Callable[[Tensor], Tensor], probe: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `run` gives on a probe, and the gradient of a weighted sum of it.

    Parameters
    ----------
    probe
        Of any shape; the gradient has the same.
    """
    with torch.enable_grad():
        pixels = probe.detach().clone().requires_grad_(True)
        output = run(pixels)
        # Unlike weights for unlike classes and pixels: what cancels out would not be seen.
        weights = torch.linspace(-1, 1, output.numel(), device=output.device)
        (gradient,) = torch.autograd.grad((output.flatten() * weights).sum(), pixels)
    return output.detach(), gradient


def relative_difference(own: Tensor, other: Tensor) -> float:
    """Return how far a gradient is from another one, relative to the norm of that."""
    size = own.norm().clamp_min(torch.finfo(own.dtype).tiny)
    return float((own - other).norm() / size)
