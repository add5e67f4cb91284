"""Pictures of a survey: its dialog, under way, its page."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.views.survey_dialog import SurveyDialog
from gridsal_core.demo import find_demo
from tests.app.doors import shown
from tests.driver import NO_KEYS, Driver
from tests.stage import Stage, scene

STREETS = 5
LONG_SECONDS = 900.0


@scene("survey-empty")
def survey_empty(stage: Stage) -> bool:
    """What the page says before there is a survey."""
    demo = find_demo()
    stage.driver.open(demo.model, demo.images)
    stage.driver.action("show_survey")
    return True


@scene("survey-dialog")
def survey_dialog(stage: Stage) -> bool:
    """What a survey is asked."""
    _dialog(stage)
    return True


@scene("survey-running")
def survey_running(stage: Stage) -> bool:
    """In the middle of a survey of the demo."""
    dialog = _dialog(stage)
    driver = stage.driver
    driver.push(dialog.start)
    driver.wait(lambda: (found := driver.app.survey_page.found) is not None and found.tables)
    driver.wait(lambda: "left" in driver.app.survey.text)
    driver.action("survey_pause")
    return True


@scene("survey-demo")
def survey_demo(stage: Stage) -> bool:
    """What the demo looks at, and the explanations behind a cell."""
    dialog = _dialog(stage)
    _finish(stage.driver, dialog)
    _click_strongest(stage.driver)
    return True


@scene("survey-street")
def survey_street(stage: Stage) -> bool:
    """What a street network looks at, by a few street scenes in few steps."""
    if not stage.has_street:
        return False
    driver = stage.driver
    driver.open(stage.street[0], some_streets(stage, STREETS))
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), steps=10, init=1.0))
    driver.action("survey")
    dialog = shown(driver, SurveyDialog)
    dialog.kinds["confusions"].setChecked(True)
    dialog.flips.setChecked(False)
    _finish(driver, dialog)
    _click_strongest(driver)
    return True


@scene("survey-table1")
def survey_table1(stage: Stage) -> bool:
    """Correct against erroneous predictions, with intervals."""
    if not survey_demo(stage):
        return False
    page = stage.driver.window.survey
    page.tabs.setCurrentIndex(1)
    page.shown_box.setCurrentIndex(1)
    return True


@scene("survey-bias")
def survey_bias(stage: Stage) -> bool:
    """The bias finder."""
    if not survey_demo(stage):
        return False
    page = stage.driver.window.survey
    titles = [page.tabs.tabText(index) for index in range(page.tabs.count())]
    page.tabs.setCurrentIndex(titles.index("Bias finder"))
    return True


@scene("survey-flips")
def survey_flips(stage: Stage) -> bool:
    """The bias finder by how often the label flips, and what is behind its first line."""
    if not survey_bias(stage):
        return False
    page = stage.driver.window.survey
    page.order_box.setCurrentIndex(1)
    place = page.bias.visualRect(page.bias_model.index(0, 0)).center()
    QTest.mouseClick(page.bias.viewport(), Qt.MouseButton.LeftButton, NO_KEYS, place)
    stage.driver.wait(page.behind.isVisible)
    stage.driver.rest(1500)
    return True


def _dialog(stage: Stage) -> SurveyDialog:
    demo = find_demo()
    driver = stage.driver
    # Beside the demo's images there may be no place to write.
    images = stage.folder / "demo" / "images"
    shutil.copytree(demo.images, images)
    shutil.copytree(demo.images.parent / "labels", images.parent / "labels")
    driver.open(demo.model, images)
    driver.wait(lambda: not driver.region.is_empty)
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), steps=12, init=1.0))
    driver.action("survey")
    dialog = shown(driver, SurveyDialog)
    driver.wait(lambda: "request" in dialog.estimate)
    return dialog


def _finish(driver: Driver, dialog: SurveyDialog) -> None:
    driver.push(dialog.start)
    driver.wait(lambda: driver.app.survey.phase == "done", LONG_SECONDS)
    driver.wait(lambda: driver.app.survey_page.found is not None)
    driver.rest(3000)


def _click_strongest(driver: Driver) -> None:
    view, model = driver.window.survey.heat, driver.window.survey.heat_model
    cells = model.lines[0].cells
    index = model.index(0, max(range(len(cells)), key=lambda k: cells[k].value))
    place = view.visualRect(index).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, NO_KEYS, place)
    driver.wait(driver.window.survey.behind.isVisible)
    driver.rest(1500)


def some_streets(stage: Stage, count: int) -> Path:
    """Copy some street scenes with their label maps, spread over the folder."""
    images = stage.street[1]
    for folder in (images, images.parent / "labels"):
        (stage.folder / "camvid" / folder.name).mkdir(parents=True)
        files = sorted(folder.iterdir())
        for file in files[:: max(1, len(files) // count)][:count]:
            shutil.copy(file, stage.folder / "camvid" / folder.name)
    return stage.folder / "camvid" / "images"
