"""How far one map can be trusted: its curves against other orders, and against shuffled weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.atomic import write_atomic
from gridsal_core.curves import Curves, curves
from gridsal_core.sanity import randomisation_check
from gridsal_core.types import Explanation

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

_ORDERS = {"map": "the map", "random": "random order", "dilation": "dilation"}
# Ranks that agree this well with those of a network that learnt nothing tell little of this one.
_SUSPICIOUS = 0.5


@dataclass(frozen=True, eq=False)
class Check:
    """The curves of a map and its rank correlation with the map of the shuffled network.

    The correlation is None where one of the maps is constant, as an empty one is.
    """

    curves: Curves
    correlation: float | None

    @property
    def text(self) -> str:
        """The areas as a small table, and what they say, in words."""
        lines = ["order         insertion  deletion   (areas under the score; in early, out early)"]
        for name, title in _ORDERS.items():
            put, taken = self.curves.insertion[name].area, self.curves.deletion[name].area
            lines.append(f"{title:<13} {put:9.3f} {taken:9.3f}")
        return "\n".join([*lines, self._order_told, self._weights_told])

    @property
    def _order_told(self) -> str:
        put, taken = self.curves.insertion, self.curves.deletion
        beaten = [
            _ORDERS[name]
            for name in ("random", "dilation")
            if put["map"].area > put[name].area and taken["map"].area < taken[name].area
        ]
        if len(beaten) == len(_ORDERS) - 1:
            return "The map's order is better than a random one and than dilation, in both curves."
        better = f"only {beaten[0]}" if beaten else "neither a random order nor dilation"
        return f"In both curves the map's order beats {better}: read the map with care."

    @property
    def _weights_told(self) -> str:
        if self.correlation is None:
            return "Shuffled weights: one of the two maps is the same everywhere; no correlation."
        told = f"Shuffled weights: rank correlation {self.correlation:+.2f}"
        if self.correlation > _SUSPICIOUS:
            return f"{told}; the map hardly depends on what was learnt: do not trust it."
        return f"{told}; the map depends on what the network learnt."


def check_explanation(
    network: SegmentationNetwork, explanation: Explanation, *, random_orders: int = 5, seed: int = 0
) -> Check:
    """Measure curves and model randomisation for one explanation.

    Raises
    ------
    CheckpointError
        If the network has no weights that can be shuffled.
    DeviceError
        As `explain`.
    """
    found = curves(network, explanation, random_orders=random_orders, seed=seed)
    return Check(found, randomisation_check(network, explanation, seed).correlation)


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
