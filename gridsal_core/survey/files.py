"""The tables of a survey as files: CSV, and Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from gridsal_core.atomic import write_atomic
from gridsal_core.errors import OutputError
from gridsal_core.survey.bias import Pair
from gridsal_core.survey.difference import DifferenceTable
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.tables import Contrast, Table

Value = str | int | float | bool | None
Record = Mapping[str, Value]

_ROWS_AT_ONCE: Final = 4096


def check_parquet() -> None:
    """Raise OutputError, which tells what to install, unless Parquet can be written."""
    if find_spec("pyarrow") is None:
        raise OutputError(
            'Parquet files need pyarrow, which is missing; run pip install "gridsal[parquet]", or '
            "take the CSV files."
        )


def write_table(file: Path, columns: Mapping[str, type], records: Iterable[Record]) -> None:
    """Write records as CSV or Parquet, by the file's suffix, some at a time.

    Parameters
    ----------
    file
        Ends in `.csv` or `.parquet`.
    columns
        Names in order, and the type of their values: str, int, float or bool.
    records
        A missing value is None; NaN is written as missing.

    Raises
    ------
    OutputError
        If it cannot be written, or pyarrow is not installed.
    """
    writer = _write_parquet if file.suffix == ".parquet" else _write_csv
    write_atomic(file, lambda opened: writer(opened, columns, records))


def item_columns(classes: Sequence[str]) -> dict[str, type]:
    """Return the columns of the table of items."""
    return {
        "identity": str,
        "image": str,
        "kind": str,
        "class": str,
        "true_class": str,
        "region_pixels": int,
        "verdict": str,
        "score_image": float,
        "score_object_alone": float,
        "score_perturbed": float,
        "residual": float,
        "residual_without_context": float,
        "share_flipped": float,
        "flipped_to": str,
        "unlabelled": float,
        **{f"votes {name}": float for name in classes},
        **{f"baseline {name}": float for name in classes},
    }


def item_records(ledger: Ledger) -> Iterator[dict[str, Value]]:
    """Go through all items, one record each."""
    names = [info.name for info in ledger.survey.classes]
    for each in ledger.summaries():
        flips = each.flips
        yield {
            "identity": each.identity,
            "image": each.image,
            "kind": each.kind,
            "class": names[each.class_index],
            "true_class": None if each.true_class is None else names[each.true_class],
            "region_pixels": each.region_pixels,
            "verdict": each.verdict,
            "score_image": each.scores.image,
            "score_object_alone": each.scores.object_alone,
            "score_perturbed": each.scores.perturbed,
            "residual": each.residual,
            "residual_without_context": each.residual_without_context,
            "share_flipped": None if flips is None else flips.share,
            "flipped_to": None if flips is None or math.isnan(flips.share) else names[flips.to],
            "unlabelled": each.votes.unlabelled,
            **{
                f"votes {name}": value
                for name, value in zip(names, each.votes.weights, strict=True)
            },
            **{
                f"baseline {name}": value
                for name, value in zip(names, each.baseline.weights, strict=True)
            },
        }


SHARE_COLUMNS: Final[dict[str, type]] = {
    "section": str,
    "class": str,
    "true_class": str,
    "context_class": str,
    "items": int,
    "images": int,
    "share": float,
    "share_low": float,
    "share_high": float,
    "baseline": float,
    "baseline_low": float,
    "baseline_high": float,
    "excess": float,
    "excess_low": float,
    "excess_high": float,
    "excess_significant": bool,
    "against_correct": float,
    "against_correct_low": float,
    "against_correct_high": float,
    "against_correct_significant": bool,
    "removed_from": int,
    "flipped": int,
}


def share_records(tables: Iterable[Table]) -> Iterator[dict[str, Value]]:
    """Go through the cells of all tables."""
    for table in tables:
        names = [info.name for info in table.classes]
        for row in table.rows:
            for context, cell in zip(names, row.cells, strict=False):
                yield {
                    "section": table.section,
                    "class": names[row.class_index],
                    "true_class": None if row.true_class is None else names[row.true_class],
                    "context_class": context,
                    "items": row.items,
                    "images": row.images,
                    "share": cell.share.value,
                    "share_low": cell.share.low,
                    "share_high": cell.share.high,
                    "baseline": cell.baseline.value,
                    "baseline_low": cell.baseline.low,
                    "baseline_high": cell.baseline.high,
                    **_contrast("excess", cell.excess),
                    **_contrast("against_correct", cell.against_correct),
                    "removed_from": cell.tried,
                    "flipped": cell.flipped,
                }


BIAS_COLUMNS: Final[dict[str, type]] = {
    "rank": int,
    "section": str,
    "requests": str,
    "context_class": str,
    "excess": float,
    "excess_significant": bool,
    "removed_from": int,
    "flipped": int,
    "flip_rate": float,
    "images": str,
    "images_flipped": str,
}


def bias_records(pairs: Iterable[Pair]) -> Iterator[dict[str, Value]]:
    """Go through ranked pairs."""
    for rank, pair in enumerate(pairs, 1):
        yield {
            "rank": rank,
            "section": pair.table.section,
            "requests": pair.table.name(pair.row),
            "context_class": pair.table.classes[pair.context].name,
            "excess": pair.cell.excess.value,
            "excess_significant": pair.cell.excess.is_significant,
            "removed_from": pair.cell.tried,
            "flipped": pair.cell.flipped,
            "flip_rate": pair.flip_rate,
            "images": "; ".join(each.image for each in pair.cell.examples),
            "images_flipped": "; ".join(each.image for each in pair.cell.flip_examples),
        }


DIFFERENCE_COLUMNS: Final[dict[str, type]] = {
    "section": str,
    "requests": str,
    "context_class": str,
    "items_a": int,
    "items_b": int,
    "images_a": int,
    "images_b": int,
    "share_a": float,
    "share_b": float,
    "difference": float,
    "difference_low": float,
    "difference_high": float,
    "difference_significant": bool,
}


def difference_records(tables: Iterable[DifferenceTable]) -> Iterator[dict[str, Value]]:
    """Go through the cells of all tables of two surveys."""
    for table in tables:
        for row in table.rows:
            for index, contrast in enumerate(row.contrasts):
                yield {
                    "section": table.section,
                    "requests": table.name(row),
                    "context_class": table.classes[index].name,
                    "items_a": row.items[0],
                    "items_b": row.items[1],
                    "images_a": row.images[0],
                    "images_b": row.images[1],
                    "share_a": row.shares[index],
                    "share_b": row.other_shares[index],
                    **_contrast("difference", contrast),
                }


def _contrast(name: str, contrast: Contrast | None) -> dict[str, Value]:
    """Spread a contrast over columns; whether it is significant is missing where it is unknown."""
    if contrast is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high", f"{name}_significant"))
    return {
        name: contrast.value,
        f"{name}_low": contrast.low,
        f"{name}_high": contrast.high,
        f"{name}_significant": None if math.isnan(contrast.low) else contrast.is_significant,
    }


def _known(value: Value) -> Value:
    return None if isinstance(value, float) and math.isnan(value) else value


def _write_csv(file: BinaryIO, columns: Mapping[str, type], records: Iterable[Record]) -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for record in records:
        values = (_known(record[name]) for name in columns)
        writer.writerow(["" if value is None else _spelt(value) for value in values])
    text.flush()
    text.detach()


def _spelt(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


def _write_parquet(file: BinaryIO, columns: Mapping[str, type], records: Iterable[Record]) -> None:
    check_parquet()
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    kinds: dict[type, Callable[[], Any]] = {
        str: arrow.string,
        int: arrow.int64,
        float: arrow.float64,
        bool: arrow.bool_,
    }
    schema = arrow.schema([(name, kinds[kind]()) for name, kind in columns.items()])
    left = iter(records)
    with parquet.ParquetWriter(file, schema) as writer:
        while some := list(islice(left, _ROWS_AT_ONCE)):
            arrays = {name: [_known(record[name]) for record in some] for name in columns}
            writer.write_table(arrow.table(arrays, schema=schema))
