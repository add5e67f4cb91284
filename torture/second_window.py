"""`python -m torture.second_window SESSION NOTE`: another instance, which notes a result and saves.

It opens the session with an engine of its own, puts the note on the session's first result, saves
into the same file, and prints which result it was.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.views.moved_dialog import MovedDialog
from gridsal_core.session.archive import read_session
from tests.driver import Driver
from torture.victims import tell


def note_and_save(session: Path, note: str, settings: Path) -> str:
    """Open, note, save and close; return the identity of the result."""
    results = {each.identity for each in read_session(session).results}
    window = Driver(settings)
    try:
        window.open(None, None)
        window.app.sessions.open(session)
        window.wait(lambda: _has(window, results) or _go_on())
        window.wait(lambda: window.session.prediction is not None)
        first = window.session.results.results[0].identity
        window.session.results.describe(first, note=note, tags=["two"])
        window.action("save_session")
        window.wait(lambda: not window.app.sessions.is_modified)
    finally:
        window.close()
    return first


def _has(window: Driver, results: set[str]) -> bool:
    return {result.identity for result in window.session.results.results} == results


def _go_on() -> bool:
    """Do without a file that an earlier trial took away, if the window asks for one."""
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, MovedDialog) and dialog.isVisible():
            dialog.without.click()
    return False


def main() -> None:
    """Be the other instance."""
    _ = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        noted = note_and_save(Path(sys.argv[1]), sys.argv[2], Path(folder) / "settings.json")
    tell(noted=noted)


if __name__ == "__main__":
    main()
