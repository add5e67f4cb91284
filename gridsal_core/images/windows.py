"""Opening a page of any image file, and reading windows of it at any smaller size."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray, FloatArray
from gridsal_core.errors import ImageError
from gridsal_core.frames import Box
from gridsal_core.images.area import Taps, reduce_area, taps
from gridsal_core.images.files import told
from gridsal_core.images.pillow import PillowRaster
from gridsal_core.images.scaling import Levels, display_levels
from gridsal_core.images.stored import ImageInfo, Layout, Raster
from gridsal_core.images.tiff import open_tiff
from gridsal_core.images.tiff_pages import is_tiff
from gridsal_core.images.turns import stored_box, turned_size, upright

AnyArray = npt.NDArray[Any]
Step = Callable[[AnyArray], AnyArray]

_SAMPLES_ACROSS, _SAMPLE_EDGE = 8, 128
_MAX_KNOWN_LEVELS = 64

_known_levels: dict[tuple[str, int, int, int], Levels] = {}
_levels_lock = threading.Lock()


@dataclass(frozen=True)
class Opened:
    """An open image: its full resolution, smaller copies (largest first), number of pages."""

    path: Path
    page: int
    full: Raster
    copies: tuple[Raster, ...]
    pages: int

    @property
    def info(self) -> ImageInfo:
        """What the header tells."""
        return self.full.layout.info(self.pages)


@contextmanager
def open_stored(
    path: str | Path, page: int = 0, *, allow_large: bool = False, with_alpha: bool = False
) -> Iterator[Opened]:
    """Open a page of an image file; nothing is decoded yet.

    Only the opening is told as an ImageError; what happens inside the block is the caller's.
    """
    path = Path(path)
    with ExitStack() as files:
        with told(path):
            opened = _opened(files, path, page, allow_large, with_alpha)
        yield opened


def _opened(files: ExitStack, path: Path, page: int, allow_large: bool, with_alpha: bool) -> Opened:
    with path.open("rb") as file:
        head = file.read(4)
    if is_tiff(head):
        tiff = files.enter_context(open_tiff(path, page, allow_large=allow_large))
        return Opened(path, page, tiff.full, tiff.copies, tiff.pages)
    raster = PillowRaster(path, allow_large, with_alpha)
    if page != 0:
        raise ImageError(f"{path.name} has 1 page and no page {page + 1}; choose page 1.")
    return Opened(path, page, raster, (), 1)


def read_window(
    raster: Raster, full: tuple[int, int], window: Box, size: tuple[int, int], step: Step
) -> AnyArray:
    """Read a window of the upright image, averaged down to `size`.

    Parameters
    ----------
    raster
        The page, or a smaller copy of it.
    full
        (height, width) of the whole page, upright: the window counts in its pixels.
    window
        At least one pixel, inside the page.
    size
        (height, width), at most the window's.
    step
        What is done to the raw values, (n, w, C), before they are averaged.

    Returns
    -------
    (height, width, C): as `step` returns it where nothing is averaged, else float32.
    """
    turn = raster.layout.turn
    stored_full = turned_size(full, turn)
    box = stored_box(window, turn, stored_full)
    return upright(read_stored(raster, stored_full, box, turned_size(size, turn), step), turn)


def read_stored(
    raster: Raster, full: tuple[int, int], box: Box, size: tuple[int, int], step: Step
) -> AnyArray:
    """Read a window as `read_window` does, with all sizes as stored and nothing turned."""
    if raster.layout.size == full and size == (box.bottom - box.top, box.right - box.left):
        return _whole(raster, box, step)
    height, width = raster.layout.size
    down, across = height / full[0], width / full[1]
    rows, columns = (box.top * down, box.bottom * down), (box.left * across, box.right * across)
    return averaged(raster, rows, columns, size, step)


def averaged(
    raster: Raster,
    rows: tuple[float, float],
    columns: tuple[float, float],
    size: tuple[int, int],
    step: Step,
) -> FloatArray:
    """Average the part of a raster that lies between two rows and two columns.

    Parameters
    ----------
    raster
        The page, or a smaller copy of it.
    rows, columns
        From and to, in pixels of the raster as stored; a part of a pixel counts as that part.
    size
        (height, width) of the result.
    step
        As for `read_window`.
    """
    height, width = raster.layout.size
    top, bottom, down = _line(*rows, height, size[0])
    left, right, across = _line(*columns, width, size[1])
    strips = raster.strips(Box(top, left, bottom, right))
    return reduce_area((step(strip) for strip in strips), down, across)


def _line(start: float, stop: float, edge: int, size: int) -> tuple[int, int, Taps]:
    """Return the first and last + 1 pixel that [start, stop) touches, and how they are averaged."""
    first, last = math.floor(start), min(edge, math.ceil(stop))
    return first, last, taps(start - first, stop - first, last - first, size)


def _whole(raster: Raster, box: Box, step: Step) -> AnyArray:
    result: AnyArray | None = None
    row = 0
    for strip in raster.strips(box):
        values = step(strip)
        if result is None:
            if len(values) == box.bottom - box.top:
                return values
            result = np.empty((box.bottom - box.top, *values.shape[1:]), values.dtype)
        result[row : row + len(values)] = values
        row += len(values)
    if result is None:
        raise ValueError("there are no pixels")
    return result


def checked_window(
    window: Box, size: tuple[int, int], full: tuple[int, int], path: Path
) -> tuple[int, int]:
    """Return the size that a window is read at: as asked, at least 1 and at most the window's.

    Raises
    ------
    ImageError
        If the window is empty or does not lie in the image.
    """
    inside = window.top >= 0 and window.left >= 0
    if window.is_empty or not inside or window.bottom > full[0] or window.right > full[1]:
        raise ImageError(
            f"{path.name} is {full[1]} x {full[0]} pixels (width x height), and columns "
            f"{window.left} to {window.right}, rows {window.top} to {window.bottom} do not lie "
            "in it; choose a part of the image."
        )
    height, width = window.bottom - window.top, window.right - window.left
    return min(max(size[0], 1), height), min(max(size[1], 1), width)


def shown_bands(layout: Layout) -> slice:
    """Return the bands that are shown: the first three, or the first as grey."""
    return slice(0, 3 if layout.bands >= 3 else 1)


def levels_of(opened: Opened) -> Levels | None:
    """Return the display levels of a page, the same for every window of it; None for 8 bits.

    They come from 64 small squares spread over the page, and are remembered.
    """
    layout = opened.full.layout
    if layout.is_8_bit:
        return None
    state = opened.path.stat()
    key = (str(opened.path.absolute()), state.st_mtime_ns, state.st_size, opened.page)
    with _levels_lock:
        known = _known_levels.get(key)
    if known is None:
        bands = shown_bands(layout)
        raster = opened.full
        samples = [
            strip[..., bands] for box in _squares(layout.size) for strip in raster.strips(box)
        ]
        known = display_levels(samples, layout)
        with _levels_lock:
            if len(_known_levels) >= _MAX_KNOWN_LEVELS:
                del _known_levels[next(iter(_known_levels))]
            _known_levels[key] = known
    return known


def _squares(size: tuple[int, int]) -> list[Box]:
    rows, columns = (_spread(edge) for edge in size)
    return [Box(top, left, bottom, right) for top, bottom in rows for left, right in columns]


def _spread(edge: int) -> list[tuple[int, int]]:
    if edge <= _SAMPLES_ACROSS * _SAMPLE_EDGE:
        return [(0, edge)]
    starts = np.linspace(0, edge - _SAMPLE_EDGE, _SAMPLES_ACROSS).astype(int)
    return [(int(start), int(start) + _SAMPLE_EDGE) for start in starts]


def display_step(opened: Opened) -> Step:
    """Return what is done to raw values before they are shown, without rounding."""
    bands, levels = shown_bands(opened.full.layout), levels_of(opened)
    if levels is None:
        return lambda stored: stored[..., bands]
    return lambda stored: levels.apply(stored[..., bands])


def as_bytes(shown: AnyArray) -> ByteArray:
    """Round what is shown to (h, w, 3) uint8; floats are changed in place."""
    if shown.dtype != np.uint8:
        np.rint(shown, out=shown)
        shown = np.clip(shown, 0, 255, out=shown).astype(np.uint8)
    if shown.shape[2] == 1:
        shown = np.repeat(shown, 3, axis=2)
    return np.ascontiguousarray(shown)
