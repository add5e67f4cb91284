"""Image folders: which files are images, in which order.

Listing looks at names only, so that a hundred thousand files take no longer than one directory
scan. By name, a PNG beside the images is a label map and not an image if

- its stem ends in `_label`, `_labels` or `_mask` and the stem before that is an image of the
  folder (`a_mask.png` with `a.jpg`; a lone `venetian_mask.png` stays an image), or
- another image of the folder has its stem and is not a PNG (`a.png` with `a.jpg`).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

from gridsal_core.datasets.label_files import (
    CITYSCAPES_LABELS,
    LABEL_ENDINGS,
    LABEL_FOLDERS,
    PANOPTIC_PREFIX,
    VOC_LABELS,
)
from gridsal_core.datasets.label_ids import STUFF_FOLDER
from gridsal_core.errors import ImageError
from gridsal_core.images import IMAGE_SUFFIXES

SEARCH_SECONDS = 10.0

_LABEL_SUFFIX = ".png"
_NO_IMAGES = frozenset(
    name.lower()
    for name in (
        *LABEL_FOLDERS,
        *CITYSCAPES_LABELS,
        *VOC_LABELS,
        "SegmentationObject",
        STUFF_FOLDER,
    )
)
_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True, eq=False)
class ImageListing(Sequence[Path]):
    """The images of a folder in order, kept as names: a path is made when it is asked for.

    A hundred thousand paths would take a second to make and 60 MB to keep.

    Parameters
    ----------
    folder
        Where they are.
    names
        Relative to the folder, with `/` where they are in sub-folders.
    """

    folder: Path
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, images: Sequence[Path]) -> ImageListing:
        """Make a listing of any paths, in their order."""
        folders = {image.parent for image in images}
        if len(folders) == 1:
            return cls(folders.pop(), tuple(image.name for image in images))
        return cls(Path(), tuple(str(image) for image in images))

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Path, ...]: ...
    def __getitem__(self, index: int | slice) -> Path | tuple[Path, ...]:
        if isinstance(index, slice):
            return tuple(self.folder / name for name in self.names[index])
        return self.folder / self.names[index]

    def __contains__(self, image: object) -> bool:
        return isinstance(image, Path) and self.row_of(image) is not None

    def row_of(self, image: Path) -> int | None:
        """Return the place of an image in the listing, or None if it is not there."""
        try:
            name = image.relative_to(self.folder).as_posix()
        except ValueError:
            name = str(image)  # paths from different folders are kept whole
        return self._rows.get(name)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}


def list_images(folder: Path) -> tuple[Path, ...]:
    """List the images of a folder as paths; see `scan_images`."""
    return tuple(scan_images(folder))


def scan_images(folder: Path, seconds: float = SEARCH_SECONDS) -> ImageListing:
    """List the images of a folder in natural order (a2 before a10).

    Hidden files and label maps are left out. A folder without images of its own stands for its
    child `images`, or else for all of its sub-folders that are not hidden and not named as folders
    of label maps; links to folders are followed, but none is visited twice.

    Parameters
    ----------
    folder
        The folder.
    seconds
        How long sub-folders may be searched.

    Raises
    ------
    ImageError
        If the folder is missing, is a file, may not be read, or holds no image, or the search
        takes too long.
    """
    names, folders = _scan(folder)
    images = _images_among(names)
    for child in sorted(folders):
        if not images and child.lower() == "images":
            images = _images_among(_scan(folder / child)[0])
            if images:
                folder = folder / child
    if not images:
        images = _images_below(folder, folders, time.monotonic() + seconds)
    if not images:
        raise ImageError(
            f"The folder {folder} holds no image; choose one with PNG, JPEG or TIFF files."
        )
    return ImageListing(folder, tuple(sorted(sorted(images), key=natural_key)))


def natural_key(name: str) -> str:
    """Return what to sort names by: case does not count, and numbers count by their value.

    A number becomes its number of digits and these digits, so that texts compare as numbers do. It
    comes before any letter or sign, and the end of a folder's name before that.
    """
    return _DIGITS.sub(_number_key, name.casefold().replace("/", "\0"))


def _number_key(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0")
    return f"\1{chr(len(digits))}{digits}"


def _images_below(folder: Path, children: list[str], end: float) -> list[str]:
    """Return the images in all sub-folders, by their names relative to `folder`."""
    images: list[str] = []
    visited = {_identity(folder)}
    waiting = [child for child in children if _may_hold_images(child)]
    while waiting:
        place = waiting.pop()
        identity = _identity(folder / place)
        if identity in visited:
            continue
        visited.add(identity)
        if time.monotonic() > end:
            raise ImageError(
                f"The folder {folder} has too many sub-folders to look for images in all of them; "
                "choose the one that holds the images."
            )
        try:
            names, folders = _scan(folder / place)
        except ImageError:
            continue  # one that may not be read does not hide the others
        images += [f"{place}/{name}" for name in _images_among(names)]
        waiting += [f"{place}/{child}" for child in folders if _may_hold_images(child)]
    return images


def _may_hold_images(name: str) -> bool:
    return name.lower() not in _NO_IMAGES and not name.startswith(PANOPTIC_PREFIX)


def _identity(folder: Path) -> tuple[int, int]:
    try:
        state = folder.stat()
    except OSError:
        return 0, hash(folder)  # scanning it says what is wrong with it
    return state.st_dev, state.st_ino


def _scan(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of the visible image files and of the visible folders."""
    names, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name.lower().endswith(IMAGE_SUFFIXES):
                    if entry.is_file():
                        names.append(entry.name)
                elif entry.is_dir():
                    folders.append(entry.name)
    except FileNotFoundError:
        raise ImageError(f"The folder {folder} does not exist; check its name.") from None
    except NotADirectoryError:
        raise ImageError(f"{folder} is a file; choose the folder that holds it.") from None
    except OSError as error:
        reason = error.strerror or error
        raise ImageError(
            f"The folder {folder} cannot be read ({reason}); check its permissions."
        ) from error
    return names, folders


def _images_among(names: list[str]) -> list[str]:
    """Leave out what is a label map by its name; every name has a suffix."""
    pngs = [name for name in names if name.lower().endswith(_LABEL_SUFFIX)]
    if not pngs:
        return names
    stems = {name.rpartition(".")[0] for name in names}
    photos: set[str] = set()
    if len(pngs) < len(names):
        photos = {n.rpartition(".")[0] for n in set(names).difference(pngs)}
    labels = {
        name
        for name in pngs
        if name[:-4] in photos or any(base in stems for base in _unmarked(name[:-4]))
    }
    return [name for name in names if name not in labels] if labels else names


def _unmarked(stem: str) -> list[str]:
    if not stem.endswith(LABEL_ENDINGS):
        return []
    return [stem.removesuffix(ending) for ending in LABEL_ENDINGS if stem.endswith(ending)]
