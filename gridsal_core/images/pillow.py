"""Files that Pillow decodes as a whole: PNG, JPEG, WebP, BMP, PNM, JPEG 2000."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from gridsal_core.frames import Box
from gridsal_core.images.colour import Conversion, Kind, cmyk_to_rgb, profile_conversion
from gridsal_core.images.files import open_header, stored_rawmode
from gridsal_core.images.limits import check_pixels
from gridsal_core.images.stored import ArrayRaster, Layout
from gridsal_core.images.turns import orientation

AnyArray = npt.NDArray[Any]

_STRIP_PIXELS = 16_000_000  # beyond, pixels leave Pillow in strips: in one go they are held thrice
_DRAFTS = (8, 4, 2)

# Pillow keeps the high byte of 16-bit colour. Read as the other byte order, it keeps the low one.
_SWAPPED_NATIVE = ";16B" if sys.byteorder == "little" else ";16L"
_LOW_BYTE = {
    f"{bands};16{order}": bands + swapped
    for bands in ("RGB", "RGBA", "RGBX")
    for order, swapped in (("B", ";16L"), ("L", ";16B"), ("N", _SWAPPED_NATIVE))
}
_GREY_ALPHA_16 = "LA;16B"


@dataclass
class PillowRaster:
    """One image file; it is decoded when the first strip is asked for, and kept.

    Parameters
    ----------
    path
        The file.
    allow_large
        Decode it whatever its size.
    with_alpha
        Deliver the channel of transparency after the bands.
    """

    path: Path
    allow_large: bool = False
    with_alpha: bool = False
    _pixels: AnyArray | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        with open_header(self.path) as image:
            self.layout, self._profile = _layout(image)
            self._is_jpeg = image.format in ("JPEG", "MPO")
            self._is_progressive = "progressive" in image.info

    @property
    def is_decoded(self) -> bool:
        """True if every pixel is in memory."""
        return self._pixels is not None

    def strips(self, box: Box) -> Iterator[AnyArray]:
        """Yield the box at once, (h, w, C)."""
        yield self.pixels()[box.slices]

    def pixels(self) -> AnyArray:
        """Return every pixel, (H, W, C).

        Raises
        ------
        ImageTooLargeError
            If there are more than may be decoded unasked.
        """
        if self._pixels is None:
            if not self.allow_large:
                deep = 4 * max(1, self.layout.dtype.itemsize)
                check_pixels(self.path, self.layout.size, deep)
            with open_header(self.path) as image:
                self._pixels = self._converted(self._decode(image))
        return self._pixels

    def draft(self, scale: float) -> ArrayRaster | None:
        """Decode a JPEG at an eighth, a quarter or half of its size; None if that is not enough.

        Parameters
        ----------
        scale
            Pixels needed per pixel of the image.
        """
        factor = next((factor for factor in _DRAFTS if scale * factor <= 1), 1)
        if not self._is_jpeg or factor == 1:
            return None
        height, width = (-(-edge // factor) for edge in self.layout.size)
        if not self.allow_large:
            # A progressive JPEG holds all of its waves, whatever is made of them.
            check_pixels(self.path, self.layout.size if self._is_progressive else (height, width))
        with open_header(self.path) as image:
            image.draft(None, (width, height))
            pixels = self._converted(self._decode(image))
        return ArrayRaster(replace(self.layout, size=pixels.shape[:2]), pixels)

    def _converted(self, pixels: AnyArray) -> AnyArray:
        convert = self._profile.convert
        if convert is None:
            return pixels
        colours = convert(pixels[..., : 4 if self._is_ink(pixels) else self.layout.bands])
        if self.with_alpha and self.layout.has_alpha:
            return np.concatenate([colours, pixels[..., -1:]], axis=2)
        return colours

    def _is_ink(self, pixels: AnyArray) -> bool:
        return pixels.shape[2] == 4 and not self.layout.has_alpha

    def _decode(self, image: ImageFile.ImageFile) -> AnyArray:
        """Return (H, W, C) as stored: grey, colour or (with a profile) CMYK, then transparency."""
        rawmode = stored_rawmode(image)
        keep_alpha = self.with_alpha and self.layout.has_alpha
        bands = self.layout.bands
        if rawmode == _GREY_ALPHA_16:
            # Pillow has no 16-bit LA; as four bytes, a pixel is grey high, grey low, alpha's two.
            packed = _decode_as(self.path, {rawmode: "RGBA"}).astype(np.uint16)
            return (packed[..., ::2] * 256 + packed[..., 1::2])[..., : bands + keep_alpha]
        if rawmode in _LOW_BYTE:
            low = _decode_as(self.path, _LOW_BYTE)
            wide = np.asarray(image).astype(np.uint16) * 256 + low
            return wide[..., : bands + keep_alpha]
        if image.mode == "F":
            return np.asarray(image)[..., None]
        if image.mode.startswith("I"):
            return np.asarray(image).astype(np.uint16, copy=False)[..., None]
        if image.mode == "CMYK" and self._profile.convert is not None:
            return _array(image)
        if image.mode == "CMYK":
            return cmyk_to_rgb(_array(image), 255)
        mode = ("L" if bands == 1 else "RGB") + ("A" if keep_alpha else "")
        return _array(image if image.mode == mode else image.convert(mode))


def _layout(image: ImageFile.ImageFile) -> tuple[Layout, Conversion]:
    rawmode = stored_rawmode(image)
    is_deep = image.mode.startswith("I") or rawmode in _LOW_BYTE or rawmode == _GREY_ALPHA_16
    dtype = np.dtype("float32" if image.mode == "F" else "uint16" if is_deep else "uint8")
    is_grey = image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")
    is_grey |= rawmode == _GREY_ALPHA_16
    kind: Kind = "L" if is_grey else "CMYK" if image.mode == "CMYK" else "RGB"
    icc = image.info.get("icc_profile")
    profile = profile_conversion(bytes(icc), kind, dtype.name) if icc else Conversion()
    has_alpha = image.has_transparency_data
    notes = [profile.note] if profile.note else []
    if has_alpha:
        notes.append("Its transparency is left out.")
    if image.mode == "CMYK" and profile.convert is None:
        notes.append("Its inks (CMYK) were turned into colours without a profile.")
    layout = Layout(
        (image.height, image.width),
        1 if is_grey else 3,
        has_alpha,
        dtype,
        65535 if is_deep else 255 if dtype.kind == "u" else 1,
        orientation(image),
        not is_grey,
        tuple(notes),
    )
    return layout, profile


def _array(image: Image.Image) -> AnyArray:
    """Return an image as (H, W, C), copied in strips where it is large."""
    width, height = image.size
    if width * height <= _STRIP_PIXELS:
        return _three_axes(np.asarray(image))
    rows = max(1, _STRIP_PIXELS // 4 // width)
    first = _three_axes(np.asarray(image.crop((0, 0, width, 1))))
    pixels = np.empty((height, width, first.shape[2]), np.uint8)
    for row in range(0, height, rows):
        stop = min(row + rows, height)
        pixels[row:stop] = _three_axes(np.asarray(image.crop((0, row, width, stop))))
    return pixels


def _three_axes(pixels: AnyArray) -> AnyArray:
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _decode_as(path: Path, rawmodes: dict[str, str]) -> AnyArray:
    """Decode the file again with other raw modes, to reach the bytes that Pillow leaves out."""
    with open_header(path) as image:
        mode = rawmodes[stored_rawmode(image)]
        image.tile = [
            tile._replace(args=(mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode)
            for tile in image.tile
        ]
        return np.asarray(image)
