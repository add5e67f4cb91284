"""Colours as sRGB: profiles, CMYK, palettes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

AnyArray = npt.NDArray[Any]
Kind = Literal["L", "RGB", "CMYK"]
Convert = Callable[[AnyArray], AnyArray]

_SPACES: dict[Kind, str] = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_SAME = 2  # of 255: how much profiles of sRGB itself differ, by rounding in their tables
_ROWS_PIXELS = 2_000_000
# cmsFLAGS_NOOPTIMIZE: the tables that lcms would compute first are off by 4 of 255 in dark colours.
_EXACT = 0x0100


@dataclass(frozen=True)
class Conversion:
    """How an embedded profile is followed: pixels (n, w, C) to (n, w, 1 or 3), and what to tell."""

    convert: Convert | None = None
    note: str = ""


@lru_cache(maxsize=16)
def profile_conversion(icc: bytes, kind: Kind, dtype: str) -> Conversion:
    """Read an embedded colour profile.

    Parameters
    ----------
    icc
        The profile as stored.
    kind
        What the pixels are.
    dtype
        Name of the NumPy type of a value; `uint8` and `uint16` can be converted.

    Returns
    -------
    Nothing to do and nothing to tell if the profile is sRGB. A profile that is broken or made for
    another kind of pixels is not followed, and the note says so.
    """
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc))
        name = " ".join(ImageCms.getProfileDescription(profile).split())[:60] or "without a name"
        space = profile.profile.xcolor_space.strip()
        if space != _SPACES[kind]:
            return Conversion(None, f"The colour profile {name} does not fit and is ignored.")
        transform = _transform(profile, kind)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return Conversion(None, "The embedded colour profile is broken and is ignored.")
    if kind != "CMYK" and _changes_nothing(transform, kind):
        return Conversion()
    note = f"The colour profile {name} was converted to sRGB."
    if kind == "L" and dtype in ("uint8", "uint16"):
        return Conversion(_grey_table(transform, dtype), note)
    if dtype == "uint8":
        return Conversion(lambda pixels: _apply(transform, pixels, kind), note)
    if dtype == "uint16":
        return Conversion(lambda pixels: _apply_16(icc, pixels, kind), note)
    return Conversion(None, f"The colour profile {name} is not applied to {dtype} values.")


def cmyk_to_rgb(pixels: AnyArray, full: int) -> AnyArray:
    """Turn (n, w, 4) ink into (n, w, 3) light, where no profile says how."""
    if pixels.dtype == np.uint8:
        return np.asarray(_image(pixels, "CMYK").convert("RGB"))
    light = 1 - pixels.astype(np.float32) / np.float32(full)
    rgb: AnyArray = np.rint(light[..., :3] * light[..., 3:] * full).astype(pixels.dtype)
    return rgb


def _transform(profile: ImageCms.ImageCmsProfile, kind: Kind) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        kind,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )


def _image(pixels: AnyArray, kind: Kind) -> Image.Image:
    height, width = pixels.shape[:2]
    return Image.frombuffer(kind, (width, height), np.ascontiguousarray(pixels), "raw", kind, 0, 1)


def _apply(transform: ImageCms.ImageCmsTransform, pixels: AnyArray, kind: Kind) -> AnyArray:
    result = np.empty((*pixels.shape[:2], 3), np.uint8)
    step = max(1, _ROWS_PIXELS // max(1, pixels.shape[1]))
    for row in range(0, len(pixels), step):
        part = transform.apply(_image(pixels[row : row + step], kind))
        result[row : row + step] = np.asarray(part)
    return result


def _changes_nothing(transform: ImageCms.ImageCmsTransform, kind: Kind) -> bool:
    if kind == "L":
        colours = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    else:
        steps = np.linspace(0, 255, 9).astype(np.uint8)
        colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(27, 27, 3)
    seen = _apply(transform, colours, kind).astype(np.int16)
    return bool(np.abs(seen - colours).max() <= _SAME)


def _grey_table(transform: ImageCms.ImageCmsTransform, dtype: str) -> Convert:
    greys = np.arange(256, dtype=np.uint8).reshape(1, 256, 1)
    seen = _apply(transform, greys, "L")[0, :, 1]
    if dtype == "uint8":
        return lambda pixels: seen[pixels]
    # The curve is smooth: between its 256 points, a straight line is within half a step of 8 bits.
    wide = np.interp(np.arange(65536) / 257, np.arange(256), seen * 257.0)
    table = np.rint(wide).astype(np.uint16)
    return lambda pixels: table[pixels]


def _apply_16(icc: bytes, pixels: AnyArray, kind: Kind) -> AnyArray:
    """Convert 16-bit colours, which Pillow would cut to 8 bits."""
    import imagecodecs

    converted: AnyArray = imagecodecs.cms_transform(
        np.ascontiguousarray(pixels),
        icc,
        _srgb(),
        colorspace=kind.lower(),
        outcolorspace="rgb",
        outdtype="uint16",
        intent=int(ImageCms.Intent.RELATIVE_COLORIMETRIC),
        flags=_EXACT,
    )
    return converted


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
