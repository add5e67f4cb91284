"""The pages of a TIFF: which of its directories are images, and which only smaller copies."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

MAX_DIRECTORIES = 65_536
_MAX_TAGS = 4096
_SUBFILE_TYPE, _OLD_SUBFILE_TYPE = 254, 255
_REDUCED, _MASK = 1, 4
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class Page:
    """Where a page's directory begins, and those of its smaller copies in the main chain."""

    offset: int
    copies: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Form:
    """How numbers are stored: classic TIFF or BigTIFF, in one of two byte orders."""

    order: str
    is_big: bool

    def read(self, file: BinaryIO, kind: str) -> int:
        data = file.read(struct.calcsize(f"={kind}"))
        return int(struct.unpack(self.order + kind, data)[0])

    def read_offset(self, file: BinaryIO) -> int:
        return self.read(file, "Q" if self.is_big else "I")


def is_tiff(head: bytes) -> bool:
    """Say whether a file that begins with `head` (4 bytes or more) is a TIFF."""
    return head[:4] in _MAGIC


def find_pages(file: BinaryIO) -> list[Page]:
    """Walk the chain of directories.

    tifffile walks it too, but follows a chain that bites its own tail for very long.

    Raises
    ------
    ValueError
        If the chain is a circle, leaves the file, or holds no image.
    struct.error
        If the file ends inside a directory.
    """
    end = file.seek(0, os.SEEK_END)
    form, offset = _first_directory(file)
    seen: set[int] = set()
    pages: list[Page] = []
    while offset:
        if offset in seen or len(seen) == MAX_DIRECTORIES:
            raise ValueError("its directories run in a circle")
        if offset >= end:
            raise ValueError("a directory lies behind the end of the file")
        seen.add(offset)
        kind, following = _directory(file, form, offset)
        if kind & _REDUCED and not kind & _MASK and pages:
            pages[-1] = Page(pages[-1].offset, (*pages[-1].copies, offset))
        elif not kind & (_REDUCED | _MASK) or not (pages or following):
            pages.append(Page(offset))
        offset = following
    if not pages:
        raise ValueError("it holds no image")
    return pages


def _first_directory(file: BinaryIO) -> tuple[_Form, int]:
    file.seek(0)
    head = file.read(4)
    form = _Form("<" if head[:2] == b"II" else ">", b"+" in head[2:])
    if form.is_big:
        file.seek(8)
    return form, form.read_offset(file)


def _directory(file: BinaryIO, form: _Form, offset: int) -> tuple[int, int]:
    """Return the subfile type of a directory and the offset of the next one."""
    file.seek(offset)
    count = form.read(file, "Q" if form.is_big else "H")
    if not 0 < count <= _MAX_TAGS:
        raise ValueError(f"a directory has {count} entries")
    entry_bytes = 20 if form.is_big else 12
    entries = file.read(count * entry_bytes)
    if len(entries) < count * entry_bytes:
        raise ValueError("it ends inside a directory")
    following = form.read_offset(file)
    for start in range(0, len(entries), entry_bytes):
        entry = entries[start : start + entry_bytes]
        tag, kind = struct.unpack(form.order + "HH", entry[:4])
        if tag in (_SUBFILE_TYPE, _OLD_SUBFILE_TYPE):
            packed = entry[12:16] if form.is_big else entry[8:12]
            value = _small_number(packed, kind, form)
            return (_REDUCED if value == 2 else 0) if tag == _OLD_SUBFILE_TYPE else value, following
    return 0, following


def _small_number(packed: bytes, kind: int, form: _Form) -> int:
    value: Any = struct.unpack(form.order + ("HH" if kind == 3 else "I"), packed)[0]
    return int(value)
