"""Do the pieces of a benchmark, here or in several processes side by side. Imports torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

import torch

from gridsal_core.crew import Crew, Do
from gridsal_core.devices import core_count
from gridsal_core.toy.bench.plan import MOST_JOBS
from gridsal_core.toy.bench.work import Piece, Place, Tell

After = Callable[[Piece], Iterable[Piece]]
_Told = tuple[str, int, int, str]


def usual_jobs(device: torch.device) -> int:
    """Say how many processes suit a device: one for each core, but one alone on a GPU.

    A small network on a small image keeps one core busy, and two of them not twice as busy.
    """
    return 1 if device.type != "cpu" else min(core_count(), MOST_JOBS)


def carry_out(place: Place, first: Iterable[Piece], after: After, jobs: int, tell: Tell) -> None:
    """Do `first` and whatever is `after` each piece, in this order as far as `jobs` allow.

    Parameters
    ----------
    place
        Where.
    first
        Pieces that need nothing else.
    after
        Asked when a piece is done, in this process: which others can be done now.
    jobs
        Processes at a time; with 1 all is done in this one.
    tell
        Called in this process.

    Raises
    ------
    DeviceError
        If a process ends unexpectedly.
    GridSalError
        As a piece raises it.
    """
    waiting = deque(first)
    if jobs == 1:
        while waiting:
            piece = waiting.popleft()
            piece.do(place, tell)
            waiting.extend(after(piece))
        return
    crew: Crew[Piece, _Told] = Crew(
        partial(_at, place), jobs, threads=max(1, core_count() // jobs), name="benchmark"
    )
    for piece, news in crew.work(lambda: waiting.popleft() if waiting else None):
        if news is None:
            waiting.extend(after(piece))
        else:
            tell(*news)


def _at(place: Place) -> Do[Piece, _Told]:
    def do(piece: Piece, tell: Callable[[_Told], None]) -> None:
        piece.do(place, lambda *news: tell(news))

    return do
