"""Projected gradient descent with momentum over low-resolution masks (paper, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gridsal_core.errors import CheckpointError
from gridsal_core.memory import memory_told
from gridsal_core.model_output import failures_told
from gridsal_core.objective import Losses, Problem, split_rows

_HALF_FACTOR = 4096.0


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
    parts = problem.parts()
    for _ in range(settings.steps):
        with memory_told(problem.network.device), torch.enable_grad():
            losses, masks.grad = _gradient(parts, masks)
        optimizer.step()
        with torch.no_grad():
            masks.clamp_(0, 1)
            terms = torch.stack((losses.total, losses.mask, losses.preservation), 1)
        yield Step(masks.detach().cpu().clone(), terms.detach().cpu(), losses.score.cpu())


def _gradient(parts: list[Problem], masks: Tensor) -> tuple[Losses, Tensor]:
    """Losses of all rows and their gradient; each part is done with before the next one begins."""
    if len(parts) == 1:
        return _part_gradient(parts[0], masks)
    done = []
    for part, rows in zip(parts, split_rows(masks, len(parts[0].base)), strict=True):
        losses, gradient = _part_gradient(part, rows)
        # Detached, or each part's graph would be held until the last.
        done.append((losses.detached(), gradient))
    return Losses.joined([losses for losses, _ in done]), torch.cat([grad for _, grad in done])


def _part_gradient(problem: Problem, masks: Tensor) -> tuple[Losses, Tensor]:
    losses = problem.losses(masks)
    if not losses.preservation.requires_grad:
        raise CheckpointError(
            f"The network {problem.network.card.name!r} lets no gradient through from its output "
            "to the image, so it can predict but not be explained; save it again in a form that "
            "can be trained."
        )
    # The mean over R makes gradients at the pixels so small that float16 would round them to 0.
    factor = _HALF_FACTOR if problem.half == torch.float16 else 1.0
    with failures_told(problem.network.card.name, problem.base):
        (gradient,) = torch.autograd.grad(factor * losses.total.sum(), masks)
    return losses, gradient / factor
