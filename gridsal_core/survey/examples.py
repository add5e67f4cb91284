"""Small pictures of single results, for reports."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from gridsal_core.arrays import ByteArray
from gridsal_core.errors import GridSalError
from gridsal_core.figure.pictures import with_saliency
from gridsal_core.figure.spec import FigureSpec
from gridsal_core.frames import Box, Frame
from gridsal_core.images import read_rgb8
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.results import Maps

_WIDTH: Final = 240


def example_png(ledger: Ledger, folder: Path, identity: str) -> str | None:
    """Draw a result small, as `example_picture` does, as a PNG in base64.

    None if its image cannot be read any more; the parameters are those of `example_picture`.
    """
    small = example_picture(ledger, folder, identity)
    if small is None:
        return None
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def example_picture(ledger: Ledger, folder: Path, identity: str) -> ByteArray | None:
    """Draw a result small: the image with the salient context in red and the request in blue.

    Parameters
    ----------
    ledger
        The survey.
    folder
        Where its images are now.
    identity
        Of the item.

    Returns
    -------
    (h, 240, 3) uint8, or None if its image cannot be read any more.
    """
    image = folder / ledger.summary(identity).image
    maps = ledger.maps(identity)
    try:
        pixels = read_rgb8(image, frame=frame_of(maps))
        shown = _drawn(pixels, maps)
    except (GridSalError, ValueError):
        return None
    height, width = shown.shape[:2]
    small = Image.fromarray(shown).resize((_WIDTH, max(1, round(_WIDTH * height / width))))
    return np.asarray(small)


def frame_of(maps: Maps) -> Frame | None:
    """Return the part and scale that a result was worked on at; None is the whole image.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    if not maps.frame:
        return None
    try:
        full, window, size = json.loads(maps.frame)
        return Frame((int(full[0]), int(full[1])), Box(*map(int, window)), (size[0], size[1]))
    except (TypeError, LookupError) as error:
        raise ValueError("The frame is damaged.") from error


def _drawn(pixels: ByteArray, maps: Maps) -> ByteArray:
    if pixels.shape[:2] != maps.region.shape:
        raise ValueError("The image has another size now.")
    from scipy import ndimage

    look = FigureSpec()
    shown = with_saliency(pixels, np.abs(maps.saliency), look.color_map, look.opacity)
    # As wide as a line has to be to survive being made small.
    reach = max(1, round(maps.region.shape[1] / _WIDTH))
    inner = ndimage.binary_erosion(maps.region, iterations=reach, border_value=1)
    blue = np.array(bytearray.fromhex(look.contour_color[1:]), np.uint8)
    return np.where((maps.region & ~inner)[..., None], blue, shown)
