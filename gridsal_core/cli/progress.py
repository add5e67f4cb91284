"""Progress on stderr: a bar on a terminal, a few plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Advance = Callable[[int, int, str], None]


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Show a task; call what is yielded with (done, total, note)."""
    if quiet:
        yield lambda done, total, note: None
    elif sys.stderr.isatty():
        yield from _bar(title)
    else:
        yield _lines(title)


def say(text: str, *, quiet: bool = False) -> None:
    """Tell the user something on stderr."""
    # That nobody reads on is no reason to stop the work.
    if not quiet:
        with suppress(BrokenPipeError):
            print(text, file=sys.stderr, flush=True)


def _bar(title: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Left(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=None, note="")

        def advance(done: int, total: int, note: str) -> None:
            bars.update(task, completed=done, total=total, note=note)

        yield advance


def _lines(title: str) -> Advance:
    told = 0

    def advance(done: int, total: int, note: str) -> None:
        nonlocal told
        quarter = 4 * done // total
        if quarter > told:
            told = quarter
            say(f"{title}: {done} of {total} {note}".rstrip())

    return advance
