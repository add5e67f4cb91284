"""Lasso and polygon as a user draws them: real mouse and key events on the real window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.tools.outline import LassoTool, PolygonTool
from app.views.canvas import Canvas
from app.views.canvas_overlays import GestureHint
from gridsal_core.arrays import BoolArray
from gridsal_core.regions import polygon
from tests.app.canvas_pixels import HEIGHT, WIDTH, at
from tests.app.stories import SHIFT, click_digit
from tests.driver import Driver

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
CORNERS = ((10, 10), (50, 12), (30, 50))


def drawn(driver: Driver, corners: Sequence[tuple[float, float]]) -> BoolArray:
    """The pixels inside corners that were clicked: screen pixels, so rounded a little."""
    view = driver.window.canvas
    points = [view.to_image(QPointF(driver.point(*corner))).toTuple() for corner in corners]
    return polygon(points, driver.region.mask.shape)


def status(driver: Driver) -> str:
    return driver.window.status.currentMessage()


@pytest.fixture
def polygon_tool(demo: Driver) -> Driver:
    demo.key(Qt.Key.Key_L, SHIFT)
    assert demo.window.action("polygon").isChecked()
    return demo


class TestLasso:
    def test_a_drag_around_pixels_is_one_step_that_can_be_undone(self, demo: Driver) -> None:
        demo.key(Qt.Key.Key_L)
        assert demo.window.action("lasso").isChecked()
        demo.drag(*CORNERS)
        inside = drawn(demo, CORNERS)
        np.testing.assert_array_equal(demo.region.mask, inside)
        assert demo.window.action("undo").text() == "&Undo Lasso"
        demo.action("undo")
        assert demo.region.is_empty
        demo.action("redo")
        np.testing.assert_array_equal(demo.region.mask, inside)

    def test_shift_adds_and_ctrl_subtracts(self, demo: Driver) -> None:
        click_digit(demo)
        digit = demo.region.mask.copy()
        demo.action("lasso")
        inside = drawn(demo, CORNERS)
        demo.drag(*CORNERS, modifiers=SHIFT)
        np.testing.assert_array_equal(demo.region.mask, digit | inside)
        demo.drag(*CORNERS, modifiers=CONTROL)
        np.testing.assert_array_equal(demo.region.mask, digit & ~inside)

    def test_a_mere_click_changes_nothing_and_says_so(self, demo: Driver) -> None:
        click_digit(demo)
        before = demo.region.mask.copy()
        demo.action("lasso")
        demo.click(20, 20)
        np.testing.assert_array_equal(demo.region.mask, before)
        assert "no pixel" in status(demo)
        assert demo.region.undo_stack.count() == 1

    def test_escape_gives_it_up(self, demo: Driver) -> None:
        demo.action("lasso")
        view = demo.window.canvas.viewport()
        QTest.mousePress(view, LEFT, pos=demo.point(10, 10))
        hover(demo.window.canvas, demo.point(50, 12))
        hover(demo.window.canvas, demo.point(30, 50))
        demo.key(Qt.Key.Key_Escape)
        QTest.mouseRelease(view, LEFT, pos=demo.point(30, 50))
        assert demo.region.is_empty

    def test_what_is_outside_the_image_is_clipped_to_it(self, demo: Driver) -> None:
        height, width = demo.region.mask.shape
        demo.action("lasso")
        demo.drag((-4, 20), (width + 3, 20), (width + 3, height + 3), (-4, height + 3))
        expected = np.zeros((height, width), bool)
        expected[demo.region.mask.any(axis=1)] = True
        np.testing.assert_array_equal(demo.region.mask, expected)
        assert abs(int(demo.region.mask[:, 0].sum()) - (height - 20)) <= 1


class TestPolygon:
    @pytest.mark.parametrize("how", ["enter", "double click", "first corner"])
    def test_clicks_and_an_end_are_one_step_that_can_be_undone(
        self, polygon_tool: Driver, how: str
    ) -> None:
        demo = polygon_tool
        for corner in CORNERS:
            demo.click(*corner)
        assert demo.region.is_empty
        if how == "enter":
            demo.key(Qt.Key.Key_Return)
        elif how == "double click":
            view = demo.window.canvas.viewport()
            QTest.mouseDClick(view, LEFT, pos=demo.point(*CORNERS[-1]))
        else:
            demo.hover(*CORNERS[0])
            demo.click(*CORNERS[0])
        inside = drawn(demo, CORNERS)
        np.testing.assert_array_equal(demo.region.mask, inside)
        assert demo.window.action("undo").text() == "&Undo Polygon"
        demo.action("undo")
        assert demo.region.is_empty
        demo.action("redo")
        np.testing.assert_array_equal(demo.region.mask, inside)

    @pytest.mark.parametrize("modifier", [SHIFT, CONTROL])
    def test_shift_adds_and_ctrl_subtracts(
        self, polygon_tool: Driver, modifier: Qt.KeyboardModifier
    ) -> None:
        demo = polygon_tool
        demo.action("pick")
        click_digit(demo)
        digit = demo.region.mask.copy()
        demo.action("polygon")
        demo.click(*CORNERS[0], modifier)
        for corner in CORNERS[1:]:
            demo.click(*corner)
        demo.key(Qt.Key.Key_Enter)
        inside = drawn(demo, CORNERS)
        expected = digit | inside if modifier == SHIFT else digit & ~inside
        np.testing.assert_array_equal(demo.region.mask, expected)

    def test_backspace_takes_the_last_corner_back(self, polygon_tool: Driver) -> None:
        demo = polygon_tool
        for corner in (*CORNERS, (55, 55)):
            demo.click(*corner)
        demo.key(Qt.Key.Key_Backspace)
        demo.key(Qt.Key.Key_Return)
        np.testing.assert_array_equal(demo.region.mask, drawn(demo, CORNERS))

    def test_escape_drops_it_and_the_hint(self, polygon_tool: Driver) -> None:
        demo = polygon_tool
        for corner in CORNERS:
            demo.click(*corner)
        assert "closes" in demo.window.canvas.gesture_hint
        demo.key(Qt.Key.Key_Escape)
        assert demo.window.canvas.gesture_hint == ""
        demo.key(Qt.Key.Key_Return)
        assert demo.region.is_empty

    def test_too_few_corners_change_nothing_and_say_so(self, polygon_tool: Driver) -> None:
        demo = polygon_tool
        demo.click(*CORNERS[0])
        demo.click(*CORNERS[1])
        demo.key(Qt.Key.Key_Return)
        assert "three corners" in status(demo)
        assert demo.region.is_empty
        demo.click(*CORNERS[2])
        demo.key(Qt.Key.Key_Return)
        assert not demo.region.is_empty

    def test_an_outline_without_a_pixel_changes_nothing_and_says_so(
        self, polygon_tool: Driver
    ) -> None:
        demo = polygon_tool
        for corner in ((10, 10), (50, 10), (30, 10)):
            demo.click(*corner)
        demo.key(Qt.Key.Key_Return)
        assert "no pixel" in status(demo)
        assert demo.region.undo_stack.count() == 0

    def test_corners_outside_the_image_are_moved_to_its_border(self, polygon_tool: Driver) -> None:
        demo = polygon_tool
        height, width = demo.region.mask.shape
        for corner in ((-3, -3), (width + 2, -3), (width + 2, height + 2), (-3, height + 2)):
            demo.click(*corner)
        demo.key(Qt.Key.Key_Return)
        assert demo.region.mask.all()

    def test_another_tool_or_another_image_drops_it(self, polygon_tool: Driver) -> None:
        demo = polygon_tool
        for leaving in ("brush", "next"):
            demo.action("polygon")
            for corner in CORNERS:
                demo.click(*corner)
            demo.action(leaving)
            demo.wait(lambda: demo.session.prediction is not None)
            demo.action("polygon")
            demo.key(Qt.Key.Key_Return)
            assert demo.region.is_empty

    def test_the_view_can_be_moved_and_another_window_looked_at_in_between(
        self, polygon_tool: Driver
    ) -> None:
        demo = polygon_tool
        canvas = demo.window.canvas
        canvas.set_zoom(canvas.zoom * 2)
        demo.click(25, 25)
        demo.click(40, 25)
        before = canvas.to_image(QPointF(100, 100))
        view = canvas.viewport()
        QTest.mousePress(view, Qt.MouseButton.MiddleButton, pos=QPoint(100, 100))
        hover(canvas, QPoint(140, 120))
        QTest.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=QPoint(140, 120))
        assert canvas.to_image(QPointF(100, 100)) != before
        QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
        demo.click(30, 40)
        demo.key(Qt.Key.Key_Return)
        assert demo.region.mask[29, 31]
        assert not demo.region.mask[15, 31]


class TestDrawing:
    def test_the_hint_wraps_where_the_canvas_is_narrow(self, canvas: Canvas) -> None:
        canvas.resize(260, 300)
        canvas.set_image(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        canvas.set_tool(
            PolygonTool(lambda points, how: None, on_too_few=lambda: None, pixel_size=lambda: 1.0)
        )
        QTest.mouseClick(canvas.viewport(), LEFT, pos=at(canvas, 20, 20))
        hint = next(w for w in canvas.findChildren(GestureHint) if w.isVisible())
        assert canvas.viewport().rect().contains(hint.geometry())
        assert hint.height() > 2 * hint.fontMetrics().height()

    def test_the_outline_is_seen_while_it_is_drawn(self, white: Canvas) -> None:
        outlines: list[int] = []
        white.set_tool(LassoTool(lambda points, how: outlines.append(len(points))))
        view = white.viewport()
        QTest.mousePress(view, LEFT, pos=at(white, 20, 20))
        hover(white, at(white, 90, 20))
        hover(white, at(white, 90, 60))
        assert is_marked(white, 50, 20)
        QTest.mouseRelease(view, LEFT, pos=at(white, 90, 60))
        assert outlines == [3]
        assert not is_marked(white, 50, 20)

    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_a_half_drawn_polygon_follows_the_pointer_on_any_image(
        self, canvas: Canvas, level: int
    ) -> None:
        canvas.set_image(np.full((HEIGHT, WIDTH, 3), level, np.uint8))
        canvas.set_tool(
            PolygonTool(
                lambda points, how: None,
                on_too_few=lambda: None,
                pixel_size=lambda: 1 / canvas.zoom,
            )
        )
        QTest.mouseClick(canvas.viewport(), LEFT, pos=at(canvas, 20, 20))
        QTest.mouseClick(canvas.viewport(), LEFT, pos=at(canvas, 120, 20))
        hover(canvas, at(canvas, 120, 70))
        assert is_marked(canvas, 70, 20, level)
        assert is_marked(canvas, 120, 50, level)
        hover(canvas, at(canvas, 60, 70))
        assert not is_marked(canvas, 120, 50, level)

    def test_the_first_corner_fills_while_a_click_would_close(self, white: Canvas) -> None:
        white.set_tool(
            PolygonTool(
                lambda points, how: None,
                on_too_few=lambda: None,
                pixel_size=lambda: 1 / white.zoom,
            )
        )
        for corner in ((20, 20), (120, 20), (20, 70)):
            QTest.mouseClick(white.viewport(), LEFT, pos=at(white, *corner))
        place = at(white, 20, 20)
        assert white.grab().toImage().pixelColor(place + QPoint(-3, -3)).lightness() > 200
        hover(white, place + QPoint(3, 3))
        shown = white.grab().toImage().pixelColor(place + QPoint(-3, -3))
        assert shown.blue() > shown.red() + 100

    def test_the_closing_side_is_dashed_until_a_click_would_close(self, white: Canvas) -> None:
        white.set_tool(
            PolygonTool(
                lambda points, how: None,
                on_too_few=lambda: None,
                pixel_size=lambda: 1 / white.zoom,
            )
        )
        for corner in ((20, 20), (120, 20), (20, 75)):
            QTest.mouseClick(white.viewport(), LEFT, pos=at(white, *corner))
        sides = [[is_marked(white, 20, y, reach=0) for y in range(30, 65)]]
        hover(white, at(white, 20, 20))
        sides.append([is_marked(white, 20, y, reach=0) for y in range(30, 65)])
        assert not all(sides[0])
        assert any(sides[0])
        assert all(sides[1])

    def test_without_an_image_nothing_is_drawn(self, canvas: Canvas, qtbot: QtBot) -> None:
        tool = LassoTool(lambda points, how: None)
        canvas.set_tool(tool)
        QTest.mousePress(canvas.viewport(), LEFT, pos=QPoint(50, 50))
        assert tool.outline is None


def is_marked(canvas: Canvas, x: float, y: float, level: int = 255, *, reach: int = 2) -> bool:
    """Whether a clear line runs within `reach` screen pixels above or below a point of grey."""
    picture, place = canvas.grab().toImage(), at(canvas, x, y)
    near = [
        picture.pixelColor(place + QPoint(dx, dy))
        for dx in range(-2, 3)
        for dy in range(-reach, reach + 1)
    ]
    return any(abs(color.lightness() - level) > 40 for color in near)


def hover(canvas: Canvas, place: QPoint) -> None:
    """Move the pointer, even to where it is already: QTest would then send nothing."""
    everywhere = QPointF(canvas.viewport().mapToGlobal(place))
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        everywhere,
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(canvas.viewport(), event)
