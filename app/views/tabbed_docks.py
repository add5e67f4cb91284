"""Panels that share a place are named by their tabs: a title below would say it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

DRAG_MS = 100


class TabbedDocks(QObject):
    """Takes the title bar from docks while they stand under tabs, and gives it back.

    Parameters
    ----------
    window
        What the docks belong to.
    docks
        All that may share a place.
    """

    def __init__(self, window: QMainWindow, docks: Iterable[QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._docks = window, tuple(docks)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._show_titles)
        for dock in self._docks:
            dock.topLevelChanged.connect(self._later)
            dock.dockLocationChanged.connect(self._later)
            dock.visibilityChanged.connect(self._later)
        self._show_titles()

    def _later(self) -> None:
        self._timer.start(0)

    def _show_titles(self) -> None:
        # A dock whose title changes while it is dragged is dropped.
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._timer.start(DRAG_MS)
            return
        for dock in self._docks:
            has_none = dock.titleBarWidget() is not None
            if has_none != self._is_tabbed(dock):
                # Qt's own comes back by None, which its types leave out.
                none = cast("QWidget", None)
                dock.setTitleBarWidget(none if has_none else QWidget())

    def _is_tabbed(self, dock: QDockWidget) -> bool:
        others = self._window.tabifiedDockWidgets(dock)
        return not dock.isFloating() and not all(map(_is_closed, others))


def _is_closed(dock: QDockWidget) -> bool:
    # Before the window is shown every dock is hidden, and none is closed.
    is_meant = dock.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
    return dock.isHidden() and is_meant
