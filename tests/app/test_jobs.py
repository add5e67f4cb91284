"""Jobs: values whose work is done in the engine process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NoReturn

import pytest

from app.workers.engine_client import LOST, EngineClient
from app.workers.jobs import Desk
from gridsal_core.errors import SettingsError
from tests.app.stories import click_digit
from tests.driver import Driver


@dataclass(frozen=True)
class WhoRuns:
    """Names the process that it is run in, and the network that is open there."""

    def run(self, desk: Desk) -> tuple[int, str]:
        return os.getpid(), desk.network().sha256


@dataclass(frozen=True)
class Refuses:
    def run(self, desk: Desk) -> NoReturn:
        raise SettingsError("That is not possible.")


class Answers:
    """What came back."""

    def __init__(self) -> None:
        self.results: list[object] = []
        self.sentences: list[tuple[str, str]] = []

    def failed(self, sentence: str, trace: str) -> None:
        self.sentences.append((sentence, trace))


@pytest.fixture
def answers() -> Answers:
    return Answers()


def test_a_job_runs_in_the_engines_process_with_the_open_network(
    demo: Driver, answers: Answers
) -> None:
    demo.app.engine.submit(WhoRuns(), answers.results.append, answers.failed)
    demo.wait(lambda: bool(answers.results))
    network = demo.app.session.network
    assert network is not None
    (found,) = answers.results
    assert isinstance(found, tuple)
    assert found[0] != os.getpid()
    assert found[1] == network.sha256


def test_a_job_that_refuses_says_why(demo: Driver, answers: Answers) -> None:
    demo.app.engine.submit(Refuses(), answers.results.append, answers.failed)
    demo.wait(lambda: bool(answers.sentences))
    assert answers.sentences == [("That is not possible.", "")]
    assert answers.results == []


def test_a_dropped_job_answers_nobody(demo: Driver, answers: Answers) -> None:
    engine = demo.app.engine
    ticket = engine.submit(WhoRuns(), answers.results.append, answers.failed)
    engine.drop(ticket)
    engine.submit(Refuses(), answers.results.append, answers.failed)
    demo.wait(lambda: bool(answers.sentences))
    assert answers.results == []


def test_a_job_is_answered_when_the_engine_dies_first(lone: Driver, answers: Answers) -> None:
    engine: EngineClient = lone.app.engine
    lone.app.show(None, None)
    lone.wait(lambda: engine.is_running)
    engine.submit(Refuses(), answers.results.append, answers.failed)
    lone.wait(lambda: bool(answers.sentences))
    engine.submit(WhoRuns(), answers.results.append, answers.failed)
    engine.restart()
    assert answers.sentences[1:] == [(LOST, "")]


def test_every_finished_run_is_kept(demo: Driver) -> None:
    click_digit(demo)
    for _ in range(2):
        demo.action("run")
        demo.wait(lambda: demo.app.runs.run is None and not demo.app.runs.is_pending)
    kept = demo.app.session.results.results
    assert len(kept) == 2
    assert kept[0].identity != kept[1].identity
    assert kept[1].image_path == demo.app.session.current
    assert kept[1].region_pixels == demo.region.pixel_count
