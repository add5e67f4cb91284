"""Opening networks: what is open, what is being opened, and what becomes of either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.actions import allow
from app.actions.reasons import NO_NETWORK, NO_NOTES
from app.controllers.dialogs import show_error, show_notes
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings, RecentModel
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.checkpoints.names import NETWORK_SUFFIXES
from gridsal_core.demo import find_demo
from gridsal_core.errors import CheckpointError
from gridsal_core.library import is_fetchable

NOTE_MS = 15_000
FOLDER_MARKS = ("config.json", "gridsal.toml")
FOLDER_FILES = (*FOLDER_MARKS, "model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Asked:
    """A network as the user asked for it: the arguments of `gridsal_core.load_network`."""

    source: str
    weights: Path | None = None
    card: ModelCard | None = None
    trust_code: bool = False

    @property
    def name(self) -> str:
        """What it is called while it is not open yet."""
        path = Path(self.source)
        return path.name if path.is_absolute() else self.source


class NetworkController(QObject):
    """Owns the way from a path or a name to the session's network.

    The network that is open stays open, and usable, until another one has taken its place.
    """

    demo_opened = Signal()
    """The network that was opened is the embedded demo's."""
    opened = Signal(object)
    """The NetworkOpened of another network, or of the same one anew."""
    fetch_needed = Signal(object)
    """An Asked that has to be fetched before it can be opened."""
    card_needed = Signal(object, object)
    """An Asked, and the CardNeeded that answers it."""
    trust_needed = Signal(object, object)
    """An Asked, and the TrustNeeded that answers it."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        engine: EngineClient,
        settings: AppSettings,
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._engine, self._settings, self._is_busy = engine, settings, is_busy
        self._open: Asked | None = None
        self._asked: Asked | None = None
        self._ticket = 0
        self._is_in_engine = False
        window.settings.device_chosen.connect(self.reopen)
        window.action("network_notes").triggered.connect(self.show_notes)
        window.status.notes_button.clicked.connect(self.show_notes)
        session.network_changed.connect(self._show_network)
        engine.network_opened.connect(self._on_opened)
        engine.card_needed.connect(self._on_card_needed)
        engine.trust_needed.connect(self._on_trust_needed)
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._on_died)
        engine.unable.connect(self._on_unable)
        self._fill_recent()
        self._show_network()

    @property
    def open_now(self) -> Asked | None:
        """What the open network was asked for with."""
        return self._open

    def open_model(self, source: str | Path, weights: Path | None = None) -> None:
        """Open a file, a folder or a name."""
        asked = Asked(whole_source(str(source)), weights)
        if is_fetchable(asked.source):
            self.fetch_needed.emit(asked)
        else:
            self.open(asked)

    def open(self, asked: Asked) -> None:
        """Open a network in the engine; one that is still being opened is given up."""
        if self._asked is not None:
            self._forget_engine()
        if not self._engine.is_running:
            self._is_in_engine = False
            self._engine.start()
        self._asked, self._ticket = asked, self._engine.new_ticket()
        self._session.set_opening(asked.name)
        self._window.status.set_network(f"Opening {asked.name}…")
        self._engine.send(
            m.OpenNetwork(
                self._ticket,
                asked.source,
                self._window.settings.device,
                asked.weights,
                asked.card,
                asked.trust_code,
            )
        )

    def cancel_opening(self) -> None:
        """Give up the network that is being opened."""
        if self._asked is not None:
            self._forget_engine()
            self._give_up("Opening was cancelled")

    def reopen(self) -> None:
        """Open the network again, after the engine was restarted or another device was chosen."""
        wanted = self._asked or self._open
        if wanted is not None:
            self.open(wanted)

    def restart_engine(self) -> None:
        """End whatever the engine is doing, and open the network again in a new one."""
        self._engine.restart()
        self._is_in_engine = False
        self.reopen()

    def show_notes(self) -> None:
        """Show what is to be known of how the open network was opened."""
        network = self._session.network
        if network is not None and network.notes:
            show_notes(self._window, f"Notes on {network.name}", network.notes)

    def _forget_engine(self) -> None:
        """Give up what the engine is opening; whichever network it then holds is not relied on."""
        self._is_in_engine = False
        if not self._is_busy():
            self._engine.restart()

    def _give_up(self, text: str = "No network") -> Asked | None:
        """Go back to the network that is open, now that another one does not take its place."""
        asked, self._asked, self._ticket = self._asked, None, 0
        self._session.set_opening(None)
        if self._open is not None and self._is_in_engine:
            self._show_network()
        elif self._open is not None and asked is not self._open:
            self.reopen()
        else:
            self._open = None
            self._window.status.set_network(text)
            self._session.set_network(None)
        return asked

    def _on_opened(self, event: m.NetworkOpened) -> None:
        if event.ticket != self._ticket or self._asked is None:
            return
        asked, self._asked, self._ticket = self._asked, None, 0
        if asked is not self._open and is_demo(asked.source):
            self.demo_opened.emit()
        # Permission to run code is for once; a card that lies beside the network is found there.
        card = None if event.is_card_kept else asked.card
        self._open = replace(asked, trust_code=False, card=card)
        self._is_in_engine = True
        self._settings.remember_model(RecentModel(source=asked.source, weights=asked.weights))
        self._fill_recent()
        self._session.set_opening(None)
        self._session.set_network(event.network)
        self._window.status.showMessage(" ".join(event.network.notes), NOTE_MS)
        self.opened.emit(event)

    def _on_card_needed(self, event: m.CardNeeded) -> None:
        if event.ticket == self._ticket:
            self.card_needed.emit(self._give_up(), event)

    def _on_trust_needed(self, event: m.TrustNeeded) -> None:
        if event.ticket == self._ticket:
            self.trust_needed.emit(self._give_up(), event)

    def _on_failed(self, event: m.Failed) -> None:
        if event.ticket != self._ticket:
            return
        asked = self._give_up()
        if asked is not None and asked.card is not None and not event.trace:
            # A card that was just filled in does not fit: it is shown again, with the reason.
            problems = tuple(event.message.split("; "))
            again = m.CardNeeded(event.ticket, event.message, asked.card, problems)
            self.card_needed.emit(asked, again)
        else:
            show_error(self._window, event.message, event.trace)

    def _on_died(self, exit_code: int) -> None:
        self._is_in_engine = False
        if self._asked is not None:
            self._give_up()
        else:
            self.reopen()
        show_error(
            self._window,
            f"The engine ended by itself (exit code {exit_code}), most likely for want of memory; "
            "it was started again. Your regions and results are kept. Try a smaller image.",
        )

    def _on_unable(self, sentence: str) -> None:
        self._open, self._is_in_engine = None, False
        self._give_up("No engine")
        show_error(self._window, sentence)

    def _show_network(self) -> None:
        network = self._session.network
        notes = () if network is None else network.notes
        self._window.status.set_network_notes(len(notes))
        nothing = NO_NETWORK if network is None else NO_NOTES
        allow(self._window.action("network_notes"), "" if notes else nothing)
        if network is not None and self._asked is None:
            self._window.status.set_network(
                f"{network.name} · {network.device}, {network.free_bytes / 1e9:.0f} GB free"
            )

    def _fill_recent(self) -> None:
        menu, entries = self._window.recent_models, self._settings.recent_models
        menu.clear()
        menu.setEnabled(bool(entries))
        for entry in entries:
            action = menu.addAction(entry.title)
            action.triggered.connect(
                lambda _checked=False, e=entry: self.open_model(e.source, e.weights)
            )


def whole_source(text: str) -> str:
    """Write a path that exists in full, also that of `file.py:function`; leave names alone.

    What was asked for is remembered, and the program may be started elsewhere the next time.
    """
    head, colon, function = text.rpartition(":")
    for path, rest in ((text, ""), (head, colon + function)):
        if rest and not path.endswith(".py"):
            continue
        try:
            found = Path(path).expanduser()
            if path and found.exists():
                # Not `resolve`: a link may carry the file's ending where its target does not.
                return f"{found.absolute()}{rest}"
        except (OSError, ValueError, RuntimeError):  # too long, with a zero byte, an unknown user
            continue
    return text


def network_at(path: Path) -> Path | None:
    """Return what to open where this file or folder is a network by its looks, else None.

    A file of a `save_pretrained` folder stands for its folder.
    """
    if path.is_dir():
        return path if any((path / name).exists() for name in FOLDER_MARKS) else None
    if path.name in FOLDER_FILES and (path.parent / FOLDER_MARKS[0]).exists():
        return path.parent
    return path if path.suffix.lower() in NETWORK_SUFFIXES else None


def is_demo(source: str) -> bool:
    """Whether this is the embedded demo's network."""
    try:
        return Path(source).resolve() == find_demo().model.resolve()
    except (CheckpointError, OSError, ValueError):
        return False
