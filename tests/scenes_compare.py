"""Pictures of comparisons."""

from __future__ import annotations

from dataclasses import replace

from app.views.compare_dialogs import SweepDialog
from tests.app.doors import shown
from tests.stage import Stage, scene

RIDER_IMAGE, RIDER_PLACE = "0016E5_08119.jpg", (117, 160)
LONG_SECONDS = 900.0


@scene("compare-empty")
def compare_empty(stage: Stage) -> bool:
    """The page that compares before anything is explained."""
    stage.driver.open(None, None)
    stage.driver.action("compare_page")
    return True


@scene("compare-parts")
def compare_parts(stage: Stage) -> bool:
    """A rider who is taken for a pedestrian, beside the pedestrian who is one."""
    if not stage.has_street:
        return False
    _pick_rider(stage)
    stage.driver.action("compare_parts")
    _wait_for_comparison(stage)
    return True


@scene("compare-lam")
def compare_lam(stage: Stage) -> bool:
    """The same request with four weights of the mask, as differences from the first."""
    if not stage.has_street:
        return False
    _pick_rider(stage)
    driver = stage.driver
    driver.action("compare_lam")
    dialog = shown(driver, SweepDialog)
    dialog.field.setText("0.005, 0.01, 0.02, 0.05")
    driver.push(dialog.compare)
    _wait_for_comparison(stage)
    driver.push(driver.window.compare.difference)
    return True


def _pick_rider(stage: Stage) -> None:
    driver = stage.driver
    driver.open(*stage.street)
    names = [path.name for path in driver.session.images]
    driver.window.images.select(names.index(RIDER_IMAGE))
    driver.wait(lambda: driver.session.loaded and driver.session.loaded.path.name == RIDER_IMAGE)
    driver.wait(lambda: driver.session.prediction is not None)
    driver.click(*RIDER_PLACE)
    settings = driver.window.settings
    # One start instead of two: the pictures should not take an hour.
    settings.set_settings(replace(settings.settings(), init=1.0))


def _wait_for_comparison(stage: Stage) -> None:
    driver = stage.driver
    driver.wait(lambda: not driver.app.comparisons.is_pending, LONG_SECONDS)
    driver.wait(lambda: all(each.view.picture for each in driver.window.compare.shown))
