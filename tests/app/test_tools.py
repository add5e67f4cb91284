"""Each tool turns a gesture into calls; modifiers say how to combine."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt

from app.tools.base import Combine, Outline, combine_from
from app.tools.brush import BrushTool, EraserTool
from app.tools.outline import LassoTool, PolygonTool
from app.tools.pan import PanTool
from app.tools.pick import PickTool
from app.tools.rectangle import RectangleTool
from app.tools.smart import SmartTool

Modifier = Qt.KeyboardModifier
NONE = Modifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.mark.parametrize(
    ("modifiers", "how"),
    [
        (NONE, "replace"),
        (Modifier.ShiftModifier, "add"),
        (Modifier.AltModifier, "subtract"),
        (Modifier.ControlModifier, "subtract"),
        (Modifier.KeypadModifier, "replace"),
    ],
)
def test_modifiers_say_how_to_combine(modifiers: Qt.KeyboardModifier, how: Combine) -> None:
    assert combine_from(modifiers) == how


def test_a_pick_is_the_pixel_that_holds_the_point() -> None:
    calls: list[object] = []
    tool = PickTool(lambda *call: calls.append(call), lambda *call: calls.append(call))
    tool.press(QPointF(3.9, 0.2), Modifier.ShiftModifier)
    assert calls == [(3, 0, "add")]


def test_with_alt_a_part_is_picked_and_shift_says_which() -> None:
    calls: list[object] = []
    tool = PickTool(lambda *call: calls.append(call), lambda *call: calls.append(call))
    tool.press(QPointF(3.9, 0.2), Modifier.AltModifier)
    tool.press(QPointF(3.9, 0.2), Modifier.AltModifier | Modifier.ShiftModifier)
    assert calls == [(3, 0, "correct"), (3, 0, "wrong")]


class Strokes:
    """Keeps what a brush asked for."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def brush(self, tool: type[BrushTool] = BrushTool, size: int = 10) -> BrushTool:
        return tool(
            "subtract" if tool is EraserTool else "add",
            on_stroke_begin=lambda how: self.calls.append(how),
            on_stroke=lambda start, end, radius: self.calls.append((start, end, radius)),
            on_stroke_end=lambda: self.calls.append("end"),
            on_stroke_cancel=lambda: self.calls.append("cancel"),
            on_size=lambda size: self.calls.append(size),
            size=size,
        )


@pytest.fixture
def strokes() -> Strokes:
    return Strokes()


@pytest.mark.parametrize(("tool", "how"), [(BrushTool, "add"), (EraserTool, "subtract")])
def test_a_stroke_begins_continues_and_ends(
    strokes: Strokes, tool: type[BrushTool], how: Combine
) -> None:
    brush = strokes.brush(tool)
    brush.press(QPointF(1, 2), NONE)
    brush.move(QPointF(4, 6), NONE, LEFT)
    brush.release(QPointF(4, 6))
    assert strokes.calls == [how, ((1, 2), (1, 2), 5), ((1, 2), (4, 6), 5), "end"]


def test_a_move_without_the_button_draws_nothing(strokes: Strokes) -> None:
    strokes.brush().move(QPointF(4, 6), NONE, Qt.MouseButton.NoButton)
    assert strokes.calls == []


def test_escape_cancels_a_stroke_once(strokes: Strokes) -> None:
    brush = strokes.brush()
    brush.press(QPointF(1, 2), NONE)
    brush.cancel()
    brush.cancel()
    brush.release(QPointF(1, 2))
    assert strokes.calls[2:] == ["cancel"]


@pytest.mark.parametrize(("asked", "size"), [(0, 1), (-5, 1), (7, 7), (400, 400), (401, 400)])
def test_the_size_stays_within_its_range(strokes: Strokes, asked: int, size: int) -> None:
    brush = strokes.brush()
    brush.size = asked
    assert brush.size == size
    assert brush.cursor_radius == size / 2


def test_brackets_change_the_size_and_tell(strokes: Strokes) -> None:
    brush = strokes.brush(size=100)
    assert brush.key(Qt.Key.Key_BracketRight, NONE)
    assert brush.key(Qt.Key.Key_BracketLeft, NONE)
    assert strokes.calls == [110, 99]
    assert not brush.key(Qt.Key.Key_A, NONE)


