"""Equations 6 and 7, and how well values tell two groups apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from gridsal_core.errors import RequestError
from gridsal_core.metrics import (
    area_under_roc,
    context_bias_detection,
    context_bias_localization,
)

MAP = np.array([[1.0, 0.5], [0.25, 0.0]], np.float32)
OBJECT = np.array([[True, False], [False, False]])
UPPER = np.array([[True, True], [False, False]])


def test_detection_is_the_mean_of_the_map_over_the_context() -> None:
    assert context_bias_detection(MAP, OBJECT) == pytest.approx((0.5 + 0.25 + 0) / 3)


def test_localization_is_the_share_of_the_map_in_the_biased_context() -> None:
    assert context_bias_localization(MAP, OBJECT, UPPER) == pytest.approx(0.5 / 0.75)


def slowly(saliency: np.ndarray, obj: np.ndarray, biased: np.ndarray) -> tuple[float, float | None]:
    """CBD and CBL pixel by pixel, from the paper's text."""
    pixels = context = bias = 0.0
    for place in np.ndindex(*saliency.shape):
        if obj[place]:
            continue
        pixels += 1
        context += float(saliency[place])
        if biased[place]:
            bias += float(saliency[place])
    return context / pixels, bias / context if context > 0 else None


@given(seed=st.integers(0, 9999), height=st.integers(1, 9), width=st.integers(2, 9))
def test_detection_and_localization_are_those_of_the_equations(
    seed: int, height: int, width: int
) -> None:
    dice = np.random.default_rng(seed)
    saliency = (dice.random((height, width)) * (dice.random((height, width)) < 0.4)).astype("f4")
    obj, biased = dice.random((height, width)) < 0.4, dice.random((height, width)) < 0.5
    obj[0, 0] = False

    detection, localization = slowly(saliency, obj, biased)

    assert context_bias_detection(saliency, obj) == pytest.approx(detection, rel=1e-5)
    found = context_bias_localization(saliency, obj, biased)
    assert (found is None) == (localization is None)
    if localization is not None:
        assert found == pytest.approx(localization, rel=1e-5)


def test_an_empty_map_has_no_localization() -> None:
    assert context_bias_localization(np.zeros_like(MAP), OBJECT, UPPER) is None
    assert context_bias_detection(np.zeros_like(MAP), OBJECT) == 0


@pytest.mark.parametrize(
    ("saliency", "obj", "told"),
    [
        (MAP, np.ones((2, 2), bool), "covers the whole image"),
        (MAP, np.ones((2, 3), bool), "bring both to one size"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    saliency: np.ndarray, obj: np.ndarray, told: str
) -> None:
    with pytest.raises(RequestError, match=told):
        context_bias_detection(saliency, obj)


values = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=1, max_size=20)


@given(positives=values, negatives=values)
def test_the_area_under_the_curve_is_that_of_scikit_learn(
    positives: list[float], negatives: list[float]
) -> None:
    truth = [1] * len(positives) + [0] * len(negatives)
    expected = roc_auc_score(truth, positives + negatives)
    found = area_under_roc(np.array(positives), np.array(negatives))
    assert found == pytest.approx(expected)


def test_one_group_alone_cannot_be_told_apart() -> None:
    with pytest.raises(RequestError, match="one is empty"):
        area_under_roc(np.array([0.5]), np.array([]))
