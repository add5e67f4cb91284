"""Pictures of finding what is wrong in a folder: the confusion matrix, and where its cells lead."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.views.confusion_page import PLACE_ROLE
from gridsal_core.demo import find_demo
from tests.driver import NO_KEYS, Driver
from tests.stage import Stage, scene

BUILDING, TREE = 1, 5
DIGIT_2, DIGIT_3 = 3, 4
STREETS = 24
LONG_SECONDS = 900.0


@scene("confusion-empty")
def confusion_empty(stage: Stage) -> bool:
    """What the page says before the images are predicted."""
    demo = find_demo()
    stage.driver.open(demo.model, demo.images)
    stage.driver.wait(lambda: stage.driver.app.evaluation.statistics is not None)
    stage.driver.action("show_confusion")
    return True


@scene("confusion-demo")
def confusion_demo(stage: Stage) -> bool:
    """What digits are taken for a three, and the images of one of them."""
    demo = find_demo()
    stage.driver.open(demo.model, demo.images)
    _show_confusion(stage.driver, DIGIT_2, DIGIT_3)
    return True


@scene("confusion-street")
def confusion_street(stage: Stage) -> bool:
    """The same of some street scenes, and buildings that were taken for trees."""
    if not stage.has_street:
        return False
    stage.driver.open(stage.street[0], _some_streets(stage))
    _show_confusion(stage.driver, BUILDING, TREE)
    return True


@scene("confusion-found")
def confusion_found(stage: Stage) -> bool:
    """The worst of these opened, the images as a grid with their filter."""
    if not confusion_street(stage):
        return False
    driver = stage.driver
    first = driver.window.confusion.examples.item(0)
    driver.app.confusion.open_example(first.data(PLACE_ROLE))
    driver.wait(lambda: driver.session.loaded and not driver.region.is_empty)
    driver.action("image_grid")
    driver.action("image_filters")
    return True


def _some_streets(stage: Stage) -> Path:
    """Copy some street scenes with their label maps: predicting all would take minutes."""
    images = stage.street[1]
    for folder in (images, images.parent / "labels"):
        (stage.folder / "camvid" / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:STREETS]:
            shutil.copy(file, stage.folder / "camvid" / folder.name)
    return stage.folder / "camvid" / "images"


def _show_confusion(driver: Driver, true: int, predicted: int) -> None:
    """Predict all images and click a cell of their matrix."""
    driver.wait(lambda: driver.app.evaluation.statistics is not None)
    driver.action("predict_all")
    driver.wait(lambda: driver.app.evaluation.progress is None, LONG_SECONDS)
    driver.action("show_confusion")
    driver.rest(100)
    view = driver.window.confusion.matrix
    place = view.visualRect(view.model().index(true, predicted)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, NO_KEYS, place)
