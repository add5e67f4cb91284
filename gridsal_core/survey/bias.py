"""The bias finder: which context classes a network relies on beyond what lies there anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan, sqrt
from typing import Final

from gridsal_core.survey.tables import Cell, Row, Table

_NORMAL_95: Final = 1.959964


@dataclass(frozen=True)
class Pair:
    """A group of requests, and a class of their context."""

    table: Table
    row: Row
    context: int

    @property
    def cell(self) -> Cell:
        """What is known of it."""
        return self.row.cells[self.context]

    @property
    def name(self) -> str:
        """The requests, and the class of the context."""
        return f"{self.table.name(self.row)} ← {self.table.classes[self.context].name}"

    @property
    def flip_rate(self) -> float | None:
        """How often removing this context flips the label; None where it was never removed."""
        return self.cell.flipped / self.cell.tried if self.cell.tried else None

    @property
    def flips_at_least(self) -> float:
        """The lower end of Wilson's interval of 95 % of the flip rate; 0 where it is not known.

        By it one flip of one ranks below nine of ten.
        """
        flipped, tried = self.cell.flipped, self.cell.tried
        if not tried:
            return 0.0
        rate, z2 = flipped / tried, _NORMAL_95**2
        spread = _NORMAL_95 * sqrt(rate * (1 - rate) / tried + z2 / (4 * tried**2))
        return max(0.0, (rate + z2 / (2 * tried) - spread) / (1 + z2 / tried))


def by_excess(tables: Sequence[Table]) -> tuple[Pair, ...]:
    """Rank pairs by how far salience exceeds the baseline; significant ones come first."""
    found = [pair for pair in _pairs(tables) if pair.cell.excess.value > 0]
    return _sorted(found, lambda pair: pair.cell.excess.is_significant)


def by_flips(tables: Sequence[Table]) -> tuple[Pair, ...]:
    """Rank pairs by how often removing that context flips the label; see `flips_at_least`."""
    found = [pair for pair in _pairs(tables) if pair.cell.flipped]
    return _sorted(found, lambda pair: pair.flips_at_least)


def _pairs(tables: Sequence[Table]) -> Iterator[Pair]:
    for table in tables:
        for row in table.rows:
            yield from (Pair(table, row, context) for context in range(len(row.cells)))


def _sorted(pairs: list[Pair], key: Callable[[Pair], float]) -> tuple[Pair, ...]:
    def rank(pair: Pair) -> tuple[float, float]:
        excess = pair.cell.excess.value
        return key(pair), -1.0 if isnan(excess) else excess

    return tuple(sorted(pairs, key=rank, reverse=True))
