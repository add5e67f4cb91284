"""A column of panels that scrolls up and down, and is never narrower than what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.views.forms import GAP


class ScrollColumn(QScrollArea):
    """Panels one below the other.

    Parameters
    ----------
    panels
        From top to bottom.
    width
        The least width, in screen pixels; more where the panels need more.
    """

    def __init__(self, panels: Sequence[QWidget], width: int) -> None:
        super().__init__()
        self._width = width
        self._column = QWidget()
        layout = QVBoxLayout(self._column)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP + GAP // 2)
        for panel in panels:
            layout.addWidget(panel)
        layout.addStretch(1)
        self.setWidget(self._column)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # A click on Run looks upwards for someone to take the focus; see RunPanel.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        # Beside its bar the column needs its own width, or the fields lose their right edge; the
        # theme's style sheet comes later and changes that width.
        bar = self.verticalScrollBar().sizeHint().width()
        width = max(self._width, self._column.minimumSizeHint().width())
        return QSize(width + bar, super().minimumSizeHint().height())

    def reveal(self, panel: QWidget, needed: Sequence[QWidget]) -> None:
        """Scroll to a panel, as far as it is seen at once, unless what is needed of it is seen."""
        # Only once the layout knows what the panel has got to show.
        QTimer.singleShot(0, self, lambda: self._scroll_to(panel, needed))

    def _scroll_to(self, panel: QWidget, needed: Sequence[QWidget]) -> None:
        seen_rect = self.viewport().rect()
        places = (QRect(each.mapTo(self.viewport(), QPoint()), each.size()) for each in needed)
        if all(seen_rect.contains(place) for place in places):
            return
        top, bottom = panel.geometry().top(), panel.geometry().bottom()
        bar, seen = self.verticalScrollBar(), self.viewport().height()
        lowest = max(bar.value(), bottom + GAP - seen)
        bar.setValue(min(lowest, top))
