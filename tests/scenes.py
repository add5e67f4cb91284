"""What the pictures show: small stories played on the real window."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.views.card_dialog import CardDialog
from app.views.check_dialog import CheckDialog
from app.views.command_palette import CommandPalette
from app.views.forms import Collapsible
from app.views.what_if_dialog import WhatIfDialog
from gridsal_core.arrays import BoolArray
from gridsal_core.demo import find_demo
from gridsal_core.segments import largest_segment
from tests.app.doors import is_shown, save_weights, shown
from tests.driver import NO_KEYS, Driver, there
from tests.stage import Stage, scene

STREET_IMAGE = "0016E5_08001.jpg"
BUILDING, BICYCLIST = 1, 10
MISTAKEN_IMAGE = "14_unbiased_digit3.png"
LONG_SECONDS = 900.0


@scene("empty")
def empty(stage: Stage) -> bool:
    """The window as it opens without anything."""
    stage.driver.open(None, None)
    stage.driver.rest(500)
    return True


@scene("network-only")
def network_only(stage: Stage) -> bool:
    """A network is open, and no images are."""
    stage.driver.open(None, None)
    stage.driver.app.networks.open_model(find_demo().model)
    stage.driver.wait(lambda: stage.driver.session.network is not None)
    return True


@scene("images-only")
def images_only(stage: Stage) -> bool:
    """Images are open, and no network is."""
    stage.driver.open(None, find_demo().images)
    return True


@scene("demo-ready")
def demo_ready(stage: Stage) -> bool:
    """The demo before Run."""
    demo = find_demo()
    stage.driver.app.requests.pick_first_segment()
    stage.driver.open(demo.model, demo.images)
    return True


@scene("demo-result")
def demo_result(stage: Stage) -> bool:
    """The demo, explained."""
    demo_ready(stage)
    stage.driver.run()
    return True


@scene("demo-fast")
def demo_fast(stage: Stage) -> bool:
    """The demo, explained with the preset Fast, whose optimiser can be seen."""
    demo_ready(stage)
    driver = stage.driver
    settings = driver.window.settings
    settings.set_preset("fast")
    for fold in settings.findChildren(Collapsible):
        fold.unfold()
    driver.run()
    return True


@scene("street-running")
def street_running(stage: Stage) -> bool:
    """A bicyclist in a street scene, in the middle of a run."""
    if not stage.has_street:
        return False
    _pick_bicyclist(stage)
    driver = stage.driver
    driver.push(driver.window.run.main_button)
    driver.wait_for_steps(10)
    return True


@scene("street-result")
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


@scene("errors-demo")
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


@scene("errors-street")
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


@scene("errors-no-labels")
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


@scene("open-model")
def open_model(stage: Stage) -> bool:
    """The door for networks."""
    stage.driver.open(None, None)
    stage.driver.action("open_model")
    return True


@scene("model-library")
def model_library(stage: Stage) -> bool:
    """The networks that are known by name."""
    stage.driver.open(None, None)
    stage.driver.action("model_library")
    view = stage.driver.app.library.view
    if view is not None:
        view.select("torchvision:deeplabv3_resnet50")
    return True


@scene("model-card")
def model_card(stage: Stage) -> bool:
    """Weights that say nothing of their network."""
    stage.driver.open(None, None)
    stage.driver.app.networks.open_model(save_weights(stage.folder))
    stage.driver.wait(lambda: is_shown(CardDialog))
    return True


@scene("what-if")
def what_if(stage: Stage) -> bool:
    """Before and after, of the demo's first image."""
    demo_result(stage)
    stage.driver.action("what_if_remove")
    stage.driver.wait(lambda: is_shown(WhatIfDialog))
    return True


@scene("check-running")
def check_running(stage: Stage) -> bool:
    """The demo's map while it is checked."""
    demo_result(stage)
    driver = stage.driver
    driver.push(driver.window.result.check)
    dialog = shown(driver, CheckDialog)
    driver.wait(lambda: " left" in dialog.progress_text)
    return True


@scene("check")
def check(stage: Stage) -> bool:
    """How far the demo's map can be trusted."""
    check_running(stage)
    stage.driver.wait(lambda: not stage.driver.session.is_checking)
    return True


@scene("gradient-result")
def gradient_result(stage: Stage) -> bool:
    """Integrated Gradients with their settings."""
    demo_ready(stage)
    driver = stage.driver
    now = driver.window.settings.settings()
    driver.window.settings.set_settings(replace(now, method="ig-context"))
    driver.run(LONG_SECONDS)
    return True


@scene("polygon")
def polygon(stage: Stage) -> bool:
    """A polygon that a click would close."""
    demo_ready(stage)
    driver = stage.driver
    driver.action("polygon")
    for corner in ((8, 8), (50, 6), (58, 40), (30, 56)):
        driver.click(*corner)
    driver.hover(8, 8)
    return True


@scene("smart-select")
def smart_select(stage: Stage) -> bool:
    """The dark bricks of the demo's first image."""
    demo_ready(stage)
    stage.driver.action("smart")
    stage.driver.drag((2, 2), (60, 30))
    return True


@scene("palette")
def palette(stage: Stage) -> bool:
    """The command palette, where some commands cannot be used."""
    demo_ready(stage)
    stage.driver.action("palette")
    QTest.keyClicks(shown(stage.driver, CommandPalette).field, "co")
    return True


@scene("shortcuts")
def shortcuts(stage: Stage) -> bool:
    """All shortcuts."""
    stage.driver.open(None, None)
    stage.driver.action("shortcuts")
    return True
