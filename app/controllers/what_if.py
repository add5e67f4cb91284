"""What if: the context is changed in the engine, and the answer shown before and after."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from app.actions import allow
from app.actions.reasons import NO_RESULT
from app.controllers.dialogs import ask_file, show_error
from app.controllers.export import FIGURES
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.views.what_if_dialog import WhatIfDialog
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.whatif import WhatIf, WhatIfKind, told

ACTIONS: Final[dict[str, WhatIfKind]] = {
    "what_if_remove": "remove",
    "what_if_keep": "keep",
    "what_if_painted": "painted",
}
TITLES: Final[dict[WhatIfKind, str]] = {
    "remove": "Without the salient context",
    "keep": "Only the object and the salient context",
    "painted": "Without the painted context",
}


class WhatIfController(QObject):
    """Asks the engine, shows its answers, and has their figures written."""

    def __init__(
        self, window: MainWindow, session: Session, engine: EngineClient, settings: AppSettings
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._settings = settings
        self._pending: dict[int, m.AskWhatIf | m.ExportWhatIf] = {}
        menu = QMenu(window.result.what_if)
        for name, kind in ACTIONS.items():
            action = window.action(name)
            action.triggered.connect(lambda _on=False, k=kind: self.ask(k))
            menu.addAction(action)
        window.result.what_if.setMenu(menu)
        session.result_changed.connect(self._refresh)
        session.image_loaded.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        session.network_changed.connect(self._refresh)
        engine.what_if_answered.connect(self._on_answered)
        engine.exported.connect(lambda event: self._pending.pop(event.ticket, None))
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._on_lost)
        self._refresh()

    @property
    def is_pending(self) -> bool:
        """Whether the engine still owes an answer or a file."""
        return bool(self._pending)

    def ask(self, kind: WhatIfKind) -> None:
        """Change the context of the current result."""
        result, region = self._session.result, self._session.region
        if result is None or region is None:
            return
        painted = region.mask.copy() if kind == "painted" else None
        self._window.status.showMessage(f"{TITLES[kind]}: the network predicts again…")
        self._send(m.AskWhatIf(self._engine.new_ticket(), result, kind, painted))

    def _send(self, command: m.AskWhatIf | m.ExportWhatIf) -> None:
        self._pending[command.ticket] = command
        self._engine.send(command)

    def _on_answered(self, event: m.WhatIfAnswered) -> None:
        if self._pending.pop(event.ticket, None) is None:
            return
        self._window.status.clearMessage()
        result = event.result
        title, sentence = TITLES[result.kind], told(result)
        dialog = WhatIfDialog(title, sentence, event.png, self._window)
        dialog.save_clicked.connect(lambda: self._save(dialog, result))
        dialog.show()

    def _save(self, dialog: WhatIfDialog, result: WhatIf) -> None:
        image = result.explanation.request.image_path
        stem = "image" if image is None else image.stem
        name = f"{stem}_{result.explanation.class_name}_{result.kind}"
        path = ask_file(dialog, self._settings, "Save figure", name, FIGURES)
        if path is not None:
            self._send(m.ExportWhatIf(self._engine.new_ticket(), result, path))

    def _on_failed(self, event: m.Failed) -> None:
        if self._pending.pop(event.ticket, None) is not None:
            self._window.status.clearMessage()
            show_error(self._window, event.message, event.trace)

    def _on_lost(self) -> None:
        if self._pending:
            self._pending.clear()
            show_error(self._window, "The engine ended while the context was changed; ask again.")

    def _refresh(self) -> None:
        reason = NO_RESULT if self._session.result is None else ""
        for name in ACTIONS:
            allow(self._window.action(name), reason)
