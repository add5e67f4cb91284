"""What goes out of the window, by itself: figures, their composer, data, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from app.controllers.composer import ComposerController
from app.controllers.data import DataController
from app.controllers.export import ExportController, may_write
from app.controllers.figures import MOST_ROUNDS, TOO_LARGE, FigureDesk
from app.controllers.report import ReportController
from app.settings import AppSettings
from app.workers.engine_client import LOST
from app.workers.figures import DrawFigure, Drawn, LayOut, Missing, WriteFigure
from app.workers.publishing import RecordOf, ReportOn, WriteArchive
from gridsal_core.figure.spec import FigureSpec
from tests.app.mocked_window import MockedView, errors_shown, mocked_dialog, says
from tests.app.stand_ins import Room, keep, look_at


@pytest.fixture
def desk(room: Room) -> FigureDesk:
    return FigureDesk(room.engine.real, room.session.results, lambda: "", room.window)


def chooses(monkeypatch: pytest.MonkeyPatch, module: str, path: Path | None) -> None:
    """Let the user choose a file to save."""
    monkeypatch.setattr(f"app.controllers.{module}.ask_file", lambda *_asked: path)


class TestFigureDesk:
    def ask(self, room: Room, desk: FigureDesk) -> tuple[list[Any], list[str]]:
        """Have a figure of one result written; returns the answers and the refusals to come."""
        done: list[Any] = []
        failed: list[str] = []
        keys = desk.keys(FigureSpec(), [keep(room.session)])
        job = WriteFigure(FigureSpec(), keys, Path("figure.pdf"))
        desk.submit(job, done.append, lambda sentence, _trace: failed.append(sentence))
        return done, failed

    def job(self, room: Room) -> Any:  # noqa: ANN401 - of any kind
        (job,) = room.engine.jobs
        return job

    def test_what_the_engine_lacks_is_laid_out_there_then_it_is_asked_again(
        self, room: Room, desk: FigureDesk
    ) -> None:
        done, _ = self.ask(room, desk)
        room.engine.answer(Missing(self.job(room).keys))
        assert isinstance(self.job(room), LayOut)
        room.engine.answer(None)
        assert isinstance(self.job(room), WriteFigure)
        room.engine.answer(Path("figure.pdf"))
        assert (done, desk.is_pending) == ([Path("figure.pdf")], False)

    def test_what_the_engine_cannot_hold_together_is_given_up(
        self, room: Room, desk: FigureDesk
    ) -> None:
        _, failed = self.ask(room, desk)
        for _ in range(MOST_ROUNDS):
            room.engine.answer(Missing(self.job(room).keys))
            room.engine.answer(None)
        room.engine.answer(Missing(self.job(room).keys))
        assert failed == [TOO_LARGE]

    def test_an_engine_that_ended_is_asked_again(self, room: Room, desk: FigureDesk) -> None:
        done, failed = self.ask(room, desk)
        room.engine.refuse(LOST)
        room.engine.answer(Path("figure.pdf"))
        assert (done, failed) == ([Path("figure.pdf")], [])

    def test_a_result_that_was_removed_meanwhile_says_so(
        self, room: Room, desk: FigureDesk
    ) -> None:
        _, failed = self.ask(room, desk)
        keys = self.job(room).keys
        room.session.results.remove([keys[0].identity])
        room.engine.answer(Missing(keys))
        assert failed == ["This result was removed."]

    def test_a_preview_is_not_owed_to_anyone(self, room: Room, desk: FigureDesk) -> None:
        keys = desk.keys(FigureSpec(), [keep(room.session)])
        desk.submit(DrawFigure(FigureSpec(), keys, within=(9, 9)), MagicMock(), MagicMock())
        assert not desk.is_pending


class TestQuickFigure:
    @pytest.fixture(autouse=True)
    def exports(self, room: Room, desk: FigureDesk) -> ExportController:
        return ExportController(room.window.real, room.session, AppSettings(), desk)

    def test_the_figure_is_written_where_the_user_says(
        self, room: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep(room.session)
        chooses(monkeypatch, "export", Path("rider.pdf"))
        room.window.action("export_figure").trigger()
        (job,) = room.engine.jobs
        assert job.path == Path("rider.pdf")
        room.engine.answer(job.path)
        assert room.window.told == "Saved rider.pdf"

    def test_whoever_changes_their_mind_gets_no_file(
        self, room: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep(room.session)
        chooses(monkeypatch, "export", None)
        room.window.action("export_figure").trigger()
        assert room.engine.jobs == []

    def test_a_failure_is_shown(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        shown = errors_shown(monkeypatch, "export")
        keep(room.session)
        chooses(monkeypatch, "export", Path("rider.pdf"))
        room.window.action("export_figure").trigger()
        room.engine.refuse("The disk is full.")
        assert shown == ["The disk is full."]

    def test_an_image_that_is_open_is_never_written_over(
        self, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "export")
        image = tmp_path / "a.png"
        image.touch()
        room.session.set_images(tmp_path, (image, tmp_path / "gone.png"))
        assert not may_write(room.window.real, room.session, image)
        assert "is one of the opened files" in shown[0]
        assert may_write(room.window.real, room.session, tmp_path / "new.png")


class TestComposer:
    @pytest.fixture
    def dialog(self, monkeypatch: pytest.MonkeyPatch) -> MockedView:
        dialog = mocked_dialog(monkeypatch, "composer.ComposerDialog")
        dialog.spec.return_value = FigureSpec()
        dialog.preview.dots = (300, 200)
        return dialog

    @pytest.fixture
    def composer(
        self, room: Room, desk: FigureDesk, dialog: MockedView, tmp_path: Path
    ) -> ComposerController:
        presets = tmp_path / "presets.json"
        controller = ComposerController(
            room.window.real, room.session, AppSettings(), desk, presets
        )
        controller.compose([keep(room.session)])
        return controller

    def draw(self, room: Room) -> None:
        room.engine.answer(Drawn(b"png", (7.0, 3.0), (700, 300)))

    def test_the_preview_says_how_large_the_figure_is(
        self, room: Room, dialog: MockedView, composer: ComposerController
    ) -> None:
        says(dialog.settled)
        self.draw(room)
        data, told = dialog.show_figure.call_args.args
        assert (data, told) == (b"png", "177.8 × 76.2 mm; as PNG 700 × 300 dots.")

    def test_of_what_is_changed_meanwhile_only_the_newest_is_drawn(
        self, room: Room, dialog: MockedView, composer: ComposerController
    ) -> None:
        says(dialog.settled)
        for dpi in (100, 150, 200):
            dialog.spec.return_value = FigureSpec(dpi=dpi)
            says(dialog.settled)
        self.draw(room)
        dialog.show_figure.assert_not_called()
        (job,) = room.engine.jobs
        assert job.spec.dpi == 200
        self.draw(room)
        dialog.show_figure.assert_called_once()

    def test_a_preview_of_a_dialog_that_was_closed_is_dropped(
        self, room: Room, dialog: MockedView, composer: ComposerController
    ) -> None:
        says(dialog.settled)
        says(dialog.finished)
        self.draw(room)
        dialog.show_figure.assert_not_called()

    def test_a_figure_that_cannot_be_drawn_says_why_in_the_dialog(
        self, room: Room, dialog: MockedView, composer: ComposerController
    ) -> None:
        says(dialog.settled)
        room.engine.refuse("The page is too small.")
        dialog.show_trouble.assert_called_once_with("The page is too small.")

    def test_a_preset_is_kept_for_the_next_figure_and_can_be_deleted(
        self, dialog: MockedView, composer: ComposerController
    ) -> None:
        says(dialog.save_preset_asked, "Poster")
        assert dialog.set_presets.call_args.args[1] == ["Poster"]
        says(dialog.delete_preset_asked, "Poster")
        assert dialog.set_presets.call_args.args[1] == []

    def test_damaged_presets_are_told_and_left_as_they_are(
        self,
        dialog: MockedView,
        composer: ComposerController,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = errors_shown(monkeypatch, "composer")
        (tmp_path / "presets.json").write_text("{", "utf-8")
        says(dialog.save_preset_asked, "Poster")
        assert len(shown) == 1
        assert (tmp_path / "presets.json").read_text("utf-8") == "{"

    def test_there_is_nothing_to_compose_without_a_result(
        self, room: Room, composer: ComposerController
    ) -> None:
        assert room.window.action("compose_figure").isEnabled()
        look_at(room.session, "b.png")
        assert not room.window.action("compose_figure").isEnabled()


class TestData:
    @pytest.fixture
    def data(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> DataController:
        monkeypatch.setattr("app.controllers.walk.QProgressDialog", MagicMock())
        return DataController(
            room.window.real, room.session, room.engine.real, room.tasks.real, AppSettings()
        )

    def test_a_table_needs_no_arrays(
        self, room: Room, data: DataController, tmp_path: Path
    ) -> None:
        keep(room.session)
        data.write(room.session.results.results, tmp_path / "results.csv")
        room.tasks.finish()
        assert room.engine.jobs == []
        assert len((tmp_path / "results.csv").read_text("utf-8").splitlines()) == 2

    def test_results_are_written_one_by_one_and_the_end_is_told(
        self, room: Room, data: DataController
    ) -> None:
        keep(room.session, "a")
        keep(room.session, "b")
        data.write(room.session.results.results, Path("archives"))
        names = []
        while room.engine.jobs:
            (job,) = room.engine.jobs
            assert isinstance(job, WriteArchive)
            names.append(job.path.name)
            room.engine.answer(job.path)
        assert len(set(names)) == 2
        assert (room.window.told, data.is_pending) == ("Saved archives", False)

    def test_one_that_fails_ends_it_and_nothing_is_called_saved(
        self, room: Room, data: DataController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "data")
        keep(room.session, "a")
        keep(room.session, "b")
        data.write(room.session.results.results, Path("results.json"))
        assert isinstance(room.engine.jobs[0], RecordOf)
        room.engine.refuse("The disk is full.")
        assert (shown, room.engine.jobs, data.is_pending) == (["The disk is full."], [], False)
        room.window.status.showMessage.assert_not_called()

    def test_closing_the_window_gives_it_up(self, room: Room, data: DataController) -> None:
        keep(room.session)
        data.write(room.session.results.results, Path("result.npz"))
        room.window.closing.emit()
        assert room.engine.jobs == []

    def test_the_compared_results_are_meant_on_the_page_compare(
        self, room: Room, data: DataController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dialog = mocked_dialog(monkeypatch, "data.ExportDialog")
        chooses(monkeypatch, "data", Path("one.npz"))
        first, _ = keep(room.session, "a"), keep(room.session, "b")
        panel = MagicMock()
        panel.picker.currentData.return_value = first
        room.window.compare.shown = [panel]
        room.window.workspace.currentWidget.return_value = room.window.compare
        data.ask()
        says(dialog.chosen, "selected", ".npz")
        (job,) = room.engine.jobs
        assert job.explanation.request.image_path == Path("a.png")


class TestReport:
    @pytest.fixture
    def reports(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> ReportController:
        monkeypatch.setattr("app.controllers.walk.QProgressDialog", MagicMock())
        return ReportController(
            room.window.real, room.session, room.engine.real, room.tasks.real, AppSettings()
        )

    def reported(self, room: Room) -> list[str]:
        """The images of the results that are drawn, one after the other."""
        names = []
        while room.engine.jobs:
            (job,) = room.engine.jobs
            assert isinstance(job, ReportOn)
            names.append(str(job.kept.image_path))
            room.engine.answer(MagicMock())
        return names

    def test_it_is_of_all_results_unless_several_are_selected(
        self, room: Room, reports: ReportController
    ) -> None:
        kept = [keep(room.session, name) for name in "abc"]
        room.window.results.selected_identities = kept[:1]
        reports.write(Path("report.html"))
        assert self.reported(room) == ["a.png", "b.png", "c.png"], "one is where the user stands"
        room.window.results.selected_identities = kept[1:]
        reports.write(Path("report.html"))
        assert self.reported(room) == ["b.png", "c.png"]

    def test_a_result_that_cannot_be_drawn_is_told(
        self, room: Room, reports: ReportController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "report")
        keep(room.session)
        reports.write(Path("report.html"))
        room.engine.refuse("a.png is gone.")
        assert (shown, reports.is_pending) == (["a.png is gone."], False)

    def test_without_results_there_is_none(self, room: Room, reports: ReportController) -> None:
        assert not room.window.action("report").isEnabled()
        identity = keep(room.session)
        assert room.window.action("report").isEnabled()
        room.session.results.remove([identity])
        assert not room.window.action("report").isEnabled()
