"""Small copies for a list, made without reading more than they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from gridsal_core.arrays import ByteArray
from gridsal_core.frames import Box
from gridsal_core.images.area import reduce_area, taps
from gridsal_core.images.files import told
from gridsal_core.images.pillow import PillowRaster
from gridsal_core.images.stored import Raster
from gridsal_core.images.tiff import TiffRaster
from gridsal_core.images.turns import upright
from gridsal_core.images.windows import (
    Opened,
    Step,
    as_bytes,
    display_step,
    open_stored,
    read_stored,
)

AnyArray = npt.NDArray[Any]

_SPARSE_PIXELS = 32_000_000  # beyond, a few rows stand for their neighbours
_SPARSE_ROWS = 4


def read_thumbnail(path: str | Path, edge: int) -> ByteArray:
    """Read a small copy for a list.

    A JPEG is decoded at a fraction of its size, and of a TIFF a stored copy is used; of a large
    TIFF without one only some rows are read where it allows that. Of several pages the first is
    read.

    Parameters
    ----------
    path
        As for `read_image`.
    edge
        Longest side in pixels; the aspect is kept, and small images are not enlarged.

    Returns
    -------
    (h, w, 3) uint8 with max(h, w) <= edge, shown as by `read_rgb8`.

    Raises
    ------
    ImageError
        If the file cannot be read.
    """
    with open_stored(path) as opened, told(opened.path):
        layout = opened.full.layout
        height, width = layout.size
        scale = min(1.0, edge / max(height, width))
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        if isinstance(opened.full, PillowRaster):
            small = _from_pillow(opened, opened.full, size, scale)
        else:
            small = _from_tiff(opened, size, scale)
        return as_bytes(upright(small, layout.turn))


def _from_pillow(
    opened: Opened, full: PillowRaster, size: tuple[int, int], scale: float
) -> AnyArray:
    if full.layout.dtype != np.uint8:
        return _averaged(full, size, display_step(opened))
    pixels = (full.draft(scale) or full).pixels
    pixels = pixels if isinstance(pixels, np.ndarray) else pixels()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    small = image.resize((size[1], size[0]), Image.Resampling.BILINEAR, reducing_gap=2.0)
    values = np.asarray(small)
    return values[..., None] if values.ndim == 2 else values


def _from_tiff(opened: Opened, size: tuple[int, int], scale: float) -> AnyArray:
    step = display_step(opened)
    height, width = opened.full.layout.size
    enough = (c for c in reversed(opened.copies) if c.layout.size[0] >= size[0])
    raster = next(enough, opened.full)
    height, width = raster.layout.size
    if height * width > _SPARSE_PIXELS and isinstance(raster, TiffRaster):
        together = 1 if raster.segments.is_plain else raster.segments.rows
        if together * 2 * size[0] <= height:
            return _sparse(raster, size, step)
    return _averaged(raster, size, step)


def _averaged(raster: Raster, size: tuple[int, int], step: Step) -> AnyArray:
    full = raster.layout.size
    return read_stored(raster, full, Box(0, 0, *full), size, step)


def _sparse(raster: Raster, size: tuple[int, int], step: Step) -> AnyArray:
    """Average a few rows in the middle of each row of the result."""
    height, width = raster.layout.size
    each = height / size[0]
    across = taps(0, width, width, size[1])
    down = taps(0, _SPARSE_ROWS, _SPARSE_ROWS, 1)
    rows = []
    for row in range(size[0]):
        top = min(int((row + 0.5) * each - _SPARSE_ROWS / 2), height - _SPARSE_ROWS)
        strips = raster.strips(Box(top, 0, top + _SPARSE_ROWS, width))
        rows.append(reduce_area((step(strip) for strip in strips), down, across))
    return np.concatenate(rows)
