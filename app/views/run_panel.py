"""Run, pause and stop, and how far it is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.icons import icon, icon_on_accent
from app.views.forms import GAP, note

BUTTON_HEIGHT = 32


class RunPanel(QWidget):
    """Two buttons and a bar. What they do is decided elsewhere."""

    main_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.main_button = QPushButton("Run")
        self.main_button.setProperty("role", "primary")
        self.main_button.setToolTip("Explain the region (F5)")
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip("End the run and keep what there is (Shift+F5)")
        for button in (self.main_button, self.stop_button):
            button.setMinimumHeight(BUTTON_HEIGHT)
            button.setIconSize(QSize(16, 16))
            # A click must not take the focus from a number that is still being typed: the run
            # itself takes that number over, or says why not.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName("Progress of the run")
        self._text = note()
        self._main_icon = ""
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.main_button, 2)
        buttons.addWidget(self.stop_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(buttons)
        layout.addWidget(self._bar)
        layout.addWidget(self._text)
        self.main_button.clicked.connect(self.main_clicked)
        self.stop_button.clicked.connect(self.stop_clicked)
        self.set_main("Run", "run", is_enabled=False)
        self.set_can_stop(False)

    def set_main(self, text: str, icon_name: str, *, is_enabled: bool) -> None:
        """Set what the main button says."""
        self.main_button.setText(text)
        self.main_button.setEnabled(is_enabled)
        # This is called for every piece of a brush stroke, and drawing an icon takes milliseconds.
        if icon_name != self._main_icon:
            self._main_icon = icon_name
            self._draw_icons()

    def set_can_stop(self, can_stop: bool) -> None:
        """Enable the stop button."""
        self.stop_button.setEnabled(can_stop)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_main_icon"):
            self._draw_icons()

    def _draw_icons(self) -> None:
        self.main_button.setIcon(icon_on_accent(self._main_icon))
        self.stop_button.setIcon(icon("stop"))

    def set_progress(self, done: int, total: int) -> None:
        """Fill the bar; a total of 0 makes it move to and fro."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    @property
    def text(self) -> str:
        """What is said of the run."""
        return self._text.text()

    def set_text(self, text: str) -> None:
        """Say how far it is, or why it cannot run."""
        self._text.setText(text)
