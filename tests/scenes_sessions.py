"""Pictures of what is kept: the list of results, and a session that is offered back."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from app.views.moved_dialog import MovedDialog
from gridsal_core.demo import find_demo
from tests.app.doors import save_moved_session, shown
from tests.app.stories import click_digit, set_steps
from tests.driver import Driver
from tests.stage import Stage, scene

SOME = 5


@scene("results-list")
def results_list(stage: Stage) -> bool:
    """Some results of the demo, one with a note and tags, one selected."""
    driver = stage.driver
    _explain_some(driver)
    store, panel = driver.session.results, driver.window.results
    first, second, *_ = (kept.identity for kept in reversed(store.results))
    store.describe(second, note="Bricks above the digit, as expected", tags=["bias", "figure 2"])
    driver.window.docks["results"].raise_()
    panel.select([first])
    return True


@scene("results-menu")
def results_menu(stage: Stage) -> bool:
    """The same, with what can be done with a result."""
    results_list(stage)
    panel = stage.driver.window.results
    menu, place = panel.menu(), panel.view.mapToGlobal(panel.view.rect().center())
    # The screen of the pictures is larger than the window: there the menu would hang out of it.
    menu.popup(place - QPoint(0, menu.sizeHint().height()))
    return True


@scene("session-offer")
def session_offer(stage: Stage) -> bool:
    """After a crash: the session of a window that is gone."""
    lost = Driver(stage.folder / "lost.json")
    _explain_some(lost)
    lost.app.sessions.keep_for_next_start()
    lost.window.close()
    stage.driver.open(None, None)
    stage.driver.wait(lambda: stage.driver.window.offer.text)
    return True


@scene("session-moved")
def session_moved(stage: Stage) -> bool:
    """A session whose images were moved."""
    stage.driver.open(None, None)
    stage.driver.app.sessions.open(save_moved_session(stage.folder))
    shown(stage.driver, MovedDialog)
    return True


def _explain_some(driver: Driver) -> None:
    demo = find_demo()
    driver.open(demo.model, demo.images)
    set_steps(driver, 20)
    for number in range(SOME):
        if number:
            driver.action("next")
            driver.wait(lambda: driver.session.prediction is not None)
        click_digit(driver)
        driver.run()
