"""Downloads of networks, one after the other, in a thread that nothing waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Literal

from PySide6.QtCore import QObject, Signal

from gridsal_core.downloads import DownloadCancelledError
from gridsal_core.errors import GridSalError
from gridsal_core.library import fetch

Phase = Literal["waiting", "running", "done", "cancelled", "failed"]

TOLD_EVERY_SECONDS = 0.1
GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class Transfer:
    """How far a download is: bytes that are here, and all bytes or 0 while that is not known.

    `message` says why it failed.
    """

    source: str
    phase: Phase = "waiting"
    done: int = 0
    total: int = 0
    message: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.phase in ("waiting", "running")

    @property
    def percent(self) -> int | None:
        """How much is here, if the whole is known."""
        return min(100 * self.done // self.total, 100) if self.total else None


class Downloads(QObject):
    """Fetches networks by name. Every signal arrives in the window's thread."""

    changed = Signal(object)
    """The Transfer that goes on, or has ended."""

    _told = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._transfers: dict[str, Transfer] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._thread: threading.Thread | None = None
        self._running: str | None = None
        self._told.connect(self._on_told)

    def transfer(self, source: str) -> Transfer | None:
        """Return how far a download is, or how it ended."""
        return self._transfers.get(source)

    @property
    def active(self) -> tuple[Transfer, ...]:
        """What runs, and then what waits."""
        return tuple(t for t in self._transfers.values() if t.is_active)

    def start(self, source: str) -> None:
        """Fetch a network, after those that were asked for before."""
        known = self._transfers.pop(source, None)
        if known is not None and known.is_active:
            self._transfers[source] = known
            return
        self._cancels[source] = threading.Event()
        self._set(Transfer(source))
        self._next()

    def cancel(self, source: str) -> None:
        """Stop a download; what came so far stays on the disk."""
        transfer = self._transfers.get(source)
        if transfer is None or not transfer.is_active:
            return
        self._cancels[source].set()
        if source != self._running:
            self._set(replace(transfer, phase="cancelled"))

    def close(self) -> None:
        """Stop all of them, and wait a moment; a server that does not answer is not waited for."""
        for event in self._cancels.values():
            event.set()
        self._running = ""
        if self._thread is not None:
            self._thread.join(GRACE_SECONDS)

    def _next(self) -> None:
        waiting = [t.source for t in self._transfers.values() if t.phase == "waiting"]
        if self._running is not None or not waiting:
            return
        self._running = waiting[0]
        self._set(replace(self._transfers[waiting[0]], phase="running"))
        self._thread = threading.Thread(
            target=_fetch,
            args=(waiting[0], self._cancels[waiting[0]].is_set, self._told.emit),
            name="download",
            daemon=True,
        )
        self._thread.start()

    def _set(self, transfer: Transfer) -> None:
        self._transfers[transfer.source] = transfer
        self.changed.emit(transfer)

    def _on_told(self, transfer: Transfer) -> None:
        if transfer.source != self._running:
            return
        if not transfer.is_active:
            self._running = None
            before = self._transfers[transfer.source]
            transfer = replace(transfer, done=before.done, total=before.total)
        self._set(transfer)
        self._next()


def _fetch(source: str, is_cancelled: Callable[[], bool], tell: Callable[[Transfer], None]) -> None:
    told_at = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told_at
        now = monotonic()
        if now - told_at >= TOLD_EVERY_SECONDS or done == total:
            told_at = now
            tell(Transfer(source, "running", done, total))

    end = Transfer(source, "done")
    try:
        fetch(source, progress=progress, is_cancelled=is_cancelled)
    except DownloadCancelledError:
        end = Transfer(source, "cancelled")
    except GridSalError as error:
        end = Transfer(source, "failed", message=str(error))
    # Nothing may be lost in a thread: whatever it is, the window says it.
    except Exception as error:  # noqa: BLE001
        end = Transfer(
            source, "failed", message=f"Something went wrong that GridSal did not foresee: {error}"
        )
    try:
        tell(end)
    except RuntimeError:
        return  # Qt's part of the receiver went with the window
