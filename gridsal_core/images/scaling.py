"""From stored values to what a network gets, and to what a screen shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import FloatArray
from gridsal_core.errors import ImageError
from gridsal_core.images.stored import Layout

AnyArray = npt.NDArray[Any]

LEVEL_PERCENTILES = (1.0, 99.0)
_DIM = 0.25
_IN_CARD = (
    "set values = [low, high] under [input] in the network's gridsal.toml (in the window: "
    "Network > Edit model card, Raw values)"
)


@dataclass(frozen=True)
class Levels:
    """The raw values that are shown as black and as white."""

    low: float
    high: float

    def apply(self, values: AnyArray) -> FloatArray:
        """Return float32 in [0, 255]; what is not a number is black."""
        scaled = values.astype(np.float32)
        scaled -= np.float32(self.low)
        scaled *= np.float32(255 / (self.high - self.low))
        np.clip(scaled, 0, 255, out=scaled)
        if values.dtype.kind == "f":
            np.nan_to_num(scaled, copy=False, nan=0)
        return scaled


def display_levels(samples: Sequence[AnyArray], layout: Layout) -> Levels:
    """Choose levels so that 98 % of the values are told apart.

    An image of one value has no such levels; it is shown by the full range of its type.
    """
    values = np.concatenate([sample.ravel() for sample in samples]).astype(np.float64)
    values = values[np.isfinite(values)]
    if values.size:
        low, high = (float(v) for v in np.percentile(values, LEVEL_PERCENTILES))
        if np.float32(high) > np.float32(low):
            return Levels(low, high)
    return Levels(0.0, float(layout.full))


def unit_scale(
    layout: Layout, values: tuple[float, float] | None, path: Path
) -> Callable[[AnyArray], FloatArray]:
    """Return the function that brings values of more than 8 bits to float32 in [0, 1].

    Parameters
    ----------
    layout
        Of the values.
    values
        The raw values that become 0 and 1; what lies beyond is clipped. None takes 0 and
        the largest integer of the type, of wider integers 65535, and for floats 0 and 1; what lies
        beyond is then refused.
    path
        For the messages.
    """
    if values is not None:
        low, high = values
        return lambda stored: _clipped(stored, low, high, path)
    if layout.dtype.kind == "f":
        return lambda stored: _checked_float(stored, path)
    return lambda stored: _checked_integers(stored, layout.full, path)


def dim_note(pixels: FloatArray, dtype: str, values: tuple[float, float] | None) -> str:
    """Warn of an image that a network sees nearly black, because its values fill little of a range.

    Parameters
    ----------
    pixels
        (H, W, C) in [0, 1], as `read_image` gave them.
    dtype
        Of the stored values; 8-bit values and floats are taken as they are meant.
    values
        As they were given to `read_image`.

    Returns
    -------
    A sentence, empty where there is nothing to say.
    """
    kind = np.dtype(dtype)
    if values is not None or kind.kind not in "iu" or kind.itemsize == 1 or not pixels.size:
        return ""
    highest = float(pixels.max())
    if highest >= _DIM:
        return ""
    return (
        f"The image's highest value is {highest:.0%} of what its type can hold, so the network "
        f"sees it nearly black; {_IN_CARD}."
    )


def _clipped(stored: AnyArray, low: float, high: float, path: Path) -> FloatArray:
    _check_finite(stored, path)
    wide = stored.astype(np.float32 if stored.dtype.itemsize <= 2 else np.float64)
    scaled: FloatArray = np.divide(np.subtract(wide, low), high - low).astype(np.float32)
    return np.clip(scaled, 0, 1, out=scaled)


def _checked_float(stored: AnyArray, path: Path) -> FloatArray:
    _check_finite(stored, path)
    if stored.size:
        low, high = float(stored.min()), float(stored.max())
        if low < 0 or high > 1:
            raise ImageError(
                f"{path.name} holds float values from {low:g} to {high:g}; "
                f"{_IN_CARD}, or scale them to 0..1."
            )
    return stored.astype(np.float32, copy=False)


def _checked_integers(stored: AnyArray, full: int, path: Path) -> FloatArray:
    if (stored.dtype.kind == "i" or stored.dtype.itemsize > 2) and stored.size:
        low, high = int(stored.min()), int(stored.max())
        if low < 0 or high > full:
            raise ImageError(
                f"{path.name} holds whole numbers from {low} to {high}; "
                f"{_IN_CARD}, or export it with 8 or 16 bits a channel."
            )
    return stored.astype(np.float32) / np.float32(full)


def _check_finite(stored: AnyArray, path: Path) -> None:
    if stored.dtype.kind == "f" and not np.isfinite(stored).all():
        raise ImageError(
            f"{path.name} holds values that are not numbers (NaN or infinite); "
            "fill them and save it again."
        )
