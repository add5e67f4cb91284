"""Finding what is wrong in a folder: predict all images, filter them, follow the matrix."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView

from app.models.image_list import STATUS_ROLE
from app.views.legend_model import share_text
from app.workers.engine_client import LOST, EngineClient
from app.workers.jobs import Job, OnDone, OnFailed
from gridsal_core.comparison import compare
from gridsal_core.demo import find_demo
from gridsal_core.evaluation.folder import FolderStatistics
from tests.app.stories import click_digit, dismiss, error_text, has_dialog, label, set_steps
from tests.driver import NO_KEYS, Driver, there

LEFT = Qt.MouseButton.LeftButton
BACKGROUND, DIGIT_3 = 0, 4


@pytest.fixture(scope="class")
def window(engine: EngineClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One window for all stories of a class: the demo, with all of its images predicted."""
    found = find_demo()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDSAL_CACHE", str(tmp_path_factory.mktemp("cache")))
        hand = Driver(tmp_path_factory.mktemp("settings") / "settings.json", engine)
    hand.window.resize(1280, 800)
    hand.open(found.model, found.images)
    hand.wait(lambda: not hand.region.is_empty)
    set_steps(hand, 12)
    predict_all(hand)
    yield hand
    dismiss()
    hand.close()


@pytest.fixture
def predicted(window: Driver) -> Driver:
    """The same, with all images shown and none of them requested of."""
    window.app.image_filter.clear()
    window.window.workspace.show_page(window.window.image_page)
    window.window.images.select(0)
    window.wait(lambda: window.session.prediction is not None)
    window.region.replace_with(np.zeros((64, 64), bool), "painted", "Clear")
    return window


def predict_all(driver: Driver) -> None:
    driver.wait(lambda: driver.app.evaluation.statistics is not None)
    driver.action("predict_all")
    driver.wait(lambda: driver.app.evaluation.progress is None)
    driver.wait(lambda: statistics(driver).known.all())


def statistics(driver: Driver) -> FolderStatistics:
    return there(driver.app.evaluation.statistics)


def shown_names(driver: Driver) -> list[str]:
    model = driver.app.files.images
    return [model.path_at(row).name for row in range(model.rowCount())]


def status(driver: Driver, name: str) -> str:
    model = driver.app.files.images
    row = shown_names(driver).index(name)
    return str(model.index(row).data(STATUS_ROLE))


def type_name(driver: Driver, text: str) -> None:
    field = driver.window.images.filter_bar.name
    QTest.keyClicks(field, text)
    driver.wait(lambda: driver.window.images.filter_bar.wanted.text == text)


def choose_in(driver: Driver, field: str, text: str) -> None:
    """Choose an entry of one of the filter's boxes by its text."""
    combo = getattr(driver.window.images.filter_bar, field)
    combo.setCurrentIndex(combo.findText(text))
    QApplication.processEvents()


def open_page(driver: Driver) -> None:
    driver.action("show_confusion")
    driver.wait(driver.window.confusion.isVisible)
    driver.rest(20)


def click_cell(driver: Driver, true: int, predicted: int) -> None:
    view = driver.window.confusion.matrix
    place = view.visualRect(view.model().index(true, predicted)).center()
    QTest.mouseClick(view.viewport(), LEFT, NO_KEYS, place)
    QApplication.processEvents()


def current_index(driver: Driver) -> QModelIndex:
    view = there(driver.window.images.findChild(QListView, "images"))
    return view.currentIndex()


