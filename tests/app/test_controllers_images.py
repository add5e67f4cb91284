"""What brings images, by itself: folders and what is dropped, and their predictions."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from app.controllers.files import FilesController
from app.controllers.prediction import GIVEN_UP, PredictionController
from app.models.image_list import STATUS_ROLE, ImageListModel
from app.settings import AppSettings
from app.workers import messages as m
from tests.app.mocked_window import (
    errors_shown,
    says,
)
from tests.app.stand_ins import (
    NETWORK,
    OTHER,
    SETTINGS,
    Room,
    keep,
    loaded_image,
    look_at,
    prediction,
)


class TestPredictions:
    @pytest.fixture(autouse=True)
    def predictions(self, room: Room) -> PredictionController:
        return PredictionController(room.session, room.engine.real)

    def see(self, room: Room, name: str) -> None:
        room.session.set_current(Path(name))
        room.session.set_loaded(loaded_image(name))

    def answer(self, room: Room) -> None:
        asked = room.engine.of(m.Predict)[-1]
        told = m.Predicted(asked.ticket, asked.view, NETWORK.predictor, prediction())
        room.engine.predicted.emit(told)

    def asked(self, room: Room) -> list[str]:
        return [command.view.path.name for command in room.engine.of(m.Predict)]

    def test_whoever_pages_through_waits_for_the_last_image_only(self, room: Room) -> None:
        for name in ("first.png", "second.png", "third.png"):
            self.see(room, name)
        assert self.asked(room) == ["first.png"]
        self.answer(room)
        assert self.asked(room) == ["first.png", "third.png"]

    def test_what_is_known_is_not_asked_again(self, room: Room) -> None:
        self.see(room, "first.png")
        self.answer(room)
        self.see(room, "second.png")
        self.answer(room)
        self.see(room, "first.png")
        assert self.asked(room) == ["first.png", "second.png"]
        assert room.session.prediction is not None

    def test_what_was_given_up_is_made_when_the_image_is_chosen_again(
        self, room: Room, predictions: PredictionController
    ) -> None:
        self.see(room, "first.png")
        predictions.give_up()
        room.session.set_loaded(loaded_image("first.png"))
        assert room.session.why_not_runnable(SETTINGS) == GIVEN_UP
        self.see(room, "second.png")
        self.answer(room)
        self.see(room, "first.png")
        assert self.asked(room) == ["first.png", "second.png", "first.png"]

    def test_a_failure_is_said_where_it_belongs(self, room: Room) -> None:
        self.see(room, "first.png")
        room.engine.failed.emit(m.Failed(room.engine.of(m.Predict)[-1].ticket, "Too large."))
        assert room.session.why_not_runnable(SETTINGS) == "Too large."
        assert not room.session.is_predicting

    def test_one_that_a_pass_has_made_is_taken_from_there(
        self, room: Room, predictions: PredictionController
    ) -> None:
        remembered = prediction()

        def recall(_loaded: object, take: object) -> bool:
            assert callable(take)
            take(remembered)
            return True

        predictions.recall = recall
        self.see(room, "first.png")
        assert self.asked(room) == []
        assert room.session.prediction is remembered


class TestFolders:
    @pytest.fixture
    def images(self) -> ImageListModel:
        return ImageListModel(MagicMock())

    @pytest.fixture
    def networks(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def settings(self) -> AppSettings:
        return AppSettings()

    @pytest.fixture
    def files(
        self, room: Room, images: ImageListModel, networks: MagicMock, settings: AppSettings
    ) -> FilesController:
        controller = FilesController(
            room.window.real,
            room.session,
            images,
            networks,
            room.tasks.real,
            settings,
        )
        room.window.images.select.side_effect = lambda row: says(
            room.window.images.image_selected, row
        )
        return controller

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "street"
        folder.mkdir()
        for name in ("a.png", "b.png"):
            (folder / name).touch()
        return folder.resolve()

    def test_a_folder_opens_at_its_first_image_and_is_remembered(
        self, room: Room, files: FilesController, settings: AppSettings, folder: Path
    ) -> None:
        files.open_folder(folder)
        room.tasks.finish()
        assert room.session.current == folder / "a.png"
        assert settings.recent_folders == (folder,)

    def test_a_dropped_image_opens_its_folder_at_that_image(
        self, room: Room, files: FilesController, folder: Path
    ) -> None:
        files.open_dropped([folder / "b.png"])
        room.tasks.finish()
        assert (room.session.current, len(room.session.images)) == (folder / "b.png", 2)

    def test_a_dropped_network_is_opened_and_a_session_handed_on(
        self, files: FilesController, networks: MagicMock, tmp_path: Path
    ) -> None:
        dropped: list[Path] = []
        files.session_dropped.connect(dropped.append)
        files.open_dropped([tmp_path / "network.onnx", tmp_path / "work.gridsal"])
        networks.open_model.assert_called_once_with(tmp_path / "network.onnx")
        assert dropped == [tmp_path / "work.gridsal"]

    def test_what_is_neither_says_what_can_be_dropped(
        self, room: Room, files: FilesController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "files")
        files.open_dropped([Path("notes.txt")])
        assert "notes.txt is neither an image" in shown[0]

    def test_a_folder_that_is_gone_is_told_and_the_open_one_stays(
        self, room: Room, files: FilesController, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "files")
        files.open_folder(folder)
        room.tasks.finish()
        files.open_folder(folder / "gone")
        room.tasks.finish()
        assert (len(shown), room.session.folder) == (1, folder)

    def test_a_page_of_an_image_elsewhere_is_shown_once_its_folder_is_listed(
        self, room: Room, files: FilesController, folder: Path
    ) -> None:
        files.show_image(folder / "b.png", 3)
        room.tasks.finish()
        assert (room.session.current, room.session.page) == (folder / "b.png", 3)

    def test_an_explained_image_says_so_while_its_network_is_open(
        self, room: Room, files: FilesController, images: ImageListModel
    ) -> None:
        images.set_paths([Path("a.png"), Path("b.png")])
        room.session.set_network(NETWORK)
        look_at(room.session)
        keep(room.session)
        row = images.index(0)
        assert "explained" in row.data(STATUS_ROLE)
        room.session.set_network(OTHER)
        assert "explained" not in row.data(STATUS_ROLE)
