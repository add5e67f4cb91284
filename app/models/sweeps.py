"""Values of a setting that are worth comparing, proposed and read."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from gridsal_core.errors import SettingsError
from gridsal_core.methods import METHOD_INFOS, Method
from gridsal_core.settings import Settings, parse_mask_size

LAM_FACTORS: Final = (0.2, 1.0, 5.0)
"""Around the value that is set: a map changes little below a factor of about three."""

CELL_FACTORS: Final = (0.5, 1.0, 2.0)
SMALLEST_LAM: Final = 0.01
SEPARATORS: Final = re.compile(r"[;,\s]+")


def proposed_lams(settings: Settings) -> str:
    """Propose three weights λ around the one that is set."""
    middle = settings.lam or SMALLEST_LAM
    return ", ".join(f"{middle * factor:.3g}" for factor in LAM_FACTORS)


def read_lams(settings: Settings, text: str) -> tuple[Settings, ...]:
    """Return the settings with each weight that is named in the text, in order, none twice.

    Raises
    ------
    SettingsError
        If a value is no number or out of its range.
    """
    found = []
    for part in _parts(text):
        try:
            value = float(part)
        except ValueError:
            raise SettingsError(
                f"{part!r} is not a number; write λ with a dot and commas between, as in "
                f"{proposed_lams(settings)}."
            ) from None
        found.append(replace(settings, lam=value))
    return tuple(dict.fromkeys(found))


def proposed_mask_sizes(settings: Settings, size: tuple[int, int]) -> str:
    """Propose half, the same and twice as many rows and columns, of an image of (H, W) `size`."""
    rows, columns = settings.mask_size
    sizes = [
        (min(max(1, round(rows * f)), size[0]), min(max(1, round(columns * f)), size[1]))
        for f in CELL_FACTORS
    ]
    return ", ".join(f"{height}x{width}" for height, width in dict.fromkeys(sizes))


def read_mask_sizes(settings: Settings, size: tuple[int, int], text: str) -> tuple[Settings, ...]:
    """Return the settings with each mask size that is named in the text, in order, none twice.

    Raises
    ------
    SettingsError
        If a size is not understood, or larger than the image of (height, width) `size`.
    """
    found = [replace(settings, mask_size=parse_mask_size(part)) for part in _parts(text)]
    for each in found:
        each.check_image(*size)
    return tuple(dict.fromkeys(found))


def proposed_methods(settings: Settings) -> tuple[Method, ...]:
    """Propose the context explanation and the gradient methods of the same form (figure 3)."""
    form = METHOD_INFOS[settings.method].form
    return tuple(method for method, info in METHOD_INFOS.items() if info.form == form)


def _parts(text: str) -> list[str]:
    return [part for part in SEPARATORS.split(text.strip()) if part]
