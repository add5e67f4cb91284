"""The work on one block of images: planned together, requests of one size as one batch.

The same wherever it is done: here, in another process, or on another machine. It reads images and
the network alone; what it finds goes to whoever keeps the ledger. Imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gridsal_core.arrays import FloatArray, IndexArray
from gridsal_core.errors import CheckpointError, DeviceError, GridSalError, ScoresError
from gridsal_core.grid_saliency import explain_many_steps
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.items import Item, plan_image
from gridsal_core.survey.kinds import RequestKind
from gridsal_core.survey.pictures import Picture, read_picture
from gridsal_core.survey.results import Flips, Result, measured, removed
from gridsal_core.survey.schema import Contents, ImageState
from gridsal_core.types import Explanation, RegionOrigin, Request

ORIGINS: Final[dict[RequestKind, RegionOrigin]] = {
    "predicted": "predicted segment",
    "correct": "correct part",
    "erroneous": "erroneous part",
    "confusions": "array",
}


@dataclass(frozen=True)
class Block:
    """Images that are planned together, all of them: what shares a batch must not change.

    Parameters
    ----------
    names
        Relative to the data's folder.
    known
        Of each image by its name in the ledger: the items that are finished.
    """

    names: tuple[str, ...]
    known: Mapping[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class Planned:
    """What is wanted of a block, image by image, and the images in which nothing is left to do."""

    contents: tuple[Contents, ...]
    finished: tuple[ImageState, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Stepped:
    """Which share of the block is done."""

    share: float


@dataclass(frozen=True, eq=False)
class Finished:
    """The results of a batch, and the images that it finishes."""

    results: tuple[Result, ...]
    images: tuple[ImageState, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing of the images."""
        return tuple(state.note for state in self.images if state.note)


News = Planned | Stepped | Finished


@dataclass(frozen=True, eq=False)
class Place:
    """All that a block needs."""

    network: SegmentationNetwork
    survey: Survey
    data: Data

    def read(self, name: str) -> Picture:
        """Read an image of a block, or say why it cannot be used."""
        return read_picture(self.survey, self.network.card.input, self.data, name)

    def steps(self, block: Block, pictures: Sequence[Picture]) -> Iterator[News]:
        """Do what is left of a block, whose images are given; news after every step.

        Call it while the network is borrowed.

        Raises
        ------
        CheckpointError, DeviceError
            If the network fails, or the memory does not suffice. Where its scores on an image are
            no finite numbers, that request alone is left out, and the image gets a note.
        """
        # Before the first prediction: an interrupted survey has to predict as this one does.
        self.network.speed_up()
        planned, batches, finished = self._plan(block, pictures)
        yield planned
        total = sum(len(batch) for batch in batches) or 1
        done = 0
        left_out: dict[str, str] = {}
        for number, batch in enumerate(batches):
            results: list[Result] = []
            for found in _explained(self.network, self.survey, batch):
                if isinstance(found, Result):
                    results.append(found)
                elif isinstance(found, _LeftOut):
                    left_out[found.image] = found.note
                else:
                    yield Stepped((done + found * len(batch)) / total)
            done += len(batch)
            states = tuple(
                replace(state, note=left_out.get(state.image, state.note))
                for state in finished.get(number, ())
            )
            yield Finished(tuple(results), states)

    def _plan(
        self, block: Block, pictures: Sequence[Picture]
    ) -> tuple[Planned, list[tuple[_Piece, ...]], dict[int, list[ImageState]]]:
        """Find the batches that are not done, and which images each of them finishes."""
        states: list[ImageState] = []
        contents: list[Contents] = []
        pieces: list[_Piece] = []
        for picture in pictures:
            found, note = _planned(self.network, self.survey, picture)
            pieces += found
            # Of what cannot be read just now, what was found before is kept.
            wanted = (
                block.known[picture.name]
                if note
                else frozenset(piece.item.identity for piece in found)
            )
            contents.append(Contents(picture.name, wanted))
            states.append(
                ImageState(picture.name, picture.stamp, picture.content, len(found), note)
            )
        batches = [
            batch
            for batch in _batches(pieces, self.survey.means.pixels)
            if any(each.item.identity not in block.known[each.item.image] for each in batch)
        ]
        last = {each.item.image: number for number, batch in enumerate(batches) for each in batch}
        finished: dict[int, list[ImageState]] = {}
        for state in states:
            finished.setdefault(last.get(state.image, -1), []).append(state)
        notes = tuple(state.note for state in states if state.note)
        nothing_left = tuple(finished.pop(-1, ()))
        return Planned(tuple(contents), nothing_left, notes), batches, finished


@dataclass(frozen=True)
class _LeftOut:
    """An image one of whose items cannot be explained, and why."""

    image: str
    note: str


@dataclass(frozen=True, eq=False)
class _Piece:
    """An item, the picture that it is about, and its classes: true ones, or else predicted."""

    item: Item
    picture: Picture
    pixels: FloatArray
    class_map: IndexArray

    @property
    def request(self) -> Request:
        item, picture = self.item, self.picture
        origin = ORIGINS[item.kind]
        return Request(
            self.pixels, item.region, item.class_index, origin, picture.file, frame=picture.frame
        )


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


def _explained(
    network: SegmentationNetwork, survey: Survey, batch: tuple[_Piece, ...]
) -> Iterator[float | Result | _LeftOut]:
    """Explain a batch: yields which share of it is done, and at last what came of each piece.

    Scores that are no numbers spoil a whole batch: its pieces are then explained one by one.
    """
    try:
        yield from _explained_together(network, survey, batch)
    except ScoresError as error:
        if len(batch) == 1:
            image = batch[0].item.image
            yield _LeftOut(image, f"{image}: {error}")
            return
        for piece in batch:
            yield from _explained(network, survey, (piece,))


def _explained_together(
    network: SegmentationNetwork, survey: Survey, batch: tuple[_Piece, ...]
) -> Iterator[float | Result]:
    height, width = batch[0].item.region.shape
    settings = survey.settings((height, width))
    steps = explain_many_steps(network, [piece.request for piece in batch], settings)
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
    yield from results
