"""The list of results: every run is in it, can be found again, noted, gone back to and deleted."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file, save_file

from app.models.results import REMOVED, ResultStore, bytes_of
from app.models.results_table import Column
from gridsal_core.demo import find_demo
from gridsal_core.frames import Box, Frame
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation
from tests.app.stories import click_digit, error_text
from tests.core.kept import made_explanation, save_picture
from tests.driver import Driver


def explain_digit(driver: Driver) -> KeptResult:
    """Explain the digit of the current image."""
    click_digit(driver)
    driver.run()
    return driver.session.results.results[-1]


def go(driver: Driver, action: str) -> None:
    driver.action(action)
    driver.wait(lambda: driver.session.prediction is not None)


def cell(driver: Driver, kept: KeptResult, column: Column) -> QPoint:
    """Where a cell of the list is."""
    panel = driver.window.results
    row = panel.shown_identities.index(kept.identity)
    index = panel.view.model().index(row, column)
    panel.view.scrollTo(index)
    QApplication.processEvents()
    return panel.view.visualRect(index).center()


def double_click(driver: Driver, kept: KeptResult, column: Column = Column.IMAGE) -> None:
    place, viewport = cell(driver, kept, column), driver.window.results.view.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QApplication.processEvents()


def write(driver: Driver, text: str) -> None:
    """Type into the cell that is being edited, and press Enter."""
    editors = driver.window.results.view.findChildren(QLineEdit)
    QTest.keyClicks(editors[0], text)
    QTest.keyClick(editors[0], Qt.Key.Key_Return)
    QApplication.processEvents()


def press(driver: Driver, key: Qt.Key) -> None:
    driver.window.results.view.setFocus()
    QTest.keyClick(driver.window.results.view, key)
    QApplication.processEvents()


@pytest.fixture
def two(demo: Driver) -> tuple[Driver, KeptResult, KeptResult]:
    """The demo with results on its first two images; the second one is shown."""
    demo.window.docks["results"].raise_()
    first = explain_digit(demo)
    go(demo, "next")
    return demo, first, explain_digit(demo)


def kept_tags(store: ResultStore, kept: KeptResult) -> tuple[str, ...]:
    now = store.get(kept.identity)
    return () if now is None else now.tags


def test_every_run_is_listed_noted_found_and_deleted(
    two: tuple[Driver, KeptResult, KeptResult],
) -> None:
    demo, first, second = two
    panel, store = demo.window.results, demo.session.results
    assert panel.shown_identities == (second.identity, first.identity), "the newest comes first"
    model = panel.view.model()
    said = [model.index(1, each).data() for each in (Column.CLASS, Column.TRUTH, Column.SCORE)]
    # The demo has label maps.
    name = first.class_info.name
    assert said == [name, name, f"{first.scores.image:.2f}"]
    picture = Qt.ItemDataRole.DecorationRole
    demo.wait(lambda: isinstance(model.index(1, Column.PICTURE).data(picture), QPixmap))

    panel.select([first.identity])
    press(demo, Qt.Key.Key_F2)
    write(demo, "Bricks, as expected")
    double_click(demo, first, Column.TAGS)
    write(demo, "bias, check, bias")
    kept = store.get(first.identity)
    assert kept is not None
    assert (kept.note, kept.tags) == ("Bricks, as expected", ("bias", "check"))

    for words, found in (
        ("brick expected", [first.identity]),
        ("CHECK digit", [first.identity]),
        ("check truly", [first.identity]),
        (second.image_path.name if second.image_path else "", [second.identity]),
        ("no such words", []),
    ):
        panel.words.setText(words)
        assert list(panel.shown_identities) == found, words
    panel.words.clear()

    demo.action("undo")
    assert kept_tags(store, first) == ()
    demo.action("redo")
    assert kept_tags(store, first) == ("bias", "check")

    before = demo.region.pixel_count
    panel.select([first.identity, second.identity])
    press(demo, Qt.Key.Key_Delete)
    assert not store.results
    assert panel.view.model().rowCount() == 0
    assert demo.region.pixel_count == before, "the key is not that of the region here"
    assert demo.session.result is None
    demo.action("undo")
    assert not panel.undo.isVisible()
    demo.action("redo")
    demo.push(panel.undo)
    assert panel.shown_identities == (second.identity, first.identity)
    assert store.get(first.identity) == kept
    demo.wait(lambda: demo.session.result is not None)


def test_a_double_click_brings_everything_back_as_it_was(
    two: tuple[Driver, KeptResult, KeptResult],
) -> None:
    demo, first, _ = two
    settings = demo.window.settings
    settings.set_settings(replace(settings.settings(), lam=7.0, steps=3))
    other = 1 if demo.session.class_index != 1 else 2
    demo.session.set_class(other)

    double_click(demo, first)

    demo.wait(lambda: demo.session.result is not None and demo.session.current == first.image_path)
    assert demo.result.request.class_index == first.class_index == demo.session.class_index
    np.testing.assert_array_equal(demo.region.mask, demo.result.request.region)
    assert settings.settings() == first.settings
    assert not demo.window.result.is_outdated

    # A later one of the same image gives way to the one that is gone back to.
    demo.action("rectangle")
    demo.drag((5, 5), (8, 8), (20, 20))
    demo.run()
    later = demo.session.results.results[-1]
    assert demo.result.request.origin == "painted"
    demo.window.results.select([first.identity])
    press(demo, Qt.Key.Key_Return)
    demo.wait(lambda: demo.result.request.origin == "predicted segment")
    assert demo.window.action("undo").text() == "&Undo Go back to a result"
    demo.action("undo")
    assert demo.region.pixel_count == later.region_pixels, "going back can be undone"


FULL = 64, 64
HALF = Frame(FULL, Box(0, 0, *FULL), (32, 32))
CROP = Frame(FULL, Box(2, 4, 60, 62), (58, 58))


@pytest.mark.parametrize("frame", [HALF, CROP], ids=["half", "crop"])
def test_a_result_at_another_frame_comes_back_in_it(demo: Driver, frame: Frame) -> None:
    click_digit(demo)
    demo.app.views.work_on(demo.loaded.path, 0, frame)
    demo.wait(lambda: demo.session.loaded is not None and demo.session.prediction is not None)
    assert demo.loaded.frame == frame
    demo.run()
    kept = demo.session.results.results[-1]
    demo.app.views.choose("fit")
    demo.wait(lambda: demo.session.loaded is not None and demo.loaded.view.frame is None)
    demo.action("next")
    demo.wait(lambda: demo.session.prediction is not None)

    demo.app.results.restore(kept.identity)

    demo.wait(lambda: demo.session.result is not None)
    assert demo.loaded.frame == frame
    np.testing.assert_array_equal(demo.region.mask, demo.result.request.region)


def test_the_menu_applies_settings_and_takes_actions_of_others(
    two: tuple[Driver, KeptResult, KeptResult],
) -> None:
    demo, first, _ = two
    settings, panel = demo.window.settings, demo.window.results
    settings.set_settings(replace(settings.settings(), lam=7.0))
    seen: list[int] = []
    panel.selection_changed.connect(lambda: seen.append(len(panel.selected_identities)))
    panel.select([first.identity])
    assert panel.selected_identities == (first.identity,)
    assert seen[-1] == 1
    panel.add_menu_actions(demo.window.action("export_figure"))
    entries = {action.text().replace("&", ""): action for action in panel.menu().actions()}
    assert {"Go back to this result", "Delete results", "Export figure…"} <= set(entries)
    entries["Apply its settings"].trigger()
    assert settings.settings() == first.settings


def other_network(folder: Path) -> Path:
    """The demo's network with other weights."""
    there = folder / "other"
    shutil.copytree(find_demo().model, there)
    weights = next(there.glob("*.safetensors"))
    tensors = load_file(weights)
    name = next(name for name, values in tensors.items() if values.ndim == 4)
    save_file(tensors | {name: tensors[name] * np.float32(1.001)}, weights)
    return there


