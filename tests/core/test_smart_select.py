"""Smart select: colour and class, within a rectangle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.smart_select import cielab, smart_select

RED, PINK, BLUE = (200, 30, 30), (205, 45, 45), (30, 30, 200)


@pytest.fixture
def image() -> ByteArray:
    """Red with a pink column and a blue one, 6 x 8."""
    rgb = np.full((6, 8, 3), RED, np.uint8)
    rgb[:, 3] = PINK
    rgb[:, 5] = BLUE
    return rgb


@pytest.fixture
def classes() -> IndexArray:
    """Class 1 above, class 2 in the two last rows."""
    class_map = np.ones((6, 8), np.uint8)
    class_map[4:] = 2
    return class_map


class TestColour:
    @pytest.mark.parametrize(
        ("rgb", "lab"),
        [
            ((255, 255, 255), (100, 0, 0)),
            ((0, 0, 0), (0, 0, 0)),
            ((255, 0, 0), (53.24, 80.09, 67.20)),
            ((0, 0, 255), (32.30, 79.19, -107.86)),
            ((119, 119, 119), (50.03, 0, 0)),
        ],
    )
    def test_known_colours(
        self, rgb: tuple[int, int, int], lab: tuple[float, float, float]
    ) -> None:
        np.testing.assert_allclose(cielab(np.array(rgb, np.uint8)), lab, atol=0.02)

    def test_any_number_of_axes(self) -> None:
        rgb = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
        np.testing.assert_allclose(cielab(rgb)[2, 3], cielab(rgb[2, 3]), rtol=1e-5)


class TestSelection:
    def test_class_colour_and_rectangle_all_count(
        self, image: ByteArray, classes: IndexArray
    ) -> None:
        selected = smart_select(image, classes, (1.5, 1.5), (7.2, 5.5), 3)
        expected = np.zeros((6, 8), bool)
        expected[1:4, [1, 2, 4, 6, 7]] = True
        np.testing.assert_array_equal(selected, expected)

    def test_a_larger_tolerance_takes_the_similar_colour_too(
        self, image: ByteArray, classes: IndexArray
    ) -> None:
        distance = float(np.linalg.norm(cielab(image[0, 3]) - cielab(image[0, 0])))
        for tolerance, is_in in ((distance - 0.1, False), (distance + 0.1, True)):
            selected = smart_select(image, classes, (0.5, 0.5), (8, 6), tolerance)
            assert selected[0, 3] == is_in
            assert not selected[0, 5]

    def test_the_rectangle_may_be_dragged_in_any_direction(
        self, image: ByteArray, classes: IndexArray
    ) -> None:
        selected = smart_select(image, classes, (2.5, 3.5), (0.5, 1.5), 0)
        assert selected.sum() == 9
        assert selected[1:4, :3].all()

    def test_it_may_end_outside_the_image(self, image: ByteArray, classes: IndexArray) -> None:
        assert smart_select(image, classes, (5.5, 5.5), (90, 90), 0).sum() == 1

    @given(
        st.integers(0, 2**32 - 1),
        st.tuples(st.floats(0, 7.9), st.floats(0, 5.9)),
        st.tuples(st.floats(-3, 12), st.floats(-3, 12)),
        st.floats(0, 50),
        st.floats(0, 50),
    )
    def test_more_tolerance_never_selects_less(
        self,
        seed: int,
        start: tuple[float, float],
        end: tuple[float, float],
        one: float,
        other: float,
    ) -> None:
        noise = np.random.default_rng(seed)
        rgb = noise.integers(0, 256, (6, 8, 3)).astype(np.uint8)
        class_map = noise.integers(0, 3, (6, 8)).astype(np.uint8)
        less = smart_select(rgb, class_map, start, end, min(one, other))
        more = smart_select(rgb, class_map, start, end, max(one, other))
        assert less[int(start[1]), int(start[0])]
        assert not np.any(less & ~more)

    @pytest.mark.parametrize("start", [(-0.1, 2.0), (8.0, 2.0), (2.0, 6.0)])
    def test_a_start_outside_the_image_is_refused(
        self, image: ByteArray, classes: IndexArray, start: tuple[float, float]
    ) -> None:
        with pytest.raises(RequestError, match=r"outside the image of 8 x 6 .* begin it on"):
            smart_select(image, classes, start, (4, 4), 10)

    @pytest.mark.parametrize("tolerance", [-1, 101, float("nan")])
    def test_a_tolerance_out_of_range_is_refused(
        self, image: ByteArray, classes: IndexArray, tolerance: float
    ) -> None:
        with pytest.raises(RequestError, match=r"tolerance is .* from 0 to 100"):
            smart_select(image, classes, (1, 1), (4, 4), tolerance)
