"""Everything that can be done, in one table that menus, tool bar and shortcuts come from."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.actions import compare, edit, file, go, network, queue, results, run, survey, tools, view
from app.actions import help as help_menu
from app.actions.spec import ActionSpec
from app.icons import icon

# In the order of the menus.
SPECS: tuple[ActionSpec, ...] = (
    *file.SPECS,
    *edit.SPECS,
    *go.SPECS,
    *network.SPECS,
    *tools.SPECS,
    *run.SPECS,
    *compare.SPECS,
    *results.SPECS,
    *queue.SPECS,
    *survey.SPECS,
    *view.SPECS,
    *help_menu.SPECS,
)

# Keys that the canvas and its tools take themselves, for the list of shortcuts.
CANVAS_KEYS: tuple[tuple[str, str], ...] = (
    ("Shift, Ctrl", "Add to the region, subtract from it"),
    ("[  ]", "Size of the brush, tolerance of smart select"),
    ("Enter", "Close the polygon that has three corners"),
    ("Backspace", "Take the last corner of the polygon back, as Ctrl+Z does"),
    ("Esc", "Give up what is being drawn"),
    ("Space", "Drag the image while it is held"),
    ("Arrows", "Move the image"),
    ("Ctrl+arrows", "Move the pointer; with Shift too, pixel by pixel"),
    ("Enter", "Press the tool at the pointer, again to release; twice closes"),
    ("Menu", "Parts of the segment at the pointer"),
)

TOOLBAR: tuple[tuple[str, ...], ...] = (
    ("open_model", "open_folder"),
    ("previous", "next"),
    ("pick", "brush", "eraser", "rectangle", "lasso", "polygon", "smart", "pan"),
    ("undo", "redo", "clear"),
    ("zoom_out", "zoom_in", "fit", "actual"),
    ("export_figure", "copy_figure"),
)


def make_actions(parent: QObject) -> dict[str, QAction]:
    """Make a QAction of every row of the table."""
    groups: dict[str, QActionGroup] = {}
    actions: dict[str, QAction] = {}
    for spec in SPECS:
        action = QAction(spec.text, parent)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        _set_tip(action, spec)
        if spec.group:
            group = groups.setdefault(spec.group, QActionGroup(parent))
            group.addAction(action)
        actions[spec.name] = action
    refresh_icons(actions)
    return actions


def allow(action: QAction, why_not: str) -> None:
    """Enable an action of the table, or disable it and say why in its tips."""
    spec = next(spec for spec in SPECS if spec.name == action.objectName())
    action.setEnabled(not why_not)
    if why_not:
        action.setToolTip(why_not)
        action.setStatusTip(why_not)
    else:
        _set_tip(action, spec)


def refresh_icons(actions: dict[str, QAction]) -> None:
    """Tint all icons for the palette that is in use now."""
    for spec in SPECS:
        if spec.icon:
            actions[spec.name].setIcon(icon(spec.icon))


def _set_tip(action: QAction, spec: ActionSpec) -> None:
    if spec.tip:
        keys = f" ({spec.shortcut})" if spec.shortcut else ""
        action.setToolTip(spec.tip + keys)
        action.setStatusTip(spec.tip)
