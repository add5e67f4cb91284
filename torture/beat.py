"""How long a window answers nothing, and how much of that is owed to other programs."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

EVERY_MS: Final = 10


class Beat(QObject):
    """A timer in the window's thread that notes how late it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.begin()

    def begin(self) -> None:
        """Forget what was, and measure from now on."""
        self.longest_ms = self.owed_ms = 0.0
        self.gaps_ms: list[float] = []
        self._last, self._waited = time.perf_counter(), self._waited_ns()
        self._timer.start(EVERY_MS)

    def end(self) -> None:
        """Measure no longer."""
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now, waited = time.perf_counter(), self._waited_ns()
        gap = 1000 * (now - self._last) - EVERY_MS
        for_a_core = (waited - self._waited) / 1e6
        self._last, self._waited = now, waited
        self.gaps_ms.append(gap)
        self.longest_ms = max(self.longest_ms, gap)
        self.owed_ms = max(self.owed_ms, gap - for_a_core)

    def _waited_ns(self) -> int:
        """How long this thread was ready to run and got no core, in ns; 0 where nobody knows."""
        try:
            return int(self._schedule.read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return 0


def load() -> str:
    """The load of this machine, in words."""
    if not hasattr(os, "getloadavg"):
        return "a load that nobody knows"
    return f"a load of {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
