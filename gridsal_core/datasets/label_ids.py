"""Label files whose numbers are ids of a data set, and not yet classes of the network.

What a file holds is told by its name and folder:

- Cityscapes: `*_labelIds.png` holds ids 0 to 33. A network with 19 classes gets the train ids, one
  with 34 or 35 the ids as they are. `*_labelTrainIds.png` holds classes already.
- ADE20K: `ADE_train_*.png` and `ADE_val_*.png`, and whatever lies in `annotations`,
  `annotations/training` or `annotations/validation`, hold 0 for "other" and 1 to 150; so does what
  holds a 150. A network with 150 classes gets them less one.
- COCO-Stuff: files under `stuffthingmaps` hold ids 0 to 181, eleven of which never occur. A network
  with 171 classes gets them counted without these.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.errors import ImageError

IGNORE = 255
"""Of a pixel without a class, in maps of up to 255 classes."""

CITYSCAPES_TRAIN_CLASSES, CITYSCAPES_IDS, ADE20K_CLASSES, COCO_STUFF_CLASSES = 19, 34, 150, 171
CITYSCAPES_ID_ENDING, CITYSCAPES_TRAIN_ENDING = "_labelIds", "_labelTrainIds"
STUFF_FOLDER = "stuffthingmaps"

# The label ids that are evaluated; their places in this list are the train ids.
_CITYSCAPES_EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
# Street sign, hat, shoe, eye glasses, plate, mirror, window, desk, door, blender, hair brush: named
# by COCO, but in none of its images.
_COCO_MISSING = {11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90}
_COCO_IDS = 182


def to_classes(label: IndexArray, path: Path, class_count: int | None) -> IndexArray:
    """Turn the ids of a known data set into classes of a network; other labels stay as they are.

    Parameters
    ----------
    label
        (H, W), as stored.
    path
        The file, which tells the data set.
    class_count
        Of the network; None leaves the ids as they are.

    Raises
    ------
    ImageError
        If the file holds Cityscapes ids beyond the network's classes, and no mapping is known.
    """
    if class_count is None:
        return label
    if path.stem.endswith(CITYSCAPES_ID_ENDING):
        if class_count == CITYSCAPES_TRAIN_CLASSES:
            return _looked_up(label, _CITYSCAPES_TABLE)
        if class_count < CITYSCAPES_IDS:
            _check_ids(label, path, class_count)
    elif class_count == ADE20K_CLASSES and (_is_ade20k(path) or (label == ADE20K_CLASSES).any()):
        return _looked_up(label, _ADE20K_TABLE)
    elif (
        class_count == COCO_STUFF_CLASSES
        and STUFF_FOLDER in path.parts
        and not path.stem.endswith(CITYSCAPES_TRAIN_ENDING)
    ):
        return _looked_up(label, _COCO_STUFF_TABLE)
    return label


def _is_ade20k(path: Path) -> bool:
    folders = tuple(part.lower() for part in path.absolute().parent.parts[-2:])
    return (
        path.name.startswith(("ADE_train_", "ADE_val_"))
        or folders[-1:] == ("annotations",)
        or folders in (("annotations", "training"), ("annotations", "validation"))
    )


def _check_ids(label: IndexArray, path: Path, class_count: int) -> None:
    present = label[label != IGNORE]
    if present.size and present.max() >= class_count:
        raise ImageError(
            f"{path.name} holds Cityscapes ids up to {present.max()} and the network has "
            f"{class_count} classes; use label maps made for this network."
        )


def _looked_up(label: IndexArray, table: ByteArray) -> IndexArray:
    found: ByteArray = table[np.minimum(label, IGNORE)]
    return found


def _table(classes_of_ids: dict[int, int]) -> ByteArray:
    """Return (256,) the class of each id, IGNORE where there is none."""
    table: npt.NDArray[np.uint8] = np.full(256, IGNORE, np.uint8)
    for identifier, index in classes_of_ids.items():
        table[identifier] = index
    return table


_CITYSCAPES_TABLE = _table({i: index for index, i in enumerate(_CITYSCAPES_EVALUATED)})
_ADE20K_TABLE = _table({i + 1: i for i in range(ADE20K_CLASSES)})
_COCO_STUFF_TABLE = _table(
    {i: index for index, i in enumerate(i for i in range(_COCO_IDS) if i not in _COCO_MISSING)}
)
