"""The table of actions: keys of their own, and a tool bar that shows them."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolBar, QToolButton

from app.actions import SPECS, TOOLBAR
from gridsal_core.demo import find_demo
from tests.driver import Driver


def test_no_two_actions_share_a_key() -> None:
    keys = Counter(QKeySequence(spec.shortcut).toString() for spec in SPECS if spec.shortcut)
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_tool_has_icon_key_and_tip_and_a_place_in_the_tool_bar() -> None:
    in_toolbar = {name for names in TOOLBAR for name in names}
    tools = [spec for spec in SPECS if spec.group == "tool"]
    assert len(tools) == 8
    for spec in tools:
        assert spec.icon
        assert spec.shortcut
        assert spec.tip
        assert spec.name in in_toolbar


def test_the_tool_bar_fits_a_window_of_1280_pixels(driver: Driver) -> None:
    driver.open(None, None)
    driver.window.resize(1280, 800)
    driver.rest(100)
    bar = driver.window.findChild(QToolBar, "toolbar")
    assert bar is not None
    more = bar.findChild(QToolButton, "qt_toolbar_ext_button")
    assert more is None or not more.isVisible()


def test_what_cannot_be_used_now_says_why_not(driver: Driver) -> None:
    def silent() -> list[str]:
        tips = {spec.name: spec.tip for spec in SPECS}
        actions = driver.window.actions_by_name.values()
        return [
            a.objectName() for a in actions if not a.isEnabled() and told(a) == tips[a.objectName()]
        ]

    def told(action: QAction) -> str:
        keys = f" ({action.shortcut().toString()})"
        return action.toolTip().removesuffix(keys)

    driver.open(None, None)
    assert silent() == []
    demo = find_demo()
    driver.open(demo.model, demo.images)
    assert silent() == []
