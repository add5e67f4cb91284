"""`python -m tests.journeys.drag_source PATH`: a small window that a path can be dragged out of."""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

TITLE = "A folder to drag"


class Source(QLabel):
    """Gives away a path as soon as it is pressed and moved, as a file manager does."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.setWindowTitle(TITLE)
        self.setFixedSize(160, 80)
        self._path = path

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(self._path)])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


def main() -> None:
    """Show the window until it is killed."""
    app = QApplication(sys.argv[:1])
    source = Source(sys.argv[1])
    source.show()
    app.exec()


if __name__ == "__main__":
    main()
