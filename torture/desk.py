"""The window under torture: the real application on the demo, and what must hold after each trial.

`python -m torture.desk` plays kinds of trials in a process of its own and prints a line for each.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import psutil
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox

from app.controllers.networks import Asked
from app.settings import data_folder
from app.theme import apply_theme
from gridsal_core.demo import find_demo
from gridsal_core.errors import GridSalError
from gridsal_core.session.archive import read_session
from gridsal_core.session.document import SessionDocument
from tests.driver import Driver
from torture.beat import Beat
from torture.outcome import ALLOWED_MS, BrokenPromiseError, Outcome, SkippedError, check

IMAGES: Final = 6
STEPS: Final = 6
PATIENCE_SECONDS: Final = 300.0
TEMPORARY: Final = ".gridsal-*.tmp"
UNFORESEEN: Final = ("did not foresee", "Traceback")


class Desk:
    """A window with the demo open, in a folder of its own.

    Parameters
    ----------
    folder
        Holds a copy of the demo's images, the settings, and whatever a trial writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images = folder / "images"
        self.demo = find_demo().model
        self.copy_images(self.images)
        self.beat = Beat()
        self._file = folder / "work.gridsal"
        # Nobody is there to answer a dialog of the system.
        setattr(QFileDialog, "getSaveFileName", lambda *_: (str(self._file), ""))  # noqa: B010
        self.said: list[str] = []
        self.driver = Driver(folder / "settings.json")
        self.driver.window.resize(1280, 800)
        self.driver.app.show(self.demo, self.images)
        self.wait(lambda: self.driver.session.prediction is not None, "the demo")
        self.set_steps(STEPS)

    def copy_images(self, place: Path) -> None:
        """Copy some images of the demo, with their label maps beside the folder."""
        place.mkdir(parents=True, exist_ok=True)
        labels = place.parent / "labels"
        labels.mkdir(exist_ok=True)
        for image in sorted(find_demo().images.iterdir())[:IMAGES]:
            shutil.copy(image, place)
            shutil.copy(find_demo().images.parent / "labels" / image.name, labels)

    def set_steps(self, steps: int) -> None:
        """Let runs have so many steps."""
        panel = self.driver.window.settings
        panel.set_settings(replace(panel.settings(), steps=steps))

    def wait(self, done: Callable[[], object], what: str) -> None:
        """Let events run until something is so; the promise is broken if it never is."""
        try:
            self.driver.wait(done, PATIENCE_SECONDS)
        except TimeoutError:
            session = self.driver.session
            state = session.why_not_runnable(self.driver.window.settings.settings())
            told = f"; the window said: {state or self.driver.window.run.text}; {self.heard()}"
            raise BrokenPromiseError(f"it never came about: {what}{told}") from None

    def be_ready(self) -> None:
        """Go back to a window in which a digit can be explained, whatever was before."""
        driver, session = self.driver, self.driver.session
        self.close_dialogs()
        if driver.app.runs.run is not None:
            driver.action("stop")
        if session.folder != self.images:
            driver.app.files.open_folder(self.images)
        network, demo = session.network, self.demo
        if network is None or network.path != demo or session.opening is not None:
            driver.app.networks.open(Asked(source=str(demo)))
        self.wait(lambda: session.network is not None and session.network.path == demo, "the demo")
        self.wait(lambda: session.prediction is not None, "a prediction")
        self.wait(lambda: not driver.app.is_busy, "the end of what was under way")
        self.set_steps(STEPS)

    def go(self, dice: random.Random) -> None:
        """Show one of the images and wait for its prediction."""
        driver = self.driver
        driver.window.images.select(dice.randrange(len(driver.session.images)))
        self.wait(lambda: driver.session.prediction is not None, "a prediction")

    def paint(self, dice: random.Random) -> None:
        """Drag a rectangle."""
        left, top = dice.randrange(2, 40), dice.randrange(2, 40)
        self.driver.action("rectangle")
        self.driver.drag((left, top), (left + 4, top + 4), (left + 9, top + 12))
        self.wait(lambda: not self.driver.region.is_empty, "a region")

    def press_run(self) -> None:
        """Press Run and see it begin."""
        driver = self.driver
        self.wait(driver.window.run.main_button.isEnabled, "a button Run that can be pressed")
        driver.push(driver.window.run.main_button)
        check(driver.app.runs.run is not None or self.open_dialogs(), "Run did nothing")

    def wait_for_end(self) -> None:
        """Wait for the end of what is under way, a result or a sentence."""
        self.wait(lambda: not self.driver.app.is_busy, "the end of the run")

    def run(self) -> None:
        """Run, and expect a result."""
        before = len(self.driver.session.results.results)
        self.press_run()
        self.wait_for_end()
        check(len(self.driver.session.results.results) > before, f"no result: {self.heard()}")

    def save(self, path: Path, *, expects: bool | None = True) -> None:
        """Save the session under a name, and expect that it works, or does not, or either."""
        self._file = path
        driver = self.driver
        driver.action("save_session_as")

        def is_saved() -> bool:
            return driver.app.sessions.file == path and not driver.app.sessions.is_modified

        self.wait(lambda: is_saved() or self.open_dialogs(), "a saved session, or a sentence")
        check(expects is None or is_saved() == expects, f"saved: {is_saved()}; {self.heard()}")

    def open_dialogs(self) -> list[QDialog]:
        """The dialogs that are shown."""
        found = [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog)]
        return [dialog for dialog in found if dialog.isVisible()]

    def close_dialogs(self) -> None:
        """Close them as Escape does, and remember what they said."""
        for dialog in self.open_dialogs():
            if isinstance(dialog, QMessageBox):
                self.said.append(dialog.text())
                check(
                    not any(words in dialog.text() for words in UNFORESEEN),
                    f"{dialog.text()} {dialog.detailedText()[-300:]}",
                )
            dialog.reject()

    def heard(self) -> str:
        """What the window said in this trial."""
        self.close_dialogs()
        return " ".join(dict.fromkeys(self.said))

    @property
    def unfinished(self) -> Path:
        """The folder of this window's session."""
        sessions = data_folder() / "sessions"
        folders = [each for each in sessions.iterdir() if each.is_dir()]
        return max(folders, key=lambda each: each.stat().st_mtime)

    def check_autosaved(self) -> None:
        """Hold what is on the disk against what the window has, once it had time to write."""
        driver = self.driver
        driver.rest(400)

        def is_written() -> bool:
            try:
                return agrees(driver, read_session(self.unfinished))
            except (GridSalError, OSError, ValueError):
                return False

        self.wait(is_written, "an autosave of what the window has")


