"""Scenes of the queue and of the dialogs that publish."""

from __future__ import annotations

from tests.scenes import demo_ready, demo_result
from tests.stage import Stage, scene


@scene("queue")
def queue(stage: Stage) -> bool:
    """One request that is done, one at work, and one that waits."""
    demo_ready(stage)
    driver = stage.driver
    driver.window.raise_dock("queue")
    for _ in range(3):
        driver.action("queue_add")
        driver.action("invert")
    driver.rest(3000)
    return True


@scene("queue-class")
def queue_class(stage: Stage) -> bool:
    """Every segment of a class."""
    demo_ready(stage)
    stage.driver.action("queue_class")
    return True


@scene("composer")
def composer(stage: Stage) -> bool:
    """A figure that is composed."""
    demo_result(stage)
    stage.driver.action("compose_figure")
    stage.driver.rest(6000)
    return True


@scene("export-data")
def export_data(stage: Stage) -> bool:
    """What of a result is written."""
    demo_result(stage)
    stage.driver.action("export_data")
    return True
