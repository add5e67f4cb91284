"""COCO panoptic label maps: colour PNGs of segment ids, and one JSON file that says what they are.

A segment's id is R + 256 G + 65536 B; the JSON gives its category, and the place of a category in
the file's list `categories` is the class. Cityscapes' and ADE20K's panoptic files are the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.datasets.label_colors import ignore_value
from gridsal_core.errors import ImageError

MAX_JSON_BYTES = 2**30
_FILES_KEPT = 2
PANOPTIC = "panoptic"
"""In the name of every folder of such files."""

_reading = Lock()


@dataclass(frozen=True, eq=False)
class PanopticSegments:
    """What a panoptic JSON says: the number of its categories, and of each PNG its segments.

    `segments` maps a file name to (N,) uint32 ids in rising order and their (N,) uint16 classes.
    """

    class_count: int
    segments: dict[str, tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]]


def find_panoptic_json(png: Path) -> Path | None:
    """Find the JSON of a panoptic PNG.

    For `annotations/panoptic_val2017/x.png` that is `annotations/panoptic_val2017.json`; also
    looked for are the same name in `annotations` beside the folder or in the folder itself, and,
    for a folder with `panoptic` in its name, the only `panoptic_*.json` beside it.
    """
    folder = png.absolute().parent
    name = f"{folder.name}.json"
    places = (folder.parent / name, folder.parent / "annotations" / name, folder / name)
    found = next((place for place in places if place.is_file()), None)
    if found is None and PANOPTIC in folder.name.lower():
        others = list(folder.parent.glob("panoptic_*.json"))
        found = others[0] if len(others) == 1 else None
    return found


def panoptic_classes(
    rgb: ByteArray, png: Path, description: Path, class_count: int | None
) -> IndexArray:
    """Turn the segment ids of a panoptic PNG into classes.

    Parameters
    ----------
    rgb
        (H, W, 3), the PNG.
    png, description
        The PNG's path, and the JSON file's.
    class_count
        Of the network; None takes whatever the JSON has.

    Returns
    -------
    (H, W); `ignore_value` where there is no segment.

    Raises
    ------
    ImageError
        If the JSON is damaged, does not know the PNG, or has another number of categories.
    """
    known = read_panoptic_json(description)
    if class_count is not None and class_count != known.class_count:
        raise ImageError(
            f"{description.name} has {known.class_count} categories and the network "
            f"{class_count} classes; use label maps made for this network."
        )
    if png.name not in known.segments:
        raise ImageError(
            f"{description.name} says nothing of {png.name}; put the JSON file that belongs to "
            "these label maps beside their folder."
        )
    identifiers, classes = known.segments[png.name]
    stored = rgb.astype(np.uint32)
    codes = stored[..., 0] + 256 * stored[..., 1] + 65536 * stored[..., 2]
    ignore = ignore_value(known.class_count)
    found = np.full(codes.shape, ignore, np.uint16)
    if len(identifiers):
        places = np.minimum(np.searchsorted(identifiers, codes), len(identifiers) - 1)
        is_known = identifiers[places] == codes
        found[is_known] = classes[places[is_known]]
    return found.astype(np.uint8) if ignore == 255 else found


def read_panoptic_json(path: Path) -> PanopticSegments:
    """Read a panoptic JSON; of the last ones read, the result is kept.

    Raises
    ------
    ImageError
        If it cannot be read, is no panoptic JSON, or is beyond 1 GiB.
    """
    try:
        state = path.stat()
        if state.st_size > MAX_JSON_BYTES:
            raise ImageError(
                f"{path.name} has {state.st_size / 2**30:.1f} GiB, too much to be read safely; "
                "split it, or use index PNGs."
            )
        # COCO's training file takes seconds and a gigabyte: never two threads at once.
        with _reading:
            return _parsed(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise ImageError(
            f"{path.name} cannot be read ({error.strerror}); check its permissions."
        ) from error


@lru_cache(maxsize=_FILES_KEPT)
def _parsed(path: Path, _changed: int, _size: int) -> PanopticSegments:
    try:
        values = json.loads(path.read_bytes(), object_hook=_slim)
        order = {int(entry["id"]): index for index, entry in enumerate(values["categories"])}
        segments = {
            str(entry["file_name"]): _segments(entry["segments_info"], order)
            for entry in values["annotations"]
        }
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ImageError(
            f"{path.name} is no COCO panoptic file or is damaged "
            f"({type(error).__name__}: {error}); copy it again."
        ) from error
    return PanopticSegments(len(order), segments)


def _slim(entry: dict[str, Any]) -> object:
    """Keep of an object only what is needed while the file is parsed; COCO's has a million."""
    if "category_id" in entry:
        return entry["id"], entry["category_id"]
    if "segments_info" in entry:
        return {key: entry[key] for key in ("file_name", "segments_info")}
    return None if "height" in entry else entry


def _segments(
    pairs: list[tuple[int, int]], order: dict[int, int]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]:
    ranked = sorted((int(identifier), order[int(category)]) for identifier, category in pairs)
    table = np.array(ranked, np.int64).reshape(-1, 2)
    return table[:, 0].astype(np.uint32), table[:, 1].astype(np.uint16)
