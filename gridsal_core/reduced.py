"""The same request on a smaller image, and its answer brought back to the image's size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.regions import widened
from gridsal_core.settings import Settings
from gridsal_core.types import Prediction, Request
from gridsal_core.upsampling import upsample


def reduced_image(image: FloatArray, scale: float) -> FloatArray:
    """Average an (H, W, C) image in [0, 1] down to `scale`, at most 1; the same image at 1."""
    if scale >= 1:
        return image
    height, width = reduced_size((image.shape[0], image.shape[1]), scale)
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(image[..., channel], np.float32)).resize(
                (width, height), Image.Resampling.BOX
            )
        )
        for channel in range(image.shape[2])
    ]
    smaller: FloatArray = np.clip(np.stack(planes, -1), 0, 1)
    return smaller


def reduced_region(region: BoolArray, size: tuple[int, int]) -> BoolArray:
    """Bring an (H, W) region to a smaller size (height, width).

    A pixel is inside where more than half of its area is; of a region that is too small for that,
    the pixel that holds most of it stays, so that no region vanishes.
    """
    if region.shape == size:
        return region
    shares = np.asarray(
        Image.fromarray(np.where(region, np.float32(1), np.float32(0))).resize(
            size[::-1], Image.Resampling.BOX
        )
    )
    inside: BoolArray = shares > 0.5
    if region.any() and not inside.any():
        inside = np.zeros(size, np.bool_)
        inside.flat[int(shares.argmax())] = True
    return inside


def reduced_request(request: Request, scale: float) -> Request:
    """Make the same request on a smaller image; the same request at scale 1."""
    if scale >= 1:
        return request
    height, width = request.region.shape
    region = reduced_region(request.region, reduced_size((height, width), scale))
    return replace(request, image=reduced_image(request.image, scale), region=region)


def reduced_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return (height, width) at `scale`, at least one pixel each."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def enlarged_prediction(prediction: Prediction, size: tuple[int, int]) -> Prediction:
    """Bring a prediction to a larger size (height, width): classes to the nearest pixel."""
    found = prediction.class_map
    if found.shape == size:
        return prediction
    rows = (np.arange(size[0]) * found.shape[0]) // size[0]
    columns = (np.arange(size[1]) * found.shape[1]) // size[1]
    confidence = Image.fromarray(prediction.confidence).resize(
        size[::-1], Image.Resampling.BILINEAR
    )
    return replace(
        prediction,
        class_map=found[np.ix_(rows, columns)],
        confidence=np.clip(np.asarray(confidence), 0, 1),
    )


def blended(
    request: Request, blank: FloatArray, mask: FloatArray, settings: Settings
) -> FloatArray:
    """Blend the final perturbed image at the size of the request's image, from mask and `blank`.

    p(x, M) of the method: x where the map is 1, `blank` where it is 0; for the context method the
    region always shows x.
    """
    height, width = request.region.shape
    kept = upsample(mask, (height, width), settings.upsampling)
    if settings.form == "context":
        kept[widened(request.region, settings.dilation)] = 1
    mixed = blank + (request.image - blank) * kept[..., None]
    return np.clip(mixed, 0, 1).astype(np.float32)
