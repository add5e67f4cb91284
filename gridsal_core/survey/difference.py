"""Two networks on the same images: how the context that they look at differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gridsal_core.errors import OutputError
from gridsal_core.survey.bootstrap import (
    Contrasts,
    Numbers,
    Sampling,
    critical_value,
)
from gridsal_core.survey.kinds import SECTIONS, Section
from gridsal_core.survey.ledger import Group, Ledger
from gridsal_core.survey.results import Summary
from gridsal_core.survey.tables import Contrast, GroupSums, contrasts
from gridsal_core.types import ClassInfo


@dataclass(frozen=True)
class DifferenceRow:
    """One group of requests in both surveys.

    `shares` and `other_shares` are the class distributions of the salient context, `contrasts`
    their differences, the first minus the second; `items` and `images` count in both.
    """

    class_index: int
    true_class: int | None
    items: tuple[int, int]
    images: tuple[int, int]
    shares: tuple[float, ...]
    other_shares: tuple[float, ...]
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True)
class DifferenceTable:
    """All groups of one section that both surveys have."""

    section: Section
    classes: tuple[ClassInfo, ...]
    names: tuple[str, str]
    rows: tuple[DifferenceRow, ...]
    critical: float
    sampling: Sampling

    def name(self, row: DifferenceRow) -> str:
        """Name a row: the class, or the true and the predicted one."""
        predicted = self.classes[row.class_index].name
        if row.true_class is None:
            return predicted
        return f"{self.classes[row.true_class].name} as {predicted}"


def compare_surveys(
    one: Ledger, other: Ledger, sampling: Sampling | None = None
) -> tuple[DifferenceTable, ...]:
    """Compare two surveys, on the images that both have finished.

    Images are drawn again for both networks alike, so that what is hard about an image counts for
    neither.

    Parameters
    ----------
    one, other
        Surveys of networks with the same classes.
    sampling
        Of the bootstrap.

    Raises
    ------
    OutputError
        If the surveys cannot be compared.
    """
    sampling = sampling or Sampling()
    _check(one, other)
    names = (one.survey.network, other.survey.network)
    groups = [(group, twin) for group in one.groups() for twin in _twins(group, other)]
    if not groups:
        raise OutputError(
            "The two surveys have no kind of request in common; survey both networks with the same "
            "--requests and --classes."
        )
    found = []
    for section in SECTIONS:
        some = [pair for pair in groups if pair[0].section == section]
        if some:
            rows, critical = _rows(one, other, some, sampling)
            found.append(
                DifferenceTable(section, one.survey.classes, names, rows, critical, sampling)
            )
    return tuple(found)


def _check(one: Ledger, other: Ledger) -> None:
    mine, theirs = one.survey, other.survey
    if [info.name for info in mine.classes] != [info.name for info in theirs.classes]:
        raise OutputError(
            f"The networks {mine.network!r} and {theirs.network!r} have other classes, so their "
            "surveys cannot be compared; compare networks with the same classes."
        )
    if mine.source != theirs.source:
        raise OutputError(
            "One survey counts by label maps and the other by predictions; survey both with "
            "--labels, or both without."
        )
    unlike = mine.unlike(theirs)
    if unlike:
        raise OutputError(
            f"The two surveys differ in {', '.join(unlike)} too, so that it could not be told what "
            "is due to the networks; survey both alike."
        )


def _twins(group: Group, other: Ledger) -> Iterator[Group]:
    key = (group.section, group.class_index, group.true_class)
    for each in other.groups():
        if (each.section, each.class_index, each.true_class) == key:
            yield each


def _rows(
    one: Ledger, other: Ledger, groups: list[tuple[Group, Group]], sampling: Sampling
) -> tuple[tuple[DifferenceRow, ...], float]:
    drawn: list[tuple[DifferenceRow, Contrasts, bool]] = []
    largest: list[Numbers] = []
    for group, twin in groups:
        mine, theirs = (
            _common(ledger, some, rest, sampling)
            for ledger, some, rest in ((one, group, other), (other, twin, one))
        )
        shares, others = mine.votes(), theirs.votes()
        found = Contrasts.between(shares, others)
        if np.isnan(found.value).any():
            continue
        is_tested = mine.is_testable and theirs.is_testable
        row = DifferenceRow(
            group.class_index,
            group.true_class,
            (mine.items, theirs.items),
            (mine.images, theirs.images),
            tuple(shares.value.tolist()),
            tuple(others.value.tolist()),
            (),
        )
        drawn.append((row, found, is_tested))
        if is_tested:
            largest.append(found.largest)
    critical = critical_value(np.max(largest, axis=0) if largest else None)
    rows = (
        DifferenceRow(
            *(row.class_index, row.true_class, row.items, row.images, row.shares),
            *(row.other_shares, contrasts(found, critical, is_tested=is_tested)),
        )
        for row, found, is_tested in drawn
    )
    return tuple(rows), critical


def _common(ledger: Ledger, group: Group, other: Ledger, sampling: Sampling) -> GroupSums:
    """Add up the results on images that both surveys have finished, of the same content."""
    sums = GroupSums(len(ledger.survey.classes), sampling)
    for result in ledger.summaries(group):
        if _is_common(result, ledger, other):
            sums.add(result)
    return sums


def _is_common(result: Summary, *ledgers: Ledger) -> bool:
    states = [ledger.state(result.image) for ledger in ledgers]
    contents = {None if state is None or state.note else state.content for state in states}
    return len(contents) == 1 and None not in contents
