"""The work of a survey on many machines, with Ray: actors hold the network, and take blocks."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from math import inf
from typing import Any, Final

from gridsal_core.crew import Do, Order, opened, portable
from gridsal_core.errors import DeviceError, GridSalError
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.hands import TRIES, Hands, Opening, Renewed, Take, doing
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.parts import Parts
from gridsal_core.survey.results import Result
from gridsal_core.survey.schema import Contents, ImageState, packed
from gridsal_core.survey.work import Block, Finished, News, Planned

# While nothing comes, Control-C is noticed this often.
_SECONDS_BETWEEN_LOOKS: Final = 1.0
_SECONDS_TO_ANSWER: Final = 10.0


def check_ray() -> None:
    """Raise DeviceError, which tells what to install, unless Ray is there."""
    if find_spec("ray") is None:
        raise DeviceError(
            'The engine ray needs Ray, which is missing; run pip install "gridsal[cluster]", or '
            "take --engine local."
        )


def collect(ledger: Ledger, parts: Parts) -> None:
    """Bring into the ledger what workers finished after their driver was lost.

    Raises
    ------
    OutputError
        If the store cannot be read, or the ledger not be written.
    """
    for name in parts.names():
        ledger.merge(parts.read(name))
        parts.remove(name)


@dataclass(frozen=True)
class Cluster:
    """Where to work.

    Parameters
    ----------
    address
        Of a running cluster, as of `ray.init`; None for the environment's RAY_ADDRESS, or else a
        cluster of this machine alone.
    workers
        How many actors; None for as many as the cluster has room for.
    gpu
        Whether each has a GPU; else it has as many cores as the survey has threads.
    """

    address: str | None = None
    workers: int | None = None
    gpu: bool = False

    def hands(self, opening: Opening, survey: Survey, data: Data, store: str) -> Hands:
        """Do blocks in actors of the cluster, each with a network of its own.

        An actor that is lost is replaced, and its block begun again.

        Parameters
        ----------
        opening
            Opens the network on the workers' machines.
        survey, data
            What is asked; the workers read the images where the data says they are.
        store
            Where they leave what they finish, see `Parts`.
        """
        worker = partial(Worker, opening, survey, data, store)

        def work(take: Take, renewed: Renewed) -> Iterator[tuple[Block, News | bytes | None]]:
            parts = Parts(store, survey)
            with self._connected() as ray:
                actors = _Actors(
                    ray, worker, partial(self._count, ray, survey), self._needs(survey)
                )
                for block, (name, notes) in actors.work(take, renewed):
                    if notes:
                        yield block, Planned((), (), notes)
                    yield block, parts.read(name)
                    parts.remove(name)
                    yield block, None

        return work

    def _needs(self, survey: Survey) -> dict[str, int]:
        return {"num_cpus": survey.means.threads, "num_gpus": int(self.gpu)}

    def _count(self, ray: Any, survey: Survey) -> int:  # noqa: ANN401 - it has no types here
        """Say how many actors there are; raises DeviceError if no machine has room for one."""
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        room = room_on(machines, survey.means.threads, gpu=self.gpu)
        if room < 1:
            raise DeviceError(
                f"The Ray cluster has no {'GPU' if self.gpu else 'free core'} for a worker; add "
                "a machine to it, or choose another --device."
            )
        return room if self.workers is None else min(self.workers, room)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        check_ray()
        address = self.address or os.environ.get("RAY_ADDRESS")
        _check_answers(address)
        # Nothing is sent anywhere unless the user has asked for it.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray = import_module("ray")
        try:
            # Without an address Ray looks for the last one begun here, be it long dead.
            where = address or "local"
            ray.init(where, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
        # Ray raises whatever its parts raise: of connections, of values, of time.
        except Exception as error:
            # The error of the token is in the words of the one that is raised, or its cause.
            if "AuthToken" in f"{error} {error.__cause__} {error.__context__}":
                raise _no_token(address) from error
            raise _no_answer(address) from error
        try:
            yield ray
        finally:
            ray.shutdown()


def room_on(machines: Iterable[Mapping[str, float]], threads: int, *, gpu: bool) -> int:
    """Return how many workers of so many threads, each with a GPU if asked, find a machine.

    `machines` are the resources of each, as of `ray.nodes`: a worker is on one machine only.
    """
    return sum(
        int(min(has.get("CPU", 0) // threads, has.get("GPU", 0) if gpu else inf))
        for has in machines
    )


class Worker:
    """What an actor is: it does blocks, and leaves each in the store."""

    def __init__(self, opening: Opening, survey: Survey, data: Data, store: str) -> None:
        self._opening = partial(doing, opening, survey, data)
        self._threads = survey.means.threads
        self._parts = partial(Parts, store, survey)
        self._do: Do[Block, News] | None = None

    def work(self, block: Block) -> tuple[str, tuple[str, ...]] | Exception:
        """Return under which name a block was left, and the notes; or why it cannot be done."""
        contents: list[Contents] = []
        results: list[Result] = []
        images: list[ImageState] = []
        notes: list[str] = []

        def keep(news: News) -> None:
            if isinstance(news, Planned):
                contents.extend(news.contents)
                images.extend(news.finished)
                notes.extend(news.notes)
            elif isinstance(news, Finished):
                results.extend(news.results)
                images.extend(news.images)
                notes.extend(news.notes)

        try:
            # Not before: what is wrong with the network is told as an answer.
            self._do = self._do or opened(self._opening, self._threads)
            self._do(block, keep)
            name = self._parts().write(block.names, packed(contents, results, images))
        except GridSalError as error:
            return portable(error)
        return name, tuple(notes)


class _Actors:
    """Actors, and what each of them is doing."""

    def __init__(
        self,
        ray: Any,  # noqa: ANN401 - it has no types here
        worker: partial[Worker],
        room: Callable[[], int],
        needs: dict[str, int],
    ) -> None:
        self._ray, self._room, self._worker = ray, room, worker
        self._count = room()
        self._made = ray.remote(**needs)(worker.func)
        self._idle: deque[Any] = deque()
        self._running: dict[Any, tuple[Any, Order[Block]]] = {}

    def work(
        self, take: Take, renewed: Renewed
    ) -> Iterator[tuple[Block, tuple[str, tuple[str, ...]]]]:
        """Do blocks until there are none; yields what `Worker.work` returns."""
        again: deque[Order[Block]] = deque()
        try:
            while True:
                self._hand_out(again, take)
                if not self._running:
                    return
                ready, _ = self._ray.wait(list(self._running), timeout=_SECONDS_BETWEEN_LOOKS)
                for reference in ready:
                    actor, order = self._running.pop(reference)
                    try:
                        found = self._ray.get(reference)
                    except self._ray.exceptions.RayTaskError:
                        raise
                    except self._ray.exceptions.RayError as error:
                        again.append(order.again(renewed, TRIES, "A worker of the cluster", error))
                        # Its machine may be gone: an actor without room would wait for ever.
                        self._count = self._room()
                        continue
                    if isinstance(found, Exception):
                        raise found
                    self._idle.append(actor)
                    yield order.task, found
        finally:
            for actor in (*self._idle, *(actor for actor, _ in self._running.values())):
                self._ray.kill(actor)

    def _hand_out(self, again: deque[Order[Block]], take: Take) -> None:
        while self._idle or len(self._running) < self._count:
            order = again.popleft() if again else None
            if order is None:
                block = take()
                if block is None:
                    return
                order = Order(block)
            actor = self._idle.popleft() if self._idle else self._made.remote(*self._worker.args)
            self._running[actor.work.remote(order.task)] = (actor, order)


def _check_answers(address: str | None) -> None:
    """Raise DeviceError at once if nothing listens at a host and port; Ray itself waits long."""
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise _no_answer(address) from error


def _no_token(address: str | None) -> DeviceError:
    return DeviceError(
        f"The Ray cluster at {address} wants a token of its own; set RAY_AUTH_MODE=token where its "
        "token is kept, as Ray's documentation of token authentication says."
    )


def _no_answer(address: str | None) -> DeviceError:
    where = address or "this machine"
    return DeviceError(
        f"No Ray cluster answers at {where}; begin one with ray start --head, or check --address."
    )
