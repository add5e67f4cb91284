"""The page *Confusion*: the matrix of the folder, and the images behind one of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.theme import current_colors
from app.views.action_button import ActionButton
from app.views.confusion_model import ConfusionModel, cell_ramps, ramp_place
from app.views.confusion_view import ConfusionView
from app.views.empty_page import EmptyPage
from app.views.forms import GAP, heading, note
from app.views.pass_bar import PassBar
from gridsal_core.evaluation.confusion import Confusion
from gridsal_core.types import ClassInfo

LIST_WIDTH = 160
MATRIX_TIP = "Percent of each true class's pixels. Click a cell for its images."
PLACE_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Example:
    """An image with pixels of the chosen cell: its place in the listing, name, and how many."""

    place: int
    name: str
    pixels: int
    share: float


class ConfusionPage(QWidget):
    """A matrix, or what to do to have one."""

    cell_chosen = Signal(int, int)
    """True and predicted class."""
    example_chosen = Signal(int)
    """Place of an image of the list beside the matrix."""
    shown = Signal()
    """The page came into sight."""

    def __init__(self, predict: QAction, export: QAction) -> None:
        super().__init__()
        self.setAccessibleName("Confusion")
        self.model = ConfusionModel(self)
        self.matrix = ConfusionView(self.model)
        self.examples = QListWidget()
        self.pass_bar = PassBar()
        self._title, self._about = heading(""), note(MATRIX_TIP)
        self.predict_button, self.export_button = ActionButton(predict), ActionButton(export)
        self._examples_title = note()
        self._listed: tuple[str, Sequence[Example]] = ("", ())
        self._pages = QStackedWidget()
        self._empty = EmptyPage()
        self._filled = self._make_filled()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._filled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(6)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.pass_bar)
        self.matrix.cell_chosen.connect(self.cell_chosen)
        # Not `activated`: on some desktops that takes a double click.
        self.examples.itemClicked.connect(self._choose_example)
        enter = QShortcut(Qt.Key.Key_Return, self.examples)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(lambda: self._choose_example(self.examples.currentItem()))

    @property
    def title(self) -> str:
        """What stands over the matrix."""
        return self._title.text()

    @property
    def empty_text(self) -> str:
        """What is said where there is no matrix; nothing where there is one."""
        return self._empty.text if self._pages.currentWidget() is self._empty else ""

    @property
    def offers(self) -> Sequence[QPushButton]:
        """The buttons below it."""
        return self._empty.offers

    def show_empty(self, title: str, text: str, offers: Sequence[QAction]) -> None:
        """Say why there is no matrix, and offer what brings one."""
        self._empty.show_offers(title, text, offers)
        self._pages.setCurrentWidget(self._empty)

    def show_confusion(
        self, confusion: Confusion, classes: tuple[ClassInfo, ...], image_count: int
    ) -> None:
        """Show the matrix of so many of the folder's images."""
        images = f"{confusion.images:,} of {image_count:,} images"
        if confusion.images == image_count:
            images = "1 image" if image_count == 1 else f"{image_count:,} images"
        parts = [images]
        if confusion.mean_iou is not None:
            parts.append(f"mean IoU {confusion.mean_iou:.3f}")
        if confusion.accuracy is not None:
            parts.append(f"{100 * confusion.accuracy:.1f} % of pixels correct")
        self._title.setText(" · ".join(parts))
        self.model.set_confusion(confusion, classes)
        self._pages.setCurrentWidget(self._filled)

    def show_examples(self, title: str, examples: Sequence[Example]) -> None:
        """List the images behind a cell; none of them takes the list away."""
        if (title, examples) == self._listed:
            return
        self._listed = (title, examples)
        self._side.setVisible(bool(title))
        self._examples_title.setText(title)
        scrolled = self.examples.verticalScrollBar().value()
        chosen = self.examples.currentItem()
        place = None if chosen is None else chosen.data(PLACE_ROLE)
        self.examples.clear()
        for example in examples:
            pixels = "1 pixel" if example.pixels == 1 else f"{example.pixels:,} pixels"
            item = QListWidgetItem(f"{example.name}\n{pixels} · {100 * example.share:.1f} %")
            item.setData(PLACE_ROLE, example.place)
            item.setToolTip(
                f"{example.name}: {pixels}, {100 * example.share:.2f} % of its labelled ones. A "
                "click opens it with the largest such region as the request."
            )
            self.examples.addItem(item)
            if example.place == place:
                self.examples.setCurrentItem(item)
        self.examples.verticalScrollBar().setValue(scrolled)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def _make_filled(self) -> QWidget:
        page = QWidget()
        top = QHBoxLayout()
        # It must not be what keeps the window from being narrow.
        self._title.setWordWrap(True)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        top.addWidget(self._title, 1)
        top.addWidget(self.predict_button)
        top.addWidget(self.export_button)
        below = QHBoxLayout()
        below.addWidget(self._about, 1)
        below.addWidget(ShareScale())
        self._side = QWidget()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(4)
        side.addWidget(self._examples_title)
        side.addWidget(self.examples, 1)
        self.examples.setAccessibleName("Images with the most pixels of the chosen cell")
        self.examples.setSpacing(2)
        self.examples.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.examples.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side.hide()
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.matrix)
        splitter.addWidget(self._side)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([10 * LIST_WIDTH, LIST_WIDTH])
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addLayout(below)
        layout.addWidget(splitter, 1)
        return page

    def _choose_example(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.example_chosen.emit(item.data(PLACE_ROLE))


class ShareScale(QWidget):
    """What the colours of the cells mean: two ramps from 0 to 100 %, wrong over correct."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip(
            "Colours of the cells by the square root of the share, so that a few per cent are "
            "seen: correct ones (on the diagonal) green, wrong ones orange"
        )
        self.setAccessibleName("Colour scale of the matrix, 0 to 100 percent")

    def sizeHint(self) -> QSize:
        return QSize(160, 2 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(130, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        colors = current_colors()
        names = metrics.horizontalAdvance("%") + 12
        width, line = self.width() - names - 12, metrics.height()
        painter.setPen(QColor(colors.muted))
        for row, ramp in enumerate(cell_ramps(colors)):
            bar = QRectF(names, row * line * 0.5 + 2, width, line * 0.5 - 3)
            gradient = QLinearGradient(bar.topLeft(), bar.topRight())
            for place in range(0, 256, 15):
                gradient.setColorAt(place / 255, QColor(*(int(part) for part in ramp[place])))
            painter.fillRect(bar, gradient)
        for share in (0.0, 0.01, 0.1, 0.25, 0.5, 1.0):
            text = f"{100 * share:.0f}"
            x = names + width * ramp_place(share) / 255
            room = QRectF(x - 16, line, 32, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, text)
        painter.drawText(QRectF(0, line, names, line), Qt.AlignmentFlag.AlignLeft, "%")
