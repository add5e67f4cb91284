"""Keep the outline of a region up to date when only a box of its pixels has changed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.frames import Box
from gridsal_core.regions import outline

NO_LINES: FloatArray = np.zeros((0, 2, 2), np.float32)

_X, _Y = 0, 1


def spliced(lines: FloatArray, region: BoolArray, box: Box) -> FloatArray:
    """Replace what `lines` say about the pixels of `box`.

    Parameters
    ----------
    lines
        (N, 2, 2) outline of the region as it was, in image coordinates.
    region
        (H, W) the region as it is.
    box
        Where the two may differ.

    Returns
    -------
    (M, 2, 2) float32: the same line set as `outline(region)`, though a line may come in pieces.
    """
    if box.is_empty:
        return lines
    height, width = region.shape
    # One pixel of surroundings tells which edges of the box are borders.
    crop = Box(
        max(box.top - 1, 0),
        max(box.left - 1, 0),
        min(box.bottom + 1, height),
        min(box.right + 1, width),
    )
    fresh = outline(region[crop.slices]) + np.array([crop.left, crop.top], np.float32)
    return np.concatenate([_outside(lines, box), _inside(fresh, box)])


def lines_within(lines: FloatArray, area: QRectF) -> FloatArray:
    """Return the (M, 2, 2) lines that touch a rectangle of image coordinates."""
    kept: FloatArray = lines[_touching(lines, area.left(), area.top(), area.right(), area.bottom())]
    return kept


def _inside(lines: FloatArray, box: Box) -> FloatArray:
    low, high = _corners(box)
    cut = np.clip(lines, low, high)
    kept: FloatArray = cut[_are_crossing(lines, box) & (cut[:, 0] != cut[:, 1]).any(1)]
    return kept


def _outside(lines: FloatArray, box: Box) -> FloatArray:
    crossing = _are_crossing(lines, box)
    kept, cut = lines[~crossing], lines[crossing]
    low, high = _corners(box)
    # Lines run along one axis and with growing coordinates: one piece may stick out at each end.
    before = np.stack([cut[:, 0], np.minimum(cut[:, 1], low)], 1)
    after = np.stack([np.maximum(cut[:, 0], high), cut[:, 1]], 1)
    axis = (cut[:, 0, _Y] != cut[:, 1, _Y]).astype(np.intp)
    return np.concatenate([kept, _along(before, cut, axis), _along(after, cut, axis)])


def _along(pieces: FloatArray, cut: FloatArray, axis: npt.NDArray[np.intp]) -> FloatArray:
    """Take the clipped coordinate along each line, the line's own across it; drop empty pieces."""
    rows = np.arange(len(cut))
    result = cut.copy()
    result[rows, :, axis] = pieces[rows, :, axis]
    kept: FloatArray = result[result[rows, 1, axis] > result[rows, 0, axis]]
    return kept


def _are_crossing(lines: FloatArray, box: Box) -> BoolArray:
    """Tell which lines run along an edge of a pixel of `box`, the box's own border included."""
    return _touching(lines, box.left, box.top, box.right, box.bottom)


def _touching(lines: FloatArray, left: float, top: float, right: float, bottom: float) -> BoolArray:
    start, end = lines[:, 0], lines[:, 1]
    touching: BoolArray = (end[:, _X] >= left) & (start[:, _X] <= right)
    touching &= (end[:, _Y] >= top) & (start[:, _Y] <= bottom)
    return touching


def _corners(box: Box) -> tuple[FloatArray, FloatArray]:
    return (
        np.array([box.left, box.top], np.float32),
        np.array([box.right, box.bottom], np.float32),
    )
