"""The queue: what is added to it, the order it is worked through in, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from app.actions import allow
from app.controllers.runs import RunController
from app.main_window import MainWindow
from app.models.current_request import current_request
from app.models.queue import ENDED, UNDER_WAY, AddedRequests, QueueEntry, RequestQueue
from app.models.queue_table import QueueTable
from app.models.run_request import RunRequest
from app.models.running import Ended, Run, duration
from app.models.session import Session
from gridsal_core.errors import GridSalError

SAID_MS = 8000
TOLD_AFTER_MS = 40
SHOWN_EVERY_SECONDS = 0.1
MAX_LOSSES = 2
LOST = (
    "The engine ended during this request, most likely for want of memory; retry it, or choose a "
    "smaller working scale."
)

Pace = tuple[str, tuple[int, int], str, bool]
"""What a step takes as long as: network, working size, method, whether it starts twice."""


class QueueController(QObject):
    """Owns the queue, and gives the runs their next request.

    What a request finds on the image that is being worked on is not shown there by itself.

    Parameters
    ----------
    window, session, runs
        Where requests come from, and where they go.
    show_image
        Brings a page of an image to the front.
    """

    result_wanted = Signal(str)
    """Identity of the result that is to be shown, with its request."""
    run_changed = Signal()
    """A run began, was paused or resumed, or ended, also one that was not queued; see `left`."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        runs: RunController,
        show_image: Callable[[Path, int], None],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._runs = window, session, runs
        self._show_image = show_image
        self.queue = RequestQueue(session.undo_stack, self)
        self._table = QueueTable(self.queue, self)
        self._panel = window.queue
        self._panel.set_model(self._table)
        self._under_way: dict[int, QueueEntry] = {}
        self._paces: dict[Pace, float] = {}
        self._shown_at = 0.0
        self._losses = 0
        # What begins the next run is put off until whoever ended the last one has returned.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._advance)
        self._teller = QTimer(self)
        self._teller.setSingleShot(True)
        self._teller.setInterval(TOLD_AFTER_MS)
        self._teller.timeout.connect(self.refresh)
        self._connect()
        self.refresh()

    @property
    def is_paused(self) -> bool:
        """Whether no further request is begun."""
        return self._window.action("queue_pause").isChecked()

    @property
    def left(self) -> Sequence[tuple[RunRequest, str]]:
        """What a session keeps of it, with the run that is under way elsewhere; see the queue's."""
        run = self._runs.run
        is_elsewhere = run is not None and run.ticket not in self._under_way
        return (*([(run.asked, "")] if run and is_elsewhere else []), *self.queue.left)

    def restore(self, requests: Sequence[tuple[RunRequest, str]]) -> None:
        """Take over the queue of a session; nothing of it begins before the user says so."""
        waiting = sum(not failure for _, failure in requests)
        if waiting:
            self._window.action("queue_pause").setChecked(True)
        self.queue.load(requests)
        if requests:
            self._window.raise_dock("queue")
        if waiting:
            many = f"{waiting:,} requests wait" if waiting > 1 else "1 request waits"
            self._say(f"{many} in the queue of this session; press Start queue to go on.")

    def add_current(self) -> None:
        """Queue the request that is on the screen."""
        if not self._window.settings.commit():
            return
        try:
            asked = current_request(self._session, self._window.settings.settings())
        except GridSalError as error:
            asked = str(error)
        if isinstance(asked, str):
            self._say(asked)
            return
        self.add([asked], "Add to queue")
        self._say(f"Queued: {asked.class_info.name} on {asked.view.path.name}.")

    def add(self, requests: Sequence[RunRequest], text: str) -> AddedRequests:
        """Queue requests as one step to undo; the first ones bring the queue into sight."""
        if not self.queue.entries:
            self._window.raise_dock("queue")
        return self.queue.add(requests, text)

    def _connect(self) -> None:
        window, session, runs = self._window, self._session, self._runs
        window.action("queue_add").triggered.connect(self.add_current)
        window.action("queue_pause").toggled.connect(self._on_pause)
        window.action("queue_cancel_all").triggered.connect(self.cancel_all)
        window.action("queue_retry").triggered.connect(self.retry)
        window.action("queue_clear").triggered.connect(self.clear_ended)
        self._panel.removed.connect(self._on_removed)
        self._panel.moved.connect(self._on_moved)
        self._panel.activated.connect(self._on_activated)
        self._panel.start_wanted.connect(lambda: window.action("queue_pause").setChecked(False))
        self._table.dropped.connect(self._on_dropped)
        self.queue.entries_changed.connect(self._soon.start)
        self.queue.entries_changed.connect(self.refresh)
        runs.run_changed.connect(self._on_run_changed)
        runs.run_changed.connect(self.run_changed)
        runs.progressed.connect(self._on_progress)
        runs.ended.connect(self._on_ended)
        for signal in (
            session.network_changed,
            session.busy_changed,
            session.image_loaded,
            session.prediction_changed,
        ):
            signal.connect(self.refresh)
        session.region_changed.connect(self._on_region)
        session.network_changed.connect(self._soon.start)
        session.busy_changed.connect(self._soon.start)

    def cancel_all(self) -> None:
        """Stop the request that runs, and take all that wait off the list."""
        if self._runs.run is not None and self._runs.run.ticket in self._under_way:
            self._runs.stop()
        self.queue.remove(self.queue.of_status("waiting"), "Cancel all")

    def retry(self) -> None:
        """Let all failed requests wait again."""
        for entry in self.queue.of_status("failed"):
            self.queue.show_progress(entry, 0, None)
            self.queue.update(entry, "waiting")
        self._losses = 0
        self.refresh()
        self._soon.start()

    def clear_ended(self) -> None:
        """Take what ended off the list."""
        self.queue.remove(self.queue.of_status(*ENDED), "Clear finished")

    def _advance(self) -> None:
        """Begin the next request that can be run, if nothing else is under way."""
        network = self._session.network
        waiting = self.queue.of_status("waiting")
        for entry in waiting:
            asked = entry.asked
            is_other = network is None or asked.network_sha256 != network.sha256
            self.queue.update(entry, "waiting", f"waits for {asked.network}" if is_other else "")
        if self.is_paused or self._runs.run is not None or network is None:
            return
        if self._session.opening is not None or self._session.is_checking:
            return
        following = next((entry for entry in waiting if not entry.reason), None)
        if following is not None:
            run = self._runs.start(following.asked, is_watched=False)
            self._under_way[run.ticket] = following
            self.queue.update(following, "running")
            self._estimate()
            self.refresh()

    def _on_pause(self, is_paused: bool) -> None:
        if not is_paused:
            self._losses = 0
        self._soon.start()
        self.refresh()

    def _on_run_changed(self) -> None:
        run = self._runs.run
        for ticket, entry in self._under_way.items():
            if run is None or run.ticket != ticket:
                self.queue.update(entry, "stopping")
            else:
                self.queue.update(entry, "paused" if run.phase == "paused" else "running")
        self._soon.start()

    def _on_progress(self, run: Run) -> None:
        entry, now = self._under_way.get(run.ticket), monotonic()
        if entry is None or run.snapshot is None or now - self._shown_at < SHOWN_EVERY_SECONDS:
            return
        self._shown_at = now
        pace = run.seconds_per_step
        if pace is not None:
            self._paces[_pace_of(run.asked)] = pace
        self.queue.show_progress(entry, run.snapshot.step, run.seconds_left)
        self._estimate()
        self.refresh()

    def _on_ended(self, ended: Ended) -> None:
        entry = self._under_way.pop(ended.run.ticket, None)
        self._losses = self._losses + 1 if ended.is_lost else 0
        if entry is not None:
            network = self._session.network
            is_other = network is None or network.sha256 != entry.asked.network_sha256
            step = ended.run.snapshot.step if ended.run.snapshot is not None else 0
            self.queue.show_progress(entry, step, None)
            entry.result = ended.result
            if ended.result is not None:
                self.queue.update(entry, "stopped" if ended.is_stopped else "done")
                self._say(_told_done(entry))
            elif ended.is_stopped:
                self.queue.update(entry, "stopped")
            elif is_other and not ended.is_lost:
                self.queue.update(entry, "waiting")
            else:
                self.queue.update(entry, "failed", LOST if ended.is_lost else ended.reason)
        if self._losses >= MAX_LOSSES and self.queue.of_status("waiting"):
            self._window.action("queue_pause").setChecked(True)
            self._say("The engine ended twice in a row: the queue is paused.")
        self._estimate()
        self.refresh()
        self._soon.start()

    def _estimate(self) -> None:
        """Say of what waits when it is done, as far as the pace of its kind is known."""
        running = self.queue.of_status("running", "paused")
        total: float | None = running[0].time_left if running else 0.0
        for entry in self.queue.of_status("waiting"):
            pace = None if entry.reason else self._paces.get(_pace_of(entry.asked))
            if total is not None:
                total = None if pace is None else total + pace * entry.asked.settings.planned
            self.queue.show_progress(entry, 0, total)

    def _on_removed(self, rows: Sequence[int]) -> None:
        entries = [self._table.entry(row) for row in rows]
        run = self._runs.run
        if run is not None and self._under_way.get(run.ticket) in entries:
            self._runs.stop()
        self.queue.remove(entries, "Remove from queue")

    def _on_moved(self, rows: Sequence[int], by: int) -> None:
        """Move rows up or down by one."""
        entries = [self._table.entry(row) for row in rows]
        position = min(rows) - 1 if by < 0 else max(rows) + 2
        if 0 <= position <= len(self.queue.entries):
            self.queue.move(entries, position, "Move in queue")

    def _on_dropped(self, entries: list[QueueEntry], position: int) -> None:
        self.queue.move(entries, position, "Move in queue")

    def _on_activated(self, row: int) -> None:
        """Show what a request found; of one that runs its map as it grows, else its image."""
        entry = self._table.entry(row)
        if entry.result is not None and self._session.results.get(entry.result) is not None:
            self.result_wanted.emit(entry.result)
            return
        run = self._runs.run
        if run is not None and self._under_way.get(run.ticket) is entry:
            self._runs.watch()
        self._show_image(entry.asked.view.path, entry.asked.view.page)

    def refresh(self) -> None:
        """Offer what makes sense now, and sum up."""
        entries = self.queue.entries
        failed, ended = self.queue.of_status("failed"), self.queue.of_status(*ENDED)
        going = self.queue.of_status("waiting", *UNDER_WAY)
        action = self._window.action
        allow(action("queue_cancel_all"), "" if going else "Nothing waits in the queue.")
        allow(action("queue_retry"), "" if failed else "No request failed.")
        allow(action("queue_clear"), "" if ended else "No request of the queue has ended.")
        allow(action("queue_add"), self._why_not_added())
        self._panel.set_summary(self._summary() if entries else "")
        self._panel.set_can_start(self.is_paused and bool(self.queue.of_status("waiting")))

    def _why_not_added(self) -> str:
        region = self._session.region
        if region is None:
            return "There is no image yet; open a folder of images first."
        return "" if not region.is_empty else "Pick a segment or paint a region first."

    def _on_region(self) -> None:
        # Looking at every pixel on every piece of a stroke would slow the brush on large images;
        # what can be queued now is offered at once.
        if self._window.action("queue_add").isEnabled():
            self._teller.start()
        else:
            self.refresh()

    def _summary(self) -> str:
        waiting = self.queue.of_status("waiting")
        counts = {
            "running": len(self.queue.of_status("running")),
            "stopping": len(self.queue.of_status("stopping")),
            "paused": len(self.queue.of_status("paused")),
            "waiting": len(waiting),
            "done": len(self.queue.of_status("done")),
            "stopped": len(self.queue.of_status("stopped")),
            "failed": len(self.queue.of_status("failed")),
        }
        parts = [f"{count:,} {name}" for name, count in counts.items() if count]
        left = waiting[-1].time_left if waiting else None
        if left is not None:
            parts.append(f"about {duration(left)} left")
        if self.is_paused:
            parts.append("queue paused")
        return " · ".join(parts)

    def _say(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, SAID_MS)


def _told_done(entry: QueueEntry) -> str:
    name, image = entry.asked.class_info.name, entry.asked.view.path.name
    return f"Explained from the queue: {name} on {image}. Double-click it there to see its map."


def _pace_of(asked: RunRequest) -> Pace:
    settings = asked.settings
    return asked.network_sha256, asked.size, settings.method, settings.init == "auto"
