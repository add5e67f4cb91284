"""`gridsal models`: the networks that are known by name, and fetching them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsal_core.cli.progress import progress, say

if TYPE_CHECKING:
    from gridsal_core.library import LibraryEntry

app = typer.Typer(
    help="Networks that are known by name: list them, fetch them.", invoke_without_command=True
)
_MEGABYTE = 1_000_000


@app.callback()
def models(context: typer.Context) -> None:
    """Networks that are known by name: list them, fetch them."""
    if context.invoked_subcommand is None:
        print_library()


@app.command("list")
def print_library() -> None:
    """List the networks that are known by name."""
    from rich.console import Console
    from rich.table import Table

    from gridsal_core.library import LIBRARY

    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    for heading in ("data", "classes", "size", "licence", "here"):
        right = heading in ("classes", "size")
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for entry in LIBRARY:
        table.add_row(*_row(entry))
    # Wide enough for the names even where the terminal is not: they are there to be copied.
    console = Console()
    console.width = max(console.width, 140)
    console.print(table)


@app.command("fetch")
def fetch_command(
    name: Annotated[str, typer.Argument(help="A name of the list, or owner/name on the hub.")],
) -> None:
    """Fetch a network onto this computer; a broken-off download is gone on with."""
    from gridsal_core.library import find_entry, is_fetchable

    if find_entry(name) is not None and not is_fetchable(name):
        say(f"{name} is on this computer already.")
        return
    fetch_with_progress(name)
    print(f"{name} is on this computer now.")


def fetch_if_needed(source: str, *, weights: Path | None = None, quiet: bool = False) -> None:
    """Fetch a network that is given by name and not here yet, before it is opened.

    With weights of the user's own there is nothing to fetch.

    Raises
    ------
    CheckpointError
        If it cannot be fetched.
    """
    from gridsal_core.library import is_fetchable

    if weights is None and is_fetchable(source):
        fetch_with_progress(source, quiet=quiet)


def fetch_with_progress(source: str, *, quiet: bool = False) -> None:
    """Fetch a network and show how far it is.

    Raises
    ------
    CheckpointError
        If it cannot be fetched.
    """
    from gridsal_core.library import fetch

    with progress(f"Fetching {source}", quiet=quiet) as advance:

        def told(done: int, total: int) -> None:
            # Some servers do not say how much there is.
            advance(round(done / _MEGABYTE), max(round(max(done, total) / _MEGABYTE), 1), "MB")

        fetch(source, progress=told)


def _row(entry: LibraryEntry) -> tuple[str, ...]:
    from gridsal_core.library import is_on_disk

    return (
        entry.source,
        entry.data,
        str(entry.classes),
        f"{entry.bytes / _MEGABYTE:.0f} MB",
        entry.license,
        "yes" if is_on_disk(entry) else "",
    )
