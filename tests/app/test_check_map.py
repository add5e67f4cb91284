"""Check this map: how far it can be trusted, in a dialog, with the engine at work behind it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app.controllers.networks import Asked
from app.theme import DARK, LIGHT, THEMES, Theme, apply_theme
from app.views.check_dialog import SIZE, SMALLEST, CheckDialog
from app.views.curve_plot import LINES
from app.workers import messages as m
from gridsal_core.checks.result import ORDERS, Check, Curve, Curves
from gridsal_core.demo import find_demo
from gridsal_core.types import Prediction
from tests.app.doors import is_shown, shown
from tests.app.stories import (
    QUICK_SECONDS,
    click_digit,
    dismiss,
    error_text,
    has_dialog,
    set_steps,
)
from tests.driver import Driver

LONG = 2000
WEIGHTLESS = """
import torch
from torch import nn


class Bright(nn.Module):
    def forward(self, x):
        z = 8 * (x.mean(1, keepdim=True) - 0.5)
        return torch.cat((-z, z), 1)


def build():
    return Bright()
"""


@dataclass
class Followed:
    """The newest that the engine told of a check, and whether it has given it up."""

    done: int = 0
    total: int = 0
    has_ended: bool = False

    def hear(self, event: m.CheckProgress) -> None:
        self.done, self.total = event.done, event.total

    def hear_end(self, _event: m.Failed) -> None:
        self.has_ended = True


@pytest.fixture
def explained(demo: Driver) -> Driver:
    """The demo with a digit explained."""
    click_digit(demo)
    demo.run()
    return demo


@pytest.fixture
def long_one(explained: Driver) -> Driver:
    """A result whose check takes longer than any test waits."""
    set_steps(explained, LONG)
    explained.push(explained.window.run.main_button)
    explained.wait_for_steps(2)
    explained.action("stop")
    explained.wait(lambda: not explained.app.runs.is_pending)
    assert explained.result.settings.steps == LONG
    return explained


def begin(driver: Driver) -> CheckDialog:
    driver.push(driver.window.result.check)
    return shown(driver, CheckDialog)


def checked(driver: Driver) -> CheckDialog:
    dialog = begin(driver)
    driver.wait(lambda: not driver.session.is_checking)
    return dialog


def follow_into_the_shuffled_weights(driver: Driver) -> Followed:
    followed = Followed()
    driver.app.engine.check_progressed.connect(followed.hear)
    driver.app.engine.failed.connect(followed.hear_end)
    driver.wait(lambda: followed.total and followed.done > followed.total - LONG + 1)
    return followed


def predicted_anew(driver: Driver) -> Prediction:
    """Ask the engine for the prediction on the current image, whatever the session has of it."""
    answers: list[m.Predicted] = []
    driver.app.engine.predicted.connect(answers.append)
    driver.app.engine.send(m.Predict(driver.app.engine.new_ticket(), driver.loaded.view))
    driver.wait(lambda: answers)
    return answers[-1].prediction


def assert_same(one: Prediction, other: Prediction) -> None:
    np.testing.assert_array_equal(one.class_map, other.class_map)
    np.testing.assert_array_equal(one.confidence, other.confidence)


def test_a_map_is_checked_and_the_answer_is_told_in_words_curves_and_areas(
    explained: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = checked(explained)

    assert explained.result.class_name in dialog.windowTitle()
    assert "the map's order" in dialog.order.text().lower()
    assert dialog.weights.text().startswith("Shuffled weights")
    assert dialog.progress_text == ""
    file = tmp_path / "curves.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    explained.push(dialog.save)
    explained.wait(file.is_file)
    with file.open() as stream:
        lines = list(csv.DictReader(stream))
    for order in ORDERS:
        for curve, area in zip(("insertion", "deletion"), dialog.areas[order], strict=True):
            points = [line for line in lines if (line["curve"], line["order"]) == (curve, order)]
            shares = [float(point["share"]) for point in points]
            scores = [float(point["score"]) for point in points]
            means = (np.array(scores[1:]) + scores[:-1]) / 2
            assert float(area.text()) == pytest.approx(means @ np.diff(shares), abs=1e-3)
    dialog.close()


def test_a_name_without_an_ending_becomes_csv(
    explained: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = checked(explained)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    explained.push(dialog.save)
    explained.wait((tmp_path / "mine.csv").is_file)
    dialog.close()


def test_curves_that_the_disk_refuses_are_told_of_and_can_be_saved_elsewhere(
    explained: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = checked(explained)
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(blocked / "c.csv"), ""))
    explained.push(dialog.save)
    explained.wait(has_dialog)
    assert "c.csv cannot be saved" in error_text()
    dismiss()

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "c.csv"), ""))
    explained.push(dialog.save)
    explained.wait((tmp_path / "c.csv").is_file)
    dialog.close()


def test_without_a_map_or_while_another_is_made_the_action_says_why_there_is_no_check(
    demo: Driver,
) -> None:
    action = demo.window.action("check_map")
    assert not action.isEnabled()
    assert "run an explanation first" in action.statusTip()

    click_digit(demo)
    demo.run()
    assert action.isEnabled()
    assert "trusted" in action.statusTip()
    set_steps(demo, LONG)
    demo.push(demo.window.run.main_button)
    assert not action.isEnabled()
    assert "A run is under way" in action.toolTip()
    assert "A run is under way" in demo.window.result.check.toolTip()

    demo.wait_for_steps(1)
    demo.action("stop")
    demo.wait(lambda: not demo.app.runs.is_pending)
    assert action.isEnabled()


def test_a_long_check_says_how_far_it_is_and_the_window_stays_free(long_one: Driver) -> None:
    dialog = begin(long_one)
    assert dialog.order.text() == "Being measured…"
    assert not dialog.save.isEnabled()
    long_one.wait(lambda: " of " in dialog.progress_text and " left" in dialog.progress_text)

    assert not long_one.window.action("check_map").isEnabled()
    assert not long_one.window.run.main_button.isEnabled()
    assert "being checked" in long_one.window.run.text
    assert long_one.push(long_one.window.layers.boxes["heat"]) < QUICK_SECONDS
    dialog.close()


def by_its_button(driver: Driver, dialog: CheckDialog) -> None:
    driver.push(dialog.leave)


def by_escape(driver: Driver, dialog: CheckDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def by_closing_it(driver: Driver, dialog: CheckDialog) -> None:
    dialog.close()


def by_stop(driver: Driver, dialog: CheckDialog) -> None:
    driver.push(driver.window.run.stop_button)


@pytest.mark.parametrize("cancel", [by_its_button, by_escape, by_closing_it, by_stop])
def test_a_check_is_cancelled_at_once_and_afterwards_the_network_says_what_it_said(
    long_one: Driver, cancel: Callable[[Driver, CheckDialog], None]
) -> None:
    before = predicted_anew(long_one)
    dialog = begin(long_one)
    followed = follow_into_the_shuffled_weights(long_one)
    cancel(long_one, dialog)

    long_one.wait(lambda: not is_shown(CheckDialog), QUICK_SECONDS)
    assert not long_one.session.is_checking
    assert long_one.window.action("check_map").isEnabled()
    assert_same(predicted_anew(long_one), before)
    long_one.wait(lambda: followed.has_ended)
    assert_same(predicted_anew(long_one), before)
    assert not has_dialog()


def test_after_a_check_a_run_finds_the_map_it_found_before(explained: Driver) -> None:
    before = explained.result
    checked(explained).close()
    explained.run()
    np.testing.assert_array_equal(explained.result.mask, before.mask)
    np.testing.assert_array_equal(explained.result.losses, before.losses)


def test_after_a_cancelled_check_a_run_finds_the_map_it_found_before(long_one: Driver) -> None:
    set_steps(long_one, 12)
    long_one.run()
    before = long_one.result
    begin(long_one)
    long_one.action("stop")
    long_one.run()
    np.testing.assert_array_equal(long_one.result.mask, before.mask)


def test_another_image_is_predicted_as_ever_while_the_weights_are_shuffled(
    long_one: Driver,
) -> None:
    dialog = begin(long_one)
    followed = follow_into_the_shuffled_weights(long_one)
    long_one.action("next")
    long_one.wait(lambda: long_one.session.prediction is not None)
    assert long_one.session.is_checking
    meanwhile = long_one.prediction
    dialog.close()
    long_one.wait(lambda: followed.has_ended)
    assert_same(predicted_anew(long_one), meanwhile)


def test_an_answer_stays_while_the_window_goes_on_and_a_second_one_comes_beside_it(
    explained: Driver,
) -> None:
    first = checked(explained)
    explained.action("next")
    explained.wait(lambda: explained.session.prediction is not None)
    assert "run an explanation first" in explained.window.action("check_map").statusTip()
    explained.action("previous")
    explained.wait(lambda: explained.session.result is not None)
    explained.action("check_map")
    explained.wait(lambda: not explained.session.is_checking)

    assert first.isVisible()
    for dialog in explained.window.findChildren(CheckDialog):
        assert dialog.order.text() == first.order.text()
        dialog.close()


def test_a_network_without_weights_is_told_of_in_a_sentence(driver: Driver, tmp_path: Path) -> None:
    (tmp_path / "bright.py").write_text(WEIGHTLESS, "utf-8")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[8:24, 8:24] = 255
    Image.fromarray(pixels).save(pictures / "square.png")
    driver.open(None, pictures)
    driver.app.networks.open(Asked(f"{tmp_path / 'bright.py'}:build", trust_code=True))
    driver.wait(lambda: driver.session.prediction is not None)
    set_steps(driver, 200)  # fewer are over before the hand has left the button
    driver.click(16, 16)
    driver.wait(lambda: not driver.region.is_empty)
    driver.run()
    driver.push(driver.window.result.check)
    driver.wait(has_dialog)

    assert "no weights that can be shuffled" in error_text()
    assert not is_shown(CheckDialog)
    assert driver.window.action("check_map").isEnabled()


def test_the_engine_may_die_while_a_map_is_checked(long_one: Driver) -> None:
    dialog = begin(long_one)
    long_one.wait(lambda: " of " in dialog.progress_text)
    long_one.app.engine.kill()
    long_one.wait(has_dialog)

    assert not is_shown(CheckDialog)
    long_one.wait(lambda: long_one.session.opening is None)
    long_one.wait(lambda: long_one.window.action("check_map").isEnabled())
    dismiss()


def test_the_window_may_be_closed_while_a_map_is_checked(lone: Driver) -> None:
    found = find_demo()
    lone.open(found.model, found.images)
    lone.wait(lambda: not lone.region.is_empty)
    set_steps(lone, 12)
    lone.run()
    dialog = begin(lone)
    lone.wait(lambda: " of " in dialog.progress_text)
    lone.close()
    assert not is_shown(CheckDialog)


def rising(last: float) -> dict[str, Curve]:
    shares = np.linspace(0, 1, 5, dtype=np.float32)
    return {order: Curve(shares, shares * last) for order in ORDERS}


def test_lines_are_told_apart_without_colours_and_the_map_lies_on_top() -> None:
    assert len({line.style for line in LINES.values()}) == len(ORDERS)
    assert list(LINES)[-1] == "map"


@pytest.mark.parametrize("theme", THEMES[:2])
def test_the_map_is_drawn_in_the_colours_of_the_theme(
    qtbot: QtBot, qapp: QApplication, theme: Theme
) -> None:
    apply_theme(qapp, theme)
    dialog = CheckDialog("a map", None)
    qtbot.addWidget(dialog)
    dialog.set_check(Check(Curves(rising(0.9), rising(0.9)), 0.1))
    dialog.show()
    picture = dialog.insertion.grab().toImage()
    found = {
        picture.pixelColor(x, y).name()
        for x in range(picture.width())
        for y in range(picture.height())
    }
    assert (LIGHT if theme == "light" else DARK).series[0] in found


@pytest.mark.parametrize("size", [SMALLEST, SIZE, SIZE * 2])
def test_nothing_in_the_dialog_lies_on_top_of_anything_else(qtbot: QtBot, size: QSize) -> None:
    dialog = CheckDialog("a map", None)
    qtbot.addWidget(dialog)
    dialog.resize(size)
    dialog.show()
    dialog.set_progress(3, 142, "Step 3 of 142")
    for _ in range(2):
        qtbot.wait(20)
        parts = [dialog.insertion, dialog.order, dialog.weights, dialog.save]
        parts += [label for pair in dialog.areas.values() for label in pair]
        boxes = [part.geometry() for part in parts]
        for index, box in enumerate(boxes):
            assert not any(box.intersects(other) for other in boxes[index + 1 :])
        dialog.set_check(Check(Curves(rising(0.9), rising(-3)), None))
