"""Before and after a change of the context, side by side, with what that says in words."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import GAP, heading

SIZE = QSize(1000, 640)
SMALLEST = QSize(480, 240)


class WhatIfDialog(QDialog):
    """Shows one answer; it stays open beside the window, so that several can be compared.

    Parameters
    ----------
    title, sentence
        What was changed, and what came of it.
    png
        Before and after, as it is saved.
    parent
        The Qt owner.
    """

    save_clicked = Signal()

    def __init__(self, title: str, sentence: str, png: bytes, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._pixels = QPixmap.fromImage(QImage.fromData(png))
        self._picture = QLabel()
        self._picture.setAccessibleName("Before and after")
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.text = QLabel(sentence)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Close)
        self.save = QPushButton("Save figure…")
        self.save.setToolTip("Save before and after as PNG, SVG or PDF")
        buttons.addButton(self.save, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addWidget(heading(title))
        layout.addWidget(self.text)
        layout.addWidget(self._picture, 1)
        layout.addWidget(buttons)
        self.save.clicked.connect(self.save_clicked)
        buttons.rejected.connect(self.reject)
        self.setMinimumSize(SMALLEST)
        self.resize(SIZE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ratio = self.devicePixelRatioF()
        shown = self._pixels.scaled(
            self._picture.size() * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(ratio)
        self._picture.setPixmap(shown)
