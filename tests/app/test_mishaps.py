"""What goes wrong is told in one sentence, and nothing that was made is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from gridsal_core.demo import find_demo
from tests.app.stories import (
    QUICK_SECONDS,
    click_digit,
    dismiss,
    error_text,
    has_dialog,
)
from tests.driver import Driver, there
from tests.engine.saved import save_network


def test_an_empty_region_cannot_be_run_and_the_window_says_why(demo: Driver) -> None:
    assert demo.region.is_empty
    assert not demo.window.run.main_button.isEnabled()
    assert "empty" in demo.window.run.text


def test_an_export_that_the_disk_refuses_is_told_and_nothing_is_lost(
    demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    click_digit(demo)
    demo.run()
    result = demo.result
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(blocked / "out.png"), ""))
    demo.action("export_figure")
    demo.wait(lambda: has_dialog())
    assert "out.png cannot be saved" in error_text()
    dismiss()
    assert demo.session.result is result


def test_opening_a_network_can_be_cancelled_at_once(driver: Driver) -> None:
    found = find_demo()
    driver.app.show(found.model, found.images)
    driver.wait(lambda: driver.session.opening is not None)
    assert driver.push(driver.window.run.stop_button) < QUICK_SECONDS
    assert driver.session.opening is None
    driver.app.networks.open_model(found.model)
    driver.wait(lambda: driver.session.network is not None)


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no model.safetensors"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99), "damaged"),
        (lambda folder: (folder / "gridsal.toml").write_text("name = "), "not valid TOML"),
    ],
)
def test_a_broken_checkpoint_is_told_in_a_sentence(
    driver: Driver, tmp_path: Path, break_it: Callable[[Path], object], told: str
) -> None:
    folder = tmp_path / "network"
    shutil.copytree(find_demo().model, folder)
    break_it(folder)
    driver.open(None, None)
    driver.app.networks.open_model(folder)
    driver.wait(lambda: has_dialog())
    assert told in error_text()
    assert "Traceback" not in error_text()
    dismiss()
    driver.app.networks.open_model(find_demo().model)
    driver.wait(lambda: driver.session.network is not None)


def test_a_network_that_the_image_does_not_fit_says_so(driver: Driver, tmp_path: Path) -> None:
    folder = tmp_path / "four-channels"
    network = save_network(folder, in_channels=4)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    driver.app.show(network, tmp_path)
    driver.wait(lambda: "4 channels" in driver.window.run.text)
    assert not driver.window.run.main_button.isEnabled()
    assert driver.session.loaded is not None


def test_an_empty_folder_and_a_truncated_image_are_told(driver: Driver, tmp_path: Path) -> None:
    driver.open(None, None)
    driver.app.files.open_folder(tmp_path)
    driver.wait(lambda: has_dialog())
    assert "no image" in error_text().lower()
    dismiss()
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (300, 200), "red").save(folder / "b.jpg")
    data = (folder / "b.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(data[: len(data) // 2])
    driver.app.files.open_folder(folder)
    driver.wait(lambda: "a.jpg" in driver.window.canvas.hint_text)
    driver.app.networks.open_model(find_demo().model)
    driver.wait(lambda: "a.jpg" in driver.window.run.text)
    assert not driver.window.run.main_button.isEnabled()
    driver.action("next")
    driver.wait(lambda: driver.session.loaded is not None)
    assert there(driver.session.current).name == "b.jpg"


def test_the_engine_may_die_and_the_region_stays(demo: Driver) -> None:
    click_digit(demo)
    region = demo.region.mask.copy()
    demo.app.engine.kill()
    demo.wait(lambda: has_dialog())
    assert "started again" in error_text()
    dismiss()
    demo.wait(lambda: demo.session.network is not None)
    np.testing.assert_array_equal(demo.region.mask, region)
    demo.wait(lambda: demo.window.run.main_button.isEnabled())
    demo.run()
    assert demo.session.result is not None


def test_a_figure_that_was_asked_for_is_written_though_the_engine_died(
    demo: Driver, tmp_path: Path
) -> None:
    click_digit(demo)
    demo.run()
    demo.app.exports.export(tmp_path / "figure.png")
    demo.app.engine.kill()
    demo.wait((tmp_path / "figure.png").exists)


def test_an_export_never_replaces_an_opened_image(demo: Driver, tmp_path: Path) -> None:
    source = tmp_path / "images" / "a.png"
    source.parent.mkdir()
    shutil.copy(find_demo().images / "01_biased_digit3_bricks_upper.png", source)
    before = source.read_bytes()
    demo.app.files.open_folder(source.parent)
    demo.wait(lambda: demo.session.current == source)
    demo.wait(lambda: demo.session.prediction is not None)
    click_digit(demo)
    demo.run()
    demo.app.exports.export(source)
    assert "give another name" in error_text()
    assert source.read_bytes() == before


def test_an_image_that_has_vanished_is_told_at_run(demo: Driver, tmp_path: Path) -> None:
    source = tmp_path / "images" / "a.png"
    source.parent.mkdir()
    shutil.copy(find_demo().images / "01_biased_digit3_bricks_upper.png", source)
    demo.app.files.open_folder(source.parent)
    demo.wait(lambda: demo.session.current == source)
    demo.wait(lambda: demo.session.prediction is not None)
    click_digit(demo)
    source.unlink()
    demo.push(demo.window.run.main_button)
    demo.wait(has_dialog)
    assert "a.png cannot be read any more" in error_text()


def test_a_prediction_that_takes_too_long_can_be_stopped(demo: Driver, tmp_path: Path) -> None:
    Image.new("L", (5000, 3000), 90).save(tmp_path / "huge.png")
    demo.app.files.open_folder(tmp_path)
    demo.wait(lambda: demo.session.loaded is not None and demo.session.is_predicting)
    assert demo.push(demo.window.run.stop_button) < QUICK_SECONDS
    demo.wait(lambda: "was stopped" in demo.window.run.text)
    demo.wait(lambda: demo.session.network is not None)
    assert "was stopped" in demo.window.run.text


def test_an_engine_that_cannot_start_is_told_once(
    lone: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libc10.so is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    lone.open(None, None)
    lone.wait(has_dialog)
    assert "The engine cannot start: libc10.so is missing" in error_text()
    dismiss()
    lone.rest(1500)
    assert not has_dialog()
    assert not lone.app.engine.is_running


def test_a_number_that_cannot_be_is_told_at_run_and_nothing_runs(demo: Driver) -> None:
    click_digit(demo)
    lam = there(demo.window.findChild(QWidget, "lam"))
    lam.setFocus()
    QTest.keyClick(lam, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(lam, "-0.5")
    demo.push(demo.window.run.main_button)
    assert demo.app.runs.run is None
    assert "-0.5" in demo.window.run.text
