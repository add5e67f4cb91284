"""The figure composer: the look of a figure beside the figure itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.views.figure_fields import FigureFields
from app.views.forms import GAP, beside, choose, heading, note, shrinkable
from gridsal_core.errors import GridSalError
from gridsal_core.figure.spec import FigureSpec

SIZE: Final = QSize(1180, 720)
SMALLEST: Final = QSize(860, 560)
FIELDS_WIDTH: Final = 330
SETTLED_MS: Final = 250
OWN: Final = "Changed"


class FigurePreview(QLabel):
    """Shows a figure as large as there is room, on the paper's white."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__("The figure is being drawn…")
        self.setAccessibleName("Preview of the figure")
        self.setToolTip("The figure as it will be saved, at the scale of the screen")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(200, 200)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._whole = QPixmap()

    @property
    def dots(self) -> tuple[int, int]:
        """The room there is, in dots of the screen."""
        ratio = self.devicePixelRatioF()
        return round(self.width() * ratio), round(self.height() * ratio)

    @property
    def has_figure(self) -> bool:
        """Whether a figure is shown."""
        return not self._whole.isNull()

    def show_figure(self, png: bytes) -> None:
        """Show a figure that was drawn for this room."""
        self._whole = QPixmap.fromImage(QImage.fromData(png))
        self._fit()

    def show_trouble(self, sentence: str) -> None:
        """Say why there is no figure."""
        self._whole = QPixmap()
        self.setText(sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.has_figure:
            self._fit()
        self.resized.emit()

    def _fit(self) -> None:
        shown = self._whole
        width, height = self.dots
        if shown.width() > width or shown.height() > height:
            shown = shown.scaled(
                width,
                height,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        shown.setDevicePixelRatio(self.devicePixelRatioF())
        self.setPixmap(shown)


class ComposerDialog(QDialog):
    """Edits a figure's look and shows the figure; it stays open beside the window.

    Parameters
    ----------
    title
        Of what the figure is.
    spec
        What it looks like at first.
    parent
        The Qt owner.
    """

    settled = Signal()
    """The look or the room was changed, and nothing since for a moment: draw anew."""
    export_clicked = Signal()
    copy_clicked = Signal()
    preset_chosen = Signal(str)
    save_preset_asked = Signal(str)
    delete_preset_asked = Signal(str)

    def __init__(self, title: str, spec: FigureSpec, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compose figure")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fields = FigureFields()
        self.fields.set_spec(spec)
        self.preview = FigurePreview()
        self.presets = QComboBox()
        shrinkable(self.presets)
        self.save_preset, self.delete_preset = QPushButton("Save…"), QPushButton("Delete")
        self.copy, self.export = QPushButton("Copy"), QPushButton("Export…")
        self.export.setProperty("role", "primary")
        self.leave = QPushButton("Close")
        self._told = note()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLED_MS)
        self._lay_out(title)
        self._connect()
        self.setMinimumSize(SMALLEST)
        self.resize(SIZE)

    def spec(self) -> FigureSpec | None:
        """Return the look that the controls say, or None after showing what is wrong with it."""
        try:
            return self.fields.spec()
        except GridSalError as error:
            self.show_trouble(str(error))
            return None

    def set_spec(self, spec: FigureSpec) -> None:
        """Show a look, and have it drawn."""
        self.fields.set_spec(spec)
        self._timer.start()

    def set_presets(self, built_in: Sequence[str], saved: Sequence[str], chosen: str) -> None:
        """List the presets; `chosen` is none of them once the look was changed."""
        self.presets.clear()
        for name in (*built_in, *saved):
            self.presets.addItem(name, name)
        if built_in and saved:
            self.presets.insertSeparator(len(built_in))
        if chosen not in (*built_in, *saved):
            self.presets.insertItem(0, OWN, "")
            chosen = ""
        choose(self.presets, chosen)
        self.delete_preset.setEnabled(chosen in saved)

    def show_figure(self, png: bytes, told: str) -> None:
        """Show the figure, and how large it is."""
        self.preview.show_figure(png)
        self._tell(told)

    def show_trouble(self, sentence: str) -> None:
        """Say why there is no figure."""
        self.preview.show_trouble(sentence)
        self._tell("")

    def say(self, text: str) -> None:
        """Say what became of the figure, until it is drawn again."""
        self._told.setText(text)

    @property
    def told(self) -> str:
        """What is said of the figure: how large it is, or what became of it."""
        return self._told.text()

    def _tell(self, told: str) -> None:
        self._told.setText(told)
        for button in (self.copy, self.export):
            button.setEnabled(bool(told))

    def _lay_out(self, title: str) -> None:
        self.presets.setAccessibleName("Preset")
        for widget, tip in (
            (self.presets, "Looks under a name; those of your own are kept for next time"),
            (self.save_preset, "Keep this look under a name"),
            (self.delete_preset, "Forget this preset; those that come along stay"),
            (self.copy, "Copy the figure to the clipboard"),
            (self.export, "Save the figure as PNG, SVG or PDF"),
            (self.leave, "Close the composer"),
        ):
            widget.setToolTip(tip)
        for button in (self.save_preset, self.delete_preset, self.copy, self.export, self.leave):
            button.setAutoDefault(False)
        self._tell("")
        side = QWidget()
        side.setFixedWidth(FIELDS_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(heading("Preset"))
        column.addWidget(beside(self.presets, self.save_preset, self.delete_preset, stretch=(0,)))
        column.addWidget(self.fields, 1)
        column.addWidget(self._told)
        buttons = QDialogButtonBox()
        for button in (self.export, self.copy):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.leave, QDialogButtonBox.ButtonRole.RejectRole)
        column.addWidget(buttons)
        shown = QVBoxLayout()
        shown.setSpacing(GAP)
        named = heading(title)
        named.setWordWrap(True)
        shown.addWidget(named)
        shown.addWidget(self.preview, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(2 * GAP)
        layout.addLayout(shown, 1)
        layout.addWidget(side)

    def _connect(self) -> None:
        self.fields.changed.connect(self._timer.start)
        self.preview.resized.connect(self._timer.start)
        self._timer.timeout.connect(self.settled)
        self.export.clicked.connect(self.export_clicked)
        self.copy.clicked.connect(self.copy_clicked)
        self.leave.clicked.connect(self.reject)
        self.presets.activated.connect(self._on_preset)
        self.save_preset.clicked.connect(self._ask_name)
        self.delete_preset.clicked.connect(
            lambda: self.delete_preset_asked.emit(self.presets.currentData())
        )

    def _on_preset(self) -> None:
        name = self.presets.currentData()
        if name:
            self.preset_chosen.emit(name)

    def _ask_name(self) -> None:
        name, is_given = QInputDialog.getText(self, "Save preset", "Name of the preset:")
        if is_given:
            self.save_preset_asked.emit(name)
