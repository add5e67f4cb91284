"""Panels that share a place: their tabs name them, and a title below does not say it again."""

from __future__ import annotations

from PySide6.QtWidgets import QDockWidget

from tests.driver import Driver


def has_title(dock: QDockWidget) -> bool:
    return dock.titleBarWidget() is None


def test_panels_under_tabs_have_no_title_of_their_own(driver: Driver) -> None:
    driver.open(None, None)
    titled = {name for name, dock in driver.window.docks.items() if has_title(dock)}
    assert titled == {"images", "view", "explain"}


def test_a_panel_that_is_pulled_out_has_its_title_and_loses_it_in_its_place(
    driver: Driver,
) -> None:
    driver.open(None, None)
    queue = driver.window.docks["queue"]
    queue.setFloating(True)
    driver.wait(lambda: has_title(queue))
    queue.setFloating(False)
    driver.wait(lambda: not has_title(queue))


def test_the_last_panel_of_a_place_has_its_title(driver: Driver) -> None:
    driver.open(None, None)
    docks = driver.window.docks
    docks["queue"].close()
    docks["results"].close()
    driver.wait(lambda: has_title(docks["plot"]))
    docks["results"].toggleViewAction().trigger()
    driver.wait(lambda: not has_title(docks["plot"]))
