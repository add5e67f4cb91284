"""Short pieces of work off the window's thread, their results back on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal, SignalInstance

from gridsal_core.errors import GridSalError


class Tasks(QObject):
    """Runs functions in a pool of its own and hands on what they return or raise."""

    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None, threads: int = 2) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._done.connect(self._deliver)

    def submit(
        self,
        work: Callable[[], Any],
        on_result: Callable[[Any], None],
        on_error: Callable[[str], None],
    ) -> None:
        """Run `work` in the pool, then one of the others in the window's thread.

        `on_error` gets the sentence of a GridSalError; any other error is raised in the window's
        thread, where it is logged and shown.
        """
        # Of a QRunnable that was begun in Python, the pool does not always let go.
        self._pool.start(partial(_run, work, on_result, on_error, self._done))

    def finish(self) -> None:
        """Let everything that was submitted come to its end."""
        self._pool.waitForDone()

    def wait(self) -> None:
        """Drop what waits and let what runs come to its end."""
        self._pool.clear()
        self._pool.waitForDone()

    def _deliver(self, callback: Callable[[Any], None], argument: object) -> None:
        callback(argument)


def _run(
    work: Callable[[], Any],
    on_result: Callable[[Any], None],
    on_error: Callable[[str], None],
    done: SignalInstance,
) -> None:
    try:
        result = work()
    except GridSalError as error:
        done.emit(on_error, str(error))
    # Nothing may be lost in a pool thread: whatever it is goes up in the window's thread.
    except Exception as error:  # noqa: BLE001
        done.emit(_raise, error)
    else:
        done.emit(on_result, result)


def _raise(error: Exception) -> None:
    raise error
