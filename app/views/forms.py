"""Small pieces that the panels are made of: headings, notes, sliders with a label."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

GAP = 8
LEAST_SLIDER = 40


def heading(text: str) -> QLabel:
    """Make the title of a section."""
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def note(text: str = "") -> QLabel:
    """Make a quiet line of text that wraps."""
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def form() -> QFormLayout:
    """Make a form with the spacing of this window."""
    layout = QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(GAP)
    layout.setVerticalSpacing(6)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return layout


def add_row(layout: QFormLayout, text: str, field: QWidget, tip: str) -> None:
    """Add a labelled field with one tooltip, and a name for screen readers."""
    label = QLabel(text)
    label.setToolTip(tip)
    label.setBuddy(field)
    # A form puts labels at the top of their row; as high as the field they meet its middle.
    label.setMinimumHeight(field.sizeHint().height())
    describe(field, text, tip)
    for part in field.findChildren(QWidget):
        if part.focusPolicy() != Qt.FocusPolicy.NoFocus and not part.toolTip():
            part.setToolTip(tip)
    field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
    if isinstance(field, QComboBox):
        shrinkable(field)
    layout.addRow(label, field)


def describe(field: QWidget, text: str, tip: str) -> None:
    """Give a field its name for screen readers, and its tooltip: meaning, unit and range."""
    field.setAccessibleName(text)
    field.setToolTip(tip)


def hug(widget: QWidget) -> QWidget:
    """Keep a widget of the tool bar at its own width."""
    widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return widget


def choose(combo: QComboBox, data: object) -> None:
    """Select the entry that carries `data`, without telling anyone."""
    with QSignalBlocker(combo):
        combo.setCurrentIndex(combo.findData(data))


def combo(*entries: tuple[str, object]) -> QComboBox:
    """Make a choice of these texts, each with what it stands for."""
    choice = QComboBox()
    for text, data in entries:
        choice.addItem(text, data)
    return choice


def whole_number(low: int, high: int) -> QSpinBox:
    """Make a field for whole numbers from low to high."""
    spin = QSpinBox()
    spin.setRange(low, high)
    return spin


def shrinkable(combo: QComboBox) -> None:
    """Let a combo box be narrower than its longest entry; the list itself stays wide enough."""
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(6)


def beside(*widgets: QWidget, stretch: tuple[int, ...] = ()) -> QWidget:
    """Put widgets in one row without margins; those whose index is in `stretch` grow."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index in stretch else 0)
    return row


class PercentSlider(QWidget):
    """A slider from 0 to 100 % with its value beside it.

    Parameters
    ----------
    text
        What it sets.
    value
        Its first value, 0 to 1.
    """

    changed = Signal(float)
    """The new value, 0 to 1."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__()
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setMinimumWidth(LEAST_SLIDER)
        self._text = QLabel()
        self._text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._text.setFixedWidth(self._text.fontMetrics().horizontalAdvance("100 %") + 2)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._text)
        self.setFocusProxy(self._slider)
        self._slider.setAccessibleName(text)
        self._slider.setToolTip(f"{text}: 0 to 100 %")
        self._slider.valueChanged.connect(self._on_value)
        self._slider.setValue(round(100 * value))
        self._show()

    @property
    def value(self) -> float:
        """The value, 0 to 1."""
        return self._slider.value() / 100

    def set_value(self, value: float) -> None:
        """Set the value, 0 to 1."""
        self._slider.setValue(round(100 * value))

    def _on_value(self) -> None:
        self._show()
        self.changed.emit(self.value)

    def _show(self) -> None:
        self._text.setText(f"{self._slider.value()} %")


class Collapsible(QWidget):
    """A titled part that folds away."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setProperty("role", "fold")
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setAccessibleName(title)
        self._content = content
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._button)
        layout.addWidget(content)
        self._button.toggled.connect(self._fold)
        self._fold(False)

    def unfold(self) -> None:
        """Show what is folded away."""
        self._button.setChecked(True)

    def _fold(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._button.setArrowType(arrow)
        self._button.setToolTip(f"{'Fold away' if is_open else 'Show'}: {self._button.text()}")
        self._content.setVisible(is_open)
