"""Grow, shrink, invert and fill holes as a user gives them: with keys, on the real window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolTip

from gridsal_core.arrays import BoolArray
from gridsal_core.regions import grown, shrunk
from tests.app.stories import SHIFT, click_digit
from tests.driver import NO_KEYS, Driver

CONTROL = Qt.KeyboardModifier.ControlModifier
NAMES = ("grow", "shrink", "invert", "fill_holes")


def status(driver: Driver) -> str:
    return driver.window.status.currentMessage()


def settle(driver: Driver, name: str = "grow", *, is_enabled: bool = True) -> None:
    """Wait until the actions know of the region."""
    driver.wait(lambda: driver.window.action(name).isEnabled() == is_enabled)


def draw(driver: Driver, *corners: tuple[float, float]) -> None:
    driver.action("rectangle")
    driver.drag(*corners)
    settle(driver)


@pytest.mark.parametrize(
    ("key", "modifiers", "text", "reshape"),
    [
        (Qt.Key.Key_G, NO_KEYS, "Grow region", grown),
        (Qt.Key.Key_G, SHIFT, "Shrink region", shrunk),
        (Qt.Key.Key_I, CONTROL, "Invert region", np.logical_not),
    ],
)
def test_a_key_is_one_step_that_can_be_undone(
    demo: Driver,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
    text: str,
    reshape: Callable[[BoolArray], BoolArray],
) -> None:
    click_digit(demo)
    settle(demo)
    before = demo.region.mask.copy()
    reshaped = reshape(before)
    demo.key(key, modifiers)
    np.testing.assert_array_equal(demo.region.mask, reshaped)
    assert demo.window.action("undo").text() == f"&Undo {text}"
    demo.action("undo")
    np.testing.assert_array_equal(demo.region.mask, before)
    demo.action("redo")
    np.testing.assert_array_equal(demo.region.mask, reshaped)


def test_holes_are_filled_and_can_be_opened_again(demo: Driver) -> None:
    draw(demo, (10, 10), (40, 40))
    whole = demo.region.mask.copy()
    demo.drag((20, 20), (30, 30), modifiers=CONTROL)
    holed = demo.region.mask.copy()
    assert holed.sum() < whole.sum()
    demo.key(Qt.Key.Key_H, CONTROL)
    np.testing.assert_array_equal(demo.region.mask, whole)
    demo.action("undo")
    np.testing.assert_array_equal(demo.region.mask, holed)
    demo.action("redo")
    np.testing.assert_array_equal(demo.region.mask, whole)


def test_a_key_that_is_held_goes_on_growing(demo: Driver) -> None:
    draw(demo, (30, 30), (33, 33))
    expected = demo.region.mask.copy()
    canvas = demo.window.canvas
    canvas.setFocus()
    for is_repeat in (False, True, True, True):
        QTest.simulateEvent(canvas, True, Qt.Key.Key_G.value, NO_KEYS, "g", is_repeat)
        expected = grown(expected)
    np.testing.assert_array_equal(demo.region.mask, expected)
    assert demo.region.undo_stack.count() == 2  # the rectangle, and all that the key did
    demo.action("undo")
    assert demo.region.pixel_count == 16


def test_without_a_region_there_is_nothing_to_reshape_and_the_tips_say_so(demo: Driver) -> None:
    settle(demo, is_enabled=False)
    for name in ("grow", "shrink", "fill_holes"):
        action = demo.window.action(name)
        assert not action.isEnabled()
        assert "no region" in action.toolTip()
        assert action.statusTip() == action.toolTip()
    assert demo.window.action("invert").isEnabled()
    click_digit(demo)
    settle(demo)
    for name in NAMES:
        assert demo.window.action(name).isEnabled()
    assert demo.window.action("grow").toolTip().endswith("(G)")


def test_a_greyed_entry_of_the_menu_says_why_under_the_pointer(demo: Driver) -> None:
    settle(demo, is_enabled=False)
    action = demo.window.action("grow")
    menu = next(each for each in demo.window.findChildren(QMenu) if action in each.actions())
    menu.popup(demo.window.mapToGlobal(QPoint(40, 24)))
    place = menu.actionGeometry(action).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, menu.mapToGlobal(place))
    QApplication.sendEvent(menu, event)
    assert "no region" in QToolTip.text()
    menu.close()
    QToolTip.hideText()


def test_without_an_image_nothing_can_be_done(driver: Driver) -> None:
    driver.open(None, None)
    for name in (*NAMES, "clear"):
        assert not driver.window.action(name).isEnabled()
        assert "no image" in driver.window.action(name).statusTip()


def test_shrinking_away_the_last_pixel_is_refused(demo: Driver) -> None:
    draw(demo, (20, 20), (21, 40))
    before = demo.region.mask.copy()
    steps = demo.region.undo_stack.count()
    demo.action("shrink")
    assert "too thin to shrink" in status(demo)
    np.testing.assert_array_equal(demo.region.mask, before)
    assert demo.region.undo_stack.count() == steps


def test_what_changes_nothing_is_no_step_and_says_why(demo: Driver) -> None:
    demo.action("invert")
    assert demo.region.mask.all()
    settle(demo)
    for name, words in (
        ("grow", "cannot grow"),
        ("shrink", "no border to shrink"),
        ("fill_holes", "no holes"),
    ):
        demo.action(name)
        assert words in status(demo)
    assert demo.region.undo_stack.count() == 1
    demo.action("invert")
    assert demo.region.is_empty
