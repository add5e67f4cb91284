"""Of which classes the salient context is (paper, section 5: figure 6 and table 1).

Each context pixel votes for its class with its saliency. Votes are summed over the requests of one
kind, and their shares are the class distribution of that kind. The baseline is the same with a
fixed dilation of the request's contour in place of the map: what lies around it in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt
from typing import Final, Literal

import numpy as np

from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.regions import widened
from gridsal_core.types import Explanation

# Counted piece by piece: of a huge image that needs less memory, and holds no other thread up.
STRIP_PIXELS: Final = 2**18

VoteSource = Literal["labels", "prediction"]


@dataclass(frozen=True)
class ClassVotes:
    """Saliency by class, summed over context pixels; votes of several requests can be added.

    Parameters
    ----------
    weights
        Sum of the saliency over the context pixels of each class, at least 0.
    unlabelled
        The same over the pixels whose label is no class of the network. They are part of no share.
    source
        What says which class a pixel is of: the true `labels`, or the network's `prediction`.
    """

    weights: tuple[float, ...]
    unlabelled: float
    source: VoteSource

    @property
    def total(self) -> float:
        """Sum of the votes for a class; without those of unlabelled pixels."""
        return fsum(self.weights)

    @property
    def shares(self) -> tuple[float, ...] | None:
        """The class distribution: each class's share of the votes, which sum to 1.

        None where nobody votes, since 0 / 0 is not available: an empty map, or one that shows
        unlabelled pixels only.
        """
        total = self.total
        return tuple(weight / total for weight in self.weights) if total > 0 else None

    @property
    def unlabelled_share(self) -> float:
        """Share of all saliency that lies on unlabelled pixels, in [0, 1]; 0 of an empty map."""
        everything = self.total + self.unlabelled
        return self.unlabelled / everything if everything > 0 else 0.0

    def __add__(self, other: ClassVotes) -> ClassVotes:
        """Return the votes of both, as of one kind of request.

        Raises
        ------
        RequestError
            If they are of other classes, or one counts true and the other predicted ones.
        """
        if len(self.weights) != len(other.weights):
            raise RequestError(
                f"Votes for {len(self.weights)} and for {len(other.weights)} classes cannot be "
                "added; add those of one network."
            )
        if self.source != other.source:
            raise RequestError(
                "Votes by labels and votes by a prediction cannot be added; keep images with and "
                "without labels apart."
            )
        weights = tuple(a + b for a, b in zip(self.weights, other.weights, strict=True))
        return ClassVotes(weights, self.unlabelled + other.unlabelled, self.source)


def class_votes(
    saliency: FloatArray | BoolArray,
    region: BoolArray,
    class_map: IndexArray,
    class_count: int,
    source: VoteSource,
) -> ClassVotes:
    """Let each context pixel vote for its class with its saliency.

    Parameters
    ----------
    saliency
        (H, W), M in the paper, not rescaled; of a signed map the absolute value counts.
    region
        (H, W) bool, R in the paper. Its pixels are no context and do not vote.
    class_map
        (H, W) class of each pixel; from `class_count` on it means "unlabelled".
    class_count
        Number of classes of the network.
    source
        Whether `class_map` holds true or predicted classes.

    Raises
    ------
    RequestError
        If the shapes differ.
    """
    if not saliency.shape == region.shape == class_map.shape:
        raise RequestError(
            f"The map is {saliency.shape}, the region {region.shape} and the class map "
            f"{class_map.shape}; bring them to one size."
        )
    by_class = np.zeros(class_count, np.float64)
    unlabelled = 0.0
    rows = max(1, STRIP_PIXELS // max(1, region.shape[1]))
    for top in range(0, region.shape[0], rows):
        strip = slice(top, top + rows)
        context = ~region[strip]
        classes = class_map[strip][context]
        weights = np.abs(saliency[strip][context].astype(np.float64))
        is_known = classes < class_count
        by_class += np.bincount(classes[is_known], weights[is_known], minlength=class_count)
        unlabelled += float(weights[~is_known].sum())
    return ClassVotes(tuple(by_class.tolist()), unlabelled, source)


def context_votes(explanation: Explanation, label: IndexArray | None = None) -> ClassVotes:
    """Let the context pixels of an explanation vote, by their labels where there are any.

    Parameters
    ----------
    explanation
        Its region is R, its map M.
    label
        (H, W) true classes at the explanation's working size; without them the network's own
        prediction says what each pixel is.

    Raises
    ------
    RequestError
        If the label map is of another size.
    """
    class_map = explanation.prediction.class_map if label is None else label
    source: VoteSource = "prediction" if label is None else "labels"
    count = len(explanation.classes)
    return class_votes(explanation.saliency, explanation.request.region, class_map, count, source)


def surrounding_votes(
    region: BoolArray,
    class_map: IndexArray,
    class_count: int,
    source: VoteSource,
    width: int,
) -> ClassVotes:
    """Let the pixels around a region vote, each with 1: the baseline that a map is held against.

    Parameters
    ----------
    region, class_map, class_count, source
        As of `class_votes`.
    width
        How far the region is dilated, in pixels, at least 1.

    Raises
    ------
    RequestError
        If the shapes differ or the width is below 1.
    """
    if width < 1:
        raise RequestError(f"The region is dilated by {width} pixels; give at least 1.")
    return class_votes(widened(region, width), region, class_map, class_count, source)


def baseline_width(size: tuple[int, int], mask_size: tuple[int, int]) -> int:
    """Return how far a region is dilated for the baseline: by the side of one mask cell.

    The paper names no width. One cell is the finest that a map can tell apart, so that its baseline
    reaches about as far as the smallest context it could show. Cells that are no squares count by
    the geometric mean of their sides.

    Parameters
    ----------
    size, mask_size
        (height, width) in pixels and in cells.
    """
    (height, width), (rows, columns) = size, mask_size
    return max(1, round(sqrt(height / rows * width / columns)))
