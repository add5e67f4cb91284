"""Image folders: which files are images, and which label map belongs to an image.

Listing looks at names only, so that ten thousand files take no longer than one directory scan.
By name, a PNG beside the images is a label map and not an image if

- its stem ends in `_label`, `_labels` or `_mask` and the stem before that is an image of the
  folder (`a_mask.png` with `a.jpg`; a lone `venetian_mask.png` stays an image), or
- another image of the folder has its stem and is not a PNG (`a.png` with `a.jpg`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from natsort import natsorted, ns

from gridsal_core.errors import ImageError
from gridsal_core.images import IMAGE_SUFFIXES, open_image

LABEL_ENDINGS: tuple[str, ...] = ("_label", "_labels", "_mask")
LABEL_FOLDERS: tuple[str, ...] = ("labels", "label", "masks", "annotations", "gt")

_LABEL_SUFFIX = ".png"
_INDEX_MODES = ("1", "L", "P", "I", "I;16")


def list_images(folder: Path) -> tuple[Path, ...]:
    """List the images of a folder in natural order (a2 before a10).

    Hidden files and label maps are left out. A folder without images of its own stands for its
    child `images`.

    Raises
    ------
    ImageError
        If the folder is missing, is a file, may not be read, or holds no image.
    """
    names, folders = _scan(folder)
    images = _images_among(names)
    if not images:
        for child in sorted(folders):
            if child.lower() == "images":
                folder = folder / child
                images = _images_among(_scan(folder)[0])
                break
    if not images:
        raise ImageError(
            f"The folder {folder} holds no image; choose one with PNG, JPEG or TIFF files."
        )
    return tuple(folder / name for name in natsorted(sorted(images), alg=ns.IGNORECASE))


def find_label(image: Path) -> Path | None:
    """Find the index PNG that labels an image, or None.

    Looked for beside the image (`a_label.png`, `a_labels.png`, `a_mask.png`, and `a.png` for an
    image that is not a PNG), then in a folder `labels`, `label`, `masks`, `annotations` or `gt`
    (also with a capital) inside or beside the image's folder. A colour PNG is not a label map.
    """
    marked = [f"{image.stem}{ending}{_LABEL_SUFFIX}" for ending in LABEL_ENDINGS]
    names = [*marked, f"{image.stem}{_LABEL_SUFFIX}"]
    beside = names if image.suffix.lower() != _LABEL_SUFFIX else marked
    candidates = [image.parent / name for name in beside]
    for place in (image.parent, image.absolute().parent.parent):
        candidates += [folder / name for folder in _label_folders(place) for name in names]
    for candidate in candidates:
        if (
            candidate.is_file()
            and candidate.absolute() != image.absolute()
            and _is_index(candidate)
        ):
            return candidate
    return None


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


def _images_among(names: Iterable[str]) -> list[str]:
    parts = [(name, *os.path.splitext(name)) for name in names]
    stems = {stem for _, stem, _ in parts}
    photos = {stem for _, stem, suffix in parts if suffix.lower() != _LABEL_SUFFIX}
    return [
        name
        for name, stem, suffix in parts
        if suffix.lower() != _LABEL_SUFFIX
        or not (stem in photos or any(base in stems for base in _unmarked(stem)))
    ]


def _unmarked(stem: str) -> list[str]:
    return [stem.removesuffix(ending) for ending in LABEL_ENDINGS if stem.endswith(ending)]


def _label_folders(place: Path) -> list[Path]:
    """Return the label folders in `place`, found by asking for each: listing it may take long."""
    spellings = (spelling for name in LABEL_FOLDERS for spelling in (name, name.capitalize()))
    return [place / spelling for spelling in spellings if (place / spelling).is_dir()]


def _is_index(path: Path) -> bool:
    try:
        with open_image(path) as image:
            return image.mode in _INDEX_MODES
    except ImageError:
        return True  # the reader of labels says what is wrong with it
