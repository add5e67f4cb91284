"""Before and after side by side, as in figure 2 of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gridsal_core.arrays import ByteArray
from gridsal_core.figure_text import settings_line
from gridsal_core.figures import (
    as_rgb,
    classes_shown,
    draw_panels,
    in_colors,
    rendered,
    save_drawing,
    to_bytes,
    with_saliency,
)
from gridsal_core.whatif import WhatIf, told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FLIPPED: Final = (255, 255, 255)
_CHANGED: Final = {
    "keep": "Object and salient context",
    "remove": "Without the salient context",
    "painted": "Without the painted context",
}


def draw_what_if(result: WhatIf) -> Figure:
    """Draw the explanation, the segmentation, the changed image and its segmentation.

    Pixels of the region that flipped are hatched in white.
    """
    before = result.explanation
    image = as_rgb(before.request.image)
    panels = {
        "Explanation": with_saliency(image, before.saliency),
        "Segmentation before": in_colors(before.prediction.class_map, before.classes),
        _CHANGED[result.kind]: to_bytes(as_rgb(result.image)),
        "Segmentation after": _with_flips(result),
    }
    maps = [before.prediction.class_map, result.prediction.class_map]
    return draw_panels(
        panels,
        before.request.region,
        classes_shown(before.classes, maps),
        f"{told(result)} Hatched: flipped.",
        settings_line(before),
    )


def save_what_if(result: WhatIf, path: Path) -> None:
    """Draw before and after into a PNG, SVG or PDF file.

    Raises
    ------
    OutputError
        If the suffix is another one or the file cannot be written.
    """
    save_drawing(draw_what_if(result), path)


def what_if_png(result: WhatIf) -> bytes:
    """Draw before and after as a PNG in memory, for the screen."""
    return rendered(draw_what_if(result), ".png")


def hatching(flipped: np.ndarray) -> np.ndarray:
    """Of an (H, W) bool mask every fourth diagonal, so that what lies below still shows."""
    rows, columns = np.indices(flipped.shape)
    marked: np.ndarray = flipped & ((rows + columns) % 4 == 0)
    return marked


def _with_flips(result: WhatIf) -> ByteArray:
    pixels = in_colors(result.prediction.class_map, result.explanation.classes)
    pixels[hatching(result.flipped)] = FLIPPED
    return pixels
