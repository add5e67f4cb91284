"""What is stored in a file, before it is turned upright and scaled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gridsal_core.frames import Box
from gridsal_core.images.turns import turned_size

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True)
class ImageInfo:
    """What the header of an image tells.

    Parameters
    ----------
    size
        (height, width) in pixels, upright.
    pages
        Number of pages; only a TIFF has more than one.
    channels
        1 for grey, 3 for colour, or the number of bands; without the channel of transparency.
    dtype
        Name of the NumPy type of a stored value, as in `uint8` or `float32`.
    notes
        What is done to the pixels that a user may not expect, one sentence each.
    """

    size: tuple[int, int]
    pages: int
    channels: int
    dtype: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How the pixels of a raster are to be understood.

    Parameters
    ----------
    size
        (height, width) in pixels, as stored.
    bands
        Channels without transparency, after palettes and CMYK became red, green, blue.
    has_alpha
        True if a channel of transparency follows the bands.
    dtype
        Of a value.
    full
        The integer that stands for 1; of floats, 1.
    turn
        EXIF orientation, 1 to 8.
    is_colour
        True if the first three bands are declared to be red, green, blue.
    notes
        As in `ImageInfo`.
    """

    size: tuple[int, int]
    bands: int
    has_alpha: bool
    dtype: np.dtype[Any]
    full: int
    turn: int
    is_colour: bool
    notes: tuple[str, ...] = ()

    @property
    def is_8_bit(self) -> bool:
        """True if values are shown as they are, and 255 stands for 1."""
        return self.dtype == np.uint8 and self.full == 255

    def info(self, pages: int) -> ImageInfo:
        """Return what users are told."""
        size = turned_size(self.size, self.turn)
        return ImageInfo(size, pages, self.bands, self.dtype.name, self.notes)


class Raster(Protocol):
    """Pixels at one resolution, read in strips so that no more than a strip is held."""

    @property
    def layout(self) -> Layout:
        """What the pixels mean."""

    def strips(self, box: Box) -> Iterator[AnyArray]:
        """Yield the rows of `box` (as stored) from top to bottom, (n, width, C) at a time."""


@dataclass(frozen=True)
class ArrayRaster:
    """Pixels that are already decoded, (H, W, C)."""

    layout: Layout
    pixels: AnyArray

    def strips(self, box: Box) -> Iterator[AnyArray]:
        """Yield the whole box at once: it is a view."""
        yield self.pixels[box.slices]
