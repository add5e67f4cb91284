"""What the pictures show: small stories played on the real window."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.theme import apply_theme
from app.views.card_dialog import CardDialog
from app.views.check_dialog import CheckDialog
from app.views.what_if_dialog import WhatIfDialog
from gridsal_core.arrays import BoolArray
from gridsal_core.demo import find_demo
from gridsal_core.segments import largest_segment
from tests.app.doors import is_shown, save_weights, shown
from tests.driver import NO_KEYS, Driver, there

STREET_IMAGE = "0016E5_08001.jpg"
BUILDING, BICYCLIST = 1, 10
MISTAKEN_IMAGE = "14_unbiased_digit3.png"
LONG_SECONDS = 900.0


class Stage:
    """One window of a size and theme, and the street scene if there is one."""

    def __init__(
        self, folder: Path, size: tuple[int, int], theme: str, model: Path, images: Path
    ) -> None:
        application = QApplication.instance() or QApplication([])
        apply_theme(application, theme)  # type: ignore[arg-type]  # the names are THEMES's
        self.folder = folder
        self.street = (model, images)
        self.has_street = model.is_dir() and images.is_dir()
        self.driver = Driver(folder / "settings.json")
        self.driver.window.resize(*size)
        self.driver.window.move(0, 0)

    def shoot(self, file: Path) -> None:
        """Save what the screen shows of the window."""
        self.driver.rest(600)
        window = self.driver.window
        window.screen().grabWindow(0, 0, 0, window.width(), window.height()).save(str(file))

    def close(self) -> None:
        """Close the window, and a menu that is still open."""
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        self.driver.close()


def empty(stage: Stage) -> bool:
    """The window as it opens without anything."""
    stage.driver.open(None, None)
    stage.driver.rest(500)
    return True


def demo_ready(stage: Stage) -> bool:
    """The demo before Run."""
    demo = find_demo()
    stage.driver.app.requests.pick_first_segment()
    stage.driver.open(demo.model, demo.images)
    return True


def demo_result(stage: Stage) -> bool:
    """The demo, explained."""
    demo_ready(stage)
    stage.driver.run()
    return True


def street_running(stage: Stage) -> bool:
    """A bicyclist in a street scene, in the middle of a run."""
    if not stage.has_street:
        return False
    _pick_bicyclist(stage)
    driver = stage.driver
    driver.push(driver.window.run.main_button)
    driver.wait_for_steps(10)
    return True


def street_result(stage: Stage) -> bool:
    """The same, done."""
    if not stage.has_street:
        return False
    _pick_bicyclist(stage)
    stage.driver.run(LONG_SECONDS)
    stage.driver.hover(240, 200)
    return True


def _pick_bicyclist(stage: Stage) -> None:
    driver = stage.driver
    driver.open(*stage.street)
    _choose_image(driver, STREET_IMAGE)
    y, x = _middle(largest_segment(driver.prediction.class_map, BICYCLIST))
    driver.click(x, y)
    # One start instead of two: the pictures should not take an hour.
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), init=1.0))


def demo_errors(stage: Stage) -> bool:
    """What is wrong with a prediction of the demo, and one wrong part of it picked."""
    demo_ready(stage)
    driver = stage.driver
    _choose_image(driver, MISTAKEN_IMAGE)
    driver.action("toggle_errors")
    driver.wait(lambda: all(driver.window.layers.error_legend.texts))
    y, x = _a_wrong_pixel(driver)
    driver.click(x, y, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    return True


def street_errors(stage: Stage) -> bool:
    """The same of a street scene, with the menu of a segment open."""
    if not stage.has_street:
        return False
    _pick_bicyclist(stage)
    driver = stage.driver
    driver.action("toggle_errors")
    driver.wait(lambda: all(driver.window.layers.error_legend.texts))
    _open_menu(driver, *_middle(driver.prediction.class_map == BUILDING))
    return True


def no_labels(stage: Stage) -> bool:
    """The menu of a segment where nobody says what is true."""
    demo_ready(stage)
    driver = stage.driver
    alone = stage.folder / "unlabelled"
    alone.mkdir()
    shutil.copy(driver.loaded.path, alone / "alone.png")
    driver.app.files.open_folder(alone)
    driver.wait(lambda: driver.session.loaded and driver.session.loaded.path.parent == alone)
    driver.wait(lambda: driver.session.prediction is not None)
    _open_menu(driver, 32, 32)
    return True


def _open_menu(driver: Driver, y: int, x: int) -> None:
    place = driver.window.canvas.viewport().mapTo(driver.window, driver.point(x, y))
    handle = there(driver.window.windowHandle())
    QTest.mouseClick(handle, Qt.MouseButton.RightButton, NO_KEYS, place)
    driver.wait(lambda: QApplication.activePopupWidget() is not None)


def _choose_image(driver: Driver, name: str) -> None:
    driver.window.images.select([path.name for path in driver.session.images].index(name))
    driver.wait(lambda: driver.session.loaded and driver.session.loaded.path.name == name)
    driver.wait(lambda: driver.session.prediction is not None)


def _a_wrong_pixel(driver: Driver) -> tuple[int, int]:
    """A pixel (row, column) of the commonest mistake that is not about the background."""
    class_map, label = driver.prediction.class_map, driver.loaded.label
    if label is None:
        raise AssertionError("the scene needs a label map")
    count = len(driver.network.classes)
    is_wrong = (class_map != label) & (label < count) & (label > 0)
    kinds = class_map.astype(int) * count + label
    commonest = np.bincount(kinds[is_wrong]).argmax()
    return _middle(is_wrong & (kinds == commonest))


def _middle(mask: BoolArray) -> tuple[int, int]:
    """The pixel (row, column) of a mask that is in the middle in reading order."""
    places = np.argwhere(mask)
    row, column = places[len(places) // 2].tolist()
    return row, column


def open_model(stage: Stage) -> bool:
    """The door for networks."""
    stage.driver.open(None, None)
    stage.driver.action("open_model")
    return True


def model_library(stage: Stage) -> bool:
    """The networks that are known by name."""
    stage.driver.open(None, None)
    stage.driver.action("model_library")
    view = stage.driver.app.library.view
    if view is not None:
        view.select("torchvision:deeplabv3_resnet50")
    return True


def model_card(stage: Stage) -> bool:
    """Weights that say nothing of their network."""
    stage.driver.open(None, None)
    stage.driver.app.networks.open_model(save_weights(stage.folder))
    stage.driver.wait(lambda: is_shown(CardDialog))
    return True


def what_if(stage: Stage) -> bool:
    """Before and after, of the demo's first image."""
    demo_result(stage)
    stage.driver.action("what_if_remove")
    stage.driver.wait(lambda: is_shown(WhatIfDialog))
    return True


