"""How much context a map shows, and where (section 4.1 of the paper); how good predictions are."""

from __future__ import annotations

import numpy as np

from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.errors import RequestError


def context_bias_detection(saliency: FloatArray, obj: BoolArray) -> float:
    """CBD (eq. 6): the mean of the map over the context, ‖C∘M‖₁ / ‖C‖₁ with C = 1 - R_GT.

    Parameters
    ----------
    saliency
        (H, W), the context map, not rescaled.
    obj
        (H, W) bool, R_GT: the true object.

    Returns
    -------
    In [0, 1] for a map in [0, 1].

    Raises
    ------
    RequestError
        If the shapes differ, or the object leaves no context.
    """
    _check(saliency, obj)
    context = ~obj
    if not context.any():
        raise RequestError("The object covers the whole image; there is no context to measure.")
    return float(np.abs(saliency[context]).mean(dtype=np.float64))


def context_bias_localization(
    saliency: FloatArray, obj: BoolArray, bias: BoolArray
) -> float | None:
    """CBL (eq. 7): the share of the map's context that is biased, ‖C_bias∘M‖₁ / ‖C∘M‖₁.

    Parameters
    ----------
    saliency
        (H, W), the context map.
    obj
        (H, W) bool, R_GT: the true object.
    bias
        (H, W) bool, the biased context; what of it is object does not count.

    Returns
    -------
    In [0, 1], or None where the map shows no context at all: 0 / 0 is not available.

    Raises
    ------
    RequestError
        If the shapes differ.
    """
    _check(saliency, obj)
    _check(saliency, bias)
    shown = np.abs(np.where(obj, 0.0, saliency.astype(np.float64)))
    total = float(shown.sum())
    return float(shown[bias].sum()) / total if total > 0 else None


def area_under_roc(positives: FloatArray, negatives: FloatArray) -> float:
    """How well values tell two groups apart: the chance that a positive is above a negative.

    Ties count half (Mann and Whitney). In [0, 1]; 0.5 is guessing.

    Raises
    ------
    RequestError
        If a group is empty.
    """
    if not len(positives) or not len(negatives):
        raise RequestError("Two groups are needed to tell them apart, and one is empty.")
    ranked = np.sort(np.asarray(negatives, np.float64))
    values = np.asarray(positives, np.float64)
    below, up_to = (np.searchsorted(ranked, values, side=side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(ranked)))


def intersection_over_union(
    truth: IndexArray, predicted: IndexArray, class_count: int
) -> tuple[float | None, ...]:
    """Return how well each class was predicted: |both| / |either|, over all pixels together.

    Parameters
    ----------
    truth, predicted
        Classes, of equal shape. A true class from `class_count` on means "unlabelled": the pixel
        does not count.
    class_count
        Number of classes.

    Returns
    -------
    One value in [0, 1] for each class; None where neither truth nor prediction holds the class.
    """
    is_known = truth < class_count
    pairs = truth[is_known].astype(np.intp)
    pairs *= class_count
    pairs += predicted[is_known]
    confusion = np.bincount(pairs, minlength=class_count**2).reshape(class_count, class_count)
    both = np.diagonal(confusion)
    either = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    return tuple(b / e if e else None for b, e in zip(both.tolist(), either.tolist(), strict=True))


def _check(saliency: FloatArray, mask: BoolArray) -> None:
    if saliency.shape != mask.shape:
        raise RequestError(
            f"The map is {saliency.shape} and the mask {mask.shape}; bring both to one size."
        )


def is_constant(values: FloatArray) -> bool:
    """Whether all values are the same, as those of an empty map are; of no values too."""
    return values.size == 0 or bool(np.ptp(values) == 0)
