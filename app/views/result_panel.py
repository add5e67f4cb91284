"""The result in words and in three scores, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.theme import current_colors
from app.views.forms import GAP, beside, heading, note
from gridsal_core.reading import Reading
from gridsal_core.types import Scores

BAR_HEIGHT = 8
OUTDATED = "Of an earlier request: the region or the class has changed since. Run again."
ROWS = (
    ("Image", "Mean score over the region on the whole image"),
    ("Object alone", "Mean score over the region when everything outside it is removed"),
    ("With the map", "Mean score over the region on the final perturbed image"),
)


class ScoreBar(QWidget):
    """A horizontal bar from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self._value = 0.0
        self.setFixedHeight(BAR_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_value(self, value: float) -> None:
        """Fill the bar; values outside 0 to 1 (logits) are cut off."""
        self._value = min(max(value, 0.0), 1.0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = current_colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = BAR_HEIGHT / 2
        painter.setBrush(QColor(colors.border))
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        painter.setBrush(QColor(colors.accent))
        painter.drawRoundedRect(
            QRectF(0, 0, self.width() * self._value, BAR_HEIGHT), radius, radius
        )


class ResultPanel(QWidget):
    """Shows one finished explanation."""

    export_figure_clicked = Signal()
    export_data_clicked = Signal()
    copy_clicked = Signal()
    check_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._headline = QLabel()
        self._headline.setWordWrap(True)
        self._headline.setProperty("role", "heading")
        self._detail = note()
        self._detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._outdated = note(OUTDATED)
        self._empty = note("Nothing is explained yet. The result will be told here, in words.")
        self._bars = [ScoreBar() for _ in ROWS]
        self._values = [QLabel() for _ in ROWS]
        self._kept: list[QWidget] = []
        self._content = QWidget()
        self.what_if = QPushButton("What if…")
        self.what_if.setToolTip(
            "What if the context were not there? Changes it and predicts again: before and after"
        )
        self.check = QPushButton("Check this map…")
        self.check.clicked.connect(self.check_clicked)
        self._buttons: dict[str, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        # A result has a headline of its own, and at 1280x800 no line to spare.
        self._title = heading("Result")
        layout.addWidget(self._title)
        layout.addWidget(self._empty)
        layout.addWidget(self._content)
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GAP)
        inner.addWidget(self._outdated)
        inner.addWidget(self._headline)
        inner.addWidget(self._detail)
        inner.addLayout(self._score_rows())
        inner.addLayout(self._export_row())
        inner.addWidget(beside(self.what_if, self.check, stretch=(0, 1)))
        self.set_result(None, None)
        self.set_outdated(False)

    def set_outdated(self, is_outdated: bool) -> None:
        """Say whether the request has changed since."""
        self._outdated.setVisible(is_outdated)

    def set_check(self, tip: str, *, is_enabled: bool) -> None:
        """Say what a check does, or why there cannot be one now."""
        self.check.setEnabled(is_enabled)
        self.check.setToolTip(tip)
        self.check.setStatusTip(tip)

    @property
    def is_outdated(self) -> bool:
        """Whether it is said that the request has changed since."""
        return not self._outdated.isHidden()

    @property
    def verdict(self) -> tuple[QWidget, ...]:
        """What tells the result, without what can be done with it."""
        told = (self._headline, self._detail, *self._bars, *self._values)
        return tuple(widget for widget in told if widget.isVisible())

    def set_result(
        self, reading: Reading | None, scores: Scores | None, is_gradient: bool = False
    ) -> None:
        """Show a result, or that there is none; gradients keep nothing that could be scored."""
        self._title.setVisible(reading is None)
        self._empty.setVisible(reading is None)
        self._content.setVisible(reading is not None)
        if reading is None or scores is None:
            return
        self._headline.setText(reading.headline)
        self._detail.setText(reading.detail)
        values = (scores.image, scores.object_alone, scores.perturbed)
        for bar, label, value in zip(self._bars, self._values, values, strict=True):
            bar.set_value(value)
            label.setText(f"{value:.2f}")
        for widget in self._kept:
            widget.setVisible(not is_gradient)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for name, button in self._buttons.items():
                button.setIcon(icon(name))

    def _score_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(4)
        for row, (text, tip) in enumerate(ROWS):
            label = QLabel(text)
            for widget in (label, self._bars[row], self._values[row]):
                widget.setToolTip(tip)
            grid.addWidget(label, row, 0)
            grid.addWidget(self._bars[row], row, 1)
            grid.addWidget(self._values[row], row, 2)
            if row > 0:
                self._kept += [label, self._bars[row], self._values[row]]
        grid.setColumnStretch(1, 1)
        return grid

    def _export_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for text, name, tip, signal in (
            ("Figure…", "export", "Save the figure as PNG, SVG or PDF", self.export_figure_clicked),
            ("Data…", "data", "Save maps, scores, settings and notes", self.export_data_clicked),
            ("Copy", "copy", "Copy the figure to the clipboard", self.copy_clicked),
        ):
            button = QPushButton(text)
            button.setIcon(icon(name))
            button.setToolTip(tip)
            button.clicked.connect(signal)
            row.addWidget(button, 1)
            self._buttons[name] = button
        return row
