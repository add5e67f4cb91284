"""Projected gradient descent with momentum over low-resolution masks (paper, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gridsal_core.devices import memory_told
from gridsal_core.objective import Problem


@dataclass(frozen=True, eq=False)
class Step:
    """One step of all rows of a batch, on the CPU.

    `masks` (B, h, w) are those after the step; `losses` (B, 3) (total, mask, preservation) and
    `scores` (B,) those before its update.
    """

    masks: Tensor
    losses: Tensor
    scores: Tensor


def descend(problem: Problem, starts: Tensor) -> Iterator[Step]:
    """Minimise the loss of every row from `starts`, one step for each item drawn.

    SGD with momentum on m itself; after each step m is projected onto [0, 1], outside autograd, so
    that a cell can reach 0 and stay there.

    Parameters
    ----------
    problem
        B requests.
    starts
        (B, h, w) in [0, 1].

    Raises
    ------
    DeviceError
        If the device's memory does not suffice.
    """
    settings = problem.settings
    masks = starts.clone().requires_grad_(True)
    optimizer = torch.optim.SGD([masks], lr=settings.learning_rate, momentum=settings.momentum)
    for _ in range(settings.steps):
        with memory_told(problem.network.device), torch.enable_grad():
            losses = problem.losses(masks)
            (masks.grad,) = torch.autograd.grad(losses.total.sum(), masks)
        optimizer.step()
        with torch.no_grad():
            masks.clamp_(0, 1)
            terms = torch.stack((losses.total, losses.mask, losses.preservation), 1)
        yield Step(masks.detach().cpu().clone(), terms.detach().cpu(), losses.score.cpu())
