"""Every control of every window has a tooltip, a name, and its place in the order of Tab."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication

from app.theme import Theme, apply_theme
from app.views.forms import Collapsible
from gridsal_core.methods import Method
from tests.app.controls import cut_off, misplaced, out_of_reach, without_name, without_tip
from tests.app.every_window import every_window
from tests.app.stories import click_digit, set_steps
from tests.driver import Driver
from tests.long import long


def test_every_control_is_named_explained_reachable_and_seen_in_full(
    demo: Driver, qapp: QApplication, tmp_path: Path
) -> None:
    faults = []
    # The other theme is seen on the scaled screens.
    theme: Theme = "light" if "QT_SCALE_FACTOR" in os.environ else "dark"
    apply_theme(qapp, theme)
    for window in every_window(demo, tmp_path):
        if window is not demo.window:
            assert window.width() <= 1280, window.windowTitle()
            assert window.height() <= 760, window.windowTitle()
        faults += [f"no tooltip: {each}" for each in without_tip(window)]
        faults += [f"no name: {each}" for each in without_name(window)]
        faults += [f"out of Tab's reach: {each}" for each in out_of_reach(window)]
        faults += [f"cut off: {each}" for each in cut_off(window)]
        faults += [f"out of the platform's order: {each}" for each in misplaced(window)]
    qapp.setStyleSheet("")
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@long
@pytest.mark.parametrize("scale", ["1.5", "2"])
def test_and_so_they_are_on_a_scaled_screen(scale: str) -> None:
    test = f"{__file__}::test_every_control_is_named_explained_reachable_and_seen_in_full"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        env=os.environ | {"QT_SCALE_FACTOR": scale},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("method", ["context", "ig-context"])
def test_after_a_run_verdict_and_scores_are_seen_without_scrolling(
    demo: Driver, qapp: QApplication, method: Method
) -> None:
    apply_theme(qapp, "light")
    click_digit(demo)
    settings = demo.window.settings
    settings.set_settings(replace(settings.settings(), method=method, steps=4, samples=4))
    demo.run()
    demo.rest(50)
    result, column = demo.window.result, demo.window.explain_column
    assert column.verticalScrollBar().value() == 0
    seen = column.viewport().rect()
    for widget in result.verdict:
        place = QRect(widget.mapTo(column.viewport(), QPoint()), widget.size())
        assert seen.contains(place), widget
    qapp.setStyleSheet("")


def test_a_result_below_the_fold_is_scrolled_to(demo: Driver) -> None:
    click_digit(demo)
    set_steps(demo, 4)
    for part in demo.window.settings.findChildren(Collapsible):
        part.unfold()
    column, result = demo.window.explain_column, demo.window.result
    demo.wait(lambda: column.verticalScrollBar().maximum() > 0)
    demo.run()
    demo.wait(lambda: column.verticalScrollBar().value() > 0)
    place = QRect(result.mapTo(column.viewport(), QPoint()), result.size())
    assert column.viewport().rect().contains(place)
