"""Tiles for the screen: one page of a file, held open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray
from gridsal_core.frames import Box
from gridsal_core.images.files import told
from gridsal_core.images.limits import check_pixels
from gridsal_core.images.pillow import PillowRaster
from gridsal_core.images.stored import ArrayRaster, ImageInfo, Raster
from gridsal_core.images.windows import (
    Opened,
    Step,
    as_bytes,
    averaged,
    checked_window,
    display_step,
    open_stored,
    read_window,
)

AnyArray = npt.NDArray[Any]

_OVERVIEW_PIXELS = 20_000_000  # at most this many are kept of a large image, as 8-bit colour
_BAND_PIXELS = 8_000_000


@contextmanager
def open_pixels(
    path: str | Path, page: int = 0, *, allow_large: bool = False
) -> Iterator[PixelReader]:
    """Open an image to read windows of it as they are shown.

    A TIFF is read window by window. What can only be decoded as a whole is decoded at the first
    window and kept until the reader is closed.

    Parameters
    ----------
    path
        As for `read_image`.
    page
        Of a TIFF, from 0.
    allow_large
        Decode an image beyond the safe size.

    Raises
    ------
    ImageTooLargeError
        If the image can only be decoded as a whole and is beyond the safe size.
    ImageError
        If the file cannot be read, or has no such page.
    """
    with open_stored(path, page, allow_large=allow_large) as opened:
        layout = opened.full.layout
        if isinstance(opened.full, PillowRaster) and not allow_large:
            check_pixels(opened.path, layout.size, 4 * layout.dtype.itemsize)
        yield PixelReader(opened)


class PixelReader:
    """Reads windows of one page for the screen; keeps an overview of a large one.

    Made by `open_pixels`. Calls from several threads wait for each other.

    Parameters
    ----------
    opened
        The page.
    """

    def __init__(self, opened: Opened) -> None:
        self.info: ImageInfo = opened.info
        self._opened = opened
        self._lock = threading.Lock()
        self._step: Step | None = None
        self._overview: ArrayRaster | None = None

    def rgb8(self, window: Box, size: tuple[int, int]) -> ByteArray:
        """Read a window as it is shown.

        Parameters
        ----------
        window
            In pixels of the upright image; at least one pixel, inside the image.
        size
            (height, width) to average it down to; it is never enlarged.

        Returns
        -------
        (h, w, 3) uint8, at most as large as the window. Where the file holds smaller copies, or is
        a JPEG that is shown small, these are used in place of every pixel.

        Raises
        ------
        ImageError
            If the window does not lie in the image, or the file cannot be read.
        """
        size = checked_window(window, size, self.info.size, self._opened.path)
        down, across = window.bottom - window.top, window.right - window.left
        with self._lock, told(self._opened.path):
            raster, step = self._source(max(size[0] / down, size[1] / across))
            return as_bytes(read_window(raster, self.info.size, window, size, step))

    def _source(self, scale: float) -> tuple[Raster, Step]:
        """Choose the smallest pixels that are enough for `scale` (shown pixels per pixel)."""
        if self._overview is not None and scale <= self._scale(self._overview):
            return self._overview, _as_it_is
        if self._step is None:
            self._step = display_step(self._opened)
        full = self._opened.full
        if isinstance(full, PillowRaster):
            self._overview = None if full.is_decoded else full.draft(scale)
            return self._overview or full, self._step
        fitting = (copy for copy in reversed(self._opened.copies) if scale <= self._scale(copy))
        raster = next(fitting, full)
        height, width = raster.layout.size
        factor = 1
        while height * width > _OVERVIEW_PIXELS * factor * factor:
            factor *= 2
        if factor > 1 and scale <= self._scale(raster) / factor:
            self._overview = _overview(raster, factor, self._step)
            return self._overview, _as_it_is
        return raster, self._step

    def _scale(self, raster: Raster) -> float:
        have, full = raster.layout.size, self._opened.full.layout.size
        return min(have[0] / full[0], have[1] / full[1])


def _overview(raster: Raster, factor: int, step: Step) -> ArrayRaster:
    """Make the overview: every pixel of the raster is read once, and never again for it."""
    stored = raster.layout.size
    height, width = (-(-edge // factor) for edge in stored)
    pixels = np.empty((height, width, 3), np.uint8)
    each = stored[0] / height
    rows = max(1, _BAND_PIXELS // (stored[1] * factor))
    for row in range(0, height, rows):
        stop = min(row + rows, height)
        span = (row * each, min(stop * each, stored[0]))
        shown = averaged(raster, span, (0, stored[1]), (stop - row, width), step)
        pixels[row:stop] = as_bytes(shown)
    return ArrayRaster(replace(raster.layout, size=(height, width)), pixels)


def _as_it_is(shown: AnyArray) -> AnyArray:
    return shown
