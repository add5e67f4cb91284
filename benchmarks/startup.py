"""From the command to a window that answers, and to the demo's first prediction."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Column, Value

COLUMNS = (
    Column("until", width=24),
    Column("s", ".2f", 6),
    Column("allowed", ".1f", 8),
    Column("torch in its process", width=20),
)
TITLE = "From the command gridsal demo, in s (median of five)"
ALLOWED_WINDOW, ALLOWED_PREDICTION = 1.5, 5.0

# The engine's process imports this file too, and must not import the window with it.
STARTUP = """
import sys, time

def watch():
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication
    from app import startup
    windows, moments = [], []
    class Watched(startup.Application):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            windows.append(self)
            QTimer.singleShot(0, look)
    def look():
        if not moments and windows[0].window.isVisible():
            moments.append(time.time())
        if moments and windows[0].session.prediction is not None:
            print(*moments, time.time(), "torch" in sys.modules, flush=True)
            windows[0].sessions.discard()
            QApplication.closeAllWindows()
            QApplication.quit()
        else:
            QTimer.singleShot(5, look)
    startup.Application = Watched

if __name__ == "__main__":
    sys.argv = ["gridsal", "demo"]
    import app.workers.engine_process as engine_process
    begin = engine_process.EngineProcess.begin
    def begin_and_watch(self):
        is_first = self.process.pid is None
        begin(self)
        if is_first:
            watch()
    engine_process.EngineProcess.begin = begin_and_watch
    from app.main import main
    main()
"""


def startup_rows() -> list[tuple[Value, ...]]:
    """Start the command again and again; the first time, which fills the caches, is not counted."""
    found = [_started() for _ in range(6)][1:]
    window, prediction = (
        statistics.median(seconds) for seconds in zip(*(each[:2] for each in found), strict=True)
    )
    with_torch = "yes" if any(each[2] for each in found) else "no"
    return [
        ("window answers", window, ALLOWED_WINDOW, with_torch),
        ("first prediction shown", prediction, ALLOWED_PREDICTION, with_torch),
    ]


def _started() -> tuple[float, float, bool]:
    """Seconds until the window answers and until it has a prediction; whether torch is in it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "start.py"
        file.write_text(STARTUP, "utf-8")
        began = time.time()
        done = subprocess.run(
            [sys.executable, str(file)],
            env=os.environ | {"GRIDSAL_CONFIG": folder, "GRIDSAL_CACHE": folder},
            capture_output=True,
            text=True,
            check=True,
        )
    window, prediction, has_torch = done.stdout.split()
    return float(window) - began, float(prediction) - began, has_torch == "True"
