"""What the requests of a survey looked at: figure 6 and table 1 of the paper, and more.

One row for each group of requests. Its cells are the class distribution of the salient context
(see `statistics`), that of the baseline, and how far apart they are. In the tables of true classes,
the row of an error is also held against the row of correct predictions of the same true class.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gridsal_core.statistics import VoteSource
from gridsal_core.survey.best import FLIPPED_FROM, BestExamples, Example, by_excess, by_flip
from gridsal_core.survey.bootstrap import (
    LEAST_IMAGES,
    Contrasts,
    Numbers,
    Sampling,
    Shares,
    VoteSums,
    critical_value,
)
from gridsal_core.survey.kinds import SECTIONS, Section
from gridsal_core.survey.ledger import Group, Ledger
from gridsal_core.survey.results import Summary
from gridsal_core.types import ClassInfo


@dataclass(frozen=True)
class Estimate:
    """A share in [0, 1], and the interval of 95 % confidence around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Contrast:
    """A difference of two shares in [-1, 1].

    `low` and `high` are the ends of an interval that holds together with all others of its table
    at 95 % confidence; they are NaN, and `is_significant` False, where too few images were seen.
    `is_significant` says that the interval excludes 0.
    """

    value: float
    low: float
    high: float
    is_significant: bool


@dataclass(frozen=True)
class Cell:
    """How much of the salient context of a row is of one class.

    Parameters
    ----------
    share, baseline
        Of the maps, and of what lies around the requests in any case.
    excess
        share - baseline.
    against_correct
        share minus that of the correct predictions of the same true class; None where the row is
        no error or there are none.
    tried, flipped
        From how many requests salient context of this class was removed, and how many of them were
        predicted as another class then.
    examples
        The items whose own share exceeds their baseline most, best first.
    flip_examples
        The items that flip most once this context is removed, best first.
    """

    share: Estimate
    baseline: Estimate
    excess: Contrast
    against_correct: Contrast | None
    tried: int
    flipped: int
    examples: tuple[Example, ...]
    flip_examples: tuple[Example, ...]


@dataclass(frozen=True)
class Row:
    """The requests of one group.

    Parameters
    ----------
    class_index, true_class
        As of `Item`.
    items, images
        How many there are, and on how many images.
    verdicts
        How many items had which verdict, most first.
    tried, flipped
        As of `Cell`, with all salient context removed.
    unlabelled_share
        Share of all saliency on pixels without a class, which is part of no cell.
    cells
        One for each class; none where no map shows any context.
    """

    class_index: int
    true_class: int | None
    items: int
    images: int
    verdicts: tuple[tuple[str, int], ...]
    tried: int
    flipped: int
    unlabelled_share: float
    cells: tuple[Cell, ...]

    @property
    def is_error(self) -> bool:
        """Whether the predicted class is not the true one."""
        return self.true_class not in (None, self.class_index)


@dataclass(frozen=True)
class Table:
    """All rows of one section. `critical` is how many standard errors wide its intervals are."""

    section: Section
    classes: tuple[ClassInfo, ...]
    source: VoteSource
    rows: tuple[Row, ...]
    critical: float
    sampling: Sampling

    def name(self, row: Row) -> str:
        """Name a row: the class, or the true and the predicted one."""
        predicted = self.classes[row.class_index].name
        if row.true_class is None:
            return predicted
        return f"{self.classes[row.true_class].name} as {predicted}"


