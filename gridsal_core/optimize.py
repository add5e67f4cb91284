"""Projected gradient descent with momentum over low-resolution masks (paper, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gridsal_core.descents import DESCENTS
from gridsal_core.errors import CheckpointError
from gridsal_core.memory import memory_told
from gridsal_core.model_output import failures_told
from gridsal_core.objective import Losses, Problem, split_rows
from gridsal_core.settings import Settings
from gridsal_core.upsampling import MATRICES

_HALF_FACTOR = 4096.0
# So many steps in a row have to change nothing before a row counts as converged.
PATIENCE = 3


@dataclass(frozen=True, eq=False)
class Step:
    """One step of all rows of a batch, on the CPU.

    `masks` (B, h, w) are those after the step; `losses` (B, 3) (total, mask, preservation) and
    `scores` (B,) those before its update. `took` (B,) tells which rows took the step, and
    `converged` (B,) which ones will take no other: they stay as they are.
    """

    masks: Tensor
    losses: Tensor
    scores: Tensor
    took: Tensor
    converged: Tensor


@dataclass(frozen=True)
class Stage:
    """So many steps with a mask of these cells."""

    cells: tuple[int, int]
    steps: int


def stages(settings: Settings) -> tuple[Stage, ...]:
    """Say with which masks the steps are taken: one, or from coarse to fine.

    Coarse to fine takes a quarter of the steps at a quarter of the mask's side, a quarter at half
    of it, and the rest at the mask's own size. Sizes that are no smaller are left out.
    """
    (height, width), steps = settings.mask_size, settings.steps
    found: list[Stage] = []
    for part in (4, 2) if settings.coarse_to_fine else ():
        cells = (max(1, height // part), max(1, width // part))
        taken = sum(stage.steps for stage in found)
        if cells != (height, width) and taken + steps // 4 < steps and steps >= 4:
            found.append(Stage(cells, steps // 4))
    return (*found, Stage((height, width), steps - sum(stage.steps for stage in found)))


def descend(problem: Problem, starts: Tensor) -> Iterator[Step]:
    """Minimise the loss of every row from `starts`, one step for each item drawn.

    SGD with momentum, or another of `descents`, on m itself; after each step m is projected onto
    [0, 1], outside autograd, so that a cell can reach 0 and stay there. A coarse stage weighs a
    cell by what it covers and moves it as fast as the cells below it, and hands its mask to the
    next by the mask's own upsampling.

    Parameters
    ----------
    problem
        B requests.
    starts
        (B, h, w) in [0, 1], each of one value.

    Raises
    ------
    DeviceError
        If the device's memory does not suffice.
    """
    masks, size = starts, problem.settings.mask_size
    for stage in stages(problem.settings):
        final = stage.cells == size
        here = problem if final else problem.at_cells(stage.cells)
        for step in _descend(here, _resized(masks, stage.cells, problem), stage.steps, final):
            masks = step.masks.to(starts.device)
            yield step if final else replace(step, masks=_resized(step.masks, size, problem))


def _descend(problem: Problem, starts: Tensor, steps: int, may_stop: bool) -> Iterator[Step]:
    settings = problem.settings
    masks = starts.clone().requires_grad_(True)
    descent = DESCENTS[settings.optimizer](masks, settings, steps)
    parts = problem.parts()
    convergence = _Convergence(len(starts), settings if may_stop else None)
    for _ in range(steps):
        before = masks.detach().clone()
        with memory_told(problem.network.device), torch.enable_grad():
            losses, masks.grad = _gradient(parts, masks)
        descent.step(losses.total.detach())
        running = convergence.running.to(masks.device)
        with torch.no_grad():
            masks.clamp_(0, 1)
            masks.copy_(torch.where(running[:, None, None], masks, before))
            terms = torch.stack((losses.total, losses.mask, losses.preservation), 1)
        after = masks.detach().cpu().clone()
        took = convergence.running.clone()
        convergence.update(losses.total.detach().cpu(), before.cpu(), after)
        scores = losses.score.cpu()
        yield Step(after, terms.detach().cpu(), scores, took, ~convergence.running)
        if not convergence.running.any():
            return


class _Convergence:
    """Which rows still move: their objective (relative) or a cell (absolute) by the tolerance.

    Without settings every row goes on.
    """

    def __init__(self, rows: int, settings: Settings | None) -> None:
        self.running = torch.ones(rows, dtype=torch.bool)
        self._tolerance = 0.0 if settings is None else settings.tolerance
        # λ alone moves a cell by this in its first step: one that it empties does not stand still.
        slowest = 0.0 if settings is None else settings.learning_rate * settings.lam
        self._still_below = min(self._tolerance, slowest / 2) if slowest > 0 else self._tolerance
        self._still = torch.zeros(rows, dtype=torch.long)
        self._total = torch.full((rows,), torch.inf)

    def update(self, total: Tensor, before: Tensor, after: Tensor) -> None:
        if self._tolerance == 0:
            return
        change = (total - self._total).abs() / total.abs().clamp_min(torch.finfo(total.dtype).eps)
        moved = (after - before).abs().amax((1, 2))
        is_still = (change < self._tolerance) & (moved < self._still_below)
        self._still = torch.where(is_still, self._still + 1, 0)
        self._total = total
        self.running &= self._still < PATIENCE


def _resized(masks: Tensor, cells: tuple[int, int], problem: Problem) -> Tensor:
    """Bring (B, h, w) masks to other cells as they are brought to pixels."""
    if tuple(masks.shape[1:]) == cells:
        return masks
    matrix = MATRICES[problem.settings.upsampling]
    rows, columns = (
        torch.from_numpy(matrix(new, old)).to(masks)
        for new, old in zip(cells, masks.shape[1:], strict=True)
    )
    return rows @ masks @ columns.T


def _gradient(parts: list[Problem], masks: Tensor) -> tuple[Losses, Tensor]:
    """Losses of all rows and their gradient; each part is done with before the next one begins."""
    if len(parts) == 1:
        return _part_gradient(parts[0], masks)
    done = []
    for part, rows in zip(parts, split_rows(masks, len(parts[0].region)), strict=True):
        losses, gradient = _part_gradient(part, rows)
        # Detached, or each part's graph would be held until the last.
        done.append((losses.detached(), gradient))
    return Losses.joined([losses for losses, _ in done]), torch.cat([grad for _, grad in done])


def _part_gradient(problem: Problem, masks: Tensor) -> tuple[Losses, Tensor]:
    losses = problem.losses(masks)
    check_gradient(problem, losses.preservation)
    # The mean over R makes gradients at the pixels so small that float16 would round them to 0.
    factor = _HALF_FACTOR if problem.half == torch.float16 else 1.0
    with failures_told(problem.network.card.name, problem.base):
        (gradient,) = torch.autograd.grad(factor * losses.total.sum(), masks)
    return losses, gradient / factor


def check_gradient(problem: Problem, value: Tensor) -> None:
    """Raise CheckpointError if a value of the network's output cannot be differentiated."""
    if not value.requires_grad:
        raise CheckpointError(
            f"The network {problem.network.card.name!r} lets no gradient through from its output "
            "to the image, so it can predict but not be explained; save it again in a form that "
            "can be trained."
        )
