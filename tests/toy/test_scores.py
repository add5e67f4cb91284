"""Intersection over union, on cases worked out by hand."""

import numpy as np

from gridsal_core.toy.scores import iou


def test_a_perfect_prediction_scores_one_on_the_classes_that_occur() -> None:
    truth = np.array([[0, 0], [4, 4]], dtype=np.uint8)
    found = iou(truth, truth)
    assert found.mean == 1
    assert found.of_digit(3) == 1
    assert found.of_digit(5) is None


def test_overlap_is_divided_by_union() -> None:
    truth = np.array([4, 4, 4, 0], dtype=np.uint8)
    predicted = np.array([4, 4, 0, 4], dtype=np.uint8)
    found = iou(truth, predicted)
    assert found.of_digit(3) == 2 / 4
    assert found.per_class[0] == 0
    assert found.mean == 0.25


def test_all_pictures_count_together_not_each_on_its_own() -> None:
    truth = np.array([[4, 4, 4, 4], [4, 0, 0, 0]], dtype=np.uint8)
    predicted = np.array([[4, 4, 4, 4], [0, 0, 0, 0]], dtype=np.uint8)
    assert iou(truth, predicted).of_digit(3) == 4 / 5


def test_the_table_names_every_class() -> None:
    table = iou(np.zeros(3, np.uint8), np.zeros(3, np.uint8)).as_dict()
    assert list(table)[:3] == ["mIoU", "background", "digit 0"]
    assert table["digit 9"] is None
    assert len(table) == 12
