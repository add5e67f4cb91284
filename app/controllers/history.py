"""Undo and redo: of everything the user did, on whichever image, in the order it was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app.actions import allow
from app.actions.reasons import NO_REDO, NO_UNDO
from app.main_window import MainWindow
from app.models.session import Session
from app.models.undo import Step
from app.views.settings_panel import PanelState, SettingsPanel
from gridsal_core.settings import Settings

SAID_MS = 5000
CORNER = "last corner"
NAMES = {"lam": "λ", "mask_size": "mask", "init": "start", "perturbation": "what removes"}


class HistoryController(QObject):
    """Owns the entries Undo and Redo, and brings what they change to the front.

    Parameters
    ----------
    window, session
        Where to listen and what to change.
    show_image
        Brings a page of an image to the front.
    """

    def __init__(
        self, window: MainWindow, session: Session, show_image: Callable[[Path, int], None]
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._show_image = window, session, show_image
        self._stack = session.undo_stack
        self._settings = window.settings.state()
        self._undo, self._redo = window.action("undo"), window.action("redo")
        self._undo.triggered.connect(self.undo)
        self._redo.triggered.connect(self.redo)
        self._stack.changed.connect(self._refresh)
        self._stack.walked.connect(self._bring_to_front)
        window.canvas.drawing_changed.connect(self._refresh)
        window.settings.changed.connect(self._on_settings)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            # One field that is being edited is one step, until the focus goes elsewhere.
            application.focusChanged.connect(self._stack.seal)
        self._refresh()

    def undo(self) -> None:
        """Take back the latest thing: a corner that was just set, else the last step."""
        if self._window.canvas.is_drawing:
            self._window.canvas.take_back()
            return
        text = self._stack.undo_text
        self._stack.undo()
        self._say(f"Undone: {text}")

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        text = self._stack.redo_text
        self._stack.redo()
        self._say(f"Done again: {text}")

    def _bring_to_front(self, step: Step) -> None:
        place = step.place
        if place is not None and place != (self._session.current, self._session.page):
            self._show_image(*place)

    def _on_settings(self) -> None:
        panel = self._window.settings
        old, self._settings = self._settings, panel.state()
        if not panel.is_following and old.settings != self._settings.settings:
            self._stack.push(_SettingsStep(panel, old, self._settings), merge=True)

    def _refresh(self) -> None:
        is_drawing = self._window.canvas.is_drawing
        undo_text = CORNER if is_drawing else self._stack.undo_text
        self._undo.setText(f"&Undo {undo_text}".strip())
        self._redo.setText(f"&Redo {self._stack.redo_text}".strip())
        allow(self._undo, "" if is_drawing or self._stack.can_undo else NO_UNDO)
        allow(self._redo, "" if self._stack.can_redo else NO_REDO)

    def _say(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, SAID_MS)


class _SettingsStep(Step):
    """The settings in the panel were changed; further changes of the same field belong to it."""

    def __init__(self, panel: SettingsPanel, old: PanelState, new: PanelState) -> None:
        changed = _changed(old.settings, new.settings)
        (name, *others) = changed
        text = "Change settings" if others else f"Change {NAMES.get(name, name.replace('_', ' '))}"
        super().__init__(text)
        self._panel, self._old, self._new, self._names = panel, old, new, changed

    @property
    def is_nothing(self) -> bool:
        return self._old.settings == self._new.settings

    def undo(self) -> None:
        self._panel.restore(self._old)

    def redo(self) -> None:
        self._panel.restore(self._new)

    def absorb(self, newer: Step) -> bool:
        if not isinstance(newer, _SettingsStep) or newer._names != self._names:
            return False
        self._new = newer._new
        return True


def _changed(old: Settings, new: Settings) -> tuple[str, ...]:
    names = (field.name for field in fields(Settings))
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))
