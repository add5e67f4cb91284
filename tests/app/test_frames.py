"""A region at several working scales: carried over, and nothing of it lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.framing import carried, full_pixel, is_whole, merged
from app.models.items import ImageItem
from gridsal_core.arrays import BoolArray
from gridsal_core.frames import Box, Frame
from gridsal_core.working_scale import label_in_frame

FULL = (60, 80)
WHOLE = Frame.whole(FULL)
HALF = Frame(FULL, Box(0, 0, 60, 80), (30, 40))
CROP = Frame(FULL, Box(10, 20, 40, 60), (30, 40))
HALF_CROP = Frame(FULL, Box(10, 20, 40, 60), (15, 20))
FRAMES = (WHOLE, HALF, CROP, HALF_CROP)


def some_region(frame: Frame, seed: int = 0) -> BoolArray:
    mask: BoolArray = np.random.default_rng(seed).random(frame.size) < 0.3
    return mask


def rectangle(frame: Frame, box: Box) -> BoolArray:
    mask = np.zeros(frame.size, bool)
    mask[box.slices] = True
    return mask


class TestCarrying:
    def test_a_rectangle_lies_where_it_lay_at_half_the_scale(self) -> None:
        mask = carried(rectangle(WHOLE, Box(20, 30, 40, 50)), WHOLE, HALF)
        np.testing.assert_array_equal(mask, rectangle(HALF, Box(10, 15, 20, 25)))

    def test_in_a_crop_only_what_lies_in_it_is_there(self) -> None:
        mask = carried(rectangle(WHOLE, Box(0, 0, 20, 30)), WHOLE, CROP)
        np.testing.assert_array_equal(mask, rectangle(CROP, Box(0, 0, 10, 10)))

    def test_a_region_of_one_pixel_does_not_vanish(self) -> None:
        pixel = rectangle(WHOLE, Box(20, 30, 21, 31))
        assert carried(pixel, WHOLE, HALF).sum() == 1

    @given(st.sampled_from(FRAMES), st.integers(0, 50))
    def test_to_the_same_frame_nothing_changes(self, frame: Frame, seed: int) -> None:
        mask = some_region(frame, seed)
        np.testing.assert_array_equal(carried(mask, frame, frame), mask)

    @given(st.sampled_from(FRAMES), st.sampled_from(FRAMES), st.integers(0, 50))
    def test_an_edit_elsewhere_is_merged_without_touching_the_rest(
        self, fine: Frame, other: Frame, seed: int
    ) -> None:
        kept = some_region(fine, seed)
        seen = carried(kept, fine, other)
        np.testing.assert_array_equal(merged(seen, other, kept, fine), kept)
        edited = seen.copy()
        edited[5:9, 5:9] = True
        result = merged(edited, other, kept, fine)
        reach = carried(rectangle(other, Box(5, 5, 9, 9)), other, fine)
        np.testing.assert_array_equal(result[~reach], kept[~reach])


class TestItems:
    @pytest.fixture
    def item(self) -> ImageItem:
        return ImageItem(lambda frame, box: None)

    def test_going_back_restores_a_region_exactly(self, item: ImageItem) -> None:
        mask = some_region(WHOLE)
        item.enter(WHOLE).replace_with(mask, "predicted segment", "Pick segment")
        assert not item.enter(HALF_CROP).is_empty
        back = item.enter(WHOLE)
        np.testing.assert_array_equal(back.mask, mask)
        assert back.origin == "predicted segment"
        assert back.undo_stack.count() == 1

    def test_what_was_painted_in_a_crop_is_there_in_the_whole_and_can_be_undone(
        self, item: ImageItem
    ) -> None:
        outside = rectangle(WHOLE, Box(0, 0, 5, 5))
        item.enter(WHOLE).replace_with(outside, "painted", "Paint")
        item.enter(CROP).replace_with(rectangle(CROP, Box(0, 0, 10, 10)), "painted", "Paint")
        whole = item.enter(WHOLE)
        np.testing.assert_array_equal(whole.mask, outside | rectangle(WHOLE, Box(10, 20, 20, 30)))
        whole.undo_stack.undo()
        np.testing.assert_array_equal(whole.mask, outside)

    def test_an_edit_reaches_a_frame_that_was_left_two_frames_ago(self, item: ImageItem) -> None:
        item.enter(WHOLE)
        item.enter(HALF).replace_with(rectangle(HALF, Box(4, 4, 8, 8)), "painted", "Paint")
        item.enter(CROP)
        np.testing.assert_array_equal(item.enter(WHOLE).mask, rectangle(WHOLE, Box(8, 8, 16, 16)))

    def test_a_file_of_another_size_begins_with_nothing(self, item: ImageItem) -> None:
        item.enter(WHOLE).replace_with(some_region(WHOLE), "painted", "Paint")
        assert item.enter(Frame.whole((10, 10))).is_empty
        assert item.enter(WHOLE).is_empty


def test_labels_of_a_frame_are_those_of_its_pixels() -> None:
    label = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80)
    np.testing.assert_array_equal(label_in_frame(label, CROP), label[10:40, 20:60])
    np.testing.assert_array_equal(label_in_frame(label, HALF), label[1::2, 1::2])


def test_a_working_pixel_is_told_as_the_image_pixel_in_its_middle() -> None:
    assert full_pixel(3, 7, WHOLE) == (3, 7)
    assert full_pixel(3, 7, CROP) == (23, 17)
    assert full_pixel(3, 7, HALF) == (7, 15)


def test_a_frame_is_whole_at_any_scale() -> None:
    assert [is_whole(frame) for frame in FRAMES] == [True, True, False, False]
