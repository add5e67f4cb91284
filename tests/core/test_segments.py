"""Segments of a class map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gridsal_core.arrays import IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.segments import (
    connected_parts,
    largest_segment,
    segment_at,
    segment_sizes,
    segments,
    whole_segments,
)

MAP: IndexArray = np.array(
    [
        [1, 1, 0, 0, 1],
        [0, 0, 1, 0, 1],
        [2, 0, 0, 0, 1],
        [2, 2, 0, 0, 1],
    ],
    np.uint8,
)
class_maps = arrays(
    np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 2)
)


def test_the_segment_under_a_pixel_is_connected_across_corners() -> None:
    region = segment_at(MAP, x=0, y=0)
    assert region.dtype == np.bool_
    np.testing.assert_array_equal(np.argwhere(region), [[0, 0], [0, 1], [1, 2]])


def test_x_is_the_column_and_y_the_row() -> None:
    np.testing.assert_array_equal(segment_at(MAP, x=4, y=3), MAP * (np.arange(5) == 4) == 1)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (5, 0), (0, -1), (0, 4)])
def test_a_pixel_outside_the_image_is_refused(x: int, y: int) -> None:
    with pytest.raises(RequestError, match=r"outside the image of 5 x 4 pixels .* x from 0 to 4"):
        segment_at(MAP, x, y)


def test_the_largest_segment_of_a_class() -> None:
    np.testing.assert_array_equal(np.argwhere(largest_segment(MAP, 1))[:, 1], [4, 4, 4, 4])


def test_of_equal_segments_the_first_in_reading_order_is_the_largest() -> None:
    row = np.array([[5, 0, 5, 0, 5]], np.uint8)
    np.testing.assert_array_equal(largest_segment(row, 5), [[True, False, False, False, False]])


def test_a_class_that_does_not_appear_is_named() -> None:
    with pytest.raises(RequestError, match="No pixel was predicted as class 7; choose a class"):
        largest_segment(MAP, 7)
    with pytest.raises(RequestError, match="No pixel was predicted as the class 'rider'"):
        largest_segment(MAP, 7, name="rider")


def test_segments_come_largest_first_and_small_ones_can_be_left_out() -> None:
    assert [int(region.sum()) for region in segments(MAP, 1)] == [4, 3]
    assert [int(region.sum()) for region in segments(MAP, 1, min_pixels=4)] == [4]
    assert segments(MAP, 9) == []


def test_classes_above_255_have_segments_too() -> None:
    class_map = np.array([[300, 44]], np.uint16)
    np.testing.assert_array_equal(largest_segment(class_map, 300), [[True, False]])


@given(class_maps)
def test_the_segments_of_a_class_are_a_partition_of_its_pixels(class_map: IndexArray) -> None:
    found = segments(class_map, 1)
    assert np.array_equal(np.sum([np.zeros(class_map.shape), *found], axis=0), class_map == 1)
    sizes = [int(region.sum()) for region in found]
    assert sizes == sorted(sizes, reverse=True)


@given(class_maps)
def test_every_pixel_of_a_segment_leads_to_the_same_segment(class_map: IndexArray) -> None:
    for region in segments(class_map, 2):
        for y, x in np.argwhere(region)[[0, -1]]:
            np.testing.assert_array_equal(segment_at(class_map, int(x), int(y)), region)


@given(class_maps, st.integers(0, 2))
def test_sizes_are_those_of_the_segments(class_map: IndexArray, class_index: int) -> None:
    expected = [int(region.sum()) for region in segments(class_map, class_index)]
    assert segment_sizes(class_map, class_index) == expected


@given(class_maps, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=4))
def test_a_region_of_whole_segments_is_made_of_them_also_where_they_touch(
    class_map: IndexArray, places: list[tuple[int, int]]
) -> None:
    height, width = class_map.shape
    picked = {
        segment_at(class_map, x % width, y % height).tobytes(): segment_at(
            class_map, x % width, y % height
        )
        for x, y in places
    }
    region = np.zeros(class_map.shape, bool)
    for segment in picked.values():
        region |= segment
    found = whole_segments(region, class_map)
    assert found is not None
    assert {each.tobytes() for each in found} == set(picked)


def test_a_region_with_a_part_of_a_segment_is_made_otherwise() -> None:
    region = MAP == 1
    region[3, 4] = False
    assert whole_segments(region, MAP) is None
    parts = connected_parts(region)
    assert [int(part.sum()) for part in parts] == [3, 3]
    np.testing.assert_array_equal(parts[0] | parts[1], region)
    assert connected_parts(np.zeros((3, 3), bool)) == []
