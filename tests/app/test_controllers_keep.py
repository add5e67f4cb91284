"""What keeps a session, by itself: its file, and what a crash has left."""

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

from app.controllers.recovery import RecoveryController
from app.controllers.sessions import SessionsController
from app.models.compare_panels import ComparePanels
from app.models.queue import RequestQueue
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from gridsal_core.checkpoints.card import ModelCard
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
def sessions(home: Home, question: MockedView) -> Iterator[SessionsController]:
    yield SessionsController(
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
    # What is still written is told while there is someone to be told.
    home.session.results.close(keep=False)
    QApplication.processEvents()


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
        modified = [sessions.is_modified]
        home.paint()
        modified.append(sessions.is_modified)
        self.save(sessions, tmp_path / "work.gridsal", qtbot)
        modified.append(sessions.is_modified)
        assert modified == [False, True, False]
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
        expecting = [sessions.expects_network]
        says(home.networks.opened, m.NetworkOpened(1, NETWORK, ModelCard()))
        expecting.append(sessions.expects_network)
        assert "street has other weights now" in shown[0]
        assert expecting == [True, False]

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
    def releases(self) -> list[MagicMock]:
        """What lets go of the folders of the two sessions."""
        return [MagicMock(), MagicMock()]

    @pytest.fixture
    def offers(self, releases: list[MagicMock]) -> list[Abandoned]:
        document = SessionDocument(pages=(PageEntry(image=Path("a.png")),))
        return [
            Abandoned(MagicMock(release=release), document, changed)
            for release, changed in zip(releases, (2_000_000.0, 1_000_000.0), strict=True)
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
        self, home: Home, releases: list[MagicMock], recovery: RecoveryController
    ) -> None:
        home.window.closing.emit()
        assert [released.call_count for released in releases] == [1, 1]
