"""Segments of a class map: 8-connected components of pixels of one class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import BoolArray, IndexArray
from gridsal_core.errors import RequestError


def segment_at(class_map: IndexArray, x: int, y: int) -> BoolArray:
    """Return the segment under a pixel.

    Parameters
    ----------
    class_map
        (H, W) class of every pixel.
    x, y
        Column and row of the pixel.

    Returns
    -------
    (H, W) bool.

    Raises
    ------
    RequestError
        If the pixel lies outside the image.
    """
    height, width = class_map.shape
    if not (0 <= x < width and 0 <= y < height):
        raise RequestError(
            f"The pixel ({x}, {y}) lies outside the image of {width} x {height} pixels "
            f"(width x height); give x from 0 to {width - 1} and y from 0 to {height - 1}."
        )
    components, _ = _components(class_map, int(class_map[y, x]))
    segment: BoolArray = components == components[y, x]
    return segment


def largest_segment(class_map: IndexArray, class_index: int, name: str | None = None) -> BoolArray:
    """Return the largest segment of a class; of equal ones, the first in reading order.

    Parameters
    ----------
    class_map
        (H, W) class of every pixel.
    class_index
        The class, 0-based.
    name
        What the error message calls the class.

    Returns
    -------
    (H, W) bool.

    Raises
    ------
    RequestError
        If no pixel has the class.
    """
    components, sizes = _components(class_map, class_index)
    if not sizes.size:
        called = f"class {class_index}" if name is None else f"the class {name!r}"
        raise RequestError(
            f"No pixel was predicted as {called}; choose a class that appears in this image."
        )
    return np.equal(components, int(sizes.argmax()) + 1)


def segments(class_map: IndexArray, class_index: int, min_pixels: int = 1) -> list[BoolArray]:
    """Return the segments of a class, largest first.

    Parameters
    ----------
    class_map
        (H, W) class of every pixel.
    class_index
        The class, 0-based.
    min_pixels
        Smaller segments are left out. Every segment costs H * W bytes, so give a limit for
        noisy predictions.

    Returns
    -------
    List of (H, W) bool; empty if the class does not appear.
    """
    components, sizes = _components(class_map, class_index)
    order = np.argsort(-sizes, kind="stable")
    return [np.equal(components, i + 1) for i in order[sizes[order] >= min_pixels]]


def segment_sizes(class_map: IndexArray, class_index: int) -> list[int]:
    """Return the pixels of each segment of a class, largest first; none if it does not appear.

    Parameters
    ----------
    class_map
        (H, W) class of every pixel.
    class_index
        The class, 0-based.
    """
    _, sizes = _components(class_map, class_index)
    return sorted((int(size) for size in sizes), reverse=True)


def whole_segments(region: BoolArray, class_map: IndexArray) -> list[BoolArray] | None:
    """Return the predicted segments that a region is made of, also where they touch.

    Parameters
    ----------
    region
        (H, W) bool.
    class_map
        (H, W) class of every pixel.

    Returns
    -------
    List of (H, W) bool, largest first; None if the region holds a segment in part only. Every
    segment costs H * W bytes.
    """
    found: list[BoolArray] = []
    for class_index in np.unique(class_map[region]):
        components, sizes = _components(class_map, int(class_index))
        covered = np.bincount(components[region], minlength=len(sizes) + 1)[1:]
        numbers = np.flatnonzero(covered)
        if (covered[numbers] != sizes[numbers]).any():
            return None
        found += [np.equal(components, number + 1) for number in numbers]
    return sorted(found, key=np.count_nonzero, reverse=True)


def connected_parts(region: BoolArray) -> list[BoolArray]:
    """Return the 8-connected parts of an (H, W) region, largest first; each costs H * W bytes."""
    return segments(region.astype(np.uint8), 1)


def foreground_segment(class_map: IndexArray) -> tuple[BoolArray, int]:
    """Return a segment worth explaining and its class: the largest of no background.

    The class that most pixels have counts as background, unless it is the only one.

    Parameters
    ----------
    class_map
        (H, W) class of every pixel.

    Returns
    -------
    (H, W) bool, and the class index.
    """
    counts = np.bincount(class_map.ravel())
    if np.count_nonzero(counts) > 1:
        counts[counts.argmax()] = 0
    class_index = int(counts.argmax())
    return largest_segment(class_map, class_index), class_index


def most_confused_pixel(
    class_map: IndexArray, label: IndexArray, true_class: int, predicted: int
) -> tuple[int, int] | None:
    """Return where one class is taken for another the most: a pixel (x, y), column and row.

    It lies in the segment predicted as `predicted` with the most pixels that truly are
    `true_class`, and is one of these; None if there is no such pixel.

    Parameters
    ----------
    class_map, label
        (H, W) predicted and true classes.
    true_class, predicted
        What the pixel truly is, and what it is predicted as; they may be the same.
    """
    components, _ = _components(class_map, predicted)
    components[label != true_class] = 0
    pixels = np.bincount(components.ravel())
    pixels[0] = 0
    if not pixels.any():
        return None
    y, x = divmod(int((components == pixels.argmax()).argmax()), class_map.shape[1])
    return x, y


def majority_class(class_map: IndexArray, region: BoolArray) -> int:
    """Return the class that most pixels of the region have, the lower index of equal ones.

    `class_map` and `region` are (H, W); the region holds at least one pixel.
    """
    return int(np.bincount(class_map[region]).argmax())


def _components(
    class_map: IndexArray, class_index: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Return (H, W) numbers from 1 (0 is another class), and the pixels of each number."""
    from scipy import ndimage  # late: it is slow to import, and only a request needs it

    same = class_map == class_index
    components = np.empty(class_map.shape, np.int32)
    ndimage.label(same, structure=np.ones((3, 3), np.int8), output=components)
    return components, np.bincount(components[same])[1:]
