"""The data of results out of the window: of the one that is shown, of several, or of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.actions import allow
from app.actions.reasons import NO_RESULT
from app.controllers.dialogs import ask_file, show_error
from app.controllers.export import NOTE_MS, may_write
from app.controllers.selection import selected_results
from app.controllers.walk import ResultWalk, Work
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.views.export_dialog import ExportDialog, Scope
from app.workers.engine_client import EngineClient
from app.workers.publishing import RecordOf, WriteArchive
from app.workers.tasks import Tasks
from gridsal_core.session.export import archive_names, write_records, write_table
from gridsal_core.session.kept import KeptResult

KINDS: Final = {
    ".npz": "NumPy archive (*.npz)",
    ".csv": "Comma-separated values (*.csv)",
    ".json": "JSON document (*.json)",
}


class DataController(QObject):
    """Asks which results, as what and where to, and has them written."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        engine: EngineClient,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._tasks, self._settings = tasks, settings
        self._walks: list[ResultWalk] = []
        window.action("export_data").triggered.connect(self.ask)
        window.result.export_data_clicked.connect(self.ask)
        window.closing.connect(self._close)
        for signal in (session.results.added, session.results.removed):
            signal.connect(self._refresh)
        session.results.was_reset.connect(self._refresh)
        self._refresh()

    @property
    def is_pending(self) -> bool:
        """Whether the engine still works on what is to be written."""
        self._walks = [walk for walk in self._walks if not walk.is_over]
        return bool(self._walks)

    def ask(self) -> None:
        """Let the user choose which results are written, and as what."""
        counts: dict[Scope, int] = {
            "this": len(self._results_of("this")),
            "selected": len(self._selection()),
            "all": len(self._session.results.results),
        }
        if not any(counts.values()):
            return
        prefers_selected = bool(selected_results(self._window))
        dialog = ExportDialog(counts, "selected" if prefers_selected else "this", self._window)
        dialog.chosen.connect(self._ask_place)
        dialog.open()

    def write(self, kept: Sequence[KeptResult], path: Path) -> None:
        """Write results: a table, a document, an archive, or an archive for each into a folder."""
        suffix = path.suffix.lower()
        if suffix == ".csv":
            self._write(lambda: write_table(kept, path), path)
        elif suffix == ".json":
            self._walk(
                kept,
                RecordOf,
                lambda records: self._write(lambda: write_records(records, path), path),
            )
        elif suffix == ".npz":
            self._walk(kept, lambda _, found: WriteArchive(found, path), lambda _: self._told(path))
        else:
            names = dict(zip((each.identity for each in kept), archive_names(kept), strict=True))
            self._walk(
                kept,
                lambda each, found: WriteArchive(found, path / names[each.identity]),
                lambda _: self._told(path),
            )

    def _ask_place(self, scope: str, suffix: str) -> None:
        kept = self._results_of(scope)
        if not kept:
            return
        if suffix == ".npz" and len(kept) > 1:
            path = self._ask_folder(f"Folder for {len(kept)} archives")
        else:
            first = kept[0]
            stem = "image" if first.image_path is None else first.image_path.stem
            one = f"{stem}_{first.class_info.name}_{first.settings.method}"
            name = one if len(kept) == 1 else "results"
            path = ask_file(self._window, self._settings, "Export data", name, KINDS[suffix])
        if path is not None and may_write(self._window, self._session, path):
            self.write(kept, path)

    def _ask_folder(self, title: str) -> Path | None:
        start = str(self._settings.export_folder or Path.home())
        chosen = QFileDialog.getExistingDirectory(self._window, title, start)
        if not chosen:
            return None
        self._settings.export_folder = Path(chosen)
        return Path(chosen)

    def _results_of(self, scope: str) -> Sequence[KeptResult]:
        if scope == "all":
            return self._session.results.results
        if scope == "selected":
            return self._selection()
        identity = self._session.result_identity
        found = None if identity is None else self._session.results.get(identity)
        return [] if found is None else [found]

    def _selection(self) -> list[KeptResult]:
        meant = selected_results(self._window) or self._window.results.selected_identities
        return self._session.results.found(meant)

    def _walk(
        self, kept: Sequence[KeptResult], make: Work, on_end: Callable[[list[Any]], None]
    ) -> None:
        title = "Writing the data…" if len(kept) == 1 else f"Writing {len(kept)} results…"
        walk = ResultWalk(self._engine, self._session.results, self._window, title)
        self._walks.append(walk)
        walk.start(kept, make, on_end, self._fail)

    def _write(self, work: Callable[[], None], path: Path) -> None:
        self._tasks.submit(work, lambda _: self._told(path), lambda said: self._fail(said, ""))

    def _close(self) -> None:
        for walk in self._walks:
            walk.cancel()

    def _refresh(self) -> None:
        there = bool(self._session.results.results)
        allow(self._window.action("export_data"), "" if there else NO_RESULT)

    def _told(self, path: Path) -> None:
        self._window.status.showMessage(f"Saved {path}", NOTE_MS)

    def _fail(self, sentence: str, trace: str) -> None:
        show_error(self._window, sentence, trace)
