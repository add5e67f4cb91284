"""Pictures of the guide: one street scene, from its comparison to a result that is brought back."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.driver import NO_KEYS
from tests.scenes_compare import compare_parts
from tests.stage import Stage, scene


@scene("guide-results")
def guide_results(stage: Stage) -> bool:
    """The riders who are taken for pedestrians, brought back from the list of results."""
    if not compare_parts(stage):
        return False
    driver = stage.driver
    store, panel = driver.session.results, driver.window.results
    wrong = store.results[-1].identity
    store.describe(wrong, note="truly a rider", tags=["rider"])
    driver.window.docks["results"].raise_()
    panel.select([wrong])
    driver.action("result_restore")
    driver.wait(lambda: driver.session.result is not None)
    driver.rest(1500)
    return True


@scene("guide-survey")
def guide_survey(stage: Stage) -> bool:
    """A survey that was made before, in the folder that GRIDSAL_SURVEY names."""
    folder = os.environ.get("GRIDSAL_SURVEY")
    if folder is None or not stage.has_street:
        return False
    driver = stage.driver
    driver.open(*stage.street)
    driver.app.survey_page.open(Path(folder))
    driver.action("show_survey")
    driver.wait(lambda: (found := driver.app.survey_page.found) is not None and found.tables)
    view, model = driver.window.survey.heat, driver.window.survey.heat_model
    lines = [line for line in model.lines if "Pedestrian" in line.name]
    row = model.lines.index(lines[0])
    cells = lines[0].cells
    index = model.index(row, max(range(len(cells)), key=lambda column: cells[column].value))
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, NO_KEYS, view.visualRect(index).center()
    )
    driver.wait(driver.window.survey.behind.isVisible)
    driver.rest(2000)
    return True
