"""Sessions from another machine: asks once where each folder and network is now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.controllers.dialogs import show_error
from app.main_window import MainWindow
from app.views.moved_dialog import MovedDialog
from app.workers.tasks import Tasks
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.moving import Missing, MissingFolder, first_missing, moved

LOOKED_FOR: Final = 50

OnLocated = Callable[[SessionDocument], None]


class MovedController(QObject):
    """Owns the questions, one after the other; nothing is opened before all are answered."""

    def __init__(self, window: MainWindow, tasks: Tasks) -> None:
        super().__init__(window)
        self._window, self._tasks = window, tasks

    def locate(
        self,
        document: SessionDocument,
        on_located: OnLocated,
        left_out: frozenset[Path] = frozenset(),
    ) -> None:
        """Hand the session on once all that it needs is found, or done without."""

        def take(missing: Missing | None) -> None:
            if missing is None:
                on_located(document)
            else:
                self._ask(document, missing, on_located, left_out)

        self._tasks.submit(lambda: first_missing(document, left_out), take, self._tell)

    def _ask(
        self,
        document: SessionDocument,
        missing: Missing,
        on_located: OnLocated,
        left_out: frozenset[Path],
    ) -> None:
        dialog = _dialog(missing, self._window)

        def go_on(document: SessionDocument, left_out: frozenset[Path]) -> None:
            dialog.accept()
            self.locate(document, on_located, left_out)

        def check(there: Path) -> None:
            self._tasks.submit(
                lambda: _moved_if_there(document, missing, there),
                lambda found: (
                    dialog.show_wrong(_why_not(missing, there))
                    if found is None
                    else go_on(found, left_out)
                ),
                self._tell,
            )

        def ask_folder() -> None:
            chosen = QFileDialog.getExistingDirectory(dialog, "Where is it now?", "")
            if chosen:
                check(Path(chosen))

        def ask_file() -> None:
            chosen, _ = QFileDialog.getOpenFileName(dialog, "Where is it now?", "")
            if chosen:
                check(Path(chosen))

        dialog.folder_wanted.connect(ask_folder)
        dialog.file_wanted.connect(ask_file)
        dialog.left_out.connect(lambda: go_on(document, left_out | {missing.path}))
        dialog.rejected.connect(self._window.status.clearMessage)
        dialog.open()

    def _tell(self, sentence: str) -> None:
        show_error(self._window, sentence)


def _dialog(missing: Missing, window: MainWindow) -> MovedDialog:
    if isinstance(missing, MissingFolder):
        count = len(missing.images)
        images = "1 image" if count == 1 else f"{count:,} images"
        explanation = (
            f"The session has {images} there. Everything under this folder is looked for at the "
            "new place, and what lay beside it too."
        )
        return MovedDialog(
            "Where is this image folder now?",
            str(missing.path),
            explanation,
            can_be_file=False,
            parent=window,
        )
    return MovedDialog(
        f"Where is the network {missing.name} now?",
        str(missing.path),
        "Without it its results can be looked at in the list, but not repeated.",
        can_be_file=True,
        parent=window,
    )


def _moved_if_there(
    document: SessionDocument, missing: Missing, there: Path
) -> SessionDocument | None:
    """Return the session as it is at the new place, or None if that is not it."""
    if isinstance(missing, MissingFolder) and missing.images:
        looked_for = missing.images[:LOOKED_FOR]
        places = (there / image.relative_to(missing.path) for image in looked_for)
        if not any(place.exists() for place in places):
            return None
    return moved(document, missing.path, there)


def _why_not(missing: Missing, there: Path) -> str:
    images = missing.images if isinstance(missing, MissingFolder) else ()
    name = images[0].name if images else missing.path.name
    return f"The folder {there.name} does not hold {name}; choose the folder that does."
