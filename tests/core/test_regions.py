"""Request regions: reading, painting, outlining."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.errors import ImageError, RequestError
from gridsal_core.frames import Box
from gridsal_core.regions import (
    bounding_box,
    brush,
    filled,
    grown,
    outline,
    polygon,
    read_region,
    rectangle,
    shrunk,
)

HEIGHT, WIDTH = 12, 17

coordinate = st.floats(-8, 24, allow_nan=False)
points = st.tuples(coordinate, coordinate)
masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9))


def canvas(value: bool = False) -> BoolArray:
    return np.full((HEIGHT, WIDTH), value)


def outside(box: Box) -> BoolArray:
    kept = canvas(True)
    kept[box.slices] = False
    return kept


class TestReading:
    def test_inside_is_what_is_not_zero(self, tmp_path: Path) -> None:
        Image.fromarray(np.array([[0, 1, 255]], np.uint8)).save(tmp_path / "r.png")
        region = read_region(tmp_path / "r.png", (1, 3))
        assert region.dtype == np.bool_
        np.testing.assert_array_equal(region, [[False, True, True]])

    def test_one_bit_and_16_bit_files(self, tmp_path: Path) -> None:
        Image.fromarray(np.array([[False, True]])).save(tmp_path / "1.png")
        Image.fromarray(np.array([[0, 256]], np.uint16)).save(tmp_path / "16.png")
        for name in ("1.png", "16.png"):
            np.testing.assert_array_equal(read_region(tmp_path / name, (1, 2)), [[False, True]])

    def test_a_palette_counts_by_index_and_not_by_colour(self, tmp_path: Path) -> None:
        image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
        image.putpalette([255, 255, 255, 0, 0, 0])
        image.save(tmp_path / "r.png")
        np.testing.assert_array_equal(read_region(tmp_path / "r.png", (1, 2)), [[False, True]])

    def test_with_transparency_a_pixel_needs_colour_and_opacity(self, tmp_path: Path) -> None:
        pixels = np.array([[[0, 0, 0, 255], [0, 9, 0, 0], [0, 9, 0, 1]]], np.uint8)
        Image.fromarray(pixels).save(tmp_path / "r.png")
        np.testing.assert_array_equal(
            read_region(tmp_path / "r.png", (1, 3)), [[False, False, True]]
        )

    def test_another_size_is_refused_with_both_sizes(self, tmp_path: Path) -> None:
        Image.new("L", (20, 10), 1).save(tmp_path / "r.png")
        with pytest.raises(RequestError, match=r"r\.png") as error:
            read_region(tmp_path / "r.png", (360, 480))
        assert str(error.value) == (
            "The region r.png is 20 x 10 pixels and the image is 480 x 360 (width x height); "
            "paint or export it at the image's size."
        )

    def test_an_empty_region_is_refused(self, tmp_path: Path) -> None:
        Image.new("L", (4, 4), 0).save(tmp_path / "r.png")
        with pytest.raises(
            RequestError, match=r"^The region r\.png is empty, .* paint at least one\.$"
        ):
            read_region(tmp_path / "r.png", (4, 4))

    def test_a_jpeg_is_refused_for_its_noise(self, tmp_path: Path) -> None:
        Image.new("L", (4, 4), 255).save(tmp_path / "r.jpg")
        with pytest.raises(RequestError, match=r"r\.jpg is a JPEG.* save it as PNG"):
            read_region(tmp_path / "r.jpg", (4, 4))

    def test_a_missing_file_is_told_as_a_region(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match=r"^The region .*r\.png does not exist; check"):
            read_region(tmp_path / "r.png", (4, 4))

    def test_an_unreadable_file_is_an_image_error(self, tmp_path: Path) -> None:
        (tmp_path / "r.png").write_text("no picture")
        with pytest.raises(ImageError, match=r"r\.png is not an image"):
            read_region(tmp_path / "r.png", (4, 4))


class TestBox:
    def test_slices_index_the_box(self) -> None:
        array = np.arange(20).reshape(4, 5)
        np.testing.assert_array_equal(array[Box(1, 2, 3, 5).slices], [[7, 8, 9], [12, 13, 14]])

    def test_union_holds_both_and_ignores_the_empty(self) -> None:
        a, b, empty = Box(1, 2, 3, 4), Box(0, 3, 2, 9), Box(0, 0, 0, 0)
        assert a.union(b) == b.union(a) == Box(0, 2, 3, 9)
        assert a.union(empty) == empty.union(a) == a
        assert empty.is_empty
        assert not a.is_empty


class TestBrush:
    @given(start=points, end=points, radius=st.floats(0.5, 9), value=st.booleans())
    def test_only_the_returned_box_changes(
        self, start: tuple[float, float], end: tuple[float, float], radius: float, value: bool
    ) -> None:
        region = canvas(not value)
        box = brush(region, start, end, radius, value)
        assert 0 <= box.top <= box.bottom <= HEIGHT
        assert 0 <= box.left <= box.right <= WIDTH
        assert np.all(region[outside(box)] == (not value))

    @given(start=points, end=points, radius=st.floats(0.5, 9))
    def test_a_stroke_is_all_discs_along_the_line(
        self, start: tuple[float, float], end: tuple[float, float], radius: float
    ) -> None:
        """Compare with a brute-force distance, save for the two pixels under the ends."""
        region = canvas()
        brush(region, start, end, radius, True)
        steps = np.linspace(0, 1, 2000)
        line = np.outer(1 - steps, start) + np.outer(steps, end)
        y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
        distance = np.hypot(x[..., None] - line[:, 0], y[..., None] - line[:, 1]).min(axis=-1)
        assert np.all(region[distance <= radius - 1e-2])
        far = distance > radius + 1e-2
        for px, py in (start, end):
            far &= ~((np.floor(px) == np.floor(x)) & (np.floor(py) == np.floor(y)))
        assert not np.any(region[far])

    def test_a_disc_is_symmetric_about_its_centre(self) -> None:
        region = np.zeros((21, 21), bool)
        brush(region, (10.5, 10.5), (10.5, 10.5), 6.3, True)
        for turned in (region.T, region[::-1], region[:, ::-1]):
            np.testing.assert_array_equal(region, turned)
        assert region.sum() == pytest.approx(np.pi * 6.3**2, rel=0.05)

    @given(x=st.floats(0, WIDTH - 0.01), y=st.floats(0, HEIGHT - 0.01))
    def test_the_finest_brush_leaves_a_mark_under_the_pointer(self, x: float, y: float) -> None:
        region = canvas()
        brush(region, (x, y), (x, y), 0.5, True)
        assert region[int(y), int(x)]

    def test_erasing_undoes_painting(self) -> None:
        region = canvas()
        stroke = ((2.2, 3.3), (14.0, 9.5), 2.5)
        assert brush(region, *stroke, True) == brush(region, *stroke, False)
        assert not region.any()

    def test_a_stroke_beside_the_image_changes_nothing(self) -> None:
        region = canvas()
        assert brush(region, (-20, -20), (-10, 40), 3, True).is_empty
        assert not region.any()

    @pytest.mark.parametrize("radius", [0, 0.4, -1, float("nan")])
    def test_a_radius_below_half_a_pixel_is_refused(self, radius: float) -> None:
        with pytest.raises(RequestError, match=r"brush radius .* at least 0\.5"):
            brush(canvas(), (1, 1), (2, 2), radius, True)


class TestRectangle:
    def test_pixels_covered_in_part_are_painted(self) -> None:
        region = canvas()
        box = rectangle(region, (5.9, 3.0), (2.1, 1.5), True)
        assert box == Box(1, 2, 3, 6)
        np.testing.assert_array_equal(region, ~outside(box))

    def test_a_click_paints_one_pixel(self) -> None:
        for point in ((4.0, 7.0), (4.9, 7.9)):
            region = canvas()
            assert rectangle(region, point, point, True) == Box(7, 4, 8, 5)
            assert region.sum() == 1

    @given(start=points, end=points, value=st.booleans())
    def test_the_box_is_what_is_painted(
        self, start: tuple[float, float], end: tuple[float, float], value: bool
    ) -> None:
        region = canvas(not value)
        box = rectangle(region, start, end, value)
        np.testing.assert_array_equal(region == value, ~outside(box))


def is_inside(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    """Count the sides that a ray from (x, y) to the left crosses: the even-odd rule, slowly."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y0 <= y) != (y1 <= y):
            crossings += x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
    return crossings % 2 == 1


