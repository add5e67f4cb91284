"""Progress on stderr: a bar on a terminal, a few plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

Advance = Callable[[int, int, str], None]
AdvanceOne = Callable[[str, int, int, str], None]


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Show a task; call what is yielded with (done, total, note)."""
    with _shown(quiet, keep=True) as advance:
        advance(title, 0, 0, "")
        yield partial(advance, title)


@contextmanager
def progress_side_by_side() -> Iterator[AdvanceOne]:
    """Show tasks that run side by side; call what is yielded with (title, done, total, note)."""
    with _shown(False, keep=False) as advance:
        yield advance


@contextmanager
def _shown(quiet: bool, *, keep: bool) -> Iterator[AdvanceOne]:
    if quiet:
        yield lambda title, done, total, note: None
    elif sys.stderr.isatty():
        yield from _bars(keep=keep)
    else:
        yield _lines()


def say(text: str, *, quiet: bool = False) -> None:
    """Tell the user something on stderr."""
    # That nobody reads on is no reason to stop the work.
    if not quiet:
        with suppress(BrokenPipeError):
            print(text, file=sys.stderr, flush=True)


def _bars(*, keep: bool) -> Iterator[AdvanceOne]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Left(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        shown: dict[str, TaskID] = {}

        def advance(title: str, done: int, total: int, note: str) -> None:
            if title not in shown:
                shown[title] = bars.add_task(title, total=None, note="")
            bars.update(shown[title], completed=done, total=total or None, note=note)
            if done == total > 0 and not keep:
                bars.remove_task(shown.pop(title))

        yield advance


def _lines() -> AdvanceOne:
    told: dict[str, int] = {}

    def advance(title: str, done: int, total: int, note: str) -> None:
        quarter = 4 * done // total if total else 0
        if quarter > told.get(title, 0):
            told[title] = quarter
            say(f"{title}: {done} of {total} {note}".rstrip())

    return advance
