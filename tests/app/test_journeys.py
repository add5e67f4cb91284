"""The main job, as a user does it: with the mouse and the keys, on the real window and engine."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPushButton

from gridsal_core.demo import find_demo
from tests.app.stories import (
    QUICK_SECONDS,
    SHIFT,
    click_digit,
    digit_pixel,
    is_running,
    label,
    phase,
    pixels,
    set_steps,
)
from tests.driver import Driver, there


def test_from_a_click_to_a_map_in_the_half_that_holds_the_context(demo: Driver) -> None:
    height, width = demo.prediction.class_map.shape
    segment_class = demo.prediction.class_map[height // 2, width // 2]
    demo.click(width // 2, height // 2)
    assert not demo.region.is_empty
    assert demo.session.class_index == segment_class
    demo.run()
    result = demo.result
    assert result.request.class_index == segment_class
    assert result.steps == 12
    assert demo.window.result.isVisible()
    assert demo.app.runs.run is None


def test_the_map_grows_while_the_run_goes_on(demo: Driver) -> None:
    click_digit(demo)
    seen: set[bytes] = set()
    demo.push(demo.window.run.main_button)
    while demo.app.runs.run is not None:
        demo.rest(5)
        seen.add(pixels(demo).tobytes())
    assert len(seen) > 3


def test_painting_undo_and_redo(demo: Driver) -> None:
    demo.action("brush")
    demo.window.brush_size.setValue(6)
    demo.drag((10, 10), (20, 10), (30, 10))
    painted = demo.region.mask.copy()
    assert painted[10, 10]
    assert painted[10, 29]
    assert not painted[30, 30]
    demo.action("eraser")
    demo.drag((20, 10), (21, 10))
    assert not demo.region.mask[10, 20]
    demo.action("undo")
    np.testing.assert_array_equal(demo.region.mask, painted)
    demo.action("undo")
    assert demo.region.is_empty
    demo.action("redo")
    np.testing.assert_array_equal(demo.region.mask, painted)


def test_shift_adds_a_rectangle_and_delete_clears(demo: Driver) -> None:
    demo.action("rectangle")
    demo.drag((2, 2), (6, 6), (10, 10))
    first = demo.region.pixel_count
    assert first > 0
    demo.action("pick")
    click_digit(demo, SHIFT)
    assert demo.region.pixel_count > first
    demo.action("clear")
    assert demo.region.is_empty


def test_the_class_can_be_chosen_and_follows_the_region_otherwise(demo: Driver) -> None:
    predicted = click_digit(demo)
    assert demo.session.class_index == predicted
    other = 1 if predicted != 1 else 2
    combo = demo.window.request.class_box
    combo.setCurrentIndex(combo.findData(other))
    combo.activated.emit(combo.currentIndex())
    assert demo.session.class_index == other
    demo.run()
    assert demo.result.request.class_index == other


def test_pause_stop_and_run_again_answer_at_once(demo: Driver) -> None:
    click_digit(demo)
    set_steps(demo, 2000)
    panel = demo.window.run
    demo.push(panel.main_button)
    demo.wait_for_steps()
    assert demo.push(panel.main_button) < QUICK_SECONDS
    assert phase(demo) == "paused"
    demo.rest(300)
    step = there(demo.running.snapshot).step
    demo.rest(200)
    assert there(demo.running.snapshot).step == step
    assert demo.push(panel.main_button) < QUICK_SECONDS
    demo.wait_for_steps(step + 1)
    assert demo.push(panel.stop_button) < QUICK_SECONDS
    assert not is_running(demo)
    assert panel.main_button.isEnabled()
    demo.wait(lambda: demo.session.result is not None)
    assert demo.result.stopped
    assert 0 < demo.result.steps < 2000
    assert demo.push(panel.main_button) < QUICK_SECONDS
    assert phase(demo) == "starting"
    demo.push(panel.stop_button)


def test_a_run_lands_where_it_belongs_when_the_image_is_changed(demo: Driver) -> None:
    click_digit(demo)
    first = demo.session.current
    set_steps(demo, 150)
    demo.push(demo.window.run.main_button)
    demo.key(Qt.Key.Key_PageDown)
    demo.wait(lambda: demo.session.loaded is not None)
    demo.wait(lambda: demo.session.prediction is not None)
    assert demo.session.current != first
    assert demo.app.runs.run is not None, "the prediction came while the run went on"
    demo.wait(lambda: demo.app.runs.run is None)
    demo.wait(lambda: demo.session.has_result(there(first)))
    assert demo.session.result is None
    demo.key(Qt.Key.Key_PageUp)
    demo.wait(lambda: demo.session.result is not None)
    assert demo.result.request.image_path == first


def test_the_status_line_tells_position_value_prediction_and_truth(demo: Driver) -> None:
    y, x = digit_pixel(demo)
    demo.hover(x, y)
    text = demo.window.status.pixel_text
    prediction = demo.prediction
    name = demo.network.classes[prediction.class_map[y, x]].name
    assert f"x {x}  y {y}" in text
    assert f"predicted {name} {prediction.confidence[y, x]:.2f}" in text
    true = demo.network.classes[int(label(demo)[y, x])].name
    assert f"true {true}" in text
    assert str(demo.loaded.rgb[y, x, 0]) in text


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_export(demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    click_digit(demo)
    demo.run()
    file = tmp_path / f"out.{suffix}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    demo.action("export_figure")
    demo.wait(file.exists)
    assert file.stat().st_size > 1000
    if suffix == "png":
        assert Image.open(file).size[0] > 400


def test_copy_puts_the_figure_on_the_clipboard(demo: Driver) -> None:
    click_digit(demo)
    demo.run()
    QGuiApplication.clipboard().clear()
    demo.action("copy_figure")
    demo.wait(lambda: not QGuiApplication.clipboard().image().isNull())
    assert QGuiApplication.clipboard().image().width() > 400


def test_one_click_opens_the_demo_ready_to_run(driver: Driver) -> None:
    driver.open(None, None)
    buttons = driver.window.canvas.findChildren(QPushButton)
    driver.push(next(button for button in buttons if button.text() == "Open demo"))
    driver.wait(driver.window.run.main_button.isEnabled)
    assert driver.region.origin == "predicted segment"


def test_folders_and_networks_can_be_dropped(driver: Driver) -> None:
    driver.open(None, None)
    found = find_demo()
    for path in (found.images, found.model):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        event = QDropEvent(
            QPointF(100, 100),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        driver.window.canvas.dropEvent(event)
    driver.wait(lambda: driver.session.prediction is not None)
    assert len(driver.session.images) >= 24


def test_the_recent_entries_are_remembered(demo: Driver) -> None:
    found = find_demo()
    assert demo.app.settings.recent_models[0].source == str(found.model)
    assert demo.app.settings.recent_folders[0] == found.images.resolve()
    assert demo.window.recent_models.actions()[0].text().startswith("model")


def test_closing_during_a_run_ends_the_engine(lone: Driver) -> None:
    found = find_demo()
    lone.open(found.model, found.images)
    lone.wait(lambda: not lone.region.is_empty)
    set_steps(lone, 5000)
    lone.push(lone.window.run.main_button)
    lone.wait_for_steps()
    engine = lone.app.engine
    began = time.monotonic()
    lone.close()
    assert time.monotonic() - began < 2
    assert not engine.is_running


def test_a_run_can_be_paused_before_its_first_step(demo: Driver) -> None:
    click_digit(demo)
    set_steps(demo, 300)
    panel = demo.window.run
    demo.push(panel.main_button)
    demo.push(panel.main_button)
    assert phase(demo) == "paused"
    demo.wait_for_steps()
    demo.rest(300)
    assert there(demo.running.snapshot).step == 1
    demo.push(panel.main_button)
    demo.wait_for_steps(2)


def test_a_result_says_when_the_request_has_changed_since(demo: Driver) -> None:
    click_digit(demo)
    demo.run()
    said = []
    for step in ("clear", "undo"):
        said.append(demo.window.result.is_outdated)
        demo.action(step)
    assert [*said, demo.window.result.is_outdated] == [False, True, False]


def test_the_chosen_dialog_says_what_is_written_whatever_the_name_ends_in(
    demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    click_digit(demo)
    demo.run()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "data.csv"), ""))
    demo.action("export_figure")
    demo.wait((tmp_path / "data.csv.png").exists)
    assert not (tmp_path / "data.csv").exists()
