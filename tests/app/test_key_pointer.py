"""Every tool works from the keyboard: the keys move a pointer, Enter presses and releases."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.app.key_hand import CONTROL, enter, move_to
from tests.app.stories import digit_pixel
from tests.driver import Driver


def test_a_segment_is_picked_without_a_mouse(demo: Driver) -> None:
    y, x = digit_pixel(demo)
    move_to(demo, x, y)
    assert f"x {x}  y {y}" in demo.window.status.pixel_text
    enter(demo)
    assert demo.region.mask[y, x]
    assert demo.region.origin == "predicted segment"


def test_the_brush_paints_from_one_enter_to_the_next(demo: Driver) -> None:
    demo.action("brush")
    demo.window.brush_size.setValue(4)
    move_to(demo, 10, 10)
    enter(demo)
    move_to(demo, 30, 10)
    enter(demo)
    move_to(demo, 30, 40)
    assert demo.region.mask[10, 10:31].all()
    assert not demo.region.mask[30, 30]
    assert demo.region.undo_stack.count() == 1


def test_a_rectangle_is_dragged_and_escape_gives_it_up(demo: Driver) -> None:
    demo.action("rectangle")
    for is_kept in (False, True):
        move_to(demo, 8, 8)
        enter(demo)
        move_to(demo, 20, 24)
        demo.key(Qt.Key.Key_Return if is_kept else Qt.Key.Key_Escape)
        assert demo.region.is_empty != is_kept
    assert demo.region.mask[8:24, 8:20].all()


def test_enter_twice_closes_a_polygon(demo: Driver) -> None:
    demo.action("polygon")
    for corner in ((8, 8), (40, 8), (24, 40)):
        move_to(demo, *corner)
        enter(demo)
    assert demo.region.is_empty
    enter(demo)
    assert demo.region.mask[16, 24]


def test_the_view_follows_the_pointer(demo: Driver) -> None:
    canvas = demo.window.canvas
    canvas.set_view(8, 8, 40)
    move_to(demo, 60, 60)
    place = canvas.to_viewport(canvas.to_image(canvas.viewport().rect().center().toPointF()))
    assert canvas.to_image(place).x() > 40
    assert canvas.viewport().rect().contains(demo.point(60, 60))


def test_the_mouse_takes_the_cross_away(demo: Driver) -> None:
    move_to(demo, 20, 20)
    QTest.mouseMove(demo.window.canvas.viewport(), demo.point(40, 40))
    demo.wait(lambda: "x 40" in demo.window.status.pixel_text)
    demo.key(Qt.Key.Key_Return)
    assert demo.region.is_empty
    demo.key(Qt.Key.Key_Right, CONTROL)
    enter(demo)
    assert not demo.region.is_empty
