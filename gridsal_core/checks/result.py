"""What a check of a map found: its curves against other orders, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridsal_core.arrays import FloatArray
from gridsal_core.atomic import write_atomic

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
