"""Model randomisation (Adebayo et al., 2018): a map that does not change with the weights is none.

The weights of every layer are shuffled within their tensor, so that their distribution stays and
what was learnt is gone. A map of the shuffled network that ranks the cells as the map of the
trained one does shows the image, not the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gridsal_core.checks.curves import cells_that_count
from gridsal_core.errors import CheckpointError
from gridsal_core.grid_saliency import explain_steps
from gridsal_core.metrics import is_constant
from gridsal_core.network import SegmentationNetwork
from gridsal_core.types import Explanation


@dataclass(frozen=True, eq=False)
class Randomisation:
    """The map of the network with shuffled weights.

    Parameters
    ----------
    explanation
        On the shuffled network.
    correlation
        Spearman's rank correlation of the two maps over the cells that a map may show, in [-1, 1];
        None if one of them is the same everywhere, as an empty map is.
    """

    explanation: Explanation
    correlation: float | None


def randomisation_check(
    network: SegmentationNetwork,
    explanation: Explanation,
    seed: int = 0,
    *,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Randomisation:
    """Explain the same request on the network with shuffled weights, and compare the maps.

    Parameters
    ----------
    network, explanation
        What was explained, and how.
    seed
        Of the shuffling.
    on_step
        Called after every step with how many are done, of how many. Meanwhile the network has its
        own weights; what it raises ends the check.

    Raises
    ------
    CheckpointError
        If the network has no weights that can be shuffled.
    DeviceError
        As `explain`.
    """
    with shuffled_weights(network, seed) as shuffled:
        other: Explanation | None = None
        with closing(explain_steps(network, explanation.request, explanation.settings)) as steps:
            while other is None:
                try:
                    snapshot = next(steps)
                except StopIteration as finished:
                    other = finished.value
                else:
                    # Whoever is told may use the network: it must not meet shuffled weights.
                    with shuffled.undone():
                        on_step(snapshot.step, snapshot.steps)
    # Cells that no map may show are 0 in both and would make strangers look alike.
    cells = cells_that_count(explanation)
    pair = (each.mask.ravel()[cells] for each in (explanation, other))
    return Randomisation(other, rank_correlation(*pair))


def check_shufflable(network: SegmentationNetwork) -> None:
    """Raise CheckpointError if the network has no weights that can be shuffled."""
    _weights(network)


class Shuffled:
    """The weights of a network while they are shuffled.

    Parameters
    ----------
    weights
        The tensors of the network.
    dice
        Where their new order is drawn from.
    """

    def __init__(self, weights: list[nn.Parameter], dice: torch.Generator) -> None:
        self._weights = weights
        self._own = [weight.detach().clone() for weight in weights]
        self._shuffled = [_shuffled(weight, dice) for weight in self._own]
        self._fill(self._shuffled)

    def restore(self) -> None:
        """Give the network its own weights back."""
        self._fill(self._own)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Give the network its own weights for a while; they stay if something fails in it."""
        self.restore()
        yield
        self._fill(self._shuffled)

    def _fill(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for weight, value in zip(self._weights, values, strict=True):
                weight.copy_(value)


@contextmanager
def shuffled_weights(network: SegmentationNetwork, seed: int = 0) -> Iterator[Shuffled]:
    """Shuffle the values of every weight tensor for a while; then all is as it was.

    Raises
    ------
    CheckpointError
        If the network has no weights that can be shuffled.
    """
    shuffled = Shuffled(_weights(network), torch.Generator().manual_seed(seed))
    try:
        yield shuffled
    finally:
        shuffled.restore()


def _weights(network: SegmentationNetwork) -> list[nn.Parameter]:
    found = [weight for weight in network.module.parameters() if weight.numel() > 1]
    if not found:
        raise CheckpointError(
            f"The network {network.card.name!r} holds no weights that can be shuffled, so the "
            "check cannot be made; save it in a form that keeps its parameters."
        )
    return found


def _shuffled(weight: Tensor, dice: torch.Generator) -> Tensor:
    order = torch.randperm(weight.numel(), generator=dice).to(weight.device)
    return weight.flatten()[order].view_as(weight)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's rank correlation of two maps of one shape; None if one is constant."""
    from scipy import stats

    if is_constant(first) or is_constant(second):
        return None
    return float(stats.spearmanr(first.ravel(), second.ravel()).statistic)
