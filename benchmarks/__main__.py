"""`make bench`: what a step and gradients cost, and how the window answers meanwhile."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.settings import AppSettings
from app.startup import Application
from benchmarks.captum_rows import HEADER, captum_rows
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.threads import sleep_while_idle

SHARED = Path(__file__).resolve().parents[2] / "shared"
STREET_MODEL = SHARED / "models" / "camvid_deeplabv3plus_lite0"
STREET_IMAGES = SHARED / "data" / "camvid" / "images"


@dataclass(frozen=True)
class Subject:
    """A network and images to measure on."""

    name: str
    model: Path
    images: Path


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", type=Path, default=STREET_MODEL, help="a street-scene network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    parser.add_argument("--repeats", type=int, default=15, help="pairs of passes (default 15)")
    parser.add_argument("--seconds", type=float, default=20, help="of the run in the window")
    options = parser.parse_args()
    sleep_while_idle()
    demo = find_demo()
    subjects = [Subject("demo", demo.model, demo.images)]
    if options.model.is_dir() and options.images.is_dir():
        subjects.append(Subject("street", options.model, options.images))
    else:
        print(f"No street-scene network at {options.model}; only the demo is measured.")
    print("One optimisation step against one bare forward and input gradient (medians)")
    print(f"{'network':<8} {'image':>10} {'bare ms':>9} {'step ms':>9} {'ratio':>6}")
    for subject in subjects:
        print(step_row(subject, options.repeats), flush=True)
    if find_spec("captum") is None:
        print("\nCaptum is not installed (make setup-tests); gradients are not compared.")
    else:
        print("\nGradients of 25 copies against Captum's, the faster of its two ways (medians)")
        print(HEADER)
        for subject in subjects:
            first = list_images(subject.images)[0]
            captum_rows(subject.name, subject.model, first, samples=25, repeats=5)
    print("\nGaps of the window's event loop during a run, in ms (a 5 ms timer; 5 is ideal)")
    print(
        f"{'network':<8} {'ticks':>7} {'p50':>6} {'p99':>6} {'max':>6} {'steps':>6}   "
        "clicks in ms (200 is allowed)"
    )
    for subject in subjects:
        print(gap_row(subject, options.seconds), flush=True)
    print("\nFrom the command to a window that answers, in s (median of five; 2.5 is allowed)")
    print(startup_row(), flush=True)


def step_row(subject: Subject, repeats: int) -> str:
    """Time the two passes in turn, so that a change of the machine's speed meets both."""
    import torch
    from torch.nn import functional

    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image
    from gridsal_core.objective import prepare
    from gridsal_core.optimize import descend
    from gridsal_core.segments import foreground_segment
    from gridsal_core.settings import Settings, suggest_settings
    from gridsal_core.types import Request

    network = load_network(subject.model)
    image = read_image(list_images(subject.images)[0], network.card.input.channels)
    height, width = image.shape[:2]
    region, index = foreground_segment(network.predict(image).class_map)
    suggested = suggest_settings(height, width, network.card.explain)
    settings = Settings(**{**vars(suggested), "init": 1.0, "steps": repeats + 3})
    divisor = network.card.input.divisor
    inputs = functional.pad(
        network.to_tensor(image), (0, -width % divisor, 0, -height % divisor)
    ).requires_grad_(True)
    cotangent = torch.ones_like(network.module(inputs.detach()))
    with network.borrowed():
        with torch.no_grad():
            problem = prepare(network, [Request(image, region, index)], settings).problem
        steps = descend(problem, torch.ones(1, *settings.mask_size, device=network.device))

        def bare() -> None:
            torch.autograd.grad(network.module(inputs), inputs, cotangent)

        pairs = [(timed(bare), timed(lambda: next(steps))) for _ in range(repeats + 3)][3:]
    bare_ms = statistics.median(pair[0] for pair in pairs)
    step_ms = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    size = f"{width}x{height}"
    return f"{subject.name:<8} {size:>10} {bare_ms:>9.1f} {step_ms:>9.1f} {ratio:>6.2f}"


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def gap_row(subject: Subject, seconds: float) -> str:
    """Run an explanation in the real window and look at the times between ticks of a timer."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        application = Application(AppSettings(), Path(folder) / "settings.json")
        application.requests.pick_first_segment()
        application.show(subject.model, subject.images)
        wait_for(app.processEvents, lambda: application.window.run.main_button.isEnabled(), 120)
        ticks: list[float] = []
        timer = QTimer()
        timer.setInterval(5)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        steps = 0
        application.runs.run_or_pause()
        wait_for(app.processEvents, lambda: has_snapshot(application), 120)
        timer.start()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            app.processEvents()
            if application.runs.run is None:
                application.runs.run_or_pause()
            elif application.runs.run.snapshot is not None:
                steps = max(steps, application.runs.run.snapshot.step)
            time.sleep(0.0005)
        timer.stop()
        clicks = click_times(application, app)
        application.sessions.discard()
        application.window.close()
    gaps = sorted(1000 * (b - a) for a, b in pairwise(ticks))
    p50, p99 = (gaps[int(len(gaps) * q)] for q in (0.5, 0.99))
    row = f"{subject.name:<8} {len(gaps):>7} {p50:>6.1f} {p99:>6.1f} {gaps[-1]:>6.1f} {steps:>6}"
    return f"{row}   " + "  ".join(f"{name} {ms:.0f}" for name, ms in clicks.items())


def click_times(application: Application, app: QCoreApplication) -> dict[str, float]:
    """Milliseconds from a click during a run until the window has served it."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    panel = application.window.run

    def click(button: QWidget) -> float:
        return timed(
            lambda: (QTest.mouseClick(button, Qt.MouseButton.LeftButton), app.processEvents())
        )

    if application.runs.run is None:
        application.runs.run_or_pause()
    wait_for(app.processEvents, lambda: has_snapshot(application), 120)
    return {
        "pause": click(panel.main_button),
        "resume": click(panel.main_button),
        "stop": click(panel.stop_button),
        "run": click(panel.main_button),
    }


def has_snapshot(application: Application) -> bool:
    """Whether the run has done its first step."""
    return application.runs.run is not None and application.runs.run.snapshot is not None


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


def wait_for(work: Callable[[], object], done: Callable[[], bool], seconds: float) -> None:
    """Let events run until `done`, at most for so long."""
    end = time.perf_counter() + seconds
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError("the window did not get ready in time")
        work()
        time.sleep(0.005)


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main()