class TestPolygon:
    @given(st.lists(points, min_size=3, max_size=12))
    def test_it_holds_the_centres_that_a_slow_reference_finds_inside(
        self, corners: list[tuple[float, float]]
    ) -> None:
        region = polygon(corners, (HEIGHT, WIDTH))
        assert region.dtype == np.bool_
        for row in range(HEIGHT):
            for column in range(WIDTH):
                inside = is_inside(column + 0.5, row + 0.5, corners)
                assert region[row, column] == inside, (column, row)

    def test_an_upright_rectangle_holds_its_pixels_only(self) -> None:
        region = polygon([(2, 1), (6, 1), (6, 4), (2, 4)], (HEIGHT, WIDTH))
        np.testing.assert_array_equal(region, ~outside(Box(1, 2, 4, 6)))

    def test_an_outline_that_crosses_itself_leaves_out_what_it_holds_twice(self) -> None:
        square = [(1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0)]
        assert not polygon(square + square, (HEIGHT, WIDTH)).any()

    def test_what_lies_outside_the_image_is_cut_off(self) -> None:
        corners = [(-50.0, -50.0), (500.0, -50.0), (500.0, 500.0), (-50.0, 500.0)]
        assert polygon(corners, (HEIGHT, WIDTH)).all()
        beside = [(x + 600, y) for x, y in corners]
        assert not polygon(beside, (HEIGHT, WIDTH)).any()

    @pytest.mark.parametrize(
        "corners",
        [[], [(3.0, 3.0)], [(1.0, 1.0), (9.0, 7.0)], [(3.6, 3.6), (3.9, 3.6), (3.9, 3.9)]],
    )
    def test_a_degenerate_outline_is_empty(self, corners: list[tuple[float, float]]) -> None:
        assert not polygon(corners, (HEIGHT, WIDTH)).any()

    @given(x=coordinate, y=coordinate)
    def test_two_halves_of_a_rectangle_share_no_pixel(self, x: float, y: float) -> None:
        left = polygon([(0, 0), (x, 0), (y, HEIGHT), (0, HEIGHT)], (HEIGHT, WIDTH))
        right = polygon([(x, 0), (WIDTH, 0), (WIDTH, HEIGHT), (y, HEIGHT)], (HEIGHT, WIDTH))
        whole = polygon([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], (HEIGHT, WIDTH))
        if 0 <= x <= WIDTH and 0 <= y <= WIDTH:
            assert not np.any(left & right)
            np.testing.assert_array_equal(left | right, whole)


