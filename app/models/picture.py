"""An image file that is open to be looked at: the whole of it small, and details when asked for."""

from __future__ import annotations

from contextlib import ExitStack
from math import sqrt
from threading import Lock

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from gridsal_core.arrays import ByteArray, FloatArray
from gridsal_core.errors import ImageError
from gridsal_core.frames import Box, ImageView
from gridsal_core.images import PixelReader, open_pixels

OVERVIEW_PIXELS = 4_000_000
SMALLEST_EDGE = 64


class Picture:
    """Reads pixels for display, from any thread, one at a time; closed when it is looked away from.

    Parameters
    ----------
    view
        The file and its page; the frame does not matter.

    Raises
    ------
    ImageError
        If the file cannot be read.
    ImageTooLargeError
        If it can only be decoded as a whole and is beyond the safe size.
    """

    def __init__(self, view: ImageView) -> None:
        self._lock = Lock()
        self._stack = ExitStack()
        opened = open_pixels(view.path, view.page, allow_large=view.allow_large)
        self._reader: PixelReader | None = self._stack.enter_context(opened)
        self._name = view.path.name
        self.info = self._reader.info
        self.levels: tuple[QImage, ...] = ()

    @property
    def has_details(self) -> bool:
        """Whether the file has more pixels than the first of the levels."""
        height, width = self.info.size
        return bool(self.levels) and self.levels[0].width() * self.levels[0].height() < (
            height * width
        )

    def rgb8(self, window: Box, size: tuple[int, int]) -> ByteArray:
        """Read a window of the image, reduced to (height, width) `size`.

        Raises
        ------
        ImageError
            If it cannot be read, or the picture was closed meanwhile.
        """
        with self._lock:
            if self._reader is None:
                raise ImageError(f"{self._name} was closed; choose it again.")
            return self._reader.rgb8(window, size)

    def close(self) -> None:
        """Close the file, once nobody reads it any more."""
        with self._lock:
            self._reader = None
            self._stack.close()


def overview_size(full: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) at which an image is kept in memory as a whole."""
    height, width = full
    scale = min(1.0, sqrt(OVERVIEW_PIXELS / (height * width)))
    return max(1, round(height * scale)), max(1, round(width * scale))


def to_rgb8(image: FloatArray) -> ByteArray:
    """Bring (H, W, C) in [0, 1] to (H, W, 3) uint8: grey repeated, or the first three channels."""
    pixels = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    if pixels.shape[2] >= 3:
        return np.ascontiguousarray(pixels[..., :3])
    return np.repeat(pixels[..., :1], 3, axis=2)


def to_qimage(rgb: ByteArray) -> QImage:
    """Turn (H, W, 3) uint8 into a picture of 32 bits, which paints without a conversion."""
    height, width = rgb.shape[:2]
    data = np.ascontiguousarray(rgb)
    wrapped = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    # The conversion copies, so that the array may go.
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)


def to_thumbnail(rgb: ByteArray, size: QSize, ratio: float) -> QPixmap:
    """Fit (H, W, 3) uint8 into a size in logical pixels, of `ratio` screen pixels each."""
    pixmap = QPixmap.fromImage(to_qimage(rgb)).scaled(
        size * ratio,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def picture_levels(rgb: ByteArray) -> tuple[QImage, ...]:
    """Return the picture, its half, its quarter and so on; called in a thread, it takes a while."""
    levels = [to_qimage(rgb)]
    while min(levels[-1].width(), levels[-1].height()) >= 2 * SMALLEST_EDGE:
        levels.append(halved(levels[-1]))
    return tuple(levels)


def halved(picture: QImage) -> QImage:
    """Return a picture at half its width and height: each pixel the mean of four."""
    return picture.scaled(
        max(picture.width() // 2, 1),
        max(picture.height() // 2, 1),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
