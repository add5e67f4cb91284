"""What is asked of the user on the way to a network: which one, its card, and leave to run code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from app.actions import allow
from app.actions.reasons import NO_NETWORK
from app.controllers.library import LibraryController
from app.controllers.networks import Asked, NetworkController, network_at
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.views.card_dialog import CardDialog, CardQuestion
from app.views.open_model_dialog import OpenModelDialog
from app.workers import messages as m
from gridsal_core.checkpoints.card import ModelCard, card_place
from gridsal_core.library import LIBRARY


class QuestionsController(QObject):
    """Owns the dialogs about networks."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        networks: NetworkController,
        library: LibraryController,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._networks = window, session, networks
        self._library, self._settings = library, settings
        self._card: ModelCard | None = None
        window.action("open_model").triggered.connect(self.ask_model)
        window.action("edit_card").triggered.connect(self.edit_card)
        networks.card_needed.connect(self._ask_card)
        networks.trust_needed.connect(self._ask_trust)
        networks.fetch_needed.connect(self._fetch_first)
        networks.opened.connect(self._on_opened)
        session.network_changed.connect(self._show_state)
        self._show_state()

    def ask_model(self) -> None:
        """Let the user name or choose a network."""
        recent = [entry.source for entry in self._settings.recent_models]
        start = next((str(Path(text).parent) for text in recent if Path(text).is_absolute()), "")
        known = [*recent, *(entry.source for entry in LIBRARY)]
        dialog = OpenModelDialog(known, start, self._window)
        dialog.chosen.connect(self._open_chosen)
        dialog.library_wanted.connect(self._library.show)
        dialog.open()

    def edit_card(self) -> None:
        """Let the user name the open network's classes and correct its preprocessing."""
        asked, network = self._networks.open_now, self._session.network
        if asked is None or network is None or self._card is None:
            return
        sentence = (
            f"What {network.name} takes and gives; it is opened again with what you change here."
        )
        question = CardQuestion(
            sentence, self._card, place=_place(asked), class_count=len(network.classes)
        )
        self._show_card(asked, question)

    def _open_chosen(self, source: str, weights: Path | None) -> None:
        path = Path(source).expanduser()
        # A file inside a save_pretrained folder means the folder.
        whole = network_at(path) if path.is_file() and weights is None else None
        self._networks.open_model(whole or source, weights)

    def _fetch_first(self, asked: Asked) -> None:
        self._library.fetch(asked.source, lambda: self._networks.open(asked))

    def _ask_card(self, asked: Asked, event: m.CardNeeded) -> None:
        begun = "Confirm what was guessed and fill in the rest"
        question = CardQuestion(
            f"{asked.name} says nothing of the network that its weights belong to. {begun}."
            if asked.card is None
            else f"This card does not fit {asked.name} yet; correct it.",
            # What was entered stays entered, also where the proposal is a new one.
            asked.card or event.proposal,
            event.problems,
            _place(asked),
            self._class_count(asked),
            is_guessed=asked.card is None,
        )
        self._show_card(asked, question)

    def _class_count(self, asked: Asked) -> int | None:
        """Return the number of classes where they alone are to be named, of the open network."""
        network, open_now = self._session.network, self._networks.open_now
        if network is None or open_now is None or open_now.source != asked.source:
            return None
        is_built = asked.card is not None and asked.card.build is None
        return len(network.classes) if is_built else None

    def _show_card(self, asked: Asked, question: CardQuestion) -> None:
        dialog = CardDialog(question, self._window)
        dialog.confirmed.connect(lambda card: self._networks.open(replace(asked, card=card)))
        dialog.open()

    def _ask_trust(self, asked: Asked, event: m.TrustNeeded) -> None:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Run this code?")
        box.setText(f"Opening {asked.name} runs code with all your rights: {event.code}.")
        box.setInformativeText(
            "The code may do whatever you may do on this computer: read, change and delete your "
            "files, and use the network. Say yes only if you know where it comes from."
        )
        buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No
        box.setStandardButtons(buttons)
        box.setDefaultButton(QMessageBox.StandardButton.No)
        box.setEscapeButton(QMessageBox.StandardButton.No)
        box.button(QMessageBox.StandardButton.Yes).setText("Run the code")
        box.button(QMessageBox.StandardButton.No).setText("Do not run it")
        box.finished.connect(
            lambda answer: (
                self._networks.open(replace(asked, trust_code=True))
                if answer == QMessageBox.StandardButton.Yes
                else None
            )
        )
        box.open()

    def _on_opened(self, event: m.NetworkOpened) -> None:
        self._card = event.card

    def _show_state(self) -> None:
        allow(self._window.action("edit_card"), "" if self._session.network else NO_NETWORK)


def _place(asked: Asked) -> str:
    """Return where a card for this network would be kept; empty if there is no such place."""
    path = Path(asked.source)
    if path.exists():
        return card_place(path).name if path.is_file() else f"{path.name}/{card_place(path).name}"
    return card_place(asked.weights).name if asked.weights is not None else ""
