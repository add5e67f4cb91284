"""`gridsal export` and `gridsal report`: the results of a session, without a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsal_core.cli.opened import (
    Images,
    Opened,
    Quiet,
    Results,
    Session,
    check_no_source,
    open_session,
)
from gridsal_core.cli.progress import progress
from gridsal_core.errors import OutputError

if TYPE_CHECKING:
    from gridsal_core.session import KeptResult
    from gridsal_core.types import Explanation


def export(
    session: Session,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE.csv|FILE.json|FOLDER", help="Where to; archives go into a folder."
        ),
    ],
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="npz|csv|json", help="What to write; by default as OUT ends."
        ),
    ] = None,
    results: Results = "all",
    images: Images = None,
    quiet: Quiet = False,
) -> None:
    """Write the data of results of a session: a table, a document, or an archive for each."""
    from gridsal_core.atomic import check_writable, make_folder
    from gridsal_core.records import save_record
    from gridsal_core.session.export import (
        archive_names,
        result_record,
        write_records,
        write_table,
    )

    chosen = format_ or out.suffix.lower().lstrip(".") or "npz"
    if chosen not in ("npz", "csv", "json"):
        raise OutputError(f"Data cannot be written as {chosen!r}; choose npz, csv or json.")
    check_no_source(out, [session])
    if chosen != "npz":
        check_writable(out)
    opened = open_session(session, results, images)
    if chosen == "csv":
        write_table(opened.results, out)
    elif chosen == "json":
        each = _each(opened, "reading", quiet=quiet)
        write_records([result_record(kept, found) for kept, found in each], out)
    else:
        make_folder(out)
        names = archive_names(opened.results)
        for name, (_, found) in zip(names, _each(opened, "writing", quiet=quiet), strict=True):
            save_record(found, out / name)
    print(f"{len(opened.results)} results written to {out}")


def report(
    session: Session,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="Write the page here.")],
    title: Annotated[str | None, typer.Option(help="What the page is called.")] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE.json", help="The look of its figures."),
    ] = None,
    results: Results = "all",
    images: Images = None,
    quiet: Quiet = False,
) -> None:
    """Write a report of a session: one web page that needs nothing else, to read and to print."""
    from datetime import UTC, datetime

    from gridsal_core import __version__
    from gridsal_core.atomic import check_writable
    from gridsal_core.figure.presets import find_preset
    from gridsal_core.report import REPORT_FIGURE, ReportHead, report_entry, write_report

    check_writable(out)
    check_no_source(out, [session])
    look = REPORT_FIGURE if preset is None else find_preset(preset)
    look = replace(look, kind="single")
    opened = open_session(session, results, images)
    entries = [
        report_entry(kept, found, opened.label(found), look)
        for kept, found in _each(opened, "drawing", quiet=quiet)
    ]
    head = ReportHead(title or session.stem, datetime.now(UTC), __version__)
    write_report(head, entries, out)
    print(f"{len(entries)} results reported in {out}")


def _each(opened: Opened, doing: str, *, quiet: bool) -> Iterator[tuple[KeptResult, Explanation]]:
    total = len(opened.results)
    with progress(doing, quiet=quiet) as advance:
        for done, kept in enumerate(opened.results, start=1):
            yield kept, opened.explanation(kept)
            advance(done, total, "")
