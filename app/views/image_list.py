"""The panel with the images of the folder: thumbnails, names and status, and which ones to show."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.models.image_list import ImageListModel
from app.views.image_filter_bar import ImageFilterBar
from app.views.image_rows import (
    ROW_HEIGHT,
    SPACING,
    TILE_SIZE,
    ImageRowDelegate,
    ImageTileDelegate,
)
from app.views.pass_bar import PassBar

DEFAULT_HINT = "Open an image folder (Ctrl+Shift+O) or drop one here"
NO_MATCH = "No image matches. Clear the filter to see all."


class ImageListPanel(QWidget):
    """A list of images with their count above, or a hint where there are none.

    Parameters
    ----------
    model
        An image list model; the panel changes nothing in it.
    parent
        The Qt owner.
    """

    image_selected = Signal(int)
    """Row of the image that became current, by mouse, keys or `select`."""
    clear_clicked = Signal()
    """All images are to be shown again."""
    predict_clicked = Signal()
    """All images are to be predicted, so that a filter has something to go by."""

    def __init__(self, model: ImageListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.filter_bar = ImageFilterBar()
        self.pass_bar = PassBar()
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Show all images again, by name")
        self.clear_button.clicked.connect(self.clear_clicked)
        self.clear_button.hide()
        self._list = _list_of(model)
        self._hint = _hint(DEFAULT_HINT)
        self._no_match = _hint(NO_MATCH)
        self.predict_button = QPushButton("Predict all images")
        self.predict_button.setToolTip("Predict every image of the folder, in the background")
        self.predict_button.clicked.connect(self.predict_clicked)
        self._nothing = self._make_nothing()
        self._pages = QStackedWidget()
        self._pages.setMinimumHeight(48)
        for page in (self._hint, self._list, self._nothing):
            self._pages.addWidget(page)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self._count, 1)
        head.addWidget(self.clear_button)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(6)
        layout.addWidget(self.filter_bar)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.pass_bar)

        self._list.selectionModel().currentChanged.connect(self._on_current)
        model.modelReset.connect(self._show_count)
        self._show_count()

    @property
    def current_row(self) -> int | None:
        """The row that is selected."""
        row = self._list.currentIndex().row()
        return None if row < 0 else row

    @property
    def count_text(self) -> str:
        """What is said of how many images are shown."""
        return self._count.text()

    def set_hint(self, text: str) -> None:
        """Set what is said where there are no images."""
        self._hint.setText(text)

    def set_filter_words(self, words: str, *, is_active: bool, is_ready: bool) -> None:
        """Say what the images are filtered by.

        Parameters
        ----------
        words
            What besides the name.
        is_active
            Whether there is anything to clear.
        is_ready
            Whether all is known that the filter goes by; if not, a prediction of all is offered.
        """
        self._count.setToolTip(words)
        self.clear_button.setVisible(is_active)
        self.predict_button.setVisible(not is_ready)
        told = "" if is_ready else " Images that are not predicted yet are not found by class."
        self._no_match.setText(NO_MATCH + told)
        self._show_count()

    def set_grid(self, is_grid: bool) -> None:
        """Show tiles side by side, or rows."""
        view = self._list
        view.setFlow(QListView.Flow.LeftToRight if is_grid else QListView.Flow.TopToBottom)
        view.setWrapping(is_grid)
        view.setResizeMode(QListView.ResizeMode.Adjust if is_grid else QListView.ResizeMode.Fixed)
        view.setGridSize(TILE_SIZE if is_grid else QSize())
        view.setItemDelegate(ImageTileDelegate(view) if is_grid else ImageRowDelegate(view))
        step = TILE_SIZE.height() if is_grid else ROW_HEIGHT
        view.verticalScrollBar().setSingleStep(step // 2)
        view.scrollTo(view.currentIndex())

    def select(self, row: int) -> None:
        """Make a row current and bring it into view; out of range, nothing happens."""
        index = self._model.index(row, 0)
        if index.isValid():
            command = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self._list.selectionModel().setCurrentIndex(index, command)
            self._list.scrollTo(index)

    def select_next(self) -> None:
        """Go to the next image that is shown; at the last one, nothing happens."""
        row = self.current_row
        self.select(0 if row is None else row + 1)

    def select_previous(self) -> None:
        """Go to the previous image that is shown; at the first one, nothing happens."""
        row = self.current_row
        self.select(0 if row is None else row - 1)

    @property
    def scroll_place(self) -> int:
        """How far the list is scrolled, for `restore_scroll`."""
        return self._list.verticalScrollBar().value()

    def restore_scroll(self, place: int) -> None:
        """Scroll the list as it was before its rows were exchanged."""
        self._list.doItemsLayout()
        self._list.verticalScrollBar().setValue(place)

    def focus_filter(self) -> None:
        """Let the name to search for be typed."""
        self.filter_bar.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_bar.name.selectAll()

    def sizeHint(self) -> QSize:
        return QSize(220, 400)

    def _make_nothing(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        layout.addWidget(self._no_match)
        layout.addWidget(self.predict_button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        return page

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self.image_selected.emit(current.row())

    def _show_count(self) -> None:
        shown, count = self._model.rowCount(), len(self._model.paths)
        text = "1 image" if count == 1 else f"{count:,} images"
        if shown != count:
            text = f"{shown:,} of {count:,}"
        if words := self._count.toolTip():
            text += f" · {words}"
        metrics = self._count.fontMetrics()
        room = max(self.width() - 2 * SPACING, 120)
        if not self.clear_button.isHidden():
            room -= self.clear_button.sizeHint().width() + SPACING
        self._count.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))
        self._count.setVisible(count > 0)
        self.filter_bar.setVisible(count > 0)
        page = self._list if shown else self._nothing
        self._pages.setCurrentWidget(page if count else self._hint)


def _hint(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setMargin(2 * SPACING)
    return label


def _list_of(model: ImageListModel) -> QListView:
    view = QListView()
    view.setObjectName("images")
    view.setModel(model)
    view.setItemDelegate(ImageRowDelegate(view))
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.verticalScrollBar().setSingleStep(ROW_HEIGHT // 2)
    view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
    view.setAccessibleName("Images of the folder")
    view.setToolTip("A click shows an image; PgUp and PgDown go to the previous and the next one")
    return view