def test_brackets_leave_no_size_out_of_reach(strokes: Strokes) -> None:
    brush = strokes.brush(size=1)
    for _ in range(100):
        brush.key(Qt.Key.Key_BracketRight, NONE)
    assert brush.size == 400
    for _ in range(100):
        brush.key(Qt.Key.Key_BracketLeft, NONE)
    assert brush.size == 1


def test_a_rectangle_is_told_at_the_release_with_the_modifier_of_the_press() -> None:
    calls: list[object] = []
    tool = RectangleTool(lambda *call: calls.append(call))
    tool.press(QPointF(8, 9), Modifier.ShiftModifier)
    tool.move(QPointF(2, 3), NONE, LEFT)
    assert tool.preview == QRectF(2, 3, 6, 6)
    assert calls == []
    tool.release(QPointF(2, 3))
    assert calls == [((8, 9), (2, 3), "add")]
    assert tool.preview is None


def test_a_mere_click_draws_no_rectangle() -> None:
    calls: list[object] = []
    tool = RectangleTool(lambda *call: calls.append(call))
    tool.press(QPointF(8, 9), NONE)
    tool.release(QPointF(8, 9))
    assert calls == []


def test_escape_drops_the_rectangle() -> None:
    calls: list[object] = []
    tool = RectangleTool(lambda *call: calls.append(call))
    tool.press(QPointF(8, 9), NONE)
    tool.cancel()
    assert tool.preview is None
    tool.release(QPointF(20, 20))
    assert calls == []


def test_smart_select_is_a_rectangle_whose_first_corner_counts() -> None:
    calls: list[object] = []
    tool = SmartTool(
        lambda *call: calls.append(call),
        on_click=lambda: calls.append("click"),
        on_tolerance=calls.append,
    )
    assert tool.is_inside_only
    tool.press(QPointF(8, 9), Modifier.ShiftModifier)
    tool.move(QPointF(2, 3), NONE, LEFT)
    assert tool.preview == QRectF(2, 3, 6, 6)
    tool.release(QPointF(2, 3))
    tool.press(QPointF(8, 9), NONE)
    tool.release(QPointF(8, 9))
    tool.press(QPointF(8, 9), NONE)
    tool.cancel()
    tool.release(QPointF(2, 3))
    assert calls == [((8, 9), (2, 3), "add"), "click"]
    assert tool.key(Qt.Key.Key_BracketRight, NONE)
    assert tool.key(Qt.Key.Key_BracketLeft, NONE)
    assert not tool.key(Qt.Key.Key_A, NONE)
    assert calls[2:] == [1, -1]


def test_a_lasso_is_told_at_the_release_with_the_modifier_of_the_press() -> None:
    calls: list[object] = []
    tool = LassoTool(lambda *call: calls.append(call))
    tool.move(QPointF(0, 0), NONE, Qt.MouseButton.NoButton)
    assert tool.outline is None
    tool.press(QPointF(1, 1), Modifier.ControlModifier)
    for point in (QPointF(9, 1), QPointF(9, 1), QPointF(5, 8)):
        tool.move(point, NONE, LEFT)
    assert calls == []
    tool.release(QPointF(5, 8))
    assert calls == [([(1, 1), (9, 1), (5, 8)], "subtract")]
    assert tool.outline is None


def test_escape_drops_the_lasso() -> None:
    calls: list[object] = []
    tool = LassoTool(lambda *call: calls.append(call))
    tool.press(QPointF(1, 1), NONE)
    tool.move(QPointF(9, 1), NONE, LEFT)
    tool.cancel()
    tool.release(QPointF(9, 1))
    assert calls == []


