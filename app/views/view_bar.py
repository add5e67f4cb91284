"""The line over the canvas: which page is shown, and at which working scale."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSpinBox, QToolButton, QWidget

from app.models.framing import is_whole
from app.views.forms import GAP
from gridsal_core.frames import Frame

OTHER = "other"
# A number, or what `gridsal_core.working_scale` understands, or that a number is to be asked for.
SCALES: tuple[tuple[float | str, str], ...] = (
    ("fit", "&Fit to memory"),
    (1.0, "&100 %"),
    (0.5, "&50 %"),
    (0.25, "&25 %"),
    (OTHER, "&Other…"),
    ("crop", "&Crop window around the region, full scale"),
)
ICON = QSize(14, 14)


class ViewBar(QWidget):
    """Hidden where there is nothing to say: one page, the whole image, every pixel of it."""

    page_chosen = Signal(int)
    """0-based."""
    scale_chosen = Signal(object)
    """A number up to 1, "fit" or "crop"."""
    other_chosen = Signal()
    """Another scale than those of the menu; somebody has to ask for it."""

    def __init__(self, previous: QAction, following: QAction) -> None:
        super().__init__()
        self.setAccessibleName("Page and working scale")
        self.menu = QMenu("&Working scale", self)
        self._group = QActionGroup(self)
        self._actions = {scale: self._add(scale, text) for scale, text in SCALES}
        self.page_field, self._of = QSpinBox(), QLabel()
        self._pages = self._make_pages(previous, following)
        self.scale_button = QToolButton()
        self.scale_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.scale_button.setMenu(self.menu)
        self.scale_button.setAutoRaise(True)
        # Fusion draws its arrow over the last letter; there is one in the text.
        self.scale_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, 3, GAP, 3)
        layout.setSpacing(GAP)
        layout.addWidget(self._pages)
        layout.addStretch(1)
        layout.addWidget(self.scale_button)
        self.hide()

    def show_page(self, page: int, pages: int) -> None:
        """Show which of how many pages is seen, 0-based."""
        with QSignalBlocker(self.page_field):
            self.page_field.setRange(1, max(pages, 1))
            self.page_field.setValue(page + 1)
        self._of.setText(f"of {pages:,}")
        self._pages.setVisible(pages > 1)

    def show_frame(self, frame: Frame, scale: float | str) -> None:
        """Show the frame that is worked on, and what it was asked for as."""
        known = scale if scale in self._actions else OTHER
        self._actions[known].setChecked(True)
        self.scale_button.setText(f"{frame_text(frame)}  ▾")
        self.scale_button.setAccessibleName(f"Working scale: {frame_text(frame)}")
        self.scale_button.setToolTip(
            "The network sees the image at this scale; the map is shown over the whole of it"
        )

    def set_limit(self, frame: Frame, fitting: int, possible: int) -> None:
        """Mark the scales at which an image has too many pixels.

        Parameters
        ----------
        frame
            Any frame of the image.
        fitting, possible
            Pixels that fit into the memory, and that can be worked on at all.
        """
        pixels = frame.full[0] * frame.full[1]
        for scale, text in SCALES:
            if isinstance(scale, float):
                needed = pixels * scale**2
                limits = ((possible, " · too large"), (fitting, " · may not fit"))
                told = next((words for limit, words in limits if needed > limit), "")
                self._actions[scale].setText(text + told)
                self._actions[scale].setEnabled(needed <= possible)

    def set_needed(self, is_needed: bool) -> None:
        """Show the bar, or hide it where there is nothing to say."""
        self.setVisible(is_needed)

    def _add(self, scale: float | str, text: str) -> QAction:
        if scale == "crop":
            self.menu.addSeparator()
        action = self.menu.addAction(text)
        action.setCheckable(True)
        self._group.addAction(action)
        if scale == OTHER:
            action.triggered.connect(lambda _on=False: self.other_chosen.emit())
        else:
            action.triggered.connect(lambda _on=False: self.scale_chosen.emit(scale))
        return action

    def _make_pages(self, previous: QAction, following: QAction) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        label = QLabel("Page")
        label.setBuddy(self.page_field)
        self.page_field.setAccessibleName("Page of the file")
        # A page is read while the number is typed otherwise: first page 1, then page 12.
        self.page_field.setKeyboardTracking(False)
        self.page_field.valueChanged.connect(lambda number: self.page_chosen.emit(number - 1))
        for widget in (
            _arrow(previous, Qt.ArrowType.LeftArrow),
            label,
            self.page_field,
            self._of,
            _arrow(following, Qt.ArrowType.RightArrow),
        ):
            layout.addWidget(widget)
        return row


def frame_text(frame: Frame) -> str:
    """Say in a few words what part of an image is worked on, at which size."""
    size, full = _size_text(frame.size), _size_text(frame.full)
    if not is_whole(frame):
        scale = "" if frame.scale == 1 else f", at {percent(frame.scale)}"
        return f"Working on a crop window · {size} of {full}{scale}"
    if frame.size == frame.full:
        return f"Working at 100 % · {size}"
    return f"Working at {percent(frame.scale)} · {size} of {full}"


def percent(scale: float) -> str:
    """Write a scale as a percentage, with a decimal where it is small."""
    value = 100 * scale
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


def _size_text(size: tuple[int, int]) -> str:
    return f"{size[1]:,} × {size[0]:,}"


def _arrow(action: QAction, arrow: Qt.ArrowType) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setArrowType(arrow)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setIconSize(ICON)
    button.setAutoRaise(True)
    return button
