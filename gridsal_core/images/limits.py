"""How many pixels are decoded unasked, and the sentence for what has more."""

from __future__ import annotations

import os
from pathlib import Path

from gridsal_core.errors import ImageTooLargeError, SettingsError

SAFE_PIXELS = 178_956_970  # where Pillow stops by default: 2 GiB / 4 / 3, by the name of a bomb
MAX_PIXELS_VARIABLE = "GRIDSAL_MAX_PIXELS"
BYTES_PER_PIXEL = 6  # three channels of 16 bits; what holds more counts as more pixels


def max_pixels() -> int:
    """Return how many pixels an image that is decoded as a whole may have unasked.

    Raises
    ------
    SettingsError
        If the environment variable GRIDSAL_MAX_PIXELS is not a whole number above 0.
    """
    text = os.environ.get(MAX_PIXELS_VARIABLE, "").strip()
    if not text:
        return SAFE_PIXELS
    if not text.isdecimal() or int(text) == 0:
        raise SettingsError(
            f"{MAX_PIXELS_VARIABLE} is {text!r}; give a whole number of pixels, as in 400000000."
        )
    return int(text)


def check_pixels(path: Path, size: tuple[int, int], bytes_per_pixel: int = 1) -> None:
    """Refuse to decode more at once than is safe.

    Parameters
    ----------
    path
        For the message.
    size
        (height, width) of the image in pixels.
    bytes_per_pixel
        What one pixel takes when it is decoded.

    Raises
    ------
    ImageTooLargeError
        If there are more pixels than `max_pixels`, or more bytes than so many pixels of 16-bit
        colour take.
    """
    height, width = size
    limit = max_pixels()
    if height * width > limit or height * width * bytes_per_pixel > limit * BYTES_PER_PIXEL:
        raise ImageTooLargeError(
            f"{path.name} has too many pixels to be decoded safely as a whole: {width} x {height} "
            f"({height * width / 1e6:,.0f} megapixels); allow large images if you trust the file, "
            "or save it as a tiled TIFF."
        )
