"""A survey: blocks of images are handed out, and what comes back is kept. Imports torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from gridsal_core.errors import GridSalError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.data import Data, stamp
from gridsal_core.survey.hands import Hands, alone
from gridsal_core.survey.ledger import Ledger, storable
from gridsal_core.survey.work import Block, Finished, Place, Planned


@dataclass(frozen=True)
class Progress:
    """How far a survey is.

    Parameters
    ----------
    images, images_total
        Finished, and in the folder.
    items
        Finished, those of earlier runs included.
    fresh
        Items that this run has finished.
    seconds
        Since this run began.
    left
        Seconds that are left if it goes on like this; None while that is not known.
    notes
        Why images were left out since the last progress, one sentence each.
    """

    images: int
    images_total: int
    items: int
    fresh: int
    seconds: float
    left: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Items a minute, of this run."""
        return 60 * self.fresh / self.seconds if self.seconds > 0 else 0.0


def survey_steps(
    network: SegmentationNetwork, data: Data, ledger: Ledger, hands: Hands | None = None
) -> Generator[Progress, None, None]:
    """Do all that is not done yet, and say after every step of the optimisation how far it is.

    To pause, draw no further item; to stop, close the generator: what was finished is kept, and
    the next call goes on from there.

    Parameters
    ----------
    network
        The one that the ledger's survey is defined for.
    data
        The images.
    ledger
        Where the results go, and what asks.
    hands
        Who does the work, as `side_by_side`; this process with `network` if nobody is named. Other
        hands go on with what they have begun while the generator pauses, and no further.

    Raises
    ------
    CheckpointError, DeviceError, OutputError
        If the network fails, the memory does not suffice, the ledger cannot be written, or another
        process is at work on it. An image that cannot be used is noted in the ledger and left out.
    """
    with ledger.at_work():
        yield from _steps(network, data, ledger, hands)


def _steps(
    network: SegmentationNetwork, data: Data, ledger: Ledger, hands: Hands | None
) -> Iterator[Progress]:
    clock = _Clock(len(data.names), ledger.item_count)
    yield clock.progress(_gone(data, ledger))
    due = _due(data, ledger, clock)
    work = hands or alone(Place(network, ledger.survey, data))
    for block, news in work(lambda: next(due, None), lambda block: _block(block.names, ledger)):
        notes: tuple[str, ...] = ()
        if news is None:
            clock.finish(block)
        elif isinstance(news, bytes):
            clock.finish_items(ledger.merge(news))
        elif isinstance(news, Planned):
            ledger.settle(news.contents, news.finished)
            notes = news.notes
        elif isinstance(news, Finished):
            ledger.finish(news.results, news.images)
            notes = news.notes
            clock.finish_items(len(news.results))
        else:
            clock.step(block, news.share)
        yield clock.progress(notes)
    yield clock.progress()


def run_survey(
    network: SegmentationNetwork,
    data: Data,
    ledger: Ledger,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    hands: Hands | None = None,
) -> bool:
    """Do what `survey_steps` does in one call; return whether all is done.

    Parameters
    ----------
    network, data, ledger
        As of `survey_steps`.
    on_progress
        Called after every step.
    stop
        Asked after every step; once it says True, the batches that are worked on are given up.
    hands
        As of `survey_steps`.
    """
    steps = survey_steps(network, data, ledger, hands)
    try:
        for progress in steps:
            on_progress(progress)
            if stop():
                return False
    finally:
        steps.close()
    return True


def _due(data: Data, ledger: Ledger, clock: _Clock) -> Iterator[Block]:
    """Go through the images in blocks, and return those in which something is left to do.

    Where one image of a block is left, all of it are worked on: which requests share a batch must
    not depend on where a survey was interrupted.
    """
    size, names = ledger.survey.means.images, data.names
    for first in range(0, len(names), size):
        some = names[first : first + size]
        if all(_is_finished(data, ledger, name) for name in some):
            clock.skip(len(some))
        else:
            yield _block(some, ledger)


def _gone(data: Data, ledger: Ledger) -> tuple[str, ...]:
    """Say that there are results of images which the folder has no more, if there are."""
    names = set(map(storable, data.names))
    count = sum(state.image not in names for state in ledger.states())
    if not count:
        return ()
    images = "1 surveyed image is" if count == 1 else f"{count:,} surveyed images are"
    return (f"{images} no longer in {data.folder}; what was found there still counts.",)


def _block(names: tuple[str, ...], ledger: Ledger) -> Block:
    stored = map(storable, names)
    return Block(names, {name: frozenset(ledger.known(name)) for name in stored})


def _is_finished(data: Data, ledger: Ledger, name: str) -> bool:
    files = data.image(name), data.label(name, len(ledger.survey.classes))
    try:
        return ledger.is_finished(storable(name), stamp(*files))
    except GridSalError:
        return False


class _Clock:
    """Counts, and reckons how long the rest will take."""

    def __init__(self, images: int, items: int) -> None:
        self._begun = time.monotonic()
        self._total, self._items = images, items
        self._images = self._worked = self._fresh = 0
        self._parts: dict[tuple[str, ...], float] = {}

    def skip(self, images: int) -> None:
        """Count images that were finished before."""
        self._images += images

    def step(self, block: Block, share: float) -> None:
        """Say how far a block is that is worked on."""
        self._parts[block.names] = share * len(block.names)

    def finish(self, block: Block) -> None:
        """Count the images of a block that this run finished."""
        self._parts.pop(block.names, None)
        self._images += len(block.names)
        self._worked += len(block.names)

    def finish_items(self, items: int) -> None:
        """Count items that this run finished."""
        self._fresh += items

    def progress(self, notes: tuple[str, ...] = ()) -> Progress:
        """Say how far it is."""
        seconds = time.monotonic() - self._begun
        part = sum(self._parts.values())
        worked = self._worked + part
        left = self._total - self._images - part
        return Progress(
            self._images,
            self._total,
            self._items + self._fresh,
            self._fresh,
            seconds,
            seconds / worked * left if worked > 0 else None,
            notes,
        )
