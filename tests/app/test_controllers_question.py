"""What questions a result, by itself: what if, and checks of a map."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from app.controllers.check_map import CheckMapController
from app.controllers.runs import RunController
from app.controllers.what_if import ELSEWHERE, WhatIfController
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.jobs_what_if import AskWhatIf
from gridsal_core.whatif import WhatIf
from tests.app.mocked_window import (
    MockedView,
    errors_shown,
    mocked_dialog,
    says,
)
from tests.app.stand_ins import (
    Room,
    explanation,
    keep,
    look_at,
    prediction,
    request,
)


class TestWhatIf:
    @pytest.fixture
    def dialog(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> MockedView:
        monkeypatch.setattr("app.controllers.what_if.QMenu", MagicMock())
        return mocked_dialog(monkeypatch, "what_if.WhatIfDialog")

    @pytest.fixture
    def what_ifs(self, room: Room, dialog: MockedView) -> WhatIfController:
        controller = WhatIfController(
            room.window.real,
            room.session,
            room.engine.real,
            room.tasks.real,
            AppSettings(),
        )
        keep(room.session, "a")
        return controller

    def answer(self, room: Room) -> WhatIf:
        """Say what the network says: that the rider is still there."""
        job: AskWhatIf = room.engine.jobs[0]
        made = job.explanation
        found = WhatIf(job.kind, made, made.request.image, prediction(), 0.9, 0.7)
        room.engine.answer(found)
        return found

    def test_there_is_nothing_to_ask_without_a_result(
        self, room: Room, what_ifs: WhatIfController
    ) -> None:
        assert room.window.action("what_if_remove").isEnabled()
        look_at(room.session, "b.png")
        assert not room.window.action("what_if_remove").isEnabled()
        what_ifs.ask("remove")
        assert room.engine.jobs == []

    def test_before_and_after_are_shown_with_their_scores(
        self, room: Room, dialog: MockedView, what_ifs: WhatIfController
    ) -> None:
        room.window.action("what_if_remove").trigger()
        pending = [what_ifs.is_pending]
        self.answer(room)
        room.tasks.finish()
        pending.append(what_ifs.is_pending)
        assert dialog.set_answer.call_args.args[3] == (0.9, 0.7)
        assert pending == [True, False]

    def test_only_the_last_question_is_answered(
        self, room: Room, dialog: MockedView, what_ifs: WhatIfController
    ) -> None:
        what_ifs.ask("remove")
        what_ifs.ask("keep")
        self.answer(room)
        room.tasks.finish()
        dialog.set_answer.assert_not_called()
        self.answer(room)
        room.tasks.finish()
        dialog.set_kind.assert_called_with("keep")
        dialog.set_answer.assert_called_once()

    def test_what_is_painted_is_asked_only_where_it_was_painted(
        self,
        room: Room,
        dialog: MockedView,
        what_ifs: WhatIfController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "what_if")
        what_ifs.ask("remove")
        self.answer(room)
        room.tasks.finish()
        look_at(room.session, "b.png")
        says(dialog.asked, "painted", None)
        dialog.set_refused.assert_called_with(ELSEWHERE)
        assert (shown, room.engine.jobs) == ([], [])

    def test_a_network_that_refuses_says_why_in_the_open_dialog(
        self,
        room: Room,
        dialog: MockedView,
        what_ifs: WhatIfController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "what_if")
        what_ifs.ask("remove")
        room.engine.refuse("Another network is open.")
        assert shown == ["Another network is open."], "there is no dialog yet"
        what_ifs.ask("remove")
        self.answer(room)
        room.tasks.finish()
        says(dialog.asked, "keep", 0.5)
        room.engine.refuse("It is too large.")
        dialog.set_refused.assert_called_with("It is too large.")

    def test_an_answer_to_a_dialog_that_was_closed_opens_no_other_one(
        self, room: Room, dialog: MockedView, what_ifs: WhatIfController
    ) -> None:
        what_ifs.ask("remove")
        self.answer(room)
        room.tasks.finish()
        says(dialog.asked, "keep", None)
        says(dialog.finished)
        self.answer(room)
        room.tasks.finish()
        dialog.set_answer.assert_called_once()


class TestChecks:
    @pytest.fixture
    def dialog(self, monkeypatch: pytest.MonkeyPatch) -> MockedView:
        return mocked_dialog(monkeypatch, "check_map.CheckDialog")

    @pytest.fixture
    def runs(self, room: Room) -> RunController:
        return RunController(room.window.real, room.session, room.engine.real)

    @pytest.fixture
    def checks(self, room: Room, runs: RunController, dialog: MockedView) -> CheckMapController:
        keep(room.session, "a")
        return CheckMapController(
            room.window.real, room.session, runs, room.engine.real, AppSettings()
        )

    def ticket(self, room: Room) -> int:
        return room.engine.of(m.CheckMap)[-1].ticket

    def test_a_check_is_followed_to_its_end(
        self, room: Room, dialog: MockedView, checks: CheckMapController
    ) -> None:
        room.window.action("check_map").trigger()
        checking = [room.session.is_checking]
        room.engine.check_progressed.emit(m.CheckProgress(self.ticket(room), 3, 40))
        assert dialog.set_progress.call_args.args == (3, 40, "Step 3 of 40")
        found = MagicMock()
        room.engine.checked.emit(m.Checked(self.ticket(room), found))
        dialog.set_check.assert_called_once_with(found)
        checking.append(room.session.is_checking)
        assert checking == [True, False]

    def test_closing_the_dialog_gives_the_check_up(
        self, room: Room, dialog: MockedView, checks: CheckMapController
    ) -> None:
        checks.check()
        ticket = self.ticket(room)
        says(dialog.finished)
        assert room.engine.of(m.Stop) == [m.Stop(ticket)]
        assert not room.session.is_checking
        room.engine.checked.emit(m.Checked(ticket, MagicMock()))
        dialog.set_check.assert_not_called()

    def test_one_check_at_a_time_and_none_during_a_run(
        self, room: Room, runs: RunController, checks: CheckMapController
    ) -> None:
        action = room.window.action("check_map")
        ticket = runs.start(request("a"), is_watched=True).ticket
        assert "A run is under way" in action.toolTip()
        room.engine.finished.emit(m.Finished(ticket, explanation("a")))
        checks.check()
        assert "A map is being checked" in action.toolTip()

    def test_an_engine_that_ends_is_told_once(
        self, room: Room, checks: CheckMapController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "check_map", "runs")
        checks.check()
        room.engine.died.emit(9)
        assert shown == ["The engine ended while the map was checked; check it again."]
        assert not room.session.is_checking

    def test_curves_that_cannot_be_written_are_told(
        self,
        room: Room,
        dialog: MockedView,
        checks: CheckMapController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "check_map")
        monkeypatch.setattr(
            "app.controllers.check_map.ask_file", lambda *_asked: Path("curves.csv")
        )
        checks.check()
        room.engine.checked.emit(m.Checked(self.ticket(room), MagicMock()))
        says(dialog.save_clicked)
        (asked,) = room.engine.of(m.ExportCurves)
        room.engine.failed.emit(m.Failed(asked.ticket, "The disk is full."))
        assert shown == ["The disk is full."]
