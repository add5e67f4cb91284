"""The ground truth of an explained image: found beside it, read in the working pixels."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from gridsal_core.arrays import IndexArray
from gridsal_core.datasets.label_files import find_label
from gridsal_core.datasets.labels import read_label
from gridsal_core.errors import ImageError, SettingsError
from gridsal_core.types import Explanation


def label_of(explanation: Explanation, pattern: str = "") -> IndexArray | None:
    """Find and read the label map of an explained image.

    Parameters
    ----------
    explanation
        Of an image from a file.
    pattern
        Where label maps are, see `label_files.label_place`; blank means the usual places.

    Returns
    -------
    (H, W) in working pixels, or None if there is none that can be used.
    """
    request, classes = explanation.request, explanation.classes
    if request.image_path is None or request.page:
        return None  # a label map belongs to the first page
    frame = request.frame
    with suppress(ImageError, SettingsError, OSError):
        found = find_label(request.image_path, pattern, len(classes))
        if found is None:
            return None
        if frame is None:
            size = request.region.shape
            return read_label(found, (size[0], size[1]), classes)
        part = read_label(found, frame.full, classes)[frame.window.slices]
        rows, columns = (
            ((np.arange(to) + 0.5) * have / to).astype(np.intp)
            for to, have in zip(frame.size, part.shape, strict=True)
        )
        chosen: IndexArray = part[np.ix_(rows, columns)]
        return chosen
    return None
