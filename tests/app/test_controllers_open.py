"""What opens networks, by itself: the way to one, what is asked on it, downloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast
from unittest.mock import MagicMock

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from app.controllers.library import LibraryController
from app.controllers.networks import Asked, NetworkController
from app.controllers.questions import QuestionsController
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.downloads import Transfer
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.types import NetworkInfo
from tests.app.mocked_window import (
    MockedView,
    MockedWindow,
    NotingEngine,
    PlayedTasks,
    errors_shown,
    mocked_dialog,
    says,
)
from tests.app.stand_ins import (
    NETWORK,
    OTHER,
    SETTINGS,
)


@dataclass
class Door:
    """A window without a network, and the engine that opens them."""

    window: MockedWindow
    session: Session
    engine: NotingEngine
    settings: AppSettings
    tasks: PlayedTasks
    networks: NetworkController

    @property
    def ticket(self) -> int:
        """Of the network that was asked for last."""
        return self.engine.of(m.OpenNetwork)[-1].ticket

    @property
    def sources(self) -> list[str]:
        """What the engine was asked to open, in order."""
        return [command.source for command in self.engine.of(m.OpenNetwork)]

    def open(self, source: str, network: NetworkInfo = NETWORK) -> None:
        self.networks.open_model(source)
        self.answer(network)

    def answer(self, network: NetworkInfo = NETWORK) -> None:
        self.engine.network_opened.emit(m.NetworkOpened(self.ticket, network, ModelCard()))


@pytest.fixture
def door(qapp: QApplication) -> Iterator[Door]:
    window, session, engine = MockedWindow(SETTINGS), Session(), NotingEngine()
    settings = AppSettings()
    window.settings.device = "auto"
    networks = NetworkController(window.real, session, engine.real, settings, lambda: False)
    yield Door(window, session, engine, settings, PlayedTasks(), networks)
    session.results.close(keep=False)


class TestOpening:
    def test_a_network_stays_open_until_another_one_has_taken_its_place(self, door: Door) -> None:
        door.open("street.pt")
        door.networks.open_model("another.pt")
        assert (door.session.network, door.session.opening) == (NETWORK, "another.pt")
        door.answer(OTHER)
        assert (door.session.network, door.session.opening) == (OTHER, None)
        assert [entry.source for entry in door.settings.recent_models] == [
            "another.pt",
            "street.pt",
        ]

    def test_one_that_does_not_open_leaves_the_open_one_and_says_why(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "networks")
        door.open("street.pt")
        door.networks.open_model("broken.pt")
        door.engine.failed.emit(m.Failed(door.ticket, "broken.pt is damaged."))
        assert shown == ["broken.pt is damaged."]
        assert (door.session.network, door.session.opening) == (NETWORK, None)
        assert door.sources == ["street.pt", "broken.pt"], "it is open in the engine still"

    def test_the_answer_to_an_earlier_wish_is_not_taken(self, door: Door) -> None:
        door.networks.open_model("first.pt")
        first = door.ticket
        door.networks.open_model("second.pt")
        door.engine.network_opened.emit(m.NetworkOpened(first, NETWORK, ModelCard()))
        assert door.session.network is None
        door.answer(OTHER)
        assert door.session.network == OTHER

    def test_cancelling_brings_the_open_network_back_into_the_engine(self, door: Door) -> None:
        door.open("street.pt")
        door.networks.open_model("slow.pt")
        door.networks.cancel_opening()
        assert door.engine.restarts == 1
        assert door.sources[-1] == "street.pt"
        door.answer()
        assert door.session.network == NETWORK

    def test_a_card_that_does_not_fit_is_shown_again_with_the_reasons(self, door: Door) -> None:
        asked: list[tuple[Asked, m.CardNeeded]] = []
        door.networks.card_needed.connect(lambda what, event: asked.append((what, event)))
        door.networks.open(Asked("weights.pt", card=ModelCard()))
        door.engine.failed.emit(m.Failed(door.ticket, "3 classes, not 2; no encoder"))
        assert asked[0][1].problems == ("3 classes, not 2", "no encoder")

    def test_leave_to_run_code_is_for_once(self, door: Door) -> None:
        door.networks.open(Asked("models.py:build", trust_code=True))
        door.answer()
        door.networks.reopen()
        assert [each.trust_code for each in door.engine.of(m.OpenNetwork)] == [True, False]

    def test_a_card_that_could_not_be_kept_is_remembered_here(self, door: Door) -> None:
        card = ModelCard(name="mine")
        door.networks.open(Asked("weights.pt", card=card))
        opened = m.NetworkOpened(door.ticket, NETWORK, card, is_card_kept=False)
        door.engine.network_opened.emit(opened)
        door.networks.reopen()
        assert door.engine.of(m.OpenNetwork)[-1].card == card

    def test_an_engine_that_ended_opens_the_network_again(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "networks")
        door.open("street.pt")
        door.engine.died.emit(9)
        assert door.sources == ["street.pt", "street.pt"]
        assert "exit code 9" in shown[0]

    def test_an_engine_that_died_of_a_network_does_not_open_it_again(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        errors_shown(monkeypatch, "networks")
        door.networks.open_model("huge.pt")
        door.engine.died.emit(9)
        assert door.sources == ["huge.pt"]
        assert (door.session.network, door.session.opening) == (None, None)

    def test_without_an_engine_there_is_no_network(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "networks")
        door.open("street.pt")
        door.engine.unable.emit("torch is not installed.")
        assert (shown, door.session.network) == (["torch is not installed."], None)


class TestQuestions:
    @pytest.fixture
    def library(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture(autouse=True)
    def questions(self, door: Door, library: MagicMock) -> QuestionsController:
        return QuestionsController(
            door.window.real, door.session, door.networks, library, door.settings
        )

    def test_code_runs_only_after_a_yes(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        box, buttons = MockedView(), QMessageBox.StandardButton
        kinds = MagicMock(return_value=box, StandardButton=buttons)
        monkeypatch.setattr("app.controllers.questions.QMessageBox", kinds)
        door.networks.open_model("models.py:build")
        needed = m.TrustNeeded(door.ticket, "It runs code.", "models.py")
        door.engine.trust_needed.emit(needed)
        says(box.finished, buttons.No)
        assert len(door.sources) == 1
        says(box.finished, buttons.Yes)
        assert door.engine.of(m.OpenNetwork)[-1].trust_code

    def test_a_card_that_was_filled_in_opens_the_weights_with_it(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dialog = mocked_dialog(monkeypatch, "questions.CardDialog")
        door.networks.open_model("weights.pt")
        door.engine.card_needed.emit(m.CardNeeded(door.ticket, "Which one?", ModelCard(), ()))
        filled = ModelCard(name="mine")
        says(dialog.confirmed, filled)
        last = door.engine.of(m.OpenNetwork)[-1]
        assert (last.source, last.card) == ("weights.pt", filled)

    def test_a_network_that_is_not_here_is_fetched_and_then_opened(
        self, door: Door, library: MagicMock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.controllers.networks.is_fetchable", lambda _source: True)
        door.networks.open_model("nvidia/segformer")
        source, then = library.fetch.call_args.args
        assert (source, door.sources) == ("nvidia/segformer", [])
        then()
        assert door.sources == ["nvidia/segformer"]

    def test_a_card_can_be_edited_only_of_an_open_network(self, door: Door) -> None:
        assert not door.window.action("edit_card").isEnabled()
        door.open("street.pt")
        assert door.window.action("edit_card").isEnabled()


class TestDownloads:
    @pytest.fixture
    def opened(self) -> list[str]:
        return []

    @pytest.fixture
    def library(
        self, door: Door, opened: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> LibraryController:
        downloads = MagicMock(active=[])
        monkeypatch.setattr("app.controllers.library.Downloads", lambda _parent: downloads)
        return LibraryController(door.window.real, door.tasks.real, opened.append)

    def end(self, library: LibraryController, transfer: Transfer) -> None:
        says(cast(MagicMock, library.downloads.changed), transfer)

    def test_what_was_wanted_with_it_is_done_once_it_is_here(
        self, door: Door, library: LibraryController
    ) -> None:
        done: list[bool] = []
        library.fetch("nvidia/segformer", lambda: done.append(True))
        self.end(library, Transfer("nvidia/segformer", "running", 1, 2))
        assert done == []
        self.end(library, Transfer("nvidia/segformer", "done", 2, 2))
        assert done == [True]
        assert door.window.told == "nvidia/segformer is on this computer now."

    def test_a_failure_is_shown_where_nobody_looks_at_the_library(
        self, library: LibraryController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "library")
        done: list[bool] = []
        library.fetch("nvidia/segformer", lambda: done.append(True))
        self.end(library, Transfer("nvidia/segformer", "failed", message="No connection."))
        assert (shown, done) == (["No connection."], [])

    def test_what_was_cancelled_is_not_opened(
        self, library: LibraryController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "library")
        done: list[bool] = []
        library.fetch("nvidia/segformer", lambda: done.append(True))
        self.end(library, Transfer("nvidia/segformer", "cancelled"))
        self.end(library, Transfer("nvidia/segformer", "done"))
        assert (shown, done) == ([], [])

    def test_the_status_line_tells_of_the_first_and_counts_the_others(
        self, door: Door, library: LibraryController
    ) -> None:
        first = Transfer("one", "running", 1, 4)
        library.downloads.active = (first, replace(first, source="two"))  # type: ignore[misc]
        self.end(library, first)
        assert door.window.status.set_download.call_args.args == ("Fetching one and 1 more", 25)
