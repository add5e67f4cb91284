"""The real window on a network and images, opened for a measurement and closed after it."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.settings import AppSettings
from app.startup import Application

PATIENCE_SECONDS = 300.0
TICK_MS = 5


@dataclass(frozen=True)
class Subject:
    """A network and images to measure on."""

    name: str
    model: Path
    images: Path


@contextmanager
def opened(subject: Subject, width: int = 1280, height: int = 800) -> Iterator[Application]:
    """Open the window with a segment of the first image picked; close it at the end."""
    QApplication.instance() or QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        # Nothing of the user's is read or written, and nothing is known from an earlier time.
        os.environ["GRIDSAL_CONFIG"] = os.environ["GRIDSAL_CACHE"] = folder
        application = Application(AppSettings(), Path(folder) / "settings.json")
        application.requests.pick_first_segment()
        application.window.resize(width, height)
        application.show(subject.model, subject.images)
        wait_for(lambda: application.window.run.main_button.isEnabled())
        yield application
        application.sessions.discard()
        application.window.close()


def wait_for(done: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Let events run until `done`, at most for so long."""
    end = time.perf_counter() + seconds
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError("the window did not get there in time")
        QApplication.processEvents()
        time.sleep(0.0005)


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


class Gaps(QObject):
    """The times between the ticks of a 5 ms timer, as long as it is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self._ticks: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(lambda: self._ticks.append(time.perf_counter()))

    def __enter__(self) -> Gaps:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def row(self) -> tuple[int, float, float, float]:
        """Number of ticks, and p50, p99 and largest gap in ms."""
        gaps = sorted(1000 * (later - earlier) for earlier, later in pairwise(self._ticks))
        p50, p99 = quantile(gaps, 0.5), quantile(gaps, 0.99)
        return len(gaps), p50, p99, gaps[-1]


def quantile(values: list[float], share: float) -> float:
    """The value that this share of the sorted values does not exceed."""
    return values[min(int(len(values) * share), len(values) - 1)]
