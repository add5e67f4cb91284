"""What is asked of every control: a tooltip, a name, a way to it by Tab, and its text in full."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QFontMetrics, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QStyle,
    QStyleFactory,
    QStyleOptionComboBox,
    QTabBar,
    QTextEdit,
    QToolBar,
    QToolButton,
    QWidget,
)

CONTROLS = (
    QAbstractButton,
    QComboBox,
    QAbstractSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QAbstractSlider,
    QAbstractItemView,
    QGraphicsView,
    QTabBar,
)
# Parts of a control, and what Qt itself puts beside one.
INNER = (QComboBox, QAbstractSpinBox, QLineEdit, QAbstractItemView, QMenuBar, QTabBar)
SAYS_ITSELF = {"OK", "Cancel", "Close", "Yes", "No"}
# Of a dialog, with or without doing what it is for.
ENDS = {"OK", "Cancel", "Close"}
MOST_TABS = 250


def controls(window: QWidget) -> list[QWidget]:
    """Return what can be seen and operated of a window."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and not isinstance(widget, QScrollBar)
        and widget.isVisible()
        and widget.window() is window
        and not is_picture(widget)
        and not is_behind(widget)
        and not any(isinstance(parent, INNER) for parent in parents(widget))
    ]


def misplaced(window: QWidget) -> list[str]:
    """Name the buttons that end a dialog and do not stand where the platform has them."""
    if not isinstance(window, QDialog):
        return []
    loose = [
        label(button)
        for button in window.findChildren(QPushButton)
        if button.isVisible()
        and (button.isDefault() or button.text().replace("&", "") in ENDS)
        and not isinstance(button.parent(), QDialogButtonBox)
    ]
    role = QDialogButtonBox.ButtonRole
    swapped = [
        f"{yes.text()} and {no.text()}"
        for box in window.findChildren(QDialogButtonBox)
        for yes, no in product(_of_role(box, role.AcceptRole), _of_role(box, role.RejectRole))
        if (yes.x() < no.x()) != _accepts_first()
    ]
    return loose + swapped


def _of_role(box: QDialogButtonBox, role: QDialogButtonBox.ButtonRole) -> Iterator[QAbstractButton]:
    return (button for button in box.buttons() if box.buttonRole(button) == role)


def _accepts_first() -> bool:
    """Whether the platform has OK before Cancel, as Windows and KDE do; others have it last."""
    layout = QDialogButtonBox.ButtonLayout
    plain = QStyleFactory.create("Fusion").styleHint(QStyle.StyleHint.SH_DialogButtonLayout)
    return layout(plain) in (layout.WinLayout, layout.KdeLayout)


def is_behind(widget: QWidget) -> bool:
    """Whether it is in a panel behind another one: Qt keeps that beyond the window's edge."""
    docks = (parent for parent in parents(widget) if isinstance(parent, QDockWidget))
    return any(dock.geometry().right() < 0 for dock in docks)


def is_picture(widget: QWidget) -> bool:
    """Whether it is a plot, in which nothing can be operated."""
    return isinstance(widget, pg.PlotWidget)


def parents(widget: QWidget) -> Iterator[QWidget]:
    """Yield the widgets around one, the nearest first."""
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def without_tip(window: QWidget) -> list[str]:
    """Return the controls that do not say what they are for."""
    return [
        told(widget)
        for widget in controls(window)
        if not widget.toolTip()
        and not is_dock_button(widget)
        and not isinstance(widget, QGraphicsView | QTabBar)
        and not (
            isinstance(widget.parentWidget(), QDialogButtonBox) and label(widget) in SAYS_ITSELF
        )
    ]


def without_name(window: QWidget) -> list[str]:
    """Return the controls that a screen reader has no name for."""
    return [told(widget) for widget in controls(window) if not accessible_name(widget)]


def out_of_reach(window: QWidget) -> list[str]:
    """Return the enabled controls that Tab does not come to; the tool bar's are in the menus."""
    window.activateWindow()
    QApplication.processEvents()
    reached: set[QWidget] = set()
    for _ in range(MOST_TABS):
        focused = QApplication.focusWidget()
        if focused is None or focused.window() is not window:
            focused = window
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        after = QApplication.focusWidget()
        if after is None or after in reached:
            break
        reached.add(after)
    return [
        told(widget)
        for widget in controls(window)
        if widget.isEnabled()
        and widget not in reached
        and not is_dock_button(widget)
        and not in_tool_bar(widget)
        and not is_in_reached_group(widget, reached)
    ]


def is_in_reached_group(widget: QWidget, reached: set[QWidget]) -> bool:
    """Whether the arrow keys come to it from one that Tab reaches: radio buttons do so."""
    if not isinstance(widget, QRadioButton):
        return False
    return any(
        isinstance(other, QRadioButton) and other.parentWidget() is widget.parentWidget()
        for other in reached
    )


def says_itself(widget: QWidget) -> bool:
    """Whether it is one of the buttons that all dialogs have."""
    return isinstance(widget.parentWidget(), QDialogButtonBox) and label(widget) in SAYS_ITSELF