def test_a_result_of_another_network_offers_to_open_that_one(demo: Driver, tmp_path: Path) -> None:
    first = explain_digit(demo)
    demo.app.networks.open_model(other_network(tmp_path))
    demo.wait(lambda: demo.network.sha256 != first.network_sha256)
    demo.wait(lambda: demo.session.prediction is not None)
    assert demo.session.result is None
    demo.window.docks["results"].raise_()

    double_click(demo, first)
    assert error_text().startswith(f"Open {first.network}")
    box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox))
    demo.push(box.button(QMessageBox.StandardButton.Open))

    demo.wait(lambda: demo.session.result is not None)
    assert demo.network.sha256 == first.network_sha256


def test_a_result_whose_image_is_gone_says_so(demo: Driver, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for image in demo.session.images[:2]:
        shutil.copy(image, pictures)
    demo.app.files.open_folder(pictures)
    demo.wait(lambda: demo.session.folder == pictures and demo.session.prediction is not None)
    kept = explain_digit(demo)
    go(demo, "next")
    demo.session.results.reset(demo.session.results.results)
    there = kept.image_path
    assert there is not None
    there.unlink()
    demo.app.results.restore(kept.identity)
    demo.wait(lambda: any(isinstance(w, QMessageBox) for w in QApplication.topLevelWidgets()))
    assert f"{there.name} does not exist" in error_text()


class TestStore:
    """What is kept of results in memory, and on the disk."""

    @pytest.fixture
    def wait(self, qtbot: QtBot) -> Callable[[Callable[[], object]], None]:
        return lambda done: qtbot.waitUntil(lambda: bool(done()))

    def test_memory_stays_flat_and_the_disk_has_it_all(
        self, tmp_path: Path, wait: Callable[[Callable[[], object]], None]
    ) -> None:
        picture = save_picture(tmp_path / "a.png")
        one = bytes_of(made_explanation(picture))
        store = ResultStore(root=tmp_path / "sessions", cache_bytes=3 * one)
        alive: list[weakref.ref[Explanation]] = []
        for seed in range(50):
            explanation = made_explanation(picture, seed=seed)
            alive.append(weakref.ref(explanation))
            store.add(explanation)
            del explanation
        wait(lambda: sum(ref() is not None for ref in alive) <= 3)
        assert store.cached_bytes <= 3 * one

        found: list[Explanation] = []
        store.fetch(store.results[0].identity, found.append, pytest.fail)
        assert not found, "it is not in memory any more"
        wait(lambda: found)
        np.testing.assert_array_equal(found[0].mask, made_explanation(picture, seed=0).mask)
        store.fetch(store.results[0].identity, found.append, pytest.fail)
        assert found[1] is found[0], "now it is"
        store.close(keep=False)
        assert not any((tmp_path / "sessions").iterdir())

    def test_what_cannot_be_written_stays_in_memory_and_is_told(
        self,
        tmp_path: Path,
        wait: Callable[[Callable[[], object]], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        picture = save_picture(tmp_path / "a.png")
        one = bytes_of(made_explanation(picture))
        store = ResultStore(root=tmp_path / "sessions", cache_bytes=one)
        said: list[str] = []
        store.unwritable.connect(said.append)

        def full(*_: object) -> None:
            from gridsal_core.errors import OutputError

            raise OutputError("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr("app.workers.kept_files.write_kept", full)
            kept = [store.add(made_explanation(picture, seed=seed)) for seed in range(3)]
            wait(lambda: len(said) == 3)
        found: list[Explanation] = []
        store.fetch(kept[0].identity, found.append, pytest.fail)
        assert len(found) == 1
        store.close(keep=False)

    def test_one_that_was_removed_is_not_fetched(self, qapp: QApplication, tmp_path: Path) -> None:
        store = ResultStore(root=tmp_path / "sessions")
        kept = store.add(made_explanation(None))
        store.remove([kept.identity])
        said: list[str] = []
        store.fetch(kept.identity, lambda _explanation: pytest.fail("it is gone"), said.append)
        assert said == [REMOVED]
        store.close(keep=False)


def test_a_wide_list_shows_more_of_long_texts_but_keeps_widths_that_the_user_set(
    two: tuple[Driver, KeptResult, KeptResult],
) -> None:
    driver, first, _second = two
    view = driver.window.results.view
    driver.window.resize(1280, 800)
    cell(driver, first, Column.NOTE)
    notes, scores = view.columnWidth(Column.NOTE), view.columnWidth(Column.SCORE)
    view.setColumnWidth(Column.IMAGE, 77)
    driver.window.resize(2560, 1440)
    driver.wait(lambda: view.columnWidth(Column.NOTE) > notes + 100)
    assert view.columnWidth(Column.SCORE) == scores
    assert view.columnWidth(Column.IMAGE) == 77
    driver.window.resize(1280, 800)
    driver.wait(lambda: view.columnWidth(Column.NOTE) == notes)
