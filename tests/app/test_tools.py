"""Each tool turns a gesture into calls; modifiers say how to combine."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt

from app.tools.base import Combine, combine_from
from app.tools.brush import BrushTool, EraserTool
from app.tools.pan import PanTool
from app.tools.pick import PickTool
from app.tools.rectangle import RectangleTool

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


def test_panning_moves_by_what_the_pointer_moved_over_the_image() -> None:
    shifts: list[QPointF] = []
    tool = PanTool(shifts.append)
    tool.move(QPointF(1, 1), NONE, LEFT)
    tool.press(QPointF(10, 10), NONE)
    tool.move(QPointF(13, 6), NONE, LEFT)
    tool.release(QPointF(13, 6))
    tool.move(QPointF(50, 50), NONE, LEFT)
    assert shifts == [QPointF(3, -4)]
