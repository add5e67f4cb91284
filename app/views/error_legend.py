"""What the colours of the error view mean, and how much of the image each takes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.views.class_layers import ERROR_KINDS
from app.views.legend_model import share_text, swatch

SWATCH_PX = 12
SPACING = 6


class ErrorLegend(QWidget):
    """Correct, wrong and ignored side by side: colour and name, and the share below."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[QLabel] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 4)
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(0)
        for place, kind in enumerate(ERROR_KINDS):
            color, name, share = QLabel(), QLabel(kind.name), QLabel()
            color.setPixmap(swatch(kind.color).pixmap(SWATCH_PX, SWATCH_PX))
            share.setProperty("role", "muted")
            share.setAccessibleName(f"Share of pixels that are {kind.name}")
            self._shares.append(share)
            for label in (color, name, share):
                label.setToolTip(f"{kind.tip}.")
            grid.addWidget(color, 0, 2 * place)
            grid.addWidget(name, 0, 2 * place + 1, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(share, 1, 2 * place + 1, Qt.AlignmentFlag.AlignLeft)
            grid.setColumnStretch(2 * place + 1, 1)
        self.set_shares(None)

    @property
    def texts(self) -> tuple[str, ...]:
        """What stands under correct, wrong and ignored."""
        return tuple(label.text() for label in self._shares)

    @property
    def tips(self) -> tuple[str, ...]:
        """What is said at the pointer of correct, wrong and ignored."""
        return tuple(label.toolTip() for label in self._shares)

    def set_shares(
        self, shares: tuple[float, float, float] | None, mean_iou: float | None = None
    ) -> None:
        """Show the share of the image that each kind takes, and at the pointer the mean IoU."""
        for place, (kind, label) in enumerate(zip(ERROR_KINDS, self._shares, strict=True)):
            label.setText("" if shares is None else share_text(shares[place]))
            told = "" if mean_iou is None else f" Mean IoU on this image: {mean_iou:.2f}."
            label.setToolTip(f"{kind.tip}.{told}")
