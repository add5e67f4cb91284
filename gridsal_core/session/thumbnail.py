"""A small picture of an explanation for lists: the image, with the map in red over it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gridsal_core.arrays import ByteArray, FloatArray
from gridsal_core.types import Explanation

EDGE = 144
MOST_EDGE = 512
RED = (220, 30, 30)
OPACITY = 0.75


def heat_thumbnail(explanation: Explanation, edge: int = EDGE) -> ByteArray:
    """Make the picture, (h, w, 3) uint8, its longer side `edge` pixels or the image's if shorter.

    The map is shown on the scale from 0 to 1; of a signed one its strength.
    """
    image = explanation.request.image
    height, width = image.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    shown = image[..., :3] if image.shape[2] >= 3 else np.repeat(image[..., :1], 3, axis=2)
    rgb = np.stack([_reduced(shown[..., band], size) for band in range(3)], axis=-1)
    heat = _reduced(np.abs(np.nan_to_num(explanation.saliency)), size)
    strength = (np.clip(heat, 0, 1) * OPACITY)[..., None]
    red = np.array(RED, np.float32) / 255
    blended = np.clip(rgb, 0, 1) * (1 - strength) + red * strength
    return (blended * 255 + 0.5).astype(np.uint8)


def _reduced(band: FloatArray, size: tuple[int, int]) -> FloatArray:
    picture = Image.fromarray(np.ascontiguousarray(band, np.float32))
    reduced = picture.resize((size[1], size[0]), Image.Resampling.BOX)
    return np.asarray(reduced, np.float32)
