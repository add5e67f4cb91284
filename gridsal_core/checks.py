"""How far one map can be trusted: its curves against other orders, and against shuffled weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridsal_core.arrays import FloatArray
from gridsal_core.atomic import write_atomic
from gridsal_core.errors import GridSalError
from gridsal_core.metrics import is_constant
from gridsal_core.types import Explanation

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

ORDERS = {"map": "the map", "random": "random order", "dilation": "dilation"}
"""The orders that are compared, and what they are called."""

# Ranks that agree this well with those of a network that learnt nothing tell little of this one.
_SUSPICIOUS = 0.5


@dataclass(frozen=True, eq=False)
class Curve:
    """Scores along one order of the cells.

    Parameters
    ----------
    shares
        (n,) share of the cells put in or taken out, from 0 to 1.
    scores
        (n,) mean f_c over R.
    """

    shares: FloatArray
    scores: FloatArray

    @property
    def area(self) -> float:
        """The area under the curve by the trapezoidal rule: the mean score over all shares."""
        means = (self.scores[1:] + self.scores[:-1]).astype(np.float64) / 2
        return float((means * np.diff(self.shares)).sum())


@dataclass(frozen=True, eq=False)
class Curves:
    """Insertion and deletion curves by order: `map`, `dilation`, and `random`, a mean of some."""

    insertion: dict[str, Curve]
    deletion: dict[str, Curve]


@dataclass(frozen=True)
class Areas:
    """The areas under the two curves of one order.

    Parameters
    ----------
    order, title
        Its key in `ORDERS`, and what it is called.
    insertion, deletion
        Mean scores; a good order has a large one in insertion and a small one in deletion.
    """

    order: str
    title: str
    insertion: float
    deletion: float


class CheckStoppedError(GridSalError):
    """The user stopped a check; part of one says nothing, so there is no result."""


@dataclass(frozen=True, eq=False)
class Check:
    """The curves of a map and its rank correlation with the map of the shuffled network.

    Parameters
    ----------
    curves
        By order.
    correlation
        None where one of the two maps is the same everywhere, as an empty one is.
    is_flat
        Whether the map that is checked is the same everywhere.
    """

    curves: Curves
    correlation: float | None
    is_flat: bool = False

    @property
    def areas(self) -> tuple[Areas, ...]:
        """The areas under the curves, one row for each order."""
        put, taken = self.curves.insertion, self.curves.deletion
        return tuple(
            Areas(order, title, put[order].area, taken[order].area)
            for order, title in ORDERS.items()
        )

    @property
    def text(self) -> str:
        """The areas as a small table, and what they say, in words."""
        lines = ["order         insertion  deletion   (areas under the score; in early, out early)"]
        lines += [f"{row.title:<13} {row.insertion:9.3f} {row.deletion:9.3f}" for row in self.areas]
        return "\n".join([*lines, self.order_told, self.weights_told])

    @property
    def order_told(self) -> str:
        """What the curves say of the order in which the map ranks the cells."""
        put, taken = self.curves.insertion, self.curves.deletion
        beaten = [
            name
            for name in ("random", "dilation")
            if put["map"].area > put[name].area and taken["map"].area < taken[name].area
        ]
        if len(beaten) == len(ORDERS) - 1:
            return "The map's order is better than a random one and than dilation, in both curves."
        better = "neither a random order nor dilation"
        if beaten:
            better = "only a random order" if "random" in beaten else "only dilation"
        return f"In both curves the map's order beats {better}: read the map with care."

    @property
    def weights_told(self) -> str:
        """What the map of the network with shuffled weights says of this one."""
        if self.correlation is None:
            if self.is_flat:
                return "Shuffled weights: this map is the same everywhere; nothing to compare."
            return (
                "Shuffled weights: that network needs no context, its map is the same everywhere, "
                "and ranks cannot be compared. All that it says: this map does not come from the "
                "image alone."
            )
        told = f"Shuffled weights: rank correlation {self.correlation:+.2f}"
        if self.correlation > _SUSPICIOUS:
            return f"{told}; the map hardly depends on what was learnt: do not trust it."
        return f"{told}; the map depends on what the network learnt."


def check_explanation(
    network: SegmentationNetwork,
    explanation: Explanation,
    *,
    random_orders: int = 5,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Check:
    """Measure curves and model randomisation for one explanation.

    Parameters
    ----------
    network
        The one that was explained.
    explanation
        Of any method.
    random_orders, seed
        Orders that the random curve is the mean of, and where all chance is drawn from.
    on_progress
        Called with (done, total) after every batch of the curves and every step of the second
        explanation.
    stop
        Asked as often; once it says True, the check ends. Whenever one of the two is called, the
        network has its own weights, so that it can be used meanwhile.

    Raises
    ------
    CheckpointError
        If the network has no weights that can be shuffled.
    DeviceError
        As `explain`.
    CheckStoppedError
        If it was stopped.
    """
    # late: they import torch, and the window, which shows checks, does without
    from gridsal_core.curves import cells_that_count, curves
    from gridsal_core.sanity import check_shufflable, randomisation_check

    # The curves take a while: whoever waits for them is not to learn this afterwards.
    check_shufflable(network)
    planned = explanation.settings.planned
    batches = 0

    def told(done: int, total: int) -> None:
        on_progress(done, total)
        if stop():
            raise CheckStoppedError("The check was stopped before its end; nothing is known of it.")

    def after_batch(done: int, total: int) -> None:
        nonlocal batches
        batches = total
        told(done, total + planned)

    found = curves(
        network, explanation, random_orders=random_orders, seed=seed, on_batch=after_batch
    )
    other = randomisation_check(
        network,
        explanation,
        seed,
        on_step=lambda done, total: told(batches + done, batches + total),
    )
    if other.explanation.steps < planned:
        # It converged early: nothing is left to be done.
        on_progress(batches + planned, batches + planned)
    shown = explanation.mask.ravel()[cells_that_count(explanation)]
    return Check(found, other.correlation, is_flat=is_constant(shown))


def write_curves(check: Check, path: Path) -> None:
    """Write the curves as CSV: curve, order, share of the cells, score.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    lines = ["curve,order,share,score"]
    for curve, orders in (
        ("insertion", check.curves.insertion),
        ("deletion", check.curves.deletion),
    ):
        for name, each in orders.items():
            pairs = zip(each.shares.tolist(), each.scores.tolist(), strict=True)
            lines += [f"{curve},{name},{share:.6g},{score:.6g}" for share, score in pairs]
    write_atomic(path, lambda file: file.write(("\n".join(lines) + "\n").encode()))
