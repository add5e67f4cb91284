"""From one frame of an image to another: regions and label maps at nearest neighbour."""

from __future__ import annotations

from math import floor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import BoolArray
from gridsal_core.frames import Box, Frame

Scalar = TypeVar("Scalar", bound=np.generic)


def is_whole(frame: Frame) -> bool:
    """Whether a frame takes the whole image, at any scale."""
    return frame.window == Box(0, 0, *frame.full)


def carried(mask: BoolArray, old: Frame, new: Frame) -> BoolArray:
    """Return a region of one frame, (H, W) of it, as it is in another; outside it is empty.

    The frames may be of images of different size: the region is scaled with the image then.
    """
    rows, in_rows = _places(old, new, axis=0)
    columns, in_columns = _places(old, new, axis=1)
    result: BoolArray = mask[np.ix_(rows, columns)]
    result &= np.outer(in_rows, in_columns)
    if mask.any() and not result.any():
        _keep_a_pixel(mask, result, old, new)
    return result


def merged(mask: BoolArray, frame: Frame, kept: BoolArray, kept_frame: Frame) -> BoolArray:
    """Return `kept` with what was changed in `mask`, which came from it at another frame.

    What is the same in both frames stays as it was, with the finer frame's detail and with the
    parts that the other frame does not reach.
    """
    before = carried(kept, kept_frame, frame)
    change = carried(mask ^ before, frame, kept_frame)
    result: BoolArray = np.where(change, carried(mask, frame, kept_frame), kept)
    return result


def full_pixel(x: int, y: int, frame: Frame) -> tuple[int, int]:
    """Return column and row in the whole image of the middle of a working pixel."""
    down, across = _factors(frame)
    return (
        frame.window.left + floor((x + 0.5) / across),
        frame.window.top + floor((y + 0.5) / down),
    )


def _factors(frame: Frame) -> tuple[float, float]:
    window = frame.window
    return (
        frame.size[0] / (window.bottom - window.top),
        frame.size[1] / (window.right - window.left),
    )


def _image_rows(frame: Frame, axis: int) -> npt.NDArray[np.intp]:
    """Return the row (or column) of the whole image in the middle of each working one."""
    start = (frame.window.top, frame.window.left)[axis]
    middles = (np.arange(frame.size[axis]) + 0.5) / _factors(frame)[axis]
    return start + middles.astype(np.intp)


def _places(
    old: Frame, new: Frame, axis: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return for each row of the new frame the old one, and whether it lies in it at all."""
    window = old.window
    start, stop = ((window.top, window.bottom), (window.left, window.right))[axis]
    count = old.size[axis]
    at = ((_image_rows(new, axis) + 0.5) * (old.full[axis] / new.full[axis])).astype(np.intp)
    rows = ((at - start + 0.5) * count / (stop - start)).astype(np.intp)
    return np.clip(rows, 0, count - 1), (at >= start) & (at < stop)


def _keep_a_pixel(mask: BoolArray, result: BoolArray, old: Frame, new: Frame) -> None:
    """Set the pixel at the region's middle, so that a tiny region does not fall between pixels."""
    rows, columns = np.nonzero(mask)
    middle = len(rows) // 2
    x, y = full_pixel(int(columns[middle]), int(rows[middle]), old)
    x, y = x * new.full[1] // old.full[1], y * new.full[0] // old.full[0]
    down, across = _factors(new)
    row, column = floor((y - new.window.top) * down), floor((x - new.window.left) * across)
    if 0 <= row < new.size[0] and 0 <= column < new.size[1]:
        result[row, column] = True