class TestPredicted:
    def test_every_image_is_predicted_as_the_window_does(self, predicted: Driver) -> None:
        known = statistics(predicted)
        here = compare(predicted.prediction.class_map, label(predicted), known.class_count)
        _, wrong, ignored = here.counts
        size = predicted.prediction.class_map.size
        share = there(known.error_share(0))
        assert share == pytest.approx(wrong / (size - ignored))
        assert status(predicted, shown_names(predicted)[0]) == f"error {share_text(share)}"
        assert known.confusion.images == 28

    def test_a_folder_that_was_predicted_is_known_at_once(
        self, predicted: Driver, tmp_path: Path
    ) -> None:
        before = statistics(predicted).confusion.counts
        open_folder(predicted, a_folder(tmp_path, 2))
        assert statistics(predicted).known.sum() == 0
        predicted.wait(lambda: predicted.session.prediction is not None)
        open_folder(predicted, find_demo().images)
        assert np.array_equal(statistics(predicted).confusion.counts, before)
        action = predicted.window.action("predict_all")
        assert not action.isEnabled()
        assert action.toolTip() == "All images are predicted."

    def test_a_predicted_image_needs_no_engine_when_it_is_opened(
        self, predicted: Driver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[object] = []
        monkeypatch.setattr(predicted.app.engine, "send", sent.append)
        for row in (20, 24):
            predicted.window.images.select(row)
            predicted.wait(lambda: predicted.session.prediction is not None)
            known = statistics(predicted)
            counts = np.bincount(predicted.prediction.class_map.ravel(), minlength=11)
            assert counts.tolist() == [int(known.pixels_of(None, k)[row]) for k in range(11)]
        assert sent == []
        assert not predicted.session.is_predicting

    def test_by_true_and_predicted_class(self, predicted: Driver) -> None:
        choose_in(predicted, "true", "digit 3")
        assert len(shown_names(predicted)) == 16
        choose_in(predicted, "predicted", "digit 9")
        known = statistics(predicted)
        holds = (known.pixels_of(DIGIT_3, None) > 0) & (known.pixels_of(None, 10) > 0)
        assert len(shown_names(predicted)) == holds.sum() > 0
        predicted.window.images.filter_bar.confusion.click()
        assert len(shown_names(predicted)) == (known.pixels_of(DIGIT_3, 10) > 0).sum() > 0

    def test_by_error_the_worst_first(self, predicted: Driver) -> None:
        choose_in(predicted, "order", "By error")
        known, model = statistics(predicted), predicted.app.files.images
        places = [there(model.place_of(model.path_at(row))) for row in range(28)]
        shares = [there(known.error_share(place)) for place in places]
        assert shares == sorted(shares, reverse=True)
        choose_in(predicted, "status", "With errors")
        assert len(shown_names(predicted)) == (known.error_shares > 0).sum()

    def test_the_matrix_shows_the_shares_and_says_them(self, predicted: Driver) -> None:
        open_page(predicted)
        confusion, page = statistics(predicted).confusion, predicted.window.confusion
        assert page.title.startswith(f"28 images · mean IoU {there(confusion.mean_iou):.3f}")
        share = float(confusion.shares[BACKGROUND, DIGIT_3])
        cell = page.model.index(BACKGROUND, DIGIT_3)
        assert cell.data() == f"{100 * share:.0f}"
        assert cell.data(Qt.ItemDataRole.ToolTipRole) == (
            f"background predicted as digit 3: {confusion.labelled[BACKGROUND, DIGIT_3]:,} pixels, "
            f"{share_text(share)} of background"
        )
        assert page.model.index(DIGIT_3, 11).data() == f"{confusion.iou[DIGIT_3]:.2f}"

    def test_a_cell_leads_to_its_images_and_to_the_wrong_part(self, predicted: Driver) -> None:
        open_page(predicted)
        click_cell(predicted, BACKGROUND, DIGIT_3)
        shares = statistics(predicted).shares_of(BACKGROUND, DIGIT_3)
        names, page, model = (
            shown_names(predicted),
            predicted.window.confusion,
            predicted.app.files.images,
        )
        assert len(names) == (shares > 0).sum() == page.examples.count()
        assert shares[there(model.place_of(model.path_at(0)))] == shares.max()
        item = page.examples.item(0)
        assert item.text().startswith(names[0])
        place = page.examples.visualItemRect(item).center()
        QTest.mouseClick(page.examples.viewport(), LEFT, NO_KEYS, place)
        wait_for_region(predicted)
        assert there(predicted.session.current).name == names[0]
        assert predicted.window.workspace.currentWidget() is predicted.window.image_page
        assert predicted.region.origin == "erroneous part"
        inside = predicted.region.mask
        assert set(label(predicted)[inside].tolist()) == {BACKGROUND}
        assert set(predicted.prediction.class_map[inside].tolist()) == {DIGIT_3}
        assert predicted.window.layers.boxes["errors"].isChecked()

    def test_the_keyboard_reaches_every_cell(self, predicted: Driver) -> None:
        open_page(predicted)
        page = predicted.window.confusion
        page.matrix.setFocus()
        page.matrix.setCurrentIndex(page.model.index(0, DIGIT_3 - 1))
        QTest.keyClick(page.matrix, Qt.Key.Key_Right)
        QTest.keyClick(page.matrix, Qt.Key.Key_Return)
        assert page.examples.count() > 1
        page.examples.setFocus()
        page.examples.setCurrentRow(1)
        QTest.keyClick(page.examples, Qt.Key.Key_Return)
        wait_for_region(predicted)
        assert str(predicted.region.origin) == "erroneous part"
        open_page(predicted)
        click_cell(predicted, DIGIT_3, DIGIT_3)
        predicted.app.confusion.open_example(0)
        wait_for_region(predicted)
        assert str(predicted.region.origin) == "correct part"

    def test_the_matrix_is_exported(self, predicted: Driver, tmp_path: Path) -> None:
        predicted.app.confusion.export(tmp_path / "c.csv")
        predicted.wait((tmp_path / "c.csv").exists)
        with open(tmp_path / "c.csv", newline="") as file:
            rows = list(csv.reader(file))
        counts = statistics(predicted).confusion.labelled
        assert [int(cell) for cell in rows[1][1:12]] == counts[0].tolist()
        predicted.app.confusion.export(tmp_path / "nowhere" / "c.csv")
        predicted.wait(has_dialog)
        assert "does not exist" in error_text()

    def test_other_label_places_begin_anew(self, predicted: Driver) -> None:
        predicted.app.labels.pattern_changed.emit("nowhere_{stem}.png")
        predicted.wait(lambda: predicted.app.evaluation.statistics is not None)
        assert statistics(predicted).known.sum() == 0
        predicted.app.labels.pattern_changed.emit("")
        predicted.wait(lambda: predicted.app.evaluation.statistics is not None)
        assert statistics(predicted).known.all()


class TestPass:
    def test_the_page_offers_it_and_stop_keeps_what_is_known(self, demo: Driver) -> None:
        demo.wait(lambda: demo.app.evaluation.statistics is not None)
        open_page(demo)
        page, bar = demo.window.confusion, demo.window.images.pass_bar
        assert "28 images" in page.empty_text
        assert not bar.isVisible()
        demo.push(page.offers[0])
        assert not demo.window.action("predict_all").isEnabled()
        demo.wait(lambda: statistics(demo).known.sum() >= 2)
        assert bar.isVisible()
        assert " of 28" in bar.text
        demo.push(bar.stop_button)
        assert not bar.isVisible()
        count = int(statistics(demo).known.sum())
        assert 2 <= count < 28
        demo.rest(200)
        assert int(statistics(demo).known.sum()) == count
        demo.wait(lambda: page.title.startswith(f"{count} of 28 images"))
        assert demo.window.action("predict_all").isEnabled()

    def test_it_waits_for_an_explanation_and_goes_on(self, demo: Driver) -> None:
        demo.wait(lambda: demo.app.evaluation.statistics is not None)
        click_digit(demo)
        set_steps(demo, 2000)
        demo.push(demo.window.run.main_button)
        demo.wait_for_steps()
        demo.action("predict_all")
        demo.rest(300)
        assert demo.app.runs.run is not None
        assert statistics(demo).known.sum() == 0
        assert "waits for the run" in demo.window.images.pass_bar.text
        demo.action("stop")
        demo.wait(lambda: statistics(demo).known.sum() > 1)
        demo.action("stop_predicting")

    def test_what_fails_is_told_and_the_others_go_on(
        self, demo: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = a_folder(tmp_path, 3)
        (folder / "images" / "000_bad.png").write_bytes(b"no image")
        open_folder(demo, folder)
        lose_first_job(demo.app.engine, monkeypatch)
        demo.action("predict_all")
        demo.wait(lambda: demo.app.evaluation.progress is None)
        assert statistics(demo).known.tolist() == [False, True, True, True]
        assert "000_bad.png" in demo.app.evaluation.failures[0]
        message = demo.window.status.currentMessage()
        assert message == "All 4 images are done. 1 could not be predicted; their entries say why."
        assert status(demo, "000_bad.png") in ("not predicted", "cannot be read")

        first, second = sorted((folder / "images").iterdir())[1:3]
        pixels = np.asarray(Image.open(first)).copy()
        pixels[:8] = 0
        Image.fromarray(pixels).save(first)
        Image.fromarray(np.full((64, 64), 255, np.uint8)).save(folder / "labels" / second.name)
        open_folder(demo, folder)
        assert statistics(demo).known.tolist() == [False, False, False, True]

    def test_without_label_maps_the_page_says_how_to_point_at_them(
        self, demo: Driver, tmp_path: Path
    ) -> None:
        folder = a_folder(tmp_path, 2)
        shutil.rmtree(folder / "labels")
        open_folder(demo, folder)
        demo.action("image_filters")
        choose_in(demo, "predicted", "digit 3")
        panel = demo.window.images
        assert panel.count_text.startswith("0 of 2 · predicted")
        demo.push(panel.predict_button)
        demo.wait(lambda: len(shown_names(demo)) == 2)
        demo.wait(lambda: demo.app.evaluation.progress is None)
        open_page(demo)
        page = demo.window.confusion
        demo.wait(lambda: "No image that was predicted has a label map" in page.empty_text)
        assert [button.text() for button in page.offers] == ["Label maps…"]

    def test_without_a_network_it_says_what_to_open(self, driver: Driver) -> None:
        driver.open(None, find_demo().images)
        action = driver.window.action("predict_all")
        assert not action.isEnabled()
        assert action.toolTip() == "Open a network first: File > Open model."


def lose_first_job(engine: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine end while it is at the first job, as far as that job's owner is told."""
    submit, is_lost = engine.submit, [False]

    def losing(job: Job[object], on_done: OnDone, on_failed: OnFailed) -> int:
        if not is_lost[0]:
            is_lost[0] = True
            QTimer.singleShot(0, lambda: on_failed(LOST, ""))
            return engine.new_ticket()
        return submit(job, on_done, on_failed)

    monkeypatch.setattr(engine, "submit", losing)


def a_folder(tmp_path: Path, count: int) -> Path:
    """Copy some images of the demo with their label maps."""
    demo = find_demo().images
    folder = tmp_path / "some"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
        for file in sorted((demo.parent / name).iterdir())[:count]:
            shutil.copy(file, folder / name)
    return folder


def open_folder(driver: Driver, folder: Path) -> None:
    """Open a folder and wait until all that the cache knows of it has come."""
    driver.app.evaluation.reset(None)
    driver.app.files.open_folder(folder)
    driver.wait(lambda: driver.session.folder == folder)
    driver.wait(lambda: driver.app.evaluation.statistics is not None)


def wait_for_region(driver: Driver) -> None:
    driver.wait(lambda: driver.session.loaded and not driver.region.is_empty)


class TestList:
    def test_a_name_is_searched_and_the_keys_follow_what_is_shown(self, demo: Driver) -> None:
        current = demo.session.current
        type_name(demo, "PLAIN_digit")
        assert all("plain_digit" in name for name in shown_names(demo))
        assert demo.window.images.count_text == "6 of 28"
        assert demo.session.current == current
        assert not current_index(demo).isValid()
        seen = []
        for _ in range(3):
            demo.action("next")
            seen.append(there(demo.session.current).name)
        demo.action("previous")
        assert seen == ["17_plain_digit0.png", "18_plain_digit2.png", "19_plain_digit5.png"]
        assert there(demo.session.current).name == "18_plain_digit2.png"
        demo.push(demo.window.images.clear_button)
        assert len(shown_names(demo)) == 28
        assert current_index(demo).row() == 17
        assert not demo.window.images.clear_button.isVisible()
        type_name(demo, "no such image")
        assert demo.window.images.count_text == "0 of 28"

    def test_by_what_was_explained_and_noted(self, demo: Driver, tmp_path: Path) -> None:
        click_digit(demo)
        demo.run()
        choose_in(demo, "status", "Noted")
        assert shown_names(demo) == []
        (kept,) = demo.session.results.results
        demo.session.results.describe(kept.identity, note="look again", tags=())
        assert shown_names(demo) == [there(demo.session.current).name]
        choose_in(demo, "status", "Explained")
        assert shown_names(demo) == [there(demo.session.current).name]
        open_folder(demo, a_folder(tmp_path, 3))
        demo.wait(lambda: len(shown_names(demo)) == 3)

    def test_the_grid_is_remembered(self, demo: Driver) -> None:
        view = there(demo.window.images.findChild(QListView, "images"))
        assert not view.isWrapping()
        demo.action("image_grid")
        assert view.isWrapping()
        assert demo.app.settings.image_layout == "grid"
        demo.rest(50)
        first, second = (view.visualRect(view.model().index(row, 0)) for row in (0, 1))
        assert first.top() == second.top()
        assert first.left() < second.left()
        demo.window.activateWindow()
        demo.action("find_image")
        assert demo.window.images.filter_bar.name.hasFocus()


def test_the_labels_are_a_layer_of_their_own(demo: Driver, tmp_path: Path) -> None:
    boxes = demo.window.layers.boxes
    demo.key(Qt.Key.Key_T)
    assert boxes["labels"].isChecked()
    assert not boxes["prediction"].isChecked()
    demo.action("toggle_image")
    demo.action("toggle_region")
    demo.window.layers.sliders["labels"].set_value(1)
    y, x = (int(at) for at in np.argwhere(label(demo) == DIGIT_3)[40])
    color = demo.window.canvas.grab().toImage().pixelColor(demo.point(x, y))
    assert (color.red(), color.green(), color.blue()) == demo.network.classes[DIGIT_3].color
    demo.key(Qt.Key.Key_X)
    assert not boxes["labels"].isChecked()
    demo.key(Qt.Key.Key_T)
    shutil.copy(demo.loaded.path, tmp_path / "alone.png")
    demo.app.files.open_folder(tmp_path)
    demo.wait(lambda: demo.session.loaded and demo.loaded.path.name == "alone.png")
    assert not boxes["labels"].isEnabled()
    assert boxes["prediction"].isChecked()
    demo.key(Qt.Key.Key_T)
    reason = "alone.png has no label map; File > Label maps says where they are."
    assert demo.window.status.currentMessage() == reason


def test_street_scenes_are_counted_without_their_unlabelled_pixels(
    driver: Driver, street_model: Path, street_images: Path, tmp_path: Path
) -> None:
    unlabelled = 0
    for folder in (street_images, street_images.parent / "labels"):
        (tmp_path / folder.name).mkdir()
        for file in sorted(folder.iterdir())[:3]:
            shutil.copy(file, tmp_path / folder.name)
    for file in (tmp_path / "labels").iterdir():
        unlabelled += int((np.asarray(Image.open(file)) >= 11).sum())
    driver.open(street_model, tmp_path / "images")
    predict_all(driver)
    confusion = statistics(driver).confusion
    assert confusion.images == 3
    assert unlabelled == confusion.counts[-1].sum() > 0
    assert confusion.labelled.sum() == 3 * 360 * 480 - unlabelled
    assert 0.3 < there(confusion.mean_iou) < 0.9
    driver.action("next")
    driver.wait(lambda: driver.session.prediction is not None)
    here = compare(driver.prediction.class_map, label(driver), 11)
    share = there(statistics(driver).error_share(1))
    assert share == pytest.approx(here.counts[1] / (here.counts[0] + here.counts[1]))
