"""Runs: started, paused and stopped here, their snapshots shown, their results kept."""

from __future__ import annotations

from time import monotonic

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.actions import allow
from app.actions.reasons import NOT_RUNNING
from app.controllers.dialogs import show_error
from app.main_window import MainWindow
from app.models.current_request import current_request
from app.models.run_request import RunRequest
from app.models.running import Ended, Phase, Run, duration
from app.models.session import Session
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.errors import GridSalError
from gridsal_core.frames import ImageView
from gridsal_core.settings import suggest_settings
from gridsal_core.upsampling import saliency_map

FALLBACK_RATE_HZ = 60.0
LOST = "The run was lost with the engine; run it again."

# Text and icon of the main button in each phase; None is idle.
BUTTONS: dict[Phase | None, tuple[str, str]] = {
    None: ("Run", "run"),
    "starting": ("Pause", "pause"),
    "running": ("Pause", "pause"),
    "paused": ("Resume", "run"),
}


class RunController(QObject):
    """Owns the way from a request to its result; one is under way at a time."""

    cancelled = Signal()
    """Stop was pressed while there was no run: something else may be under way."""
    run_changed = Signal()
    """A run began, was paused or resumed, or ended."""
    progressed = Signal(object)
    """The Run that is under way has a new snapshot."""
    ended = Signal(object)
    """An Ended: the engine owes nothing of that run any more."""

    def __init__(self, window: MainWindow, session: Session, engine: EngineClient) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._run: Run | None = None
        self._owed: dict[int, Run] = {}
        self._message = ""
        screen = QGuiApplication.primaryScreen()
        rate = screen.refreshRate() if screen is not None else FALLBACK_RATE_HZ
        self._timer = QTimer(self)
        self._timer.setInterval(max(1, round(1000 / max(rate, 1.0))))
        self._timer.timeout.connect(self._take_snapshot)
        window.run.main_clicked.connect(self.run_or_pause)
        window.run.stop_clicked.connect(self.stop)
        window.action("run").triggered.connect(self.run_or_pause)
        window.action("stop").triggered.connect(self.stop)
        window.settings.changed.connect(self._refresh)
        window.settings.refused.connect(self._on_refused)
        session.network_changed.connect(self._on_subject)
        session.busy_changed.connect(self._refresh)
        session.image_loaded.connect(self._on_subject)
        session.current_changed.connect(self._refresh)
        session.prediction_changed.connect(self._refresh)
        session.region_changed.connect(self._refresh)
        session.class_changed.connect(self._refresh)
        engine.finished.connect(self._on_finished)
        engine.failed.connect(self._on_failed)
        engine.died.connect(self.on_engine_lost)
        engine.unable.connect(self.on_engine_lost)
        self._refresh()

    @property
    def run(self) -> Run | None:
        """The run that is under way."""
        return self._run

    @property
    def is_shown(self) -> bool:
        """Whether there is a run whose map grows on the canvas now."""
        return self._run is not None and self._run.is_watched and self._is_here(self._run)

    @property
    def is_pending(self) -> bool:
        """Whether the engine still owes a result."""
        return bool(self._owed)

    def run_or_pause(self) -> None:
        """Start a run; pause or resume the one that is under way."""
        run = self._run
        if run is None:
            if not self._window.settings.commit():
                return  # the field that refused its number has said why
            self._run_current()
        elif run.phase == "paused":
            run.phase = "running"
            run.clock = None
            self._engine.send(m.Resume(run.ticket))
            self.run_changed.emit()
        else:
            run.phase = "paused"
            self._engine.send(m.Pause(run.ticket))
            self.run_changed.emit()
        self._refresh()

    def start(self, asked: RunRequest, *, is_watched: bool) -> Run:
        """Have a request run. The caller sees to it that no other run is under way.

        Parameters
        ----------
        asked
            The request; its image need not be the one that is shown.
        is_watched
            Whether its map is to grow on the canvas.
        """
        run = self._run = Run(self._engine.new_ticket(), asked, is_watched)
        self._owed[run.ticket] = run
        self._message = ""
        self._engine.send(
            m.Explain(
                run.ticket,
                asked.view,
                asked.region,
                asked.class_index,
                asked.origin,
                asked.settings,
                asked.network_sha256,
                asked.true_class,
                asked.identity,
                self._session.results.folder,
            )
        )
        self._timer.start()
        self.run_changed.emit()
        self._refresh()
        return run

    def watch(self) -> None:
        """Let the map of the run that is under way grow on the canvas, where its image is shown."""
        if self._run is not None and not self._run.is_watched:
            self._run.is_watched = True
            self.show_run()
            self._refresh()

    def stop(self) -> None:
        """End the run: the window is free at once, and the result follows with the step's end.

        Without a run, a network that is being opened, or a prediction, is given up.
        """
        run, self._run = self._run, None
        if run is None:
            self.cancelled.emit()
            return
        self._timer.stop()
        self._engine.send(m.Stop(run.ticket))
        done = run.snapshot.step if run.snapshot is not None else 0
        self._message = f"Stopped after {done} of {run.settings.planned} {_unit(run)}s."
        self.run_changed.emit()
        self._refresh()

    def show_run(self) -> bool:
        """Show the newest snapshot on the canvas if its run is watched there."""
        run = self._run
        if run is None or run.snapshot is None or not self.is_shown:
            return False
        snapshot, settings = run.snapshot, run.settings
        self._window.canvas.set_heat(
            saliency_map(snapshot.mask, run.kept, settings.form, settings.upsampling)
        )
        self._window.plot.set_curves(snapshot.losses, snapshot.scores, snapshot.steps)
        return True

    def _run_current(self) -> None:
        try:
            asked = current_request(self._session, self._window.settings.settings())
        except GridSalError as error:
            asked = str(error)
        if isinstance(asked, str):
            self._message = asked
            return
        self.start(asked, is_watched=True)
        self._window.plot.clear(asked.settings.planned)
        self._window.canvas.set_heat(np.zeros(asked.size, np.float32))
        self._window.result.set_result(None, None)
        for layer in ("prediction", "labels", "errors"):  # red over other colours reads badly
            self._window.layers.boxes[layer].setChecked(False)

    def _take_snapshot(self) -> None:
        run = self._run
        if run is None:
            return
        snapshot = self._engine.mailbox.take(run.ticket)
        if snapshot is None:
            return
        if run.snapshot is not None and snapshot.step < run.snapshot.step:
            run.clock = None  # for want of memory it began again
        if snapshot.notes and (run.snapshot is None or run.snapshot.notes != snapshot.notes):
            self._window.status.showMessage(snapshot.notes[-1], 15000)
        run.snapshot = snapshot
        if run.clock is None:
            run.clock = (snapshot.step, monotonic())
        if run.phase == "starting":
            run.phase = "running"
        self.show_run()
        self._refresh()
        self.progressed.emit(run)

    def _on_finished(self, event: m.Finished) -> None:
        run = self._owed.pop(event.ticket, None)
        if run is None:
            return
        if self._run is run:
            self._forget()
            done = event.explanation.steps
            unit = "gradient" if event.explanation.settings.is_gradient else "step"
            self._message = " ".join((f"Done: {done} {unit}s.", *event.explanation.notes))
        # Who works on an image is not to be disturbed by what the queue finds there.
        kept = self._session.add_result(
            run.view, event.explanation, is_shown=run.is_watched, identity=run.asked.identity
        )
        self.run_changed.emit()
        self._refresh()
        self.ended.emit(Ended(run, kept.identity, event.explanation.stopped))

    def _on_failed(self, event: m.Failed) -> None:
        run = self._owed.pop(event.ticket, None)
        if run is None:
            return
        is_stopped = self._run is not run
        if not is_stopped:
            self._forget()
            self._message = "The run failed."
            if run.is_watched:
                show_error(self._window, event.message, event.trace)
        self.run_changed.emit()
        self._refresh()
        self.ended.emit(Ended(run, is_stopped=is_stopped, reason=event.message))

    def on_engine_lost(self) -> None:
        """Give up what the engine owed."""
        owed, self._owed = self._owed, {}
        lost = self._run
        if lost is not None:
            self._forget()
            self._message = LOST
        self.run_changed.emit()
        self._refresh()
        for run in owed.values():
            is_stopped = run is not lost
            self.ended.emit(Ended(run, is_stopped=is_stopped, reason=LOST, is_lost=True))

    def _forget(self) -> None:
        self._run = None
        self._timer.stop()

    def _on_refused(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, 15000)
        self._window.run.set_text(sentence)

    def _on_subject(self) -> None:
        """Suggest settings for the new network or image, and forget what was said of the last."""
        session = self._session
        if session.loaded is not None:
            card = session.network.explain if session.network is not None else None
            height, width = session.loaded.rgb.shape[:2]
            self._window.settings.set_suggested(suggest_settings(height, width, card))
        if self._run is None:
            self._message = ""
        self._refresh()

    def _refresh(self) -> None:
        run, panel = self._run, self._window.run
        reason = "" if run is not None else self._why_not()
        text, icon_name = BUTTONS[None if run is None else run.phase]
        is_enabled = run is not None or not reason
        panel.set_main(text, icon_name, is_enabled=is_enabled)
        can_stop = run is not None or self._session.is_busy
        panel.set_can_stop(can_stop)
        allow(self._window.action("run"), "" if is_enabled else reason)
        allow(self._window.action("stop"), "" if can_stop else NOT_RUNNING)
        if run is None:
            panel.set_progress(0, 0 if self._session.is_busy else 1)
            panel.set_text(reason or self._message or "Ready to run.")
        else:
            done = run.snapshot.step if run.snapshot is not None else 0
            panel.set_progress(done, run.settings.planned if done else 0)
            panel.set_text(_progress_text(run, self._is_here(run)))

    def _is_here(self, run: Run) -> bool:
        loaded = self._session.loaded
        return loaded is not None and loaded.view == run.view

    def _why_not(self) -> str:
        try:
            return self._session.why_not_runnable(self._window.settings.settings())
        except GridSalError as error:
            return str(error)


def _unit(run: Run) -> str:
    return "gradient" if run.settings.is_gradient else "step"


def _progress_text(run: Run, is_here: bool) -> str:
    snapshot = run.snapshot
    if snapshot is None:
        parts = ["Paused at the first step."] if run.phase == "paused" else []
        parts = parts or ["Looking at the image and at the object alone…"]
    else:
        parts = [f"{_unit(run).capitalize()} {snapshot.step:,} of {snapshot.steps:,}"]
        left = run.seconds_left
        if run.phase == "paused":
            parts.append("paused")
        elif left is not None:
            parts.append(f"{duration(left)} left")
        if not is_here:
            parts.append(f"on {_place(run.view)}")
    if not run.is_watched:
        parts.append("from the queue")
    return " · ".join(parts)


def _place(view: ImageView) -> str:
    """Name what a run is on while something else is shown."""
    page = f", page {view.page + 1}" if view.page else ""
    return view.path.name + page
