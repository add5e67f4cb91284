"""The optimisers that move a mask: the paper's SGD with momentum, and Adam for few steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR

from gridsal_core.settings import Optimizer

# Masks are found in some twenty steps: a longer memory would still hold the first ones.
SECOND_MOMENT: Final = 0.9


class Descent(Protocol):
    """Moves masks by their gradient, in place."""

    def step(self) -> object:
        """Take one step."""


def sgd(masks: Tensor, rate: float, momentum: float, _steps: int) -> Descent:
    """SGD with momentum and a constant rate (paper, section 5)."""
    return torch.optim.SGD([masks], lr=rate, momentum=momentum)


class Adam:
    """Adam, whose rate falls to 0 over the planned steps along half a cosine.

    Parameters
    ----------
    masks
        A leaf; each of its cells has a scale of its own, so that rows do not touch each other.
    rate
        The largest move of a cell in one step, about, at the start.
    momentum
        Of the first moment, β₁; β₂ is 0.9.
    steps
        After so many the rate is 0.
    """

    def __init__(self, masks: Tensor, rate: float, momentum: float, steps: int) -> None:
        self._adam = torch.optim.Adam([masks], lr=rate, betas=(momentum, SECOND_MOMENT))
        self._schedule = CosineAnnealingLR(self._adam, T_max=steps)

    def step(self) -> None:
        """Take one step, and lower the rate."""
        self._adam.step()
        self._schedule.step()


DESCENTS: Final[dict[Optimizer, Callable[[Tensor, float, float, int], Descent]]] = {
    "sgd": sgd,
    "adam": Adam,
}
