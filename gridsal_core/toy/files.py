"""Writing folders of toy images."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gridsal_core.atomic import write_atomic
from gridsal_core.errors import OutputError
from gridsal_core.toy.classes import CLASS_COLORS


def prepare_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Make a folder for results, or check that an existing one is empty.

    Parameters
    ----------
    folder : Path
        Made with its parents if it is missing.
    overwrite : bool
        Accept a folder that holds something; files of the same name are replaced.

    Raises
    ------
    OutputError
        The folder holds something, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be used: {error.strerror or error}; choose another."
        ) from error
    if used and not overwrite:
        raise OutputError(
            f"The folder {folder} is not empty; choose a new one or pass --overwrite."
        )


def empty_subfolder(folder: Path, name: str, suffix: str = ".png") -> Path:
    """Make `folder/name` and take away the files of an earlier run that end in `suffix`."""
    inner = folder / name
    try:
        inner.mkdir(parents=True, exist_ok=True)
        for stale in inner.glob(f"*{suffix}"):
            stale.unlink()
    except OSError as error:
        raise OutputError(
            f"The folder {inner} cannot be used: {error.strerror or error}; choose another."
        ) from error
    return inner


def write_grey(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an H x W picture as a grey PNG."""
    write_atomic(path, partial(_save_png, Image.fromarray(image)))


def write_label(path: Path, label: NDArray[np.uint8]) -> None:
    """Write an H x W map of class numbers as an index PNG in the colours of the classes."""
    indexed = Image.fromarray(label).convert("L")
    indexed.putpalette(bytes.fromhex("".join(color[1:] for color in CLASS_COLORS)))
    write_atomic(path, partial(_save_png, indexed))


def write_mask(path: Path, mask: NDArray[np.bool_]) -> None:
    """Write an H x W mask as a grey PNG of 0 and 255."""
    write_grey(path, np.where(mask, np.uint8(255), np.uint8(0)))


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    write_atomic(path, lambda file: _write_bytes(file, text.encode()))


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write values as indented JSON."""
    write_text(path, json.dumps(values, indent=2) + "\n")


def _write_bytes(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _save_png(image: Image.Image, file: BinaryIO) -> None:
    image.save(file, format="PNG", optimize=True)
