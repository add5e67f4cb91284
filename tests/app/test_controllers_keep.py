"""What keeps work, by itself: the session's file, recovery, moved folders, the list of results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.controllers.moved import MovedController
from app.controllers.places import PlacesController
from app.controllers.recovery import RecoveryController
from app.controllers.results import OTHER_SCALE, ResultsController
from app.controllers.sessions import SessionsController
from app.models.compare_panels import ComparePanels
from app.models.queue import RequestQueue
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.frames import Box, Frame
from gridsal_core.session.archive import read_session
from gridsal_core.session.document import NetworkEntry, PageEntry, PlaceEntry, SessionDocument
from gridsal_core.session.unfinished import Abandoned
from tests.app.mocked_window import (
    MockedView,
    MockedWindow,
    PlayedTasks,
    errors_shown,
    mocked_dialog,
    says,
)
from tests.app.stand_ins import (
    NETWORK,
    OTHER,
    SETTINGS,
    SIZE,
    keep,
    look_at,
    rectangle,
)

BUTTONS = QMessageBox.StandardButton


@dataclass
class Home:
    """A session with an image, and who brings networks and images."""

    window: MockedWindow
    session: Session
    networks: MagicMock
    files: MagicMock
    places: MagicMock
    tasks: PlayedTasks
    settings: AppSettings
    queue: MagicMock
    compare: MagicMock

    def paint(self) -> None:
        region = self.session.region
        assert region is not None
        region.combine(rectangle(), "replace", "painted", "Paint")


@pytest.fixture
def home(qapp: QApplication) -> Iterator[Home]:
    window, session = MockedWindow(SETTINGS), Session()
    window.saveState.return_value = QByteArray()
    session.set_network(NETWORK)
    session.set_images(Path("street"), (Path("a.png"), Path("b.png")))
    look_at(session)
    networks = MagicMock(open_now=MagicMock(source="street", weights=None))
    queue = MagicMock(queue=RequestQueue(session.undo_stack), left=())
    compare = MagicMock(panels=ComparePanels())
    window.workspace.shown_title = "Image"
    yield Home(
        window,
        session,
        networks,
        MagicMock(),
        MagicMock(),
        PlayedTasks(),
        AppSettings(),
        queue,
        compare,
    )
    session.results.close(keep=False)


@pytest.fixture
def question(monkeypatch: pytest.MonkeyPatch) -> MockedView:
    """The box that asks before something is lost."""
    box = mocked_dialog(monkeypatch, "sessions.QMessageBox")
    box_class = MagicMock(return_value=box, StandardButton=BUTTONS)
    monkeypatch.setattr("app.controllers.sessions.QMessageBox", box_class)
    return box


@pytest.fixture
def sessions(home: Home, question: MockedView) -> SessionsController:
    return SessionsController(
        home.window.real,
        home.session,
        home.networks,
        home.files,
        MagicMock(),
        home.places,
        home.queue,
        home.compare,
        home.tasks.real,
        home.settings,
    )


class TestTheFile:
    def save(self, sessions: SessionsController, path: Path, qtbot: QtBot) -> None:
        done: list[bool] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("app.controllers.sessions.ask_file", lambda *_asked: path)
            sessions.save(lambda: done.append(True))
        qtbot.waitUntil(lambda: bool(done))

    def test_work_makes_a_session_modified_and_saving_ends_that(
        self, home: Home, sessions: SessionsController, tmp_path: Path, qtbot: QtBot
    ) -> None:
        assert not sessions.is_modified
        home.paint()
        assert sessions.is_modified
        self.save(sessions, tmp_path / "work.gridsal", qtbot)
        assert not sessions.is_modified
        assert home.window.name_session.call_args.args == ("work",)
        assert home.settings.recent_sessions == (tmp_path / "work.gridsal",)
        (page,) = read_session(tmp_path / "work.gridsal").pages
        assert np.array_equal(page.regions[0].mask(), rectangle())

    def test_what_is_changed_while_it_is_saved_stays_modified(
        self, home: Home, sessions: SessionsController, tmp_path: Path, qtbot: QtBot
    ) -> None:
        home.paint()
        self.save(sessions, tmp_path / "work.gridsal", qtbot)
        done: list[bool] = []
        sessions.save(lambda: done.append(True))
        home.session.set_class(0)
        qtbot.waitUntil(lambda: bool(done))
        assert sessions.is_modified

    def test_a_place_that_cannot_be_written_is_told_and_nothing_counts_as_saved(
        self,
        home: Home,
        sessions: SessionsController,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        qtbot: QtBot,
    ) -> None:
        shown = errors_shown(monkeypatch, "sessions")
        home.paint()
        nowhere = tmp_path / "file" / "work.gridsal"
        nowhere.parent.write_text("in the way")
        monkeypatch.setattr("app.controllers.sessions.ask_file", lambda *_asked: nowhere)
        sessions.save()
        qtbot.waitUntil(lambda: bool(shown))
        assert shown[0].startswith("The session is not saved: ")
        assert (sessions.is_modified, sessions.file) == (True, None)

    def test_an_empty_session_gives_way_without_a_question(
        self, home: Home, sessions: SessionsController, question: MockedView
    ) -> None:
        sessions.new()
        question.open.assert_not_called()

    def test_work_is_asked_about_and_cancel_keeps_all_of_it(
        self, home: Home, sessions: SessionsController, question: MockedView
    ) -> None:
        home.paint()
        sessions.new()
        question.open.assert_called_once()
        says(question.finished, BUTTONS.Cancel)
        assert home.session.region is not None
        assert not home.session.region.is_empty
        assert sessions.is_modified

    def test_discard_begins_anew(
        self, home: Home, sessions: SessionsController, question: MockedView, qtbot: QtBot
    ) -> None:
        home.paint()
        keep(home.session)
        sessions.new()
        says(question.finished, BUTTONS.Discard)
        qtbot.waitUntil(lambda: home.session.results.results == ())
        assert home.session.region is not None
        assert home.session.region.is_empty
        assert not sessions.is_modified

    def test_the_question_says_what_would_be_lost(
        self, home: Home, sessions: SessionsController, question: MockedView
    ) -> None:
        keep(home.session)
        keep(home.session, "b")
        sessions.new()
        question.setInformativeText.assert_called_with("2 results are in no file yet.")

    def test_it_is_asked_once_however_often_the_window_is_closed(
        self, home: Home, sessions: SessionsController, question: MockedView
    ) -> None:
        home.paint()
        assert not home.window.may_close()
        assert not home.window.may_close()
        question.open.assert_called_once()
        says(question.finished, BUTTONS.Discard)
        assert home.window.may_close()

    def test_a_session_brings_its_network_its_settings_and_its_place(
        self, home: Home, sessions: SessionsController, tmp_path: Path, qtbot: QtBot
    ) -> None:
        here = tmp_path / "a.png"
        here.touch()
        entry = NetworkEntry(source=str(here), name="another", sha256=OTHER.sha256)
        document = SessionDocument(
            networks=(entry,),
            open_network=0,
            folder=tmp_path,
            current=PlaceEntry(image=here),
            settings=SETTINGS,
        )
        done: list[bool] = []
        folder = MagicMock()
        sessions.restore(document, folder, lambda: done.append(True))
        home.session.results.open = MagicMock(  # type: ignore[method-assign]  # its files
            side_effect=lambda asked, _source, on_done, _on_error: on_done(asked)
        )
        home.tasks.finish()
        assert done == [True]
        home.networks.open_model.assert_called_once_with(str(here), None)
        home.window.settings.set_settings.assert_called_once_with(SETTINGS)
        assert home.places.go.call_args.args[0] == here
        assert sessions.is_modified, "it is in no file yet"

    def test_a_network_with_other_weights_than_then_is_told(
        self,
        home: Home,
        sessions: SessionsController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "session_network")
        entry = NetworkEntry(source="street", name="street", sha256="c" * 64)
        document = SessionDocument(networks=(entry,), open_network=0)
        home.session.results.open = MagicMock(  # type: ignore[method-assign]  # its files
            side_effect=lambda asked, _source, on_done, _on_error: on_done(asked)
        )
        sessions.restore(document, MagicMock(), lambda: None)
        home.tasks.finish()
        assert sessions.expects_network
        says(home.networks.opened, m.NetworkOpened(1, NETWORK, ModelCard()))
        assert "street has other weights now" in shown[0]
        assert not sessions.expects_network

    def test_what_cannot_be_autosaved_is_told_once(
        self,
        home: Home,
        sessions: SessionsController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "sessions")
        for _ in range(2):
            home.session.results.unwritable.emit("The disk is full.")
        assert shown == ["The session cannot be autosaved: The disk is full."]
        assert home.window.told == "Not autosaved: The disk is full."


class TestRecovery:
    @pytest.fixture
    def results(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def restorer(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def offers(self) -> list[Abandoned]:
        painted = PageEntry(image=Path("a.png"))
        return [
            Abandoned(MagicMock(), SessionDocument(pages=(painted,)), changed)
            for changed in (2_000_000.0, 1_000_000.0)
        ]

    @pytest.fixture
    def recovery(
        self, home: Home, results: MagicMock, restorer: MagicMock, offers: list[Abandoned]
    ) -> RecoveryController:
        controller = RecoveryController(home.window.real, results, restorer)
        controller.look()
        results.find_abandoned.call_args.args[0](tuple(offers))
        return controller

    def offered(self, home: Home) -> str:
        return str(home.window.offer.offer.call_args.args[0])

    def test_the_last_one_is_offered_first_and_the_others_are_counted(
        self, home: Home, recovery: RecoveryController
    ) -> None:
        assert "1970-01-24" in self.offered(home)
        assert "(1 more after this one.)" in self.offered(home)

    def test_one_that_was_taken_over_makes_room_for_the_next(
        self,
        home: Home,
        restorer: MagicMock,
        offers: list[Abandoned],
        recovery: RecoveryController,
    ) -> None:
        says(home.window.offer.accepted)
        document, folder, then = restorer.restore.call_args.args
        assert (document, folder) == (offers[0].document, offers[0].folder)
        assert "1970-01-24" in self.offered(home), "until it is open"
        then()
        assert "1970-01-12" in self.offered(home)

    def test_later_leaves_all_of_them_to_the_next_start(
        self, home: Home, results: MagicMock, recovery: RecoveryController
    ) -> None:
        says(home.window.offer.postponed)
        assert [call.kwargs for call in results.release.call_args_list] == [{"keep": True}] * 2
        assert self.offered(home) == ""

    def test_one_is_deleted_only_after_a_yes(
        self,
        home: Home,
        results: MagicMock,
        offers: list[Abandoned],
        recovery: RecoveryController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        box = MockedView()
        kinds = MagicMock(return_value=box, StandardButton=BUTTONS)
        monkeypatch.setattr("app.controllers.recovery.QMessageBox", kinds)
        says(home.window.offer.declined)
        says(box.finished, BUTTONS.Cancel)
        results.release.assert_not_called()
        says(box.finished, BUTTONS.Discard)
        results.release.assert_called_once_with(offers[0].folder, keep=False)
        assert "1970-01-12" in self.offered(home)

    def test_closing_the_window_leaves_what_nobody_answered(
        self, home: Home, offers: list[Abandoned], recovery: RecoveryController
    ) -> None:
        home.window.closing.emit()
        for offer in offers:
            assert isinstance(offer.folder, MagicMock)
            offer.folder.release.assert_called_once()


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
        self, home: Home, dialog: MockedView, gone: Path, located: list[SessionDocument]
    ) -> MovedController:
        controller = MovedController(home.window.real, home.tasks.real)
        pages = tuple(PageEntry(image=gone / name) for name in ("a.png", "b.png"))
        controller.locate(SessionDocument(folder=gone, pages=pages), located.append)
        home.tasks.finish()
        return controller

    def choose(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        dialogs = MagicMock()
        dialogs.getExistingDirectory.return_value = str(folder)
        monkeypatch.setattr("app.controllers.moved.QFileDialog", dialogs)

    def test_the_new_place_is_asked_for_once_for_all_images(
        self,
        home: Home,
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
        home.tasks.finish()
        assert [page.image for page in located[0].pages] == [now / "a.png", now / "b.png"]

    def test_a_folder_without_the_images_is_refused_and_asked_for_again(
        self,
        home: Home,
        dialog: MockedView,
        located: list[SessionDocument],
        moved: MovedController,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.choose(monkeypatch, tmp_path)
        says(dialog.folder_wanted)
        home.tasks.finish()
        assert "does not hold a.png" in dialog.show_wrong.call_args.args[0]
        assert located == []

    def test_one_can_do_without_it(
        self,
        home: Home,
        dialog: MockedView,
        gone: Path,
        located: list[SessionDocument],
        moved: MovedController,
    ) -> None:
        says(dialog.left_out)
        home.tasks.finish()
        assert [page.image.parent for page in located[0].pages] == [gone, gone]

    def test_closing_the_dialog_opens_nothing(
        self,
        home: Home,
        dialog: MockedView,
        located: list[SessionDocument],
        moved: MovedController,
    ) -> None:
        says(dialog.rejected)
        home.tasks.finish()
        assert located == []


class TestPlaces:
    @pytest.fixture
    def views(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def places(self, home: Home, views: MagicMock) -> PlacesController:
        return PlacesController(home.session, home.files, views)

    @pytest.fixture
    def arrived(self) -> list[bool]:
        return []

    def test_one_arrives_once_the_image_is_read(
        self, home: Home, places: PlacesController, arrived: list[bool]
    ) -> None:
        places.go(Path("b.png"), 0, None, arrived.append)
        home.files.show_image.assert_called_once_with(Path("b.png"))
        assert arrived == []
        look_at(home.session, "b.png")
        assert arrived == [True]

    def test_where_one_is_already_nothing_is_waited_for(
        self, places: PlacesController, arrived: list[bool]
    ) -> None:
        places.go(Path("a.png"), 0, None, arrived.append)
        assert arrived == [True]

    def test_a_folder_that_is_not_open_is_opened_at_the_image(
        self, home: Home, places: PlacesController, arrived: list[bool]
    ) -> None:
        there = Path("elsewhere/b.png")
        places.go(there, 0, None, arrived.append, there.parent)
        home.files.open_folder.assert_called_once_with(there.parent, select=there)

    def test_whoever_chooses_another_image_is_not_taken_there(
        self, home: Home, places: PlacesController, arrived: list[bool]
    ) -> None:
        places.go(Path("b.png"), 0, None, arrived.append)
        look_at(home.session, "c.png")
        look_at(home.session, "b.png")
        assert arrived == []

    def test_a_frame_that_does_not_fit_any_more_is_said(
        self, home: Home, views: MagicMock, places: PlacesController, arrived: list[bool]
    ) -> None:
        frame = Frame(SIZE, Box(0, 0, 4, 4), (4, 4))
        places.go(Path("b.png"), 0, frame, arrived.append)
        look_at(home.session, "b.png")
        assert arrived == [False]
        views.work_on.assert_called_with(Path("b.png"), 0, frame)


class TestResults:
    @pytest.fixture
    def recorder(self) -> MagicMock:
        return MagicMock(networks=[])

    @pytest.fixture
    def results(self, home: Home, recorder: MagicMock) -> ResultsController:
        home.window.devicePixelRatioF = lambda: 1.0
        home.window.results.selected_identities = ()
        return ResultsController(
            home.window.real, home.session, home.networks, home.places, recorder
        )

    def select(self, home: Home, *identities: str) -> None:
        home.window.results.selected_identities = identities
        says(home.window.results.selection_changed)

    def arrive(self, home: Home, *, is_there: bool = True) -> None:
        home.places.go.call_args.args[3](is_there)

    def test_going_back_restores_region_class_settings_and_map_as_one_step(
        self, home: Home, results: ResultsController
    ) -> None:
        identity = keep(home.session)
        results.restore(identity)
        assert home.places.go.call_args.args[:3] == (Path("a.png"), 0, None)
        self.arrive(home)
        assert home.session.region is not None
        assert np.array_equal(home.session.region.mask, rectangle())
        home.window.settings.set_settings.assert_called_with(SETTINGS)
        assert home.session.result_identity == identity
        home.session.undo_stack.undo()
        assert home.session.region.is_empty
        assert not home.session.undo_stack.can_undo

    def test_at_another_scale_the_region_stays_as_it_is(
        self, home: Home, results: ResultsController
    ) -> None:
        results.restore(keep(home.session))
        self.arrive(home, is_there=False)
        assert home.window.told == OTHER_SCALE
        assert home.session.region is not None
        assert home.session.region.is_empty

    def test_an_older_result_is_shown_once_it_is_gone_back_to(
        self, home: Home, results: ResultsController
    ) -> None:
        older, newer = keep(home.session), keep(home.session)
        assert home.session.result_identity == newer
        results.restore(older)
        self.arrive(home)
        assert home.session.result_identity == older

    def test_a_network_that_nobody_knows_cannot_be_gone_back_to(
        self, home: Home, results: ResultsController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "results")
        identity = keep(home.session)
        home.session.set_network(OTHER)
        results.restore(identity)
        assert "was not opened in this session" in shown[0]
        home.places.go.assert_not_called()

    def test_its_network_is_opened_first_after_a_yes(
        self,
        home: Home,
        recorder: MagicMock,
        results: ResultsController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        box = MockedView()
        kinds = MagicMock(return_value=box, StandardButton=BUTTONS)
        monkeypatch.setattr("app.controllers.results.QMessageBox", kinds)
        recorder.networks = [NetworkEntry(source="street", name="street", sha256=NETWORK.sha256)]
        identity = keep(home.session)
        home.session.set_network(OTHER)
        results.restore(identity)
        home.networks.open_model.assert_not_called()
        says(box.finished, BUTTONS.Open)
        home.networks.open_model.assert_called_once_with("street", None)
        says(home.networks.opened, m.NetworkOpened(1, NETWORK, ModelCard()))
        home.places.go.assert_called_once()

    def test_deleted_results_come_back_to_their_places(
        self, home: Home, results: ResultsController
    ) -> None:
        kept = [keep(home.session, name) for name in "abc"]
        self.select(home, kept[1])
        results.delete_selected()
        home.window.results.set_deleted.assert_called_with(1)
        assert [each.identity for each in home.session.results.results] == [kept[0], kept[2]]
        results.undo_deletion()
        assert [each.identity for each in home.session.results.results] == kept
        assert not home.session.undo_stack.can_undo, "it is not undone twice"

    def test_a_note_is_a_step_to_undo(self, home: Home, results: ResultsController) -> None:
        identity = keep(home.session)
        says(home.window.results_table.described, identity, "why?", ["night"])
        assert self.note(home, identity) == "why?"
        home.session.undo_stack.undo()
        assert self.note(home, identity) == ""

    def note(self, home: Home, identity: str) -> str:
        kept = home.session.results.get(identity)
        assert kept is not None
        return kept.note

    def test_the_settings_of_a_result_serve_for_the_next(
        self, home: Home, results: ResultsController
    ) -> None:
        self.select(home, keep(home.session))
        home.window.action("result_settings").trigger()
        home.window.settings.set_settings.assert_called_once_with(SETTINGS)

    def test_what_can_be_done_depends_on_how_many_are_selected(
        self, home: Home, results: ResultsController
    ) -> None:
        def offered() -> tuple[bool, bool]:
            names = ("result_restore", "result_delete")
            restore, delete = (home.window.action(name).isEnabled() for name in names)
            return restore, delete

        assert offered() == (False, False)
        self.select(home, "1")
        assert offered() == (True, True)
        self.select(home, "1", "2")
        assert offered() == (False, True)
