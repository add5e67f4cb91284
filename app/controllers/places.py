"""Going back to a place: an image, a page of it, and the frame that it was worked on at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.files import FilesController
from app.controllers.views import ViewsController
from app.models.items import unless_whole
from app.models.session import Session
from gridsal_core.frames import Frame


@dataclass
class Journey:
    """Where to, and what is done on arrival: told whether the frame is the one that was wanted."""

    image: Path
    page: int
    frame: Frame | None
    on_arrival: Callable[[bool], None]
    has_refitted: bool = False


class PlacesController(QObject):
    """Owns the way to a place; whoever chooses another image meanwhile is not taken there."""

    def __init__(self, session: Session, files: FilesController, views: ViewsController) -> None:
        super().__init__(session)
        self._session, self._files, self._views = session, files, views
        self._journey: Journey | None = None
        session.image_loaded.connect(self._proceed)
        session.current_changed.connect(self._on_current)

    def go(
        self,
        image: Path,
        page: int,
        frame: Frame | None,
        on_arrival: Callable[[bool], None],
        folder: Path | None = None,
    ) -> None:
        """Show a page of an image at a frame, None for the whole page as it is.

        `folder` is listed first, unless it is already; without it, the image's own where the image
        is not in the list.
        """
        self._journey = Journey(image, page, unless_whole(frame), on_arrival)
        session = self._session
        if frame is not None:
            self._views.work_on(image, page, frame)
        if session.current == image:
            session.set_page(page)
        else:
            session.set_place(image, page)
        if folder is not None and folder != session.folder:
            self._files.open_folder(folder, select=image)
        elif session.current != image:
            self._files.show_image(image)
        self._proceed()

    def _on_current(self) -> None:
        journey = self._journey
        if journey is not None and (self._session.current, self._session.page) != (
            journey.image,
            journey.page,
        ):
            self._journey = None

    def _proceed(self) -> None:
        journey, loaded = self._journey, self._session.loaded
        if journey is None or loaded is None:
            return
        if (loaded.path, loaded.page) != (journey.image, journey.page):
            return
        is_there = loaded.view.frame == journey.frame
        if not is_there and not journey.has_refitted:
            journey.has_refitted = True
            self._views.work_on(journey.image, journey.page, journey.frame)
            if self._session.loaded is not loaded:
                return  # it is read anew, and arrives once more
        self._journey = None
        journey.on_arrival(is_there)
