"""All files that come out of a survey: tables, pictures, and a report to read in a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gridsal_core.atomic import make_folder, write_atomic
from gridsal_core.figure.files import FIGURE_SUFFIXES, rendered
from gridsal_core.survey import files
from gridsal_core.survey.bias import by_excess, by_flips
from gridsal_core.survey.bootstrap import Sampling
from gridsal_core.survey.difference import DifferenceTable, compare_surveys
from gridsal_core.survey.html import difference_page, survey_page
from gridsal_core.survey.kinds import Section
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.picture import draw_difference, draw_table
from gridsal_core.survey.tables import Table, tabulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT_NAME: Final = "report.html"
FIGURE_NAMES: Final[Mapping[Section, str]] = {
    "predicted": "figure6",
    "parts": "parts",
    "confusions": "table1",
}


def write_report(
    ledger: Ledger, images: Path, *, parquet: bool = False, sampling: Sampling | None = None
) -> tuple[Table, ...]:
    """Write all files of a survey into its folder, over those of an earlier report.

    `items.csv` has a line for each request, `shares.csv` one for each cell of the tables,
    `bias.csv` the pairs of the bias finder; `figure6` (predicted segments), `table1` (confusions)
    and `parts` are heat maps as PNG, SVG and PDF, and `report.html` has everything in one file.

    Parameters
    ----------
    ledger
        The survey; it need not be finished.
    images
        Where its images are, for the pictures of examples.
    parquet
        Write the tables as Parquet too.
    sampling
        Of the bootstrap.

    Raises
    ------
    OutputError
        If a file cannot be written, or Parquet is asked for and pyarrow is not installed.
    """
    if parquet:
        files.check_parquet()
    tables = tabulate(ledger, sampling)
    folder = ledger.folder
    names = [info.name for info in ledger.survey.classes]
    pairs = by_excess(tables)
    for suffix in (".csv", *((".parquet",) if parquet else ())):
        items = files.item_columns(names), files.item_records(ledger)
        files.write_table(folder / f"items{suffix}", *items)
        shares = files.SHARE_COLUMNS, files.share_records(tables)
        files.write_table(folder / f"shares{suffix}", *shares)
        bias = files.BIAS_COLUMNS, files.bias_records(pairs)
        files.write_table(folder / f"bias{suffix}", *bias)
    drawn = _draw(folder, ((FIGURE_NAMES[t.section], draw_table(t)) for t in tables))
    page = survey_page(ledger, images, tables, drawn, pairs, by_flips(tables))
    _write(folder / REPORT_NAME, _encoded(page))
    return tables


def write_difference(
    one: Ledger,
    other: Ledger,
    folder: Path,
    *,
    parquet: bool = False,
    sampling: Sampling | None = None,
) -> tuple[DifferenceTable, ...]:
    """Compare two surveys, and write the differences: `differences.csv`, pictures, `report.html`.

    Parameters
    ----------
    one, other
        The surveys.
    folder
        Made if it is missing.
    parquet, sampling
        As of `write_report`.

    Raises
    ------
    OutputError
        If the surveys cannot be compared, or a file cannot be written.
    """
    if parquet:
        files.check_parquet()
    tables = compare_surveys(one, other, sampling)
    make_folder(folder)
    for suffix in (".csv", *((".parquet",) if parquet else ())):
        files.write_table(
            folder / f"differences{suffix}",
            files.DIFFERENCE_COLUMNS,
            files.difference_records(tables),
        )
    drawn = _draw(
        folder, ((f"difference_{FIGURE_NAMES[t.section]}", draw_difference(t)) for t in tables)
    )
    _write(folder / REPORT_NAME, _encoded(difference_page(one, other, tables, drawn)))
    return tables


def _draw(folder: Path, figures: Iterable[tuple[str, Figure]]) -> list[str]:
    """Save each figure in all formats, and return them as SVG for the page."""
    found = []
    for name, figure in figures:
        for suffix in FIGURE_SUFFIXES:
            data = rendered(figure, suffix)
            _write(folder / f"{name}{suffix}", data)
            if suffix == ".svg":
                found.append(data.decode())
    return found


def _write(file: Path, data: bytes) -> None:
    write_atomic(file, lambda opened: opened.write(data))


def _encoded(page: str) -> bytes:
    # A folder's name may hold bytes that are no text.
    return page.encode("utf-8", "backslashreplace")
