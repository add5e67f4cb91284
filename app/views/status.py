"""The status line: the pixel under the pointer, the zoom, the network."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar

from app.views.forms import GAP


class StatusLine(QStatusBar):
    """Permanent texts; transient messages use `showMessage`."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._pixel, self._zoom, self._network = QLabel(), QLabel(), QLabel()
        for label in (self._pixel, self._zoom, self._network):
            label.setContentsMargins(GAP, 0, GAP, 0)
        self.addWidget(self._pixel, 1)
        self.addPermanentWidget(self._zoom)
        self.addPermanentWidget(self._network)

    def set_pixel(self, text: str) -> None:
        """Describe the pixel under the pointer."""
        self._pixel.setText(text)

    def set_zoom(self, zoom: float) -> None:
        """Show the zoom, 1 for one screen pixel for each image pixel."""
        self._zoom.setText(f"{100 * zoom:.0f} %")

    def set_network(self, text: str) -> None:
        """Name the open network and its device."""
        self._network.setText(text)

    @property
    def pixel_text(self) -> str:
        """What is said of the pixel."""
        return self._pixel.text()
