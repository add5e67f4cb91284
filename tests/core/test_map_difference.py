"""The difference of two maps of one image: other masks, other scales, other windows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridsal_core import Explanation
from gridsal_core.arrays import FloatArray
from gridsal_core.errors import RequestError
from gridsal_core.frames import Box, Frame
from gridsal_core.map_difference import map_difference
from tests.core.test_figures import explanation

FULL = (40, 60)


def on(frame: Frame, saliency: FloatArray) -> Explanation:
    """An explanation on a frame of one image, with a map of its size."""
    base = explanation(frame.size)
    request = replace(base.request, image_path=Path("street.png"), frame=frame)
    return replace(base, request=request, saliency=saliency)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """A window that holds the middle of the image, at some scale."""
    top, left = draw(st.integers(0, 19)), draw(st.integers(0, 29))
    bottom, right = draw(st.integers(21, 40)), draw(st.integers(31, 60))
    scale = draw(st.sampled_from([1.0, 0.5, 0.7]))
    size = max(6, int((bottom - top) * scale)), max(6, int((right - left) * scale))
    return Frame(FULL, Box(top, left, bottom, right), (min(size[0], 40), min(size[1], 60)))


def test_of_one_frame_it_is_the_plain_difference_whatever_the_masks() -> None:
    rng = np.random.default_rng(0)
    frame = Frame.whole(FULL)
    first, second = (on(frame, rng.random(FULL, np.float32)) for _ in range(2))
    found = map_difference(first, replace(second, mask=np.zeros((9, 3), np.float32)))
    np.testing.assert_array_equal(found.values, first.saliency - second.saliency)
    assert found.frame == frame
    assert found.mean_size == pytest.approx(np.abs(found.values).mean())


@given(frames(), frames())
def test_what_both_frames_cover_is_compared_place_by_place(one: Frame, other: Frame) -> None:
    """The maps hold their own row in the image: their difference is below a working pixel."""

    def rows(frame: Frame) -> FloatArray:
        height, width = frame.size
        window = frame.window
        centers = window.top + (np.arange(height) + 0.5) * (window.bottom - window.top) / height
        ramp: FloatArray = np.repeat(centers[:, None] / FULL[0], width, 1).astype(np.float32)
        return ramp

    found = map_difference(on(one, rows(one)), on(other, rows(other)))
    window = found.frame.window
    assert window.top == max(one.window.top, other.window.top)
    assert window.right == min(one.window.right, other.window.right)
    assert found.values.shape == found.frame.size
    coarsest = max((f.window.bottom - f.window.top) / f.size[0] for f in (one, other))
    assert np.abs(found.values).max() <= (coarsest + 0.51) / FULL[0]


@given(frames(), frames())
def test_the_other_way_round_it_changes_its_sign(one: Frame, other: Frame) -> None:
    rng = np.random.default_rng(1)
    first, second = (on(frame, rng.random(frame.size, np.float32)) for frame in (one, other))
    there, back = map_difference(first, second), map_difference(second, first)
    np.testing.assert_array_equal(there.values, -back.values)
    assert there.frame == back.frame


def test_a_crop_at_full_scale_is_compared_with_the_same_part_of_the_whole() -> None:
    rng = np.random.default_rng(2)
    whole = on(Frame.whole(FULL), rng.random(FULL, np.float32))
    window = Box(10, 20, 30, 50)
    crop = on(Frame(FULL, window, (20, 30)), np.zeros((20, 30), np.float32))
    found = map_difference(whole, crop)
    np.testing.assert_array_equal(found.values, whole.saliency[window.slices])
    assert found.frame.window == window


def test_maps_of_different_images_or_parts_are_refused() -> None:
    left = on(Frame(FULL, Box(0, 0, 40, 20), (40, 20)), np.zeros((40, 20), np.float32))
    right = on(Frame(FULL, Box(0, 20, 40, 60), (40, 40)), np.zeros((40, 40), np.float32))
    with pytest.raises(RequestError, match="no common part"):
        map_difference(left, right)
    elsewhere = replace(right, request=replace(right.request, image_path=Path("alley.png")))
    with pytest.raises(RequestError, match="different images"):
        map_difference(left, elsewhere)
