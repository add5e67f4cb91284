"""How the memory grows while a user pages through images and explains some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil

from app.startup import Application
from benchmarks.gaps import many_files
from benchmarks.table import Column, Value
from benchmarks.window import Subject, opened, wait_for

COLUMNS = (
    Column("images", width=18),
    Column("runs", "d", 5),
    Column("window MB", ".0f"),
    Column("engine MB", ".0f"),
)
SETTLED, RUNS, STEPS = 200, 50, 5
MB = 1e6


def memory_rows(model: Path, images: Path, count: int) -> Iterator[tuple[Value, ...]]:
    """Step through so many images, each predicted, with 50 short runs on the way.

    The last row says how much both processes have grown since the first 200 images.
    """
    with (
        many_files(Subject("", model, images), count) as folder,
        opened(Subject("", model, folder)) as application,
    ):
        settled = (0.0, 0.0)
        runs = 0
        for number in range(1, count):
            _step(application)
            if number * RUNS // count > runs:
                runs += 1
                _explain(application)
            if number % max(count // 10, 1) == 0 or number == min(SETTLED, count - 1):
                held = _held(application)
                yield str(number), runs, *held
                if number <= SETTLED:
                    settled = held
        grown = [now - then for now, then in zip(_held(application), settled, strict=True)]
        yield f"growth after {SETTLED}", runs, *grown


def _step(application: Application) -> None:
    session, was = application.session, application.session.current
    application.window.action("next").trigger()
    wait_for(lambda: session.current != was and session.prediction is not None)


def _explain(application: Application) -> None:
    session = application.session
    region = session.region
    if region is None:
        raise RuntimeError("no image is loaded")
    height, width = region.mask.shape
    region.rectangle((width / 4, height / 4), (width / 2, height / 2), "replace")
    settings = application.window.settings
    settings.set_settings(replace(settings.settings(), steps=STEPS, init=1.0))
    wait_for(lambda: application.window.run.main_button.isEnabled())
    application.runs.run_or_pause()
    wait_for(lambda: application.runs.run is None and session.result is not None)


def _held(application: Application) -> tuple[float, float]:
    """Resident megabytes of the window's process and of those that it started."""
    window = psutil.Process()
    engine = sum(child.memory_info().rss for child in window.children(recursive=True))
    return window.memory_info().rss / MB, engine / MB
