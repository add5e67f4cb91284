"""Data of kept results for other programs: a table, a document, or an archive for each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from gridsal_core.atomic import write_atomic
from gridsal_core.reading import headline_of
from gridsal_core.records import settings_record
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation

DATA_SUFFIXES: Final = (".npz", ".csv", ".json")
_LONGEST: Final = 60
# A spreadsheet takes a cell that begins with one of these for a formula, and would run it.
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


def result_row(kept: KeptResult) -> dict[str, Any]:
    """Return what a table says of a result; scores are means over the request."""
    frame = kept.frame
    return {
        "identity": kept.identity,
        "created": kept.created.isoformat(timespec="seconds"),
        "image": "" if kept.image_path is None else str(kept.image_path),
        "page": kept.page + 1,
        "scale": "" if frame is None else f"{frame.scale:.4g}",
        "class": kept.class_info.name,
        "class_index": kept.class_index,
        "true_class": "" if kept.true_info is None else kept.true_info.name,
        "true_class_index": "" if kept.true_class is None else kept.true_class,
        "region": kept.origin,
        "region_pixels": kept.region_pixels,
        "score_image": kept.scores.image,
        "score_object_alone": kept.scores.object_alone,
        "score_perturbed": kept.scores.perturbed,
        "verdict": kept.verdict,
        "verdict_in_words": headline_of(kept.verdict, kept.settings),
        "stopped": kept.is_stopped,
        "network": kept.network,
        "network_sha256": kept.network_sha256,
        **_settings_columns(kept),
        "tags": ", ".join(kept.tags),
        "note": kept.note,
    }


def write_table(results: Sequence[KeptResult], path: Path) -> None:
    """Write one row for each result, as CSV in UTF-8 with a heading.

    Text that a spreadsheet would take for a formula gets an apostrophe before it.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    text = io.StringIO()
    rows = [result_row(kept) for kept in results]
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    # A byte order mark is what tells a spreadsheet that this is UTF-8.
    write_atomic(path, lambda file: file.write(text.getvalue().encode("utf-8-sig", "replace")))


def result_record(kept: KeptResult, explanation: Explanation) -> dict[str, Any]:
    """Return all there is of a result but its arrays, as plain values."""
    scores = kept.scores
    return {
        "identity": kept.identity,
        "created": kept.created.isoformat(),
        "class_index": kept.class_index,
        "region_pixels": kept.region_pixels,
        "scores": {
            "image": scores.image,
            "object_alone": scores.object_alone,
            "perturbed": scores.perturbed,
        },
        "verdict_in_words": headline_of(kept.verdict, kept.settings),
        "note": kept.note,
        "tags": list(kept.tags),
        **settings_record(explanation),
    }


def write_records(records: Iterable[dict[str, Any]], path: Path) -> None:
    """Write what `result_record` returns of each result, as one JSON document.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    # Escapes keep the bytes of a file's name that are no text, which UTF-8 cannot.
    text = json.dumps({"results": list(records)}, indent=2, ensure_ascii=True)
    write_atomic(path, lambda file: file.write(text.encode("ascii")))


def archive_names(results: Sequence[KeptResult]) -> list[str]:
    """Name an .npz file for each result: number, image, class and method."""
    digits = len(str(len(results)))
    names = []
    for number, kept in enumerate(results, start=1):
        image = "image" if kept.image_path is None else kept.image_path.stem
        stem = re.sub(r"[^\w.-]+", "_", f"{image}_{kept.class_info.name}")[:_LONGEST]
        names.append(f"{number:0{digits}}_{stem}_{kept.settings.method}.npz")
    return names


def _settings_columns(kept: KeptResult) -> dict[str, Any]:
    values = kept.settings.to_dict()
    values["mask_size"] = "x".join(str(cells) for cells in kept.settings.mask_size)
    return values


def _harmless(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(_FORMULA_SIGNS)
    return f"'{value}" if is_formula else value
