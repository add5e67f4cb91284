"""Opening images and image folders: dialogs, drops, recent entries."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from app.actions import allow
from app.actions.reasons import NO_FOLDER
from app.controllers.dialogs import show_error
from app.controllers.networks import NetworkController, network_at
from app.main_window import MainWindow
from app.models.image_list import ImageListModel
from app.models.session import Session
from app.settings import AppSettings
from app.workers.tasks import Tasks
from gridsal_core.datasets.folder import ImageListing, scan_images
from gridsal_core.demo import find_demo
from gridsal_core.images import IMAGE_SUFFIXES
from gridsal_core.session import SESSION_SUFFIX


class FilesController(QObject):
    """Owns the way from a path to the session."""

    session_dropped = Signal(object)
    """The Path of a session's file."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        images: ImageListModel,
        networks: NetworkController,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._images = window, session, images
        self._networks, self._tasks, self._settings = networks, tasks, settings
        self._to_select: Path | None = None
        self._page_wanted = (Path(), 0)
        self._explained: set[Path] = set()
        window.action("open_folder").triggered.connect(self.ask_folder)
        window.action("open_demo").triggered.connect(self.open_demo)
        window.action("previous").triggered.connect(window.images.select_previous)
        window.action("next").triggered.connect(window.images.select_next)
        window.canvas.files_dropped.connect(self.open_dropped)
        window.images.image_selected.connect(self._on_selected)
        session.image_loaded.connect(self._on_image)
        session.images_changed.connect(self._show_state)
        session.result_changed.connect(self._show_status)
        session.network_changed.connect(self._show_all_status)
        self._fill_recent()
        self._show_state()

    @property
    def images(self) -> ImageListModel:
        """The list of the folder's images."""
        return self._images

    def ask_folder(self) -> None:
        """Let the user choose an image folder."""
        start = str(self._settings.recent_folders[0]) if self._settings.recent_folders else ""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open image folder", start)
        if chosen:
            self.open_folder(Path(chosen))

    def open_demo(self) -> None:
        """Open the embedded demo."""
        demo = find_demo()
        self._networks.open_model(demo.model)
        self.open_folder(demo.images)

    def open_folder(self, folder: Path, select: Path | None = None) -> None:
        """List an image folder and show its first image, or the one named."""
        self._to_select = select
        self._tasks.submit(
            lambda: (folder.resolve(), scan_images(folder.resolve())), self._on_listed, self._error
        )

    def show_image(self, path: Path, page: int = 0) -> None:
        """Bring an image to the front; its folder is opened where it is another one."""
        if (path, page) == (self._session.current, self._session.page):
            return
        row = self._images.row_of(path)
        if row is not None:
            self._window.images.select(row)
        elif self._images.place_of(path) is not None:
            self._session.set_current(path)  # the filter hides it
        else:
            self._page_wanted = (path, page)
            self.open_folder(path.parent, select=path)
            return
        self._session.set_page(page)

    def open_dropped(self, paths: list[Path]) -> None:
        """Open what was dropped: networks, folders, single images."""
        for path in paths:
            network = network_at(path)
            if path.suffix.lower() == SESSION_SUFFIX:
                self.session_dropped.emit(path)
                return
            if network is not None:
                self._networks.open_model(network)
            elif path.is_dir():
                self.open_folder(path)
            elif path.suffix.lower() in IMAGE_SUFFIXES:
                # Folders are listed by their real path, and links in them by their own name.
                self.open_folder(path.parent, select=path.parent.resolve() / path.name)
                return
            else:
                self._error(
                    f"{path.name} is neither an image, an image folder, a network nor a session; "
                    "drop one of these."
                )

    def _on_listed(self, listing: tuple[Path, ImageListing]) -> None:
        folder, images = listing
        self._settings.remember_folder(folder)
        self._fill_recent()
        self._session.set_images(folder, images)
        self._images.set_paths(images)
        self._show_all_status()
        wanted, self._to_select = self._to_select, None
        row = None if wanted is None else images.row_of(wanted)
        self._window.images.select(0 if row is None else row)
        if self._session.current == self._page_wanted[0]:
            self._session.set_page(self._page_wanted[1])
        self._page_wanted = (Path(), 0)

    def _on_selected(self, row: int) -> None:
        self._session.set_current(self._images.path_at(row))

    def _on_image(self) -> None:
        loaded = self._session.loaded
        if loaded is not None and loaded.picture.levels:
            self._images.set_readable(loaded.path, loaded.picture.levels[-1])

    def _show_state(self) -> None:
        for name in ("previous", "next"):
            allow(self._window.action(name), "" if self._session.images else NO_FOLDER)

    def _show_status(self, image: Path) -> None:
        # Kept, since asking about each of a hundred thousand images would hold the window up.
        self._explained.add(image)
        self._images.set_status(image, "explained" if self._session.has_result(image) else "")

    def _show_all_status(self) -> None:
        for image in tuple(self._explained):
            self._show_status(image)

    def _fill_recent(self) -> None:
        menu, folders = self._window.recent_folders, self._settings.recent_folders
        menu.clear()
        menu.setEnabled(bool(folders))
        for folder in folders:
            action = menu.addAction(f"{folder.name}   ({folder.parent})")
            action.triggered.connect(lambda _checked=False, f=folder: self.open_folder(f))

    def _error(self, sentence: str) -> None:
        show_error(self._window, sentence)
