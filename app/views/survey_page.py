"""The page *Survey*: what context the network looks at, and the explanations behind each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.views.action_button import ActionButton
from app.views.empty_page import EmptyPage
from app.views.forms import GAP, describe, heading, note
from app.views.survey_bar import SurveyBar
from app.views.survey_behind import BehindPanel
from app.views.survey_bias import BiasModel, BiasView
from app.views.survey_heat import HeatModel, HeatView
from app.views.survey_lines import SHOWN, Shown, difference_lines, table_lines
from app.views.survey_scale import HeatScale
from gridsal_core.survey.behind import Behind
from gridsal_core.survey.bias import Pair
from gridsal_core.survey.difference import DifferenceTable
from gridsal_core.survey.kinds import Section
from gridsal_core.survey.tables import Table

LIST_WIDTH: Final = 236
TABS: Final[dict[Section, str]] = {
    "predicted": "Segments",
    "parts": "Correct and erroneous",
    "confusions": "Confusions",
}
TAB_TIPS: Final[dict[Section, str]] = {
    "predicted": "Predicted segments, as in figure 6 of the paper",
    "parts": "Correct and erroneous parts of predicted segments, as in table 1 of the paper",
    "confusions": "Where a true and a predicted class meet, as in table 1 of the paper",
}
SHOWN_TITLES: Final[dict[Shown, str]] = {
    "both": "Share and baseline",
    "share": "Share",
    "baseline": "Baseline",
    "difference": "Difference",
}
SHOWN_TIP: Final = (
    "Share: of the salient context, by its class. Baseline: the same of what lies around the "
    "requests in any case. Difference: share minus baseline; of errors, share minus that of "
    "correct predictions of the same true class."
)
INTERVALS_TIP: Final = (
    "Write below each number its interval, in percent: of shares at 95 % confidence, of "
    "differences so wide that all of a table hold together"
)
BIAS, ORDER_TIP = "Bias finder", "What the ranking goes by"
ABOUT: Final[dict[Section, str]] = {
    "predicted": "Percent of the salient context by its class. ▲ ▼: significantly more or less "
    "than the baseline. Click a cell for the explanations behind it.",
    "parts": "Percent of the salient context by its class. ▲ ▼: an error has significantly more or "
    "less than correct predictions of the same true class. Click a cell for its explanations.",
    "confusions": "Percent of the salient context by its class. ▲ ▼: an error has significantly "
    "more or less than correct predictions of the same true class. Click a cell for its "
    "explanations.",
}
ABOUT_EXCESS: Final = (
    "Points by which the share exceeds the baseline, or that of correct predictions of the same "
    "true class. ▲ ▼: significantly more or less. Click a cell for the explanations behind it."
)
ABOUT_BIAS: Final = (
    "Which class of the context the requests rely on beyond what lies around them in any case. "
    "Click a line for the explanations behind it."
)
ABOUT_DIFFERENCE: Final = (
    "Percent of the salient context in this survey minus that in the other, in points. ▲ ▼: "
    "significantly more or less. Click a cell for the explanations of this survey."
)


@dataclass(frozen=True, eq=False)
class _Tab:
    """What a tab shows: a table, the ranking, or a comparison."""

    title: str
    tip: str
    about: str
    table: Table | DifferenceTable | None


class SurveyPage(QWidget):
    """Heat maps, the bias finder and a comparison; or what to do to have them.

    Parameters
    ----------
    actions
        The actions of the menu Survey, by name.
    """

    cell_chosen = Signal(object)
    """CellPlace of a cell, or of a line of the bias finder."""
    explanation_chosen = Signal(str)
    """Identity of an explanation that is to be opened."""
    shown = Signal()
    """The page came into sight."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setAccessibleName("Survey")
        self.heat_model, self.bias_model = HeatModel(self), BiasModel(self)
        self.heat, self.bias = HeatView(self.heat_model), BiasView(self.bias_model)
        self.behind = BehindPanel()
        self.tabs, self.shown_box, self.order_box = QTabBar(), QComboBox(), QComboBox()
        self.intervals = QCheckBox("Intervals")
        self.bar = SurveyBar(actions["survey_pause"], actions["survey_stop"])
        names = ("survey_report", "survey_export", "survey_compare")
        self.buttons = {name: ActionButton(actions[name]) for name in names}
        self._title, self._about, self._scale = heading(""), note(), HeatScale()
        self._tabs: list[_Tab] = []
        self._about_shown = ""
        self._ranked: tuple[Sequence[Pair], Sequence[Pair]] = ((), ())
        self._pages, self._views = QStackedWidget(), QStackedWidget()
        self._empty, self._filled = EmptyPage(), self._make_filled()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._filled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(6)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.bar)
        self._connect()

    @property
    def title(self) -> str:
        """What stands over the heat map."""
        return self._title.text()

    @property
    def empty_text(self) -> str:
        """What is said where there is no survey; nothing where there is one."""
        return self._empty.text if self._pages.currentWidget() is self._empty else ""

    @property
    def about(self) -> str:
        """What is said of the cells, or of the one that is pointed at."""
        return self._about.text()

    @property
    def in_sight(self) -> Table | DifferenceTable | tuple[Pair, ...]:
        """What is in sight: a table, or the pairs of the bias finder."""
        table = self._tabs[self.tabs.currentIndex()].table if self._tabs else None
        return tuple(self._ranked[self.order_box.currentIndex()]) if table is None else table

    def show_empty(self, title: str, text: str, offers: Sequence[QAction]) -> None:
        """Say why there is no survey, and offer what brings one."""
        self._empty.show_offers(title, text, offers)
        self._pages.setCurrentWidget(self._empty)

    def show_survey(
        self,
        title: str,
        tables: Sequence[Table],
        by_excess: Sequence[Pair],
        by_flips: Sequence[Pair],
        differences: Sequence[DifferenceTable],
    ) -> None:
        """Show what a survey found; what was in sight stays so where it is still there."""
        self._title.setText(title)
        self._ranked = by_excess, by_flips
        tabs = [_Tab(TABS[t.section], TAB_TIPS[t.section], ABOUT[t.section], t) for t in tables]
        tabs.append(_Tab(BIAS, ABOUT_BIAS, ABOUT_BIAS, None))
        for table in differences:
            other = table.names[1]
            name = f"{TABS[table.section]} against {other}"
            tabs.append(_Tab(name, ABOUT_DIFFERENCE, ABOUT_DIFFERENCE, table))
        self._set_tabs(tabs)
        self._pages.setCurrentWidget(self._filled)

    def show_difference(self) -> None:
        """Bring the comparison to the front, if there is one."""
        for index, tab in enumerate(self._tabs):
            if isinstance(tab.table, DifferenceTable):
                self.tabs.setCurrentIndex(index)
                return

    def show_behind(self, title: str, entries: Sequence[Behind]) -> None:
        """List the explanations behind a cell; an empty title takes the list away."""
        self.behind.show_entries(title, entries)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._show_tab)
        self.shown_box.currentIndexChanged.connect(self._show_tab)
        self.order_box.currentIndexChanged.connect(self._show_tab)
        self.intervals.toggled.connect(self.heat.set_intervals)
        self.heat.cell_chosen.connect(self.cell_chosen)
        self.heat.told.connect(self._tell)
        self.bias.cell_chosen.connect(self.cell_chosen)
        self.behind.chosen.connect(self.explanation_chosen)

    def _tell(self, sentence: str) -> None:
        """Say what the cell in question holds, or else what all of them do."""
        self._about.setText(sentence or self._about_shown)

    def _set_tabs(self, tabs: list[_Tab]) -> None:
        titles = [tab.title for tab in tabs]
        if titles != [tab.title for tab in self._tabs]:
            wanted = self._tabs[self.tabs.currentIndex()].title if self._tabs else ""
            self._tabs = []
            while self.tabs.count():
                self.tabs.removeTab(0)
            for tab in tabs:
                self.tabs.setTabToolTip(self.tabs.addTab(tab.title), tab.tip)
            self.tabs.setCurrentIndex(titles.index(wanted) if wanted in titles else 0)
        self._tabs = tabs
        self._show_tab()

    def _show_tab(self) -> None:
        if not 0 <= self.tabs.currentIndex() < len(self._tabs):
            return
        tab = self._tabs[self.tabs.currentIndex()]
        is_table = isinstance(tab.table, Table)
        self.shown_box.setVisible(is_table)
        self.order_box.setVisible(tab.table is None)
        shown: Shown = self.shown_box.currentData()
        is_difference = isinstance(tab.table, DifferenceTable) or shown == "difference"
        self._about_shown = ABOUT_EXCESS if is_table and shown == "difference" else tab.about
        self._tell("")
        self.intervals.setVisible(tab.table is not None)
        self._scale.setVisible(tab.table is not None)
        self._scale.set_difference(is_difference)
        if tab.table is None:
            order = self.order_box.currentIndex()
            self.bias_model.set_pairs(self._ranked[order], by_flips=order == 1)
            self._views.setCurrentWidget(self.bias)
            return
        table = tab.table
        lines = table_lines(table, shown) if isinstance(table, Table) else difference_lines(table)
        self.heat_model.set_lines(lines, table.classes)
        self._views.setCurrentWidget(self.heat)

    def _make_filled(self) -> QWidget:
        page = QWidget()
        # It must not be what keeps the window from being narrow.
        self._title.setWordWrap(True)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        for button in self.buttons.values():
            top.addWidget(button)
        self._views.addWidget(self.heat)
        self._views.addWidget(self.bias)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._views)
        splitter.addWidget(self.behind)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([10 * LIST_WIDTH, LIST_WIDTH])
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addLayout(self._make_switches())
        layout.addLayout(self._make_legend())
        layout.addWidget(splitter, 1)
        return page

    def _make_switches(self) -> QHBoxLayout:
        self.tabs.setDocumentMode(True)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName("Tables of the survey")
        self.tabs.setToolTip("Which requests are shown")
        for kind in SHOWN:
            self.shown_box.addItem(SHOWN_TITLES[kind], kind)
        describe(self.shown_box, "What the cells show", SHOWN_TIP)
        self.order_box.addItems(["By excess over the baseline", "By flips of the label"])
        describe(self.order_box, "Order of the ranking", ORDER_TIP)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.tabs, 1)
        self.intervals.setToolTip(INTERVALS_TIP)
        for box in (self.intervals, self.shown_box, self.order_box):
            row.addWidget(box)
        return row

    def _make_legend(self) -> QHBoxLayout:
        row = QHBoxLayout()
        # What is said of a cell must not move the cells.
        self._about.setMinimumHeight(3 * self._about.fontMetrics().lineSpacing())
        self._about.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._about, 1)
        row.addWidget(self._scale)
        return row
