"""The engine process: the only place that imports torch.

A process of its own, and not a thread, so that neither the import of torch, nor a network that is
being loaded, nor a step that takes seconds can hold up the window, and so that running out of
memory ends the engine and not the analyst's work.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.workers import messages as m
from app.workers.jobs import explained_network
from gridsal_core.allocator import keep_freed_memory, release_freed_memory
from gridsal_core.arrays import FloatArray
from gridsal_core.errors import (
    CardNeededError,
    CheckpointError,
    GridSalError,
    ImageError,
    OutputError,
    TrustNeededError,
)
from gridsal_core.frames import ImageView
from gridsal_core.logs import ENGINE, logged
from gridsal_core.parents import end_with_parent

if TYPE_CHECKING:
    from gridsal_core.checkpoints.card import ModelCard
    from gridsal_core.network import SegmentationNetwork
    from gridsal_core.types import Explanation

NICENESS = 5
# Between the slices of a survey, or two clicks, memory would be given back to be asked for again.
REST_SECONDS = 1.0

log = logging.getLogger(__name__)


def serve(connection: Connection) -> None:
    """Run the engine until the window's end of the pipe is closed."""
    if hasattr(os, "nice"):
        # The window's process goes first where cores are few.
        os.nice(NICENESS)
    end_with_parent()
    keep_freed_memory()
    with logged(ENGINE):
        _serve(connection)


def _serve(connection: Connection) -> None:
    try:
        try:
            from gridsal_core.devices import available_devices
        except (ImportError, OSError) as error:
            sentence = f"The engine cannot start: {error}. Install GridSal again."
            log.exception("%s", sentence)
            connection.send(m.Failed(m.NO_TICKET, sentence, traceback.format_exc()))
            return
        connection.send(m.Ready(available_devices()))
        Engine(connection).run()
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return  # the window is gone, and so is everyone who could be told


