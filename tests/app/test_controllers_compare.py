"""What compares results, by itself: several runs, sweeps, another network, the page Compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from app.controllers.compare import TWO_NEEDED, CompareController
from app.controllers.compare_networks import CompareNetworksController
from app.controllers.comparisons import NO_LAM, NO_SELECTION, ComparisonsController
from app.controllers.queue import QueueController
from app.controllers.run_several import OTHER_NETWORK, STOPPED, RunSeveral, with_settings
from app.controllers.runs import RunController
from app.models.session import Session
from app.settings import AppSettings, RecentModel
from app.workers import messages as m
from gridsal_core.frames import ImageView
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation
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
    CLASSES,
    NETWORK,
    OTHER,
    SETTINGS,
    explanation,
    keep,
    look_at,
    rectangle,
    request,
)


@dataclass
class Bench:
    """A session that asks why there is a rider on `a.png`, in a window of mocked views."""

    window: MockedWindow
    session: Session
    engine: NotingEngine
    tasks: PlayedTasks
    runs: RunController
    queue: QueueController

    def finish(self, settings: Settings | None = None) -> None:
        """Let the engine end the run that it was asked for last."""
        asked = self.engine.of(m.Explain)[-1]
        made = explanation(asked.view.path.stem, settings=settings or asked.settings)
        self.engine.finished.emit(m.Finished(asked.ticket, made))

    def keep(self, made: Explanation) -> str:
        path = made.request.image_path
        assert path is not None
        return self.session.add_result(ImageView(path), made).identity

    def work_off(self) -> None:
        """Let the queue begin what it holds."""
        QApplication.processEvents()

    @property
    def steps_asked(self) -> list[int]:
        """The steps of the runs that the engine was asked for."""
        return [command.settings.steps for command in self.engine.of(m.Explain)]


@pytest.fixture
def bench(qapp: QApplication) -> Iterator[Bench]:
    window, session, engine = MockedWindow(SETTINGS), Session(), NotingEngine()
    runs = RunController(window.real, session, engine.real)
    queue = QueueController(window.real, session, runs, lambda _path, _page: None)
    session.set_network(NETWORK)
    look_at(session)
    region = session.region
    assert region is not None
    region.combine(rectangle(), "replace", "painted", "Paint")
    yield Bench(window, session, engine, PlayedTasks(), runs, queue)
    session.results.close(keep=False)


class TestSeveralRuns:
    @pytest.fixture
    def several(self, bench: Bench) -> RunSeveral:
        return RunSeveral(bench.session, bench.queue, bench.runs, bench.window)

    @pytest.fixture
    def ended(self, several: RunSeveral) -> list[str]:
        """What was said at the end."""
        said: list[str] = []
        several.ended.connect(said.append)
        return said

    def test_what_is_missing_is_run_and_all_is_handed_on_in_order(
        self, bench: Bench, several: RunSeveral, ended: list[str]
    ) -> None:
        done: list[tuple[str, ...]] = []
        known = keep(bench.session, "a")
        other = with_settings(request("a"), replace(SETTINGS, steps=9))
        several.start([other, request("a")], done.append)
        bench.work_off()
        assert bench.steps_asked == [9], "the other one is kept already"
        bench.finish()
        newest = bench.session.results.results[-1].identity
        assert (done, ended) == ([(newest, known)], [""])

    def test_a_kept_result_of_another_region_is_not_taken_for_it(
        self, bench: Bench, several: RunSeveral
    ) -> None:
        shifted = rectangle(slice(0, 3), slice(0, 4))
        assert shifted.sum() == rectangle().sum()
        bench.keep(explanation("a", region=shifted))
        several.start([request("a")], lambda _found: None)
        bench.work_off()
        assert bench.steps_asked == [SETTINGS.steps]

    def test_a_result_that_was_stopped_is_run_again(
        self, bench: Bench, several: RunSeveral
    ) -> None:
        bench.keep(explanation("a", stopped=True))
        several.start([request("a")], lambda _found: None)
        bench.work_off()
        assert bench.steps_asked == [SETTINGS.steps]

    def test_a_run_that_fails_ends_it_with_the_reason(
        self, bench: Bench, several: RunSeveral, ended: list[str]
    ) -> None:
        several.start([request("a")], lambda _found: None)
        bench.work_off()
        asked = bench.engine.of(m.Explain)[-1]
        bench.engine.failed.emit(m.Failed(asked.ticket, "It is too large."))
        assert ended == ["It is too large."]
        assert not several.is_pending

    def test_stop_takes_what_waits_off_the_queue(
        self, bench: Bench, several: RunSeveral, ended: list[str]
    ) -> None:
        several.start([request("a"), request("b")], lambda _found: None)
        bench.work_off()
        several.stop()
        assert ended == [STOPPED]
        assert bench.queue.queue.of_status("waiting") == []
        assert len(bench.engine.of(m.Stop)) == 1

    def test_a_request_that_is_taken_off_the_queue_ends_it(
        self, bench: Bench, several: RunSeveral, ended: list[str]
    ) -> None:
        bench.window.action("queue_pause").setChecked(True)
        several.start([request("a")], lambda _found: None)
        bench.queue.queue.remove(bench.queue.queue.entries, "Remove")
        assert ended == [STOPPED]

    def test_another_network_ends_it(
        self, bench: Bench, several: RunSeveral, ended: list[str]
    ) -> None:
        several.start([request("a"), request("b")], lambda _found: None)
        bench.session.set_network(OTHER)
        assert ended == [OTHER_NETWORK]


class TestComparisons:
    @pytest.fixture
    def compare(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def comparisons(self, bench: Bench, compare: MagicMock) -> ComparisonsController:
        return ComparisonsController(
            bench.window.real, bench.session, bench.queue, bench.runs, compare, MagicMock()
        )

    def test_a_sweep_runs_the_request_with_each_value(
        self,
        bench: Bench,
        compare: MagicMock,
        comparisons: ComparisonsController,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        dialog = mocked_dialog(monkeypatch, "comparisons.SweepDialog")
        bench.window.action("compare_lam").trigger()
        chosen = (replace(SETTINGS, lam=0.1), replace(SETTINGS, lam=0.2))
        says(dialog.chosen, chosen)
        for settings in chosen:
            bench.work_off()
            bench.finish(settings)
        assert [each.settings for each in bench.session.results.results] == list(chosen)
        (shown,) = compare.show.call_args.args
        assert list(shown) == [each.identity for each in bench.session.results.results]

    def test_a_gradient_method_has_no_lambda_to_sweep(
        self, bench: Bench, comparisons: ComparisonsController
    ) -> None:
        bench.window.settings.settings.return_value = replace(SETTINGS, method="vg-context")
        says(bench.window.settings.changed)
        assert bench.window.action("compare_lam").toolTip() == NO_LAM
        comparisons.ask_lam()
        assert bench.window.told == NO_LAM

    def test_without_a_region_it_says_what_is_missing(
        self, bench: Bench, comparisons: ComparisonsController
    ) -> None:
        region = bench.session.region
        assert region is not None
        region.clear()
        assert not bench.window.action("compare_methods").isEnabled()
        comparisons.ask_methods()
        assert "region" in bench.window.told

    def test_one_comparison_at_a_time(
        self, bench: Bench, comparisons: ComparisonsController
    ) -> None:
        comparisons.run("First", [request("a")])
        comparisons.run("Second", [request("b")])
        assert "A comparison is being run" in bench.window.told
        bench.work_off()
        assert [each.view.path.stem for each in bench.engine.of(m.Explain)] == ["a"]

    def test_the_page_says_how_far_it_is(
        self, bench: Bench, comparisons: ComparisonsController
    ) -> None:
        bench.window.action("queue_pause").setChecked(True)
        comparisons.run("Methods", [request("a"), request("b")])
        text, done, total = bench.window.compare.set_progress.call_args.args
        assert text == "Methods: explaining 1 of 2… The queue is paused."
        assert (done, total) == (0, 2)

    def test_stop_on_the_page_ends_it_and_a_failure_is_shown(
        self, bench: Bench, comparisons: ComparisonsController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = errors_shown(monkeypatch, "comparisons")
        comparisons.run("First", [request("a")])
        says(bench.window.compare.stop_clicked)
        assert bench.window.told == STOPPED
        comparisons.run("Second", [request("b")])
        bench.session.set_network(OTHER)
        assert shown == [OTHER_NETWORK]

    def test_two_to_four_selected_results_can_be_compared(
        self, bench: Bench, compare: MagicMock, comparisons: ComparisonsController
    ) -> None:
        action = bench.window.action("compare_selected")
        comparisons.set_selected(["one"])
        assert (action.isEnabled(), action.toolTip()) == (False, NO_SELECTION)
        comparisons.set_selected(list("12345"))
        assert not action.isEnabled()
        comparisons.set_selected(["1", "2"])
        action.trigger()
        compare.show.assert_called_with(("1", "2"))


class TestAnotherNetwork:
    @pytest.fixture
    def networks(self) -> MagicMock:
        return MagicMock(open_now=MagicMock(source="street", weights=None))

    @pytest.fixture
    def comparisons(self) -> MagicMock:
        comparisons = MagicMock()
        comparisons.request.return_value = request("a")
        return comparisons

    @pytest.fixture
    def compare(self) -> MagicMock:
        return MagicMock()

    @pytest.fixture
    def dialog(self, monkeypatch: pytest.MonkeyPatch) -> MockedView:
        return mocked_dialog(monkeypatch, "compare_networks.NetworkDialog")

    @pytest.fixture
    def chosen(
        self,
        bench: Bench,
        networks: MagicMock,
        comparisons: MagicMock,
        compare: MagicMock,
        dialog: MockedView,
    ) -> CompareNetworksController:
        """The other recent network was chosen, and this one has answered."""
        recent = (RecentModel(source="street"), RecentModel(source="another"))
        controller = CompareNetworksController(
            bench.window.real,
            bench.session,
            networks,
            comparisons,
            compare,
            AppSettings(recent_models=recent),
        )
        controller.ask()
        says(dialog.chosen, 0)
        what, wanted, go_on = comparisons.run.call_args.args
        assert (what, len(wanted)) == ("Another network", 1)
        go_on(("first",))
        return controller

    def test_the_network_that_is_open_is_not_offered(
        self, networks: MagicMock, chosen: CompareNetworksController
    ) -> None:
        networks.open_model.assert_called_once_with("another", None)

    def test_the_other_network_is_asked_the_same_and_both_are_shown(
        self,
        bench: Bench,
        comparisons: MagicMock,
        compare: MagicMock,
        chosen: CompareNetworksController,
    ) -> None:
        swapped = replace(OTHER, classes=CLASSES[::-1])
        bench.session.set_network(swapped)
        look_at(bench.session)
        _, (again,), on_done = comparisons.run.call_args.args
        assert again.network_sha256 == OTHER.sha256
        assert again.class_info.name == "rider", "the class of that name, wherever it stands"
        assert np.array_equal(again.region, rectangle())
        on_done(("second",))
        compare.show.assert_called_once_with(("first", "second"))

    def test_whoever_goes_to_another_image_meanwhile_gets_no_comparison(
        self, bench: Bench, comparisons: MagicMock, chosen: CompareNetworksController
    ) -> None:
        bench.session.set_network(OTHER)
        look_at(bench.session, "b.png")
        assert comparisons.run.call_count == 1
        assert bench.window.told == "Another image was chosen meanwhile; nothing was compared."

    def test_a_network_that_does_not_open_is_not_waited_for(
        self, bench: Bench, comparisons: MagicMock, chosen: CompareNetworksController
    ) -> None:
        bench.session.set_opening("another")
        bench.session.set_opening(None)
        bench.work_off()
        bench.session.set_network(OTHER)
        look_at(bench.session)
        assert comparisons.run.call_count == 1


class TestComparePage:
    @pytest.fixture
    def compare(self, bench: Bench) -> CompareController:
        page = bench.window.compare
        page.panels = [MagicMock() for _ in range(4)]
        page.shown = page.panels[:2]

        def set_count(count: int) -> None:
            page.shown = page.panels[:count]

        page.set_count.side_effect = set_count
        page.difference.isChecked.return_value = False
        return CompareController(bench.window.real, bench.session, bench.tasks.real, AppSettings())

    def test_a_result_is_read_and_shown_in_its_panel(
        self, bench: Bench, compare: CompareController
    ) -> None:
        first = keep(bench.session, "a")
        compare.show([first])
        panel = bench.window.compare.panels[0]
        assert panel.say.call_args.args[0] == "Reading the result…"
        bench.tasks.finish()
        content = panel.set_content.call_args.args[0]
        assert content.scores.startswith("image 0.90 · alone 0.10")
        assert bench.window.compare.set_difference_possible.call_args.args == (TWO_NEEDED,)

    def test_the_difference_is_of_the_panels_that_are_there_now(
        self, bench: Bench, compare: CompareController
    ) -> None:
        bench.window.compare.difference.isChecked.return_value = True
        one, other = (
            bench.keep(explanation("a", settings=replace(SETTINGS, steps=steps)))
            for steps in (5, 6)
        )
        compare.show([one, other])
        bench.tasks.finish()
        assert bench.window.compare.set_differences.call_args.args[0][1] is not None
        compare.panels.close(1)
        bench.tasks.finish()
        assert bench.window.compare.set_differences.call_args.args[0] == [None, None]

    def test_a_result_that_was_removed_leaves_its_panel_empty(
        self, bench: Bench, compare: CompareController
    ) -> None:
        first = keep(bench.session, "a")
        compare.show([first])
        bench.session.results.remove([first])
        assert compare.panels.panels == (None, None)

    def test_what_is_dropped_fills_this_panel_then_the_empty_ones(
        self, bench: Bench, compare: CompareController
    ) -> None:
        first, second = keep(bench.session, "a"), keep(bench.session, "b")
        says(bench.window.compare.dropped, 1, [first, second, "gone"])
        assert compare.panels.panels == (second, first)
