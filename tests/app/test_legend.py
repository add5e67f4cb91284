"""The legend: which classes there are, how much of them, and which ones are shown."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton, QTableView
from pytestqt.qtbot import QtBot

from app.views.legend import Legend
from gridsal_core.arrays import FloatArray
from gridsal_core.types import ClassInfo

CLASSES = tuple(
    ClassInfo(name, color)
    for name, color in (
        ("sky", (10, 20, 200)),
        ("road", (90, 90, 90)),
        ("car", (200, 0, 0)),
        ("tree", (0, 150, 0)),
    )
)
SHARES: FloatArray = np.array([0.25, 0.0, 0.0001, 0.7499], np.float32)


@pytest.fixture
def legend(qtbot: QtBot) -> Legend:
    widget = Legend()
    qtbot.addWidget(widget)
    widget.resize(260, 300)
    widget.show()
    qtbot.waitExposed(widget)
    widget.set_classes(CLASSES)
    return widget


def table_of(legend: Legend) -> QTableView:
    table = legend.findChild(QTableView)
    assert isinstance(table, QTableView)
    return table


def button_of(legend: Legend) -> QPushButton:
    button = legend.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    return button


def rows(legend: Legend) -> list[tuple[str, str]]:
    model = table_of(legend).model()
    return [
        (model.index(row, 0).data(), model.index(row, 1).data()) for row in range(model.rowCount())
    ]


def names(legend: Legend) -> list[str]:
    return [name for name, _ in rows(legend)]


def rect_of(legend: Legend, row: int) -> QRect:
    table = table_of(legend)
    return table.visualRect(table.model().index(row, 0))


def click_box(legend: Legend, row: int) -> None:
    rect = rect_of(legend, row)
    QTest.mouseClick(
        table_of(legend).viewport(),
        Qt.MouseButton.LeftButton,
        pos=QPoint(rect.left() + 10, rect.center().y()),
    )


def test_without_a_prediction_the_classes_stand_in_their_order(legend: Legend) -> None:
    assert rows(legend) == [("sky", ""), ("road", ""), ("car", ""), ("tree", "")]


def test_shares_are_per_cent_and_the_largest_comes_first(legend: Legend) -> None:
    legend.set_shares(SHARES)
    assert rows(legend) == [
        ("tree", "75.0 %"),
        ("sky", "25.0 %"),
        ("car", "< 0.1 %"),
        ("road", "–"),
    ]


def test_by_index_the_present_classes_still_come_first(legend: Legend) -> None:
    legend.set_shares(SHARES)
    order = legend.findChild(QComboBox)
    assert isinstance(order, QComboBox)
    order.setFocus()
    QTest.keyClick(order, Qt.Key.Key_Down)
    assert names(legend) == ["sky", "car", "tree", "road"]
    QTest.keyClick(order, Qt.Key.Key_Up)
    assert names(legend) == ["tree", "sky", "car", "road"]


def test_shares_can_be_taken_away(legend: Legend) -> None:
    legend.set_shares(SHARES)
    legend.set_shares(None)
    assert names(legend) == ["sky", "road", "car", "tree"]


def test_shares_of_other_classes_are_refused(legend: Legend) -> None:
    with pytest.raises(ValueError, match="shares"):
        legend.set_shares(np.zeros(3, np.float32))


def test_the_box_hides_and_shows_the_class_of_its_row(legend: Legend, qtbot: QtBot) -> None:
    legend.set_shares(SHARES)
    with qtbot.waitSignal(legend.class_visible_changed) as signal:
        click_box(legend, 0)
    assert signal.args == [3, False]
    assert not legend.is_class_visible(3)
    with qtbot.waitSignal(legend.class_visible_changed) as signal:
        click_box(legend, 0)
    assert signal.args == [3, True]


def test_the_space_bar_works_the_box(legend: Legend, qtbot: QtBot) -> None:
    table = table_of(legend)
    table.setCurrentIndex(table.model().index(1, 0))
    with qtbot.waitSignal(legend.class_visible_changed) as signal:
        QTest.keyClick(table, Qt.Key.Key_Space)
    assert signal.args == [1, False]


def test_a_hidden_class_stays_hidden_for_the_next_prediction(legend: Legend) -> None:
    click_box(legend, 0)
    legend.set_shares(SHARES)
    assert not legend.is_class_visible(0)


def test_other_classes_are_all_visible_again(legend: Legend) -> None:
    click_box(legend, 0)
    legend.set_classes(CLASSES)
    assert not legend.is_class_visible(0)
    legend.set_classes(CLASSES[:2])
    assert legend.is_class_visible(0)
    assert names(legend) == ["sky", "road"]


def test_all_can_be_hidden_and_shown_at_once(legend: Legend) -> None:
    changes: list[tuple[int, bool]] = []
    legend.class_visible_changed.connect(lambda index, shown: changes.append((index, shown)))
    assert button_of(legend).text() == "Hide all"
    QTest.mouseClick(button_of(legend), Qt.MouseButton.LeftButton)
    assert sorted(changes) == [(0, False), (1, False), (2, False), (3, False)]
    assert button_of(legend).text() == "Show all"
    click_box(legend, 2)
    changes.clear()
    QTest.mouseClick(button_of(legend), Qt.MouseButton.LeftButton)
    assert sorted(changes) == [(0, True), (1, True), (3, True)]
    assert button_of(legend).text() == "Hide all"


def test_a_double_click_activates_once(legend: Legend) -> None:
    activated: list[int] = []
    legend.class_activated.connect(activated.append)
    legend.set_shares(SHARES)
    viewport, place = table_of(legend).viewport(), rect_of(legend, 1).center()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert activated == [0]


def test_enter_activates_the_current_row(legend: Legend, qtbot: QtBot) -> None:
    table = table_of(legend)
    table.setFocus()
    table.setCurrentIndex(table.model().index(2, 0))
    with qtbot.waitSignal(legend.class_activated) as signal:
        QTest.keyClick(table, Qt.Key.Key_Return)
    assert signal.args == [2]


def test_each_row_shows_the_colour_of_its_class(legend: Legend) -> None:
    picture = table_of(legend).viewport().grab().toImage()
    for row, info in enumerate(CLASSES):
        y = rect_of(legend, row).center().y()
        seen = {picture.pixelColor(x, y).name() for x in range(60)}
        assert QColor(*info.color).name() in seen


def test_without_classes_it_says_what_to_do(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.show()
    assert not table_of(legend).isVisible()
    assert not button_of(legend).isEnabled()
