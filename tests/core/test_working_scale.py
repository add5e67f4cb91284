"""Choosing the part and the scale that is worked on, and coming back to the whole image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridsal_core.errors import RequestError, SettingsError
from gridsal_core.figure.words import settings_parts
from gridsal_core.frames import Box, Frame
from gridsal_core.methods import Method
from gridsal_core.types import Request
from gridsal_core.upsampling import upsample
from gridsal_core.working_scale import (
    choose_frame,
    full_box,
    full_saliency,
    parse_working_scale,
    point_in_frame,
    region_in_frame,
    size_told,
)
from tests.core.test_figures import explanation

SIDES = st.integers(1, 400)


@pytest.mark.parametrize(
    ("text", "value"),
    [("fit", "fit"), ("Crop", "crop"), ("full", 1.0), ("1", 1.0), ("0.25", 0.25), ("50%", 0.5)],
)
def test_spellings(text: str, value: object) -> None:
    assert parse_working_scale(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "200%", "half", "nan", "inf", "%"])
def test_what_is_no_scale_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="give fit, crop, full, or a fraction"):
        parse_working_scale(text)


def test_fit_takes_the_whole_image_as_it_is_where_it_fits() -> None:
    assert choose_frame((30, 40), "fit", 1200) == Frame.whole((30, 40))


def test_fit_reduces_both_sides_alike_until_it_fits() -> None:
    frame = choose_frame((15_000, 20_000), "fit", 3_000_000)

    assert frame.window == Box(0, 0, 15_000, 20_000)
    assert frame.size == (1500, 2000)
    assert frame.scale == pytest.approx(0.1)


def test_a_fraction_is_taken_as_it_is() -> None:
    assert choose_frame((30, 40), 0.5, 250).size == (15, 20)
    assert choose_frame((30, 40), 1.0, 1000) == Frame.whole((30, 40))


def test_a_fraction_that_cannot_fit_is_refused_with_what_does() -> None:
    with pytest.raises(SettingsError, match=r"10000 x 7500 pixels, .* at most 10 %, fit or crop"):
        choose_frame((15_000, 20_000), 0.5, 3_000_000)
    with pytest.raises(SettingsError, match="choose fit or crop"):
        choose_frame((15_000, 20_000), 0.5, 100)


def test_crop_is_the_regions_box_grown_by_the_receptive_field() -> None:
    frame = choose_frame((1000, 1000), "crop", 10**9, Box(500, 400, 520, 440), 50)

    assert frame.window == Box(450, 350, 570, 490)
    assert frame.size == (120, 140)


def test_crop_ends_at_the_images_border() -> None:
    frame = choose_frame((100, 200), "crop", 10**9, Box(0, 190, 10, 200), 30)
    assert frame.window == Box(0, 160, 40, 200)


def test_a_field_without_end_takes_all_that_fits() -> None:
    assert choose_frame((90, 90), "crop", 10**9, Box(4, 4, 9, 9), None) == Frame.whole((90, 90))


@given(
    full=st.tuples(SIDES, SIDES),
    corner=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    size=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    most=st.integers(1, 200_000),
    reach=st.none() | st.integers(0, 500),
)
def test_a_crop_holds_its_region_and_is_no_larger_than_what_fits(
    full: tuple[int, int],
    corner: tuple[float, float],
    size: tuple[float, float],
    most: int,
    reach: int | None,
) -> None:
    top, left = int(full[0] * corner[0]), int(full[1] * corner[1])
    bottom = min(full[0], top + 1 + int(full[0] * size[0]))
    right = min(full[1], left + 1 + int(full[1] * size[1]))
    region = Box(top, left, bottom, right)

    frame = choose_frame(full, "crop", most, region, reach)

    assert frame.window.union(region) == frame.window
    assert frame.size[0] * frame.size[1] <= max(most, max(frame.size))
    if (bottom - top) * (right - left) <= most:
        height, width = (
            frame.window.bottom - frame.window.top,
            frame.window.right - frame.window.left,
        )
        assert frame.size == (height, width)


@pytest.mark.parametrize("region", [None, Box(3, 3, 3, 9)])
def test_a_crop_around_nothing_is_told(region: Box | None) -> None:
    with pytest.raises(SettingsError, match="goes around a region"):
        choose_frame((30, 40), "crop", 100, region)


HALF = Frame((8, 12), Box(0, 4, 8, 12), (4, 4))


def test_a_region_pixel_counts_where_more_than_half_of_its_area_is_inside() -> None:
    region = np.zeros((8, 12), np.bool_)
    region[0:2, 4:6] = True  # all of the first working pixel
    region[2:4, 4] = True  # half of the one below
    region[4:6, 4:6] = [[True, True], [True, False]]  # three quarters

    inside = region_in_frame(region, HALF)

    assert np.argwhere(inside).tolist() == [[0, 0], [2, 0]]


@given(
    row=st.integers(0, 7),
    column=st.integers(4, 11),
    size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
)
def test_no_region_vanishes_however_small(row: int, column: int, size: tuple[int, int]) -> None:
    region = np.zeros((8, 12), np.bool_)
    region[row, column] = True
    frame = replace(HALF, size=size)

    inside = region_in_frame(region, frame)

    assert inside.shape == size
    x, y = point_in_frame(column, row, frame)
    assert inside.sum() == 1
    found_y, found_x = np.argwhere(inside)[0]
    assert abs(found_y - y) <= 1
    assert abs(found_x - x) <= 1


def test_a_region_outside_the_window_is_told() -> None:
    region = np.zeros((8, 12), np.bool_)
    region[3, 2] = True
    with pytest.raises(RequestError, match="outside the part of the image that is worked on"):
        region_in_frame(region, HALF)


@given(x=st.integers(4, 11), y=st.integers(0, 7))
def test_a_point_and_its_box_belong_together(x: int, y: int) -> None:
    column, row = point_in_frame(x, y, HALF)
    box = full_box(Box(row, column, row + 1, column + 1), HALF)

    assert box.left <= x < box.right
    assert box.top <= y < box.bottom


@pytest.mark.parametrize(
    ("point", "told"),
    [((12, 3), "outside the image of 12 x 8"), ((-1, 0), "outside the image"), ((3, 3), "part of")],
)
def test_a_point_outside_is_told(point: tuple[int, int], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        point_in_frame(*point, HALF)


@pytest.mark.parametrize("method", ["context", "grid"])
def test_the_map_at_full_scale_is_the_mask_upsampled_in_its_window_and_empty_elsewhere(
    method: Method,
) -> None:
    small = explanation((30, 40))
    mask = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    frame = Frame((100, 200), Box(10, 20, 70, 100), (30, 40))
    request = replace(small.request, frame=frame)
    settings = replace(small.settings, method=method)
    given_ = replace(small, request=request, settings=settings, mask=mask)

    full = full_saliency(given_)

    inner = upsample(mask, (60, 80))
    doubled = request.region.repeat(2, 0).repeat(2, 1)
    if method == "context":
        inner[doubled] = 0
    assert full.shape == (100, 200)
    np.testing.assert_array_equal(full[10:70, 20:100], inner)
    full[10:70, 20:100] = 0
    assert full.max() == 0


def test_without_a_frame_the_map_is_the_saliency() -> None:
    plain = explanation()
    np.testing.assert_array_equal(full_saliency(plain), plain.saliency)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (None, ""),
        (Frame.whole((30, 40)), ""),
        (Frame((60, 80), Box(0, 0, 60, 80), (30, 40)), "at 40 x 30 of 80 x 60 pixels"),
        (Frame((60, 80), Box(5, 6, 35, 46), (30, 40)), "a window of 40 x 30 pixels at 6,5, of"),
        (Frame((99, 99), Box(5, 6, 65, 86), (30, 40)), "80 x 60 pixels at 6,5 at 40 x 30, of 99"),
    ],
)
def test_the_working_size_is_told_in_summary_and_figure(frame: Frame | None, told: str) -> None:
    made = explanation((30, 40))
    request = Request(made.request.image, made.request.region, 2, frame=frame)
    line = " · ".join(settings_parts(replace(made, request=request)))

    assert told in size_told(frame)
    assert size_told(frame) in line
    assert ("worked on" in line) == bool(told)


def test_what_was_changed_for_want_of_memory_stands_in_the_figure() -> None:
    parts = settings_parts(replace(explanation(), notes=("It computes in half precision.",)))
    assert "It computes in half precision" in parts
