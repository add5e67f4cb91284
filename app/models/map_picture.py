"""What a view of a map shows: made in a thread, so that the window only hands it on."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QTransform

from app.models.picture import OVERVIEW_PIXELS, halved, picture_levels, to_rgb8
from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.frames import Frame
from gridsal_core.map_difference import MapDifference, frame_of
from gridsal_core.types import ClassInfo, Explanation, Prediction

GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class MapPicture:
    """An image, its request and what is known of its pixels, at its place in the whole image.

    All arrays cover the frame's window; what is drawn as colours may have fewer pixels than the
    frame, the region never.

    Parameters
    ----------
    image_path, page, frame
        Which pixels of which image these are.
    levels
        The picture, its half, its quarter and so on.
    region
        (H, W) bool, the request.
    saliency
        (h, w) in [0, 1], the map; None where there is none to be shown.
    classes, class_map
        The predicted class of each pixel, (h, w), where it is to be shown.
    marked
        (h, w) bool, pixels to be hatched, if any.
    """

    image_path: Path | None
    page: int
    frame: Frame
    levels: tuple[QImage, ...]
    region: BoolArray
    saliency: FloatArray | None = None
    classes: tuple[ClassInfo, ...] = ()
    class_map: IndexArray | None = None
    marked: BoolArray | None = None

    @property
    def rect(self) -> QRectF:
        """The frame's window in pixels of the whole image."""
        window = self.frame.window
        return QRectF(
            window.left, window.top, window.right - window.left, window.bottom - window.top
        )


@dataclass(frozen=True, eq=False)
class DifferencePicture:
    """(h, w) of one map less another, in [-1, 1], where both are known, over a grey image."""

    values: FloatArray
    frame: Frame
    mean_size: float
    grey: tuple[QImage, ...]


def map_picture(explanation: Explanation) -> MapPicture:
    """Return what is shown of an explanation."""
    request = explanation.request
    return MapPicture(
        request.image_path,
        request.page,
        frame_of(explanation),
        image_levels(request.image),
        request.region,
        _heat(explanation.saliency),
    )


def segmented_picture(
    explanation: Explanation,
    image: FloatArray,
    prediction: Prediction,
    *,
    saliency: FloatArray | None = None,
    marked: BoolArray | None = None,
) -> MapPicture:
    """Return an image of an explanation, changed perhaps, under what is predicted on it."""
    request, step = explanation.request, _step(prediction.class_map.shape)
    return MapPicture(
        request.image_path,
        request.page,
        frame_of(explanation),
        image_levels(image),
        request.region,
        None if saliency is None else _heat(saliency),
        explanation.classes,
        prediction.class_map[::step, ::step],
        None if marked is None else marked[::step, ::step],
    )


def difference_picture(difference: MapDifference, image: FloatArray) -> DifferencePicture:
    """Return what is shown of a difference; `image` is that of the panel it is shown in."""
    step = _step(difference.values.shape)
    rgb = to_rgb8(image).astype(np.float32) @ GREY_WEIGHTS
    grey = np.repeat((rgb + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    return DifferencePicture(
        difference.values[::step, ::step],
        difference.frame,
        difference.mean_size,
        _bounded(picture_levels(grey)),
    )


def image_levels(image: FloatArray) -> tuple[QImage, ...]:
    """Return (H, W, C) in [0, 1] as a picture, its half and so on, of a bounded size."""
    return _bounded(picture_levels(to_rgb8(image)))


def placed(frame: Frame, size: tuple[int, int]) -> QTransform:
    """Return what takes an array of (height, width) `size` over the frame to the whole image."""
    window = frame.window
    across = (window.right - window.left) / size[1]
    down = (window.bottom - window.top) / size[0]
    return QTransform(across, 0, 0, down, window.left, window.top)


def _heat(saliency: FloatArray) -> FloatArray:
    """Return what is drawn of a map: a signed one by its size."""
    step = _step(saliency.shape)
    heat: FloatArray = np.clip(np.abs(saliency[::step, ::step]), 0, 1)
    return heat


def _step(shape: tuple[int, ...]) -> int:
    """Which pixels of (H, W) are drawn, so that a view of a huge map costs no more than others."""
    return max(1, ceil(sqrt(shape[0] * shape[1] / OVERVIEW_PIXELS)))


def _bounded(levels: tuple[QImage, ...]) -> tuple[QImage, ...]:
    while levels[0].width() * levels[0].height() > OVERVIEW_PIXELS:
        levels = levels[1:] or (halved(levels[0]),)
    return levels
