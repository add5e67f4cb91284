"""How the window answers while it has work: gaps of its event loop, and clicks."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QWidget

from app.startup import Application
from app.views.survey_dialog import SurveyDialog
from benchmarks.table import Column, Value
from benchmarks.window import Gaps, Subject, opened, timed, wait_for

COLUMNS = (
    Column("network", width=8),
    Column("meanwhile", width=12),
    Column("ticks", "d", 7),
    Column("p50", ".1f", 6),
    Column("p99", ".1f", 6),
    Column("max", ".1f", 6),
)
FILES = 600
ROW_PX = 12


def gap_rows(subject: Subject, seconds: float) -> Iterator[tuple[Value, ...]]:
    """Measure each kind of work for so long, and yield a row for each; then the clicks."""
    with opened(subject) as application:
        for name, work in (("run", _run), ("run, export", _export)):
            with Gaps() as gaps:
                _for_a_while(seconds, work(application))
            yield subject.name, name, *gaps.row()
        for name, ms in click_times(application).items():
            yield subject.name, f"click {name}", 1, ms, ms, ms
        _stop(application)
        with Gaps() as gaps:
            application.folder_pass.start()
            _for_a_while(seconds, lambda: None)
        application.folder_pass.stop()
        yield subject.name, "pass", *gaps.row()
        with tempfile.TemporaryDirectory() as place:
            _begin_survey(application, Path(place) / "survey")
            with Gaps() as gaps:
                _for_a_while(seconds, lambda: None)
            yield subject.name, "survey", *gaps.row()
            application.window.action("survey_stop").trigger()
            wait_for(lambda: not application.survey.is_active)
    with many_files(subject) as folder, opened(Subject("", subject.model, folder)) as application:
        with Gaps() as gaps:
            _for_a_while(seconds, _scroll(application))
        yield subject.name, "thumbnails", *gaps.row()
        _stop(application)


@contextmanager
def many_files(subject: Subject, count: int = FILES) -> Iterator[Path]:
    """A folder with so many copies of the subject's images."""
    files = sorted(path for path in subject.images.iterdir() if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            source = files[number % len(files)]
            shutil.copy(source, Path(folder) / f"{number:05d}{source.suffix}")
        yield Path(folder)


def _for_a_while(seconds: float, work: Callable[[], object]) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        work()
        time.sleep(0.0005)


def _run(application: Application) -> Callable[[], None]:
    """Keep a run under way."""

    def work() -> None:
        if application.runs.run is None:
            application.runs.run_or_pause()

    work()
    wait_for(lambda: has_snapshot(application))
    return work


def _export(application: Application) -> Callable[[], None]:
    """Keep a run under way, and write the figure of a result again and again."""
    _stop(application)
    wait_for(lambda: application.session.result is not None)
    folder = Path(tempfile.mkdtemp())
    keep_running = _run(application)

    def work() -> None:
        keep_running()
        if not application.figures.is_pending:
            application.exports.export(folder / "figure.pdf")

    return work


def _begin_survey(application: Application, folder: Path) -> None:
    """Start a survey of all images, with every kind of request that can be made, and watch it."""
    application.window.action("survey").trigger()
    (dialog,) = application.window.findChildren(SurveyDialog)
    dialog.folder.setText(str(folder))
    wait_for(dialog.start.isEnabled)
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    wait_for(lambda: application.survey_page.found is not None)


def _scroll(application: Application) -> Callable[[], None]:
    """Keep a run under way, and the list of images moving."""
    keep_running = _run(application)
    view = application.window.images.findChild(QListView)
    if not isinstance(view, QListView):
        raise TypeError("the list of images is no list")
    bar = view.verticalScrollBar()

    def work() -> None:
        keep_running()
        bar.setValue((bar.value() + ROW_PX) % max(bar.maximum(), 1))

    return work


def _stop(application: Application) -> None:
    if application.runs.run is not None:
        application.runs.stop()
    wait_for(lambda: not application.runs.is_pending)


def click_times(application: Application) -> dict[str, float]:
    """Milliseconds from a click during a run until the window has served it."""
    panel = application.window.run

    def click(button: QWidget) -> float:
        return timed(
            lambda: (
                QTest.mouseClick(button, Qt.MouseButton.LeftButton),
                QApplication.processEvents(),
            )
        )

    if application.runs.run is None:
        application.runs.run_or_pause()
    wait_for(lambda: has_snapshot(application))
    return {
        "pause": click(panel.main_button),
        "resume": click(panel.main_button),
        "stop": click(panel.stop_button),
        "run": click(panel.main_button),
    }


def has_snapshot(application: Application) -> bool:
    """Whether the run has done its first step."""
    return application.runs.run is not None and application.runs.run.snapshot is not None
