"""Correct, wrong, ignored, and the parts of a segment, against loops over single pixels."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridsal_core.arrays import IndexArray
from gridsal_core.comparison import (
    CORRECT,
    IGNORED,
    WRONG,
    Part,
    compare,
    segment_parts,
    true_class,
)
from gridsal_core.errors import RequestError
from gridsal_core.segments import segment_at

COUNT = 3
UNLABELLED = 255
Pair = tuple[IndexArray, IndexArray]

PREDICTED: IndexArray = np.array(
    [
        [0, 0, 0, 1],
        [0, 0, 0, 1],
        [2, 2, 2, 1],
    ],
    np.uint8,
)
TRUE: IndexArray = np.array(
    [
        [0, 1, 1, 1],
        [2, 255, 1, 1],
        [2, 2, 0, 3],
    ],
    np.uint8,
)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A prediction of up to three classes, and labels with values that are no class."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    predicted = draw(arrays(np.uint8, shape, elements=st.integers(0, COUNT - 1)))
    values = st.sampled_from([0, 1, 2, COUNT, UNLABELLED])
    kind = draw(st.sampled_from([np.uint8, np.uint16]))
    return predicted, draw(arrays(kind, shape, elements=values))


def slow_verdict(predicted: int, true: int) -> int:
    if true >= COUNT:
        return IGNORED
    return CORRECT if predicted == true else WRONG


@given(pairs())
def test_each_pixel_is_judged_by_itself(pair: Pair) -> None:
    predicted, label = pair
    found = compare(predicted, label, COUNT)
    counted: Counter[int] = Counter()
    for place in np.ndindex(predicted.shape):
        verdict = slow_verdict(int(predicted[place]), int(label[place]))
        assert found.verdicts[place] == verdict
        counted[verdict] += 1
    assert found.counts == (counted[CORRECT], counted[WRONG], counted[IGNORED])
    assert sum(found.shares) == pytest.approx(1)


@given(pairs())
def test_the_intersection_over_union_counts_what_is_labelled(pair: Pair) -> None:
    predicted, label = pair
    found = compare(predicted, label, COUNT)
    for index in range(COUNT):
        both = either = 0
        for place in np.ndindex(predicted.shape):
            if label[place] < COUNT:
                both += bool(predicted[place] == index and label[place] == index)
                either += bool(predicted[place] == index or label[place] == index)
        assert found.iou[index] == (both / either if either else None)


@settings(deadline=None)  # the first segment of all waits for the import of SciPy
@given(pairs(), st.data())
def test_the_parts_of_a_segment_are_its_labelled_pixels_by_true_class(
    pair: Pair, data: st.DataObject
) -> None:
    predicted, label = pair
    y = data.draw(st.integers(0, predicted.shape[0] - 1))
    x = data.draw(st.integers(0, predicted.shape[1] - 1))
    segment = segment_at(predicted, x, y)
    parts = segment_parts(segment, predicted, label, COUNT)
    places: dict[int, list[tuple[int, ...]]] = {}
    ignored = 0
    for place in np.ndindex(predicted.shape):
        if segment[place] and label[place] < COUNT:
            places.setdefault(int(label[place]), []).append(place)
        ignored += bool(segment[place] and label[place] >= COUNT)
    assert parts.predicted == predicted[y, x]
    assert parts.ignored == ignored
    right = places.get(parts.predicted, [])
    assert parts.correct == (Part(parts.predicted, len(right)) if right else None)
    wrong = sorted((c for c in places if c != parts.predicted), key=lambda c: (-len(places[c]), c))
    assert parts.erroneous == tuple(Part(c, len(places[c])) for c in wrong)
    for index in range(COUNT):
        found = [tuple(place) for place in np.argwhere(parts.region(index)).tolist()]
        assert found == places.get(index, [])


def test_a_part_is_of_one_segment_and_need_not_be_connected() -> None:
    parts = segment_parts(segment_at(PREDICTED, 0, 0), PREDICTED, TRUE, COUNT)
    assert parts.correct == Part(0, 1)
    assert parts.erroneous == (Part(1, 3), Part(2, 1))
    assert parts.ignored == 1
    np.testing.assert_array_equal(np.argwhere(parts.region(1)), [[0, 1], [0, 2], [1, 2]])
    scattered: IndexArray = np.array([[1, 0, 1]], np.uint8)
    row: IndexArray = np.zeros((1, 3), np.uint8)
    apart = segment_parts(segment_at(row, 0, 0), row, scattered, COUNT)
    np.testing.assert_array_equal(apart.region(1), [[True, False, True]])


def test_the_shares_and_the_mean_are_of_what_there_is() -> None:
    found = compare(PREDICTED, TRUE, COUNT)
    assert found.counts == (5, 5, 2)
    assert found.shares == (5 / 12, 5 / 12, 2 / 12)
    assert found.mean_iou == pytest.approx((1 / 6 + 2 / 5 + 2 / 4) / 3)


def test_of_unlabelled_pixels_nothing_is_said() -> None:
    found = compare(PREDICTED, np.full_like(TRUE, UNLABELLED), COUNT)
    assert (*found.shares, found.mean_iou) == (0, 0, 1, None)


def test_more_than_255_classes_are_told_apart() -> None:
    predicted: IndexArray = np.array([[255, 300, 3]], np.uint16)
    label: IndexArray = np.array([[255, 44, 65535]], np.uint16)
    np.testing.assert_array_equal(compare(predicted, label, 301).verdicts, [[0, 1, 2]])


def test_maps_of_different_sizes_are_refused_and_so_is_an_empty_segment() -> None:
    with pytest.raises(RequestError, match=r"label map is 3 x 3 pixels and the prediction 4 x 3"):
        compare(PREDICTED, TRUE[:, :3], COUNT)
    with pytest.raises(RequestError, match="label map is 4 x 3"):
        segment_parts(np.ones((2, 2), bool), PREDICTED, TRUE, COUNT)
    with pytest.raises(RequestError, match="segment is empty"):
        segment_parts(np.zeros(TRUE.shape, bool), PREDICTED, TRUE, COUNT)


def test_a_region_truly_is_what_most_of_its_labelled_pixels_are() -> None:
    assert true_class(TRUE, PREDICTED == 0, COUNT) == 1
    assert true_class(TRUE, PREDICTED == 2, COUNT) == 2


def test_nobody_knows_what_an_unlabelled_region_is() -> None:
    assert true_class(np.full_like(TRUE, UNLABELLED), PREDICTED == 0, COUNT) is None
    with pytest.raises(RequestError, match="size"):
        true_class(TRUE[1:], PREDICTED == 0, COUNT)
