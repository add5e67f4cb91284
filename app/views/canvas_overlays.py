"""What lies over the canvas at a fixed place: the hint of the empty state, the heat's scale."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import current_colors
from app.views.next_step import NextStepBar
from app.views.overlay_plate import CORNER_MARGIN, PLATE_PADDING, paint_plate
from app.views.step_list import Step, StepList

HINT_WIDTH = 440
BAR_SIZE = QSize(148, 10)


class HintCard(QWidget):
    """A title, a friendly sentence and what to do next, in the middle of an empty canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = _centred_label()
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.4)
        self._title.setFont(font)
        self._text = _centred_label()
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(8)
        self._steps = StepList()
        self._layout.addWidget(self._title)
        self._layout.addWidget(self._text)
        self._layout.addWidget(self._steps, 0, Qt.AlignmentFlag.AlignCenter)
        self._buttons = QHBoxLayout()
        self._layout.addLayout(self._buttons)
        self._tint()

    def set_hint(
        self, title: str, text: str, actions: Sequence[QAction] = (), steps: Sequence[Step] = ()
    ) -> None:
        """Change the words and the steps, and offer a button for each action."""
        while (old := self._buttons.takeAt(0)) is not None:
            if (button := old.widget()) is not None:
                button.hide()
                button.deleteLater()
        self._buttons.addStretch(1)
        for action in actions:
            button = _button_for(action)
            self._buttons.addWidget(button)
            button.show()  # what is not shown yet takes no room in `place`
        self._buttons.addStretch(1)
        self._steps.set_steps(steps)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    @property
    def text(self) -> str:
        """Title and text."""
        return f"{self._title.text()}\n{self._text.text()}"

    def place(self, area: QRect) -> None:
        """Move to the middle of `area`."""
        width = min(HINT_WIDTH, area.width())
        self._layout.invalidate()
        height = min(max(self.heightForWidth(width), 0), area.height())
        self.setGeometry(
            area.center().x() - width // 2, area.center().y() - height // 2, width, height
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        colors = current_colors()
        self._title.setStyleSheet(f"color: {colors.text}")
        self._text.setStyleSheet(f"color: {colors.muted}")


def _button_for(action: QAction) -> QPushButton:
    button = QPushButton(action.text().replace("&", ""))
    button.setToolTip(action.toolTip())
    button.clicked.connect(action.trigger)
    return button


class HeatBar(QWidget):
    """The fixed scale of the heat map, 0 to 1, with what it measures."""

    def __init__(self, parent: QWidget, label: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = label
        self._name()

    def set_label(self, label: str) -> None:
        """Change what the heat measures."""
        self._label = label
        self._name()
        self.update()

    def place(self, area: QRect) -> None:
        """Move to the lower right corner of `area`."""
        size = self.sizeHint()
        corner = area.bottomRight()
        self.setGeometry(
            corner.x() + 1 - CORNER_MARGIN - size.width(),
            corner.y() + 1 - CORNER_MARGIN - size.height(),
            size.width(),
            size.height(),
        )

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = max(BAR_SIZE.width(), metrics.horizontalAdvance(self._label))
        height = 2 * metrics.height() + BAR_SIZE.height() + 8
        return QSize(width + 2 * PLATE_PADDING, height + 2 * PLATE_PADDING)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = current_colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_plate(painter, self.rect())

        inner = QRectF(self.rect()).adjusted(
            PLATE_PADDING, PLATE_PADDING, -PLATE_PADDING, -PLATE_PADDING
        )
        line = float(self.fontMetrics().height())
        painter.setPen(QColor(colors.text))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft, self._label)
        bar = QRectF(inner.left(), inner.top() + line + 4, inner.width(), BAR_SIZE.height())
        self._paint_bar(painter, bar)
        painter.setPen(QColor(colors.muted))
        numbers = QRectF(inner.left(), bar.bottom() + 4, inner.width(), line)
        for text, side in (
            ("0", Qt.AlignmentFlag.AlignLeft),
            ("0.5", Qt.AlignmentFlag.AlignHCenter),
            ("1", Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(numbers, side, text)

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> None:
        colors = current_colors()
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        gradient.setColorAt(0, QColor(255, 0, 0, 0))
        gradient.setColorAt(1, QColor(255, 0, 0))
        painter.setPen(QColor(colors.border))
        painter.setBrush(gradient)
        painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))

    def _name(self) -> None:
        self.setAccessibleName(f"Scale of the heat map: {self._label}, 0 to 1")


class GestureHint(QLabel):
    """How a gesture that takes several clicks goes on, at the upper edge."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        # Not contents margins: another style sheet, as of the other theme, takes them away.
        self.setMargin(PLATE_PADDING)
        self.hide()

    def set_text(self, text: str) -> None:
        """Change the words; none hide it."""
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self.setVisible(bool(text))

    def place(self, area: QRect) -> None:
        """Move to the middle of the upper edge of `area`; what is too long for it wraps."""
        room = area.width() - 2 * CORNER_MARGIN
        self.setWordWrap(False)
        size = self.sizeHint()
        if size.width() > room:
            self.setWordWrap(True)
            size = QSize(room, self.heightForWidth(room))
        x = area.center().x() - size.width() // 2
        self.setGeometry(QRect(QPoint(x, area.top() + CORNER_MARGIN), size))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_plate(painter, self.rect())
        painter.end()
        super().paintEvent(event)


class CanvasOverlays:
    """All that lies over the canvas, kept in its place over the viewport."""

    def __init__(self, viewport: QWidget) -> None:
        self._viewport = viewport
        self._hint = HintCard(viewport)
        self._heat_bar = HeatBar(viewport, "Context saliency")
        self._heat_bar.hide()
        self._gesture_hint = GestureHint(viewport)
        self.next_step = NextStepBar(viewport)
        self.next_step.resized.connect(self.place)

    @property
    def hint_text(self) -> str:
        """What the hint says while it is shown, else nothing."""
        return self._hint.text if self._hint.isVisible() else ""

    @property
    def gesture_hint(self) -> str:
        """What is said of how the running gesture goes on; empty if nothing is."""
        return self._gesture_hint.text()

    def set_hint(
        self, title: str, text: str, actions: Sequence[QAction] = (), steps: Sequence[Step] = ()
    ) -> None:
        """Change the hint's words and steps, and offer a button for each action."""
        self._hint.set_hint(title, text, actions, steps)
        self.place()

    def show_hint(self, is_shown: bool) -> None:
        """Show or hide the hint."""
        self._hint.setVisible(is_shown)

    def set_heat_label(self, label: str) -> None:
        """Say at the colour bar what the heat measures."""
        self._heat_bar.set_label(label)
        self.place()

    def show_heat_bar(self, is_shown: bool) -> None:
        """Show or hide the scale of the heat map."""
        self._heat_bar.setVisible(is_shown)
        self.place()

    def set_gesture_hint(self, text: str) -> None:
        """Say how a gesture goes on; an empty text hides the words."""
        if text != self.gesture_hint:
            self._gesture_hint.set_text(text)
            self.place()

    def place(self) -> None:
        """Put each in its place, after a size has changed."""
        area = self._viewport.rect()
        self._hint.place(area)
        self._heat_bar.place(area)
        self._gesture_hint.place(area)
        self.next_step.place(area)


def _centred_label() -> QLabel:
    label = QLabel()
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    return label
