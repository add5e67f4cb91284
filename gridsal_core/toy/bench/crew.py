"""Do the pieces of a benchmark, here or in several processes side by side. Imports torch."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import Final, Protocol

import torch

from gridsal_core.allocator import keep_freed_memory
from gridsal_core.errors import DeviceError
from gridsal_core.toy.bench.plan import MOST_JOBS
from gridsal_core.toy.bench.work import Piece, Place, Tell

_SECONDS_BETWEEN_NEWS: Final = 0.2

After = Callable[[Piece], Iterable[Piece]]


class _Mail(Protocol):
    """The part of a queue of `multiprocessing` that is used, which has no type of its own."""

    def put(self, item: tuple[str, int, int, str]) -> None: ...

    def get_nowait(self) -> tuple[str, int, int, str]: ...


class _Stop(Protocol):
    def is_set(self) -> bool: ...


class _StoppedError(Exception):
    """The work is no longer wanted."""


def usual_jobs(device: torch.device) -> int:
    """Say how many processes suit a device: one for each core, but one alone on a GPU.

    A small network on a small image keeps one core busy, and two of them not twice as busy.
    """
    return 1 if device.type != "cpu" else min(os.cpu_count() or 1, MOST_JOBS)


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
    if jobs == 1:
        waiting = deque(first)
        while waiting:
            piece = waiting.popleft()
            piece.do(place, tell)
            waiting.extend(after(piece))
    else:
        _side_by_side(place, first, after, jobs, tell)


def _side_by_side(
    place: Place, first: Iterable[Piece], after: After, jobs: int, tell: Tell
) -> None:
    # A forked process would share the threads of torch, and a GPU cannot be forked at all.
    context = multiprocessing.get_context("spawn")
    mail: _Mail = context.Queue()
    stop = context.Event()
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(jobs, context, _begin, (mail, stop, threads)) as pool:
        running: dict[Future[None], Piece] = {}
        try:
            running |= {pool.submit(_do, place, piece): piece for piece in first}
            while running:
                done, _ = wait(running, _SECONDS_BETWEEN_NEWS, FIRST_COMPLETED)
                _read(mail, tell)
                for future in done:
                    future.result()
                    following = after(running.pop(future))
                    running |= {pool.submit(_do, place, piece): piece for piece in following}
        except BrokenProcessPool as error:
            raise DeviceError(
                "A process of the benchmark ended unexpectedly, perhaps for want of memory; start "
                "it again with fewer --jobs. What was done is kept."
            ) from error
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            _read(mail, tell)


def _read(mail: _Mail, tell: Tell) -> None:
    while True:
        try:
            news = mail.get_nowait()
        except queue.Empty:
            return
        tell(*news)


_mail: _Mail
_stop: _Stop


def _begin(mail: _Mail, stop: _Stop, threads: int) -> None:
    global _mail, _stop
    _mail, _stop = mail, stop
    # Control-C reaches every process of a terminal; the first one tells the others to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    keep_freed_memory()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    """End this process once the one that started it is gone, however that ended."""
    parent.join()
    os._exit(1)


def _do(place: Place, piece: Piece) -> None:
    piece.do(place, _tell)


def _tell(title: str, done: int, total: int, note: str) -> None:
    if _stop.is_set():
        raise _StoppedError
    _mail.put((title, done, total, note))
