"""Controllers by themselves: the session is real, the views are mocks, the engine is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.controllers.queue import MAX_LOSSES, QueueController
from app.controllers.runs import RunController
from app.main_window import MainWindow
from app.models.run_request import RunRequest, run_request
from app.models.session import Session
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.frames import ImageView
from gridsal_core.settings import Settings
from gridsal_core.types import (
    ClassInfo,
    Explanation,
    NetworkInfo,
    Prediction,
    Provenance,
    Request,
    Scores,
)
from tests.app.mocked_window import MockedWindow, NotingEngine

SIZE = (8, 10)
SETTINGS = Settings(mask_size=(2, 2), steps=5)
CLASSES = (ClassInfo("road", (90, 60, 90)), ClassInfo("rider", (0, 120, 180)))
NETWORK = NetworkInfo(
    Path("street.pt"), "street", "a" * 64, CLASSES, channels=3, device="cpu", explain={}, notes=()
)
OTHER = replace(NETWORK, name="another", sha256="b" * 64)


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
        self.engine.finished.emit(m.Finished(asked.ticket, explanation(asked, stopped=stopped)))


def request(name: str, network: NetworkInfo = NETWORK) -> RunRequest:
    region = np.zeros(SIZE, bool)
    region[2:5, 3:7] = True
    return run_request(network, ImageView(Path(f"{name}.png")), region, 1, "painted", SETTINGS)


def explanation(asked: m.Explain, *, stopped: bool) -> Explanation:
    image = np.zeros((*SIZE, 3), np.float32)
    return Explanation(
        request=Request(image, asked.region, asked.class_index, asked.origin, asked.view.path),
        settings=asked.settings,
        classes=CLASSES,
        mask=np.zeros(asked.settings.mask_size, np.float32),
        saliency=np.zeros(SIZE, np.float32),
        perturbed=image,
        losses=np.zeros((2, 3), np.float32),
        score_history=np.zeros(2, np.float32),
        scores=Scores(0.9, 0.1, 0.8),
        residual=0.1,
        residual_without_context=0.8,
        prediction=Prediction(np.zeros(SIZE, np.uint8), np.ones(SIZE, np.float32)),
        init=0.5,
        stopped=stopped,
        provenance=Provenance("street", "street.pt", NETWORK.sha256, "cpu", ()),
    )


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    window, session, engine = MockedWindow(SETTINGS), Session(), NotingEngine()
    runs = RunController(cast(MainWindow, window), session, cast(EngineClient, engine))
    queue = QueueController(cast(MainWindow, window), session, runs, lambda _path, _page: None)
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
