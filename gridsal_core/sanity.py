"""Model randomisation (Adebayo et al., 2018): a map that does not change with the weights is none.

The weights of every layer are shuffled within their tensor, so that their distribution stays and
what was learnt is gone. A map of the shuffled network that ranks the cells as the map of the
trained one does shows the image, not the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from gridsal_core.errors import CheckpointError
from gridsal_core.grid_saliency import explain
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
        Spearman's rank correlation of the two maps over the mask's cells, in [-1, 1]; None if one
        of them is the same everywhere, as an empty map is.
    """

    explanation: Explanation
    correlation: float | None


def randomisation_check(
    network: SegmentationNetwork, explanation: Explanation, seed: int = 0
) -> Randomisation:
    """Explain the same request on the network with shuffled weights, and compare the maps.

    Raises
    ------
    CheckpointError
        If the network has no weights that can be shuffled.
    DeviceError
        As `explain`.
    """
    with shuffled_weights(network, seed):
        other = explain(network, explanation.request, explanation.settings)
    return Randomisation(other, rank_correlation(explanation.mask, other.mask))


@contextmanager
def shuffled_weights(network: SegmentationNetwork, seed: int = 0) -> Iterator[None]:
    """Shuffle the values of every weight tensor for a while; then all is as it was."""
    weights = [weight for weight in network.module.parameters() if weight.numel() > 1]
    if not weights:
        raise CheckpointError(
            f"The network {network.card.name!r} holds no weights that can be shuffled, so the "
            "check cannot be made; save it in a form that keeps its parameters."
        )
    dice = torch.Generator().manual_seed(seed)
    kept = [weight.detach().clone() for weight in weights]
    try:
        with torch.no_grad():
            for weight in weights:
                order = torch.randperm(weight.numel(), generator=dice).to(weight.device)
                weight.copy_(weight.detach().flatten()[order].view_as(weight))
        yield
    finally:
        with torch.no_grad():
            for weight, old in zip(weights, kept, strict=True):
                weight.copy_(old)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's rank correlation of two maps of one shape; None if one is constant."""
    from scipy import stats

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(stats.spearmanr(first.ravel(), second.ravel()).statistic)
