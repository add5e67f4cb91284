"""The engine's process and the pipe to it. No Qt: it is begun before the window is imported."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection


class EngineProcess:
    """Imports torch as soon as it begins; commands may be sent before it is ready."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, self._theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self._theirs,), name="gridsal-engine")
        self.process.daemon = True

    def begin(self) -> None:
        """Start it, unless that was done; takes some 50 ms."""
        if self.process.pid is None:
            self.process.start()
            self._theirs.close()


def _serve(connection: Connection) -> None:
    from app.workers.engine import serve

    serve(connection)
