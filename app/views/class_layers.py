"""The layers that colour every pixel by a kind: the predicted class, or whether it is correct."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.views.canvas_layers import TABLE_SIZE, IndexLayer
from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.comparison import CORRECT, IGNORED, WRONG
from gridsal_core.palette import color_table
from gridsal_core.types import ClassInfo

DEFAULT_PREDICTION_OPACITY = 0.45
DEFAULT_ERRORS_OPACITY = 0.6


@dataclass(frozen=True)
class ErrorKind:
    """What a pixel of the error view can be: its value in the map, name, colour and meaning."""

    value: int
    name: str
    color: tuple[int, int, int]
    tip: str


# Of Okabe and Ito's colours, which colour-blind eyes tell apart; wrong is bright, correct of middle
# brightness, ignored a dark grey, so that they differ without colour too. None is the map's red or
# the outline's blue.
ERROR_KINDS: Final = (
    ErrorKind(CORRECT, "correct", (0, 158, 115), "The predicted class is the true one"),
    ErrorKind(WRONG, "wrong", (240, 228, 66), "The label map says another class"),
    ErrorKind(IGNORED, "ignored", (84, 80, 92), "The label map says no class of the network"),
)


class PredictionLayer(IndexLayer):
    """The class of every pixel in the classes' colours; single classes can be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[ClassInfo, ...] = ()
        self._hidden: set[int] = set()
        self._opacity = DEFAULT_PREDICTION_OPACITY

    def set_prediction(self, class_map: IndexArray | None, classes: tuple[ClassInfo, ...]) -> None:
        """Show (H, W) classes, or nothing; what is hidden stays so until the classes change."""
        if class_map is not None:
            if classes != self._classes:
                self._classes = classes
                self._hidden.clear()
            self._color_classes()
        self.set_indices(class_map)

    def set_class_visible(self, index: int, is_visible: bool) -> None:
        """Show or hide one class."""
        (self._hidden.discard if is_visible else self._hidden.add)(index)
        self._color_classes()

    def set_strength(self, opacity: float) -> None:
        """Set the opacity, 0 to 1."""
        self._opacity = opacity
        self._color_classes()

    def _color_classes(self) -> None:
        self.set_table(class_table(self._classes, self._hidden, self._opacity))


class ErrorLayer(IndexLayer):
    """Which pixels of a prediction are correct, wrong or ignored: see `compare`."""

    def __init__(self) -> None:
        super().__init__()
        self.set_strength(DEFAULT_ERRORS_OPACITY)

    def set_strength(self, opacity: float) -> None:
        """Set the opacity, 0 to 1."""
        self.set_table(error_table(opacity))


def class_table(classes: Sequence[ClassInfo], hidden: Collection[int], opacity: float) -> ByteArray:
    """Return the (256, 4) table of a prediction; values that are no class stay transparent."""
    alpha = np.zeros((TABLE_SIZE, 1), np.uint8)
    alpha[: len(classes)] = round(255 * opacity)
    alpha[[index % TABLE_SIZE for index in hidden]] = 0
    return np.concatenate([color_table(classes), alpha], 1)


def error_table(opacity: float) -> ByteArray:
    """Return the (256, 4) table of an error view."""
    table = np.zeros((TABLE_SIZE, 4), np.uint8)
    for kind in ERROR_KINDS:
        table[kind.value] = (*kind.color, round(255 * opacity))
    return table
