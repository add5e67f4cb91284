"""How mouse, keys and tools work on the canvas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.models.region import RegionDocument
from app.tools.base import Combine
from app.tools.brush import BrushTool
from app.tools.pick import PartKind, PickTool
from app.tools.rectangle import RectangleTool
from app.views.canvas import Canvas
from tests.app.canvas_pixels import HEIGHT, WHITE, WIDTH, at, color


def wheel(canvas: Canvas, position: QPoint, notches: int) -> None:
    event = QWheelEvent(
        QPointF(position),
        QPointF(canvas.viewport().mapToGlobal(position)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)


class TestView:
    def test_an_image_is_fitted_and_stays_so_when_the_window_grows(self, white: Canvas) -> None:
        before = white.zoom
        white.resize(1000, 600)
        assert white.is_fitted
        assert white.zoom > 1.8 * before
        assert color(white, 1, 1) == WHITE
        assert color(white, WIDTH - 1, HEIGHT - 1) == WHITE

    def test_a_chosen_zoom_survives_a_resize(self, white: Canvas) -> None:
        white.set_zoom(4)
        white.resize(800, 500)
        assert white.zoom == 4

    def test_at_100_percent_a_pixel_of_the_image_is_one_of_the_screen(self, canvas: Canvas) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        canvas.set_image(noise)
        canvas.set_zoom(1.0)
        corner, picture = at(canvas, 0, 0), canvas.viewport().grab().toImage()
        for x, y in ((0, 0), (7, 3), (WIDTH - 1, HEIGHT - 1)):
            assert picture.pixelColor(corner + QPoint(x, y)) == QColor(*noise[y, x].tolist())

    def test_the_wheel_zooms_about_the_pointer(self, white: Canvas) -> None:
        pointer = at(white, 40, 30)
        before = white.zoom
        wheel(white, pointer, 3)
        assert white.zoom > 1.5 * before
        kept = white.to_image(QPointF(pointer))
        assert kept.x() == pytest.approx(40, abs=0.5)
        assert kept.y() == pytest.approx(30, abs=0.5)
        assert not white.is_fitted

    def test_zoom_is_announced_and_bounded(self, white: Canvas, qtbot: QtBot) -> None:
        with qtbot.waitSignal(white.zoom_changed) as signal:
            white.set_zoom(1e6)
        assert signal.args == [white.zoom]
        assert 32 <= white.zoom <= 128
        white.set_zoom(0)
        assert white.zoom > 0

    @pytest.mark.parametrize("with_space", [False, True])
    def test_the_middle_button_or_space_and_drag_pans(
        self, white: Canvas, with_space: bool
    ) -> None:
        white.set_zoom(6)
        picked: list[int] = []
        white.set_tool(PickTool(lambda x, y, how: picked.append(x), no_part))
        button = Qt.MouseButton.LeftButton if with_space else Qt.MouseButton.MiddleButton
        if with_space:
            QTest.keyPress(white, Qt.Key.Key_Space)
        before = white.to_image(QPointF(200, 150))
        QTest.mousePress(white.viewport(), button, pos=QPoint(200, 150))
        QTest.mouseMove(white.viewport(), QPoint(260, 120))
        QTest.mouseRelease(white.viewport(), button, pos=QPoint(260, 120))
        after = white.to_image(QPointF(260, 120))
        assert after.x() == pytest.approx(before.x(), abs=0.2)
        assert after.y() == pytest.approx(before.y(), abs=0.2)
        assert picked == []

    def test_arrow_keys_pan(self, white: Canvas) -> None:
        white.set_zoom(6)
        before = white.to_image(QPointF(0, 0)).x()
        QTest.keyClick(white, Qt.Key.Key_Right)
        assert white.to_image(QPointF(0, 0)).x() > before + 5

    def test_a_view_follows_another_without_an_echo(self, qtbot: QtBot, white: Canvas) -> None:
        other = Canvas()
        qtbot.addWidget(other)
        other.resize(white.size())
        other.show()
        other.set_image(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        white.view_changed.connect(other.set_view)
        white.set_zoom(3)
        wheel(white, QPoint(100, 60), 2)
        assert other.zoom == white.zoom
        assert other.to_image(QPointF(10, 10)) == white.to_image(QPointF(10, 10))


class TestPointer:
    def test_the_pixel_under_the_pointer_is_announced_once(
        self, white: Canvas, qtbot: QtBot
    ) -> None:
        white.set_zoom(8)
        seen: list[tuple[int, int]] = []
        white.hovered.connect(lambda x, y: seen.append((x, y)))
        QTest.mouseMove(white.viewport(), at(white, 80.2, 45.2))
        QTest.mouseMove(white.viewport(), at(white, 80.7, 45.7))
        QTest.mouseMove(white.viewport(), at(white, 81.5, 45.5))
        assert seen == [(80, 45), (81, 45)]

    def test_leaving_the_image_is_announced(self, white: Canvas, qtbot: QtBot) -> None:
        white.set_zoom(1)
        QTest.mouseMove(white.viewport(), at(white, 5, 5))
        with qtbot.waitSignal(white.left):
            QTest.mouseMove(white.viewport(), at(white, -20, 5))

    def test_a_click_picks_the_pixel_shift_and_ctrl_combine_alt_takes_a_part(
        self, white: Canvas
    ) -> None:
        picks: list[tuple[int, int, Combine | PartKind]] = []
        white.set_tool(PickTool(lambda *pick: picks.append(pick), lambda *part: picks.append(part)))
        alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
        control, none = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
        for modifier in (none, shift, control, alt, alt | shift):
            QTest.mouseClick(
                white.viewport(), Qt.MouseButton.LeftButton, modifier, at(white, 30.5, 20.5)
            )
        assert [pick[2] for pick in picks] == ["replace", "add", "subtract", "correct", "wrong"]
        assert {pick[:2] for pick in picks} == {(30, 20)}

    def test_a_click_beside_the_image_picks_nothing(self, white: Canvas) -> None:
        white.set_zoom(1)
        picks: list[int] = []
        white.set_tool(PickTool(lambda x, y, how: picks.append(x), no_part))
        QTest.mouseClick(white.viewport(), Qt.MouseButton.LeftButton, pos=at(white, -30, 20))
        assert picks == []

    def test_the_brush_circle_has_the_true_size(self, canvas: Canvas) -> None:
        canvas.set_image(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
        document = RegionDocument(HEIGHT, WIDTH)
        canvas.set_tool(brush_for(document, size=40))
        canvas.set_zoom(2)
        QTest.mouseMove(canvas.viewport(), at(canvas, 80, 45))
        picture, center = canvas.viewport().grab().toImage(), at(canvas, 80, 45)
        rim = [picture.pixelColor(center + QPoint(x, 0)).lightness() for x in range(60)]
        assert abs(int(np.argmax(np.abs(np.array(rim) - 128))) - 40) <= 2

    def test_a_painted_stroke_appears_and_undo_takes_it_away(self, white: Canvas) -> None:
        document = RegionDocument(HEIGHT, WIDTH)
        document.changed.connect(lambda box: white.set_region(document.mask, box))
        white.set_tool(brush_for(document, size=20))
        view = white.viewport()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(white, 40, 45))
        QTest.mouseMove(view, at(white, 100, 45))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(white, 100, 45))
        assert document.mask[45, 40:100].all()
        assert color(white, 70, 35).blue() > color(white, 70, 35).red() + 100
        document.undo_stack.undo()
        assert document.is_empty
        assert color(white, 70, 35) == WHITE

    def test_escape_takes_back_the_running_stroke(self, white: Canvas) -> None:
        document = RegionDocument(HEIGHT, WIDTH)
        white.set_tool(brush_for(document, size=20))
        QTest.mousePress(white.viewport(), Qt.MouseButton.LeftButton, pos=at(white, 40, 45))
        assert document.pixel_count > 100
        QTest.keyClick(white, Qt.Key.Key_Escape)
        QTest.mouseRelease(white.viewport(), Qt.MouseButton.LeftButton, pos=at(white, 40, 45))
        assert document.is_empty
        assert document.undo_stack.count() == 0

    def test_a_rectangle_is_previewed_while_it_is_dragged(self, white: Canvas) -> None:
        rectangles: list[tuple[float, float]] = []
        white.set_tool(RectangleTool(lambda start, end, how: rectangles.append(end)))
        view = white.viewport()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(white, 20, 20))
        QTest.mouseMove(view, at(white, 90, 60))
        edge = at(white, 50, 20)
        picture = white.viewport().grab().toImage()
        assert any(picture.pixelColor(edge + QPoint(0, y)) != WHITE for y in (-2, -1, 0, 1, 2))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(white, 90, 60))
        assert len(rectangles) == 1
        assert color(white, 50, 20) == WHITE

    def test_without_an_image_a_tool_has_nothing_to_do(self, canvas: Canvas) -> None:
        document = RegionDocument(HEIGHT, WIDTH)
        canvas.set_tool(brush_for(document, size=20))
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
        assert document.is_empty

    def test_dropped_files_are_announced_as_paths(
        self, canvas: Canvas, qtbot: QtBot, tmp_path: Path
    ) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.png")])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(20, 20), copy, data, left, none)
        QApplication.sendEvent(canvas.viewport(), enter)
        assert enter.isAccepted()
        drop = QDropEvent(QPointF(20, 20), copy, data, left, none)
        with qtbot.waitSignal(canvas.files_dropped) as signal:
            QApplication.sendEvent(canvas.viewport(), drop)
        assert signal.args == [[tmp_path]]

    def test_it_has_an_accessible_name(self, canvas: Canvas) -> None:
        assert canvas.accessibleName()


def no_part(x: int, y: int, kind: PartKind) -> None:
    raise AssertionError("no part was asked for")


def brush_for(document: RegionDocument, size: int) -> BrushTool:
    return BrushTool(
        "add",
        on_stroke_begin=document.begin_stroke,
        on_stroke=document.stroke,
        on_stroke_end=document.end_stroke,
        on_stroke_cancel=document.cancel_stroke,
        size=size,
    )