class GroupSums:
    """The sums of one group of requests, to which results are added one by one."""

    def __init__(self, classes: int, sampling: Sampling) -> None:
        self._votes = VoteSums(classes, sampling)
        self._baseline = VoteSums(classes, sampling)
        self.items = self.images = self.voting = self.tried = self.flipped = 0
        self._unlabelled = self._known = 0.0
        self._image: str | None = None
        self._voting: str | None = None
        self._verdicts: Counter[str] = Counter()
        self._cell_tried = np.zeros(classes, np.int64)
        self._cell_flipped = np.zeros(classes, np.int64)
        self._examples = [BestExamples(by_excess) for _ in range(classes)]
        self._flip_examples = [BestExamples(by_flip) for _ in range(classes)]

    def add(self, result: Summary) -> None:
        """Add a result; those of one image have to follow one another."""
        self.items += 1
        self.images += result.image != self._image
        self._image = result.image
        if result.votes.total > 0:
            self.voting += result.image != self._voting
            self._voting = result.image
        self._votes.add(result.image, result.votes.weights)
        self._baseline.add(result.image, result.baseline.weights)
        self._unlabelled += result.votes.unlabelled
        self._known += result.votes.total
        self._verdicts[result.verdict] += 1
        by_class = self._add_flips(result)
        self._add_examples(result, by_class)

    def _add_flips(self, result: Summary) -> Numbers:
        if result.flips is None:
            return np.full(len(self._cell_tried), np.nan)
        by_class = np.array(result.flips.by_class)
        self._cell_tried += ~np.isnan(by_class)
        self._cell_flipped += by_class >= FLIPPED_FROM
        self.tried += not math.isnan(result.flips.share)
        self.flipped += result.flips.share >= FLIPPED_FROM
        return by_class

    def _add_examples(self, result: Summary, by_class: Numbers) -> None:
        shares, around = result.votes.shares, result.baseline.shares
        if shares is None:
            return
        for index, share in enumerate(shares):
            excess = share - (0.0 if around is None else around[index])
            each = Example(result.identity, result.image, excess, float(by_class[index]))
            if excess > 0:
                self._examples[index].add(each)
            if each.flip_share >= FLIPPED_FROM:
                self._flip_examples[index].add(each)

    @property
    def is_testable(self) -> bool:
        """Whether the maps of enough images show any context; what is empty varies in nothing."""
        return self.voting >= LEAST_IMAGES

    def votes(self) -> Shares:
        """Return the distribution of the salient context."""
        return self._votes.shares()

    def baseline(self) -> Shares:
        """Return the distribution of what lies around the requests."""
        return self._baseline.shares()

    def row(self, group: Group) -> Row:
        """Return the row without its cells."""
        everything = self._known + self._unlabelled
        return Row(
            group.class_index,
            group.true_class,
            self.items,
            self.images,
            tuple(self._verdicts.most_common()),
            self.tried,
            self.flipped,
            self._unlabelled / everything if everything > 0 else 0.0,
            (),
        )

    def cell(self, index: int, estimates: tuple[Estimate, Estimate]) -> Cell:
        """Return a cell without its contrasts."""
        return Cell(
            *estimates,
            excess=_UNKNOWN,
            against_correct=None,
            tried=int(self._cell_tried[index]),
            flipped=int(self._cell_flipped[index]),
            examples=self._examples[index].found,
            flip_examples=self._flip_examples[index].found,
        )


