"""The main job, as a user does it: with the mouse and the keys, on the real window and engine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton

from app.workers.engine_client import EngineClient
from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.demo import find_demo
from tests.driver import Driver, there
from tests.engine.saved import save_network

SHIFT = Qt.KeyboardModifier.ShiftModifier
# What is tested is that nothing waits for the engine; how many milliseconds it takes is measured by
# `make bench`, since a busy test machine may be slow without anything being wrong.
QUICK_SECONDS = 2.0


@pytest.fixture(scope="module")
def engine(qapp: QApplication) -> Iterator[EngineClient]:
    """One real engine process for all stories: it imports torch once."""
    client = EngineClient()
    client.start()
    yield client
    client.close()


@pytest.fixture
def driver(engine: EngineClient, tmp_path: Path) -> Iterator[Driver]:
    hand = Driver(tmp_path / "settings.json", engine)
    hand.window.resize(1280, 800)
    yield hand
    dismiss()
    if hand.app.runs.run is not None:
        hand.action("stop")
    hand.wait(lambda: not hand.app.runs.is_pending)
    hand.close()


@pytest.fixture
def lone(qapp: QApplication, tmp_path: Path) -> Iterator[Driver]:
    """A window with an engine of its own, as a user has it."""
    hand = Driver(tmp_path / "settings.json")
    yield hand
    dismiss()
    hand.close()


@pytest.fixture
def demo(driver: Driver) -> Driver:
    """The window with the embedded demo open."""
    found = find_demo()
    driver.open(found.model, found.images)
    _set_steps(driver, 12)
    # The demo picks a segment by itself; the stories below begin without.
    driver.wait(lambda: not driver.region.is_empty)
    driver.action("clear")
    driver.region.undo_stack.clear()
    return driver


def pixels(driver: Driver) -> ByteArray:
    """What the canvas shows, (H, W, 3)."""
    shot = driver.window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(shot.constBits(), np.uint8)
    return data.reshape(shot.height(), shot.bytesPerLine())[:, : 3 * shot.width()].copy()


def error_text() -> str:
    """The sentence in the dialog that is open."""
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    return next(box.text() for box in boxes if box.isVisible())


def dismiss() -> None:
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMessageBox):
            widget.close()


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
    _click_digit(demo)
    seen: set[bytes] = set()
    demo.push(demo.window.run.main_button)
    while demo.app.runs.run is not None:
        demo.rest(5)
        seen.add(pixels(demo).tobytes())
    assert len(seen) > 3


def test_an_empty_region_cannot_be_run_and_the_window_says_why(demo: Driver) -> None:
    assert demo.region.is_empty
    assert not demo.window.run.main_button.isEnabled()
    assert "empty" in demo.window.run.text


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
    _click_digit(demo, SHIFT)
    assert demo.region.pixel_count > first
    demo.action("clear")
    assert demo.region.is_empty


def test_the_class_can_be_chosen_and_follows_the_region_otherwise(demo: Driver) -> None:
    predicted = _click_digit(demo)
    assert demo.session.class_index == predicted
    other = 1 if predicted != 1 else 2
    combo = demo.window.request.class_box
    combo.setCurrentIndex(combo.findData(other))
    combo.activated.emit(combo.currentIndex())
    assert demo.session.class_index == other
    demo.run()
    assert demo.result.request.class_index == other


def test_pause_stop_and_run_again_answer_at_once(demo: Driver) -> None:
    _click_digit(demo)
    _set_steps(demo, 2000)
    panel = demo.window.run
    demo.push(panel.main_button)
    demo.wait_for_steps()
    assert demo.push(panel.main_button) < QUICK_SECONDS
    assert _phase(demo) == "paused"
    demo.rest(300)
    step = there(demo.running.snapshot).step
    demo.rest(200)
    assert there(demo.running.snapshot).step == step
    assert demo.push(panel.main_button) < QUICK_SECONDS
    demo.wait_for_steps(step + 1)
    assert demo.push(panel.stop_button) < QUICK_SECONDS
    assert not _is_running(demo)
    assert panel.main_button.isEnabled()
    demo.wait(lambda: demo.session.result is not None)
    assert demo.result.stopped
    assert 0 < demo.result.steps < 2000
    assert demo.push(panel.main_button) < QUICK_SECONDS
    assert _phase(demo) == "starting"
    demo.push(panel.stop_button)


def test_a_run_lands_where_it_belongs_when_the_image_is_changed(demo: Driver) -> None:
    _click_digit(demo)
    first = demo.session.current
    _set_steps(demo, 150)
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
    y, x = _digit_pixel(demo)
    demo.hover(x, y)
    text = demo.window.status.pixel_text
    prediction = demo.prediction
    name = demo.network.classes[prediction.class_map[y, x]].name
    assert f"x {x}  y {y}" in text
    assert f"predicted {name} {prediction.confidence[y, x]:.2f}" in text
    true = demo.network.classes[int(_label(demo)[y, x])].name
    assert f"true {true}" in text
    assert str(demo.loaded.rgb[y, x, 0]) in text


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "npz"])
def test_export(demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    _click_digit(demo)
    demo.run()
    file = tmp_path / f"out.{suffix}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    demo.action("export_data" if suffix == "npz" else "export_figure")
    demo.wait(file.exists)
    assert file.stat().st_size > 1000
    if suffix == "png":
        assert Image.open(file).size[0] > 400


def test_an_export_that_the_disk_refuses_is_told_and_nothing_is_lost(
    demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _click_digit(demo)
    demo.run()
    result = demo.result
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(blocked / "out.png"), ""))
    demo.action("export_figure")
    demo.wait(lambda: _has_dialog())
    assert "out.png cannot be saved" in error_text()
    dismiss()
    assert demo.session.result is result


def test_copy_puts_the_figure_on_the_clipboard(demo: Driver) -> None:
    _click_digit(demo)
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
    assert demo.app.settings.recent_models[0] == found.model.resolve()
    assert demo.app.settings.recent_folders[0] == found.images.resolve()
    assert demo.window.recent_models.actions()[0].text().startswith("model")


def test_closing_during_a_run_ends_the_engine(lone: Driver) -> None:
    found = find_demo()
    lone.open(found.model, found.images)
    lone.wait(lambda: not lone.region.is_empty)
    _set_steps(lone, 5000)
    lone.push(lone.window.run.main_button)
    lone.wait_for_steps()
    engine = lone.app.engine
    began = time.monotonic()
    lone.close()
    assert time.monotonic() - began < 2
    assert not engine.is_running


def test_opening_a_network_can_be_cancelled_at_once(driver: Driver) -> None:
    found = find_demo()
    driver.app.show(found.model, found.images)
    driver.wait(lambda: driver.session.opening is not None)
    assert driver.push(driver.window.run.stop_button) < QUICK_SECONDS
    assert driver.session.opening is None
    driver.app.files.open_model(found.model)
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
    driver.app.files.open_model(folder)
    driver.wait(lambda: _has_dialog())
    assert told in error_text()
    assert "Traceback" not in error_text()
    dismiss()
    driver.app.files.open_model(find_demo().model)
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
    driver.wait(lambda: _has_dialog())
    assert "no image" in error_text().lower()
    dismiss()
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (300, 200), "red").save(folder / "b.jpg")
    data = (folder / "b.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(data[: len(data) // 2])
    driver.app.files.open_folder(folder)
    driver.wait(lambda: "a.jpg" in driver.window.canvas.hint_text)
    driver.app.files.open_model(find_demo().model)
    driver.wait(lambda: "a.jpg" in driver.window.run.text)
    assert not driver.window.run.main_button.isEnabled()
    driver.action("next")
    driver.wait(lambda: driver.session.loaded is not None)
    assert there(driver.session.current).name == "b.jpg"


def test_the_engine_may_die_and_the_region_stays(demo: Driver) -> None:
    _click_digit(demo)
    region = demo.region.mask.copy()
    demo.app.engine.kill()
    demo.wait(lambda: _has_dialog())
    assert "started again" in error_text()
    dismiss()
    demo.wait(lambda: demo.session.network is not None)
    np.testing.assert_array_equal(demo.region.mask, region)
    demo.wait(lambda: demo.window.run.main_button.isEnabled())
    demo.run()
    assert demo.session.result is not None


def _label(driver: Driver) -> IndexArray:
    label = driver.loaded.label
    assert label is not None
    return label


def _phase(driver: Driver) -> str:
    return driver.running.phase


def _is_running(driver: Driver) -> bool:
    return driver.app.runs.run is not None


def _has_dialog() -> bool:
    return any(
        isinstance(widget, QMessageBox) and widget.isVisible()
        for widget in QApplication.topLevelWidgets()
    )


def _digit_pixel(driver: Driver) -> tuple[int, int]:
    class_map = driver.prediction.class_map
    rows, columns = np.nonzero(class_map != np.bincount(class_map.ravel()).argmax())
    middle = len(rows) // 2
    return int(rows[middle]), int(columns[middle])


def _click_digit(
    driver: Driver, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> int:
    """Click a pixel that is not background and return its predicted class."""
    y, x = _digit_pixel(driver)
    driver.click(x, y, modifiers)
    driver.wait(lambda: not driver.region.is_empty)
    return int(driver.prediction.class_map[y, x])


def _set_steps(driver: Driver, steps: int) -> None:
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), steps=steps))
