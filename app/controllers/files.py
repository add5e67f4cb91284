"""Opening networks and image folders: dialogs, drops, recent entries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu

from app.controllers.dialogs import show_error
from app.main_window import MainWindow
from app.models.image_list import ImageListModel
from app.models.session import LoadedImage, Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from app.workers.tasks import Tasks
from gridsal_core.arrays import IndexArray
from gridsal_core.datasets.folder import find_label, list_images
from gridsal_core.datasets.labels import read_label
from gridsal_core.demo import find_demo
from gridsal_core.errors import CheckpointError, ImageError
from gridsal_core.images import IMAGE_SUFFIXES, read_rgb8


class FilesController(QObject):
    """Owns the way from a path to the session."""

    demo_opened = Signal()
    """The network that is being opened is the embedded demo's."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        images: ImageListModel,
        engine: EngineClient,
        tasks: Tasks,
        settings: AppSettings,
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._is_busy = is_busy
        self._window, self._session, self._images = window, session, images
        self._engine, self._tasks, self._settings = engine, tasks, settings
        self._model: Path | None = None
        self._ticket = 0
        self._to_select: Path | None = None
        window.action("open_model").triggered.connect(self.ask_model)
        window.action("open_folder").triggered.connect(self.ask_folder)
        window.action("open_demo").triggered.connect(self.open_demo)
        window.action("previous").triggered.connect(window.images.select_previous)
        window.action("next").triggered.connect(window.images.select_next)
        window.canvas.files_dropped.connect(self.open_dropped)
        window.images.image_selected.connect(self._on_selected)
        window.settings.device_chosen.connect(self.reopen)
        session.current_changed.connect(self._load_current)
        session.result_changed.connect(self._show_status)
        session.network_changed.connect(self._show_all_status)
        engine.network_opened.connect(self._on_opened)
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._on_died)
        engine.unable.connect(self._on_unable)
        self._fill_recent()

    def ask_model(self) -> None:
        """Let the user choose a network."""
        start = str(self._settings.recent_models[0].parent) if self._settings.recent_models else ""
        chosen = QFileDialog.getExistingDirectory(
            self._window, "Open model: a folder written by save_pretrained", start
        )
        if chosen:
            self.open_model(Path(chosen))

    def ask_folder(self) -> None:
        """Let the user choose an image folder."""
        start = str(self._settings.recent_folders[0]) if self._settings.recent_folders else ""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open image folder", start)
        if chosen:
            self.open_folder(Path(chosen))

    def open_demo(self) -> None:
        """Open the embedded demo."""
        demo = find_demo()
        self.open_model(demo.model)
        self.open_folder(demo.images)

    def open_model(self, path: Path) -> None:
        """Open a network in the engine; one that is still being opened is given up."""
        if self._session.opening is not None and not self._is_busy():
            self._engine.restart()
        if not self._engine.is_running:
            self._engine.start()
        self._model = path.resolve()
        self._ticket = self._engine.new_ticket()
        self._session.set_network(None)
        self._session.set_opening(self._model)
        self._window.status.set_network(f"Opening {path.name}…")
        self._engine.send(
            m.OpenNetwork(self._ticket, str(self._model), self._window.settings.device)
        )
        if is_demo(self._model):
            self.demo_opened.emit()

    def open_folder(self, folder: Path, select: Path | None = None) -> None:
        """List an image folder and show its first image, or the one named."""
        self._to_select = select
        self._tasks.submit(
            lambda: (folder.resolve(), list_images(folder.resolve())), self._on_listed, self._error
        )

    def open_dropped(self, paths: list[Path]) -> None:
        """Open what was dropped: networks, folders, single images."""
        for path in paths:
            if path.is_dir() and any((path / n).exists() for n in ("config.json", "gridsal.toml")):
                self.open_model(path)
            elif path.is_dir():
                self.open_folder(path)
            elif path.suffix.lower() in IMAGE_SUFFIXES:
                # Folders are listed by their real path, and links in them by their own name.
                self.open_folder(path.parent, select=path.parent.resolve() / path.name)
                return
            elif path.parent.joinpath("config.json").exists():
                self.open_model(path.parent)
            else:
                self._error(
                    f"{path.name} is neither an image, an image folder nor a network; "
                    "drop one of these."
                )

    def cancel_opening(self) -> None:
        """Give up the network that is being opened."""
        if self._session.opening is None:
            return
        if not self._is_busy():
            self._engine.restart()
        self._close_model("Opening was cancelled")

    def reopen(self) -> None:
        """Open the network again, after the engine was restarted or another device was chosen."""
        if self._model is not None:
            self.open_model(self._model)

    def _close_model(self, text: str) -> None:
        self._ticket, self._model = 0, None
        self._session.set_opening(None)
        self._window.status.set_network(text)

    def _on_opened(self, event: m.NetworkOpened) -> None:
        if event.ticket != self._ticket:
            return
        self._ticket = 0
        self._session.set_opening(None)
        network = event.network
        self._window.status.set_network(f"{network.name} · {network.device}")
        self._window.status.showMessage(" ".join(network.notes), 15000)
        self._settings.remember_model(network.path)
        self._fill_recent()
        self._session.set_network(network)

    def _on_failed(self, event: m.Failed) -> None:
        if event.ticket == self._ticket:
            self._close_model("No network")
            show_error(self._window, event.message, event.trace)

    def _on_died(self, exit_code: int) -> None:
        was_opening = self._session.opening is not None
        model = self._model
        self._session.set_network(None)
        if model is not None and not was_opening:
            self.open_model(model)
        else:
            self._close_model("No network")
        self._error(
            f"The engine ended by itself (exit code {exit_code}), most likely for want of memory; "
            "it was started again. Your regions and results are kept. Try a smaller image."
        )

    def _on_unable(self, sentence: str) -> None:
        self._close_model("No engine")
        self._session.set_network(None)
        self._error(sentence)

    def _on_listed(self, listing: tuple[Path, tuple[Path, ...]]) -> None:
        folder, images = listing
        self._settings.remember_folder(folder)
        self._fill_recent()
        self._session.set_images(folder, images)
        self._images.set_paths(images)
        self._show_all_status()
        wanted, self._to_select = self._to_select, None
        self._window.images.select(images.index(wanted) if wanted in images else 0)

    def _on_selected(self, row: int) -> None:
        self._session.set_current(self._session.images[row])

    def _load_current(self) -> None:
        path = self._session.current
        if path is None:
            return
        self._window.setWindowTitle(f"{path.name} – GridSal")
        self._tasks.submit(
            lambda: load_image(path),
            self._on_loaded,
            lambda sentence: self._on_unreadable(path, sentence),
        )

    def _on_loaded(self, loaded: LoadedImage) -> None:
        if loaded.path == self._session.current:
            self._session.set_loaded(loaded)
            if loaded.label_note:
                self._window.status.showMessage(loaded.label_note, 10000)

    def _on_unreadable(self, path: Path, sentence: str) -> None:
        if path == self._session.current:
            self._window.canvas.set_image(None)
            self._window.canvas.set_hint("This image cannot be shown", sentence)
            self._session.set_trouble(path, sentence)

    def _show_status(self, image: Path) -> None:
        self._images.set_status(image, "explained" if self._session.has_result(image) else "")

    def _show_all_status(self) -> None:
        for image in self._session.images:
            self._show_status(image)

    def _fill_recent(self) -> None:
        self._fill(self._window.recent_models, self._settings.recent_models, self.open_model)
        self._fill(self._window.recent_folders, self._settings.recent_folders, self.open_folder)

    def _fill(self, menu: QMenu, paths: tuple[Path, ...], opens: Callable[[Path], None]) -> None:
        menu.clear()
        menu.setEnabled(bool(paths))
        for path in paths:
            action = menu.addAction(f"{path.name}   ({path.parent})")
            action.triggered.connect(lambda _checked=False, p=path: opens(p))

    def _error(self, sentence: str) -> None:
        show_error(self._window, sentence)


def is_demo(model: Path) -> bool:
    """Whether this is the embedded demo's network."""
    try:
        return model == find_demo().model.resolve()
    except CheckpointError:
        return False


def load_image(path: Path) -> LoadedImage:
    """Read an image for display and the label map beside it, if there is one.

    Raises
    ------
    ImageError
        If the image cannot be read. A bad label map is told in the result instead.
    """
    rgb = read_rgb8(path)
    label: IndexArray | None = None
    found: Path | None = None
    label_note = ""
    try:
        found = find_label(path)
        if found is not None:
            label = read_label(found, (rgb.shape[0], rgb.shape[1]))
    except ImageError as error:
        label_note = f"The label map is not used: {error}"
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read: {error.strerror}; check it.") from error
    return LoadedImage(path, rgb, label, found, label_note)
