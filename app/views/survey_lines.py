"""The lines of a survey's heat map as plain values: what each cell holds, and says in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import Final, Literal, get_args

from gridsal_core.survey.bootstrap import LEAST_IMAGES
from gridsal_core.survey.difference import DifferenceRow, DifferenceTable
from gridsal_core.survey.kinds import Section
from gridsal_core.survey.tables import Cell, Contrast, Estimate, Row, Table

Shown = Literal["both", "share", "baseline", "difference"]

SHOWN: Final[tuple[Shown, ...]] = get_args(Shown)


@dataclass(frozen=True)
class HeatCell:
    """A cell as it is painted and told.

    `value` is a share in [0, 1] or a difference in [-1, 1]; `mark` is 1 or -1 where it is
    significantly more or less; `low` and `high` are the ends of its interval, NaN without one.
    """

    value: float
    low: float
    high: float
    mark: int
    told: str


@dataclass(frozen=True)
class HeatLine:
    """A line of cells.

    Parameters
    ----------
    name, tip
        What stands before it, and what is said of it.
    section, class_index, true_class
        Its row.
    is_first
        Whether it is set off from the line above.
    is_pale
        Whether it is the baseline of the line above.
    is_difference
        Whether its values are differences.
    cells
        One for each class.
    """

    name: str
    tip: str
    section: Section
    class_index: int
    true_class: int | None
    is_first: bool
    is_pale: bool
    is_difference: bool
    cells: tuple[HeatCell, ...]


def table_lines(table: Table, shown: Shown) -> tuple[HeatLine, ...]:
    """Return the lines of a table; rows of which no map shows any context have none."""
    return tuple(_lines(table, shown))


def difference_lines(table: DifferenceTable) -> tuple[HeatLine, ...]:
    """Return the lines of a comparison of two surveys."""
    return tuple(
        HeatLine(
            name=f"{table.name(row)} · {row.items[0]:,} / {row.items[1]:,}",
            tip=_compared_tip(table, row),
            section=table.section,
            class_index=row.class_index,
            true_class=row.true_class,
            is_first=True,
            is_pale=False,
            is_difference=True,
            cells=tuple(
                _contrast_cell(each, _compared(table, row, context))
                for context, each in enumerate(row.contrasts)
            ),
        )
        for row in table.rows
    )


def cell_told(table: Table, row: Row, context: int) -> str:
    """Say in words what is known of a cell."""
    cell, classes = row.cells[context], table.classes
    of = f"{table.name(row)}, {_count(row.items, 'request')} on {_count(row.images, 'image')}"
    parts = [
        f"{of}: {percent(cell.share.value)} of the salient context is {classes[context].name}"
        f"{_spread(cell.share)}; around the requests it is {percent(cell.baseline.value)}"
        f"{_spread(cell.baseline)}. Difference {points(cell.excess.value)}, "
        f"{_judged(cell.excess)}."
    ]
    against = cell.against_correct
    if against is not None and row.true_class is not None:
        correct = f"correct predictions of {classes[row.true_class].name}"
        parts.append(f"Against {correct}: {points(against.value)}, {_judged(against)}.")
    if row.images < LEAST_IMAGES:
        parts.append(f"Fewer than {LEAST_IMAGES} images are not tested.")
    if cell.tried:
        parts.append(f"Removing it flipped {cell.flipped} of {cell.tried}.")
    return " ".join(parts)


def percent(value: float) -> str:
    """Write a share as a reader expects it."""
    return "–" if isnan(value) else f"{100 * value:.1f} %"


def points(value: float) -> str:
    """Write a difference of shares in percentage points."""
    return "–" if isnan(value) else f"{100 * value:+.1f} points".replace("-", "−")


def _lines(table: Table, shown: Shown) -> Iterator[HeatLine]:
    true: int | None = None
    is_predicted = table.section == "predicted"
    for row in table.rows:
        if not row.cells:
            continue
        is_first = is_predicted or row.true_class != true or shown == "both"
        true = row.true_class
        kinds: tuple[Shown, ...] = ("share", "baseline") if shown == "both" else (shown,)
        for number, kind in enumerate(kinds):
            is_pale = number > 0
            yield HeatLine(
                name="baseline" if is_pale else f"{table.name(row)} · {row.items:,}",
                tip=_row_tip(table, row),
                section=table.section,
                class_index=row.class_index,
                true_class=row.true_class,
                is_first=is_first and not is_pale,
                is_pale=is_pale,
                is_difference=kind == "difference",
                cells=tuple(
                    _cell(cell, kind, is_predicted, cell_told(table, row, context))
                    for context, cell in enumerate(row.cells)
                ),
            )


def _cell(cell: Cell, kind: Shown, is_predicted: bool, told: str) -> HeatCell:
    contrast = cell.excess if is_predicted else cell.against_correct or cell.excess
    if kind == "difference":
        return _contrast_cell(contrast, told)
    if kind == "baseline":
        return HeatCell(cell.baseline.value, cell.baseline.low, cell.baseline.high, 0, told)
    share = cell.share
    # As in figure 6 segments are held against the baseline, and errors against correct ones.
    tested = contrast if is_predicted or cell.against_correct is not None else None
    return HeatCell(
        share.value, share.low, share.high, 0 if tested is None else _mark(tested), told
    )


def _contrast_cell(contrast: Contrast, told: str) -> HeatCell:
    return HeatCell(contrast.value, contrast.low, contrast.high, _mark(contrast), told)


def _mark(contrast: Contrast) -> int:
    if not contrast.is_significant:
        return 0
    return 1 if contrast.value > 0 else -1


def _judged(contrast: Contrast) -> str:
    if not contrast.is_significant:
        return "not significant"
    return f"significantly {'more' if contrast.value > 0 else 'less'}"


def _row_tip(table: Table, row: Row) -> str:
    verdicts = ", ".join(f"{verdict} {count:,}" for verdict, count in row.verdicts)
    flips = ""
    if row.tried:
        flips = f" Removing all salient context flipped {row.flipped} of {row.tried}."
    return (
        f"{table.name(row)}: {_count(row.items, 'request')} on {_count(row.images, 'image')} "
        f"({verdicts}).{flips}"
    )


def _compared_tip(table: DifferenceTable, row: DifferenceRow) -> str:
    (one, other), (items, others) = table.names, row.items
    return f"{table.name(row)}: {_count(items, 'request')} to {one}, {others:,} to {other}"


def _compared(table: DifferenceTable, row: DifferenceRow, context: int) -> str:
    contrast, (one, other) = row.contrasts[context], table.names
    judged = _judged(contrast)
    return (
        f"{table.name(row)}: of the salient context {percent(row.shares[context])} is "
        f"{table.classes[context].name} in {one}, {percent(row.other_shares[context])} in {other}: "
        f"{points(contrast.value)}{_interval(contrast.low, contrast.high)}, {judged}."
    )


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _spread(estimate: Estimate) -> str:
    return _interval(estimate.low, estimate.high)


def _interval(low: float, high: float) -> str:
    if isnan(low):
        return ""
    return f" ({100 * low:.1f} to {100 * high:.1f})".replace("-", "−")
