"""The one image reader: files in, (H, W, C) float32 in [0, 1] out, without loss of bit depth.

Transparency is dropped, not composited: networks are trained on the colours that are stored, and no
background is invented. The EXIF orientation is applied everywhere. Of several frames the first is
read.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, UnidentifiedImageError

from gridsal_core.arrays import ByteArray, FloatArray
from gridsal_core.errors import ImageError

IMAGE_SUFFIXES: tuple[str, ...] = (
    ".png",
    ".jpg",
    ".jpeg",
    ".tif",
    ".tiff",
    ".bmp",
    ".webp",
    ".ppm",
    ".pgm",
    ".jp2",
)

AnyArray = npt.NDArray[Any]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_ORIENTATION_TAG = 0x0112
_TURNS: dict[int, Callable[[AnyArray], AnyArray]] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: lambda a: np.rot90(a, 1),
}
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
)

# Pillow keeps the high byte of 16-bit colour. Read as the other byte order, it keeps the low one.
_SWAPPED_NATIVE = ";16B" if sys.byteorder == "little" else ";16L"
_LOW_BYTE = {
    f"{bands};16{order}": bands + swapped
    for bands in ("RGB", "RGBA", "RGBX")
    for order, swapped in (("B", ";16L"), ("L", ";16B"), ("N", _SWAPPED_NATIVE))
}


def read_image(path: Path, channels: int = 3) -> FloatArray:
    """Read an image as a network wants it.

    Colour becomes one channel by its luma (ITU-R BT.601); grey becomes three by repetition.
    Integers are divided by their full range (255, 65535; 32-bit integers must fit in 16 bits).
    Float images must lie in [0, 1].

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, BMP, WebP, PNM or JPEG 2000; grey, colour, palette, CMYK or 1-bit, with or
        without transparency, 8 or 16 bits.
    channels
        What the network expects: 1 or 3.

    Returns
    -------
    (H, W, channels) float32 in [0, 1].

    Raises
    ------
    ImageError
        If the file cannot be read, its values are out of range, or `channels` is not 1 or 3.
    """
    with open_image(path) as image:
        if channels not in (1, 3):
            have = 1 if _is_grey(image) else 3
            raise ImageError(
                f"The network expects {channels} channels and {path.name} has {have}; "
                "open a network for grey or colour images."
            )
        turn = orientation(image)
        pixels = upright(_unit_pixels(image, path), turn)
    if channels == 1 and pixels.shape[2] == 3:
        pixels = np.clip(pixels @ _LUMA, 0, 1)[..., None]
    elif channels == 3 and pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels, np.float32)


def read_rgb8(path: Path) -> ByteArray:
    """Read an image for display.

    Returns
    -------
    (H, W, 3) uint8.

    Raises
    ------
    ImageError
        If the file cannot be read or its values are out of range.
    """
    with open_image(path) as image:
        turn = orientation(image)
        return np.ascontiguousarray(upright(np.asarray(_as_rgb8(image, path)), turn))


def read_thumbnail(path: Path, edge: int) -> ByteArray:
    """Read a small copy for a list; a JPEG is decoded at a fraction of its size.

    Parameters
    ----------
    path
        As for `read_image`.
    edge
        Longest side in pixels; the aspect is kept, and small images are not enlarged.

    Returns
    -------
    (h, w, 3) uint8 with max(h, w) <= edge.

    Raises
    ------
    ImageError
        If the file cannot be read or its values are out of range.
    """
    with open_image(path) as image:
        turn = orientation(image)
        image.draft("RGB", (edge, edge))
        small = _as_rgb8(image, path)
        small.thumbnail((edge, edge), Image.Resampling.BILINEAR)
        return np.ascontiguousarray(upright(np.asarray(small), turn))


def image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) in pixels after the EXIF orientation; only the header is read.

    Raises
    ------
    ImageError
        If the file is not a readable image.
    """
    with open_image(path) as image:
        width, height = image.size
        return (width, height) if orientation(image) >= 5 else (height, width)


