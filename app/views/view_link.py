"""Views that move together, also where their images differ in size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject

from app.views.map_view import MapView


class ViewLink(QObject):
    """Hands the place of the view that the user moves on to the others.

    What is handed on is the middle of the view and its scale, both relative to the image. The
    others are told and do not tell again, so nothing drifts.
    """

    def __init__(self, views: Sequence[MapView], parent: QObject) -> None:
        super().__init__(parent)
        self._views = tuple(views)
        self._is_on = True
        self._leader: MapView | None = None
        for view in views:
            view.moved.connect(partial(self._follow, view))

    @property
    def is_on(self) -> bool:
        """Whether views move together."""
        return self._is_on

    def set_on(self, is_on: bool) -> None:
        """Link the views, which brings all to where the last one was moved, or let each alone."""
        self._is_on = is_on
        if is_on and self._leader is not None:
            self._follow(self._leader)

    def join(self) -> None:
        """Bring a view that shows something new to where the others are."""
        if self._is_on and self._leader is not None:
            self._follow(self._leader)

    def fit(self) -> None:
        """Show the whole of every image."""
        for view in self._views:
            view.fit()

    def _follow(self, leader: MapView) -> None:
        self._leader = leader
        place = leader.place
        if not self._is_on or place is None:
            return
        for view in self._views:
            if view is not leader:
                view.go_to(place)