def is_dock_button(widget: QWidget) -> bool:
    """Whether it closes or floats a panel, as the menu View does."""
    return isinstance(widget.parentWidget(), QDockWidget)


def in_tool_bar(widget: QWidget) -> bool:
    """Whether it stands for an action that the menus have too."""
    is_button = isinstance(widget, QToolButton)
    return is_button and any(isinstance(parent, QToolBar) for parent in parents(widget))


def accessible_name(widget: QWidget) -> str:
    """What a screen reader says a widget is."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def cut_off(window: QWidget) -> list[str]:
    """Return the texts and controls that are wider or higher than the room they have."""
    seen = [widget for widget in window.findChildren(QWidget) if widget.isVisible()]
    own = [
        each
        for each in seen
        if each.window() is window and not is_dock_button(each) and not is_behind(each)
    ]
    faults = [f"{told(each)} in {each.size().toTuple()}" for each in own if not has_room(each)]
    return faults + [f"{told(each)} sticks out" for each in controls(window) if sticks_out(each)]


def has_room(widget: QWidget) -> bool:
    """Whether the text of a widget fits into it."""
    metrics = widget.fontMetrics()
    if isinstance(widget, QLabel):
        return label_has_room(widget)
    if isinstance(widget, QCheckBox | QRadioButton):
        return widget.width() >= widget.minimumSizeHint().width()
    if isinstance(widget, QAbstractButton):
        is_bare = isinstance(widget, QToolButton) and (
            widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        picture = 0 if widget.icon().isNull() else widget.iconSize().width() + 4
        words = 0 if is_bare else width_of(label(widget), metrics)
        return widget.width() >= words + picture
    if isinstance(widget, QComboBox):
        return combo_has_room(widget)
    if isinstance(widget, QAbstractSpinBox):
        edit = widget.lineEdit()
        return edit.width() >= width_of(edit.text(), metrics) + 2
    if isinstance(widget, QLineEdit):
        return widget.width() >= width_of(widget.placeholderText(), metrics) + 8
    return True


def label_has_room(widget: QLabel) -> bool:
    """Whether all lines of a label are seen."""
    if not widget.text() or not widget.pixmap().isNull():
        return True
    if widget.wordWrap():
        return widget.height() >= widget.heightForWidth(widget.width())
    document = QTextDocument()
    document.setDefaultFont(widget.font())
    document.setDocumentMargin(0)
    if "</" in widget.text():
        document.setHtml(widget.text())
    else:
        document.setPlainText(widget.text().replace("&", ""))
    size = document.size()
    return widget.width() + 1 >= size.width() and widget.height() + 1 >= size.height()


def combo_has_room(widget: QComboBox) -> bool:
    """Whether the chosen entry of a combo box is seen in full."""
    option = QStyleOptionComboBox()
    option.initFrom(widget)
    field = widget.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox,
        option,
        QStyle.SubControl.SC_ComboBoxEditField,
        widget,
    )
    icon = widget.itemIcon(widget.currentIndex())
    picture = 0 if icon.isNull() else widget.iconSize().width() + 4
    return field.width() >= width_of(widget.currentText(), widget.fontMetrics()) + picture


def sticks_out(widget: QWidget) -> bool:
    """Whether something hides a part of a control that no scroll bar brings back."""
    rect = QRect(QPoint(), widget.size())
    for parent in parents(widget):
        rect.moveTopLeft(rect.topLeft() + _place(widget, parent))
        scrolls_down, scrolls_across = _scrolls(parent)
        inside = parent.rect()
        if not scrolls_across and (rect.left() < 0 or rect.right() > inside.right()):
            return True
        if not scrolls_down and (rect.top() < 0 or rect.bottom() > inside.bottom()):
            return True
        if scrolls_down or parent.isWindow():
            return False  # what is beyond can be scrolled to; its width was looked at
        widget = parent
    return False


def _place(widget: QWidget, parent: QWidget) -> QPoint:
    return widget.pos() if widget.parentWidget() is parent else QPoint()


def _scrolls(viewport: QWidget) -> tuple[bool, bool]:
    area = viewport.parentWidget()
    if not isinstance(area, QAbstractScrollArea) or area.viewport() is not viewport:
        return False, False
    off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    return area.verticalScrollBarPolicy() != off, area.horizontalScrollBarPolicy() != off


def label(widget: QWidget) -> str:
    """The text on a button."""
    return widget.text().replace("&", "") if isinstance(widget, QAbstractButton) else ""


def width_of(text: str, metrics: QFontMetrics) -> int:
    """The width of the longest line of a text."""
    return max((metrics.horizontalAdvance(line) for line in text.split("\n")), default=0)


def told(widget: QWidget) -> str:
    """Name a control in a message."""
    words = accessible_name(widget) or label(widget) or widget.objectName()
    if isinstance(widget, QLabel):
        words = widget.text()
    window = widget.window()
    place = window.windowTitle() if isinstance(window, QDialog) else "window"
    around = next((type(p).__name__ for p in parents(widget) if "app." in type(p).__module__), "")
    return f"{place}: {type(widget).__name__} {words!r} in {around}"