class Engine:
    """Takes commands in order, but serves short ones between the steps of a run or a check."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[m.Command] = deque()
        self._network: SegmentationNetwork | None = None
        self._run: int | None = None
        self._is_paused = False
        self._is_stopped = False
        self._paused_early: set[int] = set()
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            m.OpenNetwork: self._open,
            m.Predict: self._predict,
            m.Explain: self._explain,
            m.CheckMap: self._check,
            m.ExportCurves: self._export_curves,
            m.RunJob: self._run_job,
            m.Pause: self._control,
            m.Resume: self._control,
            m.Stop: self._control,
        }

    def run(self) -> None:
        """Serve commands for ever."""
        while True:
            if not self._waiting and not self._connection.poll(REST_SECONDS):
                release_freed_memory()
            self._serve(self._waiting.popleft() if self._waiting else self._connection.recv())

    def _serve(self, command: m.Command) -> None:
        try:
            self._handlers[type(command)](command)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except GridSalError as error:
            log.warning("%s: %s", type(command).__name__, error)
            self._connection.send(m.Failed(command.ticket, str(error)))
        # The boundary of the process: whatever went wrong is told in the window and logged there.
        except Exception as error:
            text = f"Something went wrong that GridSal did not foresee: {error}"
            log.exception("%s", type(command).__name__)
            self._connection.send(m.Failed(command.ticket, text, traceback.format_exc()))

    def _open(self, command: m.OpenNetwork) -> None:
        from gridsal_core.checkpoints import load_network

        try:
            network = self._network = load_network(
                command.source,
                command.device,
                weights=command.weights,
                card=command.card,
                trust_code=command.trust_code,
            )
        except CardNeededError as needed:
            answer = m.CardNeeded(command.ticket, str(needed), needed.proposal, needed.problems)
            self._connection.send(answer)
        except TrustNeededError as needed:
            self._connection.send(m.TrustNeeded(command.ticket, str(needed), needed.code))
        else:
            note = "" if command.card is None else _keep_card(command, command.card)
            info = replace(
                network.info, notes=(*network.info.notes, note) if note else network.info.notes
            )
            self._connection.send(m.NetworkOpened(command.ticket, info, network.card, not note))

    def _predict(self, command: m.Predict) -> None:
        network = self.network()
        pixels = self.read(command.view)
        prediction = network.predict(pixels)
        if dim := _dim_note(command.view, pixels, network.card.input.values):
            prediction = replace(prediction, notes=(dim, *prediction.notes))
        self._connection.send(
            m.Predicted(command.ticket, command.view, network.predictor, prediction)
        )

    def _explain(self, command: m.Explain) -> None:
        from gridsal_core.grid_saliency import explain_steps
        from gridsal_core.types import Request

        if self.network().sha256 != command.network_sha256:
            raise CheckpointError("Another network was opened before this was run; run it again.")
        view = command.view
        request = Request(
            self.read(view),
            command.region,
            command.class_index,
            command.origin,
            view.path,
            view.page,
            view.frame,
            self.network().card.input.values,
            command.true_class,
        )
        steps = explain_steps(
            self.network(), request, command.settings, stop=lambda: self._is_stopped
        )
        with self._under_way(command.ticket):
            try:
                while True:
                    self._connection.send(m.Progress(command.ticket, next(steps)))
                    self._between_steps()
            except StopIteration as finished:
                _keep_finished(command, finished.value)
                self._connection.send(m.Finished(command.ticket, finished.value))
            finally:
                steps.close()

    @contextmanager
    def _under_way(self, ticket: int) -> Iterator[None]:
        """Let a command be paused and stopped, and others be served between its steps."""
        self._run, self._is_stopped = ticket, False
        self._is_paused = ticket in self._paused_early
        try:
            yield
        finally:
            self._run = None

    def _between_steps(self) -> None:
        while self._connection.poll() or (self._is_paused and not self._is_stopped):
            command = self._connection.recv()
            if isinstance(command, (m.Explain, m.CheckMap)):
                self._waiting.append(command)
            else:
                self._serve(command)

    def _control(self, command: m.Pause | m.Resume | m.Stop) -> None:
        if command.ticket != self._run:
            # Its run has ended, or still waits: then it is not to be computed at all.
            waiting = [w for w in self._waiting if w.ticket == command.ticket]
            if waiting and isinstance(command, m.Stop):
                self._waiting.remove(waiting[0])
                self._connection.send(m.Failed(command.ticket, "Stopped before it had begun."))
            elif isinstance(command, m.Pause):
                self._paused_early.add(command.ticket)
            else:
                self._paused_early.discard(command.ticket)
            return
        self._is_paused = isinstance(command, m.Pause)
        self._is_stopped = self._is_stopped or isinstance(command, m.Stop)

    def _check(self, command: m.CheckMap) -> None:
        from gridsal_core.checks.check import check_explanation

        network, ticket = explained_network(self, command.explanation), command.ticket

        def stop() -> bool:
            self._between_steps()
            return self._is_stopped

        with self._under_way(ticket):
            found = check_explanation(
                network,
                command.explanation,
                on_progress=lambda done, total: self._connection.send(
                    m.CheckProgress(ticket, done, total)
                ),
                stop=stop,
            )
        self._connection.send(m.Checked(ticket, found))

    def _export_curves(self, command: m.ExportCurves) -> None:
        from gridsal_core.checks.result import write_curves

        write_curves(command.check, command.path)
        self._connection.send(m.Exported(command.ticket, command.path))

    def _run_job(self, command: m.RunJob) -> None:
        self._connection.send(m.JobDone(command.ticket, command.job.run(self)))

    def network(self) -> SegmentationNetwork:
        """Return the open network; see `jobs.Desk`."""
        if self._network is None:
            raise CheckpointError("No network is open; open one with File > Open model.")
        return self._network

    def read(self, view: ImageView) -> FloatArray:
        """Read an image for the open network; see `jobs.Desk`."""
        card = self.network().card.input
        try:
            changed_ns = view.path.stat().st_mtime_ns
        except OSError as error:
            raise ImageError(
                f"{view.path.name} cannot be read any more ({error.strerror}); put it back or open "
                "the folder again."
            ) from error
        return _read_cached(view, changed_ns, card.channels, card.values)


def _keep_finished(command: m.Explain, explanation: Explanation) -> None:
    """Write a finished run before it is told: the window may be killed at any moment."""
    from gridsal_core.session.finished import write_finished

    if command.folder is None:
        return
    try:
        write_finished(explanation, command.identity, command.folder)
    except OutputError as error:
        # The window tries it again, and tells its user if that fails too.
        log.warning("A finished run was not written by the engine: %s", error)


def _keep_card(command: m.OpenNetwork, card: ModelCard) -> str:
    """Write a card that the user confirmed beside the network; return why not, if so."""
    from gridsal_core.checkpoints.card import card_place, write_card

    place = Path(command.source)
    beside = place if place.exists() else command.weights
    if beside is None:
        return "The model card is used until the window closes: there is no file to keep it beside."
    try:
        write_card(card, card_place(beside))
    except OutputError as error:
        return f"The model card is used but not kept: {error}"
    return ""


def _dim_note(view: ImageView, pixels: FloatArray, values: tuple[float, float] | None) -> str:
    from gridsal_core.images import dim_note, image_info

    info = image_info(view.path, view.page, allow_large=view.allow_large)
    return dim_note(pixels, info.dtype, values)


@lru_cache(maxsize=2)
def _read_cached(
    view: ImageView, changed_ns: int, channels: int, values: tuple[float, float] | None
) -> FloatArray:
    """Read an image; the time of its last change is part of the key, so that edits are seen."""
    from gridsal_core.images import read_image

    return read_image(
        view.path,
        channels,
        page=view.page,
        values=values,
        frame=view.frame,
        allow_large=view.allow_large,
    )
