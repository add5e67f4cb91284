"""The results that show a cell of a survey's tables best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import nlargest
from typing import Final

EXAMPLES: Final = 5
# A request is flipped once this share of its pixels is predicted as another class.
FLIPPED_FROM: Final = 0.5


@dataclass(frozen=True)
class Example:
    """An item that shows a cell well; `excess` is its own share of the class beyond its baseline.

    `flip_share` is the share of its region that flips without this context; NaN if not known.
    """

    identity: str
    image: str
    excess: float
    flip_share: float


class BestExamples:
    """The first few by a rank, however many are added."""

    def __init__(self, rank: Callable[[Example], tuple[float, ...]]) -> None:
        self._rank = rank
        self._some: list[Example] = []

    def add(self, example: Example) -> None:
        """Add one, and now and then drop those that are not among the best."""
        self._some.append(example)
        if len(self._some) > 4 * EXAMPLES:
            self._some = list(self.found)

    @property
    def found(self) -> tuple[Example, ...]:
        """The best; of equal ones the first by name, so that the order does not matter."""
        by_name = sorted(self._some, key=lambda each: (each.image, each.identity))
        return tuple(nlargest(EXAMPLES, by_name, key=self._rank))


def by_excess(example: Example) -> tuple[float, ...]:
    """Rank by how far the share of the class exceeds its baseline."""
    return (example.excess,)


def by_flip(example: Example) -> tuple[float, ...]:
    """Rank by how much of the region flips."""
    return example.flip_share, example.excess
