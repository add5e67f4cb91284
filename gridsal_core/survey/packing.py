"""Arrays as bytes in the ledger, and back; bytes that somebody damaged are refused."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.errors import OutputError


def pack_region(region: BoolArray) -> bytes:
    """Pack an (H, W) region to a bit for each pixel, and compress it."""
    return zlib.compress(np.packbits(region).tobytes(), 6)


def unpack_region(data: bytes, size: tuple[int, int]) -> BoolArray:
    """Inverse of `pack_region`.

    Raises
    ------
    OutputError
        If it is no region of this size.
    """
    pixels = size[0] * size[1]
    length = (pixels + 7) // 8
    unpacker = zlib.decompressobj()
    try:
        bits = unpacker.decompress(data, length + 1)
    except zlib.error as error:
        raise _damaged() from error
    if len(bits) != length:
        raise _damaged()
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=pixels)
    return flat.view(np.bool_).reshape(size)


def pack_mask(mask: FloatArray) -> bytes:
    """(h, w) float32 as bytes, row by row, the lowest byte of each value first."""
    return np.ascontiguousarray(mask, "<f4").tobytes()


def unpack_mask(data: bytes, size: tuple[int, int]) -> FloatArray:
    """Inverse of `pack_mask`.

    Raises
    ------
    OutputError
        If it is no mask of this size.
    """
    if len(data) != 4 * size[0] * size[1]:
        raise _damaged()
    return np.frombuffer(data, "<f4").reshape(size).astype(np.float32)


def pack_numbers(values: Sequence[float]) -> bytes:
    """One number for each class, in double precision: no digit is lost."""
    return np.asarray(values, "<f8").tobytes()


def unpack_numbers(data: bytes, count: int) -> tuple[float, ...]:
    """Inverse of `pack_numbers`.

    Raises
    ------
    OutputError
        If they are not so many.
    """
    if len(data) != 8 * count:
        raise _damaged()
    return tuple(np.frombuffer(data, "<f8").tolist())


def _damaged() -> OutputError:
    return OutputError(
        "A result of the survey is damaged; make the survey again in another folder."
    )
