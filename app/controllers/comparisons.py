"""Comparisons that one action makes: what is missing is run, then the page shows all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject

from app.actions import allow
from app.controllers.compare import CompareController
from app.controllers.dialogs import show_error
from app.controllers.panel_settings import committed_settings
from app.controllers.queue import QueueController
from app.controllers.run_several import STOPPED, RunSeveral, with_settings
from app.controllers.runs import RunController
from app.controllers.segments import SegmentsController
from app.main_window import MainWindow
from app.models import sweeps
from app.models.compare_panels import FEWEST, MOST
from app.models.current_request import current_request
from app.models.run_request import RunRequest, run_request
from app.models.session import Session
from app.views.compare_dialogs import MethodsDialog, SweepDialog
from gridsal_core.comparison import SegmentParts
from gridsal_core.errors import GridSalError
from gridsal_core.methods import Method
from gridsal_core.types import RegionOrigin

NO_LAM: Final = "A gradient method has no λ; choose a context explanation or grid saliency."
RUNNING: Final = "A comparison is being run; wait for it, or stop it on the page Compare."
NO_SELECTION: Final = "Select two to four results in the list of results first."
NOTE_MS: Final = 8000
REQUESTS: Final = ("compare_lam", "compare_mask", "compare_methods", "compare_network")


class ComparisonsController(QObject):
    """Makes comparisons of the current request."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        queue: QueueController,
        runs: RunController,
        compare: CompareController,
        segments: SegmentsController,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._compare = window, session, compare
        self._segments = segments
        self.runs = RunSeveral(session, queue, runs, self)
        self._selected: tuple[str, ...] = ()
        self._what = ""
        self._is_shown = False
        for name, act in (
            ("compare_lam", self.ask_lam),
            ("compare_mask", self.ask_mask),
            ("compare_methods", self.ask_methods),
            ("compare_selected", lambda: compare.show(self._selected)),
            ("compare_page", lambda: window.workspace.show_page(window.compare)),
        ):
            window.action(name).triggered.connect(lambda _on=False, a=act: a())
        results = window.results
        results.selection_changed.connect(lambda: self.set_selected(results.selected_identities))
        results.add_menu_actions(window.action("compare_selected"))
        segments.compare_wanted.connect(self.compare_parts)
        self.runs.found.connect(self._on_found)
        self.runs.progressed.connect(self._on_progress)
        self.runs.ended.connect(self._on_ended)
        window.compare.stop_clicked.connect(self.runs.stop)
        window.settings.changed.connect(self._refresh)
        for signal in (
            session.network_changed,
            session.busy_changed,
            session.image_loaded,
            session.current_changed,
            session.prediction_changed,
            session.region_changed,
            session.class_changed,
        ):
            signal.connect(self._refresh)
        self._refresh()

    @property
    def is_pending(self) -> bool:
        """Whether something is still to be run."""
        return self.runs.is_pending

    def set_selected(self, identities: Sequence[str]) -> None:
        """Say which results are selected in a list."""
        self._selected = tuple(identities)[:MOST]
        allow(
            self._window.action("compare_selected"),
            "" if FEWEST <= len(identities) <= MOST else NO_SELECTION,
        )

    def compare_parts(self, parts: SegmentParts, true_class: int) -> None:
        """Explain the correct part of a segment and what of it truly is another class."""
        settings = committed_settings(self._window.settings, self._tell)
        loaded, network = self._session.loaded, self._session.network
        if settings is None or loaded is None or network is None or parts.correct is None:
            return
        kinds: tuple[tuple[int, RegionOrigin], ...] = (
            (parts.predicted, "correct part"),
            (true_class, "erroneous part"),
        )
        wanted = [
            run_request(
                network,
                loaded.view,
                parts.region(true),
                parts.predicted,
                origin,
                settings,
                true=true,
            )
            for true, origin in kinds
        ]
        self.run("Correct and wrong part", wanted)

    def ask_lam(self) -> None:
        """Let the user choose weights λ."""
        now = self._request()
        if now is None:
            return
        settings = now.settings
        if settings.is_gradient:
            self._tell(NO_LAM)
            return
        dialog = SweepDialog(
            "Compare with a λ sweep",
            "Values of λ",
            "Weights of the mask's sum, 0 or more, with commas between: larger ones give smaller "
            "maps.\nTwo to four values.",
            sweeps.proposed_lams(settings),
            lambda text: sweeps.read_lams(settings, text),
            self._window,
        )
        self._sweep(dialog, now, "λ sweep")

    def ask_mask(self) -> None:
        """Let the user choose mask sizes."""
        now = self._request()
        if now is None:
            return
        settings, size = now.settings, now.size
        dialog = SweepDialog(
            "Compare with a mask-size sweep",
            "Mask sizes",
            "Rows x columns of the mask in cells, as in 16x32, with commas between: at most the "
            "image's size.\nTwo to four sizes.",
            sweeps.proposed_mask_sizes(settings, size),
            lambda text: sweeps.read_mask_sizes(settings, size, text),
            self._window,
        )
        self._sweep(dialog, now, "Mask-size sweep")

    def ask_methods(self) -> None:
        """Let the user choose methods."""
        now = self._request()
        if now is None:
            return
        dialog = MethodsDialog(sweeps.proposed_methods(now.settings), self._window)

        def run(methods: tuple[Method, ...]) -> None:
            settings = [replace(now.settings, method=method) for method in methods]
            self.run("Methods", [with_settings(now, each) for each in settings])

        dialog.chosen.connect(run)
        dialog.open()

    def run(
        self,
        what: str,
        wanted: Sequence[RunRequest],
        on_done: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        """Run what is missing of these, then show all of them, or do something else."""
        if self.runs.is_pending:
            self._tell(RUNNING)
            return
        self._what, self._is_shown = what, on_done is None
        if self._is_shown:
            self._compare.panels.clear()
            for _ in wanted[FEWEST:]:
                self._compare.panels.add()
            self._window.workspace.show_page(self._window.compare)
        self.runs.start(wanted, on_done or self._compare.show)

    def request(self) -> RunRequest | None:
        """Return the current request, or say what is missing."""
        return self._request()

    def _sweep(self, dialog: SweepDialog, now: RunRequest, what: str) -> None:
        dialog.chosen.connect(
            lambda chosen: self.run(what, [with_settings(now, each) for each in chosen])
        )
        dialog.open()

    def _request(self) -> RunRequest | None:
        settings = committed_settings(self._window.settings, self._tell)
        if settings is None:
            return None
        try:
            asked = current_request(self._session, settings)
        except GridSalError as error:
            asked = str(error)
        if isinstance(asked, str):
            self._tell(asked)
            return None
        return asked

    def _why_not(self) -> str:
        try:
            return self._session.why_not_runnable(self._window.settings.settings())
        except GridSalError as error:
            return str(error)

    def _on_found(self, index: int, identity: str) -> None:
        if self._is_shown and index < len(self._compare.panels.panels):
            self._compare.panels.put(index, identity)

    def _on_progress(self, done: int, total: int) -> None:
        page = self._window.compare
        text = f"{self._what}: explaining {min(done + 1, total)} of {total}…"
        if self._window.action("queue_pause").isChecked():
            text += " The queue is paused."
        page.set_progress(text, done, total)
        if self._is_shown:
            for panel in page.shown:
                panel.set_waiting("Being explained…")

    def _on_ended(self, sentence: str) -> None:
        self._window.compare.set_progress(None, 0, 0)
        for panel in self._window.compare.panels:
            panel.set_waiting("")
        if sentence == STOPPED:
            self._tell(sentence)
        elif sentence:
            show_error(self._window, sentence)
        self._refresh()

    def _refresh(self) -> None:
        reason = self._why_not()
        for name in REQUESTS:
            allow(self._window.action(name), reason)
        is_gradient = not reason and self._window.settings.settings().is_gradient
        if is_gradient:
            allow(self._window.action("compare_lam"), NO_LAM)
        self.set_selected(self._selected)

    def _tell(self, sentence: str) -> None:
        if sentence:
            self._window.status.showMessage(sentence, NOTE_MS)
