"""EXIF orientation: from how pixels are stored to how they are seen."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from gridsal_core.frames import Box

AnyArray = npt.NDArray[Any]

ORIENTATION_TAG = 0x0112
_TURNS: dict[int, Callable[[AnyArray], AnyArray]] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: lambda a: np.rot90(a, 1),
}
_BAD_EXIF = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation that is still to be applied, 1 (upright) to 8.

    Ask before the pixels are read: a PNG may carry a second opinion behind them, which is ignored
    so that the size in the header and the size of the pixels always agree.
    """
    if image.format == "TIFF":
        return 1  # Pillow turns a TIFF itself
    try:
        # The base class: the one for PNG would decode the whole image to look behind it.
        value = Image.Image.getexif(image).get(ORIENTATION_TAG, 1)
    except _BAD_EXIF:
        return 1  # an unreadable EXIF block says nothing about the pixels
    return known_turn(value)


def known_turn(value: object) -> int:
    """Return an orientation if it is one of 1 to 8, and 1 (upright) for nonsense."""
    return value if isinstance(value, int) and value in _TURNS else 1


def upright(pixels: AnyArray, turn: int) -> AnyArray:
    """Turn stored (H, W) or (H, W, C) pixels by what `orientation` returned."""
    return _TURNS[turn](pixels) if turn in _TURNS else pixels


def turned_size(size: tuple[int, int], turn: int) -> tuple[int, int]:
    """Swap (height, width) where rows are seen as columns; its own inverse."""
    return (size[1], size[0]) if turn >= 5 else size


def stored_box(window: Box, turn: int, full: tuple[int, int]) -> Box:
    """Find where a window of the upright image is stored.

    Parameters
    ----------
    window
        In pixels of the upright image.
    turn
        What `orientation` returned.
    full
        (height, width) of the whole image as it is stored.
    """
    top, left, bottom, right = window.top, window.left, window.bottom, window.right
    if turn >= 5:
        top, left, bottom, right = left, top, right, bottom
    if turn in (3, 4, 6, 7):
        top, bottom = full[0] - bottom, full[0] - top
    if turn in (2, 3, 7, 8):
        left, right = full[1] - right, full[1] - left
    return Box(top, left, bottom, right)
