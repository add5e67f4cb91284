"""The hints lead from the empty window to a first result, and then are gone."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from app.models.guide import Progress
from gridsal_core.demo import find_demo
from tests.app.stories import click_digit, set_steps
from tests.driver import Driver


def said(driver: Driver) -> str:
    """What the line over the image says."""
    return driver.window.canvas.next_step.text


def offers(driver: Driver) -> set[str]:
    """What the card on the empty canvas offers."""
    buttons = driver.window.canvas.findChildren(QPushButton)
    return {button.text() for button in buttons if button.isVisible()}


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    assert Progress(False, False, False, False).next_step == 0
    assert Progress(False, True, True, False).next_step == 0
    assert Progress(True, True, False, False).next_step == 2
    assert Progress(True, True, True, True).next_step is None


def test_each_step_names_the_one_after_it_until_there_is_a_result(driver: Driver) -> None:
    found = find_demo()
    driver.open(None, None)
    assert "Open a model and a folder" in driver.window.canvas.hint_text
    assert offers(driver) == {"Open demo", "Open model…", "Open image folder…"}

    driver.app.networks.open_model(found.model)
    driver.wait(lambda: driver.session.network is not None)
    assert "Now open a folder" in driver.window.canvas.hint_text
    assert offers(driver) == {"Open image folder…"}

    driver.app.files.open_folder(found.images)
    driver.wait(lambda: driver.session.prediction is not None)
    assert driver.window.canvas.hint_text == ""
    driver.action("clear")  # the demo picks a segment by itself
    assert "click a segment" in said(driver)

    click_digit(driver)
    assert "press Run" in said(driver)

    set_steps(driver, 4)
    driver.run()
    assert said(driver) == ""
    driver.action("next")
    driver.wait(lambda: driver.session.prediction is not None)
    assert said(driver) == ""
    assert not driver.app.settings.shows_hints


def test_a_folder_without_a_model_asks_for_one(driver: Driver) -> None:
    driver.open(None, find_demo().images)
    driver.wait(lambda: "open a model" in said(driver))


def test_it_can_be_sent_away_and_brought_back(demo: Driver) -> None:
    assert "click a segment" in said(demo)
    demo.push(demo.window.canvas.next_step.button)
    assert said(demo) == ""
    assert not demo.app.settings.shows_hints
    demo.action("hints")
    assert "click a segment" in said(demo)
