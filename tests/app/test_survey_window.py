"""A survey in the window: asked for in a dialog, run in the background, read on its page."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from app.views.survey_dialog import SurveyDialog
from app.views.survey_heat import CELL_ROLE
from app.workers.engine_client import EngineClient
from gridsal_core.demo import find_demo
from gridsal_core.survey.behind import CellPlace
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.report import REPORT_NAME
from gridsal_core.survey.tables import tabulate
from tests.app.doors import answer, shown
from tests.app.stories import click_digit, dismiss, set_steps
from tests.driver import NO_KEYS, Driver, there
from tests.long import long

LEFT = Qt.MouseButton.LeftButton
DIGIT_3 = 4


def some_images(folder: Path, count: int) -> Path:
    """Copy some images of the demo, with their label maps."""
    demo = find_demo().images
    (folder / "some").mkdir(parents=True)
    for image in sorted(demo.glob("*.png"))[:count]:
        shutil.copy(image, folder / "some")
    labels = demo.parent / "labels"
    if labels.is_dir():
        (folder / "labels").mkdir()
        for image in (folder / "some").iterdir():
            shutil.copy(labels / image.name, folder / "labels")
    return folder / "some"


def open_some(driver: Driver, folder: Path, count: int) -> None:
    driver.open(find_demo().model, some_images(folder, count))
    driver.wait(lambda: not driver.region.is_empty)
    set_steps(driver, 4)


def ask(driver: Driver) -> SurveyDialog:
    driver.action("survey")
    return shown(driver, SurveyDialog)


def start(driver: Driver) -> Path:
    """Begin the survey that the dialog proposes."""
    dialog = ask(driver)
    folder = Path(dialog.choice.folder)
    driver.push(dialog.start)
    return folder


def finish(driver: Driver) -> None:
    driver.wait(lambda: driver.app.survey.phase == "done")
    driver.wait(
        lambda: (found := driver.app.survey_page.found) and found.item_count == items(driver)
    )


def items(driver: Driver) -> int:
    return there(driver.app.survey.news).items


def contents(folder: Path) -> list[tuple[object, ...]]:
    with Ledger.open(folder) as ledger:
        return [
            (
                each.identity,
                each.votes.weights,
                each.scores,
                ledger.maps(each.identity).mask.tolist(),
            )
            for each in ledger.summaries()
        ]


@pytest.fixture(scope="module")
def surveyed(engine: EngineClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One window with a survey of eight images, made by its own dialog."""
    hand = Driver(tmp_path_factory.mktemp("settings") / "settings.json", engine)
    hand.window.resize(1280, 800)
    open_some(hand, tmp_path_factory.mktemp("images"), 8)
    start(hand)
    finish(hand)
    yield hand
    dismiss()
    hand.close()


@pytest.fixture
def page(surveyed: Driver) -> Driver:
    """The same, with its page in sight and nothing chosen there."""
    surveyed.action("show_survey")
    surveyed.window.survey.tabs.setCurrentIndex(0)
    surveyed.window.survey.shown_box.setCurrentIndex(0)
    surveyed.window.survey.show_behind("", ())
    surveyed.rest(20)
    return surveyed


def cell_rect_click(driver: Driver, index: QModelIndex) -> None:
    view = driver.window.survey.heat
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), LEFT, NO_KEYS, view.visualRect(index).center())
    QApplication.processEvents()


def strongest_cell(driver: Driver) -> QModelIndex:
    """The cell of the first line with the largest share."""
    model = driver.window.survey.heat_model
    line = model.lines[0]
    best = int(np.nanargmax([cell.value for cell in line.cells]))
    return model.index(0, best)


class TestAsked:
    def test_the_dialog_says_what_is_asked_and_about_how_much(
        self, driver: Driver, tmp_path: Path
    ) -> None:
        open_some(driver, tmp_path, 3)
        dialog = ask(driver)
        driver.wait(lambda: "request" in dialog.estimate)
        assert "the other 2" in dialog.estimate
        assert "20 pixels, parts 1" in dialog.pixels.text()
        assert dialog.choice.kinds == ("predicted", "confusions")
        assert dialog.start.isEnabled()
        dialog.close()

    def test_it_says_what_stands_in_the_way(self, driver: Driver, tmp_path: Path) -> None:
        open_some(driver, tmp_path, 2)
        dialog = ask(driver)
        for box in dialog.kinds.values():
            box.setChecked(False)
        assert "needs requests" in dialog.told
        assert not dialog.start.isEnabled()
        dialog.kinds["predicted"].setChecked(True)
        driver.push(dialog.classes.none)
        assert dialog.told == "Check at least one class."
        driver.push(dialog.classes.all)
        (tmp_path / "used").mkdir()
        (tmp_path / "used" / "a.txt").touch()
        dialog.folder.setText(str(tmp_path / "used"))
        assert "something else" in dialog.told
        dialog.folder.setText(str(tmp_path / "some" / "inside"))
        assert "outside" in dialog.told
        dialog.folder.setText(str(tmp_path / "new"))
        assert dialog.told == ""
        assert dialog.start.isEnabled()
        dialog.close()

    def test_without_label_maps_only_predicted_segments_can_be_asked(
        self, driver: Driver, tmp_path: Path
    ) -> None:
        folder = some_images(tmp_path, 2)
        for file in tmp_path.rglob("labels/*"):
            file.unlink()
        for file in folder.glob("*_label*"):
            file.unlink()
        driver.open(find_demo().model, folder)
        dialog = ask(driver)
        assert [k for k, box in dialog.kinds.items() if box.isEnabled()] == ["predicted"]
        assert "File > Label maps" in dialog.kinds["confusions"].toolTip()
        assert not dialog.choice.uses_labels
        dialog.close()


