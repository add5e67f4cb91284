"""Where the benchmark keeps what is done, so that it goes on where it was interrupted.

    plan.json                                  what the figures belong to
    networks/CASE/                             as `gridsal toy train` writes it
    rows/CASE/METHOD/digitD.csv                one line for each image
    tuned.json                                 the settings that were chosen, and all that was tried

Every file is written whole or not at all, and is not made again where it is there.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridsal_core.errors import OutputError
from gridsal_core.toy.bench.measure import Row
from gridsal_core.toy.bench.plan import Case, Plan
from gridsal_core.toy.files import write_json, write_text


@dataclass(frozen=True)
class Store:
    """The folder of one benchmark."""

    folder: Path

    def begin(self, plan: Plan) -> None:
        """Make the folder, or go on in one that was begun with the same plan.

        Raises
        ------
        OutputError
            If it holds something else, another plan, or cannot be written.
        """
        wanted = json.loads(json.dumps(plan.as_dict()))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            is_empty = not any(self.folder.iterdir())
        except OSError as error:
            raise OutputError(
                f"The folder {self.folder} cannot be used: {error.strerror or error}; "
                "choose another."
            ) from error
        file = self.folder / "plan.json"
        if file.is_file():
            if json.loads(file.read_text(encoding="utf-8")) != wanted:
                raise OutputError(
                    f"The folder {self.folder} holds a benchmark with other settings; choose "
                    "another folder, or give the same settings to go on with it."
                )
        elif is_empty:
            write_json(file, wanted)
        else:
            raise OutputError(
                f"The folder {self.folder} holds something else; choose a new or an empty one."
            )

    def network(self, case: Case) -> Path:
        """Return the folder of a case's network."""
        return self.folder / "networks" / case.name

    def metrics(self, case: Case) -> dict[str, Any]:
        """Read what training found of a network, empty if it is not trained yet."""
        file = self.network(case) / "metrics.json"
        if not file.is_file():
            return {}
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def rows(self, case: Case, method: str, digit: int) -> list[Row] | None:
        """Read what was measured, None if nothing was yet."""
        file = self._rows(case, method, digit)
        if not file.is_file():
            return None
        with file.open(encoding="utf-8", newline="") as text:
            header, *lines = list(csv.reader(text))
        if header != Row.header():
            raise OutputError(
                f"{file} is of another version; take the folder away, or choose another."
            )
        return [Row.read(line) for line in lines]

    def write_rows(self, case: Case, method: str, digit: int, rows: Iterable[Row]) -> None:
        """Keep what was measured on all images of a digit."""
        file = self._rows(case, method, digit)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, table_text(Row.header(), (row.cells() for row in rows)))

    def _rows(self, case: Case, method: str, digit: int) -> Path:
        folder = re.sub(r"[^0-9a-zλ.]+", "_", method.lower())
        return self.folder / "rows" / case.name / folder / f"digit{digit}.csv"


def table_text(header: list[str], lines: Iterable[list[str]]) -> str:
    """Write a table as CSV."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()
