"""Request regions (R in the paper): reading, painting, reshaping and outlining them.

Points are (x, y) in image coordinates: pixel (column i, row j) covers [i, i+1) x [j, j+1), so its
centre is (i + 0.5, j + 0.5).
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.errors import ImageError, RequestError
from gridsal_core.frames import Box
from gridsal_core.images import open_image, orientation, upright

Point = tuple[float, float]

_TRANSPARENT_MODES = ("LA", "La", "PA", "RGBA", "RGBa")


def read_region(path: Path, size: tuple[int, int], *, allow_large: bool = False) -> BoolArray:
    """Read a region from an image file.

    A pixel is inside if it is not zero: its index in a palette image, any colour channel
    otherwise. Where there is transparency, a pixel that is wholly transparent is outside.

    Parameters
    ----------
    path
        A PNG or another lossless image.
    size
        (height, width) of the image that is explained.
    allow_large
        Whether a file beyond the safe size may be decoded.

    Returns
    -------
    (H, W) bool with at least one pixel.

    Raises
    ------
    RequestError
        If the size differs, nothing is inside, or the file is a JPEG, whose noise is not zero.
    ImageError
        If the file cannot be read.
    """
    if not os.path.exists(path):
        raise ImageError(f"The region {path} does not exist; check its name and folder.")
    with open_image(path, allow_large=allow_large) as image:
        if image.format == "JPEG":
            raise RequestError(
                f"{path.name} is a JPEG, which blurs the border of a region; save it as PNG."
            )
        turn = orientation(image)
        region = upright(_inside(np.asarray(image), image.mode), turn)
    if region.shape != size:
        height, width = region.shape
        raise RequestError(
            f"The region {path.name} is {width} x {height} pixels and the image is {size[1]} x "
            f"{size[0]} (width x height); paint or export it at the image's size."
        )
    if not region.any():
        raise RequestError(
            f"The region {path.name} is empty, every pixel of it is zero; paint at least one."
        )
    return np.ascontiguousarray(region)


def widened(region: BoolArray, pixels: int) -> BoolArray:
    """Widen an (H, W) region by so many pixels in all directions; by 0 it is the same array."""
    if pixels == 0:
        return region
    from scipy import ndimage  # late: most regions are not widened

    near: BoolArray = ndimage.distance_transform_edt(~region) <= pixels
    return near


def brush(region: BoolArray, start: Point, end: Point, radius: float, value: bool) -> Box:
    """Paint a thick line with round ends into `region`, in place.

    A pixel is painted if its centre is at most `radius` from the line; the pixels under both ends
    are always painted, so that the finest brush leaves a mark.

    Parameters
    ----------
    region
        (H, W) bool, changed inside the returned box only.
    start, end
        (x, y) in image coordinates; they may lie outside the image.
    radius
        In pixels, at least 0.5.
    value
        True paints, False erases.

    Returns
    -------
    The box that may have changed, clipped to the image; empty if the line misses the image.

    Raises
    ------
    RequestError
        If the radius is below 0.5.
    """
    if not radius >= 0.5:
        raise RequestError(f"The brush radius is {radius:g} pixels; give at least 0.5.")
    (x0, y0), (x1, y1) = start, end
    box = _clipped(
        region,
        min(x0, x1) - radius,
        min(y0, y1) - radius,
        max(x0, x1) + radius,
        max(y0, y1) + radius,
    )
    if box.is_empty:
        return box
    across = np.arange(box.left, box.right, dtype=np.float64)[None, :] + (0.5 - x0)
    down = np.arange(box.top, box.bottom, dtype=np.float64)[:, None] + (0.5 - y0)
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    along = np.clip((across * dx + down * dy) / length2, 0, 1) if length2 > 0 else np.float64(0)
    painted = (across - along * dx) ** 2 + (down - along * dy) ** 2 <= radius * radius
    region[box.slices][painted] = value
    for x, y in (start, end):
        column, row = math.floor(x), math.floor(y)
        if 0 <= row < region.shape[0] and 0 <= column < region.shape[1]:
            region[row, column] = value
    return box


def rectangle(region: BoolArray, start: Point, end: Point, value: bool) -> Box:
    """Paint an upright rectangle into `region`, in place.

    Every pixel that the rectangle covers in part is painted, and at least the one under `start`.

    Parameters
    ----------
    region
        (H, W) bool, changed inside the returned box only.
    start, end
        Opposite corners, (x, y) in image coordinates; they may lie outside the image.
    value
        True paints, False erases.

    Returns
    -------
    The painted box, clipped to the image; empty if the rectangle misses the image.
    """
    (x0, y0), (x1, y1) = start, end
    box = _clipped(region, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    region[box.slices] = value
    return box


def polygon(points: Sequence[Point], size: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie inside a closed outline, by the even-odd rule.

    A centre that lies exactly on the outline counts as inside on the left and upper side of a
    shape and as outside on the others, so that two shapes with a common side share no pixel.

    Parameters
    ----------
    points
        Corners (x, y) in image coordinates, in order; the last is joined to the first. They may lie
        outside the image.
    size
        (height, width) of the image.

    Returns
    -------
    (H, W) bool; empty if there are fewer than three corners or no centre is inside.
    """
    # Not Pillow's ImageDraw.polygon: it paints the outline too, and rounds the corners to pixels.
    height, width = size
    region = np.zeros(size, bool)
    start = np.array(points, np.float64).reshape(-1, 2)
    end = np.roll(start, -1, axis=0)
    # Row j is crossed by a side if its centre j + 0.5 lies in [top, bottom) of the side.
    first = np.clip(np.ceil(np.minimum(start[:, 1], end[:, 1]) - 0.5), 0, height).astype(np.int64)
    stop = np.clip(np.ceil(np.maximum(start[:, 1], end[:, 1]) - 0.5), 0, height).astype(np.int64)
    count = stop - first
    if not count.any():
        return region
    side = np.repeat(np.arange(len(start)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[side]
    (x0, y0), (x1, y1) = start[side].T, end[side].T
    crossing = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    column = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
    # A crossing turns all that is right of it; counts may run over, only their last bit matters.
    top, bottom = int(row.min()), int(row.max()) + 1
    turns = np.zeros((bottom - top, width + 1), np.uint8)
    np.add.at(turns, (row - top, column), 1)
    region[top:bottom] = np.cumsum(turns[:, :width], axis=1, dtype=np.uint8) & 1
    return region


def grown(region: BoolArray) -> BoolArray:
    """Return an (H, W) region with every pixel that touches it, at a side or a corner."""
    result = region.copy()
    box = bounding_box(region)
    if box.is_empty:
        return result
    height, width = region.shape
    around = Box(
        max(box.top - 1, 0),
        max(box.left - 1, 0),
        min(box.bottom + 1, height),
        min(box.right + 1, width),
    )
    # Twice three shifted copies are many times faster than a general dilation.
    tall, wide = region[around.slices].copy(), result[around.slices]
    tall[1:] |= region[around.slices][:-1]
    tall[:-1] |= region[around.slices][1:]
    wide[:] = tall
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return result


def shrunk(region: BoolArray) -> BoolArray:
    """Return an (H, W) region without the pixels that touch its outside, at a side or a corner.

    The image border takes nothing away: a segment that the image cuts off goes on behind it.
    """
    smaller: BoolArray = ~grown(~region)
    return smaller


def filled(region: BoolArray) -> BoolArray:
    """Return an (H, W) region with its holes: what it shuts off from the image border.

    Pixels of the region that touch at corners shut, as they belong together in a segment.
    """
    from scipy import ndimage  # late: few requests need it

    result = region.copy()
    box = bounding_box(region)
    if not box.is_empty:
        result[box.slices] = ndimage.binary_fill_holes(region[box.slices])
    return result


def bounding_box(region: BoolArray) -> Box:
    """Return the smallest box that holds every pixel of `region`; empty if there is none."""
    rows = np.flatnonzero(region.any(axis=1))
    if not rows.size:
        return Box(0, 0, 0, 0)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(region[top:bottom].any(axis=0))
    return Box(top, int(columns[0]), bottom, int(columns[-1]) + 1)


def outline(region: BoolArray) -> FloatArray:
    """Return the border between inside and outside as straight lines along pixel edges.

    Outside the image counts as outside the region, so the image border is drawn too.

    Parameters
    ----------
    region
        (H, W) bool.

    Returns
    -------
    (N, 2, 2) float32: N lines from (x0, y0) to (x1, y1) in image coordinates, each as long as the
    border runs straight; horizontal lines first.
    """
    box = bounding_box(region)
    inside = np.pad(region[box.slices], 1)
    horizontal = _runs(inside[:-1] != inside[1:])
    vertical = _runs(inside[:, :-1].T != inside[:, 1:].T)
    lines = np.concatenate([horizontal[..., ::-1], vertical])
    placed: FloatArray = np.add(lines, (box.left, box.top), dtype=np.float32)
    return placed


def _inside(pixels: npt.NDArray[Any], mode: str) -> BoolArray:
    marked: BoolArray = pixels != 0
    if marked.ndim == 2:
        return marked
    if mode in _TRANSPARENT_MODES:
        return np.logical_and(marked[..., :-1].any(axis=2), marked[..., -1])
    return np.asarray(marked.any(axis=2))


def _clipped(region: BoolArray, left: float, top: float, right: float, bottom: float) -> Box:
    """Return the pixels touched by a box of coordinates, at least one unless it lies outside."""
    height, width = region.shape
    rows = _touched(top, bottom, height)
    columns = _touched(left, right, width)
    if rows is None or columns is None:
        return Box(0, 0, 0, 0)
    return Box(rows[0], columns[0], rows[1], columns[1])


def _touched(low: float, high: float, size: int) -> tuple[int, int] | None:
    first = math.floor(low)
    last = max(math.ceil(high), first + 1)
    first, last = max(first, 0), min(last, size)
    return (first, last) if first < last else None


def _runs(edges: BoolArray) -> npt.NDArray[np.int64]:
    """Return each run of True along a row as ((row, start), (row, stop)).

    The first and the last column are padding: the step behind padded column k lies at k.
    """
    steps = np.diff(edges.astype(np.int8), axis=1)
    row, start = np.nonzero(steps == 1)
    stop = np.nonzero(steps == -1)[1]
    return np.stack([np.stack([row, start], -1), np.stack([row, stop], -1)], 1)
