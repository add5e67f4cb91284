"""Where two maps of one image differ, at the finer of their scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import FloatArray
from gridsal_core.errors import RequestError
from gridsal_core.frames import Box, Frame
from gridsal_core.types import Explanation


@dataclass(frozen=True, eq=False)
class MapDifference:
    """One map less another.

    Parameters
    ----------
    values
        (H, W) float32, in [-1, 1] for maps in [0, 1]: above 0 where the first map shows more.
    frame
        Which part of the image that is: what both maps cover.
    """

    values: FloatArray
    frame: Frame

    @property
    def mean_size(self) -> float:
        """Mean of the absolute difference over all pixels."""
        return float(np.abs(self.values).mean(dtype=np.float64))


def map_difference(first: Explanation, second: Explanation) -> MapDifference:
    """Return the first map less the second, both as they are shown.

    The mask sizes may differ. So may the frames: then what both cover is compared at the finer of
    the two scales, and each pixel takes the pixel of either map that its centre lies in.

    Raises
    ------
    RequestError
        If the maps are of different images, or cover no common part.
    """
    frames = (frame_of(first), frame_of(second))
    _check_image(first, second, frames)
    if frames[0] == frames[1]:
        values: FloatArray = first.saliency - second.saliency
        return MapDifference(values, frames[0])
    common = _common(*frames)
    one, other = (
        each.saliency[np.ix_(_places(frame, common, 0), _places(frame, common, 1))]
        for each, frame in zip((first, second), frames, strict=True)
    )
    return MapDifference(one - other, common)


def frame_of(explanation: Explanation) -> Frame:
    """Return which part of the image an explanation was made on."""
    region = explanation.request.region
    return explanation.request.frame or Frame.whole((region.shape[0], region.shape[1]))


def _check_image(first: Explanation, second: Explanation, frames: tuple[Frame, Frame]) -> None:
    one, other = first.request, second.request
    is_same = (one.image_path, one.page) == (other.image_path, other.page)
    if not is_same or frames[0].full != frames[1].full:
        raise RequestError("The maps are of different images; a difference needs two of one image.")


def _common(one: Frame, other: Frame) -> Frame:
    """Return the part that both frames cover, at the finer scale of the two."""
    a, b = one.window, other.window
    window = Box(
        max(a.top, b.top), max(a.left, b.left), min(a.bottom, b.bottom), min(a.right, b.right)
    )
    if window.is_empty:
        raise RequestError(
            "The maps cover no common part of the image; a difference needs two that overlap."
        )
    down, across = (max(_factor(one, axis), _factor(other, axis)) for axis in (0, 1))
    size = (
        max(1, round((window.bottom - window.top) * down)),
        max(1, round((window.right - window.left) * across)),
    )
    return Frame(one.full, window, size)


def _span(frame: Frame, axis: int) -> tuple[int, int]:
    window = frame.window
    return ((window.top, window.bottom), (window.left, window.right))[axis]


def _factor(frame: Frame, axis: int) -> float:
    """Return the working pixels per image pixel, down (0) or across (1)."""
    start, stop = _span(frame, axis)
    return frame.size[axis] / (stop - start)


def _places(frame: Frame, common: Frame, axis: int) -> npt.NDArray[np.intp]:
    """Return for each row (or column) of the common frame the one of `frame` under its centre."""
    middles = _span(common, axis)[0] + (np.arange(common.size[axis]) + 0.5) / _factor(common, axis)
    rows = (middles - _span(frame, axis)[0]) * _factor(frame, axis)
    return np.clip(rows.astype(np.intp), 0, frame.size[axis] - 1)
