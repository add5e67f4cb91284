"""The images of a survey and their label maps, read ahead in a thread of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gridsal_core.arrays import FloatArray, IndexArray
from gridsal_core.checkpoints.card import InputCard
from gridsal_core.datasets.labels import read_label
from gridsal_core.errors import GridSalError
from gridsal_core.frames import Frame
from gridsal_core.images import image_info, read_image
from gridsal_core.survey.data import Data, fingerprint, stamp
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.ledger import Ledger, storable
from gridsal_core.working_scale import choose_frame


@dataclass(frozen=True, eq=False)
class Picture:
    """An image that is ready to be worked on, or the reason why it cannot be.

    Parameters
    ----------
    name
        Relative to the data's folder; its name in the ledger.
    file
        Where it is.
    stamp, content
        As of `data.stamp` and `data.fingerprint`.
    pixels
        (H, W, C) float32 in [0, 1] at the working scale.
    label
        (H, W) true classes, if the survey has label maps.
    frame
        The working scale; None is the whole image as it is.
    note
        Why it cannot be used; the arrays are None then.
    """

    name: str
    file: Path
    stamp: str
    content: str = ""
    pixels: FloatArray | None = None
    label: IndexArray | None = None
    frame: Frame | None = None
    note: str = ""


@dataclass(frozen=True)
class Block:
    """So many images that are planned together.

    `pictures` are those of them that are not finished; `done` counts all images up to its end.
    """

    pictures: tuple[Picture, ...]
    done: int


def blocks(survey: Survey, inputs: InputCard, data: Data, ledger: Ledger) -> Iterator[Block]:
    """Go through the images in blocks; while one is worked on, the next is read.

    Parameters
    ----------
    survey, data, ledger
        What is asked, of which images, and what of it is done.
    inputs
        What the network takes.

    Yields
    ------
    Every block in which something is left to do. Where one image of a block is left, all of it are
    read: which requests share a batch must not depend on where a survey was interrupted.
    """
    size, names = survey.means.images, data.names
    with ThreadPoolExecutor(1, "survey-reader") as reader:
        waiting: deque[tuple[list[Future[Picture]], int]] = deque()
        try:
            for first in range(0, len(names), size):
                some = names[first : first + size]
                if all(_is_finished(survey, data, ledger, name) for name in some):
                    continue
                read = [reader.submit(_read, survey, inputs, data, name) for name in some]
                waiting.append((read, first + len(some)))
                if len(waiting) > 1:
                    yield _block(waiting.popleft())
            while waiting:
                yield _block(waiting.popleft())
        finally:
            for read, _ in waiting:
                for future in read:
                    future.cancel()


def _block(waiting: tuple[list[Future[Picture]], int]) -> Block:
    read, done = waiting
    return Block(tuple(future.result() for future in read), done)


def _is_finished(survey: Survey, data: Data, ledger: Ledger, name: str) -> bool:
    files = data.image(name), data.label(name, len(survey.classes))
    try:
        return ledger.is_finished(storable(name), stamp(*files))
    except GridSalError:
        return False


def _read(survey: Survey, inputs: InputCard, data: Data, name: str) -> Picture:
    file, shown = data.image(name), storable(name)
    now = ""
    try:
        place = data.label(name, len(survey.classes))
        now = stamp(file, place)
        if data.labels is not None and place is None:
            return Picture(shown, file, now, note=f"{shown} has no label map.")
        content = fingerprint(file, place)
        full = image_info(file).size
        frame = choose_frame(full, survey.scale, survey.means.max_pixels)
        part = None if frame == Frame.whole(full) else frame
        pixels = read_image(file, inputs.channels, values=inputs.values, frame=part)
        label = None if place is None else read_label(place, frame.size, survey.classes)
    except GridSalError as error:
        return Picture(shown, file, now, note=str(error))
    return Picture(shown, file, now, content, pixels, label, part)
