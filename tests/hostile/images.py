"""Images no program would write, and images that were damaged on the way."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from tests.hostile.damage import flips, png_bomb, tiff_of, truncations

CUTS = 5
FLIPS = 8
SIZE = (20, 28)


def write_images(folder: Path, dice: random.Random) -> None:
    """Fill a folder with hostile images; whether each can be read after all is not known."""
    folder.mkdir()
    for name, content in _images(dice):
        (folder / name).write_bytes(content)


def _images(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    for ending, whole in _whole().items():
        # No two of one stem: a PNG beside a photograph of its name would be taken for its labels.
        kind = ending.removeprefix(".")
        for index, content in enumerate(truncations(whole, dice, CUTS)):
            yield f"cut{index}_{kind}{ending}", content
        for index, content in enumerate(flips(whole, dice, FLIPS)):
            yield f"flipped{index}_{kind}{ending}", content
    yield "bomb.png", png_bomb(20_000, 20_000)
    yield "huge.tif", tiff_of(0xFFFFFFFF, 0xFFFFFFFF)
    yield "flat.tif", tiff_of(0xFFFFFFFF, 1)
    yield "empty_pages.tif", tiff_of(0, 0)
    yield "strips.tif", tiff_of(1000, 0x7FFFFFFF, rows_per_strip=1)
    yield "circle.tif", tiff_of(2, 2, next_directory=8)
    yield "text.png", b"not an image\n"
    yield "vector.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield "archive.webp", b"PK\3\4" + bytes(200)
    yield "zeros.bmp", bytes(4096)
    yield "noise.jp2", dice.randbytes(4096)


def _whole() -> dict[str, bytes]:
    """Return good images, small ones with all that a file may carry besides pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    rgb = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    files: dict[str, bytes] = {}
    kinds: dict[str, dict[str, Any]] = {
        ".png": {"exif": exif, "icc_profile": b"no profile at all"},
        ".jpg": {"exif": exif},
        ".webp": {"exif": exif},
        ".bmp": {},
        ".jp2": {},
        ".ppm": {},
    }
    for ending, options in kinds.items():
        buffer = io.BytesIO()
        rgb.save(buffer, Image.registered_extensions()[ending], **options)
        files[ending] = buffer.getvalue()
    for ending, compression in ((".tif", "deflate"), (".tiff", None)):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, pixels, compression=compression, photometric="rgb", tile=(16, 16))
        files[ending] = buffer.getvalue()
    return files
