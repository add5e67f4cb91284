"""From what the command line names to a request: image, frame, region and class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.errors import ImageError
from gridsal_core.frames import Box, Frame
from gridsal_core.types import Prediction, RegionOrigin, Request, find_class
from gridsal_core.working_scale import (
    WorkingScale,
    choose_frame,
    full_box,
    label_in_frame,
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

    @property
    def told(self) -> str:
        """The option that chose the region, as it was given."""
        if self.region is not None:
            return f"--region {self.region}"
        if self.point is not None:
            return f"--at {self.point[0]},{self.point[1]}"
        return f"--segment-of {self.segment_of}"


class View:
    """An image as the network sees it; what was read and predicted at a frame is kept.

    Parameters
    ----------
    network, subject
        Who looks, and at what.
    full
        (height, width) of the whole image.
    max_pixels
        Says how many pixels fit into memory; asked only where that may matter. One answer for
        several images lets those of one size be worked on at one size.
    """

    def __init__(
        self,
        network: SegmentationNetwork,
        subject: Subject,
        full: tuple[int, int],
        max_pixels: Callable[[], int],
    ) -> None:
        self.network, self.subject, self.full, self.max_pixels = network, subject, full, max_pixels
        self._seen: dict[Frame, tuple[FloatArray, Prediction]] = {}

    def at(self, frame: Frame) -> tuple[FloatArray, Prediction]:
        """Return the pixels in a frame, (H, W, C) in [0, 1], and the prediction on them."""
        if frame not in self._seen:
            pixels = _read(self.network, self.subject, frame)
            self._seen[frame] = pixels, self.network.predict(pixels)
        return self._seen[frame]


def make_request(
    view: View, choice: Choice, painted: BoolArray | None
) -> tuple[Request, tuple[str, ...]]:
    """Choose the frame, read and segment the image in it, and find region and class there.

    Parameters
    ----------
    view, choice
        What was asked.
    painted
        The region that was read, at the whole image's size, if one was given.

    Returns
    -------
    The request, and the notes on its image and its prediction.

    Raises
    ------
    RequestError, ImageError, SettingsError, CheckpointError, DeviceError
        If the parts do not fit each other.
    """
    from gridsal_core.images import dim_note, image_info

    network, subject = view.network, view.subject
    frame = _frame(view, choice, painted)
    pixels, prediction = view.at(frame)
    region = _region(network, choice, frame, painted, prediction)
    chosen = _class(network, choice, prediction, region)
    origin: RegionOrigin = "predicted segment" if painted is None else "file"
    part = None if frame == Frame.whole(view.full) else frame
    true = _true_class(network, subject, frame, region)
    values = network.card.input.values
    request = Request(
        pixels, region, chosen, origin, subject.image, subject.page, part, values, true
    )
    info = image_info(subject.image, subject.page, allow_large=subject.allow_large)
    dim = dim_note(pixels, info.dtype, values)
    return request, (*([dim] if dim else []), *prediction.notes)


def _frame(view: View, choice: Choice, painted: BoolArray | None) -> Frame:
    from gridsal_core.measure import LEAST_PIXELS
    from gridsal_core.regions import bounding_box

    network, full, scale = view.network, view.full, view.subject.scale
    if scale != "crop":
        # A small image always fits; what fits is measured only where it may matter.
        is_open = full[0] * full[1] > LEAST_PIXELS
        return choose_frame(full, scale, view.max_pixels() if is_open else LEAST_PIXELS)
    box: Box
    if painted is not None:
        box = bounding_box(painted)
    else:
        # The segment is looked for on the whole image first, to know where to crop.
        coarse = choose_frame(full, "fit", view.max_pixels())
        _, prediction = view.at(coarse)
        box = full_box(bounding_box(_region(network, choice, coarse, None, prediction)), coarse)
    return choose_frame(full, "crop", view.max_pixels(), box, network.receptive_field)


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


def _true_class(
    network: SegmentationNetwork, subject: Subject, frame: Frame, region: BoolArray
) -> int | None:
    """Return what the region truly is, where a label map lies at one of the usual places."""
    from gridsal_core.comparison import true_class
    from gridsal_core.datasets.label_files import find_label
    from gridsal_core.datasets.labels import read_label

    if subject.page:
        return None  # a label map belongs to the first page
    count = len(network.classes)
    try:
        found = find_label(subject.image, class_count=count)
        if found is None:
            return None
        label = read_label(found, frame.full, network.classes)
    except (ImageError, OSError):
        return None  # no label was asked for: one that cannot be used is as good as none
    return true_class(label_in_frame(label, frame), region, count)


def _class(
    network: SegmentationNetwork, choice: Choice, prediction: Prediction, region: BoolArray
) -> int:
    from gridsal_core.segments import majority_class

    if choice.class_ is not None:
        return find_class(network.classes, choice.class_)
    return majority_class(prediction.class_map, region)
