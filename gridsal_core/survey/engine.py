"""A survey on one machine: image by image, requests of one size as one batch. Imports torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gridsal_core.arrays import FloatArray, IndexArray
from gridsal_core.errors import CheckpointError, DeviceError, GridSalError
from gridsal_core.grid_saliency import explain_many_steps
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.items import Item, plan_image
from gridsal_core.survey.kinds import RequestKind
from gridsal_core.survey.ledger import ImageState, Ledger
from gridsal_core.survey.pictures import Picture, blocks
from gridsal_core.survey.results import Flips, Result, measured, removed
from gridsal_core.types import Explanation, RegionOrigin, Request

ORIGINS: Final[dict[RequestKind, RegionOrigin]] = {
    "predicted": "predicted segment",
    "correct": "correct part",
    "erroneous": "erroneous part",
    "confusions": "array",
}


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
    network: SegmentationNetwork, data: Data, ledger: Ledger
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

    Raises
    ------
    CheckpointError, DeviceError, OutputError
        If the network fails, the memory does not suffice, or the ledger cannot be written. An image
        that cannot be used is noted in the ledger and left out.
    """
    survey = ledger.survey
    clock = _Clock(len(data.names), ledger.item_count)
    yield clock.progress()
    with network.borrowed():
        # Before the first prediction: an interrupted survey has to predict as this one does.
        network.speed_up()
        for block in blocks(survey, network.card.input, data, ledger):
            clock.skip_to(block.done - len(block.pictures))
            plan = _Plan.of(network, survey, block.pictures, ledger)
            yield clock.progress(notes=plan.notes)
            total = sum(len(batch) for batch in plan.batches) or 1
            done = 0
            for number, batch in enumerate(plan.batches):
                finished = plan.finished.get(number, [])
                for share in _run(network, survey, batch, finished, ledger):
                    part = (done + share * len(batch)) / total
                    yield clock.progress(part * len(block.pictures))
                clock.finish_items(len(batch))
                done += len(batch)
            clock.finish(len(block.pictures))
            yield clock.progress()
    clock.skip_to(len(data.names))
    yield clock.progress()


def run_survey(
    network: SegmentationNetwork,
    data: Data,
    ledger: Ledger,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Do what `survey_steps` does in one call; return whether all is done.

    Parameters
    ----------
    network, data, ledger
        As of `survey_steps`.
    on_progress
        Called after every step.
    stop
        Asked after every step; once it says True, the batch that is worked on is given up.
    """
    steps = survey_steps(network, data, ledger)
    try:
        for progress in steps:
            on_progress(progress)
            if stop():
                return False
    finally:
        steps.close()
    return True


@dataclass(frozen=True, eq=False)
class _Piece:
    """An item, the picture that it is about, and its classes: true ones, or else predicted."""

    item: Item
    picture: Picture
    pixels: FloatArray
    class_map: IndexArray


@dataclass(frozen=True, eq=False)
class _Plan:
    """The batches of a block of images that are not done, and what finishes with each."""

    batches: tuple[tuple[_Piece, ...], ...]
    finished: dict[int, list[ImageState]]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        network: SegmentationNetwork,
        survey: Survey,
        pictures: Sequence[Picture],
        ledger: Ledger,
    ) -> _Plan:
        states: list[ImageState] = []
        pieces: list[_Piece] = []
        for picture in pictures:
            found, note = _planned(network, survey, picture)
            pieces += found
            states.append(
                ImageState(picture.name, picture.stamp, picture.content, len(found), note)
            )
            ledger.forget(picture.name, {piece.item.identity for piece in found})
        known = {state.image: ledger.known(state.image) for state in states}
        due = [
            batch
            for batch in _batches(pieces, survey.means.pixels)
            if any(each.item.identity not in known[each.item.image] for each in batch)
        ]
        last = {each.item.image: number for number, batch in enumerate(due) for each in batch}
        finished: dict[int, list[ImageState]] = {}
        for state in states:
            finished.setdefault(last.get(state.image, -1), []).append(state)
        ledger.finish((), finished.pop(-1, ()))
        return cls(tuple(due), finished, tuple(state.note for state in states if state.note))


def _planned(
    network: SegmentationNetwork, survey: Survey, picture: Picture
) -> tuple[list[_Piece], str]:
    """Find the items of a picture, or say why there can be none."""
    pixels = picture.pixels
    if pixels is None:
        return [], picture.note
    try:
        class_map = network.predict(pixels).class_map
        truth = class_map if picture.label is None else picture.label
        items = plan_image(survey, picture.name, picture.content, class_map, picture.label)
    except (CheckpointError, DeviceError):
        raise
    except GridSalError as error:
        return [], f"{picture.name}: {error}"
    return [_Piece(item, picture, pixels, truth) for item in items], ""


def _batches(pieces: Sequence[_Piece], pixels: int) -> Iterator[tuple[_Piece, ...]]:
    """Put pieces of one size together, at most so many pixels of them, at least one piece."""
    sizes: dict[tuple[int, ...], list[_Piece]] = {}
    for piece in pieces:
        sizes.setdefault(piece.item.region.shape, []).append(piece)
    for (height, width), some in sizes.items():
        most = max(1, pixels // (height * width))
        for first in range(0, len(some), most):
            yield tuple(some[first : first + most])


def _run(
    network: SegmentationNetwork,
    survey: Survey,
    batch: tuple[_Piece, ...],
    finished: list[ImageState],
    ledger: Ledger,
) -> Iterator[float]:
    """Explain a batch, and keep its results with the images that it finishes; yields its share."""
    height, width = batch[0].item.region.shape
    settings = survey.settings((height, width))
    steps = explain_many_steps(network, [_request(piece) for piece in batch], settings)
    while True:
        try:
            snapshot = next(steps)
        except StopIteration as end:
            explanations: list[Explanation] = end.value
            break
        yield snapshot.step / snapshot.steps
    results: list[Result] = []
    for piece, explanation in zip(batch, explanations, strict=True):
        flips: Flips | None = None
        if survey.flips:
            flips = removed(network, explanation, piece.class_map)
        results.append(measured(survey, piece.item, explanation, piece.class_map, flips))
        # Removing context takes passes of its own, and whoever draws may have others waiting.
        yield 1.0
    ledger.finish(results, finished)


def _request(piece: _Piece) -> Request:
    item, picture = piece.item, piece.picture
    return Request(
        piece.pixels,
        item.region,
        item.class_index,
        ORIGINS[item.kind],
        picture.file,
        frame=picture.frame,
    )


class _Clock:
    """Counts, and reckons how long the rest will take."""

    def __init__(self, images: int, items: int) -> None:
        self._begun = time.monotonic()
        self._total, self._items = images, items
        self._images = self._worked = self._fresh = 0

    def skip_to(self, images: int) -> None:
        """Count images that were finished before."""
        self._images = images

    def finish(self, images: int) -> None:
        """Count images that this run finished."""
        self._images += images
        self._worked += images

    def finish_items(self, items: int) -> None:
        """Count items that this run finished."""
        self._fresh += items

    def progress(self, part: float = 0.0, notes: tuple[str, ...] = ()) -> Progress:
        """Say how far it is, with so many images' worth of the block that is worked on."""
        seconds = time.monotonic() - self._begun
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
