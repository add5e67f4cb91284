"""Which part of a large image is worked on, and at what scale; torch is not needed to choose it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.errors import RequestError, SettingsError
from gridsal_core.frames import Box, Frame
from gridsal_core.reduced import reduced_region
from gridsal_core.regions import widened
from gridsal_core.types import Explanation
from gridsal_core.upsampling import upsample

WorkingScale = float | Literal["fit", "crop"]
"""A fraction of the image's own scale, in (0, 1]; or `fit`: the whole image, as large as the memory
allows; or `crop`: a window around the request, at the image's own scale if the memory allows."""


# The estimate leaves a share of the memory free; beyond so much more than it, nothing fits.
_BEYOND = 1.6


def parse_working_scale(text: str) -> WorkingScale:
    """Read `fit`, `crop`, `full`, or a fraction such as 0.5 or 50%.

    Raises
    ------
    SettingsError
        If it is none of these.
    """
    word = text.strip().lower()
    words: dict[str, WorkingScale] = {"fit": "fit", "crop": "crop", "full": 1.0}
    if word in words:
        return words[word]
    try:
        value = float(word[:-1]) / 100 if word.endswith("%") else float(word)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise SettingsError(
            f"The working scale {text!r} is not understood; give fit, crop, full, or a fraction "
            "above 0 and up to 1, such as 0.5."
        )
    return value


def choose_frame(
    full: tuple[int, int],
    scale: WorkingScale,
    max_pixels: int,
    region: Box | None = None,
    receptive_field: int | None = None,
) -> Frame:
    """Choose the part and the size that a request is worked on at.

    Parameters
    ----------
    full
        (height, width) of the whole image in pixels.
    scale
        What was asked for. A fraction is taken as it is, as long as it can fit into memory.
    max_pixels
        How many pixels fit, as in `NetworkInfo.max_pixels`.
    region
        For `crop`: the box of the request, in pixels of the whole image.
    receptive_field
        For `crop`: how far the network looks, in pixels to each side; None is everywhere. The
        window is the region's box grown by so much, or by as much as fits.

    Raises
    ------
    SettingsError
        If `crop` has no region to go by, or a fraction cannot fit into memory.
    """
    if scale == "fit":
        return _fitted(full, Box(0, 0, *full), max_pixels)
    if scale == "crop":
        if region is None or region.is_empty:
            raise SettingsError(
                "A crop goes around a region; choose or paint one first, or use another scale."
            )
        return _fitted(full, _window(full, region, max_pixels, receptive_field), max_pixels)
    size = _scaled(full, scale)
    if size[0] * size[1] > possible_pixels(max_pixels):
        most = math.floor(100 * math.sqrt(max_pixels / (full[0] * full[1])))
        smaller = f"at most {most} %, " if most > 0 else ""
        raise SettingsError(
            f"At {100 * scale:g} % the image is {size[1]} x {size[0]} pixels, more than this "
            f"network can work on in the memory that is free; choose {smaller}fit or crop."
        )
    return Frame(full, Box(0, 0, *full), size)


def possible_pixels(max_pixels: int) -> int:
    """Return how many pixels can be asked for where so many fit with ease."""
    return int(_BEYOND * max_pixels)


def region_in_frame(region: BoolArray, frame: Frame) -> BoolArray:
    """Bring a region of the whole image to the working pixels of a frame.

    A working pixel is inside where more than half of its area is; of a region too small for that
    the pixel that holds most of it stays.

    Raises
    ------
    RequestError
        If nothing of the region lies in the frame's window.
    """
    part = region[frame.window.slices]
    if not part.any():
        raise RequestError(
            "The region lies outside the part of the image that is worked on; use another scale."
        )
    return reduced_region(part, frame.size)


def label_in_frame(label: IndexArray, frame: Frame) -> IndexArray:
    """Return the (H, W) labels of a whole image in a frame, by the nearest pixel."""
    if frame == Frame.whole(frame.full):
        return label
    window, (height, width) = frame.window, frame.size
    rows = (np.arange(height) + 0.5) * (window.bottom - window.top) / height
    columns = (np.arange(width) + 0.5) * (window.right - window.left) / width
    return label[np.ix_(window.top + rows.astype(np.intp), window.left + columns.astype(np.intp))]


