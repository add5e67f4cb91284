"""The images of a survey and their label maps: which files they are, and whether they changed."""

from __future__ import annotations

import hashlib
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gridsal_core.datasets.folder import ImageListing, scan_images
from gridsal_core.datasets.label_files import LABEL_ENDINGS, check_pattern, find_label
from gridsal_core.datasets.label_ids import CITYSCAPES_ID_ENDING, CITYSCAPES_TRAIN_ENDING
from gridsal_core.errors import ImageError

_LABEL_SUFFIX = ".png"
_CITYSCAPES_IMAGE, _CITYSCAPES_LABEL = "_leftImg8bit", "_gtFine"


@dataclass(frozen=True, eq=False)
class Data:
    """A folder of images, and where their label maps are.

    Parameters
    ----------
    folder
        The images' folder, as it was given.
    labels
        Folder of the label maps, or a pattern as of `label_place`; empty for the usual places,
        see `find_label`; None for no label maps.
    """

    folder: Path
    labels: str | None = None
    listing: ImageListing = field(init=False)

    def __post_init__(self) -> None:
        """List the images.

        Raises
        ------
        ImageError, SettingsError
            If there are none, the folder of the labels is missing, or the pattern is wrong.
        """
        if self.labels and "{" in self.labels:
            check_pattern(self.labels)
        elif self.labels and not Path(self.labels).is_dir():
            raise ImageError(
                f"The folder of label maps {self.labels} does not exist; check its name."
            )
        object.__setattr__(self, "listing", scan_images(self.folder))

    @property
    def names(self) -> tuple[str, ...]:
        """The images, relative to the listing's folder, in order."""
        return self.listing.names

    @property
    def labels_place(self) -> str | None:
        """Where the label maps are, as it can be said from anywhere."""
        if not self.labels or "{" in self.labels:
            return self.labels
        return str(Path(self.labels).absolute())

    @property
    def elsewhere(self) -> Data:
        """The same for other processes, which need no list of the names and have other folders."""
        found = copy(self)
        listing = ImageListing(self.listing.folder.absolute(), ())
        for name, value in (("labels", self.labels_place), ("listing", listing)):
            object.__setattr__(found, name, value)
        return found

    def image(self, name: str) -> Path:
        """Return the file of an image."""
        return self.listing.folder / name

    def label(self, name: str, class_count: int) -> Path | None:
        """Return the file of an image's label map, or None if it has none."""
        if self.labels is None:
            return None
        if not self.labels or "{" in self.labels:
            return find_label(self.image(name), self.labels, class_count)
        relative = PurePosixPath(name)
        cityscapes = relative.stem.removesuffix(_CITYSCAPES_IMAGE) + _CITYSCAPES_LABEL
        stems = (
            *(f"{relative.stem}{ending}" for ending in ("", *LABEL_ENDINGS)),
            *(f"{cityscapes}{end}" for end in (CITYSCAPES_ID_ENDING, CITYSCAPES_TRAIN_ENDING)),
        )
        places = (Path(self.labels) / relative.parent, Path(self.labels))
        files = (place / f"{stem}{_LABEL_SUFFIX}" for place in places for stem in stems)
        image = self.image(name).absolute()
        return next((file for file in files if file.is_file() and file.absolute() != image), None)


def stamp(*files: Path | None) -> str:
    """Return sizes and times of files: while it stays the same, they were not written to.

    Raises
    ------
    ImageError
        If one cannot be looked at.
    """
    parts = []
    for file in files:
        if file is None:
            parts.append("-")
            continue
        try:
            state = file.stat()
        except OSError as error:
            raise ImageError(
                f"{file} cannot be read ({error.strerror or error}); check its permissions."
            ) from error
        parts.append(f"{state.st_size}:{state.st_mtime_ns}")
    return "|".join(parts)


def fingerprint(*files: Path | None) -> str:
    """Return a hash of the content of each file.

    Raises
    ------
    ImageError
        If one cannot be read.
    """
    parts = []
    for file in files:
        if file is None:
            parts.append("-")
            continue
        try:
            with open(file, "rb") as opened:
                parts.append(hashlib.file_digest(opened, "sha256").hexdigest())
        except OSError as error:
            raise ImageError(
                f"{file} cannot be read ({error.strerror or error}); check its permissions."
            ) from error
    return "|".join(parts)
