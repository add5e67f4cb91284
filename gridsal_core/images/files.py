"""Opening image files, and saying in one sentence what is wrong with those that do not open."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile, UnidentifiedImageError

from gridsal_core.errors import GridSalError, ImageError
from gridsal_core.images.limits import check_pixels
from gridsal_core.pipes import is_pipe

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

# Others are left out because a file is known by its content and not by its name: what calls itself
# a PNG could be PostScript, and Pillow hands that to another program to run.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "PPM", "JPEG2000", "TIFF", "GIF")

_limit_lifted = threading.Lock()

# What these libraries have to say about odd files would go to stderr, between our own lines.
logging.getLogger("tifffile").addHandler(logging.NullHandler())
logging.getLogger("PIL").addHandler(logging.NullHandler())
warnings.filterwarnings("ignore", module=r"PIL\.")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while `path` is read into an ImageError of one sentence."""
    if is_pipe(path):
        raise ImageError(f"{path} is a pipe or a device and no file; choose an image file.")
    try:
        yield
    except GridSalError:
        raise
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
    except MemoryError:
        raise ImageError(
            f"{path.name} does not fit into memory; work on a part of it or at a smaller scale."
        ) from None
    except Exception as error:  # damaged files make the decoders raise nearly anything
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise ImageError(
            f"{path.name} is damaged or incomplete ({detail}); copy or export it again."
        ) from error


@contextmanager
def open_image(path: Path, *, allow_large: bool = False) -> Iterator[ImageFile.ImageFile]:
    """Open an image file lazily with Pillow; errors inside the block become an ImageError.

    Raises
    ------
    ImageTooLargeError
        If the image has more pixels than may be decoded unasked, and `allow_large` is not set.
    ImageError
        If the file cannot be read.
    """
    with told(path), open_header(path) as image:
        if not allow_large:
            check_pixels(path, (image.height, image.width))
        yield image


def open_header(path: Path) -> ImageFile.ImageFile:
    """Open an image file of any size with Pillow; only its header is read."""
    # Pillow's own limit counts for the whole process, and it stops before it tells the size.
    with _limit_lifted:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(path, formats=_FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def stored_rawmode(image: Image.Image) -> str:
    """Return how the file packs its pixels, in Pillow's words, as in `L;4`; "" if unknown.

    Ask before the pixels are read.
    """
    tiles = getattr(image, "tile", None)
    args: Any = tiles[0][3] if tiles else ""
    if isinstance(args, tuple):
        args = args[0] if args else ""
    return args if isinstance(args, str) else ""