def point_in_frame(x: int, y: int, frame: Frame) -> tuple[int, int]:
    """Return the working pixel (x, y) that holds a pixel of the whole image.

    Raises
    ------
    RequestError
        If it lies outside the image or the frame's window.
    """
    height, width = frame.full
    if not (0 <= x < width and 0 <= y < height):
        raise RequestError(
            f"The point ({x}, {y}) lies outside the image of {width} x {height} pixels."
        )
    window = frame.window
    if not (window.left <= x < window.right and window.top <= y < window.bottom):
        raise RequestError(
            f"The point ({x}, {y}) lies outside the part of the image that is worked on; "
            "use another scale."
        )
    return (
        (x - window.left) * frame.size[1] // (window.right - window.left),
        (y - window.top) * frame.size[0] // (window.bottom - window.top),
    )


def full_box(box: Box, frame: Frame) -> Box:
    """Bring a box of working pixels to pixels of the whole image, rounded outwards."""
    window = frame.window
    height, width = window.bottom - window.top, window.right - window.left
    rows, columns = frame.size
    return Box(
        window.top + box.top * height // rows,
        window.left + box.left * width // columns,
        window.top - (-box.bottom * height // rows),
        window.left - (-box.right * width // columns),
    )


def full_saliency(explanation: Explanation) -> FloatArray:
    """Return the map at the scale of the whole image.

    The mask is upsampled straight to the window's own pixels, so it is as smooth there as the
    method makes it; where the window ends it is 0.

    Returns
    -------
    A new array, (H, W) float32 in [0, 1], of the whole image; of the request's where it has no
    frame.
    """
    frame, request = explanation.request.frame, explanation.request
    if frame is None:
        return explanation.saliency.copy()
    window = frame.window
    size = (window.bottom - window.top, window.right - window.left)
    inner = upsample(explanation.mask, size, explanation.settings.upsampling)
    if explanation.settings.form == "context":
        rows = (np.arange(size[0]) * frame.size[0]) // size[0]
        columns = (np.arange(size[1]) * frame.size[1]) // size[1]
        kept = widened(request.region, explanation.settings.dilation)
        inner[kept[np.ix_(rows, columns)]] = 0
    if size == frame.full:
        return inner
    whole = np.zeros(frame.full, np.float32)
    whole[window.slices] = inner
    return whole


def size_told(frame: Frame | None) -> str:
    """Say at which size an image is worked on; empty if that is the whole image as it is."""
    if frame is None or frame == Frame.whole(frame.full):
        return ""
    window = frame.window
    (height, width), (rows, columns) = frame.full, frame.size
    size = (window.bottom - window.top, window.right - window.left)
    at = "" if frame.size == size else f" at {columns} x {rows}"
    if size == frame.full:
        return f"worked on{at} of {width} x {height} pixels"
    return (
        f"worked on in a window of {size[1]} x {size[0]} pixels at {window.left},{window.top}"
        f"{at}, of {width} x {height}"
    )


def _fitted(full: tuple[int, int], window: Box, max_pixels: int) -> Frame:
    size = (window.bottom - window.top, window.right - window.left)
    pixels = size[0] * size[1]
    return Frame(full, window, _scaled(size, min(1.0, math.sqrt(max_pixels / pixels))))


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    if scale >= 1:
        return size
    # Rounded down: the product must not be larger than what fits.
    return max(1, math.floor(size[0] * scale)), max(1, math.floor(size[1] * scale))


def _window(full: tuple[int, int], region: Box, max_pixels: int, reach: int | None) -> Box:
    """Grow the region's box to each side, as far as is of use and fits."""
    low, high = 0, max(full) if reach is None else reach
    while low < high:
        margin = (low + high + 1) // 2
        grown = _grown(full, region, margin)
        if (grown.bottom - grown.top) * (grown.right - grown.left) <= max_pixels:
            low = margin
        else:
            high = margin - 1
    return _grown(full, region, low)


def _grown(full: tuple[int, int], region: Box, margin: int) -> Box:
    return Box(
        max(region.top - margin, 0),
        max(region.left - margin, 0),
        min(region.bottom + margin, full[0]),
        min(region.right + margin, full[1]),
    )