def agrees(driver: Driver, document: SessionDocument) -> bool:
    """Whether a document holds the results and the regions of a window."""
    session = driver.session
    kept = {result.identity for result in session.results.results}
    if {result.identity for result in document.results} != kept:
        return False
    on_disk = {
        (page.image, entry.frame): int(entry.mask().sum())
        for page in document.pages
        for entry in page.regions
    }
    in_window = {
        (image, frame): int(np.count_nonzero(region.mask))
        for (image, _), item in session.items.items()
        for frame, _, region in item.edited
        if region.mask.any()
    }
    return in_window.items() <= on_disk.items()


@dataclass(frozen=True)
class WindowTrial:
    """A kind of trial on the window: `play` returns a note, or raises BrokenPromiseError."""

    play: Callable[[Desk, random.Random], str]
    trials: int


def outcomes(name: str, trial: WindowTrial, seed: int, count: int, desk: Desk) -> Iterator[Outcome]:
    """Play a trial so often, and look after each of them whether everything holds."""
    for number in range(count):
        dice = random.Random(f"{name} {seed} {number}")  # noqa: S311 - to be repeated
        desk.said.clear()
        note, fault, is_skipped = "", "", False
        kept = len(desk.driver.session.results.results)
        try:
            desk.be_ready()
            desk.beat.begin()
            note = trial.play(desk, dice)
            desk.close_dialogs()
            check(len(desk.driver.session.results.results) >= kept, "results were lost")
            desk.beat.end()
            late = desk.beat.owed_ms
            check(late <= ALLOWED_MS, f"the window answered nothing for {late:.0f} ms of its own")
            desk.check_autosaved()
        except SkippedError as reason:
            note, is_skipped = str(reason), True
        except (BrokenPromiseError, AssertionError, TimeoutError) as broken:
            fault = str(broken) or type(broken).__name__
        beat = desk.beat
        yield Outcome(name, number, fault, note, beat.longest_ms, beat.owed_ms, is_skipped)


@contextmanager
def desk_in(folder: Path) -> Iterator[Desk]:
    """A desk that leaves no process, thread or temporary file behind."""
    os.environ["GRIDSAL_CONFIG"] = str(folder / "config")
    os.environ["GRIDSAL_CACHE"] = str(folder / "cache")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of Qt application is running in this process")
    apply_theme(app, "light")
    desk = Desk(folder)
    try:
        yield desk
    finally:
        desk.driver.close()


def left_behind(folder: Path) -> str:
    """What is there after a window was closed and should not be; empty if nothing is."""
    ends = time.monotonic() + 10
    found = "?"
    while found and time.monotonic() < ends:
        threads = [each.name for each in threading.enumerate() if each.name.startswith("engine-")]
        children = [
            each.name()
            for each in psutil.Process().children(recursive=True)
            if "resource_tracker" not in " ".join(_command(each))
        ]
        files = [each.name for each in folder.rglob(TEMPORARY)]
        sessions = data_folder() / "sessions"
        kept = [each.name for each in sessions.iterdir()] if sessions.is_dir() else []
        found = ", ".join((*threads, *children, *files, *kept))
        time.sleep(0.1)
    return found


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def main() -> None:
    """Play kinds of trials, one after the other on one window, and print their outcomes.

    The arguments are a seed, a share of the usual number of trials, a folder and the kinds.
    """
    seed, share, folder = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    trials: dict[str, WindowTrial] = import_module("torture.window_trials").WINDOW_TRIALS
    with desk_in(folder) as desk:
        for name in sys.argv[4:]:
            trial = trials[name]
            count = max(1, round(share * trial.trials))
            for outcome in outcomes(name, trial, seed, count, desk):
                print(outcome.to_json(), flush=True)
    left = left_behind(folder)
    fault = f"left behind: {left}" if left else ""
    print(Outcome("closing the window", 0, fault, ", ".join(sys.argv[4:])).to_json(), flush=True)


if __name__ == "__main__":
    main()
