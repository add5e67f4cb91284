"""How well label maps were predicted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridsal_core.metrics import intersection_over_union
from gridsal_core.toy.classes import CLASS_NAMES


@dataclass(frozen=True, slots=True)
class Iou:
    """Intersection over union per class.

    Attributes
    ----------
    per_class : tuple of (float or None)
        One value in [0, 1] per class; None where neither truth nor prediction holds the class.
    """

    per_class: tuple[float | None, ...]

    @property
    def mean(self) -> float:
        """Mean over the classes that occur."""
        present = [value for value in self.per_class if value is not None]
        return sum(present) / len(present) if present else 0.0

    def of_digit(self, digit: int) -> float | None:
        """Return the value of a digit."""
        return self.per_class[1 + digit]

    def as_dict(self) -> Mapping[str, float | None]:
        """Return the values under their class names, rounded to four digits, `mIoU` first."""
        rounded = {
            name: None if value is None else round(value, 4)
            for name, value in zip(CLASS_NAMES, self.per_class, strict=True)
        }
        return {"mIoU": round(self.mean, 4), **rounded}


def iou(truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> Iou:
    """Compare label maps, all pixels of all pictures together.

    Parameters
    ----------
    truth, predicted : ndarray
        Class numbers 0..10, of equal shape.
    """
    return Iou(intersection_over_union(truth, predicted, len(CLASS_NAMES)))
