"""Who does the work of a survey on this machine: this process, or several side by side.

Hands take blocks until there are none, and pass on the news of each; None says that a block is
done. They keep nothing: the ledger is written by the one process that asked them. Imports torch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import torch

from gridsal_core.crew import Crew, Do
from gridsal_core.devices import core_count
from gridsal_core.errors import CheckpointError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.pictures import Picture
from gridsal_core.survey.work import Block, News, Place

Take = Callable[[], Block | None]
Renewed = Callable[[Block], Block]
Hands = Callable[[Take, Renewed], Iterator[tuple[Block, "News | bytes | None"]]]
"""News may come as the bytes of `schema.packed`: a whole block at once."""

Opening = Callable[[], SegmentationNetwork]
"""Opens the network once more, in another process; it has to be picklable."""

# A process that is lost to a full memory may be lucky a second time, but not for ever.
TRIES = 3


def usual_jobs(network: SegmentationNetwork, survey: Survey, size: tuple[int, int]) -> int:
    """Say how many processes suit a survey of images of a size: one for each core, or one on a GPU.

    No more than fit into the memory.
    """
    if network.device.type != "cpu":
        return 1
    fitting = network.max_pixels // (size[0] * size[1])
    return max(1, min(core_count() // survey.means.threads, fitting))


def alone(place: Place) -> Hands:
    """Do everything in this process; while a block is worked on, the next one is read."""

    def work(take: Take, _renewed: Renewed) -> Iterator[tuple[Block, News | bytes | None]]:
        network = place.network
        threads = place.survey.means.threads if network.device.type == "cpu" else None
        with network.borrowed():
            for block, pictures in _read_ahead(place, take):
                for news in _with_threads(threads, place.steps(block, pictures)):
                    yield block, news
                yield block, None

    return work


def side_by_side(opening: Opening, survey: Survey, data: Data, jobs: int) -> Hands:
    """Do blocks in so many processes, each with a network of its own.

    A process that is lost is replaced, and its block begun again.
    """
    crew: Crew[Block, News] = Crew(
        partial(doing, opening, survey, data), jobs, survey.means.threads, "survey", TRIES
    )
    return crew.work


def doing(opening: Opening, survey: Survey, data: Data) -> Do[Block, News]:
    """Open the network in another process, and return what does a block there.

    Raises
    ------
    CheckpointError
        If it cannot be opened, or is no longer the one that the survey is about.
    """
    network = opening()
    if network.sha256 != survey.network_sha256:
        raise CheckpointError(
            f"The network {survey.network} was changed while the survey went on; put the old one "
            "back, or begin a new survey."
        )
    place = Place(network, survey, data)

    def do(block: Block, tell: Callable[[News], None]) -> None:
        with network.borrowed():
            for news in place.steps(block, [place.read(name) for name in block.names]):
                tell(news)

    return do


def _read_ahead(place: Place, take: Take) -> Iterator[tuple[Block, list[Picture]]]:
    waiting: deque[tuple[Block, list[Future[Picture]]]] = deque()
    with ThreadPoolExecutor(1, "survey-reader") as reader:
        try:
            while (block := take()) is not None:
                waiting.append((block, [reader.submit(place.read, name) for name in block.names]))
                if len(waiting) > 1:
                    yield _read(waiting.popleft())
            while waiting:
                yield _read(waiting.popleft())
        finally:
            for _, read in waiting:
                for future in read:
                    future.cancel()


def _read(waiting: tuple[Block, list[Future[Picture]]]) -> tuple[Block, list[Picture]]:
    block, read = waiting
    return block, [future.result() for future in read]


def _with_threads(count: int | None, steps: Iterator[News]) -> Iterator[News]:
    """Let torch use so many threads while a step is taken: by them the last digits may differ."""
    while True:
        before = torch.get_num_threads()
        torch.set_num_threads(count or before)
        try:
            news = next(steps, None)
        finally:
            torch.set_num_threads(before)
        if news is None:
            return
        yield news
