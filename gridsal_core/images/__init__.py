"""The one image reader, for networks, the screen, lists and exports.

Values keep the depth they are stored with. Transparency is dropped, not composited: networks are
trained on the colours that are stored, and no background is invented. The orientation is applied
everywhere, and embedded colour profiles are followed to sRGB.
"""

from __future__ import annotations

from gridsal_core.errors import ImageTooLargeError
from gridsal_core.images.files import IMAGE_SUFFIXES, open_image, stored_rawmode
from gridsal_core.images.limits import MAX_PIXELS_VARIABLE, SAFE_PIXELS, max_pixels
from gridsal_core.images.reader import PixelReader, open_pixels
from gridsal_core.images.reading import image_info, image_size, read_image, read_rgb8
from gridsal_core.images.scaling import dim_note
from gridsal_core.images.stored import ImageInfo
from gridsal_core.images.thumbnails import read_thumbnail
from gridsal_core.images.turns import orientation, upright

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS_VARIABLE",
    "SAFE_PIXELS",
    "ImageInfo",
    "ImageTooLargeError",
    "PixelReader",
    "dim_note",
    "image_info",
    "image_size",
    "max_pixels",
    "open_image",
    "open_pixels",
    "orientation",
    "read_image",
    "read_rgb8",
    "read_thumbnail",
    "stored_rawmode",
    "upright",
]
