"""Whose class the salient context is: votes, their shares, and what lies around in any case."""

from __future__ import annotations

from dataclasses import replace
from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.metrics import context_bias_localization
from gridsal_core.statistics import (
    STRIP_PIXELS,
    ClassVotes,
    baseline_width,
    class_votes,
    context_votes,
    surrounding_votes,
)
from tests.core.test_figures import explanation
from tests.driver import there

COUNT = 3
UNLABELLED = 255
Scene = tuple[FloatArray, BoolArray, IndexArray]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A map, a region and classes, some of them no class of the network."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    # Eighths add up without rounding, whatever the order.
    saliency = draw(arrays(np.float32, shape, elements=st.integers(0, 8).map(lambda n: n / 8)))
    region = draw(arrays(np.bool_, shape))
    kind = draw(st.sampled_from([np.uint8, np.uint16]))
    values = st.sampled_from([0, 1, 2, COUNT, UNLABELLED])
    return saliency, region, draw(arrays(kind, shape, elements=values))


def votes(scene: Scene) -> ClassVotes:
    return class_votes(*scene, COUNT, "labels")


@given(scenes())
def test_every_context_pixel_votes_for_its_class_with_its_saliency(scene: Scene) -> None:
    saliency, region, classes = scene
    slow = [0.0] * (COUNT + 1)
    for place in np.ndindex(saliency.shape):
        if not region[place]:
            slow[min(int(classes[place]), COUNT)] += float(saliency[place])
    found = votes(scene)
    assert found.weights == tuple(slow[:COUNT])
    assert found.unlabelled == slow[COUNT]


@given(scenes())
def test_shares_sum_to_one_and_are_not_available_where_nobody_votes(scene: Scene) -> None:
    found = votes(scene)
    if found.shares is None:
        assert found.total == 0
    else:
        assert fsum(found.shares) == pytest.approx(1)
        assert min(found.shares) >= 0
    assert 0 <= found.unlabelled_share <= 1


@given(scenes(), st.sampled_from([0.25, 0.5, 2.0]))
def test_how_strong_a_map_is_does_not_change_the_shares(scene: Scene, factor: float) -> None:
    saliency, region, classes = scene
    other = class_votes(saliency * np.float32(factor), region, classes, COUNT, "labels")
    assert other.shares == votes(scene).shares


@given(scenes())
def test_a_signed_map_votes_with_its_size(scene: Scene) -> None:
    saliency, region, classes = scene
    assert class_votes(-saliency, region, classes, COUNT, "labels") == votes(scene)


@given(scenes())
def test_the_votes_of_two_halves_add_up_to_those_of_the_whole(scene: Scene) -> None:
    saliency, region, classes = scene
    middle = saliency.shape[0] // 2
    upper, lower = slice(None, middle), slice(middle, None)
    first, second = (votes((saliency[s], region[s], classes[s])) for s in (upper, lower))
    assert first + second == votes(scene)


@given(scenes())
def test_the_share_of_a_biased_class_is_the_localisation_of_equation_7(scene: Scene) -> None:
    saliency, region, _ = scene
    bias = np.indices(saliency.shape)[1] % 2 == 0
    found = class_votes(saliency, region, bias.astype(np.uint8), 2, "labels")
    localised = context_bias_localization(saliency, region, bias)
    assert (None if found.shares is None else found.shares[1]) == localised


def test_a_large_map_is_counted_whole_though_piece_by_piece() -> None:
    shape = (900, 700)
    assert shape[0] * shape[1] > 2 * STRIP_PIXELS
    classes = (np.arange(shape[0])[:, None] % 4 + np.zeros(shape, np.uint8)).astype(np.uint8)
    region = np.zeros(shape, bool)
    region[:10] = True
    found = class_votes(np.full(shape, 0.5, np.float32), region, classes, COUNT, "labels")
    counts = np.bincount(classes[10:].ravel()) / 2
    assert (*found.weights, found.unlabelled) == tuple(counts.tolist())


def test_unlabelled_pixels_are_part_of_no_share_but_told() -> None:
    saliency = np.array([[0.5, 0.25, 0.25]], np.float32)
    classes = np.array([[1, UNLABELLED, 2]], np.uint8)
    found = class_votes(saliency, np.zeros((1, 3), bool), classes, COUNT, "labels")
    assert there(found.shares) == pytest.approx((0, 2 / 3, 1 / 3))
    assert found.unlabelled_share == 0.25


def test_an_explanation_votes_by_labels_and_without_them_by_its_prediction() -> None:
    result = explanation()
    label = np.ones(result.saliency.shape, np.uint8)
    by_label = context_votes(result, label)
    assert (by_label.source, by_label.shares) == ("labels", (0, 1, 0))
    by_prediction = context_votes(result)
    assert by_prediction.source == "prediction"
    assert there(by_prediction.shares)[0] == pytest.approx(1 / 3, abs=0.02)


def test_of_a_map_of_the_grid_form_only_the_context_votes() -> None:
    result = explanation()
    grid = replace(result, saliency=np.full(result.saliency.shape, 0.5, np.float32))
    assert context_votes(grid) == context_votes(result)


def test_the_baseline_is_the_ring_around_the_region() -> None:
    region = np.zeros((7, 7), bool)
    region[3, 3] = True
    classes = np.zeros((7, 7), np.uint8)
    classes[:, 4:] = 1
    found = surrounding_votes(region, classes, 2, "labels", width=1)
    # Within one pixel: above, below and left of it are class 0, right of it is class 1.
    assert list(found.weights) == [3, 1]
    wider = surrounding_votes(region, classes, 2, "labels", width=20)
    assert list(wider.weights) == [4 * 7 - 1, 3 * 7]


def test_the_baseline_is_as_wide_as_a_cell_of_the_mask() -> None:
    assert baseline_width((1024, 2048), (16, 32)) == 64
    assert baseline_width((100, 400), (10, 10)) == 20
    assert baseline_width((4, 4), (4, 4)) == 1


def test_what_does_not_belong_together_is_refused() -> None:
    zeros = np.zeros((2, 2), np.float32)
    region, classes = np.zeros((2, 2), bool), np.zeros((2, 3), np.uint8)
    with pytest.raises(RequestError, match="one size"):
        class_votes(zeros, region, classes, 2, "labels")
    with pytest.raises(RequestError, match="at least 1"):
        surrounding_votes(region, classes[:, :2], 2, "labels", width=0)
    three, two = ClassVotes((1, 1, 1), 0, "labels"), ClassVotes((1, 1), 0, "labels")
    with pytest.raises(RequestError, match="one network"):
        three + two
    with pytest.raises(RequestError, match="apart"):
        two + replace(two, source="prediction")
