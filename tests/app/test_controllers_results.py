"""Going back, by itself: to folders that were moved, to a place, to a result of the list."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox

from app.controllers.moved import MovedController
from app.controllers.places import PlacesController
from app.controllers.results import OTHER_SCALE, ResultsController
from app.workers import messages as m
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.frames import Box, Frame
from gridsal_core.session.document import NetworkEntry, PageEntry, SessionDocument
from tests.app.mocked_window import (
    MockedView,
    errors_shown,
    mocked_dialog,
    says,
)
from tests.app.stand_ins import (
    NETWORK,
    OTHER,
    SETTINGS,
    SIZE,
    Room,
    keep,
    look_at,
    rectangle,
)

BUTTONS = QMessageBox.StandardButton


class TestMoved:
    """A session of another machine, with two images in a folder that is elsewhere now."""

    @pytest.fixture
    def dialog(self, monkeypatch: pytest.MonkeyPatch) -> MockedView:
        return mocked_dialog(monkeypatch, "moved.MovedDialog")

    @pytest.fixture
    def gone(self, tmp_path: Path) -> Path:
        return tmp_path / "then"

    @pytest.fixture
    def located(self) -> list[SessionDocument]:
        return []

    @pytest.fixture
    def moved(
        self, room: Room, dialog: MockedView, gone: Path, located: list[SessionDocument]
    ) -> MovedController:
        controller = MovedController(room.window.real, room.tasks.real)
        pages = tuple(PageEntry(image=gone / name) for name in ("a.png", "b.png"))
        controller.locate(SessionDocument(folder=gone, pages=pages), located.append)
        room.tasks.finish()
        return controller

    def choose(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        dialogs = MagicMock()
        dialogs.getExistingDirectory.return_value = str(folder)
        monkeypatch.setattr("app.controllers.moved.QFileDialog", dialogs)

    def test_the_new_place_is_asked_for_once_for_all_images(
        self,
        room: Room,
        dialog: MockedView,
        located: list[SessionDocument],
        moved: MovedController,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        now = tmp_path / "now"
        now.mkdir()
        (now / "a.png").touch()
        assert located == []
        self.choose(monkeypatch, now)
        says(dialog.folder_wanted)
        room.tasks.finish()
        assert [page.image for page in located[0].pages] == [now / "a.png", now / "b.png"]

    def test_a_folder_without_the_images_is_refused_and_asked_for_again(
        self,
        room: Room,
        dialog: MockedView,
        located: list[SessionDocument],
        moved: MovedController,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.choose(monkeypatch, tmp_path)
        says(dialog.folder_wanted)
        room.tasks.finish()
        assert "does not hold a.png" in dialog.show_wrong.call_args.args[0]
        assert located == []

    def test_one_can_do_without_it(
        self,
        room: Room,
        dialog: MockedView,
        gone: Path,
        located: list[SessionDocument],
        moved: MovedController,
    ) -> None:
        says(dialog.left_out)
        room.tasks.finish()
        assert [page.image.parent for page in located[0].pages] == [gone, gone]

    def test_closing_the_dialog_opens_nothing(
        self,
        room: Room,
        dialog: MockedView,
        located: list[SessionDocument],
        moved: MovedController,
    ) -> None:
        says(dialog.rejected)
        room.tasks.finish()
        assert located == []


class TestPlaces:
    @pytest.fixture
    def files(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def views(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def places(self, room: Room, files: MagicMock, views: MagicMock) -> PlacesController:
        return PlacesController(room.session, files, views)

    @pytest.fixture
    def arrived(self) -> list[bool]:
        return []

    def test_one_arrives_once_the_image_is_read(
        self, room: Room, files: MagicMock, places: PlacesController, arrived: list[bool]
    ) -> None:
        places.go(Path("b.png"), 0, None, arrived.append)
        files.show_image.assert_called_once_with(Path("b.png"))
        assert arrived == []
        look_at(room.session, "b.png")
        assert arrived == [True]

    def test_where_one_is_already_nothing_is_waited_for(
        self, places: PlacesController, arrived: list[bool]
    ) -> None:
        places.go(Path("a.png"), 0, None, arrived.append)
        assert arrived == [True]

    def test_a_folder_that_is_not_open_is_opened_at_the_image(
        self, room: Room, files: MagicMock, places: PlacesController, arrived: list[bool]
    ) -> None:
        there = Path("elsewhere/b.png")
        places.go(there, 0, None, arrived.append, there.parent)
        files.open_folder.assert_called_once_with(there.parent, select=there)

    def test_whoever_chooses_another_image_is_not_taken_there(
        self, room: Room, places: PlacesController, arrived: list[bool]
    ) -> None:
        places.go(Path("b.png"), 0, None, arrived.append)
        look_at(room.session, "c.png")
        look_at(room.session, "b.png")
        assert arrived == []

    def test_a_frame_that_does_not_fit_any_more_is_said(
        self, room: Room, views: MagicMock, places: PlacesController, arrived: list[bool]
    ) -> None:
        frame = Frame(SIZE, Box(0, 0, 4, 4), (4, 4))
        places.go(Path("b.png"), 0, frame, arrived.append)
        look_at(room.session, "b.png")
        assert arrived == [False]
        views.work_on.assert_called_with(Path("b.png"), 0, frame)


class TestResults:
    @pytest.fixture
    def networks(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def journeys(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def recorder(self) -> MagicMock:
        return MagicMock(networks=[])

    @pytest.fixture
    def results(
        self, room: Room, journeys: MagicMock, networks: MagicMock, recorder: MagicMock
    ) -> ResultsController:
        return ResultsController(room.window.real, room.session, networks, journeys, recorder)

    def select(self, room: Room, *identities: str) -> None:
        room.window.results.selected_identities = identities
        says(room.window.results.selection_changed)

    def arrive(self, journeys: MagicMock, *, is_there: bool = True) -> None:
        journeys.go.call_args.args[3](is_there)

    def test_going_back_restores_region_class_settings_and_map_as_one_step(
        self, room: Room, journeys: MagicMock, results: ResultsController
    ) -> None:
        identity = keep(room.session)
        results.restore(identity)
        assert journeys.go.call_args.args[:3] == (Path("a.png"), 0, None)
        self.arrive(journeys)
        assert room.session.region is not None
        assert np.array_equal(room.session.region.mask, rectangle())
        room.window.settings.set_settings.assert_called_with(SETTINGS)
        assert room.session.result_identity == identity
        room.session.undo_stack.undo()
        assert room.session.region.is_empty
        assert not room.session.undo_stack.can_undo

    def test_at_another_scale_the_region_stays_as_it_is(
        self, room: Room, journeys: MagicMock, results: ResultsController
    ) -> None:
        results.restore(keep(room.session))
        self.arrive(journeys, is_there=False)
        assert room.window.told == OTHER_SCALE
        assert room.session.region is not None
        assert room.session.region.is_empty

    def test_an_older_result_is_shown_once_it_is_gone_back_to(
        self, room: Room, journeys: MagicMock, results: ResultsController
    ) -> None:
        older, newer = keep(room.session), keep(room.session)
        assert room.session.result_identity == newer
        results.restore(older)
        self.arrive(journeys)
        assert room.session.result_identity == older

    def test_a_network_that_nobody_knows_cannot_be_gone_back_to(
        self,
        room: Room,
        journeys: MagicMock,
        results: ResultsController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "results")
        identity = keep(room.session)
        room.session.set_network(OTHER)
        results.restore(identity)
        assert "was not opened in this session" in shown[0]
        journeys.go.assert_not_called()

    def test_its_network_is_opened_first_after_a_yes(
        self,
        room: Room,
        journeys: MagicMock,
        networks: MagicMock,
        recorder: MagicMock,
        results: ResultsController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        box = MockedView()
        kinds = MagicMock(return_value=box, StandardButton=BUTTONS)
        monkeypatch.setattr("app.controllers.results.QMessageBox", kinds)
        recorder.networks = [NetworkEntry(source="street", name="street", sha256=NETWORK.sha256)]
        identity = keep(room.session)
        room.session.set_network(OTHER)
        results.restore(identity)
        networks.open_model.assert_not_called()
        says(box.finished, BUTTONS.Open)
        networks.open_model.assert_called_once_with("street", None)
        says(networks.opened, m.NetworkOpened(1, NETWORK, ModelCard()))
        journeys.go.assert_called_once()

    def test_deleted_results_come_back_to_their_places(
        self, room: Room, results: ResultsController
    ) -> None:
        kept = [keep(room.session, name) for name in "abc"]
        self.select(room, kept[1])
        results.delete_selected()
        room.window.results.set_deleted.assert_called_with(1)
        assert [each.identity for each in room.session.results.results] == [kept[0], kept[2]]
        results.undo_deletion()
        assert [each.identity for each in room.session.results.results] == kept
        assert not room.session.undo_stack.can_undo, "it is not undone twice"

    def test_a_note_is_a_step_to_undo(self, room: Room, results: ResultsController) -> None:
        identity = keep(room.session)
        says(room.window.results_table.described, identity, "why?", ["night"])
        assert self.note(room, identity) == "why?"
        room.session.undo_stack.undo()
        assert self.note(room, identity) == ""

    def note(self, room: Room, identity: str) -> str:
        kept = room.session.results.get(identity)
        assert kept is not None
        return kept.note

    def test_the_settings_of_a_result_serve_for_the_next(
        self, room: Room, results: ResultsController
    ) -> None:
        self.select(room, keep(room.session))
        room.window.action("result_settings").trigger()
        room.window.settings.set_settings.assert_called_once_with(SETTINGS)

    def test_what_can_be_done_depends_on_how_many_are_selected(
        self, room: Room, results: ResultsController
    ) -> None:
        def offered() -> tuple[bool, bool]:
            names = ("result_restore", "result_delete")
            restore, delete = (room.window.action(name).isEnabled() for name in names)
            return restore, delete

        assert offered() == (False, False)
        self.select(room, "1")
        assert offered() == (True, True)
        self.select(room, "1", "2")
        assert offered() == (False, True)
