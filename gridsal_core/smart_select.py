"""Smart select: the pixels of a rectangle that look like one of them and have its class."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gridsal_core import regions
from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.regions import Point

MAX_TOLERANCE = 100

# IEC 61966-2-1: linear sRGB to CIE XYZ, each row divided by the white point D65.
_LINEAR_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_RELATIVE = (_LINEAR_TO_XYZ / _LINEAR_TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
_KNEE = 6 / 29


def smart_select(
    rgb: ByteArray, class_map: IndexArray, start: Point, end: Point, tolerance: float
) -> BoolArray:
    """Select the pixels of a rectangle that are like the one under its first corner.

    A pixel is selected if it was predicted as the same class, and if its colour is at most
    `tolerance` away. It need not be connected to the first one.

    Parameters
    ----------
    rgb
        (H, W, 3) uint8, sRGB, as displayed.
    class_map
        (H, W) predicted class of every pixel.
    start, end
        Opposite corners, (x, y) in image coordinates; `start` lies inside the image.
    tolerance
        Largest distance in CIELAB (Delta E of 1976), 0 to 100: about 2 can just be seen, 100 is
        black from white. 0 takes only the very same colour.

    Returns
    -------
    (H, W) bool with at least the pixel under `start`.

    Raises
    ------
    RequestError
        If `start` lies outside the image or the tolerance outside its range.
    """
    height, width = class_map.shape
    column, row = math.floor(start[0]), math.floor(start[1])
    if not (0 <= row < height and 0 <= column < width):
        raise RequestError(
            f"The rectangle begins at ({start[0]:g}, {start[1]:g}), outside the image of {width} x "
            f"{height} pixels (width x height); begin it on the pixel to go by."
        )
    if not 0 <= tolerance <= MAX_TOLERANCE:
        raise RequestError(
            f"The colour tolerance is {tolerance:g}; give a number from 0 to {MAX_TOLERANCE}."
        )
    selected = np.zeros((height, width), bool)
    box = regions.rectangle(selected, start, end, True)
    same_class = class_map[box.slices] == class_map[row, column]
    # Only what may be selected is converted: it is what takes time on a large image.
    candidates = cielab(rgb[box.slices][same_class])
    distance = np.linalg.norm(candidates - cielab(rgb[row, column]), axis=-1)
    same_class[same_class] = distance <= tolerance
    selected[box.slices] = same_class
    selected[row, column] = True  # a rectangle drawn from its very edge may pass the pixel by
    return selected


def cielab(rgb: ByteArray) -> FloatArray:
    """Return lightness L* (0 to 100), a* and b* of sRGB colours (white point D65).

    Parameters
    ----------
    rgb
        (..., 3) uint8.

    Returns
    -------
    (..., 3) float32.
    """
    linear: FloatArray = _linear()[rgb]
    relative = linear @ _RELATIVE.T
    bent = np.where(
        relative > _KNEE**3, np.cbrt(relative), relative / (3 * _KNEE**2) + np.float32(4 / 29)
    )
    x, y, z = np.moveaxis(bent, -1, 0)
    lab: FloatArray = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return lab


def _linear() -> npt.NDArray[np.float32]:
    """Return what each of the 256 values of sRGB is in linear light, 0 to 1."""
    part = np.arange(256, dtype=np.float64) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )
