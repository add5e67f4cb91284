"""After a crash or a kill: the session that was lost is offered, and nobody has to answer."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from app.controllers.sessions import SessionsController
from app.main_window import MainWindow
from app.models.results import ResultStore
from gridsal_core.session.unfinished import Abandoned


class RecoveryController(QObject):
    """Offers what windows that are gone have left, the last one first."""

    def __init__(
        self, window: MainWindow, results: ResultStore, sessions: SessionsController
    ) -> None:
        super().__init__(window)
        self._window, self._results, self._sessions = window, results, sessions
        self._offers: list[Abandoned] = []
        window.offer.accepted.connect(self.restore)
        window.offer.declined.connect(self._ask_to_discard)
        window.offer.postponed.connect(self.postpone)
        window.closing.connect(self._end)

    def look(self) -> None:
        """Look for unfinished sessions that nobody holds, and offer them."""
        self._results.find_abandoned(self._on_found)

    def restore(self) -> None:
        """Go on with the session that is offered."""
        if self._offers:
            offer = self._offers[0]
            self._sessions.restore(offer.document, offer.folder, lambda: self._taken(offer))

    def postpone(self) -> None:
        """Leave everything that is offered to the next start."""
        offers, self._offers = self._offers, []
        for offer in offers:
            self._results.release(offer.folder, keep=True)
        self._show()

    def discard(self) -> None:
        """Delete the session that is offered."""
        if self._offers:
            self._results.release(self._offers.pop(0).folder, keep=False)
            self._show()

    def _taken(self, offer: Abandoned) -> None:
        self._offers = [other for other in self._offers if other is not offer]
        self._show()

    def _on_found(self, offers: tuple[Abandoned, ...]) -> None:
        self._offers = list(offers)
        self._show()

    def _ask_to_discard(self) -> None:
        if not self._offers:
            return
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("GridSal")
        box.setText("Delete this unfinished session?")
        box.setInformativeText(f"It has {_contents(self._offers[0])}. They cannot be had back.")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        box.finished.connect(lambda answer: self.discard() if answer == buttons.Discard else None)
        box.open()

    def _show(self) -> None:
        self._window.offer.offer(_told(self._offers) if self._offers else "")

    def _end(self) -> None:
        for offer in self._offers:
            offer.folder.release()
        self._offers.clear()


def _told(offers: list[Abandoned]) -> str:
    offer = offers[0]
    when = datetime.fromtimestamp(offer.changed).astimezone().strftime("%Y-%m-%d at %H:%M")
    name = "" if offer.document.file is None else f" {offer.document.file.stem}"
    more = f" ({len(offers) - 1} more after this one.)" if len(offers) > 1 else ""
    return (
        f"GridSal did not close properly: the session{name} of {when}, with {_contents(offer)}, "
        f"is still there.{more}"
    )


def _contents(offer: Abandoned) -> str:
    results, queued = len(offer.document.results), len(offer.document.queue)
    regions = sum(len(page.regions) for page in offer.document.pages)
    parts = [
        f"{count:,} {name}{'s' if count != 1 else ''}"
        for count, name in ((results, "result"), (queued, "queued request"), (regions, "region"))
        if count
    ]
    return " and ".join(([", ".join(parts[:-1])] if parts[:-1] else []) + parts[-1:])