def check_running(stage: Stage) -> bool:
    """The demo's map while it is checked."""
    demo_result(stage)
    driver = stage.driver
    driver.push(driver.window.result.check)
    dialog = shown(driver, CheckDialog)
    driver.wait(lambda: " left" in dialog.progress_text)
    return True


def check(stage: Stage) -> bool:
    """How far the demo's map can be trusted."""
    check_running(stage)
    stage.driver.wait(lambda: not stage.driver.session.is_checking)
    return True


def gradient_result(stage: Stage) -> bool:
    """Integrated Gradients with their settings."""
    demo_ready(stage)
    driver = stage.driver
    now = driver.window.settings.settings()
    driver.window.settings.set_settings(replace(now, method="ig-context"))
    driver.run(LONG_SECONDS)
    return True


def polygon(stage: Stage) -> bool:
    """A polygon that a click would close."""
    demo_ready(stage)
    driver = stage.driver
    driver.action("polygon")
    for corner in ((8, 8), (50, 6), (58, 40), (30, 56)):
        driver.click(*corner)
    driver.hover(8, 8)
    return True


def smart_select(stage: Stage) -> bool:
    """The dark bricks of the demo's first image."""
    demo_ready(stage)
    stage.driver.action("smart")
    stage.driver.drag((2, 2), (60, 30))
    return True


SCENES: dict[str, Callable[[Stage], bool]] = {
    "empty": empty,
    "demo-ready": demo_ready,
    "demo-result": demo_result,
    "open-model": open_model,
    "model-library": model_library,
    "model-card": model_card,
    "street-running": street_running,
    "street-result": street_result,
    "what-if": what_if,
    "check-running": check_running,
    "check": check,
    "gradient-result": gradient_result,
    "polygon": polygon,
    "smart-select": smart_select,
    "errors-demo": demo_errors,
    "errors-street": street_errors,
    "errors-no-labels": no_labels,
}