class TestUnderWay:
    def test_it_can_be_paused_stopped_and_goes_on_to_the_same_end(
        self, driver: Driver, tmp_path: Path, surveyed: Driver
    ) -> None:
        open_some(driver, tmp_path, 8)
        folder = start(driver)
        driver.wait(lambda: items(driver) > 2 if driver.app.survey.news else False)
        driver.action("survey_pause")
        assert driver.app.survey.text.endswith("paused")
        driver.rest(300)
        held = items(driver)
        driver.rest(300)
        assert items(driver) == held
        driver.action("survey_stop")
        assert "stopped" in driver.app.survey.text
        assert driver.window.action("survey_pause").text() == "&Resume survey"
        driver.action("survey_pause")
        finish(driver)
        reference = contents(there(surveyed.app.survey.folder))
        assert [row[1:] for row in contents(folder)] == [row[1:] for row in reference]

    def test_while_an_explanation_is_computed_it_waits(
        self, driver: Driver, tmp_path: Path
    ) -> None:
        open_some(driver, tmp_path, 8)
        start(driver)
        driver.wait(lambda: driver.app.survey.news is not None)
        driver.window.workspace.show_page(driver.window.image_page)
        click_digit(driver)
        set_steps(driver, 60)
        driver.push(driver.window.run.main_button)
        driver.wait(lambda: driver.app.survey.waits_for == "the run")
        waiting = items(driver)
        driver.wait_for_steps(20)
        assert items(driver) == waiting
        driver.wait(lambda: driver.app.runs.run is None)
        driver.wait(lambda: items(driver) > waiting)
        driver.action("survey_stop")

    def test_closing_asks_and_what_is_finished_is_kept(
        self, driver: Driver, tmp_path: Path
    ) -> None:
        open_some(driver, tmp_path, 8)
        folder = start(driver)
        driver.wait(lambda: items(driver) > 2 if driver.app.survey.news else False)
        driver.window.close()
        assert "Open survey goes on" in shown(driver, QMessageBox).informativeText()
        answer(driver, QMessageBox.StandardButton.Cancel)
        assert driver.window.isVisible()
        driver.app.sessions.discard()
        driver.window.close()
        answer(driver, QMessageBox.StandardButton.Close)
        assert not driver.window.isVisible()
        assert len(contents(folder)) > 2

    @long
    def test_an_engine_that_dies_costs_no_result(self, lone: Driver, tmp_path: Path) -> None:
        open_some(lone, tmp_path, 8)
        start(lone)
        lone.wait(lambda: items(lone) > 2 if lone.app.survey.news else False)
        before = items(lone)
        lone.app.engine.kill()
        lone.wait(lambda: lone.app.survey.waits_for == "the network")
        dismiss()
        finish(lone)
        assert items(lone) > before


