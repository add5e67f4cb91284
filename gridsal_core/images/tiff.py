"""TIFF files: what a page's samples mean, and its smaller copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from gridsal_core.errors import ImageError
from gridsal_core.frames import Box
from gridsal_core.images.colour import Conversion, Kind, cmyk_to_rgb, profile_conversion
from gridsal_core.images.stored import Layout
from gridsal_core.images.tiff_pages import find_pages
from gridsal_core.images.tiff_segments import Segments
from gridsal_core.images.turns import known_turn

if TYPE_CHECKING:
    from tifffile import TiffPage

AnyArray = npt.NDArray[Any]

_WHITE_IS_ZERO, _RGB, _PALETTE, _INK, _YCBCR = 0, 2, 3, 5, 6
_BASE = {0: 1, 1: 1, _RGB: 3, _PALETTE: 1, 4: 1, _INK: 4, _YCBCR: 3}
_ALPHA = (1, 2)
_JPEG_CODECS = (7, 33003, 33005, 34712, 50001)
_PHOTOMETRIC_TAG, _COLOURMAP_TAG, _PROFILE_TAG, _SUBSAMPLING_TAG = 262, 320, 34675, 530
_MAX_COPIES = 32


@dataclass(frozen=True)
class TiffRaster:
    """One page at one resolution."""

    segments: Segments
    layout: Layout
    interpret: Callable[[AnyArray], AnyArray]

    def strips(self, box: Box) -> Iterator[AnyArray]:
        """Yield the rows of the box, at most a few dozen MB at a time."""
        for stored in self.segments.strips(box):
            yield self.interpret(stored)


@dataclass(frozen=True)
class TiffImage:
    """A page: its full resolution, its smaller copies (largest first), and how many pages."""

    full: TiffRaster
    copies: tuple[TiffRaster, ...]
    pages: int


@contextmanager
def open_tiff(path: Path, page: int, *, allow_large: bool) -> Iterator[TiffImage]:
    """Open one page of a TIFF; what goes wrong in it is for `told` to tell."""
    import tifffile

    with path.open("rb") as file:
        found = find_pages(file)
        if not 0 <= page < len(found):
            raise ImageError(
                f"{path.name} has {len(found)} pages and no page {page + 1}; "
                f"choose one from 1 to {len(found)}."
            )
        file.seek(0)
        with tifffile.TiffFile(file) as tiff:
            chosen = found[page]

            def raster_at(offset: int) -> TiffRaster:
                tiff.filehandle.seek(offset)
                return _raster(path, file, tifffile.TiffPage(tiff, index=0), allow_large)

            full = raster_at(chosen.offset)
            offsets = (*chosen.copies, *(full.segments.page.subifds or ()))[:_MAX_COPIES]
            yield TiffImage(full, _copies(full, offsets, raster_at), len(found))


def _copies(
    full: TiffRaster, offsets: tuple[int, ...], raster_at: Callable[[int], TiffRaster]
) -> tuple[TiffRaster, ...]:
    """Return the directories that show the same picture with fewer pixels, largest first."""
    copies = []
    for offset in offsets:
        with suppress(Exception):  # a damaged copy is not needed: the page itself is there
            copy = raster_at(offset)
            if _shows_the_same(full.layout, copy.layout):
                copies.append(copy)
    return tuple(sorted(copies, key=lambda copy: -copy.layout.size[0]))


def _shows_the_same(full: Layout, copy: Layout) -> bool:
    down, across = (have / want for have, want in zip(full.size, copy.size, strict=True))
    slack = 1.5 * max(down / copy.size[0], across / copy.size[1])
    return (
        min(down, across) > 1
        and abs(down - across) <= slack
        and (full.bands, full.dtype) == (copy.bands, copy.dtype)
    )


def _raster(path: Path, file: BinaryIO, page: TiffPage, allow_large: bool) -> TiffRaster:
    photometric = _photometric(page)
    _check_kind(path, page, photometric)
    segments = Segments(path, file, page, allow_large)
    meaning = _Meaning(page, photometric)
    return TiffRaster(segments, meaning.layout(segments), meaning.interpret)


def _photometric(page: TiffPage) -> int:
    if _PHOTOMETRIC_TAG in page.tags:
        return int(page.photometric)
    return _RGB if page.samplesperpixel >= 3 else 1


def _check_kind(path: Path, page: TiffPage, photometric: int) -> None:
    if page.dtype is None or np.dtype(page.dtype).kind not in "biuf":
        raise ImageError(
            f"{path.name} holds values of a kind that is not read; "
            "export it with 8 or 16 bits a channel, or as float."
        )
    if photometric not in _BASE:
        name = getattr(page.photometric, "name", photometric)
        raise ImageError(f"{path.name} holds colours as {name}; export it as RGB or grey.")
    if page.samplesperpixel < _BASE[photometric]:
        raise ValueError(f"it has {page.samplesperpixel} samples for its kind of colours")
    is_packed = page.compression not in _JPEG_CODECS
    shared = page.tags.valueof(_SUBSAMPLING_TAG, (2, 2))
    if photometric == _YCBCR and is_packed and shared != (1, 1):
        raise ImageError(
            f"{path.name} holds colours that several pixels share (YCbCr); export it as RGB."
        )


class _Meaning:
    """Turns stored samples into bands: palettes, inks, profiles, transparency last."""

    def __init__(self, page: TiffPage, photometric: int) -> None:
        self._photometric = photometric
        self._base = _BASE[photometric]
        self._samples = int(page.samplesperpixel)
        self._bits = page.bitspersample if isinstance(page.bitspersample, int) else 8
        self._dtype = _delivered(np.dtype(page.dtype))
        self._colours = _palette(page) if photometric == _PALETTE else None
        self._is_mixed = photometric == _YCBCR and page.compression not in _JPEG_CODECS
        self._alpha = self._find_alpha(page.extrasamples)
        self._turn = known_turn(page.tags.valueof(274, 1))
        icc = page.tags.valueof(_PROFILE_TAG)
        fits = self._bands == 1 or self._is_colour
        self._profile = (
            profile_conversion(bytes(icc), self._kind, self._dtype.name)
            if isinstance(icc, bytes) and fits
            else Conversion()
        )

    @property
    def _is_colour(self) -> bool:
        return self._photometric in (_RGB, _PALETTE, _INK, _YCBCR)

    @property
    def _kind(self) -> Kind:
        return "CMYK" if self._photometric == _INK else "RGB" if self._is_colour else "L"

    @property
    def _bands(self) -> int:
        if self._photometric in (_PALETTE, _INK):
            return 3
        return self._samples - (self._alpha is not None)

    @property
    def _full(self) -> int:
        if self._dtype.kind == "f":
            return 1
        if self._dtype.kind == "i" and self._dtype.itemsize <= 2:
            return int(np.iinfo(self._dtype).max)
        if self._dtype.itemsize > 2:
            return 65535
        return 255 if self._is_8_bit else int(2**self._bits - 1)

    @property
    def _is_8_bit(self) -> bool:
        return self._bits in (1, 2, 4, 8) or self._colours is not None

    def _find_alpha(self, extras: tuple[int, ...]) -> int | None:
        places = range(self._base, self._samples)
        kinds = tuple(extras)[: len(places)]
        found = (place for place, kind in zip(places, kinds, strict=False) if kind in _ALPHA)
        return next(found, None)

    def layout(self, segments: Segments) -> Layout:
        notes = [self._profile.note] if self._profile.note else []
        if self._alpha is not None:
            notes.append("Its transparency is left out.")
        if self._photometric == _INK and self._profile.convert is None:
            notes.append("Its inks (CMYK) were turned into colours without a profile.")
        if self._is_colour and self._bands > 3:
            notes.append(f"A network for 3 channels gets the first 3 of its {self._bands} bands.")
        return Layout(
            (segments.height, segments.width),
            self._bands,
            self._alpha is not None,
            np.dtype(np.uint8) if self._colours is not None else self._dtype,
            self._full,
            self._turn,
            self._is_colour,
            tuple(notes),
        )

    def interpret(self, stored: AnyArray) -> AnyArray:
        """Turn (n, w, samples) as stored into (n, w, bands), then transparency if there is any."""
        alpha = None if self._alpha is None else stored[..., self._alpha : self._alpha + 1]
        pixels = self._bands_of(stored)
        if self._profile.convert is not None:
            pixels = self._followed(pixels)
        elif self._photometric == _INK:
            pixels = cmyk_to_rgb(pixels, self._full)
        if alpha is None:
            return pixels
        if self._alpha == self._samples - 1 and pixels.base is stored:
            return stored
        return np.concatenate([pixels, _widened(alpha, self._bits)], axis=2)

    def _bands_of(self, stored: AnyArray) -> AnyArray:
        if self._colours is not None:
            return self._colours[np.minimum(stored[..., 0], len(self._colours) - 1)]
        if self._photometric == _INK:
            pixels = stored[..., :4]
        elif self._alpha is None:
            pixels = stored
        elif self._alpha == self._samples - 1:
            pixels = stored[..., : self._alpha]
        else:
            pixels = np.delete(stored, self._alpha, axis=2)
        pixels = _widened(pixels, self._bits)
        if self._is_mixed and pixels.dtype == np.uint8 and self._samples == 3:
            return np.asarray(Image.fromarray(pixels, "YCbCr").convert("RGB"))
        if self._photometric == _WHITE_IS_ZERO and pixels.dtype.kind == "u":
            return self._white - pixels
        return pixels

    @property
    def _white(self) -> AnyArray:
        wide = self._dtype.itemsize > 2
        return np.asarray(np.iinfo(self._dtype).max if wide else self._full, self._dtype)

    def _followed(self, pixels: AnyArray) -> AnyArray:
        convert = self._profile.convert
        assert convert is not None  # noqa: S101  asked by the caller; mypy cannot see it
        used = {"L": 1, "RGB": 3, "CMYK": 4}[self._kind]
        converted = convert(np.ascontiguousarray(pixels[..., :used]))
        if self._kind == "RGB" and pixels.shape[2] > 3:
            return np.concatenate([converted, pixels[..., 3:]], axis=2)
        return converted


def _delivered(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return np.dtype(np.float32) if dtype.kind == "f" else dtype.newbyteorder("=")


def _widened(pixels: AnyArray, bits: int) -> AnyArray:
    """Bring 1, 2 and 4 bits to 8, and any float to 32 bits."""
    if pixels.dtype.kind == "f":
        with np.errstate(over="ignore"):  # beyond float32 is infinite, and told as such
            return pixels.astype(np.float32, copy=False)
    if bits in (1, 2, 4):
        return pixels.astype(np.uint8) * np.uint8(255 // (2**bits - 1))
    return pixels


def _palette(page: TiffPage) -> AnyArray:
    """Return the colours (n, 3) uint8; a few programs store them with 8 bits in place of 16."""
    stored = page.tags.valueof(_COLOURMAP_TAG)
    if stored is None:
        raise ValueError("its palette is missing")
    colours = np.asarray(stored, np.uint16).reshape(3, -1).T
    if not colours.size:
        raise ValueError("its palette is empty")
    return (colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)
