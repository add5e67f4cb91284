"""From what the command line names to a request: image, frame, region and class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.frames import Box, Frame
from gridsal_core.types import Prediction, RegionOrigin, Request, find_class
from gridsal_core.working_scale import (
    WorkingScale,
    choose_frame,
    full_box,
    point_in_frame,
    region_in_frame,
)

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork


@dataclass(frozen=True)
class Subject:
    """Which pixels: a page of an image, at which scale."""

    image: Path
    page: int
    scale: WorkingScale
    allow_large: bool


@dataclass(frozen=True)
class Choice:
    """Which region, given in one of three ways, and which class, if not the predicted one.

    `point` is in pixels of the whole image.
    """

    region: Path | None
    point: tuple[int, int] | None
    segment_of: str | None
    class_: str | None


def make_request(
    network: SegmentationNetwork,
    subject: Subject,
    choice: Choice,
    full: tuple[int, int],
    painted: BoolArray | None,
) -> tuple[Request, tuple[str, ...]]:
    """Choose the frame, read and segment the image in it, and find region and class there.

    Parameters
    ----------
    network, subject, choice
        What was asked.
    full
        (height, width) of the whole image.
    painted
        The region that was read, at that size, if one was given.

    Returns
    -------
    The request, and the notes on its image and its prediction.

    Raises
    ------
    RequestError, ImageError, SettingsError, CheckpointError, DeviceError
        If the parts do not fit each other.
    """
    from gridsal_core.images import dim_note, image_info

    frame = _frame(network, subject, choice, full, painted)
    pixels = _read(network, subject, frame)
    prediction = network.predict(pixels)
    region = _region(network, choice, frame, painted, prediction)
    chosen = _class(network, choice, prediction, region)
    origin: RegionOrigin = "predicted segment" if painted is None else "file"
    part = None if frame == Frame.whole(full) else frame
    request = Request(pixels, region, chosen, origin, subject.image, subject.page, part)
    info = image_info(subject.image, subject.page, allow_large=subject.allow_large)
    dim = dim_note(pixels, info.dtype, network.card.input.values)
    return request, (*([dim] if dim else []), *prediction.notes)


def _frame(
    network: SegmentationNetwork,
    subject: Subject,
    choice: Choice,
    full: tuple[int, int],
    painted: BoolArray | None,
) -> Frame:
    from gridsal_core.measure import LEAST_PIXELS
    from gridsal_core.regions import bounding_box

    if subject.scale != "crop":
        # A small image always fits; what fits is measured only where it may matter.
        is_open = full[0] * full[1] > LEAST_PIXELS
        return choose_frame(full, subject.scale, network.max_pixels if is_open else LEAST_PIXELS)
    box: Box
    if painted is not None:
        box = bounding_box(painted)
    else:
        # The segment is looked for on the whole image first, to know where to crop.
        coarse = choose_frame(full, "fit", network.max_pixels)
        prediction = network.predict(_read(network, subject, coarse))
        box = full_box(bounding_box(_region(network, choice, coarse, None, prediction)), coarse)
    return choose_frame(full, "crop", network.max_pixels, box, network.receptive_field)


def _read(network: SegmentationNetwork, subject: Subject, frame: Frame) -> FloatArray:
    from gridsal_core.images import read_image

    card = network.card.input
    return read_image(
        subject.image,
        card.channels,
        page=subject.page,
        values=card.values,
        frame=None if frame == Frame.whole(frame.full) else frame,
        allow_large=subject.allow_large,
    )


def _region(
    network: SegmentationNetwork,
    choice: Choice,
    frame: Frame,
    painted: BoolArray | None,
    prediction: Prediction,
) -> BoolArray:
    from gridsal_core.segments import largest_segment, segment_at

    if painted is not None:
        return region_in_frame(painted, frame)
    if choice.point is not None:
        return segment_at(prediction.class_map, *point_in_frame(*choice.point, frame))
    index = find_class(network.classes, str(choice.segment_of))
    return largest_segment(prediction.class_map, index, network.classes[index].name)


def _class(
    network: SegmentationNetwork, choice: Choice, prediction: Prediction, region: BoolArray
) -> int:
    from gridsal_core.segments import majority_class

    if choice.class_ is not None:
        return find_class(network.classes, choice.class_)
    return majority_class(prediction.class_map, region)
