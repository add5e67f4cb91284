"""The window's end of the engine process: signals in, commands out, and nothing that waits."""

from __future__ import annotations

import queue
import threading
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.workers import messages as m
from app.workers.engine_process import EngineProcess
from app.workers.jobs import Job, OnDone, OnFailed
from gridsal_core.types import Snapshot

GRACE_SECONDS = 1.0
LOST = "The engine ended before this was done; ask again."


class Mailbox:
    """One slot for the newest snapshot: a slow screen skips some, and never lags behind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: m.Progress | None = None

    def put(self, progress: m.Progress) -> None:
        with self._lock:
            self._newest = progress

    def take(self, ticket: int) -> Snapshot | None:
        """Return the newest snapshot of a run that was not taken yet, if there is one."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest.snapshot if newest is not None and newest.ticket == ticket else None


class EngineClient(QObject):
    """Owns the engine process. Every signal arrives in the window's thread.

    Parameters
    ----------
    parent
        The Qt owner.
    begun
        A process that was begun already, for the first start.
    """

    ready = Signal(object)
    network_opened = Signal(object)
    card_needed = Signal(object)
    trust_needed = Signal(object)
    predicted = Signal(object)
    finished = Signal(object)
    exported = Signal(object)
    check_progressed = Signal(object)
    checked = Signal(object)
    job_done = Signal(object)
    failed = Signal(object)
    died = Signal(int)
    """The process ended by itself, with this exit code; a new one has been started."""

    unable = Signal(str)
    """The process cannot start; the sentence says why. `start` tries again."""

    _arrived = Signal(int, object)

    def __init__(self, parent: QObject | None = None, begun: EngineProcess | None = None) -> None:
        super().__init__(parent)
        self._begun = begun
        self.mailbox = Mailbox()
        self._tickets = count(1)
        self._generation = 0
        self._is_ready = False
        self._reason = ""
        self._process: BaseProcess | None = None
        self._outbox: queue.SimpleQueue[m.Command | None] = queue.SimpleQueue()
        self._signals: dict[type[Any], Any] = {
            m.Ready: self.ready,
            m.NetworkOpened: self.network_opened,
            m.CardNeeded: self.card_needed,
            m.TrustNeeded: self.trust_needed,
            m.Predicted: self.predicted,
            m.Finished: self.finished,
            m.Exported: self.exported,
            m.CheckProgress: self.check_progressed,
            m.Checked: self.checked,
            m.JobDone: self.job_done,
            m.Failed: self.failed,
        }
        self._jobs: dict[int, tuple[OnDone, OnFailed]] = {}
        self._arrived.connect(self._deliver)

    def new_ticket(self) -> int:
        """Return a number that no other command of this session has."""
        return next(self._tickets)

    def start(self) -> None:
        """Start the process; commands may be sent at once and wait for it."""
        engine, self._begun = self._begun or EngineProcess(), None
        self._generation += 1
        self._is_ready, self._reason = False, ""
        self._outbox = queue.SimpleQueue()
        self._process = engine.process
        threading.Thread(
            target=_start_and_send, args=(engine, self._outbox), name="engine-sender", daemon=True
        ).start()
        threading.Thread(
            target=self._receive,
            args=(engine.connection, self._generation),
            name="engine-receiver",
            daemon=True,
        ).start()

    def send(self, command: m.Command) -> None:
        """Hand a command over; pickling and sending happen in a thread."""
        self._outbox.put(command)

    def submit(self, job: Job[Any], on_done: OnDone, on_failed: OnFailed) -> int:
        """Have a job run, then call one of the two in the window's thread, unless it is dropped.

        When the engine ends or is restarted first, `on_failed` is called. Returns the ticket.
        """
        ticket = self.new_ticket()
        self._jobs[ticket] = (on_done, on_failed)
        self.send(m.RunJob(ticket, job))
        return ticket

    def drop(self, ticket: int) -> None:
        """Forget a job: its answer is thrown away when it comes."""
        self._jobs.pop(ticket, None)

    def restart(self) -> None:
        """End the process whatever it is doing, and start a new one, with no network open."""
        self._end()
        self.start()
        self._lose_jobs()

    def close(self) -> None:
        """End the process; called when the window closes."""
        process = self._process
        self._jobs.clear()
        self._end()
        if process is not None and process.pid is not None:
            process.join(GRACE_SECONDS)

    def kill(self) -> None:
        """Kill the process as the system would that runs out of memory: `died` follows."""
        if self._process is not None:
            self._process.kill()

    @property
    def is_running(self) -> bool:
        """Whether the process is alive or being started."""
        return self._process is not None and (self._process.pid is None or self._process.is_alive())

    def _end(self) -> None:
        self._generation += 1  # whatever still arrives from the old process is stale
        self._outbox.put(None)
        process, self._process = self._process, None
        if process is not None and process.pid is not None:
            process.kill()  # not waited for here: that takes time the window would feel

    def _receive(self, connection: Connection, generation: int) -> None:
        is_open = True
        while is_open:
            event: m.Event | None = None
            try:
                event = connection.recv()
            except (EOFError, OSError):
                is_open = False
            if isinstance(event, m.Progress):
                self.mailbox.put(event)
                continue
            try:
                self._arrived.emit(generation, event)
            except RuntimeError:
                return  # Qt's part of this object went with the window

    def _deliver(self, generation: int, event: m.Event | None) -> None:
        if generation != self._generation:
            return
        if isinstance(event, m.Failed) and event.ticket == m.NO_TICKET:
            self._reason = event.message
            return
        if event is not None:
            self._is_ready = self._is_ready or isinstance(event, m.Ready)
            self._signals[type(event)].emit(event)
            if isinstance(event, (m.JobDone, m.Failed)):
                self._answer_job(event)
            return
        process = self._process
        if process is not None:
            process.join(GRACE_SECONDS)
        code = process.exitcode if process is not None else None
        if self._is_ready:
            self.restart()
            self.died.emit(code or 0)
            return
        # Starting it again would fail again, for ever.
        self._end()
        self._lose_jobs()
        self.unable.emit(
            self._reason or f"The engine ended while it was starting (exit code {code}); try again."
        )

    def _answer_job(self, event: m.JobDone | m.Failed) -> None:
        on_done, on_failed = self._jobs.pop(event.ticket, (None, None))
        if isinstance(event, m.JobDone) and on_done is not None:
            on_done(event.result)
        elif isinstance(event, m.Failed) and on_failed is not None:
            on_failed(event.message, event.trace)

    def _lose_jobs(self) -> None:
        """Tell those who wait for a job of a process that is no more."""
        lost, self._jobs = self._jobs, {}
        for _, on_failed in lost.values():
            on_failed(LOST, "")


def _start_and_send(engine: EngineProcess, outbox: queue.SimpleQueue[m.Command | None]) -> None:
    # Starting takes some 50 ms, which the window would feel.
    engine.begin()
    try:
        while (command := outbox.get()) is not None:
            engine.connection.send(command)
    except OSError:
        return  # the process is gone; the receiving thread tells
    engine.process.kill()
    # Else it stays a zombie until the next one is started.
    engine.process.join()