class TestPage:
    def test_it_shows_the_shares_and_the_baseline_of_the_ledger(self, page: Driver) -> None:
        with Ledger.open(there(page.app.survey.folder)) as ledger:
            table = tabulate(ledger)[0]
        model = page.window.survey.heat_model
        rows = [row for row in table.rows if row.cells]
        assert len(model.lines) == 2 * len(rows)
        for number, row in enumerate(rows):
            for context, cell in enumerate(row.cells):
                share = model.index(2 * number, context).data(CELL_ROLE)
                around = model.index(2 * number + 1, context).data(CELL_ROLE)
                assert (share.value, around.value) == (cell.share.value, cell.baseline.value)
                assert (share.mark != 0) == cell.excess.is_significant

    def test_a_cell_says_in_words_what_it_holds(self, page: Driver) -> None:
        told = strongest_cell(page).data(Qt.ItemDataRole.ToolTipRole)
        for word in ("requests on", "of the salient context is", "around the requests"):
            assert word in told
        survey = page.window.survey
        survey.heat.setCurrentIndex(survey.heat_model.index(0, 0))
        QTest.keyClick(survey.heat, Qt.Key.Key_Right)
        assert survey.about == survey.heat_model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)

    def test_the_switch_shows_differences(self, page: Driver) -> None:
        survey = page.window.survey
        survey.shown_box.setCurrentIndex(survey.shown_box.findData("difference"))
        lines = survey.heat_model.lines
        assert all(line.is_difference for line in lines)
        values = [cell.value for line in lines for cell in line.cells]
        assert min(values) < 0 < max(values)

    def test_a_click_lists_the_explanations_and_enter_opens_one_on_the_bench(
        self, page: Driver
    ) -> None:
        survey = page.window.survey
        index = strongest_cell(page)
        place = survey.heat_model.place(index)
        cell_rect_click(page, index)
        page.wait(lambda: survey.behind.isVisible())
        entries = survey.behind.model.entries
        strengths = [entry.excess for entry in entries]
        assert strengths == sorted(strengths, reverse=True)
        page.wait(lambda: survey.behind.model.index(0).data(Qt.ItemDataRole.DecorationRole))
        survey.behind.list.setFocus()
        QTest.keyClick(survey.behind.list, Qt.Key.Key_Return)
        page.wait(lambda: page.window.workspace.currentWidget() is page.window.image_page)
        entry = entries[0]
        assert there(page.session.current).name == entry.image
        page.wait(lambda: page.session.result is not None)
        result = page.result
        with Ledger.open(there(page.app.survey.folder)) as ledger:
            maps = ledger.maps(entry.identity)
        np.testing.assert_array_equal(result.mask, maps.mask)
        np.testing.assert_array_equal(page.region.mask, maps.region)
        assert result.request.class_index == place.class_index
        assert page.session.results.results[-1].settings == maps.settings
        count = len(page.session.results.results)
        page.action("show_survey")
        QTest.keyClick(survey.behind.list, Qt.Key.Key_Return)
        page.wait(lambda: page.window.workspace.currentWidget() is page.window.image_page)
        assert len(page.session.results.results) == count

    def test_the_bias_finder_ranks_and_leads_to_the_same_list(self, page: Driver) -> None:
        survey = page.window.survey
        titles = [survey.tabs.tabText(index) for index in range(survey.tabs.count())]
        survey.tabs.setCurrentIndex(titles.index("Bias finder"))
        found = there(page.app.survey_page.found)
        assert survey.bias_model.rowCount() == len(found.by_excess)
        survey.bias.setCurrentIndex(survey.bias_model.index(0, 0))
        QTest.keyClick(survey.bias, Qt.Key.Key_Return)
        page.wait(lambda: survey.behind.isVisible())
        pair = found.by_excess[0]
        assert pair.table.classes[pair.context].name in survey.behind.title

    def test_ranked_by_flips_a_line_lists_first_what_flips_most(self, page: Driver) -> None:
        survey = page.window.survey
        titles = [survey.tabs.tabText(index) for index in range(survey.tabs.count())]
        survey.tabs.setCurrentIndex(titles.index("Bias finder"))
        survey.order_box.setCurrentIndex(1)
        pair = there(page.app.survey_page.found).by_flips[0]
        survey.bias.setCurrentIndex(survey.bias_model.index(0, 0))
        QTest.keyClick(survey.bias, Qt.Key.Key_Return)
        page.wait(lambda: survey.behind.title.endswith("those that flip most first"))
        flips = [entry.flip_share for entry in survey.behind.model.entries]
        assert flips[0] == pair.cell.flip_examples[0].flip_share
        known = [share for share in flips if not isnan(share)]
        assert known == sorted(known, reverse=True) == flips[: len(known)]
        survey.order_box.setCurrentIndex(0)

    def test_it_is_exported_as_table_and_figure(self, page: Driver, tmp_path: Path) -> None:
        for name in ("out.csv", "out.png"):
            page.app.survey_bench.export(tmp_path / name)
        page.wait(lambda: not page.app.survey_bench.is_pending)
        with (tmp_path / "out.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert {row["section"] for row in rows} == {"predicted"}
        assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"

    def test_the_report_is_written_and_opened(
        self, page: Driver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[QUrl] = []
        monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
        page.action("survey_report")
        page.wait(lambda: bool(opened))
        report = Path(opened[0].toLocalFile())
        assert report == there(page.app.survey.folder) / REPORT_NAME
        assert report.is_file()

    def test_two_surveys_are_compared(self, page: Driver, tmp_path: Path) -> None:
        other = tmp_path / "other"
        shutil.copytree(there(page.app.survey.folder), other)
        page.app.survey_page.compare(other)
        survey = page.window.survey
        page.wait(lambda: "against" in survey.tabs.tabText(survey.tabs.currentIndex()))
        lines = survey.heat_model.lines
        assert lines
        assert all(cell.value == 0 for line in lines for cell in line.cells)

    def test_a_survey_is_opened_from_its_folder(self, driver: Driver, page: Driver) -> None:
        folder = there(page.app.survey.folder)
        driver.open(None, None)
        driver.action("show_survey")
        assert "figure 6" in driver.window.survey.empty_text
        driver.app.survey_page.open(folder)
        driver.wait(lambda: driver.app.survey_page.found is not None)
        assert driver.window.survey.title.startswith("Toy digits")
        assert "Resume" in driver.window.survey.bar.text
        place = driver.window.survey.heat_model.place(strongest_cell(driver))
        assert isinstance(place, CellPlace)
