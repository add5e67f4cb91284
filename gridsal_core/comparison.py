"""A prediction against the truth: which pixels are correct, and the parts of a predicted segment.

A label that is no class of the network (255, for instance) means that nobody said what the pixel
is. Such a pixel is ignored: it is neither correct nor wrong, and belongs to no part of a segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.metrics import intersection_over_union

CORRECT: Final = 0
WRONG: Final = 1
IGNORED: Final = 2


@dataclass(frozen=True, eq=False)
class Comparison:
    """How a prediction agrees with a label map.

    Parameters
    ----------
    verdicts
        (H, W) uint8: `CORRECT`, `WRONG` or `IGNORED` at every pixel.
    counts
        Number of correct, wrong and ignored pixels.
    iou
        Intersection over union of each class; None where neither map holds the class. Ignored
        pixels do not count.
    """

    verdicts: ByteArray
    counts: tuple[int, int, int]
    iou: tuple[float | None, ...]

    @property
    def shares(self) -> tuple[float, float, float]:
        """Share of all pixels that is correct, wrong and ignored; their sum is 1."""
        correct, wrong, ignored = (count / self.verdicts.size for count in self.counts)
        return correct, wrong, ignored

    @property
    def mean_iou(self) -> float | None:
        """Mean intersection over union of the classes that occur; None if there is none."""
        present = [value for value in self.iou if value is not None]
        return sum(present) / len(present) if present else None


@dataclass(frozen=True)
class Part:
    """The pixels of one predicted segment that truly are of one class: how many there are."""

    true_class: int
    pixels: int


@dataclass(frozen=True, eq=False)
class SegmentParts:
    """One predicted segment, cut up by the true classes of its pixels.

    Each part is the intersection of one true class with one predicted segment (paper, section 5,
    table 1). The segment is connected; a part of it need not be.

    Parameters
    ----------
    segment
        (H, W) bool, the predicted segment.
    predicted
        The class that the network gave to it.
    correct
        The part whose true class is the predicted one; None where no pixel is.
    erroneous
        One part for each other true class in the segment, largest first, of equal ones the lower
        class first. None of them is empty.
    ignored
        Number of the segment's pixels without a true class.
    label
        (H, W) true classes, which the parts are cut from.
    """

    segment: BoolArray
    predicted: int
    correct: Part | None
    erroneous: tuple[Part, ...]
    ignored: int
    label: IndexArray

    def region(self, true_class: int) -> BoolArray:
        """Return (H, W) bool, the part of a true class; empty if the segment has none of it."""
        part: BoolArray = self.segment & (self.label == true_class)
        return part


def compare(class_map: IndexArray, label: IndexArray, class_count: int) -> Comparison:
    """Compare a prediction with a label map, pixel by pixel.

    Parameters
    ----------
    class_map
        (H, W) predicted classes.
    label
        (H, W) true classes; from `class_count` on they mean "unlabelled".
    class_count
        Number of classes of the network.

    Raises
    ------
    RequestError
        If the two are not of one size.
    """
    _check(class_map, label)
    verdicts: ByteArray = np.not_equal(class_map, label).astype(np.uint8)
    verdicts[label >= class_count] = IGNORED
    wrong, ignored = (int(np.count_nonzero(verdicts == kind)) for kind in (WRONG, IGNORED))
    counts = (verdicts.size - wrong - ignored, wrong, ignored)
    return Comparison(verdicts, counts, intersection_over_union(label, class_map, class_count))


def segment_parts(
    segment: BoolArray, class_map: IndexArray, label: IndexArray, class_count: int
) -> SegmentParts:
    """Cut a predicted segment up by the true classes of its pixels.

    Parameters
    ----------
    segment
        (H, W) bool, as of `segment_at`: at least one pixel, all of one predicted class.
    class_map, label, class_count
        As of `compare`.

    Raises
    ------
    RequestError
        If the sizes differ or the segment is empty.
    """
    _check(class_map, label)
    _check(segment, label)
    if not segment.any():
        raise RequestError("The segment is empty; pick one in the prediction.")
    predicted = int(class_map.flat[int(segment.argmax())])
    counts = np.bincount(label[segment], minlength=class_count)
    present = [Part(int(i), int(counts[i])) for i in np.flatnonzero(counts[:class_count])]
    correct = next((part for part in present if part.true_class == predicted), None)
    wrong = sorted(
        (part for part in present if part is not correct),
        key=lambda part: (-part.pixels, part.true_class),
    )
    ignored = int(counts[class_count:].sum())
    return SegmentParts(segment, predicted, correct, tuple(wrong), ignored, label)


def true_class(label: IndexArray, region: BoolArray, class_count: int) -> int | None:
    """Return the class that most labelled pixels of a region truly have, the lower of equal ones.

    Parameters
    ----------
    label
        (H, W) true classes; from `class_count` on they mean "unlabelled".
    region
        (H, W) bool.
    class_count
        Number of classes of the network.

    Returns
    -------
    The class, or None if no pixel of the region is labelled.

    Raises
    ------
    RequestError
        If the sizes differ.
    """
    _check(region, label)
    counts = np.bincount(label[region], minlength=class_count)[:class_count]
    return int(counts.argmax()) if counts.any() else None


def _check(one: IndexArray | BoolArray, label: IndexArray) -> None:
    if one.shape != label.shape:
        have, want = (" x ".join(map(str, shape[::-1])) for shape in (label.shape, one.shape))
        raise RequestError(
            f"The label map is {have} pixels and the prediction {want} (width x height); "
            "use a label map of the image's size."
        )
