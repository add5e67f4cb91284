"""Where the label map of an image is: by the layouts of known data sets, or by a user's pattern.

Without a pattern, these places are tried in this order:

1. beside the image: `a_label.png`, `a_labels.png`, `a_mask.png`, and `a.png` for an image that is
   no PNG; then the same names in a folder `labels`, `label`, `masks`, `annotations` or `gt` (also
   with a capital) inside or beside the image's folder. Here only index PNGs count;
2. Cityscapes: `leftImg8bit/val/ulm/X_leftImg8bit.png` has `gtFine/val/ulm/X_gtFine_labelIds.png`,
   else `..._labelTrainIds.png`, else the same of `gtCoarse`; also beside the image;
3. Pascal VOC: `JPEGImages/x.jpg` has `SegmentationClass/x.png`;
4. ADE20K and others: `images/training/x.jpg` has `annotations/training/x.png`, or another folder
   of point 1 in place of `images`;
5. COCO: `train2017/x.jpg` has `stuffthingmaps/train2017/x.png` or `panoptic_train2017/x.png`,
   beside the folder or beside `images`, the latter also in `annotations`;
6. colour PNGs in the places of point 1, but for `a.png` beside `a.jpg`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gridsal_core.datasets.label_ids import (
    CITYSCAPES_ID_ENDING,
    CITYSCAPES_TRAIN_ENDING,
    STUFF_FOLDER,
)
from gridsal_core.errors import ImageError, SettingsError
from gridsal_core.images import open_image

LABEL_ENDINGS: tuple[str, ...] = ("_label", "_labels", "_mask")
LABEL_FOLDERS: tuple[str, ...] = ("labels", "label", "masks", "annotations", "gt")
VOC_IMAGES, VOC_LABELS = "JPEGImages", ("SegmentationClass", "SegmentationClassAug")
CITYSCAPES_IMAGES, CITYSCAPES_LABELS = "leftImg8bit", ("gtFine", "gtCoarse")
PANOPTIC_PREFIX = "panoptic_"
PLACEHOLDERS = "{stem}, {name}, {folder}, {parent} or {stem-ENDING}"

_LABEL_SUFFIX = ".png"
_INDEX_MODES = ("1", "L", "P", "I", "I;16")
_COCO_PANOPTIC_CLASSES = 133
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def find_label(
    image: Path, pattern: str | None = None, class_count: int | None = None
) -> Path | None:
    """Find the file that labels an image, or None.

    Parameters
    ----------
    image
        The image; nothing is read of it.
    pattern
        Where the user says it is; see `label_place`. None or blank: the places named above.
    class_count
        Of the network: with 133 classes, COCO's panoptic map is preferred to its index map.

    Raises
    ------
    SettingsError
        If the pattern is wrong.
    """
    if pattern is not None and pattern.strip():
        place = label_place(image, pattern)
        return place if _is_other_file(place, image) else None
    marked = [f"{image.stem}{ending}{_LABEL_SUFFIX}" for ending in LABEL_ENDINGS]
    names = [*marked, f"{image.stem}{_LABEL_SUFFIX}"]
    beside = names if image.suffix.lower() != _LABEL_SUFFIX else marked
    places = (image.parent, image.absolute().parent.parent)
    in_folders = [f / name for place in places for f in _label_folders(place) for name in names]
    near = [*(image.parent / name for name in beside), *in_folders]
    near = [candidate for candidate in near if _is_other_file(candidate, image)]
    index = next((candidate for candidate in near if _is_index(candidate)), None)
    if index is not None:
        return index
    for candidate in _layouts(image.absolute(), class_count):
        if _is_other_file(candidate, image):
            return candidate
    plain = image.with_suffix(_LABEL_SUFFIX)
    return next((candidate for candidate in near if candidate != plain), None)


def label_place(image: Path, pattern: str) -> Path:
    """Return the file that a pattern names for an image; it need not exist.

    A pattern is a path, taken from the image's folder unless it is absolute or begins with `~`.
    For the image `leftImg8bit/val/ulm/ulm_1_leftImg8bit.png` the placeholders are `{stem}`
    (`ulm_1_leftImg8bit`), `{name}` (with `.png`), `{folder}` (`ulm`), `{parent}` (`val`) and
    `{stem-ENDING}`, the stem without that ending: `{stem-_leftImg8bit}` is `ulm_1`.

    Raises
    ------
    SettingsError
        If a placeholder is unknown, a brace is alone, or all images would have one label map.
    """
    check_pattern(pattern)
    folder = image.absolute().parent
    values = {"name": image.name, "folder": folder.name, "parent": folder.parent.name}

    def fill(match: re.Match[str]) -> str:
        key = match[1]
        return _stem(image, key) if key.startswith("stem") else values[key]

    place = Path(_PLACEHOLDER.sub(fill, pattern.strip()))
    if place.parts[:1] == ("~",):
        place = Path.home().joinpath(*place.parts[1:])
    return Path(os.path.normpath(folder / place))


def check_pattern(pattern: str) -> None:
    """Raise SettingsError, with the sentence for the user, unless the pattern can be used."""
    keys: list[str] = _PLACEHOLDER.findall(pattern)
    rest = _PLACEHOLDER.sub("", pattern)
    if "{" in rest or "}" in rest or "\0" in rest:
        raise SettingsError(
            f"The label pattern {pattern!r} has a brace without its partner; "
            "write a placeholder as in {stem}."
        )
    for key in keys:
        if key not in ("stem", "name", "folder", "parent") and not key.startswith("stem-"):
            raise SettingsError(
                f"The label pattern has {{{key}}}, which is unknown; use {PLACEHOLDERS}."
            )
    if not any(key == "name" or key.startswith("stem") for key in keys):
        raise SettingsError(
            f"The label pattern {pattern!r} names one file for all images; "
            "put {stem} in it, as in ../labels/{stem}.png."
        )


def _stem(image: Path, key: str) -> str:
    return image.stem.removesuffix(key.removeprefix("stem").removeprefix("-"))


def _layouts(image: Path, class_count: int | None) -> Iterator[Path]:
    """Yield where known data sets keep the label map of an image, given by an absolute path."""
    plain = f"{image.stem}{_LABEL_SUFFIX}"
    yield from _cityscapes(image)
    for folder in _swapped(image.parent, VOC_IMAGES, VOC_LABELS):
        yield folder / plain
    for folder in _swapped(image.parent, "images", _spellings()):
        for ending in (*LABEL_ENDINGS, ""):
            yield folder / f"{image.stem}{ending}{_LABEL_SUFFIX}"
    yield from _coco(image, class_count)


def _cityscapes(image: Path) -> Iterator[Path]:
    stem = image.stem.removesuffix(f"_{CITYSCAPES_IMAGES}")
    if stem == image.stem:
        return
    for kind in CITYSCAPES_LABELS:
        for folder in (*_swapped(image.parent, CITYSCAPES_IMAGES, (kind,)), image.parent):
            for ending in (CITYSCAPES_ID_ENDING, CITYSCAPES_TRAIN_ENDING):
                yield folder / f"{stem}_{kind}{ending}{_LABEL_SUFFIX}"


def _coco(image: Path, class_count: int | None) -> Iterator[Path]:
    split, above = image.parent.name, image.parent.parent
    places = [above, above.parent] if above.name.lower() == "images" else [above]
    stuff = [
        place / STUFF_FOLDER / split / f"{image.stem}{ending}{_LABEL_SUFFIX}"
        for place in places
        for ending in ("", CITYSCAPES_TRAIN_ENDING)
    ]
    panoptic = [
        place / f"{PANOPTIC_PREFIX}{split}" / f"{image.stem}{_LABEL_SUFFIX}"
        for base in places
        for place in (base, base / "annotations")
    ]
    is_panoptic = class_count == _COCO_PANOPTIC_CLASSES
    yield from (*panoptic, *stuff) if is_panoptic else (*stuff, *panoptic)


def _swapped(folder: Path, name: str, others: Sequence[str]) -> list[Path]:
    """Return the existing folders that differ in the last part called `name`."""
    parts = folder.parts
    for place in range(len(parts) - 1, 0, -1):
        if parts[place].lower() == name.lower():
            changed = (Path(*parts[:place], other, *parts[place + 1 :]) for other in others)
            return [candidate for candidate in changed if candidate.is_dir()]
    return []


def _label_folders(place: Path) -> list[Path]:
    """Return the label folders in `place`, found by asking for each: listing it may take long."""
    return [place / spelling for spelling in _spellings() if (place / spelling).is_dir()]


def _spellings() -> list[str]:
    return [spelling for name in LABEL_FOLDERS for spelling in (name, name.capitalize())]


def _is_other_file(candidate: Path, image: Path) -> bool:
    return candidate.is_file() and candidate.absolute() != image.absolute()


def _is_index(path: Path) -> bool:
    try:
        with open_image(path) as image:
            return image.mode in _INDEX_MODES
    except ImageError:
        return True  # the reader of labels says what is wrong with it
