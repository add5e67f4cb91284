"""The middle of the window: pages under tabs, the image first."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QWidget


class Workspace(QTabWidget):
    """Pages by name; the tabs show once there is more than one page."""

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.setTabBarAutoHide(True)
        self.tabBar().setAccessibleName("Pages")

    def add_page(self, title: str, page: QWidget) -> None:
        """Add a page behind the others; its title is its name."""
        page.setContentsMargins(0, 0, 0, 0)
        self.addTab(page, title)

    @property
    def shown_title(self) -> str:
        """The title of the page that is in front."""
        return self.tabText(self.currentIndex())

    def show_titled(self, title: str) -> None:
        """Bring the page of this title to the front, if there is one."""
        titles = [self.tabText(index) for index in range(self.count())]
        if title in titles:
            self.setCurrentIndex(titles.index(title))

    def show_page(self, page: QWidget) -> None:
        """Bring a page to the front."""
        self.setCurrentWidget(page)
