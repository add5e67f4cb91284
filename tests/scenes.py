"""What the pictures show: small stories played on the real window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.theme import apply_theme
from app.views.card_dialog import CardDialog
from app.views.check_dialog import CheckDialog
from app.views.what_if_dialog import WhatIfDialog
from gridsal_core.demo import find_demo
from gridsal_core.segments import largest_segment
from tests.app.doors import is_shown, save_weights, shown
from tests.driver import Driver

STREET_IMAGE = "0016E5_08001.jpg"
BICYCLIST = 10
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
        """Close the window."""
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
    row = [path.name for path in driver.session.images].index(STREET_IMAGE)
    driver.window.images.select(row)
    driver.wait(lambda: driver.session.loaded and driver.session.loaded.path.name == STREET_IMAGE)
    driver.wait(lambda: driver.session.prediction is not None)
    segment = largest_segment(driver.prediction.class_map, BICYCLIST)
    rows, columns = segment.nonzero()
    middle = len(rows) // 2
    driver.click(int(columns[middle]), int(rows[middle]))
    # One start instead of two: the pictures should not take an hour.
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), init=1.0))


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
}