_UNKNOWN: Final = Contrast(math.nan, math.nan, math.nan, is_significant=False)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A row whose contrasts are known up to the width of their intervals."""

    row: Row
    excess: Contrasts
    against_correct: Contrasts | None
    is_tested: bool
    is_correct_tested: bool


def tabulate(ledger: Ledger, sampling: Sampling | None = None) -> tuple[Table, ...]:
    """Make the table of every section that has results.

    Results are read one by one, one group after the other, so that memory does not grow with the
    number of images.

    Parameters
    ----------
    ledger
        The survey; it need not be finished.
    sampling
        Of the bootstrap.
    """
    sampling = sampling or Sampling()
    groups = ledger.groups()
    return tuple(
        _table(ledger, section, some, sampling)
        for section in SECTIONS
        if (some := [group for group in groups if group.section == section])
    )


def why_empty(ledger: Ledger) -> str:
    """Say why a survey has no table."""
    left_out = [bool(state.note) for state in ledger.states()]
    if not left_out:
        return "No image is finished yet."
    if all(left_out):
        return "No image could be used; the notes say why."
    return "No region was large enough to be explained."


def sums_of(ledger: Ledger, group: Group, sampling: Sampling) -> GroupSums:
    """Add up the results of one group."""
    sums = GroupSums(len(ledger.survey.classes), sampling)
    for result in ledger.summaries(group):
        sums.add(result)
    return sums


def _table(ledger: Ledger, section: Section, groups: Sequence[Group], sampling: Sampling) -> Table:
    classes = ledger.survey.classes
    drawn: list[_Drawn] = []
    largest: list[Numbers] = []
    for correct, some in _by_true_class(groups):
        reference = None if correct is None else sums_of(ledger, correct, sampling)
        for group in some:
            sums = sums_of(ledger, group, sampling)
            found = _drawn(sums, group, len(classes), reference)
            drawn.append(found)
            if found.is_tested:
                largest.append(found.excess.largest)
            if found.is_correct_tested and found.against_correct is not None:
                largest.append(found.against_correct.largest)
    critical = critical_value(np.max(largest, axis=0) if largest else None)
    rows = tuple(_finished(each, critical) for each in drawn)
    return Table(section, classes, ledger.survey.source, rows, critical, sampling)


def _by_true_class(groups: Sequence[Group]) -> list[tuple[Group | None, list[Group]]]:
    """Put groups of one true class together, the correct one first, which is their reference."""
    found = []
    for true in dict.fromkeys(group.true_class for group in groups):
        some = [group for group in groups if group.true_class == true]
        correct = next((each for each in some if each.class_index == true), None)
        some.sort(key=lambda each: (each is not correct, each.class_index))
        found.append((correct, some))
    return sorted(found, key=lambda each: -1 if (t := each[1][0].true_class) is None else t)


def _drawn(sums: GroupSums, group: Group, classes: int, correct: GroupSums | None) -> _Drawn:
    row, shares, around = sums.row(group), sums.votes(), sums.baseline()
    excess = Contrasts.between(shares, around)
    against = None
    if correct is not None and row.is_error:
        against = Contrasts.between(shares, correct.votes())
    if not np.isnan(shares.value).any():
        low, high = shares.interval()
        base_low, base_high = around.interval()
        cells = tuple(
            sums.cell(
                index,
                (
                    Estimate(float(shares.value[index]), float(low[index]), float(high[index])),
                    Estimate(
                        float(around.value[index]), float(base_low[index]), float(base_high[index])
                    ),
                ),
            )
            for index in range(classes)
        )
        row = replace(row, cells=cells)
    is_tested = sums.is_testable and bool(row.cells)
    is_pair = is_tested and correct is not None and correct.is_testable
    return _Drawn(row, excess, against, is_tested, is_pair)


def _finished(drawn: _Drawn, critical: float) -> Row:
    if not drawn.row.cells:
        return drawn.row
    excess = contrasts(drawn.excess, critical, is_tested=drawn.is_tested)
    against: tuple[Contrast | None, ...] = (None,) * len(excess)
    if drawn.against_correct is not None and not np.isnan(drawn.against_correct.value).any():
        against = contrasts(drawn.against_correct, critical, is_tested=drawn.is_correct_tested)
    cells = (
        replace(cell, excess=one, against_correct=other)
        for cell, one, other in zip(drawn.row.cells, excess, against, strict=True)
    )
    return replace(drawn.row, cells=tuple(cells))


def contrasts(found: Contrasts, critical: float, *, is_tested: bool) -> tuple[Contrast, ...]:
    """Give differences their intervals; those that are not tested have none."""
    if not is_tested or math.isnan(critical):
        return tuple(Contrast(value, math.nan, math.nan, False) for value in found.value.tolist())
    ends = found.interval(critical)
    marks = found.is_significant(critical).tolist()
    columns = (found.value.tolist(), *(end.tolist() for end in ends), marks)
    return tuple(Contrast(*values) for values in zip(*columns, strict=True))
