"""The pictures in a figure, as pixels: images, maps over them, classes in their colours."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.figure.spec import ColorMap
from gridsal_core.types import ClassInfo

SALIENCY_RED: Final = (0.86, 0.0, 0.05)
FLIPPED: Final = (255, 255, 255)
UNLABELLED: Final = ClassInfo("unlabelled", (90, 90, 90))
_LUMA: Final = np.array((0.299, 0.587, 0.114), np.float32)
_MID_GREY: Final = 0.5


def as_rgb(image: FloatArray) -> FloatArray:
    """Show grey as it is, and of many channels the first three."""
    return image[..., :3] if image.shape[2] >= 3 else np.repeat(image[..., :1], 3, axis=2)


def to_bytes(image: FloatArray) -> ByteArray:
    """Round values in [0, 1] to levels."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def with_saliency(
    image: ByteArray,
    saliency: FloatArray,
    color_map: ColorMap,
    opacity: float,
    plain: BoolArray | None = None,
) -> ByteArray:
    """Lay a map over an image, on the fixed scale from 0 to 1.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    saliency
        (H, W); what is beyond 0 and 1 is cut off, nothing is stretched.
    color_map, opacity
        See `FigureSpec`.
    plain
        (H, W) bool: where the map says nothing, and the image stays as it is.
    """
    values = np.clip(saliency, 0, 1)
    below = image.astype(np.float32) / 255
    if color_map == "red":
        alpha = opacity * values[..., None]
        return to_bytes(below * (1 - alpha) + np.asarray(SALIENCY_RED, np.float32) * alpha)
    grey = (below @ _LUMA)[..., None]
    colors = _table(color_map)[np.rint(values * 255).astype(np.uint8)]
    shown = to_bytes(grey * (1 - opacity) + colors * opacity)
    if plain is not None:
        shown[plain] = image[plain]
    return shown


def scale_colors(color_map: ColorMap, opacity: float) -> ByteArray:
    """Return the colours of the scale from 0 to 1, (1, 256, 3): over white, or over a mid grey."""
    ground = 1.0 if color_map == "red" else _MID_GREY
    below = to_bytes(np.full((1, 256, 3), ground, np.float32))
    return with_saliency(below, np.linspace(0, 1, 256, dtype=np.float32)[None], color_map, opacity)


def in_colors(class_map: IndexArray, classes: tuple[ClassInfo, ...]) -> ByteArray:
    """Show (H, W) classes in their colours; what is no class of the network is grey."""
    table = np.array([info.color for info in (*classes, UNLABELLED)], np.uint8)
    return table[np.minimum(class_map, len(classes))]


def hatching(flipped: BoolArray) -> BoolArray:
    """Of an (H, W) bool mask every fourth diagonal, so that what lies below still shows."""
    rows, columns = np.indices(flipped.shape)
    marked: BoolArray = flipped & ((rows + columns) % 4 == 0)
    return marked


@cache
def _table(color_map: ColorMap) -> FloatArray:
    from matplotlib import colormaps

    table: FloatArray = colormaps[color_map](np.arange(256))[:, :3].astype(np.float32)
    return table
