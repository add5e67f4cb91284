"""Reading an image for a network, for the screen, and its size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray, FloatArray
from gridsal_core.errors import ImageError
from gridsal_core.frames import Box, Frame
from gridsal_core.images.files import told
from gridsal_core.images.limits import check_pixels
from gridsal_core.images.scaling import unit_scale
from gridsal_core.images.stored import ImageInfo, Layout
from gridsal_core.images.turns import turned_size
from gridsal_core.images.windows import (
    Opened,
    Step,
    as_bytes,
    checked_window,
    display_step,
    open_stored,
    read_window,
)

AnyArray = npt.NDArray[Any]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def read_image(
    path: str | Path,
    channels: int = 3,
    *,
    page: int = 0,
    values: tuple[float, float] | None = None,
    frame: Frame | None = None,
    allow_large: bool = False,
) -> FloatArray:
    """Read an image as a network wants it.

    Colour becomes one channel by its luma (ITU-R BT.601); grey becomes three by repetition.
    Transparency is left out, unless it makes up the number of channels (RGBA for 4).

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, BMP, WebP, PNM or JPEG 2000; grey, colour, palette, CMYK, 1-bit or any
        number of bands; integers or float.
    channels
        What the network expects.
    page
        Of a TIFF, from 0.
    values
        The raw values that become 0 and 1 (`values` of the card's input); what lies beyond is
        clipped. 8-bit values are always divided by 255. None divides integers by the largest of
        their type (integers of more than 16 bits must fit in 16), and takes floats as they are:
        they must lie in [0, 1].
    frame
        Which part at which size, averaged over areas; None is the whole image as it is.
    allow_large
        Read an image beyond the safe size.

    Returns
    -------
    (H, W, channels) float32 in [0, 1]; H, W are the frame's size, or the upright image's.

    Raises
    ------
    ImageTooLargeError
        If more than the safe number of pixels must be decoded or returned at once.
    ImageError
        If the file cannot be read, has no such page, its values are out of range, or it has
        another number of channels.
    """
    with open_stored(
        path, page, allow_large=allow_large, with_alpha=channels not in (1, 3)
    ) as opened:
        layout = opened.full.layout
        bands = _bands_for(layout, channels, opened.path)
        if layout.is_8_bit:
            # Scaling whole numbers after they are averaged is exact and takes a quarter of memory.
            pixels = _read(opened, frame, lambda stored: stored[..., bands], allow_large)
            pixels = np.divide(pixels, np.float32(255), dtype=np.float32)
        else:
            unit = unit_scale(layout, values, opened.path)
            pixels = _read(opened, frame, lambda stored: unit(stored[..., bands]), allow_large)
    if frame is not None:
        # The average of many ones can be rounded to more than one.
        np.clip(pixels, 0, 1, out=pixels)
    if channels == 1 and pixels.shape[2] == 3:
        pixels = np.clip(pixels @ _LUMA, 0, 1)[..., None]
    elif channels == 3 and pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels, np.float32)


def read_rgb8(
    path: str | Path, *, page: int = 0, frame: Frame | None = None, allow_large: bool = False
) -> ByteArray:
    """Read an image for display.

    Values of more than 8 bits are shown between their 1st and 99th percentile over the whole page.
    Of several bands the first three are shown, of two the first.

    Parameters
    ----------
    path, page, frame, allow_large
        As for `read_image`.

    Returns
    -------
    (H, W, 3) uint8.

    Raises
    ------
    ImageTooLargeError
        If more than the safe number of pixels must be decoded or returned at once.
    ImageError
        If the file cannot be read or has no such page.
    """
    with open_stored(path, page, allow_large=allow_large) as opened, told(opened.path):
        _check_whole(opened, frame, allow_large)
        return as_bytes(_read(opened, frame, display_step(opened), allow_large))


def image_info(path: str | Path, page: int = 0, *, allow_large: bool = False) -> ImageInfo:
    """Read what the header of an image tells; nothing is decoded.

    Raises
    ------
    ImageTooLargeError
        If the file is one compressed piece beyond the safe size, unless `allow_large`.
    ImageError
        If the file is not a readable image or has no such page.
    """
    with open_stored(path, page, allow_large=allow_large) as opened:
        return opened.info


def image_size(path: str | Path, page: int = 0) -> tuple[int, int]:
    """Return (height, width) in pixels after the orientation; only the header is read.

    Raises
    ------
    ImageError
        If the file is not a readable image or has no such page.
    """
    return image_info(path, page).size


def _read(opened: Opened, frame: Frame | None, step: Step, allow_large: bool) -> AnyArray:
    full = opened.info.size
    window = Box(0, 0, *full) if frame is None else frame.window
    if frame is not None and frame.full != full:
        raise ImageError(
            f"{opened.path.name} is {full[1]} x {full[0]} pixels (width x height) and was "
            f"{frame.full[1]} x {frame.full[0]} before; open it again."
        )
    size = checked_window(window, full if frame is None else frame.size, full, opened.path)
    _check_whole(opened, frame, allow_large)
    with told(opened.path):
        return read_window(opened.full, full, window, size, step)


def _check_whole(opened: Opened, frame: Frame | None, allow_large: bool) -> None:
    """Refuse a result beyond the safe size before anything is decoded for it."""
    if not allow_large:
        layout = opened.full.layout
        size = turned_size(layout.size, layout.turn) if frame is None else frame.size
        check_pixels(opened.path, size, layout.bands * layout.dtype.itemsize)


def _bands_for(layout: Layout, channels: int, path: Path) -> slice:
    """Choose the stored bands for a network of so many channels."""
    have = layout.bands
    if channels == have or (layout.has_alpha and channels == have + 1 and channels != 3):
        return slice(0, channels)
    if channels in (1, 3) and have == 1:
        return slice(0, 1)
    if channels in (1, 3) and (have == 3 or layout.is_colour):
        return slice(0, 3)
    raise ImageError(
        f"The network expects {channels} channels and {path.name} has {have}; "
        "choose an image with as many, or a network for grey or colour images."
    )
