"""Which panels a figure shows, and in which order: a list to tick and to drag."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem

from gridsal_core.figure.spec import KIND_PANELS, PANELS, FigureKind, PanelName

TITLES: Final[dict[PanelName, str]] = {
    "image": "Image",
    "explanation": "Explanation (the map over the image)",
    "segmentation": "Segmentation",
    "label": "Ground truth",
    "perturbed": "Perturbed image",
    "changed": "Image with changed context",
    "after": "Segmentation of the changed image",
}
ROW_HEIGHT: Final = 26  # a check box has to fit
NAME: Final = Qt.ItemDataRole.UserRole


class FigurePanels(QListWidget):
    """Shows all panels, those in the figure ticked and first."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setAccessibleName("Panels")
        self.setFixedHeight(len(PANELS) * ROW_HEIGHT + 2 * self.frameWidth() + 2)
        self.setToolTip("Tick what is shown; drag to change the order")
        self._kind: FigureKind = "single"
        self.itemChanged.connect(self.changed)
        self.model().rowsMoved.connect(self.changed)
        self.set_panels("single", None)

    def set_panels(self, kind: FigureKind, panels: tuple[PanelName, ...] | None) -> None:
        """Show what a kind of figure shows, or these panels of it."""
        self._kind = kind
        ticked = panels or KIND_PANELS[kind]
        with QSignalBlocker(self), QSignalBlocker(self.model()):
            self.clear()
        for name in (*ticked, *(each for each in PANELS if each not in ticked)):
            item = QListWidgetItem(TITLES[name])
            item.setData(NAME, name)
            item.setSizeHint(QSize(0, ROW_HEIGHT))
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsUserCheckable
                | Qt.ItemFlag.ItemIsDragEnabled
            )
            state = Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked
            item.setCheckState(state)
            with QSignalBlocker(self):
                self.addItem(item)

    @property
    def panels(self) -> tuple[PanelName, ...] | None:
        """The ticked panels in their order; None if they are those of the kind."""
        items = (self.item(row) for row in range(self.count()))
        ticked: tuple[PanelName, ...] = tuple(
            item.data(NAME) for item in items if item.checkState() == Qt.CheckState.Checked
        )
        return None if ticked == KIND_PANELS[self._kind] else ticked
