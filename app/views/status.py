"""The status line: the pixel under the pointer, the zoom, the network."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton

from app.icons import icon
from app.views.forms import GAP

NOTE_MS = 10_000
BAR_WIDTH = 120
SIGN = QSize(16, 16)


class StatusLine(QStatusBar):
    """Permanent texts; transient messages use `showMessage`."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._pixel, self._zoom, self._network = QLabel(), QLabel(), QLabel()
        self._told = ""
        self._notes = QLabel()
        self._draw_sign()
        self._notes.setContentsMargins(GAP, 0, GAP, 0)
        self._notes.hide()
        for label in (self._pixel, self._zoom, self._network):
            label.setContentsMargins(GAP, 0, GAP, 0)
        self.notes_button, self.cancel_button = QToolButton(), QToolButton()
        self.notes_button.setToolTip("What is to be known of how the network was opened")
        self.cancel_button.setText("Cancel")
        self.cancel_button.setToolTip("Stop the download; what came so far is kept")
        self._download, self._bar = QLabel(), QProgressBar()
        self._download.setContentsMargins(GAP, 0, GAP, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(BAR_WIDTH)
        self._bar.setAccessibleName("Progress of the download")
        self.addWidget(self._pixel, 1)
        for widget in (self._download, self._bar, self.cancel_button):
            self.addPermanentWidget(widget)
        self.addPermanentWidget(self._notes)
        self.addPermanentWidget(self._zoom)
        self.addPermanentWidget(self._network)
        self.addPermanentWidget(self.notes_button)
        self.set_network_notes(0)
        self.set_download(None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_notes"):
            self._draw_sign()

    def set_pixel(self, text: str) -> None:
        """Describe the pixel under the pointer."""
        self._pixel.setText(text)

    def set_notes(self, notes: tuple[str, ...]) -> None:
        """Say how the image is shown: in passing, and for as long as it is there in a tool tip."""
        text = " ".join(notes)
        self._notes.setToolTip(text)
        self._notes.setAccessibleName(f"About this image: {text}")
        self._notes.setVisible(bool(notes))
        if notes:
            self.showMessage(text, NOTE_MS)
        elif self.currentMessage() == self._told:
            self.clearMessage()
        self._told = text

    @property
    def notes(self) -> str:
        """What is said of the image, for as long as it is there."""
        return self._notes.toolTip()

    def set_zoom(self, zoom: float) -> None:
        """Show the zoom, 1 for one screen pixel for each image pixel."""
        self._zoom.setText(f"{100 * zoom:.0f} %")

    def set_network(self, text: str) -> None:
        """Name the open network and its device."""
        self._network.setText(text)

    def set_network_notes(self, count: int) -> None:
        """Offer so many notes on the open network to be read."""
        self.notes_button.setText("1 note" if count == 1 else f"{count} notes")
        self.notes_button.setVisible(count > 0)

    def set_download(self, text: str | None, percent: int | None = None) -> None:
        """Show a download and its progress, None while that is not known; None for no download."""
        for widget in (self._download, self._bar, self.cancel_button):
            widget.setVisible(text is not None)
        self._download.setText(text or "")
        self._bar.setRange(0, 0 if percent is None else 100)
        self._bar.setValue(percent or 0)

    @property
    def download_text(self) -> str:
        """What is said of a download; empty if there is none."""
        return self._download.text()

    def _draw_sign(self) -> None:
        # Drawn: a letter for it is missing from common fonts.
        self._notes.setPixmap(icon("info").pixmap(SIGN, self.devicePixelRatioF()))

    @property
    def pixel_text(self) -> str:
        """What is said of the pixel."""
        return self._pixel.text()
