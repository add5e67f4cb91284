"""The table of actions: keys of their own, and a tool bar and a list that show them."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QToolBar, QToolButton

from app.actions import CANVAS_KEYS, SPECS, TOOLBAR
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


def test_the_list_holds_every_key(driver: Driver) -> None:
    driver.open(None, None)
    driver.action("shortcuts")
    dialog = next(each for each in driver.window.findChildren(QDialog) if each.isVisible())
    said = {label.text() for label in dialog.findChildren(QLabel)}
    for keys in [spec.shortcut for spec in SPECS if spec.shortcut] + [k for k, _ in CANVAS_KEYS]:
        assert f"<b>{keys}</b>" in said
    assert {"Lasso", "Polygon", "Smart select", "Grow region"} <= said
    dialog.close()
