"""The class distributions of several maps, as rows that all of their panels show in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

from gridsal_core.statistics import ClassVotes
from gridsal_core.types import ClassInfo

SMALLEST_SHOWN: Final = 0.005
OTHERS: Final = "others"
OTHERS_COLOR: Final = (128, 128, 128)


@dataclass(frozen=True)
class ClassRow:
    """One class and its share of each map's salient context, in [0, 1]; None without one."""

    name: str
    color: tuple[int, int, int]
    shares: tuple[float | None, ...]


def class_rows(
    maps: Sequence[tuple[ClassVotes, Sequence[ClassInfo]] | None],
) -> tuple[ClassRow, ...]:
    """Return a row for each class that is salient in any map, largest share first.

    Classes of different networks are the same where their names are. Classes below half a percent
    everywhere are summed up in a last row. In the place of a panel without a map stands None, as
    its shares do.
    """
    colors: dict[str, tuple[str, tuple[int, int, int]]] = {}
    by_map: list[dict[str, float] | None] = []
    for entry in maps:
        votes, classes = entry or (None, ())
        shares = None if votes is None else votes.shares
        by_map.append(None if shares is None else {})
        for info, share in zip(classes, shares or (), strict=False):
            key = info.name.casefold()
            colors.setdefault(key, (info.name, info.color))
            found = by_map[-1]
            if found is not None:
                found[key] = found.get(key, 0.0) + share
    largest = {
        key: max((found.get(key, 0.0) for found in by_map if found is not None), default=0.0)
        for key in colors
    }
    keys = [key for key in colors if largest[key] >= SMALLEST_SHOWN]
    keys.sort(key=lambda key: -largest[key])
    rows = [
        ClassRow(*colors[key], tuple(None if f is None else f.get(key, 0.0) for f in by_map))
        for key in keys
    ]
    rest = tuple(
        None if f is None else max(0.0, 1.0 - sum(f[k] for k in keys if k in f)) for f in by_map
    )
    if any(share is not None and share >= SMALLEST_SHOWN for share in rest):
        rows.append(ClassRow(OTHERS, OTHERS_COLOR, rest))
    return tuple(rows)


def shortened(rows: Sequence[ClassRow], most: int) -> tuple[ClassRow, ...]:
    """Return at most so many rows, at least one: those that are too many are summed up in the last.

    Every row counts as before, so that the shares of each map still sum to what they did.
    """
    if len(rows) <= most:
        return tuple(rows)
    kept, summed = rows[: most - 1], rows[most - 1 :]
    columns = zip(*(row.shares for row in summed), strict=True)
    shares = tuple(None if None in column else fsum(c or 0.0 for c in column) for column in columns)
    return (*kept, ClassRow(OTHERS, OTHERS_COLOR, shares))
