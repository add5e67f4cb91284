"""The window: docks, menus and tool bar. What they do is decided by the controllers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.actions import SPECS, TOOLBAR, make_actions, refresh_icons
from app.icons import icon
from app.models.image_list import ImageListModel
from app.models.results_table import ResultsTable
from app.views.canvas import Canvas
from app.views.compare_page import ComparePage
from app.views.confusion_page import ConfusionPage
from app.views.image_list import ImageListPanel
from app.views.layers_panel import LayersPanel
from app.views.legend import Legend
from app.views.loss_plot import LossPlot
from app.views.offer_bar import OfferBar
from app.views.queue_panel import QueuePanel
from app.views.request_panel import RequestPanel
from app.views.result_panel import ResultPanel
from app.views.results_panel import ResultsPanel
from app.views.run_panel import RunPanel
from app.views.scroll_column import ScrollColumn
from app.views.settings_panel import SettingsPanel
from app.views.status import StatusLine
from app.views.survey_page import SurveyPage
from app.views.tabbed_docks import TabbedDocks
from app.views.tool_options import ToolOptions
from app.views.view_bar import ViewBar
from app.views.workspace import Workspace

LEFT_WIDTH, RIGHT_WIDTH, BOTTOM_HEIGHT = 236, 316, 212
LEFT_HEIGHTS = (336, 364)
QUEUE_BUTTONS = ("queue_pause", "queue_cancel_all", "queue_retry", "queue_clear")
TOOLBAR_ICON = QSize(20, 20)
COMPARISONS = (
    "compare_parts",
    "compare_lam",
    "compare_mask",
    "compare_methods",
    "compare_network",
    "compare_selected",
)


class MainWindow(QMainWindow):
    """Holds the views; `closing` is emitted before it goes."""

    closing = Signal()

    def __init__(self, images: ImageListModel) -> None:
        super().__init__()
        self._titles: dict[str, str] = {"image": "", "session": ""}
        self._show_title()
        self.setWindowIcon(icon("app"))
        self.setDockNestingEnabled(True)
        self.setAcceptDrops(True)
        self.actions_by_name = make_actions(self)
        self.canvas = Canvas()
        self.view_bar = ViewBar(self.action("previous_page"), self.action("next_page"))
        self.images = ImageListPanel(images)
        self.layers = LayersPanel()
        self.legend = Legend()
        self.request = RequestPanel(
            {
                "Segment": self.action("segment_whole"),
                "Correct": self.action("segment_correct"),
                "Wrong": self.action("segment_wrong"),
            },
            self.action("compare_parts"),
        )
        self.settings = SettingsPanel()
        self.run = RunPanel()
        self.result = ResultPanel()
        self.explain_column = ScrollColumn(
            (self.request, self.settings, self.run, self.result), RIGHT_WIDTH
        )
        self.plot = LossPlot()
        self.results_table = ResultsTable(self)
        self.results = ResultsPanel(self.results_table)
        self.offer = OfferBar()
        self.may_close: Callable[[], bool] = lambda: True
        self.queue = QueuePanel([self.action(name) for name in QUEUE_BUTTONS])
        self.status = StatusLine()
        self.tool_options = ToolOptions()
        self.brush_size = self.tool_options.brush_size
        self.recent_models = QMenu("Recent &models", self)
        self.recent_folders = QMenu("Recent &folders", self)
        self.recent_sessions = QMenu("&Recent sessions", self)
        self.workspace = Workspace()
        self.image_page = self._image_page()
        self.compare = ComparePage([self.action(name) for name in COMPARISONS])
        self.confusion = ConfusionPage(self.action("predict_all"), self.action("export_confusion"))
        self.survey = SurveyPage(self.actions_by_name)
        self.workspace.add_page("Image", self.image_page)
        self.workspace.add_page("Compare", self.compare)
        self.workspace.add_page("Confusion", self.confusion)
        self.workspace.add_page("Survey", self.survey)
        self.setCentralWidget(self._middle())
        self.setStatusBar(self.status)
        self._add_docks()
        self._add_menus()
        self._add_toolbar()
        self.resize(1280, 800)
        # Left alone, Tab goes from the tabs of the pages past the canvas.
        self.setTabOrder(self.workspace.tabBar(), self.canvas)
        self.setTabOrder(self.canvas, self.canvas.next_step.button)
        # Its keys work from the first moment.
        self.canvas.setFocus()

    def action(self, name: str) -> QAction:
        """Return the action of that name in the table of actions."""
        return self.actions_by_name[name]

    def raise_dock(self, name: str) -> None:
        """Bring a panel to the front of those that share its place."""
        self.docks[name].show()
        self.docks[name].raise_()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "actions_by_name"):
            refresh_icons(self.actions_by_name)

    def name_image(self, name: str) -> None:
        """Name the image that is looked at in the title."""
        self._titles["image"] = name
        self._show_title()

    def name_session(self, name: str, *, is_modified: bool) -> None:
        """Name the session in the title, and mark whether its file lacks something."""
        self._titles["session"] = name
        self._show_title()
        self.setWindowModified(is_modified)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.canvas.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.canvas.dropEvent(event)

    def _add_docks(self) -> None:
        left, right, bottom = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        view = QWidget()
        layout = QVBoxLayout(view)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.layers)
        layout.addWidget(self.legend, 1)
        self.docks = {
            "images": self._dock("Images", self.images, left),
            "view": self._dock("View", view, left),
            "explain": self._dock("Explain", self.explain_column, right),
            "plot": self._dock("Convergence", self.plot, bottom),
            "results": self._dock("Results", self.results, bottom),
            "queue": self._dock("Queue", self.queue, bottom),
        }
        self.setTabPosition(bottom, QTabWidget.TabPosition.North)
        self.tabifyDockWidget(self.docks["plot"], self.docks["results"])
        self.tabifyDockWidget(self.docks["results"], self.docks["queue"])
        self.docks["plot"].raise_()
        TabbedDocks(self, self.docks.values())
        self.resizeDocks(
            [self.docks["images"], self.docks["explain"]],
            [LEFT_WIDTH, RIGHT_WIDTH],
            Qt.Orientation.Horizontal,
        )
        self.resizeDocks([self.docks["plot"]], [BOTTOM_HEIGHT], Qt.Orientation.Vertical)
        self.resizeDocks(
            [self.docks["images"], self.docks["view"]], LEFT_HEIGHTS, Qt.Orientation.Vertical
        )

    def _middle(self) -> QWidget:
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.offer)
        layout.addWidget(self.workspace, 1)
        return middle

    def _show_title(self) -> None:
        image, session = self._titles["image"], self._titles["session"]
        # The mark stands for the session, also where there is no image.
        parts = [image, f"{session}[*]" if session else "", "GridSal"]
        title = " – ".join(part for part in parts if part)
        self.setWindowTitle(title if session else f"{title}[*]")

    def _image_page(self) -> QWidget:
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view_bar)
        layout.addWidget(self.canvas, 1)
        return middle

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock-{title.lower()}")
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _add_menus(self) -> None:
        menus: dict[str, QMenu] = {}
        for spec in SPECS:
            menu = menus.setdefault(spec.menu, QMenu(spec.menu, self))
            menu.setToolTipsVisible(True)  # they say why an entry is greyed
            if spec.separator_before:
                menu.addSeparator()
            menu.addAction(self.action(spec.name))
            if spec.name == "open_demo":
                menu.addMenu(self.recent_models)
                menu.addMenu(self.recent_folders)
            if spec.name == "save_session_as":
                menu.addMenu(self.recent_sessions)
        for menu in menus.values():
            self.menuBar().addMenu(menu)
        menus["&Tools"].setToolTipsVisible(True)  # they say why a part cannot be had
        menus["&View"].addMenu(self.view_bar.menu)
        panels = menus["&View"].addMenu("Panels")
        for dock in self.docks.values():
            panels.addAction(dock.toggleViewAction())

    def _add_toolbar(self) -> None:
        bar = QToolBar("Tools")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(TOOLBAR_ICON)
        self.addToolBar(bar)
        for index, names in enumerate(TOOLBAR):
            if index:
                bar.addSeparator()
            for name in names:
                bar.addAction(self.action(name))
            if "brush" in names:
                bar.addWidget(self.tool_options)
