"""From the command to a window that answers."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STARTUP = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
app = QApplication(sys.argv[:1])
def look():
    if any(w.isVisible() and w.windowTitle() for w in app.topLevelWidgets()):
        print(time.time(), "torch" in sys.modules, flush=True)
        app.closeAllWindows()
        app.quit()
    else:
        QTimer.singleShot(5, look)
QTimer.singleShot(0, look)
sys.argv = ["gridsal"]
from app.main import main
if __name__ == "__main__":
    main()
"""


def startup_row() -> str:
    """Start the command again and again and wait until its window takes a timer's event."""
    seconds, with_torch = [], False
    for _ in range(6):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "start.py"
            file.write_text(STARTUP, "utf-8")
            began = time.time()
            done = subprocess.run(
                [sys.executable, str(file)],
                env=os.environ | {"GRIDSAL_CONFIG": folder},
                capture_output=True,
                text=True,
                check=True,
            )
        moment, has_torch = done.stdout.split()
        seconds.append(float(moment) - began)
        with_torch = with_torch or has_torch == "True"
    median = statistics.median(seconds[1:])
    return f"window  {median:.2f}   torch imported in its process: {'yes' if with_torch else 'no'}"
