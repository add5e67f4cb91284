"""Processes that work side by side: one task at a time each, and news of it as it comes.

The processes end with the one that began them, however that ends. Of what they find only what they
told is kept, so that a process may be lost at any moment.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from gridsal_core.allocator import keep_freed_memory
from gridsal_core.errors import DeviceError, GridSalError
from gridsal_core.parents import end_with_parent
from gridsal_core.threads import sleep_while_idle

# How long processes are given to end by themselves.
_PATIENCE_SECONDS: Final = 2.0

Task = TypeVar("Task")
News = TypeVar("News")
Do = Callable[[Task, Callable[[News], None]], None]
"""Does a task, and calls what it is given with every piece of news."""


@dataclass(frozen=True)
class Crew(Generic[Task, News]):
    """So many processes, and what they do.

    Parameters
    ----------
    opening
        Called once in each process: returns what does a task there. It is pickled, as are tasks
        and news.
    jobs
        How many processes there are.
    threads
        Of torch, in each.
    name
        What the work is called in an error message, as in `survey`.
    tries
        A process that is lost is replaced and its task begun again, unless that task has lost so
        many.
    """

    opening: Callable[[], Do[Task, News]]
    jobs: int
    threads: int
    name: str
    tries: int = 1

    def work(
        self, take: Callable[[], Task | None], renewed: Callable[[Task], Task] = lambda task: task
    ) -> Iterator[tuple[Task, News | None]]:
        """Do tasks until there are no more, and pass on the news of each; None says it is done.

        Close the iterator to end the processes.

        Parameters
        ----------
        take
            Returns the next task, or None while there is none. It is asked again whenever a task is
            done.
        renewed
            Makes the task anew that a lost process had begun.

        Raises
        ------
        DeviceError
            If too many processes end unexpectedly over one task.
        GridSalError
            As a task raises it.
        """
        members: list[_Member[Task]] = []
        again: deque[Order[Task]] = deque()
        try:
            while True:
                self._hand_out(members, again, take)
                busy: dict[object, _Member[Task]] = {
                    each.connection: each for each in members if each.order is not None
                }
                if not busy:
                    return
                for ready in wait([each.connection for each in busy.values()]):
                    member = busy[ready]
                    order = member.order
                    if order is None:
                        continue
                    try:
                        kind, value = member.connection.recv()
                    except (EOFError, OSError):
                        members.remove(member)
                        member.dismiss()
                        told = f"A process of the {self.name}"
                        again.append(order.again(renewed, self.tries, told))
                        continue
                    if kind == "failed":
                        raise value
                    if kind == "done":
                        member.order = None
                    yield order.task, value
        finally:
            _dismiss(members)

    def _hand_out(
        self,
        members: list[_Member[Task]],
        again: deque[Order[Task]],
        take: Callable[[], Task | None],
    ) -> None:
        """Give everybody who has none a task, while there are any."""
        idle = deque(each for each in members if each.order is None)
        while idle or len(members) < self.jobs:
            order = again.popleft() if again else None
            if order is None:
                task = take()
                if task is None:
                    return
                order = Order(task)
            if idle:
                member = idle.popleft()
            else:
                member = _Member.begun(self.opening, self.threads)
                members.append(member)
            member.give(order)


@dataclass(frozen=True)
class Order(Generic[Task]):
    """A task, and how many processes were lost over it."""

    task: Task
    losses: int = 0

    def again(
        self,
        renewed: Callable[[Task], Task],
        tries: int,
        who: str,
        error: Exception | None = None,
    ) -> Order[Task]:
        """Return the order once more, after a loss; raises DeviceError after so many tries."""
        if self.losses + 1 >= tries:
            raise DeviceError(
                f"{who} ended unexpectedly, perhaps for want of memory; start it again with fewer "
                "--jobs. What was done is kept."
            ) from error
        return Order(renewed(self.task), self.losses + 1)


class _Member(Generic[Task]):
    """A process, this end of its pipe, and what it is doing."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process, self.connection = process, connection
        self.order: Order[Task] | None = None

    @classmethod
    def begun(cls, opening: Callable[[], Any], threads: int) -> _Member[Task]:
        # A forked process would share the threads of torch, and a GPU cannot be forked at all.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, opening, threads))
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, order: Order[Task]) -> None:
        """Send a task; that the process has ended is noticed when it is listened to."""
        self.order = order
        try:
            self.connection.send(order.task)
        except OSError:
            return

    def dismiss(self) -> None:
        """End the process at once."""
        self.connection.close()
        self.process.kill()
        self.process.join()


def _dismiss(members: list[_Member[Any]]) -> None:
    """Let processes end by themselves for a moment, then end them."""
    for member in members:
        member.connection.close()
    until = monotonic() + _PATIENCE_SECONDS
    for member in members:
        member.process.join(max(0.0, until - monotonic()))
    for member in members:
        member.dismiss()


def _serve(connection: Connection, opening: Callable[[], Do[Any, Any]], threads: int) -> None:
    """Do tasks until the other end of the pipe is closed."""
    # Control-C reaches every process of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    try:
        try:
            do = opened(opening, threads)
            while True:
                do(connection.recv(), lambda news: connection.send(("news", news)))
                connection.send(("done", None))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        # Whatever it is, it is raised again where it can be told.
        except Exception as error:  # noqa: BLE001
            connection.send(("failed", portable(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody wants to know any more


def opened(opening: Callable[[], Do[Any, Any]], threads: int) -> Do[Any, Any]:
    """Prepare this process for computing with so many threads of torch, and open what does it."""
    sleep_while_idle()
    keep_freed_memory()
    import torch

    torch.set_num_threads(threads)
    return opening()


def portable(error: Exception) -> Exception:
    """Return an error that other processes can read: itself, or one of the same words."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    # Its class may need more than words to be made again.
    except Exception:  # noqa: BLE001
        kind = GridSalError if isinstance(error, GridSalError) else RuntimeError
        return kind(str(error))
    return error
