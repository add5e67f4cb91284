"""Smart select as a user does it: a drag with the mouse, keys for the tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from gridsal_core.arrays import BoolArray
from gridsal_core.demo import find_demo
from gridsal_core.smart_select import smart_select
from tests.app.stories import SHIFT, click_digit, digit_pixel
from tests.driver import Driver

CONTROL = Qt.KeyboardModifier.ControlModifier
END = (63, 63)


@pytest.fixture
def smart(demo: Driver) -> Driver:
    demo.key(Qt.Key.Key_W)
    assert demo.window.action("smart").isChecked()
    return demo


def selected(driver: Driver, start: tuple[int, int], tolerance: int) -> BoolArray:
    """What a drag from one pixel to the last one selects."""
    rgb, class_map = driver.loaded.rgb, driver.prediction.class_map
    view = driver.window.canvas
    corners = [view.to_image(QPointF(driver.point(*corner))).toTuple() for corner in (start, END)]
    return smart_select(rgb, class_map, corners[0], corners[1], tolerance)


def test_a_drag_selects_class_and_colour_and_can_be_undone(smart: Driver) -> None:
    y, x = digit_pixel(smart)
    smart.window.tool_options.tolerance.setValue(30)
    smart.drag((x, y), (60, 60), END)
    expected = selected(smart, (x, y), 30)
    assert expected.sum() > 5
    np.testing.assert_array_equal(smart.region.mask, expected)
    class_map = smart.prediction.class_map
    assert set(class_map[smart.region.mask]) == {class_map[y, x]}
    assert f"ΔE 30: {expected.sum():,} pixels" in smart.window.status.currentMessage()
    assert smart.window.action("undo").text() == "&Undo Smart select"
    smart.action("undo")
    assert smart.region.is_empty
    smart.action("redo")
    np.testing.assert_array_equal(smart.region.mask, expected)


def test_shift_adds_and_ctrl_subtracts(smart: Driver) -> None:
    smart.action("pick")
    click_digit(smart)
    digit = smart.region.mask.copy()
    smart.action("smart")
    ground = selected(smart, (1, 1), smart.app.settings.smart_tolerance)
    smart.drag((1, 1), END, modifiers=SHIFT)
    np.testing.assert_array_equal(smart.region.mask, digit | ground)
    smart.drag((1, 1), END, modifiers=CONTROL)
    np.testing.assert_array_equal(smart.region.mask, digit & ~ground)


def test_the_tolerance_has_its_place_where_the_brush_has_its_size(smart: Driver) -> None:
    options = smart.window.tool_options
    assert options.tolerance.isVisible()
    assert not options.brush_size.isVisible()
    assert "0 to 100" in options.tolerance.toolTip()
    smart.action("brush")
    assert options.brush_size.isVisible()
    assert options.brush_size.isEnabled()
    assert not options.tolerance.isVisible()
    smart.action("pick")
    assert not options.brush_size.isEnabled()


def test_brackets_change_the_tolerance_which_is_remembered(smart: Driver) -> None:
    before = smart.app.settings.smart_tolerance
    for key in (Qt.Key.Key_BracketRight, Qt.Key.Key_BracketRight, Qt.Key.Key_BracketLeft):
        smart.key(key)
    assert smart.window.tool_options.tolerance.value() == before + 1
    assert smart.app.settings.smart_tolerance == before + 1


def test_more_tolerance_takes_more(smart: Driver) -> None:
    y, x = digit_pixel(smart)
    counts = []
    for tolerance in (0, 10, 40, 100):
        smart.window.tool_options.tolerance.setValue(tolerance)
        smart.drag((x, y), END)
        counts.append(smart.region.pixel_count)
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_mere_click_and_a_start_beside_the_image_change_nothing(smart: Driver) -> None:
    smart.click(20, 20)
    assert "Drag a rectangle" in smart.window.status.currentMessage()
    smart.drag((-2, 20), (30, 30))
    assert smart.region.is_empty


def test_without_a_network_it_says_what_is_missing(driver: Driver) -> None:
    driver.open(None, find_demo().images)
    driver.action("smart")
    driver.drag((10, 10), (40, 40))
    assert "no prediction" in driver.window.status.currentMessage()
    assert driver.region.is_empty
