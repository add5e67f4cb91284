"""The survey's controller by itself: the views are mocks, the engine is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication

from app.controllers import survey_run
from app.controllers.networks import NetworkController
from app.controllers.runs import RunController
from app.controllers.survey_ask import folder_told
from app.controllers.survey_run import MOST_LOSSES, SurveyRunController
from app.models.session import Session
from app.models.survey import SurveyState
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import LOST
from app.workers.survey_jobs import (
    EndSurvey,
    ResumeSurvey,
    SurveyAsked,
    SurveyNews,
    SurveySlice,
)
from gridsal_core.checkpoints.card import ModelCard
from tests.app.mocked_window import MockedWindow, NotingEngine
from tests.app.stand_ins import NETWORK, OTHER, SETTINGS, request

FOLDER = Path("out")
ASKED = SurveyAsked(Path("images"), None, FOLDER, ("predicted",), (), None, None, True, {})


class Networks(QObject):
    """Stands for the controller of networks."""

    opened = Signal(object)


@dataclass
class Desk:
    window: MockedWindow
    session: Session
    engine: NotingEngine
    networks: Networks
    runs: RunController
    state: SurveyState
    survey: SurveyRunController
    errors: list[str]

    def begin(self) -> None:
        self.survey.begin(ASKED)
        self.engine.answer(SurveyNews(0, 9, 0))

    def kinds(self) -> list[type]:
        return [type(job) for job in self.engine.jobs]

    def reopen(self) -> None:
        self.networks.opened.emit(m.NetworkOpened(1, NETWORK, cast(ModelCard, None)))


@pytest.fixture
def desk(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    errors: list[str] = []
    monkeypatch.setattr(survey_run, "show_error", lambda _window, told, _trace: errors.append(told))
    window, session, engine = MockedWindow(SETTINGS), Session(), NotingEngine()
    runs = RunController(window.real, session, engine.real)
    networks, state = Networks(window), SurveyState(window)
    survey = SurveyRunController(
        window.real,
        session,
        state,
        cast(NetworkController, networks),
        runs,
        engine.real,
        AppSettings(),
    )
    session.set_network(NETWORK)
    yield Desk(window, session, engine, networks, runs, state, survey, errors)
    # In one go, and not piece by piece whenever Python collects what hangs together.
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    session.results.close(keep=False)


def test_slice_follows_slice_until_nothing_is_left(desk: Desk) -> None:
    desk.begin()
    desk.engine.answer(SurveyNews(3, 9, 12, 24.0, 65.0))
    assert desk.state.text == "3 of 9 images done · 12 requests · 24 a minute · 1 min 05 s left"
    desk.engine.answer(SurveyNews(9, 9, 40, 24.0, 0.0, is_done=True))
    assert (desk.state.phase, desk.kinds()) == ("done", [])
    assert not desk.window.action("survey_pause").isEnabled()


def test_a_paused_survey_asks_for_nothing_and_goes_on_where_it_was(desk: Desk) -> None:
    desk.begin()
    desk.window.action("survey_pause").trigger()
    desk.engine.answer(SurveyNews(1, 9, 4))
    assert (desk.kinds(), desk.state.phase) == ([], "paused")
    desk.window.action("survey_pause").trigger()
    assert desk.kinds() == [SurveySlice]


def test_a_run_goes_first(desk: Desk) -> None:
    desk.begin()
    run = desk.runs.start(request("a"), is_watched=False)
    desk.engine.answer(SurveyNews(1, 9, 4))
    assert (desk.kinds(), desk.state.waits_for) == ([], "the run")
    desk.engine.failed.emit(m.Failed(run.ticket, "It is too large."))
    assert desk.kinds() == [SurveySlice]


def test_stopped_it_is_let_go_and_resumed_from_its_folder(desk: Desk) -> None:
    desk.begin()
    desk.window.action("survey_stop").trigger()
    assert (desk.kinds(), desk.state.phase) == ([EndSurvey], "stopped")
    desk.window.action("survey_pause").trigger()
    assert ResumeSurvey in desk.kinds()


def test_after_the_engine_was_lost_it_goes_on_by_itself(desk: Desk) -> None:
    desk.begin()
    desk.engine.refuse(LOST)
    desk.engine.died.emit(9)
    assert (desk.state.phase, desk.state.waits_for, desk.kinds()) == ("running", "the network", [])
    desk.reopen()
    assert desk.kinds() == [ResumeSurvey]


def test_but_not_for_ever(desk: Desk) -> None:
    desk.begin()
    for _ in range(MOST_LOSSES):
        desk.engine.refuse(LOST)
        desk.reopen()
        desk.engine.answer(SurveyNews(0, 9, 0))
    desk.engine.refuse(LOST)
    assert desk.state.phase == "stopped"


def test_another_network_ends_it(desk: Desk) -> None:
    desk.begin()
    desk.session.set_network(OTHER)
    assert (desk.state.phase, desk.kinds()) == ("stopped", [EndSurvey])


def test_an_error_ends_it_and_is_told(desk: Desk) -> None:
    desk.begin()
    desk.engine.refuse("The disk is full.")
    assert (desk.state.phase, desk.errors) == ("stopped", ["The disk is full."])


def test_only_a_running_survey_keeps_the_window_open(desk: Desk) -> None:
    assert desk.window.may_close()
    desk.begin()
    desk.survey.let_close()
    assert desk.window.may_close()


def test_what_is_said_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    (tmp_path / "survey").mkdir()
    (tmp_path / "survey" / "survey.sqlite").touch()
    images = tmp_path / "images"
    assert folder_told(str(tmp_path / "new"), images) == ("", True, "Start")
    assert folder_told("", images)[1] is False
    assert "something else" in folder_told(str(tmp_path / "full"), images)[0]
    assert "outside" in folder_told(str(images / "in"), images)[0]
    assert "a file" in folder_told(str(tmp_path / "full" / "a"), images)[0]
    assert folder_told(str(tmp_path / "survey"), images)[2] == "Go on"
