"""What moves a mask: the paper's SGD with momentum, or Adam or Polyak's step lengths for few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR

from gridsal_core.settings import Optimizer, Settings

# Masks are found in some twenty steps: a longer memory would still hold the first ones.
SECOND_MOMENT: Final = 0.9
# A cell moves by what it is, and this: so that one at 0 can grow again, and a small one reach 0.
_LEAST_SCALE: Final = 0.03
# In one step no cell moves further than this.
_FURTHEST: Final = 0.5
_LEAST_SLOPE: Final = 1e-20
# Nor does a cell that only λ moves move less: it would come ever nearer to 0, and not reach it.
_LEAST_MOVE: Final = 0.002


class Descent(Protocol):
    """Moves masks by their gradient, in place; the caller projects them onto [0, 1]."""

    def step(self, totals: Tensor) -> None:
        """Take one step; `totals` (B,) are the objectives that the gradient is of."""


class Sgd:
    """SGD with momentum and a constant rate (paper, section 5)."""

    def __init__(self, masks: Tensor, settings: Settings, _steps: int) -> None:
        self._sgd = torch.optim.SGD([masks], _rate(masks, settings), settings.momentum)

    def step(self, _totals: Tensor) -> None:
        """Take one step."""
        self._sgd.step()


class Adam:
    """Adam, whose rate falls to 0 over the planned steps along half a cosine.

    The learning rate is the largest move of a cell in one step, about, at the start; the momentum
    is β₁, and β₂ 0.9. Each cell has a scale of its own, so that rows do not touch each other.
    """

    def __init__(self, masks: Tensor, settings: Settings, steps: int) -> None:
        betas = (settings.momentum, SECOND_MOMENT)
        self._adam = torch.optim.Adam([masks], _rate(masks, settings), betas)
        self._schedule = CosineAnnealingLR(self._adam, T_max=steps)

    def step(self, _totals: Tensor) -> None:
        """Take one step, and lower the rate."""
        self._adam.step()
        self._schedule.step()


class Polyak:
    """Subgradient steps of Polyak's length, with a scale for each cell.

    A step is as long as takes the objective from where it is to a share below its lowest value so
    far, were it linear: t = (f - (1 - r) f_best + 0.002 λ n) / Σ g² s. Here r is the learning rate,
    g the gradient of the n cells that the projection lets move, and s = m + 0.03 their scales. So a
    mask shrinks in proportion where nothing speaks against it, and down to 0, and what is needed is
    brought back at once. The moves t g s, at most 0.5, are averaged with the momentum:
    d = β d + (1 - β) t g s.
    (B. T. Polyak, Minimization of unsmooth functionals, 1969.)
    """

    def __init__(self, masks: Tensor, settings: Settings, _steps: int) -> None:
        self._masks = masks
        # More than the whole objective cannot be taken off: a rate of SGD's may stand here.
        self._share, self._momentum = min(1.0, settings.learning_rate), settings.momentum
        self._least = _LEAST_MOVE * settings.lam / _covered(masks, settings)
        self._move = torch.zeros_like(masks)
        self._lowest = torch.full_like(masks[:, 0, 0], torch.inf)

    @torch.no_grad()
    def step(self, totals: Tensor) -> None:
        """Take one step."""
        masks, gradient = self._masks, self._masks.grad
        if gradient is None:
            raise RuntimeError("no gradient was computed")
        self._lowest = torch.minimum(self._lowest, totals)
        is_free = ((masks > 0) | (gradient < 0)) & ((masks < 1) | (gradient > 0))
        scaled = torch.where(is_free, gradient, 0) * (masks + _LEAST_SCALE)
        # Where no cell may move the slope is 0, and so is the move.
        slope = (gradient * scaled).sum((1, 2)).clamp_min(_LEAST_SLOPE)
        aim = (1 - self._share) * self._lowest - self._least * is_free.sum((1, 2))
        length = (totals - aim) / slope
        move = (length[:, None, None] * scaled).clamp(-_FURTHEST, _FURTHEST)
        self._move.mul_(self._momentum).add_(move, alpha=1 - self._momentum)
        masks.sub_(self._move)


def _rate(masks: Tensor, settings: Settings) -> float:
    """Return the learning rate for masks that may have fewer cells than the settings say.

    A cell that covers n gets the sum of their gradients; at an nth of the rate it moves as they do.
    """
    return settings.learning_rate * _covered(masks, settings)


def _covered(masks: Tensor, settings: Settings) -> float:
    """Return how many cells masks have for each that the settings say: 1, or less while coarse."""
    rows, columns = settings.mask_size
    return masks.shape[1] * masks.shape[2] / (rows * columns)


DESCENTS: Final[dict[Optimizer, Callable[[Tensor, Settings, int], Descent]]] = {
    "sgd": Sgd,
    "adam": Adam,
    "polyak": Polyak,
}
