"""The explanations behind a cell of a survey's tables, strongest first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest

from gridsal_core.survey.kinds import Section
from gridsal_core.survey.ledger import Group, Ledger


@dataclass(frozen=True)
class CellPlace:
    """A cell of a survey's tables: the row of its requests, and the class of the context.

    `by_flips` asks for its explanations by how much of them flips without that context, instead of
    how far their share of it exceeds the baseline.
    """

    section: Section
    class_index: int
    true_class: int | None
    context: int
    by_flips: bool = False


@dataclass(frozen=True)
class Behind:
    """One explanation of a row, seen from one class of its context.

    Parameters
    ----------
    identity, image
        As of `Item`.
    region_pixels
        Size of the request in working pixels.
    share, baseline
        How much of its salient context, and of what lies around it, is of the class, in [0, 1].
    flip_share
        Share of its region that flips without this context; NaN if that is not known.
    verdict
        As of `reading`.
    """

    identity: str
    image: str
    region_pixels: int
    share: float
    baseline: float
    flip_share: float
    verdict: str

    @property
    def excess(self) -> float:
        """How far its share exceeds its baseline."""
        return self.share - self.baseline


def explanations_behind(ledger: Ledger, place: CellPlace, most: int = 200) -> tuple[Behind, ...]:
    """List the explanations of a row whose map shows any context of a class.

    Parameters
    ----------
    ledger
        The survey.
    place
        The row, the class, and the order.
    most
        How many are listed at most.

    Returns
    -------
    Those that exceed their baseline most, or of which most flips, come first, as the examples of
    `tables` do.
    """
    group = Group(place.section, place.class_index, place.true_class, 0)
    found = _all(ledger, group, place.context)
    return tuple(nlargest(most, found, key=_flipped_first if place.by_flips else _excess_first))


def _excess_first(each: Behind) -> tuple[float, float]:
    return each.excess, 0.0


def _flipped_first(each: Behind) -> tuple[float, float]:
    # Where it is not known whether it flips, it is no example of one that does.
    return -1.0 if math.isnan(each.flip_share) else each.flip_share, each.excess


def _all(ledger: Ledger, group: Group, context: int) -> Iterator[Behind]:
    for each in ledger.summaries(group):
        shares, around = each.votes.shares, each.baseline.shares
        if shares is None or shares[context] <= 0:
            continue
        flip = math.nan if each.flips is None else each.flips.by_class[context]
        base = 0.0 if around is None else around[context]
        yield Behind(
            each.identity,
            each.image,
            each.region_pixels,
            shares[context],
            base,
            flip,
            each.verdict,
        )
