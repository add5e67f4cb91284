"""The perturbation methods (eq. 2 and 3): masks that are optimised, from one or two starts."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import torch
from torch import Tensor

from gridsal_core.objective import Problem
from gridsal_core.optimize import Step, descend, stages
from gridsal_core.preparing import Start
from gridsal_core.results import Final, Outcome, final_state
from gridsal_core.settings import Settings
from gridsal_core.types import Snapshot


def optimised(
    start: Start, settings: Settings, stop: Callable[[], bool], quick: Problem | None = None
) -> Generator[Snapshot, None, list[Outcome]]:
    """Optimise the masks of all requests side by side, and yield a snapshot after every step.

    Parameters
    ----------
    start
        B requests.
    stop
        Asked after every step; once it says True, the outcome is what there is.
    quick
        The problem of `start` in a quicker way to compute it, which the steps take.

    Returns
    -------
    One outcome for each request: of its starts the one that ends at the lowest objective.
    """
    count = len(settings.starts)
    problem = start.problem.repeated(count)
    masks = _initial_masks(len(start.predictions), settings).to(problem.network.device)
    history = _History(settings, len(masks))
    for step in descend((quick or start.problem).repeated(count), masks):
        history.add(step)
        yield history.snapshot(range(count))
        if stop():
            break
    final = final_state(problem, history.masks)
    if settings.keep_best:
        better = history.best_total < final.losses.total.cpu()
        if better.any():
            chosen = torch.where(better[:, None, None], history.best_masks, history.masks)
            final = final_state(problem, chosen)
    rows = [range(first, first + count) for first in range(0, len(masks), count)]
    return [history.outcome(final, some) for some in rows]


class _History:
    """The losses and scores of all rows so far, and the masks as they are now and at their best."""

    def __init__(self, settings: Settings, rows: int) -> None:
        self.settings = settings
        self.done = 0
        self.masks = torch.empty(0)
        self.best_masks = torch.empty(0)
        self.best_total = torch.full((rows,), torch.inf)
        self._taken = np.zeros(rows, np.intp)
        self._converged = np.zeros(rows, np.bool_)
        self._first_fine = settings.steps - stages(settings)[-1].steps
        self._losses = np.empty((rows, settings.steps, 3), np.float32)
        self._scores = np.empty((rows, settings.steps), np.float32)

    def add(self, step: Step) -> None:
        self._losses[:, self.done] = step.losses.numpy()
        self._scores[:, self.done] = step.scores.numpy()
        self._taken += step.took.numpy()
        self._converged = step.converged.numpy()
        self._keep_best(step)
        self.masks = step.masks
        self.done += 1

    def _keep_best(self, step: Step) -> None:
        # The losses of a step are those of the masks before it; a coarse one is not the mask's own.
        if not self.settings.keep_best or self.done <= self._first_fine:
            return
        total = step.losses[:, 0]
        is_better = total < self.best_total
        kept = self.best_masks if len(self.best_masks) else self.masks
        self.best_masks = torch.where(is_better[:, None, None], self.masks, kept)
        self.best_total = torch.where(is_better, total, self.best_total)

    def snapshot(self, rows: range) -> Snapshot:
        """Show that row of `rows` whose objective was lowest before this step."""
        row = min(rows, key=lambda candidate: float(self._losses[candidate, self.done - 1, 0]))
        return Snapshot(
            step=self.done,
            steps=self.settings.steps,
            mask=self.masks[row].numpy(),
            losses=self._losses[row, : self.done].copy(),
            scores=self._scores[row, : self.done].copy(),
        )

    def outcome(self, final: Final, rows: range) -> Outcome:
        row = min(rows, key=lambda candidate: float(final.losses.total[candidate]))
        taken, has_converged = int(self._taken[row]), bool(self._converged[row])
        return Outcome(
            final=final,
            row=row,
            losses=self._losses[row, :taken].copy(),
            scores=self._scores[row, :taken].copy(),
            init=self.settings.starts[row - rows.start],
            is_stopped=taken < self.settings.steps and not has_converged,
            converged_at=taken if has_converged else None,
        )


def _initial_masks(requests: int, settings: Settings) -> Tensor:
    """Return (requests * starts, h, w): the starts of the first request, then of the second."""
    values = torch.tensor(settings.starts).repeat(requests)
    return values.view(-1, 1, 1).expand(-1, *settings.mask_size).contiguous()
