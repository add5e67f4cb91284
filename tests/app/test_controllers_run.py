"""Runs and queue by themselves: the session is real, the views are mocks, the engine is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.controllers.queue import MAX_LOSSES, QueueController
from app.controllers.runs import RunController
from app.models.session import Session
from app.workers import messages as m
from tests.app.mocked_window import MockedWindow, NotingEngine
from tests.app.stand_ins import NETWORK, OTHER, SETTINGS, explanation, request


@dataclass
class Desk:
    """A queue and its runs, with what is around them."""

    window: MockedWindow
    session: Session
    engine: NotingEngine
    runs: RunController
    queue: QueueController

    @property
    def explained(self) -> list[str]:
        """The images that the engine was asked about, in order."""
        return [command.view.path.stem for command in self.engine.of(m.Explain)]

    def has_explained(self, count: int) -> bool:
        return len(self.explained) == count

    @property
    def statuses(self) -> list[str]:
        return [entry.status for entry in self.queue.queue.entries]

    def finish(self, *, stopped: bool = False) -> None:
        """Answer the last request as the engine would."""
        asked = self.engine.of(m.Explain)[-1]
        self.engine.finished.emit(
            m.Finished(asked.ticket, explanation(asked.view.path.stem, stopped=stopped))
        )


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    window, session, engine = MockedWindow(SETTINGS), Session(), NotingEngine()
    runs = RunController(window.real, session, engine.real)
    queue = QueueController(window.real, session, runs, lambda _path, _page: None)
    session.set_network(NETWORK)
    yield Desk(window, session, engine, runs, queue)
    session.results.close(keep=False)


def test_a_request_is_sent_with_the_network_that_was_meant(desk: Desk) -> None:
    desk.runs.start(request("a"), is_watched=True)
    (sent,) = desk.engine.of(m.Explain)
    assert (sent.view.path.stem, sent.class_index, sent.settings) == ("a", 1, SETTINGS)
    assert sent.network_sha256 == NETWORK.sha256


def test_the_same_button_runs_pauses_and_goes_on(desk: Desk) -> None:
    ticket = desk.runs.start(request("a"), is_watched=True).ticket
    desk.window.action("run").trigger()
    assert desk.engine.of(m.Pause) == [m.Pause(ticket)]
    assert desk.window.run.set_main.call_args.args == ("Resume", "run")
    desk.window.action("run").trigger()
    assert desk.engine.of(m.Resume) == [m.Resume(ticket)]
    assert desk.window.run.set_main.call_args.args == ("Pause", "pause")


def test_after_stop_the_window_is_free_and_the_result_still_comes(desk: Desk) -> None:
    ticket = desk.runs.start(request("a"), is_watched=True).ticket
    desk.window.action("stop").trigger()
    assert desk.engine.of(m.Stop) == [m.Stop(ticket)]
    assert (desk.runs.run, desk.runs.is_pending) == (None, True)
    desk.finish(stopped=True)
    assert (desk.runs.run, desk.runs.is_pending) == (None, False)
    assert [kept.is_stopped for kept in desk.session.results.results] == [True]


def test_an_answer_that_nobody_waits_for_is_no_result(desk: Desk) -> None:
    desk.runs.start(request("a"), is_watched=True)
    desk.engine.died.emit(9)
    desk.finish()
    assert desk.session.results.results == ()


def test_stop_without_a_run_gives_up_what_else_is_under_way(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.runs.cancelled):
        desk.runs.stop()


def test_the_queue_is_worked_off_in_its_order(desk: Desk, qtbot: QtBot) -> None:
    desk.queue.add([request("a"), request("b"), request("c")], "Add")
    qtbot.waitUntil(lambda: desk.explained == ["a"])
    assert desk.statuses == ["running", "waiting", "waiting"]
    entries = desk.queue.queue.entries
    desk.queue.queue.move([entries[2]], 1, "Move")
    desk.finish()
    qtbot.waitUntil(lambda: desk.explained == ["a", "c"])
    desk.finish()
    qtbot.waitUntil(lambda: desk.explained == ["a", "c", "b"])
    assert desk.statuses == ["done", "done", "running"]


def test_a_paused_queue_begins_nothing_and_goes_on_later(desk: Desk, qtbot: QtBot) -> None:
    desk.window.action("queue_pause").setChecked(True)
    desk.queue.add([request("a")], "Add")
    qtbot.wait(20)
    assert desk.explained == []
    desk.window.action("queue_pause").setChecked(False)
    qtbot.waitUntil(lambda: desk.explained == ["a"])


def test_a_request_for_another_network_waits_for_it(desk: Desk, qtbot: QtBot) -> None:
    desk.queue.add([request("a", OTHER), request("b")], "Add")
    qtbot.waitUntil(lambda: desk.explained == ["b"])
    waiting = desk.queue.queue.entries[0]
    assert waiting.status == "waiting"
    assert "another" in waiting.reason
    desk.finish()
    desk.session.set_network(OTHER)
    qtbot.waitUntil(lambda: desk.explained == ["b", "a"])


def test_what_fails_says_why_and_the_next_one_runs(desk: Desk, qtbot: QtBot) -> None:
    desk.queue.add([request("a"), request("b")], "Add")
    qtbot.waitUntil(lambda: desk.explained == ["a"])
    desk.engine.failed.emit(m.Failed(desk.engine.of(m.Explain)[0].ticket, "It is too large."))
    qtbot.waitUntil(lambda: desk.explained == ["a", "b"])
    failed = desk.queue.queue.entries[0]
    assert (failed.status, failed.reason) == ("failed", "It is too large.")


def test_an_engine_that_dies_again_and_again_pauses_the_queue(desk: Desk, qtbot: QtBot) -> None:
    desk.queue.add([request(name) for name in "abcd"], "Add")
    for count in range(1, MAX_LOSSES + 1):
        qtbot.waitUntil(partial(desk.has_explained, count))
        desk.engine.died.emit(9)
        desk.session.set_network(NETWORK)  # it is opened again
    qtbot.wait(20)
    assert len(desk.explained) == MAX_LOSSES
    assert desk.window.action("queue_pause").isChecked()
    assert desk.statuses == ["failed"] * MAX_LOSSES + ["waiting"] * (4 - MAX_LOSSES)