@contextmanager
def open_image(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open an image file lazily; whatever goes wrong inside the block becomes an ImageError."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError:
        raise ImageError(f"The image {path} does not exist; check its name and folder.") from None
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder; choose an image file in it.") from None
    except PermissionError:
        raise ImageError(
            f"{path.name} may not be read; change its permissions or choose another file."
        ) from None
    except UnidentifiedImageError:
        if path.stat().st_size == 0:
            raise ImageError(f"{path.name} is empty (0 bytes); copy it again.") from None
        raise ImageError(
            f"{path.name} is not an image that can be read; use PNG, JPEG, TIFF, BMP or WebP."
        ) from None
    except (Image.DecompressionBombError, MemoryError):
        raise ImageError(
            f"{path.name} has too many pixels to be read safely; crop it or make it smaller."
        ) from None
    except _DAMAGE as error:
        raise ImageError(
            f"{path.name} is damaged or incomplete ({error}); copy or export it again."
        ) from error


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation that is still to be applied, 1 (upright) to 8.

    Ask before the pixels are read: a PNG may carry a second opinion behind them, which is ignored
    so that the size in the header and the size of the pixels always agree.
    """
    if image.format == "TIFF":
        return 1  # Pillow turns a TIFF itself
    try:
        # The base class: the one for PNG would decode the whole image to look behind it.
        value = Image.Image.getexif(image).get(_ORIENTATION_TAG, 1)
    except _DAMAGE:
        return 1  # an unreadable EXIF block says nothing about the pixels
    return value if isinstance(value, int) and value in _TURNS else 1


def upright(pixels: AnyArray, turn: int) -> AnyArray:
    """Turn stored (H, W) or (H, W, C) pixels by what `orientation` returned."""
    return _TURNS[turn](pixels) if turn in _TURNS else pixels


def stored_rawmode(image: Image.Image) -> str:
    """Return how the file packs its pixels, in Pillow's words, as in `L;4`; "" if unknown.

    Ask before the pixels are read.
    """
    tiles = getattr(image, "tile", None)
    args: Any = tiles[0][3] if tiles else ""
    if isinstance(args, tuple):
        args = args[0] if args else ""
    return args if isinstance(args, str) else ""


def _is_grey(image: Image.Image) -> bool:
    return image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")


def _unit_pixels(image: ImageFile.ImageFile, path: Path) -> FloatArray:
    """Return (H, W, 1 or 3) float32 in [0, 1], not yet oriented."""
    rawmode = stored_rawmode(image)
    if rawmode == "LA;16B":
        # Pillow has no 16-bit LA; as four bytes, a pixel is grey high, grey low, alpha high, low.
        packed = _decode_as(path, {rawmode: "RGBA"}).astype(np.uint16)
        return _unit(packed[..., :1] * 256 + packed[..., 1:2], 65535)
    if rawmode in _LOW_BYTE:
        low = _decode_as(path, _LOW_BYTE)[..., :3]
        return _unit(np.asarray(image)[..., :3].astype(np.uint16) * 256 + low, 65535)
    if image.mode == "F":
        return _checked_float(np.asarray(image), path)[..., None]
    if image.mode.startswith("I"):
        full = 4095 if rawmode == "I;12" else 65535
        return _unit(_checked_integers(np.asarray(image), path), full)[..., None]
    if _is_grey(image):
        return _unit(np.asarray(image.convert("L")), 255)[..., None]
    return _unit(np.asarray(image.convert("RGB")), 255)


def _unit(values: AnyArray, full: int) -> FloatArray:
    return values.astype(np.float32) / np.float32(full)


def _decode_as(path: Path, rawmodes: dict[str, str]) -> AnyArray:
    """Decode the file again with other raw modes, to reach the bytes that Pillow leaves out."""
    with Image.open(path) as image:
        mode = rawmodes[stored_rawmode(image)]
        image.tile = [
            tile._replace(args=(mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode)
            for tile in image.tile
        ]
        return np.asarray(image)


def _checked_integers(values: AnyArray, path: Path) -> AnyArray:
    if values.dtype.itemsize > 2 and values.size and (values.min() < 0 or values.max() > 65535):
        raise ImageError(
            f"{path.name} holds whole numbers from {values.min()} to {values.max()}; "
            "export it with 8 or 16 bits a channel."
        )
    return values


def _checked_float(values: FloatArray, path: Path) -> FloatArray:
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ImageError(
            f"{path.name} holds float values from {low:g} to {high:g}; scale them to 0..1."
        )
    return values


def _as_rgb8(image: ImageFile.ImageFile, path: Path) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        grey = np.rint(_unit_pixels(image, path)[..., 0] * 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    return image.convert("RGB")