@st.composite
def rectangles(draw: st.DrawFn) -> BoolArray:
    """Draw a filled rectangle, each side of it at the image border or two pixels away at least."""
    rows = [
        draw(st.sampled_from([0, *range(2, 6)])),
        draw(st.sampled_from([*range(6, 11), HEIGHT])),
    ]
    columns = [
        draw(st.sampled_from([0, *range(2, 8)])),
        draw(st.sampled_from([*range(8, 16), WIDTH])),
    ]
    return ~outside(Box(rows[0], columns[0], rows[1], columns[1]))


class TestGrowAndShrink:
    @given(masks)
    def test_growing_takes_every_pixel_that_touches_at_a_side_or_a_corner(
        self, region: BoolArray
    ) -> None:
        height, width = region.shape
        near = np.zeros(region.shape, bool)
        for row, column in np.argwhere(region):
            near[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
        before = region.copy()
        np.testing.assert_array_equal(grown(region), near)
        np.testing.assert_array_equal(region, before)
        assert grown(region).shape == (height, width)

    @given(masks)
    def test_shrinking_is_growing_what_is_outside(self, region: BoolArray) -> None:
        np.testing.assert_array_equal(shrunk(region), ~grown(~region))
        assert not np.any(shrunk(region) & ~region)

    @given(rectangles())
    def test_grow_then_shrink_gives_a_rectangle_back(self, region: BoolArray) -> None:
        np.testing.assert_array_equal(shrunk(grown(region)), region)

    @given(masks)
    def test_grow_then_shrink_loses_no_pixel(self, region: BoolArray) -> None:
        assert not np.any(region & ~shrunk(grown(region)))

    def test_the_image_border_takes_nothing_away(self) -> None:
        np.testing.assert_array_equal(shrunk(canvas(True)), canvas(True))
        cut_off = ~outside(Box(0, 4, 6, 12))
        np.testing.assert_array_equal(shrunk(cut_off), ~outside(Box(0, 5, 5, 11)))

    def test_an_empty_region_stays_empty(self) -> None:
        assert not grown(canvas()).any()
        assert not shrunk(canvas()).any()


class TestFillHoles:
    @settings(deadline=None)  # the first call imports SciPy
    @given(masks)
    def test_a_hole_is_what_no_path_along_sides_joins_to_the_image_border(
        self, region: BoolArray
    ) -> None:
        reached = np.zeros(region.shape, bool)
        height, width = region.shape
        todo = [
            (row, column)
            for row in range(height)
            for column in range(width)
            if row in (0, height - 1) or column in (0, width - 1)
        ]
        while todo:
            row, column = todo.pop()
            is_here = 0 <= row < height and 0 <= column < width
            if is_here and not region[row, column] and not reached[row, column]:
                reached[row, column] = True
                todo += [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        np.testing.assert_array_equal(filled(region), ~reached)

    def test_it_fills_a_ring_and_leaves_the_callers_region(self) -> None:
        ring = ~outside(Box(2, 2, 9, 9))
        ring[4:7, 4:7] = False
        before = ring.copy()
        np.testing.assert_array_equal(filled(ring), ~outside(Box(2, 2, 9, 9)))
        np.testing.assert_array_equal(ring, before)


class TestBoundingBox:
    @given(masks)
    def test_it_is_the_smallest_box_that_holds_all(self, region: BoolArray) -> None:
        box = bounding_box(region)
        if not region.any():
            assert box.is_empty
            return
        crop = region[box.slices]
        assert crop.sum() == region.sum()
        assert crop[0].any()
        assert crop[-1].any()
        assert crop[:, 0].any()
        assert crop[:, -1].any()


def rebuilt(lines: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Rebuild a region by the even-odd rule: count the vertical lines left of a pixel."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    crossings = np.zeros(shape, int)
    for (x0, y0), (x1, y1) in lines:
        if x0 == x1:
            crossings += (x0 < x) & (min(y0, y1) < y) & (y < max(y0, y1))
    return (crossings % 2).astype(np.bool_)


class TestOutline:
    def test_a_pixel_has_four_edges(self) -> None:
        region = canvas()
        region[3, 5] = True
        lines = outline(region)
        assert lines.dtype == np.float32
        assert lines.tolist() == [
            [[5, 3], [6, 3]],
            [[5, 4], [6, 4]],
            [[5, 3], [5, 4]],
            [[6, 3], [6, 4]],
        ]

    def test_straight_edges_are_one_line_and_the_image_border_counts(self) -> None:
        lines = outline(canvas(True))
        assert sorted(lines.tolist()) == sorted(
            [
                [[0, 0], [WIDTH, 0]],
                [[0, HEIGHT], [WIDTH, HEIGHT]],
                [[0, 0], [0, HEIGHT]],
                [[WIDTH, 0], [WIDTH, HEIGHT]],
            ]
        )

    def test_an_empty_region_has_no_outline(self) -> None:
        assert outline(canvas()).shape == (0, 2, 2)

    @given(masks)
    def test_the_even_odd_rule_gives_the_region_back(self, region: BoolArray) -> None:
        np.testing.assert_array_equal(rebuilt(outline(region), region.shape), region)
        turned = outline(region.T)[..., ::-1]
        np.testing.assert_array_equal(rebuilt(turned, region.shape), region)

    @given(masks)
    def test_the_lines_are_as_long_as_the_border(self, region: BoolArray) -> None:
        padded = np.pad(region, 1)
        border = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
        lines = outline(region)
        assert np.abs(lines[:, 1] - lines[:, 0]).sum() == border
