"""Tables of measurements: printed row by row as they come, and kept for JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name
        Its heading, with the unit.
    spec
        How numbers are written, as in format strings; empty for words.
    width
        In characters.
    """

    name: str
    spec: str = ""
    width: int = 10

    def text(self, value: Value) -> str:
        """Write a value; words begin at the left, numbers end at the right."""
        if not self.spec:
            return f"{value if value is not None else '':<{self.width}}"
        word = "-" if value is None else format(value, self.spec)
        return f"{word:>{self.width}}"

    @property
    def heading(self) -> str:
        """The name, on the side where the values are."""
        return f"{self.name:>{self.width}}" if self.spec else f"{self.name:<{self.width}}"


@dataclass(frozen=True)
class Table:
    """A title, columns, and rows that may still have to be measured.

    Parameters
    ----------
    name
        The part of the benchmarks that it belongs to.
    title
        What was measured, and how.
    columns, rows
        A row holds a value for each column.
    summarise
        Makes sentences of all rows, which are printed below them.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    summarise: Callable[[Sequence[Sequence[Value]]], Sequence[str]] | None = None

    def shown(self) -> dict[str, Any]:
        """Measure and print the table, and return it as plain values for JSON."""
        print(f"\n{self.title}", flush=True)
        print(" ".join(column.heading for column in self.columns).rstrip())
        rows: list[Sequence[Value]] = []
        for row in self.rows:
            values = zip(self.columns, row, strict=True)
            print(" ".join(column.text(value) for column, value in values).rstrip(), flush=True)
            rows.append(row)
        told = list(self.summarise(rows)) if self.summarise and rows else []
        for sentence in told:
            print(sentence)
        names = [column.name for column in self.columns]
        kept = [dict(zip(names, row, strict=True)) for row in rows]
        return {"part": self.name, "title": self.title, "rows": kept, "summary": told}
