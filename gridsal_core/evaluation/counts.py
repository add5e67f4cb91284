"""Pixels of one image, counted by what they truly are and what they are predicted as."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import IndexArray
from gridsal_core.errors import RequestError

CountArray = npt.NDArray[np.int64]
"""(C + 1, C): row i holds the pixels that truly are class i, the last row those without a true
class; column j holds those predicted as class j."""


@dataclass(frozen=True, eq=False)
class ImageCounts:
    """The pixels of one image; only the kinds that occur are kept.

    Parameters
    ----------
    codes
        (N,) int32, ascending: row * C + column of `CountArray`.
    pixels
        (N,) int64, how many pixels are of each kind; none is 0.
    is_labelled
        Whether there was a label map. Without one, all pixels are without a true class.
    """

    codes: npt.NDArray[np.int32]
    pixels: npt.NDArray[np.int64]
    is_labelled: bool


def count_pixels(class_map: IndexArray, label: IndexArray | None, class_count: int) -> ImageCounts:
    """Count the pixels of one image.

    Parameters
    ----------
    class_map
        (H, W) predicted classes.
    label
        (H, W) true classes; from `class_count` on they mean "unlabelled". None: there is no label
        map.
    class_count
        C, the number of classes of the network.

    Raises
    ------
    RequestError
        If the two are not of one size.
    """
    kinds = class_map.astype(np.int32)
    if label is None:
        kinds += class_count * class_count
    elif label.shape != class_map.shape:
        have, want = (" x ".join(map(str, each.shape[::-1])) for each in (label, class_map))
        raise RequestError(
            f"The label map is {have} pixels and the prediction {want} (width x height); "
            "use a label map of the image's size."
        )
    else:
        kinds += np.minimum(label, class_count).astype(np.int32) * class_count
    pixels = np.bincount(kinds.ravel(), minlength=(class_count + 1) * class_count)
    codes = np.flatnonzero(pixels)
    return ImageCounts(codes.astype(np.int32), pixels[codes].astype(np.int64), label is not None)
