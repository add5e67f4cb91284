"""Label maps that are painted in the colours of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.errors import ImageError
from gridsal_core.types import ClassInfo

# Nothing is said of pixels in these colours, which data sets paint where there is no class:
# Cityscapes and CamVid in black, Pascal VOC along the outlines of objects.
_VOID = ((0, 0, 0), (224, 224, 192))
_MOST = 0.5


def ignore_value(class_count: int) -> int:
    """Return the value of a pixel without a class: 255, or 65535 where 255 is a class."""
    return 255 if class_count <= 255 else 65535


def colors_to_classes(
    rgb: ByteArray, classes: Sequence[ClassInfo], path: Path
) -> tuple[IndexArray, str]:
    """Find the class of each pixel by its colour.

    Parameters
    ----------
    rgb
        (H, W, 3).
    classes
        Their colours; of two classes with one colour the first is meant.
    path
        The file, for the messages.

    Returns
    -------
    (H, W) classes, `ignore_value` where the colour is of no class, and a sentence that says how
    many such pixels there are; it is empty if there are none but black and VOC's outlines.

    Raises
    ------
    ImageError
        If most of the pixels that are painted have a colour of no class.
    """
    codes = rgb[..., 0].astype(np.uint32) << 16 | rgb[..., 1].astype(np.uint32) << 8 | rgb[..., 2]
    known = {_code(info.color): index for index, info in reversed(list(enumerate(classes)))}
    keys = np.array(sorted(known), np.uint32)
    ignore = ignore_value(len(classes))
    values = np.array([known[int(key)] for key in keys], np.uint8 if ignore == 255 else np.uint16)
    places = np.minimum(np.searchsorted(keys, codes), len(keys) - 1)
    is_known: npt.NDArray[np.bool_] = keys[places] == codes
    indices = np.where(is_known, values[places], values.dtype.type(ignore))
    void = np.isin(codes, [_code(color) for color in _VOID]) & ~is_known
    return indices, _verdict(int((~is_known & ~void).sum()), int((~void).sum()), path)


def _verdict(strange: int, painted: int, path: Path) -> str:
    if strange > _MOST * painted:
        raise ImageError(
            f"{strange / painted:.0%} of {path.name} is painted in colours that no class of the "
            "network has; give the classes these colours in the model card gridsal.toml, "
            "or save it as an index PNG."
        )
    if not strange:
        return ""
    pixels = "1 pixel" if strange == 1 else f"{strange:,} pixels"
    return f"{pixels} of {path.name} have a colour of no class and count as unlabelled."


def _code(color: tuple[int, int, int]) -> int:
    return color[0] << 16 | color[1] << 8 | color[2]