class Polygons:
    """A polygon tool where a screen pixel is half an image pixel, and what it asked for."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.tool = PolygonTool(
            lambda *call: self.calls.append(call),
            on_too_few=lambda: self.calls.append("too few"),
            pixel_size=lambda: 0.5,
        )

    def click(self, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = NONE) -> None:
        for x, y in points:
            self.tool.move(QPointF(x, y), modifiers, Qt.MouseButton.NoButton)
            self.tool.press(QPointF(x, y), modifiers)
            self.tool.release(QPointF(x, y))


TRIANGLE = [(10.0, 10.0), (40.0, 10.0), (10.0, 40.0)]


@pytest.fixture
def polygons() -> Polygons:
    return Polygons()


class TestPolygon:
    def test_a_click_at_the_first_corner_closes(self, polygons: Polygons) -> None:
        polygons.click(*TRIANGLE, (13, 12))
        assert polygons.calls == [(TRIANGLE, "replace")]
        assert polygons.tool.outline is None

    def test_a_click_farther_away_is_a_corner(self, polygons: Polygons) -> None:
        polygons.click(*TRIANGLE, (13, 13))
        assert polygons.calls == []

    @pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
    def test_enter_closes(self, polygons: Polygons, key: Qt.Key) -> None:
        polygons.click(*TRIANGLE)
        assert polygons.tool.key(key, NONE)
        assert polygons.calls == [(TRIANGLE, "replace")]

    def test_a_double_click_sets_the_last_corner_and_closes(self, polygons: Polygons) -> None:
        polygons.click(*TRIANGLE)
        polygons.tool.double_press(QPointF(*TRIANGLE[-1]), NONE)
        assert polygons.calls == [(TRIANGLE, "replace")]

    def test_a_double_click_on_the_first_corner_begins_no_new_one(self, polygons: Polygons) -> None:
        polygons.click(*TRIANGLE, TRIANGLE[0])
        polygons.tool.double_press(QPointF(*TRIANGLE[0]), NONE)
        assert polygons.tool.outline is None
        assert len(polygons.calls) == 1

    def test_the_first_click_says_how_to_combine(self, polygons: Polygons) -> None:
        polygons.click(TRIANGLE[0], modifiers=Modifier.ShiftModifier)
        polygons.click(*TRIANGLE[1:])
        polygons.tool.key(Qt.Key.Key_Return, NONE)
        assert polygons.calls == [(TRIANGLE, "add")]

    def test_backspace_takes_one_corner_after_the_other(self, polygons: Polygons) -> None:
        polygons.click((0, 0), *TRIANGLE)
        for left in (3, 2, 1):
            assert polygons.tool.key(Qt.Key.Key_Backspace, NONE)
            outline = polygons.tool.outline
            assert outline is not None
            assert len(outline.corners) == left
        assert polygons.tool.key(Qt.Key.Key_Backspace, NONE)
        assert polygons.tool.outline is None
        assert not polygons.tool.key(Qt.Key.Key_Backspace, NONE)
        assert polygons.calls == []

    def test_with_less_than_three_corners_it_goes_on(self, polygons: Polygons) -> None:
        assert not polygons.tool.key(Qt.Key.Key_Return, NONE)
        polygons.click(*TRIANGLE[:2])
        polygons.tool.key(Qt.Key.Key_Return, NONE)
        polygons.tool.double_press(QPointF(*TRIANGLE[1]), NONE)
        polygons.click(TRIANGLE[0])
        assert polygons.calls == ["too few"] * 3
        polygons.click(TRIANGLE[2], TRIANGLE[0])
        assert polygons.calls[3:] == [(TRIANGLE, "replace")]

    def test_escape_drops_all_corners(self, polygons: Polygons) -> None:
        polygons.click(*TRIANGLE)
        polygons.tool.cancel()
        assert polygons.tool.outline is None
        assert polygons.tool.hint == ""

    def test_the_outline_follows_the_pointer_and_clings_to_the_first_corner(
        self, polygons: Polygons
    ) -> None:
        polygons.click(*TRIANGLE)
        corners = tuple(QPointF(*corner) for corner in TRIANGLE)
        for pointer, points, is_closing in (
            (QPointF(30, 30), (*corners, QPointF(30, 30)), False),
            (QPointF(11, 11), corners, True),
        ):
            polygons.tool.move(pointer, NONE, Qt.MouseButton.NoButton)
            assert polygons.tool.outline == Outline(points, corners, is_closing)

    def test_it_says_how_to_go_on_and_how_to_close(self, polygons: Polygons) -> None:
        assert polygons.tool.hint == ""
        polygons.click(*TRIANGLE[:2])
        assert "next corner" in polygons.tool.hint
        polygons.click(TRIANGLE[2])
        assert "closes" in polygons.tool.hint


def test_panning_moves_by_what_the_pointer_moved_over_the_image() -> None:
    shifts: list[QPointF] = []
    tool = PanTool(shifts.append)
    tool.move(QPointF(1, 1), NONE, LEFT)
    tool.press(QPointF(10, 10), NONE)
    tool.move(QPointF(13, 6), NONE, LEFT)
    tool.release(QPointF(13, 6))
    tool.move(QPointF(50, 50), NONE, LEFT)
    assert shifts == [QPointF(3, -4)]
