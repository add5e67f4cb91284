"""Label maps: index PNGs, whose values are classes and never colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import IndexArray
from gridsal_core.errors import ImageError
from gridsal_core.images import open_image, orientation, stored_rawmode, upright

# Pillow stretches packed grey to 0..255; as a label, the packed value is the class.
_STRETCH = {"L;2": 85, "L;4": 17}


def read_label(path: Path, size: tuple[int, int] | None = None) -> IndexArray:
    """Read an index PNG.

    Parameters
    ----------
    path
        Palette (its indices), grey of 1 to 8 bits, or 16-bit grey.
    size
        (height, width) to resize to, by `resize_nearest`; None keeps the size.

    Returns
    -------
    (H, W) uint8, or uint16 for a 16-bit file.

    Raises
    ------
    ImageError
        If the file cannot be read or holds colours in place of indices.
    """
    with open_image(path) as image:
        turn = orientation(image)
        stretch = _STRETCH.get(stored_rawmode(image), 1)
        if image.mode not in ("1", "L", "P") and not image.mode.startswith("I"):
            raise ImageError(
                f"{path.name} holds colours and not class indices; save it as an index PNG "
                "(grey or palette, one number a pixel)."
            )
        stored = upright(np.asarray(image), turn)
        label = _as_index(stored // stretch if stretch > 1 else stored, path)
    return label if size is None else resize_nearest(label, size)


def resize_nearest(label: IndexArray, size: tuple[int, int]) -> IndexArray:
    """Resize a label map to (height, width); each pixel takes the class under its centre.

    The rule is PyTorch's `nearest-exact`: source index = floor((i + 0.5) * in / out), computed in
    float32 as there.
    """
    rows, columns = (_nearest(have, want) for have, want in zip(label.shape, size, strict=True))
    return label[rows[:, None], columns[None, :]]


def _nearest(have: int, want: int) -> npt.NDArray[np.intp]:
    scale = np.float32(have) / np.float32(want)
    source = np.floor((np.arange(want, dtype=np.float32) + np.float32(0.5)) * scale)
    nearest: npt.NDArray[np.intp] = np.minimum(source, have - 1).astype(np.intp)
    return nearest


def _as_index(stored: npt.NDArray[Any], path: Path) -> IndexArray:
    if stored.dtype.itemsize == 1:
        return np.ascontiguousarray(stored, np.uint8)
    if stored.size and (stored.min() < 0 or stored.max() > 65535):
        raise ImageError(
            f"{path.name} holds values from {stored.min()} to {stored.max()}; "
            "class indices are whole numbers from 0 to 65535."
        )
    return np.ascontiguousarray(stored, np.uint16)
