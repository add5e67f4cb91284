"""What finds images and their errors, by itself: image filter, folder pass, confusion matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from app.controllers.confusion import ConfusionController
from app.controllers.folder_pass import ALL_KNOWN, FolderPassController
from app.controllers.image_filter import ImageFilterController
from app.models.evaluation import FolderEvaluation
from app.models.image_filter import ImageFilter
from app.models.image_list import ImageListModel
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import LOST
from app.workers.evaluation import EvaluateImage
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.datasets.folder import ImageListing
from gridsal_core.errors import OutputError
from gridsal_core.evaluation.counts import ImageCounts, count_pixels
from gridsal_core.evaluation.folder import FolderStatistics
from tests.app.mocked_window import MockedWindow, NotingEngine, PlayedTasks, errors_shown, says
from tests.app.stand_ins import NETWORK, SETTINGS, SIZE, class_map, keep, look_at

FOLDER = Path("street")
NAMES = ("a.png", "b.png", "c.png")


def counts(riders_seen: int) -> ImageCounts:
    """Of an image that truly is road alone, `riders_seen` pixels of it predicted as rider."""
    predicted = np.zeros(SIZE, np.uint8)
    predicted.reshape(-1)[:riders_seen] = 1
    return count_pixels(predicted, np.zeros(SIZE, np.uint8), 2)


@dataclass
class Folder:
    """A folder of three images, and what is around it."""

    window: MockedWindow
    session: Session
    images: ImageListModel
    evaluation: FolderEvaluation
    settings: AppSettings
    engine: NotingEngine
    tasks: PlayedTasks

    @property
    def listed(self) -> list[str]:
        """The names in the image list, in order."""
        return [self.images.path_at(row).name for row in range(self.images.rowCount())]

    def know(self, *riders_seen: int) -> None:
        """Have the first images predicted."""
        statistics = FolderStatistics(len(NAMES), 2)
        for row, pixels in enumerate(riders_seen):
            statistics.add(row, counts(pixels))
        self.evaluation.reset(statistics)


@pytest.fixture
def folder(qapp: QApplication) -> Iterator[Folder]:
    window, session = MockedWindow(SETTINGS), Session()
    images = ImageListModel(MagicMock())
    listing = ImageListing(FOLDER, NAMES)
    session.set_network(NETWORK)
    session.set_images(FOLDER, listing)
    images.set_paths(listing)
    bar = window.images.filter_bar
    bar.wanted = ImageFilter()

    def take(wanted: ImageFilter) -> None:
        bar.wanted = wanted
        says(bar.changed, wanted)

    bar.set_filter.side_effect = take
    yield Folder(
        window,
        session,
        images,
        FolderEvaluation(),
        AppSettings(),
        NotingEngine(),
        PlayedTasks(),
    )
    session.results.close(keep=False)


@pytest.fixture
def image_filter(folder: Folder) -> ImageFilterController:
    return ImageFilterController(
        folder.window.real, folder.session, folder.images, folder.evaluation, folder.settings
    )


class TestImageFilter:
    def test_a_confusion_lists_its_images_the_largest_share_first(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        folder.know(3, 0, 9)
        image_filter.show_confusion(0, 1)
        assert folder.listed == ["c.png", "a.png"]
        assert folder.window.action("clear_filter").isEnabled()

    def test_clear_shows_all_of_them_by_name_again(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        folder.know(3, 0, 9)
        image_filter.show_confusion(0, 1)
        folder.window.action("clear_filter").trigger()
        assert folder.listed == list(NAMES)
        assert not folder.window.action("clear_filter").isEnabled()

    def test_what_is_explained_is_listed_as_soon_as_it_is(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        folder.window.images.filter_bar.set_filter(ImageFilter(status="explained"))
        assert folder.listed == []
        keep(folder.session, "street/b")
        assert folder.listed == ["b.png"]

    def test_a_note_on_a_result_makes_its_image_noted(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        identity = keep(folder.session, "street/c")
        folder.window.images.filter_bar.set_filter(ImageFilter(status="noted"))
        assert folder.listed == []
        folder.session.results.describe(identity, note="why?", tags=())
        assert folder.listed == ["c.png"]

    def test_another_folder_begins_without_a_filter(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        folder.window.images.filter_bar.set_filter(ImageFilter(text="b"))
        assert folder.listed == ["b.png"]
        folder.session.set_images(FOLDER, ImageListing(FOLDER, NAMES))
        assert folder.window.images.filter_bar.wanted == ImageFilter()

    def test_another_network_offers_its_own_classes(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        folder.session.set_network(None)
        assert folder.window.images.filter_bar.set_classes.call_args.args == ((),)

    def test_the_layout_of_the_list_is_remembered(
        self, folder: Folder, image_filter: ImageFilterController
    ) -> None:
        folder.window.action("image_grid").setChecked(True)
        assert folder.settings.image_layout == "grid"
        folder.window.images.set_grid.assert_called_with(True)


class Pass:
    """A folder pass, with what is around it."""

    def __init__(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.networks, self.views, self.runs = MagicMock(), MagicMock(), MagicMock()
        self.runs.is_pending = False
        monkeypatch.setattr(
            "app.controllers.folder_pass.known_of_folder",
            lambda *_asked: FolderStatistics(len(NAMES), 2),
        )
        self.controller = FolderPassController(
            folder.window.real,
            folder.session,
            folder.evaluation,
            self.networks,
            self.views,
            self.runs,
            folder.engine.real,
            folder.tasks.real,
            folder.settings,
        )
        says(self.networks.opened, m.NetworkOpened(1, NETWORK, ModelCard()))
        folder.tasks.finish()

    @property
    def asked(self) -> list[str]:
        """The images that the engine was sent so far."""
        jobs = [command.job for command in self.folder.engine.of(m.RunJob)]
        return [job.name for job in jobs if isinstance(job, EvaluateImage)]

    def is_offered(self, name: str) -> bool:
        return self.folder.window.action(name).isEnabled()


@pytest.fixture
def passing(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Pass:
    return Pass(folder, monkeypatch)


class TestFolderPass:
    def test_images_are_predicted_one_after_the_other(self, passing: Pass) -> None:
        passing.controller.start()
        assert passing.asked == ["a.png"]
        passing.folder.engine.answer(counts(3))
        assert passing.asked == ["a.png", "b.png"]
        for _ in range(2):
            passing.folder.engine.answer(counts(0))
        assert passing.folder.window.told == "All 3 images are done."
        assert passing.folder.window.action("predict_all").toolTip() == ALL_KNOWN
        assert not passing.controller.is_at_work

    def test_it_waits_for_a_run_and_says_so(self, passing: Pass) -> None:
        passing.runs.is_pending = True
        passing.controller.start()
        assert passing.asked == []
        progress = passing.folder.evaluation.progress
        assert progress is not None
        assert "waits for the run" in progress.text
        passing.runs.is_pending = False
        says(passing.runs.run_changed)
        assert passing.asked == ["a.png"]

    def test_it_waits_for_a_check_too(self, passing: Pass) -> None:
        passing.folder.session.set_checking(True)
        passing.controller.start()
        assert passing.asked == []
        passing.folder.session.set_checking(False)
        assert passing.asked == ["a.png"]

    def test_an_image_that_fails_says_why_and_the_next_is_predicted(self, passing: Pass) -> None:
        passing.controller.start()
        passing.folder.engine.refuse("a.png is damaged.")
        assert passing.folder.evaluation.failures == {0: "a.png is damaged."}
        assert passing.asked == ["a.png", "b.png"]
        for _ in range(2):
            passing.folder.engine.answer(counts(0))
        assert "1 could not be predicted" in passing.folder.window.told
        assert passing.is_offered("predict_all"), "once more"

    def test_an_engine_that_ends_costs_an_image_one_more_try(self, passing: Pass) -> None:
        passing.controller.start()
        passing.folder.engine.refuse(LOST)
        assert passing.folder.evaluation.failures == {}
        says(passing.runs.run_changed)
        for _ in range(2):
            passing.folder.engine.answer(counts(0))
        assert passing.asked == ["a.png", "b.png", "c.png", "a.png"]
        passing.folder.engine.refuse(LOST)
        assert passing.folder.evaluation.failures == {0: LOST}

    def test_stop_gives_the_image_up_that_is_under_way(self, passing: Pass) -> None:
        passing.controller.start()
        passing.folder.engine.answer(counts(0))
        passing.folder.window.action("stop_predicting").trigger()
        assert passing.folder.engine.jobs == []
        assert passing.folder.window.told == "Stopped after 1 of 3 images."
        assert passing.is_offered("predict_all")
        assert not passing.is_offered("stop_predicting")

    def test_other_label_maps_mean_that_all_is_counted_anew(self, passing: Pass) -> None:
        passing.controller.start()
        passing.folder.engine.answer(counts(3))
        passing.controller.set_label_pattern("labels/{stem}.png")
        assert not passing.is_offered("predict_all"), "the cache is asked"
        passing.folder.tasks.finish()
        passing.controller.start()
        assert passing.asked == ["a.png", "b.png", "a.png"]

    def test_what_the_cache_says_of_a_folder_that_was_left_is_dropped(self, passing: Pass) -> None:
        passing.controller.set_label_pattern("labels/{stem}.png")
        passing.folder.session.set_images(FOLDER, ImageListing(FOLDER))
        late = passing.folder.tasks.waiting.pop(0)
        late[1](FolderStatistics(len(NAMES), 2))
        assert passing.folder.evaluation.statistics is None

    def test_without_a_network_there_is_nothing_to_predict_with(self, passing: Pass) -> None:
        passing.folder.session.set_network(None)
        assert "Open a network" in passing.folder.window.action("predict_all").toolTip()
        passing.controller.start()
        assert passing.asked == []


class Matrix:
    """The page *Confusion* with what is around it."""

    def __init__(self, folder: Folder) -> None:
        self.folder, self.filter, self.requests = folder, MagicMock(), MagicMock()
        self.page = folder.window.confusion
        self.page.isVisible.return_value = True
        self.controller = ConfusionController(
            folder.window.real,
            folder.session,
            folder.images,
            folder.evaluation,
            self.filter,
            self.requests,
            folder.tasks.real,
            folder.settings,
        )

    @property
    def headline(self) -> str:
        """What the empty page says."""
        return str(self.page.show_empty.call_args.args[0])

    @property
    def examples(self) -> tuple[str, list[tuple[str, int]]]:
        """The title of the list of images, and each name with its pixels."""
        title, found = self.page.show_examples.call_args.args
        return title, [(each.name, each.pixels) for each in found]


@pytest.fixture
def matrix(folder: Folder) -> Matrix:
    return Matrix(folder)


class TestConfusion:
    def test_an_empty_page_says_what_to_do_next(self, matrix: Matrix) -> None:
        says(matrix.page.shown)
        assert matrix.headline == "Where is the network wrong?"
        unlabelled = FolderStatistics(len(NAMES), 2)
        unlabelled.add(0, count_pixels(class_map(), None, 2))
        matrix.folder.evaluation.reset(unlabelled)
        assert matrix.headline == "No label maps were found"
        matrix.folder.session.set_network(None)
        assert matrix.headline == "Open a network and labelled images"

    def test_a_cell_lists_the_images_behind_it_here_and_in_the_image_list(
        self, matrix: Matrix
    ) -> None:
        matrix.folder.know(3, 0, 9)
        says(matrix.page.cell_chosen, 0, 1)
        assert matrix.examples == ("road predicted as rider", [("c.png", 9), ("a.png", 3)])
        matrix.filter.show_confusion.assert_called_with(0, 1)

    def test_an_example_opens_its_image_with_the_confused_part_as_the_request(
        self, matrix: Matrix
    ) -> None:
        folder = matrix.folder
        folder.know(3, 0, 9)
        folder.images.show_places(np.array([0, 1]))
        says(matrix.page.cell_chosen, 0, 1)
        says(matrix.page.example_chosen, 2)
        assert folder.session.current == FOLDER / "c.png", "also where the filter hides it"
        matrix.requests.pick_confusion.assert_not_called()
        look_at(folder.session, "street/c.png", class_map())
        matrix.requests.pick_confusion.assert_called_once_with(0, 1)
        folder.window.layers.boxes["errors"].setChecked.assert_called_with(True)

    def test_whoever_goes_elsewhere_meanwhile_gets_no_request_there(self, matrix: Matrix) -> None:
        matrix.folder.know(3, 0, 9)
        says(matrix.page.cell_chosen, 0, 1)
        says(matrix.page.example_chosen, 2)
        matrix.folder.session.set_current(FOLDER / "a.png")
        matrix.folder.session.set_current(FOLDER / "c.png")
        look_at(matrix.folder.session, "street/c.png", class_map())
        matrix.requests.pick_confusion.assert_not_called()

    def test_an_image_that_was_changed_since_says_that_nothing_is_confused(
        self, matrix: Matrix
    ) -> None:
        matrix.folder.know(3, 0, 9)
        matrix.requests.pick_confusion.return_value = False
        says(matrix.page.cell_chosen, 0, 1)
        says(matrix.page.example_chosen, 0)
        look_at(matrix.folder.session, "street/a.png", class_map())
        assert "no pixel of it is confused" in matrix.folder.window.told

    def test_another_network_forgets_the_cell(self, matrix: Matrix) -> None:
        matrix.folder.know(3, 0, 9)
        says(matrix.page.cell_chosen, 0, 1)
        matrix.folder.evaluation.reset(None)
        assert matrix.examples == ("", [])
        says(matrix.page.example_chosen, 0)
        assert matrix.folder.session.current is None

    def test_a_matrix_of_other_classes_than_the_networks_is_not_shown(self, matrix: Matrix) -> None:
        matrix.folder.evaluation.reset(FolderStatistics(len(NAMES), 7))
        assert not matrix.folder.window.action("export_confusion").isEnabled()
        matrix.page.show_confusion.assert_not_called()

    def test_it_is_written_as_a_table(self, matrix: Matrix, tmp_path: Path) -> None:
        matrix.folder.know(3, 0, 9)
        matrix.controller.export(tmp_path / "matrix.csv")
        matrix.folder.tasks.finish()
        assert "road" in (tmp_path / "matrix.csv").read_text("utf-8")
        assert matrix.folder.window.told == "matrix.csv was written."

    def test_a_place_that_cannot_be_written_is_said(
        self, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "confusion")
        matrix.folder.know(3, 0, 9)

        def full(*_given: Any) -> None:  # noqa: ANN401 - whatever is written
            raise OutputError("The disk is full.")

        monkeypatch.setattr("app.controllers.confusion.write_confusion", full)
        matrix.controller.export(Path("matrix.csv"))
        matrix.folder.tasks.finish()
        assert shown == ["The disk is full."]
