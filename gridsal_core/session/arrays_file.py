"""Arrays in a zip archive, as `numpy.load` reads them too, each read only as what it must be."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from gridsal_core.errors import SessionError
from gridsal_core.zip_errors import NOT_ARRAYS

AnyArray = npt.NDArray[Any]

# Maps are smooth and masks small: more effort takes long and saves little.
_EFFORT = 1
_MOST_MEMBERS = 32


def write_arrays(file: BinaryIO, arrays: Mapping[str, AnyArray]) -> None:
    """Write arrays by name into a compressed archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_EFFORT) as archive:
        for name, array in arrays.items():
            plain = np.ascontiguousarray(array)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, plain, allow_pickle=False)


class ArrayReader:
    """Reads arrays whose type and shape are known before; anything else is damage."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {entry.filename for entry in archive.infolist()}
        if len(archive.infolist()) > _MOST_MEMBERS or len(self._names) < len(archive.infolist()):
            raise ValueError("it has members that do not belong there")

    def has(self, name: str) -> bool:
        """Whether there is an array of this name."""
        return f"{name}.npy" in self._names

    def read(self, name: str, dtype: str, shape: tuple[int, ...]) -> AnyArray:
        """Read an array of exactly this type and shape."""
        with self._archive.open(f"{name}.npy") as member:
            found, kind = _header(member)
            if (found, kind) != (shape, np.dtype(dtype)):
                raise ValueError(f"{name} is {kind} {found} and not {dtype} {shape}")
            return _values(member, name, kind, shape)

    def read_bytes(self, name: str, most: int) -> bytes:
        """Read a row of bytes, of at most so many."""
        with self._archive.open(f"{name}.npy") as member:
            shape, kind = _header(member)
            if kind != np.uint8 or len(shape) != 1 or shape[0] > most:
                raise ValueError(f"{name} is {kind} {shape} and not at most {most} bytes")
            return _values(member, name, kind, shape).tobytes()

    def read_picture(self, name: str, most_edge: int) -> AnyArray:
        """Read (height, width, 3) bytes, each edge at most so long."""
        with self._archive.open(f"{name}.npy") as member:
            shape, kind = _header(member)
            is_small = len(shape) == 3 and all(1 <= edge <= most_edge for edge in shape)
            if kind != np.uint8 or not is_small or shape[2] != 3:
                raise ValueError(f"{name} is {kind} {shape} and no small picture")
            return _values(member, name, kind, shape)


@contextmanager
def open_arrays(file: IO[bytes], name: str) -> Iterator[ArrayReader]:
    """Open an archive of arrays; whatever is wrong with it is one sentence that names it.

    Raises
    ------
    SessionError
        If it is damaged, also from inside the block.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            yield ArrayReader(archive)
    except NOT_ARRAYS as error:
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise SessionError(
            f"{name} is damaged or no kept explanation ({detail}); take another copy of it."
        ) from error


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_column_major, dtype = read(member)
    if is_column_major:
        raise ValueError("its arrays are stored column by column")
    return shape, dtype


def _values(member: IO[bytes], name: str, kind: np.dtype[Any], shape: tuple[int, ...]) -> AnyArray:
    values = np.empty(shape, kind)
    if values.size:
        # In place: the bytes are never held twice.
        left = values.reshape(-1).view(np.uint8)
        while len(left):
            piece = member.read(min(len(left), 2**20))
            if not piece:
                raise ValueError(f"{name} is cut off")
            left[: len(piece)] = np.frombuffer(piece, np.uint8)
            left = left[len(piece) :]
    if member.read(1):
        raise ValueError(f"{name} is longer than it says")
    return values
