"""How far one map can be trusted: its curves and the map of the shuffled network. Imports torch."""

from __future__ import annotations

from collections.abc import Callable

from gridsal_core.checks.curves import cells_that_count, curves
from gridsal_core.checks.randomisation import check_shufflable, randomisation_check
from gridsal_core.checks.result import Check
from gridsal_core.errors import GridSalError
from gridsal_core.metrics import is_constant
from gridsal_core.network import SegmentationNetwork
from gridsal_core.types import Explanation


class CheckStoppedError(GridSalError):
    """The user stopped a check; part of one says nothing, so there is no result."""


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
