"""A result as a row of the ledger, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from gridsal_core.errors import OutputError
from gridsal_core.settings import Settings
from gridsal_core.statistics import ClassVotes, VoteSource
from gridsal_core.survey.kinds import SECTION_OF
from gridsal_core.survey.packing import (
    pack_mask,
    pack_numbers,
    pack_region,
    unpack_mask,
    unpack_numbers,
    unpack_region,
)
from gridsal_core.survey.results import Flips, Maps, Result, Summary
from gridsal_core.types import Scores

_SUMMARY: Final = {
    "identity": "TEXT PRIMARY KEY",
    "image": "TEXT NOT NULL",
    "ordinal": "INTEGER NOT NULL",
    "kind": "TEXT NOT NULL",
    "class_index": "INTEGER NOT NULL",
    "true_class": "INTEGER",
    "height": "INTEGER NOT NULL",
    "width": "INTEGER NOT NULL",
    "region_pixels": "INTEGER NOT NULL",
    "votes": "BLOB NOT NULL",
    "unlabelled": "REAL NOT NULL",
    "baseline": "BLOB NOT NULL",
    "baseline_unlabelled": "REAL NOT NULL",
    "score_image": "REAL NOT NULL",
    "score_object_alone": "REAL NOT NULL",
    "score_perturbed": "REAL NOT NULL",
    "residual": "REAL NOT NULL",
    "residual_without_context": "REAL NOT NULL",
    "verdict": "TEXT NOT NULL",
    "init": "REAL NOT NULL",
    "steps": "INTEGER NOT NULL",
    "flip_share": "REAL",
    "flip_to": "INTEGER",
    "flip_by_class": "BLOB",
    "notes": "TEXT NOT NULL",
}
_ARRAYS: Final = {
    "section": "TEXT NOT NULL",
    "settings": "TEXT NOT NULL",
    "frame": "TEXT NOT NULL",
    "region": "BLOB NOT NULL",
    "mask_rows": "INTEGER NOT NULL",
    "mask_columns": "INTEGER NOT NULL",
    "mask": "BLOB NOT NULL",
}
COLUMNS: Final = _SUMMARY | _ARRAYS
SUMMARY_COLUMNS: Final = tuple(_SUMMARY)
MAPS_COLUMNS: Final = (
    "height",
    "width",
    "region",
    "mask_rows",
    "mask_columns",
    "mask",
    "settings",
    "frame",
)
_TYPES: Final = {"TEXT": str, "INTEGER": int, "REAL": float, "BLOB": bytes}


def checked(names: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    """Return values of columns, once each is of its column's type: SQLite holds any in any.

    Raises
    ------
    OutputError
        If one is not, as in a file that something else has written to.
    """
    for name, value in zip(names, row, strict=True):
        kind, *rule = COLUMNS[name].split()
        is_fitting = not rule if value is None else isinstance(value, _TYPES[kind])
        if not is_fitting:
            raise _damaged()
    return tuple(row)


def row_of(result: Result) -> tuple[Any, ...]:
    """Return the values of a result in the order of `COLUMNS`."""
    each, maps, scores = result.summary, result.maps, result.summary.scores
    flips: tuple[float | None, int | None, bytes | None] = (None, None, None)
    if each.flips is not None:
        # SQLite keeps no NaN: it becomes NULL.
        flips = (each.flips.share, each.flips.to, pack_numbers(each.flips.by_class))
    return (
        *(each.identity, each.image, each.ordinal, each.kind, each.class_index, each.true_class),
        *(*each.size, each.region_pixels),
        *(pack_numbers(each.votes.weights), each.votes.unlabelled),
        *(pack_numbers(each.baseline.weights), each.baseline.unlabelled),
        *(scores.image, scores.object_alone, scores.perturbed),
        *(each.residual, each.residual_without_context, each.verdict, each.init, each.steps),
        *(*flips, json.dumps(each.notes)),
        *(SECTION_OF[each.kind], json.dumps(maps.settings.to_dict(), sort_keys=True), maps.frame),
        *(pack_region(maps.region), *maps.mask.shape, pack_mask(maps.mask)),
    )


def summary_of(row: tuple[Any, ...], class_count: int, source: VoteSource) -> Summary:
    """Read the numbers of a result from its `SUMMARY_COLUMNS`.

    Raises
    ------
    OutputError
        If they are not those of a result.
    """
    value = dict(zip(SUMMARY_COLUMNS, checked(SUMMARY_COLUMNS, row), strict=True))
    try:
        flips = None
        if value["flip_by_class"] is not None:
            share = float("nan") if value["flip_share"] is None else value["flip_share"]
            by_class = unpack_numbers(value["flip_by_class"], class_count)
            flips = Flips(share, value["flip_to"], by_class)
        return Summary(
            identity=value["identity"],
            image=value["image"],
            ordinal=value["ordinal"],
            kind=value["kind"],
            class_index=value["class_index"],
            true_class=value["true_class"],
            size=(value["height"], value["width"]),
            region_pixels=value["region_pixels"],
            votes=_votes(value["votes"], value["unlabelled"], class_count, source),
            baseline=_votes(value["baseline"], value["baseline_unlabelled"], class_count, source),
            scores=Scores(
                value["score_image"], value["score_object_alone"], value["score_perturbed"]
            ),
            residual=value["residual"],
            residual_without_context=value["residual_without_context"],
            verdict=value["verdict"],
            init=value["init"],
            steps=value["steps"],
            flips=flips,
            notes=tuple(json.loads(value["notes"])),
        )
    except (TypeError, ValueError) as error:
        raise _damaged() from error


def maps_of(row: tuple[Any, ...]) -> Maps:
    """Read the arrays of a result from its `MAPS_COLUMNS`.

    Raises
    ------
    OutputError, SettingsError
        If they are not those of a result.
    """
    height, width, region, mask_rows, mask_columns, mask, settings, frame = checked(
        MAPS_COLUMNS, row
    )
    try:
        values = json.loads(settings)
        if not isinstance(values, dict):
            raise _damaged()
        return Maps(
            unpack_region(region, (height, width)),
            unpack_mask(mask, (mask_rows, mask_columns)),
            Settings.from_dict(values),
            frame,
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise _damaged() from error


def _votes(data: bytes, unlabelled: float, count: int, source: VoteSource) -> ClassVotes:
    return ClassVotes(unpack_numbers(data, count), float(unlabelled), source)


def _damaged() -> OutputError:
    return OutputError(
        "A result of the survey is damaged; make the survey again in another folder."
    )
