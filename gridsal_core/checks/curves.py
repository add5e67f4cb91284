"""Insertion and deletion curves of a map, inside the region (after Petsiuk et al., 2018).

The cells of the mask's grid are put back into the image that keeps nothing of them (insertion), or
taken out of the whole image (deletion), the most salient first. A map that found what the network
needs lets the score rise early and fall early. A random order and the order by distance from the
region, the dilation baseline, say what any order does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from gridsal_core.arrays import FloatArray
from gridsal_core.checks.result import Curve, Curves
from gridsal_core.memory import memory_told
from gridsal_core.network import SegmentationNetwork
from gridsal_core.objective import Problem, split_rows
from gridsal_core.preparing import prepare
from gridsal_core.regions import widened
from gridsal_core.types import Explanation

POINTS = 20
RANDOM_ORDERS = 5
_AT_ONCE = 8


def curves(
    network: SegmentationNetwork,
    explanation: Explanation,
    *,
    points: int = POINTS,
    random_orders: int = RANDOM_ORDERS,
    seed: int = 0,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Curves:
    """Measure the order in which a map ranks the cells against a random order and dilation.

    Parameters
    ----------
    network
        The one that was explained.
    explanation
        Of any method. Cells wholly inside R are no part of a context map and are left out.
    points
        Shares at which the score is measured, besides 0; at most the number of cells.
    random_orders, seed
        Orders that the random curve is the mean of, and where they are drawn from.
    on_batch
        Called after every batch of masks with how many are done, of how many; what it raises ends
        the measuring.

    Raises
    ------
    ImageError, CheckpointError, DeviceError
        As `explain`.
    """
    settings = explanation.settings
    cells = cells_that_count(explanation)
    orders = _orders(explanation, cells, random_orders, seed)
    shares = np.unique(np.round(np.linspace(0, len(cells), min(points, len(cells)) + 1)))
    counts = shares.astype(np.intp)
    steps = (counts / max(len(cells), 1)).astype(np.float32)
    batches = 2 * sum(map(len, orders.values())) * len(range(0, len(counts), _AT_ONCE))
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        on_batch(done, batches)

    with network.borrowed():
        with memory_told(network.device), torch.no_grad():
            problem = prepare(network, [explanation.request], settings).problem
        measured = [
            {
                name: Curve(
                    steps, np.mean([_scores(problem, o, counts, start, told) for o in some], 0)
                )
                for name, some in orders.items()
            }
            for start in (0.0, 1.0)
        ]
    return Curves(*measured)


def cells_that_count(explanation: Explanation) -> np.ndarray:
    """Return the indices of the cells that hold a pixel the map may show."""
    settings, region = explanation.settings, explanation.request.region
    if settings.form == "grid":
        return np.arange(explanation.mask.size)
    outside = ~widened(region, settings.dilation)
    return np.flatnonzero(_cell_means(outside.astype(np.float32), explanation.mask.shape) > 0)


def _orders(
    explanation: Explanation, cells: np.ndarray, random_orders: int, seed: int
) -> dict[str, list[np.ndarray]]:
    from scipy import ndimage  # late, as everywhere

    region = explanation.request.region
    shown = np.abs(explanation.mask).ravel()[cells]
    distance = ndimage.distance_transform_edt(~region).astype(np.float32)
    near = _cell_means(distance, explanation.mask.shape).ravel()[cells]
    dice = np.random.default_rng(seed)
    return {
        # Ties, most of them at 0, are broken at random: no order is better than the map says.
        "map": [cells[np.lexsort((dice.random(len(cells)), -shown))]],
        "dilation": [cells[np.argsort(near, kind="stable")]],
        "random": [dice.permutation(cells) for _ in range(random_orders)],
    }


def _cell_means(pixels: FloatArray, cells: tuple[int, ...]) -> FloatArray:
    means = torch.nn.functional.adaptive_avg_pool2d(
        torch.from_numpy(pixels)[None, None], (cells[0], cells[1])
    )
    found: FloatArray = means[0, 0].numpy()
    return found


def _scores(
    problem: Problem,
    order: np.ndarray,
    counts: np.ndarray,
    start: float,
    told: Callable[[], None],
) -> FloatArray:
    """Score the masks that start with one value and have so many cells at the other."""
    rows, columns = problem.settings.mask_size
    masks = np.full((len(counts), rows * columns), start, np.float32)
    for mask, count in zip(masks, counts, strict=True):
        mask[order[:count]] = 1 - start
    stacked = torch.from_numpy(masks).view(-1, rows, columns).to(problem.rows)
    found: list[Tensor] = []
    for some in split_rows(stacked, _AT_ONCE):
        # Not around `told`, which may do anything meanwhile.
        with memory_told(problem.network.device), torch.no_grad():
            asked = problem.repeated(len(some))
            outputs = asked.outputs_on_box(asked.perturbed(some))
            found.append(asked.mean_score(asked.scores(outputs)))
        told()
    result: FloatArray = torch.cat(found).cpu().numpy()
    return result
