"""MNIST from files that users have: an .npz archive, or the idx files of its home page."""

import gzip
import struct
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from gridsal_core.errors import SettingsError
from gridsal_core.zip_errors import NOT_ARRAYS

Split = Literal["train", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "test")

Digits = tuple[NDArray[np.float64], NDArray[np.int64]]

_IDX_FILES: Final[dict[Split, tuple[str, str]]] = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_KERAS_NAMES: Final[dict[Split, tuple[str, str]]] = {
    "train": ("x_train", "y_train"),
    "test": ("x_test", "y_test"),
}
_IDX_UBYTE: Final = 8
_MOST_BYTES: Final = 2**30


def read_mnist(place: Path) -> Digits | dict[Split, Digits]:
    """Read digits and what they show.

    Parameters
    ----------
    place : Path
        An .npz file with `images` (n x h x w, uint8) and `labels` (n), or with Keras' `x_train`,
        `y_train`, `x_test` and `y_test`; or a folder with the four idx files, packed or not.

    Returns
    -------
    Images with ink in [0, 1] and labels; one pair for each split where the file has splits.

    Raises
    ------
    SettingsError
        It is none of these, or damaged.
    """
    try:
        return _read_folder(place) if place.is_dir() else _read_archive(place)
    except NOT_ARRAYS as error:
        raise SettingsError(
            f"The digits in {place} cannot be read ({error}); give MNIST as an .npz file with "
            "images and labels, or as a folder with its four idx files."
        ) from error


def _read_archive(file: Path) -> Digits | dict[Split, Digits]:
    # Without pickles, which is the default, nothing in the file can run.
    with np.load(file, allow_pickle=False) as archive:
        if {"images", "labels"} <= set(archive.files):
            return _checked(archive["images"], archive["labels"])
        if all(name in archive.files for pair in _KERAS_NAMES.values() for name in pair):
            return {
                split: _checked(archive[images], archive[labels])
                for split, (images, labels) in _KERAS_NAMES.items()
            }
    raise ValueError("it holds neither images and labels nor x_train, y_train, x_test and y_test")


def _read_folder(folder: Path) -> dict[Split, Digits]:
    return {
        split: _checked(_read_idx(folder, images), _read_idx(folder, labels))
        for split, (images, labels) in _IDX_FILES.items()
    }


def _read_idx(folder: Path, name: str) -> NDArray[np.uint8]:
    """Read an idx file: two zero bytes, the type, the number of axes, their lengths, the data."""
    # Some copies have a dot where the original has a dash.
    names = (name, name.replace("-idx", ".idx"))
    places = [folder / (each + ending) for each in names for ending in ("", ".gz")]
    place = next((each for each in places if each.is_file()), None)
    if place is None:
        raise ValueError(f"{name} is missing")
    with place.open("rb") as packed:
        file = gzip.GzipFile(fileobj=packed) if place.suffix == ".gz" else packed
        content = file.read(_MOST_BYTES)
    zero, kind, axes = struct.unpack(">HBB", content[:4])
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    if zero != 0 or kind != _IDX_UBYTE:
        raise ValueError(f"{place.name} is not an idx file of bytes")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _checked(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Digits:
    if images.ndim != 3 or images.dtype != np.uint8 or images.shape[1] != images.shape[2]:
        raise ValueError(f"the images are {images.dtype} of shape {images.shape}")
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"the labels are {labels.dtype} of shape {labels.shape}")
    return images / 255.0, labels.astype(np.int64)
