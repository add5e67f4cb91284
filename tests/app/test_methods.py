"""All methods in the window: their settings, their runs, and what if the context were not there."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.views.settings_panel import SettingsPanel
from app.views.what_if_dialog import WhatIfDialog
from gridsal_core.methods import METHOD_INFOS, METHODS
from gridsal_core.perturbation import Blur, ConstantColor, Noise, Robust
from gridsal_core.regions import widened
from gridsal_core.settings import Settings
from tests.app.stories import click_digit
from tests.driver import Driver, there

chosen = st.builds(
    Settings,
    method=st.sampled_from(METHODS),
    mask_size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    perturbation=st.sampled_from(
        [ConstantColor(), Blur(3), Noise(2), Robust(), Robust((Blur(2), Noise(9)))]
    ),
    samples=st.integers(1, 500),
    noise=st.sampled_from([0.05, 0.15, 1.0]),
    seed=st.integers(0, 99),
    times_input=st.booleans(),
    absolute=st.booleans(),
    scaled=st.booleans(),
    total_variation=st.sampled_from([0.0, 0.01, 2.0]),
    dilation=st.integers(0, 30),
    tolerance=st.sampled_from([0.0, 1e-3, 0.1]),
    coarse_to_fine=st.booleans(),
    keep_best=st.booleans(),
    optimizer=st.sampled_from(["sgd", "adam"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    execution=st.sampled_from(["eager", "compile", "cuda-graphs"]),
)


@given(settings=chosen)
@hypothesis_settings(max_examples=25, deadline=None)
def test_no_setting_is_lost_in_the_panel(qapp: QApplication, settings: Settings) -> None:
    panel = SettingsPanel()
    panel.set_settings(settings)
    for field in fields(Settings):
        assert getattr(panel.settings(), field.name) == getattr(settings, field.name), field.name
    panel.deleteLater()


@pytest.mark.parametrize("method", METHODS)
def test_a_method_shows_its_own_settings_and_no_others(qtbot: QtBot, method: str) -> None:
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    panel.set_settings(Settings.from_dict({"method": method}))
    panel.show()

    def is_shown(name: str) -> bool:
        (field,) = panel.findChildren(QWidget, name)
        return field.isVisibleTo(panel)

    is_gradient = method[:2] in ("vg", "sg", "ig")
    assert is_shown("lam") == (not is_gradient)
    # Folded away at first; once unfolded the group shows what acts on the method.
    (dilation,), (tolerance,) = (
        panel.findChildren(QWidget, name) for name in ("dilation", "tolerance")
    )
    assert not dilation.isHidden()
    assert tolerance.isHidden() == is_gradient
    assert is_shown("samples") == (method[:2] in ("sg", "ig"))
    assert is_shown("noise") == (method[:2] == "sg")
    assert is_shown("times_input") == (method[:2] == "ig")
    assert is_shown("absolute") == is_gradient


def test_perturbations_that_make_no_sense_are_refused_and_the_old_ones_come_back(
    qtbot: QtBot,
) -> None:
    panel, said = SettingsPanel(), list[str]()
    qtbot.addWidget(panel)
    panel.refused.connect(said.append)
    panel.set_settings(replace(Settings(), perturbation=Robust()))
    panel.show()
    (line,) = (w for w in panel.findChildren(QLineEdit) if w.accessibleName() == "Perturbations")
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "fog")
    QTest.keyClick(line, Qt.Key.Key_Return)

    assert "The perturbation 'fog' is unknown" in said[0]
    assert panel.settings().perturbation == Robust()


@pytest.mark.parametrize("method", ["ig-context", "vg-grid"])
def test_a_gradient_is_run_and_read_as_what_it_is(demo: Driver, method: str) -> None:
    click_digit(demo)
    settings = demo.window.settings
    now = settings.settings().to_dict()
    settings.set_settings(Settings.from_dict(now | {"method": method, "samples": 7}))
    demo.run()

    result = demo.result
    assert result.settings.method == method
    assert result.steps == (7 if method.startswith("ig") else 1)
    assert demo.window.run.text.startswith("Done:")
    is_context = METHOD_INFOS[result.settings.method].form == "context"
    assert (result.saliency[result.request.region].max() == 0) == is_context


def test_a_widened_region_stays_out_of_the_live_map(demo: Driver) -> None:
    click_digit(demo)
    settings = demo.window.settings
    settings.set_settings(replace(settings.settings(), dilation=4))
    demo.push(demo.window.run.main_button)
    demo.wait_for_steps(2)
    assert demo.running.kept.sum() > demo.running.asked.region.sum()
    demo.wait(lambda: demo.app.runs.run is None)
    demo.wait(lambda: demo.session.result is not None)
    assert demo.result.saliency[widened(demo.result.request.region, 4)].max() == 0


def dialog() -> WhatIfDialog | None:
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, WhatIfDialog)]
    return next((each for each in found if each.isVisible()), None)


@pytest.mark.parametrize("name", ["what_if_remove", "what_if_keep"])
def test_the_context_is_changed_and_before_and_after_are_shown_and_saved(
    demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert not demo.window.action(name).isEnabled()
    click_digit(demo)
    demo.run()
    demo.action(name)
    demo.wait(lambda: dialog() is not None)
    shown = there(dialog())

    assert "inside the region" in shown.text.text()
    file = tmp_path / "before_after.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(file), ""))
    demo.push(shown.save)
    demo.wait(file.is_file)
    shown.close()


def test_what_is_painted_around_the_explained_region_can_be_removed(demo: Driver) -> None:
    click_digit(demo)
    demo.run()
    demo.action("brush")
    demo.drag((2, 2), (60, 2))
    demo.action("what_if_painted")
    demo.wait(lambda: dialog() is not None)
    shown = there(dialog())
    assert shown.text.text().startswith("Without the painted context")
    shown.close()


def test_in_one_dialog_the_context_is_changed_one_way_after_the_other(demo: Driver) -> None:
    click_digit(demo)
    demo.run()
    demo.action("what_if_remove")
    demo.wait(lambda: dialog() is not None)
    shown = there(dialog())
    before, after = there(shown.before.picture), there(shown.after.picture)
    assert before.class_map is not None
    assert after.class_map is not None
    flipped = (before.class_map != after.class_map) & demo.result.request.region
    np.testing.assert_array_equal(after.marked, flipped)
    pixels = [shown.table.item(row, 2) for row in range(shown.table.rowCount())]
    assert sum(int(there(item).text().replace(",", "")) for item in pixels) == flipped.sum()
    assert shown.empty.isVisible() == (not flipped.any())

    # The views are linked, and the classes can be taken off to see what was removed.
    shown.before.zoom_by(2)
    assert shown.after.zoom == shown.before.zoom
    shown.show_classes.setChecked(False)

    def asks_again() -> None:
        demo.wait(lambda: shown.text.text() != "The network predicts again…")

    assert not shown.threshold.isEnabled()
    shown.is_cut.setChecked(True)
    asks_again()
    assert "saliency from 0.5 on" in shown.text.text()
    shown.kinds["keep"].setChecked(True)
    asks_again()
    assert shown.text.text().startswith("With the object and the salient context alone")
    # Nothing is painted around the region: that is said where it was asked for.
    shown.kinds["painted"].setChecked(True)
    asks_again()
    assert "Nothing outside the region is painted" in shown.text.text()
    assert not shown.is_cut.isEnabled()

    # The menu asks in the dialog that is there.
    demo.action("what_if_remove")
    asks_again()
    assert there(dialog()) is shown
    assert shown.kind == "remove"
    shown.close()


def test_without_anything_painted_around_it_that_is_said(demo: Driver) -> None:
    click_digit(demo)
    demo.run()
    demo.action("what_if_painted")

    def boxes() -> list[str]:
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
        return [box.text() for box in found if box.isVisible()]

    demo.wait(boxes)
    assert "Nothing outside the region is painted" in boxes()[0]
    np.testing.assert_array_equal(demo.region.mask, demo.result.request.region)


def test_the_fast_preset_changes_the_optimiser_of_what_is_suggested(qtbot: QtBot) -> None:
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    panel.set_suggested(Settings(mask_size=(4, 4), lam=0.05))
    panel.set_preset("fast")
    chosen = panel.settings()
    assert (chosen.optimizer, chosen.steps, chosen.lam) == ("polyak", 36, 0.05)
    assert "optimizer" in chosen.deviations

    panel.set_suggested(Settings(mask_size=(8, 8), lam=0.02))
    assert panel.preset == "fast"
    assert (panel.settings().mask_size, panel.settings().optimizer) == ((8, 8), "polyak")

    panel.set_preset("suggested")
    assert panel.settings() == Settings(mask_size=(8, 8), lam=0.02)


def test_quicker_ways_are_offered_for_masks_that_are_optimised(qtbot: QtBot) -> None:
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    panel.set_settings(Settings(precision="bfloat16", execution="compile"))
    (precision,) = panel.findChildren(QComboBox, "precision")
    panel.show()
    titles = [button.text() for button in panel.findChildren(QToolButton) if button.isVisible()]
    assert "Speed" in titles
    assert precision.currentData() == "bfloat16"
    panel.set_settings(Settings(method="ig-context"))
    titles = [button.text() for button in panel.findChildren(QToolButton) if button.isVisible()]
    assert "Speed" not in titles
