"""Label maps: which class each pixel of an image truly has.

Index PNGs hold the class, or a data set's id of it (`label_ids`), as palette index or grey value;
colour PNGs hold the class's colour (`label_colors`) or a segment id (`panoptic`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from gridsal_core.arrays import IndexArray
from gridsal_core.datasets.label_colors import colors_to_classes
from gridsal_core.datasets.label_ids import IGNORE, to_classes
from gridsal_core.datasets.panoptic import PANOPTIC, find_panoptic_json, panoptic_classes
from gridsal_core.errors import ImageError
from gridsal_core.images import open_image, orientation, stored_rawmode, upright
from gridsal_core.types import ClassInfo

# Pillow stretches packed grey to 0..255; as a label, the packed value is the class.
_STRETCH = {"L;2": 85, "L;4": 17}


@dataclass(frozen=True, eq=False)
class LabelMap:
    """(H, W) classes, and a sentence on what was not understood of the file, or none.

    Values that are no class of the network mean "unlabelled": 255, or 65535 in a network of more
    than 255 classes.
    """

    classes: IndexArray
    note: str = ""


def read_label(
    path: Path,
    size: tuple[int, int] | None = None,
    classes: Sequence[ClassInfo] | None = None,
) -> IndexArray:
    """Read a label map; see `read_label_map`, which also tells what was not understood."""
    return read_label_map(path, size, classes).classes


def read_label_map(
    path: Path,
    size: tuple[int, int] | None = None,
    classes: Sequence[ClassInfo] | None = None,
) -> LabelMap:
    """Read a label map.

    Parameters
    ----------
    path
        An index PNG: palette (its indices), grey of 1 to 8 bits, or 16-bit grey. Or a colour PNG:
        of COCO panoptic where its JSON lies beside its folder, else in the colours of `classes`.
    size
        (height, width) to resize to, by `resize_nearest`; None keeps the size.
    classes
        Of the network. Without them, ids of a data set stay as they are, and colours mean nothing.

    Raises
    ------
    ImageError
        If the file cannot be read, does not fit the network, or holds colours that mean nothing.
    """
    count = None if classes is None else len(classes)
    note = ""
    with open_image(path) as image:
        turn = orientation(image)
        stretch = _STRETCH.get(stored_rawmode(image), 1)
        if image.mode in ("1", "L", "P") or image.mode.startswith("I"):
            stored = upright(np.asarray(image), turn)
            indices = _as_index(stored // stretch if stretch > 1 else stored, path)
            label = to_classes(indices, path, count)
            note = _strange(label, count, path)
        else:
            label, note = _of_colors(image, turn, path, classes)
    return LabelMap(label if size is None else resize_nearest(label, size), note)


def resize_nearest(label: IndexArray, size: tuple[int, int]) -> IndexArray:
    """Resize a label map to (height, width); each pixel takes the class under its centre.

    The rule is PyTorch's `nearest-exact`: source index = floor((i + 0.5) * in / out), computed in
    float32 as there.
    """
    if label.shape == size:
        return label
    rows, columns = (_nearest(have, want) for have, want in zip(label.shape, size, strict=True))
    return label[rows[:, None], columns[None, :]]


def _of_colors(
    image: Image.Image, turn: int, path: Path, classes: Sequence[ClassInfo] | None
) -> tuple[IndexArray, str]:
    description = find_panoptic_json(path)
    if description is None and PANOPTIC in path.absolute().parent.name.lower():
        name = f"{path.absolute().parent.name}.json"
        raise ImageError(
            f"{path.name} lies in a folder of panoptic label maps, whose segments {name} tells "
            f"apart; put {name} beside that folder."
        )
    if description is None and not classes:
        raise ImageError(
            f"{path.name} holds colours and not class indices; open the network whose classes "
            "have these colours, or save it as an index PNG (grey or palette, one number a pixel)."
        )
    rgb = upright(np.asarray(image.convert("RGB")), turn)
    if description is not None:
        count = None if classes is None else len(classes)
        return panoptic_classes(rgb, path, description, count), ""
    return colors_to_classes(rgb, classes or (), path)


def _strange(label: IndexArray, class_count: int | None, path: Path) -> str:
    """Say which values are no class; the usual ones for "unlabelled" go without saying."""
    if class_count is None:
        return ""
    usual = np.array([class_count, IGNORE, np.iinfo(label.dtype).max])
    is_strange = (label >= class_count) & ~np.isin(label, usual)
    if not is_strange.any():
        return ""
    values = np.unique(label[is_strange]).tolist()
    listed = ", ".join(map(str, values[:3])) + (", …" if len(values) > 3 else "")
    share = float(is_strange.mean())
    told = f"{share:.0%}" if share >= 0.01 else "Under 1%"
    return (
        f"{told} of {path.name} holds {listed}, which is no class of the network ({class_count} "
        "classes), and counts as unlabelled."
    )


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
