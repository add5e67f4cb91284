"""Colours for classes that bring none."""

from __future__ import annotations

import itertools

import numpy as np

from gridsal_core.palette import color_table, numbered_classes
from gridsal_core.types import ClassInfo


def test_classes_are_named_by_their_number() -> None:
    assert [info.name for info in numbered_classes(3)] == ["class 0", "class 1", "class 2"]
    assert numbered_classes(0) == ()


def test_a_class_keeps_its_colour_whatever_the_count() -> None:
    assert numbered_classes(30) == numbered_classes(150)[:30]


def test_the_first_colours_are_those_of_okabe_and_ito() -> None:
    assert [info.color for info in numbered_classes(2)] == [(230, 159, 0), (86, 180, 233)]


def test_twenty_colours_are_well_apart() -> None:
    colors = [np.array(info.color) for info in numbered_classes(20)]
    distances = [np.abs(a - b).sum() for a, b in itertools.combinations(colors, 2)]
    assert min(distances) > 40


def test_five_hundred_classes_have_colours_of_their_own() -> None:
    assert len({info.color for info in numbered_classes(500)}) == 500


def test_any_number_of_classes_is_coloured() -> None:
    classes = numbered_classes(5000)
    assert len(classes) == 5000
    assert all(0 <= part <= 255 for info in classes for part in info.color)


def test_the_colour_table_has_a_row_for_every_byte() -> None:
    table = color_table([ClassInfo("road", (1, 2, 3)), ClassInfo("sky", (4, 5, 6))])
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert table[:3].tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 0]]


def test_more_classes_than_bytes_do_not_break_the_table() -> None:
    classes = numbered_classes(300)
    assert color_table(classes)[255].tolist() == list(classes[255].color)
