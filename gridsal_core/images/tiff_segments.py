"""Reading windows of a TIFF page, segment by segment, with every size checked before it is used."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from gridsal_core.errors import ImageError
from gridsal_core.frames import Box
from gridsal_core.images.limits import check_pixels

if TYPE_CHECKING:
    from tifffile import TiffPage

AnyArray = npt.NDArray[Any]

_NONE, _JPEG = 1, 7
_PLAIN = (_NONE, 2, 3, 4, 5, 8, 32946, 32773, 34925, 50000)  # their output has the size asked for
_WITH_HEADER = (33003, 33004, 33005, 34712, 34933, 50001)  # JPEG 2000, PNG, WebP
_CACHE_BYTES = 48 << 20
_BAND_BYTES = 16 << 20
_SPARE = 4  # a JPEG in a tile may be padded to its blocks, more is a lie


@dataclass
class Segments:
    """The stored samples of one page.

    Parameters
    ----------
    path
        For messages.
    file
        The open file.
    page
        tifffile's page.
    allow_large
        Decode a segment whatever its size.
    """

    path: Path
    file: BinaryIO
    page: TiffPage
    allow_large: bool
    _decoded: OrderedDict[int, AnyArray | None] = field(default_factory=OrderedDict, init=False)
    _held: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        page = self.page
        self.height, self.width = int(page.imagelength), int(page.imagewidth)
        self.samples = int(page.samplesperpixel)
        self.dtype = np.dtype(page.dtype).newbyteorder("=")
        self._is_planar = page.planarconfig == 2 and self.samples > 1
        if page.is_tiled:
            self.rows, self.columns = int(page.tilelength), int(page.tilewidth)
        else:
            self.rows, self.columns = int(page.rowsperstrip), self.width
        self._check_geometry()
        self._across = -(-self.width // self.columns)
        self._per_plane = self._across * -(-self.height // self.rows)
        self._planes = self.samples if self._is_planar else 1
        self._depth = 1 if self._is_planar else self.samples
        self._check_segments()

    @property
    def is_plain(self) -> bool:
        """True if rows lie in the file as they are, and any of them can be read alone."""
        page = self.page
        return bool(
            page.compression == _NONE
            and page.predictor == 1
            and page.fillorder == 1
            and not page.is_tiled
            and page.bitspersample == 8 * self.dtype.itemsize
        )

    def strips(self, box: Box) -> Iterator[AnyArray]:
        """Yield the rows of `box` from top to bottom, (n, width, samples) at a time."""
        row_bytes = (box.right - box.left) * self.samples * self.dtype.itemsize
        at_once = max(1, _BAND_BYTES // row_bytes)
        if not self.is_plain:
            at_once = max(self.rows, at_once // self.rows * self.rows)
            self._check_band(min(at_once, box.bottom - box.top), box.right - box.left)
        top = box.top
        while top < box.bottom:
            # Up to a border between segments, so that none is decoded for two strips.
            bottom = min(box.bottom, (top // self.rows * self.rows) + at_once)
            if self.is_plain:
                bottom = min(box.bottom, top + at_once)
            part = Box(top, box.left, bottom, box.right)
            yield self._plain(part) if self.is_plain else self._assembled(part)
            top = bottom

    def _plain(self, box: Box) -> AnyArray:
        """Read rows that lie in the file as they are."""
        width = box.right - box.left
        stored = self.dtype.newbyteorder(self.page.parent.byteorder)
        result = np.empty((self._planes, box.bottom - box.top, width, self._depth), self.dtype)
        pixel = self._depth * self.dtype.itemsize
        for plane in range(self._planes):
            row = box.top
            while row < box.bottom:
                index = plane * self._per_plane + row // self.rows
                last = min(box.bottom, (row // self.rows + 1) * self.rows)
                if 2 * width < self.width:
                    last = row + 1
                start, count = self._span(index)
                inside = (row % self.rows) * self.width * pixel + box.left * pixel
                wanted = ((last - row - 1) * self.width + width) * pixel
                target = result[plane, row - box.top : last - box.top]
                if count == 0:
                    target[:] = 0
                else:
                    data = self._read(start + inside, wanted)
                    target[:] = _rows_of(data, stored, self.width, width, self._depth)
                row = last
        return _planes_last(result) if self._is_planar else result[0]

    def _assembled(self, box: Box) -> AnyArray:
        """Decode the segments that touch the box, and put their parts together."""
        height, width = box.bottom - box.top, box.right - box.left
        result = np.zeros((self._planes, height, width, self._depth), self.dtype)
        for plane in range(self._planes):
            for down in range(box.top // self.rows, -(-box.bottom // self.rows)):
                for across in range(box.left // self.columns, -(-box.right // self.columns)):
                    index = plane * self._per_plane + down * self._across + across
                    segment = self._segment(index)
                    if segment is not None:
                        place = (down * self.rows - box.top, across * self.columns - box.left)
                        _paste(result[plane], segment, place)
        return _planes_last(result) if self._is_planar else result[0]

    def _segment(self, index: int) -> AnyArray | None:
        """Decode a segment, (rows, columns, depth); None where nothing is stored."""
        if index in self._decoded:
            self._decoded.move_to_end(index)
            return self._decoded[index]
        start, count = self._span(index)
        segment = None
        if count:
            data = self._read(start, count)
            self._check_header(data)
            tables: dict[str, Any] = {}
            if self.page.compression == _JPEG:
                tables = {"jpegtables": self.page.jpegtables, "jpegheader": self.page.jpegheader}
            decoded, _, shape = self.page.decode(data, index, **tables)
            if decoded is None:
                raise ValueError(f"segment {index} is empty")
            segment = decoded[0, : shape[1], : shape[2]]
            if segment.ndim != 3 or segment.shape[2] != self._depth:
                raise ValueError(f"segment {index} has another shape than its page")
        self._keep(index, segment)
        return segment

    def _keep(self, index: int, segment: AnyArray | None) -> None:
        self._decoded[index] = segment
        self._held += 0 if segment is None else segment.nbytes
        while self._held > _CACHE_BYTES and len(self._decoded) > 1:
            _, oldest = self._decoded.popitem(last=False)
            self._held -= 0 if oldest is None else oldest.nbytes

    def _span(self, index: int) -> tuple[int, int]:
        return int(self.page.dataoffsets[index]), int(self.page.databytecounts[index])

    def _read(self, start: int, count: int) -> bytes:
        if start <= 0 or start + count > self._end:
            raise ValueError("it ends before its pixels do")
        self.file.seek(start)
        data = self.file.read(count)
        if len(data) < count:
            raise ValueError("it ends before its pixels do")
        return data

    def _check_geometry(self) -> None:
        page = self.page
        if min(self.height, self.width, self.rows, self.columns, self.samples) <= 0:
            raise ValueError("a size in its header is zero")
        if page.imagedepth != 1:
            raise ImageError(f"{self.path.name} holds a volume; export it as pages.")
        if page.compression not in (*_PLAIN, *_WITH_HEADER, _JPEG):
            name = getattr(page.compression, "name", page.compression)
            raise ImageError(
                f"{self.path.name} is compressed by {name}, which is not read; "
                "save it with LZW, deflate, JPEG or zstd."
            )

    def _check_segments(self) -> None:
        """Refuse a page whose segments cannot be where the header says."""
        self._end = self.file.seek(0, io.SEEK_END)
        needed = self._planes * self._per_plane
        if min(len(self.page.dataoffsets), len(self.page.databytecounts)) < needed:
            raise ValueError("a part of its list of segments is missing")
        if self.is_plain:
            row_bytes = self.width * self._depth * self.dtype.itemsize
            for index in {0, self._per_plane - 1, needed - 1}:
                start, count = self._span(index)
                rows = self._rows_in(index)
                if count and start + rows * row_bytes > self._end:
                    raise ValueError("it ends before its pixels do")
        else:
            self._check_band(self.rows, self.columns)

    def _rows_in(self, index: int) -> int:
        first = (index % self._per_plane) // self._across * self.rows
        return min(self.rows, self.height - first)

    def _check_band(self, rows: int, columns: int) -> None:
        if not self.allow_large:
            check_pixels(self.path, (rows, columns), self.samples * self.dtype.itemsize)

    def _check_header(self, data: bytes) -> None:
        """Refuse a segment that would unfold to more than its place on the page."""
        compression = self.page.compression
        if compression == _JPEG:
            height, width = _jpeg_size(data)
        elif compression in _WITH_HEADER:
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG2000", "WEBP")) as image:
                width, height = image.size
        else:
            return
        if height * width > _SPARE * (self.rows + 16) * (self.columns + 16):
            raise ValueError(f"a segment holds {width} x {height} pixels")


def _rows_of(data: bytes, stored: np.dtype[Any], stride: int, width: int, depth: int) -> AnyArray:
    """View (n, width, depth) in bytes that hold `stride` pixels a row, the last row cut short."""
    values = np.frombuffer(data, stored)
    count = (len(values) // depth - width) // stride + 1
    steps = (stride * depth * stored.itemsize, depth * stored.itemsize, stored.itemsize)
    return np.lib.stride_tricks.as_strided(values, (count, width, depth), steps, writeable=False)


def _planes_last(planes: AnyArray) -> AnyArray:
    return np.ascontiguousarray(np.moveaxis(planes[..., 0], 0, -1))


def _paste(target: AnyArray, segment: AnyArray, place: tuple[int, int]) -> None:
    """Copy what of a segment at (row, column) lies inside the target."""
    top, left = max(place[0], 0), max(place[1], 0)
    bottom = min(place[0] + segment.shape[0], target.shape[0])
    right = min(place[1] + segment.shape[1], target.shape[1])
    if top < bottom and left < right:
        target[top:bottom, left:right] = segment[
            top - place[0] : bottom - place[0], left - place[1] : right - place[1]
        ]


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Return (height, width) from the frame header of a JPEG."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise ValueError("a JPEG segment has no frame header")
